"""Thumbs up and down of the chat, a JSON line each, in one file that any number of threads and processes may add to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from rag.disk.private import private_file, private_folder
from rag.errors import RAGError, StoreError
from rag.followup.condense import messages
from rag.types import Answer


@dataclass(frozen=True)
class Message:
    """What was said before the question."""

    role: Annotated[str, Field(pattern="^(user|assistant)$")]
    content: str


@dataclass(frozen=True)
class Quote:
    """A cited quote, and the article it is from."""

    source: str
    quote: str


@dataclass(frozen=True)
class Feedback:
    """A rated answer. `liked` is True for a thumb up, False for one down, None where it was taken back."""

    time: AwareDatetime
    question: str
    history: tuple[Message, ...]
    liked: bool | None
    answered: bool
    text: str
    citations: tuple[Quote, ...]
    model: str
    unsure: bool = False


LONGEST = 100_000_000  # bytes of the file
_FEEDBACK = TypeAdapter(Feedback)


def record(path: Path, answer: Answer, history: Sequence[Mapping[str, Any]], liked: bool | None) -> None:
    """Append one rating to the file, which is made where it is missing.

    Args:
        history: the messages before the question, as `RAG.answer` took them; only what user and assistant said is kept.
        liked: None takes an earlier thumb on the same answer back.

    Raises:
        QuestionError: a message of the history is not of that form.
        StoreError: the file cannot be written.
    """
    rating = Feedback(
        time=datetime.now(UTC).replace(microsecond=0),
        question=answer.question,
        history=tuple(Message(role, text) for role, text in messages(history)),
        liked=liked,
        answered=answer.answered,
        text=answer.text,
        citations=tuple(Quote(citation.source, citation.quote) for citation in answer.citations),
        model=answer.model,
        unsure=answer.unsure,
    )
    plain = json.dumps(_FEEDBACK.dump_python(rating, mode="json"), ensure_ascii=False)
    line = plain.encode("utf-8", "replace") + b"\n"  # a browser can send half a surrogate pair
    try:
        private_folder(path.parent)
        private_file(path)
        # Unbuffered, so that the line is one write to a file opened for appending: lines never mix.
        with path.open("ab", buffering=0) as file:
            if file.tell() + len(line) > LONGEST:
                raise StoreError(
                    f"the feedback in {path} has reached {LONGEST // 10**6} MB; move it away, or name another file "
                    "with RAG_FEEDBACK"
                )
            written = file.write(line)
    except OSError as error:
        raise StoreError(
            f"cannot write feedback to {path} ({error.strerror}); name another file with RAG_FEEDBACK"
        ) from error
    if written < len(line):
        raise StoreError(
            f"only a part of the feedback could be written to {path}; make room there and remove its last line"
        )


def read(path: Path) -> list[Feedback]:
    """The thumbs of a file; of several on the same answer to the same question and history the latest.

    Raises:
        RAGError: there is none yet, the file cannot be read, or a line is damaged.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        lines = []
    except OSError as error:
        raise StoreError(
            f"cannot read the feedback in {path} ({error.strerror}); name its file with RAG_FEEDBACK"
        ) from error
    latest: dict[tuple[object, ...], Feedback] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            rating = _parse(path, number, line)
            latest[rating.question, rating.history, rating.text] = rating
    thumbs = [rating for rating in latest.values() if rating.liked is not None]
    if not thumbs:
        raise RAGError(
            f"there is no feedback yet; thumbs up and down in the chat go to {path}, or where RAG_FEEDBACK says"
        )
    return thumbs


def _parse(path: Path, number: int, line: bytes) -> Feedback:
    try:
        return _FEEDBACK.validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise StoreError(f"{path}, line {number} is damaged ({reason}); mend or remove that line") from None
