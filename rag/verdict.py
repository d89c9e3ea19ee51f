"""A second opinion on weak evidence: a model in this process says how likely quoted words state the answer.

The reader's confidence tells answers from near misses badly ("the bridge" for "the tunnel"); a language model that sees
the question, the quoted words and examples of both does it better, and its one word costs a second. Only of models in
this process the probability of a word is known, and only of those that eval/fit_verdicts.py has measured what it is
worth: verdicts.json has their weight and threshold by the size of their file. Hosted models are trusted to abstain.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.prompts import verdict_prompt
from rag.types import Reading

if TYPE_CHECKING:
    from rag.chat_model import ChatModel

VERDICTS_FILE = Path(__file__).parent / "verdicts.json"
_LEAST = 1e-4  # no probability is taken for surer than this


@dataclass(frozen=True)
class Verdict:
    """What the word of one model is worth: added to the reader's log-odds with this weight, from `threshold` on."""

    weight: float
    threshold: float

    def accepts(self, confidence: float, said: float) -> bool:
        """Whether the reader's confidence and the model's probability of a yes are enough together."""
        return self.score(confidence, said) >= self.threshold

    def score(self, confidence: float, said: float) -> float:
        """The sum of both in log-odds."""
        return log_odds(confidence) + self.weight * log_odds(said)


def states_answer(chat: ChatModel, question: str, reading: Reading) -> bool:
    """Whether the reader's quotations are taken to answer, the model being heard where it has been measured.

    Raises:
        ModelError: the model failed.
    """
    verdict = verdict_of(chat.bytes)
    if verdict is None:
        return True
    said = chat.chance(verdict_prompt(question, [span.text for span in reading.spans])) if verdict.weight else 0.5
    return verdict.accepts(reading.confidence, said)


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
