"""Which kind a question is of, and what answers it: the only place that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from rag.questions.asking import Asking
from rag.questions.comparison import comparison
from rag.questions.overview import overview
from rag.questions.timeline import timeline
from rag.questions.yes_no import yes_no
from rag.types import Answer

Kind = Literal["plain", "collection", "overview", "timeline", "comparison", "yes-no", "talk"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# None where the question turns out to be a plain one after all.
ANSWERING: Mapping[Kind, Callable[[Asking, str], Answer | None]] = {
    "overview": overview,
    "timeline": timeline,
    "comparison": comparison,
    "yes-no": yes_no,
}


def kind_of(question: str) -> Kind:
    """The kind of one question, "plain" in doubt."""
    return "plain"


def answer_by_kind(asking: Asking, question: str) -> Answer | None:
    """What answers a question of its kind; None where it is a plain one, or turns out to be."""
    answering = ANSWERING.get(kind_of(question))
    return answering(asking, question) if answering else None
