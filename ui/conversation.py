"""A conversation: what was asked and answered, as the browser keeps it and as it is copied and exported."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rag.text.times import no_later
from rag.types import CLOSEST, Answer, Citation

MOST_TURNS = 100  # of a conversation; beyond, the oldest go
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!$&])")
_AT_HEAD = re.compile(r"^(\d*)([-+.)])")  # begins a list or a rule


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which a browser can send and nobody can send back."""
    return text.encode("utf-8", "replace").decode("utf-8")


Text = Annotated[str, AfterValidator(encodable)]


class Turn(BaseModel):
    """A question and what came of it: an answer, or an error in one line, or a stop, or nothing yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Text
    answer: Answer | None = None
    error: Text = ""
    stopped: bool = False
    liked: bool | None = None

    @property
    def open(self) -> bool:
        """Whether nothing has come of it yet: it is being answered."""
        return self.answer is None and not self.error and not self.stopped


class Conversation(BaseModel):
    """Turns, oldest first; every change makes a new value. The first question gives it its id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    turns: tuple[Turn, ...] = Field(default=(), max_length=MOST_TURNS)

    @property
    def pending(self) -> bool:
        """Whether the last question is being worked on."""
        return bool(self.turns) and self.turns[-1].open

    def asked(self, question: str) -> Conversation:
        """With a new question at the end."""
        return Conversation(
            id=self.id or uuid.uuid4().hex, turns=(*self.turns[1 - MOST_TURNS :], Turn(question=question))
        )

    def settled(self, turn: Turn) -> Conversation:
        """With the last turn replaced; of its answer the browser need not keep the passages."""
        if turn.answer:
            turn = turn.model_copy(update={"answer": replace(turn.answer, passages=())})
        return self.model_copy(update={"turns": (*self.turns[:-1], turn)})

    def stopped(self) -> Conversation:
        """With the last question given up, where it is pending."""
        return self.settled(Turn(question=self.turns[-1].question, stopped=True)) if self.pending else self

    def rated(self, number: int, liked: bool | None) -> Conversation:
        """With a thumb on one turn."""
        turns = list(self.turns)
        turns[number] = turns[number].model_copy(update={"liked": liked})
        return self.model_copy(update={"turns": tuple(turns)})

    def before(self, number: int) -> Conversation:
        """The turns ahead of one, under the same id: that one is asked anew."""
        return self.model_copy(update={"turns": self.turns[:number]})

    def history(self, number: int | None = None) -> list[dict[str, str]]:
        """The answered turns (ahead of one) as messages for `RAG.answer`; a follow-up as it was searched for."""
        messages = []
        for turn in self.turns[:number]:
            if turn.answer:
                asked = turn.answer.standalone_question or turn.question
                messages.append({"role": "user", "content": asked})
                messages.append({"role": "assistant", "content": turn.answer.text})
        return messages

    def to_json(self) -> str:
        """As the browser keeps it; without a "<", so that nothing takes it for markup."""
        return self.model_dump_json().replace("<", "\\u003c")

    def to_markdown(self) -> str:
        """The whole conversation with its citations, as Markdown."""
        parts = []
        for turn in self.turns:
            parts.append(f"## {_markdown(turn.question)}")
            parts.append(to_markdown(turn.answer) if turn.answer else f"*{_markdown(turn.error or 'Stopped.')}*")
        return "\n\n".join(parts) + "\n"


def to_text(answer: Answer) -> str:
    """The answer with its citations as plain text, to be copied."""
    sources = "\n".join((*_above(answer), *map(_source, answer.citations or answer.nearest)))
    return f"{answer.text}\n\n{sources}".rstrip()


def to_markdown(answer: Answer) -> str:
    """The answer with its citations as Markdown; whatever looks like markup in the words is escaped."""
    lines = (*_above(answer), *map(_source, answer.citations or answer.nearest))
    sources = "\\\n".join(map(_markdown, lines))
    return f"{_markdown(answer.text)}\n\n{sources}".rstrip()


def _above(answer: Answer) -> tuple[str, ...]:
    return (CLOSEST,) if answer.nearest else ()


def _source(citation: Citation) -> str:
    published = str(citation.published or no_later(citation.no_later_than))
    origin = ", ".join(part for part in (citation.publisher, published, citation.source, citation.place) if part)
    copies = f"; republished in {', '.join(citation.republished_in)}" if citation.republished_in else ""
    return " ".join(f"[{citation.marker}] {citation.title} ({origin}{copies}): “{citation.quote}”".split())


def _markdown(text: str) -> str:
    """On one line; a block can then begin at its head only."""
    return _AT_HEAD.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", " ".join(text.split())))
