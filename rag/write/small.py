"""Small models in this process, which cannot be trusted with words or choices of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.types import Citation, Reading

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

SMALL = 2_000_000_000  # bytes: about 3 billion weights in 4 bits
CONSIDERED = 3  # sentences; with 2 to 8 the tuning questions are answered as well


def is_small(chat: ChatModel) -> bool:
    """Whether it is a model in this process of the size of those that were measured, none of which can be trusted."""
    return 0 < chat.bytes < SMALL


def is_to_the_point(chat: ChatModel, citations: Sequence[Citation], reading: Reading) -> bool:
    """Whether a small model cites one of the sentences that the reader finds best; others may cite what they like."""
    best = sorted(reading.shortlist, key=lambda each: -each.score)[:CONSIDERED]
    return not is_small(chat) or any(
        citation.source == each.span.passage.source
        and citation.start < each.span.end
        and each.span.start < citation.end
        for citation in citations
        for each in best
    )
