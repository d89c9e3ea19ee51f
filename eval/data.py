"""The evaluation questions: one JSON object a line, checked on reading (docs/evaluation.md has the format)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from rag.errors import RAGError

QUESTIONS = Path(__file__).parent / "questions.jsonl"


class Message(BaseModel):
    """An earlier message of a dialogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["user", "assistant"]
    content: str


class EvalQuestion(BaseModel):
    """One question and what a right answer must have; the fields are the keys of the format.

    Raises:
        ValueError: keys that contradict each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1)]
    question: str
    history: tuple[Message, ...] = ()
    standalone: str | None = None
    kind: Annotated[str, Field(min_length=1)] = "question"
    any: tuple[str, ...] = ()
    all: tuple[str | tuple[str, ...], ...] = ()
    answers: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    answerable: StrictBool
    date: datetime.date | None = None
    language: Annotated[str, Field(min_length=1)] = "en"
    split: Literal["tune", "report"] = "report"
    group: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _answerable_where_something_is_expected(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and any(raw.get(key) for key in ("any", "all", "answers")):
            return {"answerable": True, **raw}
        return raw

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "draft" in raw:
            raise ValueError("is a draft: say what a right answer has, or that there is none, and remove 'draft'")
        return raw

    @model_validator(mode="after")
    def _consistent(self) -> EvalQuestion:
        if not self.question.strip():
            raise ValueError("the question is empty")
        if self.any and self.all:
            raise ValueError("'any' and 'all' exclude each other; put alternatives into a list within 'all'")
        if self.answerable and not self.required:
            raise ValueError("an answerable question needs 'any', 'all' or 'answers'")
        if not self.answerable and (self.required or self.sources):
            raise ValueError("a question that the articles do not answer has no 'any', 'all', 'answers' or 'sources'")
        if any(not group or not all(map(str.strip, group)) for group in self.required):
            raise ValueError("an expected string, or a list of alternatives, is empty")
        if self.standalone and not self.history:
            raise ValueError("'standalone' is a follow-up rewritten by hand, and needs the 'history' it follows")
        return self

    @property
    def required(self) -> tuple[tuple[str, ...], ...]:
        """Groups of alternatives: a right answer contains at least one string of every group."""
        if self.all:
            return tuple((group,) if isinstance(group, str) else group for group in self.all)
        alternatives = self.any or self.answers
        return (alternatives,) if alternatives else ()

    @property
    def messages(self) -> list[dict[str, str]]:
        """The history as `RAG.answer` takes it."""
        return [message.model_dump() for message in self.history]


def read_questions(path: Path = QUESTIONS, split: str = "all") -> list[EvalQuestion]:
    """The questions of a file, of one split or of all; one without an id is called after its line.

    Raises:
        RAGError: names the line that cannot be used, and why; or there is no question.
    """
    questions: dict[str, EvalQuestion] = {}
    splits: dict[str, str] = {}
    for number, line in _lines(path):
        try:
            question = EvalQuestion.model_validate({"id": f"line-{number}", **json.loads(line)})
            if question.id in questions:
                raise ValueError(f"id {question.id!r} is used twice")
        except (ValueError, TypeError) as error:  # a ValidationError is a ValueError; TypeError: no object
            raise RAGError(f"{path}, line {number}: {_reason(error)}; docs/evaluation.md has the format") from None
        questions[question.id] = question
        if question.group and splits.setdefault(question.group, question.split) != question.split:
            raise RAGError(f"{path}, line {number}: group {question.group!r} is in both splits; put it into one")
    chosen = [question for question in questions.values() if split in (question.split, "all")]
    if not chosen:
        which = "" if split == "all" else f" in its {split} part; try --split all"
        raise RAGError(f"{path} has no question{which}")
    return chosen


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and lines, without the empty ones. Not splitlines(): JSON strings may hold a U+2028."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RAGError(f"cannot read the questions in {path} ({reason}); give a UTF-8 file of JSON lines") from None
    return ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())


def _reason(error: Exception) -> str:
    """What is wrong with a line, with the key it is about."""
    if not isinstance(error, ValidationError):
        return "not a JSON object" if isinstance(error, (json.JSONDecodeError, TypeError)) else str(error)
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")  # a typo explains the rest
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r}"
    if first["type"] == "missing":
        expected = ": say what a right answer has, with 'any', 'all' or 'answers', or that there is none, with false"
        return f"key {key!r} is missing{expected if key == 'answerable' else ''}"
    message = first["msg"].removeprefix("Value error, ")
    for name in ("valid tuple", "valid frozenset"):
        message = message.replace(name, "list")
    message = message.replace("dictionary or instance of Message", "object")
    return f"{key}: {message}" if key else message
