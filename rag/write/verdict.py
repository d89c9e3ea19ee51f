"""A second opinion on weak evidence: a model in this process says how likely quoted words state the answer.

The reader's confidence tells answers from near misses badly ("the bridge" for "the tunnel"); a language model that sees
the question, the quoted words and examples of both does it better, and its one word costs a second. Only of models in
this process the probability of a word is known, and only of those that eval/fit/verdicts.py has measured what it is
worth: verdicts.json has their weight and threshold by the size of their file. Hosted models are trusted to abstain.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.types import Citation, Reading
from rag.write.prompts import verdict_prompt

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

VERDICTS_FILE = Path(__file__).parent / "verdicts.json"
SMALL = 2_000_000_000  # bytes: about 3 billion weights in 4 bits
CONSIDERED = 3  # sentences; with 2 to 8 the tuning questions are answered as well
_LEAST = 1e-4  # no probability is taken for surer than this


@dataclass(frozen=True)
class Verdict:
    """What the word of one model is worth: added to the reader's log-odds with this weight, from `threshold` on.

    With the weight 0 it is not asked.
    """

    weight: float
    threshold: float

    def score(self, confidence: float, said: float) -> float:
        """The reader's confidence and the model's probability of a yes together, in log-odds."""
        return log_odds(confidence) + self.weight * log_odds(said)


def states_answer(chat: ChatModel, question: str, reading: Reading) -> bool:
    """Whether the reader's quotations are taken to answer, the model being heard where its word has a weight.

    Evidence that no word of the model could make strong enough is refused without it.

    Raises:
        ModelError: the model failed.
    """
    verdict = verdict_of(chat.bytes)
    if verdict is None or not verdict.weight or not reading.spans:
        return reading.answers
    if verdict.score(reading.confidence, 1.0) < verdict.threshold:
        return False
    said = chat.chance(verdict_prompt(question, [span.text for span in reading.spans]))
    return verdict.score(reading.confidence, said) >= verdict.threshold


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


def verdict_of(size: int) -> Verdict | None:
    """That of the model whose file has this many bytes."""
    raw = _verdicts().get(str(size))
    return Verdict(raw["weight"], raw["threshold"]) if raw else None


def log_odds(chance: float) -> float:
    """log(p / (1 - p)), for p no nearer to 0 or 1 than `_LEAST`.

    >>> log_odds(0.5), round(log_odds(1.0), 1)
    (0.0, 9.2)
    """
    chance = min(max(chance, _LEAST), 1 - _LEAST)
    return math.log(chance / (1 - chance))


@lru_cache(maxsize=1)
def _verdicts() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(VERDICTS_FILE.read_text(encoding="utf-8"))
    return found
