"""What `RAG.stream` yields, one after the other: each has a `type`, and goes through JSON and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from rag.types import Answer, Citation, Sentence

Step = Literal["searching", "reading", "writing", "checking"]
SEARCHING: Literal["searching"] = "searching"
READING: Literal["reading"] = "reading"
WRITING: Literal["writing"] = "writing"
CHECKING: Literal["checking"] = "checking"


@dataclass(frozen=True)
class StepBegun:
    """What is being done now; "writing" comes again with every piece that a model writes."""

    step: Step
    type: Literal["step"] = "step"


@dataclass(frozen=True)
class Cited:
    """Quoted words that the next sentence is the first to need."""

    citation: Citation
    type: Literal["citation"] = "citation"


@dataclass(frozen=True)
class Checked:
    """A sentence that a model wrote, held against the articles."""

    sentence: Sentence
    type: Literal["sentence"] = "sentence"


@dataclass(frozen=True)
class Answered:
    """The answer, which is what counts: where most of what was written is unsupported, it is another one."""

    answer: Answer
    type: Literal["answer"] = "answer"


Event = StepBegun | Cited | Checked | Answered


def event_to_json(event: Event) -> str:
    """One line of JSON; a passage leaves out where the sentences of its whole article lie."""
    return _adapter().dump_json(event, exclude={"answer": {"passages": {"__all__": {"article_sentences"}}}}).decode()


def event_from_json(text: str | bytes) -> Event:
    """The event again, equal to what was written.

    Raises:
        pydantic.ValidationError: it is none.

    >>> event_from_json(event_to_json(StepBegun("reading")))
    StepBegun(step='reading', type='step')
    """
    return _adapter().validate_json(text)


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="type")])
