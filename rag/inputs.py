"""What a caller hands in is of its kind, or is refused in one line, whatever it may be."""

from __future__ import annotations

import reprlib
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from rag.errors import QuestionError, SettingsError
from rag.text.characters import INVISIBLE, normalized
from rag.types import Filters

MOST_PASSAGES = 100  # as `Settings.top_k` has it
_LONGEST_PUBLISHERS = 10_000  # characters of all names of a filter; the time of an unknown one is their square
_LONGEST_NAME = 1000  # characters of a model's name, which may be a path


def shown(value: object) -> str:
    """A value as an error shows it: short and on one line, whatever its `repr` does.

    >>> shown(["a"] * 100), shown(10 ** 5000)
    ("['a', 'a', 'a', 'a', 'a', 'a', ...]", 'a value of type int')
    """
    try:
        return " ".join(reprlib.repr(value).split())[:120]
    except Exception:  # of a foreign object, or an integer of too many digits
        return f"a value of type {type(value).__name__}"


def as_dict(value: object) -> dict[Any, Any] | None:
    """A copy of a mapping; None of what is none, or does not let itself be copied."""
    try:
        return dict(value) if isinstance(value, Mapping) else None
    except Exception:  # of a foreign object
        return None


def readable(text: str) -> str:
    r"""The text as `normalized`, with spaces for control characters and halves of surrogate pairs; line ends stay.

    >>> readable("When\x00\ud800 was\nit?")
    'When   was\nit?'
    """
    text = normalized(text)
    unwanted = {character for character in set(text) if unicodedata.category(character)[0] == "C"} - {"\n"}
    return text.translate(dict.fromkeys(set(map(ord, unwanted)) - INVISIBLE, " "))


def check_top_k(top_k: Any, default: int) -> int:
    """The number of passages.

    Raises:
        QuestionError: it is no whole number, or none that can be read.
    """
    if top_k is None:
        return default
    if not isinstance(top_k, int) or isinstance(top_k, bool) or not 1 <= top_k <= MOST_PASSAGES:
        raise QuestionError(f"top_k cannot be {shown(top_k)}; give a whole number from 1 to {MOST_PASSAGES}")
    return int(top_k)


def check_model(model: Any, default: str) -> str:
    """The name of a model; an empty one is the default.

    Raises:
        SettingsError: it is no name.
    """
    if model is None or (isinstance(model, str) and not model):
        return default
    if not isinstance(model, str) or not model.isprintable() or len(model) > _LONGEST_NAME:
        raise SettingsError(f"a model cannot be {shown(model)}; give its name, a string on one line")
    return model


def check_question(question: str, longest: int) -> str:
    """The question with control characters and runs of white space made single spaces.

    Raises:
        QuestionError: it is not text, has no letter or digit, or is longer than `longest` characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"a question is a string, not {type(question).__name__}")
    if len(question) > longest:
        raise QuestionError(
            f"the question has {len(question):,} characters, more than {longest:,}; "
            "shorten it or raise RAG_MAX_QUESTION_CHARACTERS"
        )
    visible = readable(question)
    if not any(character.isalnum() for character in visible):
        raise QuestionError("the question has no words; type a question in words")
    return " ".join(visible.split())


def parse_filters(filters: Mapping[str, Any] | None) -> Filters:
    """Filters from plain values: `publisher` (a name or several), `date_from`, `date_to` (date or ISO string).

    Raises:
        QuestionError: an unknown key, or a value of another kind.
    """
    given = {} if filters is None else as_dict(filters)
    if given is None:
        raise QuestionError(f"filters cannot be {shown(filters)}; give a dict with publisher, date_from or date_to")
    for key in given:
        if not isinstance(key, str) or key not in ("publisher", "date_from", "date_to"):
            raise QuestionError(f"unknown filter {shown(key)}; use publisher, date_from and date_to")
    publishers = _publishers(given.get("publisher"))
    date_from, date_to = _day("date_from", given.get("date_from")), _day("date_to", given.get("date_to"))
    if date_from and date_to and date_from > date_to:
        raise QuestionError(f"no day is from {date_from} to {date_to}; exchange the two dates")
    return Filters(publishers, date_from, date_to)


def _publishers(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset) or not all(isinstance(name, str) for name in names):
        raise QuestionError(f"filter publisher cannot be {shown(value)}; give a name or a list of names")
    if sum(map(len, names)) > _LONGEST_PUBLISHERS or len(names) > _LONGEST_PUBLISHERS:
        raise QuestionError(f"filter publisher has more than {_LONGEST_PUBLISHERS:,} characters; give fewer names")
    return frozenset(map(readable, names))


def _day(key: str, value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise QuestionError(f"filter {key} cannot be {shown(value)}; give a date such as 2024-11-14") from None
