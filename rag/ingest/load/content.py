"""What a file format is to the rest: what its files end in, and how their bytes become text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.text.characters import normalized

LONGEST_SUBTITLE = 150  # characters
SENTENCE_ENDS = tuple('.!?…。！？:："”’»)）」』')
# Titles that writing programs put into a file by themselves.
_JUNK_TITLE = re.compile(
    r"(?i)^(microsoft (word|powerpoint|office)\b.*|untitled.*|"
    r"document\s?\d*|slide \d+|.*\.(docx?|pdf|indd|odt|rtf|qxd|tmp))$"
)
_JUNK_AUTHOR = re.compile(r"(?i)^(admin(istrator)?|user|owner|unknown|anonymous|root|author|default|.*@.*)$")
_LINE_END = re.compile(r"\r\n|[\r\v\f\u2028\u2029]")
# What stands at these places is read as Windows-1252, as HTML reads them: Latin-1 has only control characters there.
_CONTROLS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_NO_TEXT = re.compile(r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")


@dataclass(frozen=True)
class Content:
    """What a file holds: its text, and what the format itself declares about it, None where it does not.

    `published` and `updated` are dates as they stand there, in any form that `rag.ingest.dates.parse_date` knows.
    `notes` say in a line each what was guessed or lost on reading. `left_out` are lines of a page that the format's own
    reader took for none of the article's, each with the number of the line of the text before which it stood.
    """

    text: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    updated: str | None = None
    author: str | None = None
    notes: tuple[str, ...] = ()
    left_out: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Format:
    """A file format, which its module gives as `FORMAT`.

    `name` is what people call it, `suffixes` are in lower case and with their dot, the usual one first. `read` takes
    the bytes of a file, which are not all white space, and its path, for errors alone. It imports its libraries
    itself, so that a listing of formats costs nothing, and raises LoadError, one line with the remedy, for what it
    cannot read; of whatever else a library raises the reading process makes such a line. Limits of size, time and
    memory are that process's as well (`rag.ingest.parser`).
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Path], Content]


def plain_characters(text: str) -> str:
    """The text as it is stored: in NFC, line ends as "\\n", without control and invisible characters."""
    return normalized(_NO_TEXT.sub("", _LINE_END.sub("\n", text.translate(_CONTROLS))))


def is_paragraph(line: str) -> bool:
    """Whether a line is one of an article's text, not its headline, subtitle or byline."""
    return len(line) > LONGEST_SUBTITLE or (2 * len(line) > LONGEST_SUBTITLE and line.endswith(SENTENCE_ENDS))


def given_title(value: str | None) -> str | None:
    """A title on one line, unless a program made it up."""
    return _unless(_JUNK_TITLE, value)


def given_author(value: str | None) -> str | None:
    """An author on one line, unless it is a program's word for its user."""
    return _unless(_JUNK_AUTHOR, value)


def _unless(junk: re.Pattern[str], value: str | None) -> str | None:
    folded = " ".join((value or "").split())
    return folded if folded and not junk.match(folded) else None
