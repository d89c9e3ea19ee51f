"""Characters that are no text: they cannot be stored, or make a terminal or a line show what is not there."""

from __future__ import annotations

import os
import re
from pathlib import Path

_LONGEST_PATH = 200  # characters of one in an error
# Control characters, halves of surrogate pairs, and what reorders the rest of a line (U+202A to E, U+2066 to 9).
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSHOWN_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(line: str, instead: str = "?") -> str:
    r"""One line with a question mark, or what is to stand `instead`, for each character that is no text.

    >>> plain("a\x1b[2J\nb\u202e\ud800")
    'a?[2J?b??'
    """
    return _UNSHOWN.sub(instead, line)


def plain_lines(text: str) -> str:
    r"""The same of a text, whose line ends and tabs stay.

    >>> plain_lines("a\x1b[2J\nb")
    'a?[2J\nb'
    """
    return _UNSHOWN_IN_LINES.sub("?", text)


def plain_json(text: str) -> str:
    r"""JSON that means the same, with escapes for what is no text.

    >>> plain_json('"a\u202eb"')
    '"a\\u202eb"'
    """
    return _UNSHOWN_IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def said(path: Path | str) -> str:
    """A path as an error shows it: on one line, and of a long one both ends."""
    name = plain(os.fsencode(path).decode("utf-8", "replace"))
    half = _LONGEST_PATH // 2
    return name if len(name) <= _LONGEST_PATH else f"{name[:half]}…{name[-half:]}"
