"""Which kind a question is of, and what answers it: the only place that decides."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rag.followup.condense import Leaning, exchanged, leaning
from rag.models.encoders import encoder
from rag.questions.asking import Asking
from rag.questions.collection import collection
from rag.questions.comparison import comparison
from rag.questions.overview import overview
from rag.questions.shapes import Shape, is_talk
from rag.questions.talk import talk
from rag.questions.timeline import timeline
from rag.questions.yes_no import yes_no
from rag.settings import DEFAULT_EMBEDDING_MODEL
from rag.text.languages import language_of
from rag.text.words import terms
from rag.types import Answer

Kind = Literal["plain", "collection", "overview", "timeline", "comparison", "yes-no", "talk"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# None where the question turns out to be a plain one after all.
ANSWERING: Mapping[Kind, Callable[[Asking, str], Answer | None]] = {
    "collection": collection,
    "overview": overview,
    "timeline": timeline,
    "comparison": comparison,
    "yes-no": yes_no,
    "talk": talk,
}
_OF_A_TOPIC: tuple[Kind, ...] = ("timeline", "comparison")
_RESUMED: tuple[Kind, ...] = ("collection", "overview", *_OF_A_TOPIC)
VECTOR_SCALE = 3.0  # of the question's vector beside the signals, which are 0 or 1
_YES_NO = re.compile(r"(?:^|[,:])C*[XM][SDN]")


def kind_of(question: str) -> Kind:
    """The likeliest kind of one question; "plain" in doubt, and in other languages than English."""
    if language_of(question).code != "en":
        return "plain"
    weights = _weights()
    scores = features(question) @ weights.weights + weights.bias
    chances = np.exp(scores - scores.max())
    best = int(chances.argmax())
    return KINDS[best] if chances[best] / chances.sum() >= weights.threshold else "plain"


def answer_by_kind(asking: Asking, question: str, before: str = "") -> Answer | None:
    """What answers a question of its kind; None where it is a plain one, or turns out to be.

    `before` is the question before, "" where there is none.
    """
    kind, whole = in_context(question, before)
    answering = ANSWERING.get(kind)
    return answering(asking, whole) if answering else None


def in_context(question: str, before: str) -> tuple[Kind, str]:
    """The kind of a question that follows another, and what it asks in full.

    >>> in_context("and in May?", "Which articles are from April?")
    ('collection', 'Which articles are from May?')
    >>> in_context("and the timeline?", "Who built the bridge of Aldo?")
    ('timeline', 'and the timeline? Who built the bridge of Aldo?')
    """
    kind = kind_of(question)
    if not before or kind == "talk" or leaning(question) is not Leaning.ON_SUBJECT:
        return kind, question
    if (same := exchanged(question, before)) and (earlier := kind_of(before)) in _RESUMED:
        return earlier, same
    if kind == "yes-no":  # the reader of plain questions weighs what it leans on
        return "plain", question
    return kind, f"{question} {before}" if kind in _OF_A_TOPIC else question


def features(question: str) -> NDArray[np.float64]:
    """What its kind is told by: its signals and its vector, shape (signals + dimensions,)."""
    vector = encoder(DEFAULT_EMBEDDING_MODEL, "query").encode([question])[0]
    return np.concatenate([list(signals(question).values()), VECTOR_SCALE * vector])


def signals(question: str) -> dict[str, float]:
    """The readable ones, by name: those of kinds.toml, of its shape and of its length."""
    text = question.replace("’", "'").strip()
    shape = Shape.of(text).letters
    statement = not re.search("[AWKH]", shape)
    words, content = len(text.split()), len(terms(text))
    return {
        **{name: float(bool(pattern.search(text))) for name, pattern in _patterns().items()},
        "talk alone": float(is_talk(text)),
        "asks yes or no": float(bool(_YES_NO.search(shape))),
        "begins with a command": float(bool(re.match("C*I", shape))),
        "no question word": float(statement),
        "statement with a question mark": float(statement and text.endswith("?")),
        "question mark": float(text.endswith("?")),
        "a name": float(bool(re.search(r"(?<!^)\b[A-Z]", text))),
        "at most two words": float(words <= 2),
        "at most four words": float(words <= 4),
        "length": math.log(1 + words) / 3,
        "no content word": float(content == 0),
        "one content word": float(content == 1),
    }


@dataclass(frozen=True)
class _Weights:
    """`weights` has shape (signals + dimensions, kinds), `bias` (kinds,)."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    threshold: float


@lru_cache(maxsize=1)
def _weights() -> _Weights:
    raw = json.loads(files("rag.questions").joinpath("kinds.json").read_text(encoding="utf-8"))
    rows = [raw["signals"][name] for name in signals("")] + raw["vector"]
    return _Weights(np.array(rows), np.array(raw["bias"]), raw["threshold"])


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    listed = tomllib.loads(files("rag.questions").joinpath("kinds.toml").read_text(encoding="utf-8"))
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in listed.items()}
