"""What a caller hands in is of its kind, or is refused in one line, whatever it may be."""

from __future__ import annotations

import reprlib
import unicodedata
from collections.abc import Mapping
from typing import Any

from rag.errors import QuestionError, SettingsError
from rag.text.characters import INVISIBLE, normalized

MOST_PASSAGES = 100  # as `Settings.top_k` has it
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
