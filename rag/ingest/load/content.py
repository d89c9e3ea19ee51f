"""What a file format is to the rest: what its files end in, and how their bytes become text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.text.characters import normalized
from rag.types import Removal

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
    `notes` say in a line each what was guessed or lost on reading. `sections` are the parts of the file that a citation
    names, in order: the offset in `text` at which each begins, and what it is called ("page 3", "slide 4", "chapter
    Arrival", "row 7"), "" where none does. `removed` is what of the file is no part of the article; `left_out` are
    lines of a page that are none, each with the number of the line of the text before which it stood.
    """

    text: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    updated: str | None = None
    author: str | None = None
    notes: tuple[str, ...] = ()
    sections: tuple[tuple[int, str], ...] = ()
    removed: tuple[Removal, ...] = ()
    left_out: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Row:
    """An article as named values, the names in lower case, where it stands in its file, and what is to be noted."""

    fields: Mapping[str, Any]
    place: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One of several articles in a file.

    `name` tells it from the others and is the same when the file has changed elsewhere: "#" and an id, or "/" and a
    path. `held` is what it holds: an article, as it is or in a row; what gives the bytes of a file, at most so many,
    whose own name is `file`; or why it cannot be read.
    """

    name: str
    held: Content | Row | Callable[[int], bytes] | LoadError
    file: str = ""


@dataclass(frozen=True)
class Format:
    """A file format, which its module gives as `FORMAT`.

    `name` is what people call it, `suffixes` are in lower case and with their dot, the usual one first. `read` takes
    the bytes of a file, which are not all white space, and its path, for errors alone. It gives the article, or of a
    format with `several` its parts, each only when it is asked for. It imports its libraries itself, so that a listing
    of formats costs nothing, and raises LoadError, one line with the remedy, for what it cannot read; of whatever else
    a library raises the reading process makes such a line. Limits of size, time and memory are that process's as well
    (`rag.ingest.parser`).
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Path], Content] | Callable[[bytes, Path], Iterable[Part]]
    several: bool = False


def plain_characters(text: str) -> str:
    """The text as it is stored: in NFC, line ends as "\\n", without control and invisible characters."""
    return normalized(_NO_TEXT.sub("", _LINE_END.sub("\n", text.translate(_CONTROLS))))


def in_sections(parts: Iterable[tuple[str, str]]) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The text of parts that are each called something, and where each begins, as `Content` has them.

    >>> in_sections([("", "A port"), ("slide 2", "It opened.")])
    ('A port\\n\\nIt opened.', ((0, ''), (8, 'slide 2')))
    """
    text, sections = "", []
    for label, part in parts:
        text += "\n\n" if text else ""
        sections.append((len(text), " ".join(label.split())))
        text += part
    return text, tuple(sections)


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
