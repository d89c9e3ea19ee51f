"""Read an article's headline, publisher, dates and author from what its page says about itself.

Only lines of the imprint count (`rag.ingest.imprint`), and of the page around the article its masthead, menu and
copyright footer. A name or a date in the running text proves nothing, and a wrong value is worse than none, so whatever
is ambiguous, impossible or in the future stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from langchain_core.documents import Document

from rag.ingest.bylines import names_of
from rag.ingest.dates import dates_of
from rag.ingest.furniture import WORD, Reason
from rag.ingest.imprint import Imprint, bears_date, is_imprint, is_prose, office, stated_dates
from rag.ingest.labels import labelled
from rag.ingest.paragraph import Paragraph, behind_bar, is_section, paper_name
from rag.ingest.publisher import publisher_of
from rag.text.characters import plain
from rag.types import Removal

_LONGEST_TITLE = 120  # characters of a title that has to be cut from a sentence
_LONGEST_HEADLINE = 200  # characters; longer first lines are paragraphs
_LONGEST_VALUE = 300  # characters of what a file declares, and of anything else that stands beside an article
_DEEPEST_TITLE = 14  # lines


def read_metadata(document: Document, removed: Sequence[Removal] = ()) -> Document:
    """Fill the title, publisher, published, updated and author that a cleaned document still lacks.

    `removed` is what cleaning took out of it; its mastheads, menus and notices are read for the publisher. Values
    already there are kept, unknown ones are None; dates are in ISO form, names and titles are one line of bounded
    length, of characters that can be stored and shown, whatever the file declares. `updated` is a later day than
    `published`. `imprint` are the places of the lines that say no more than that. The document itself is not changed.
    """
    imprint = Imprint.of(document.page_content)
    published, updated = _days(imprint)
    found = {
        "publisher": publisher_of(imprint, removed),
        "published": published,
        "updated": updated,
        "author": _author(imprint),
        "title": _title(imprint.lines),
    }
    known = {name: _short(document.metadata.get(name)) or _short(value) for name, value in found.items()}
    known["title"] = known["title"] and _headline(known["title"], known["publisher"])
    if known["published"] and known["updated"] and known["updated"] <= known["published"]:
        known["updated"] = None
    metadata = {**document.metadata, **known, "imprint": imprint.said(known["title"] or "")}
    return Document(page_content=document.page_content, metadata=metadata, id=document.id)


def _short(value: str | None) -> str | None:
    line = " ".join(plain((value or "")[: 4 * _LONGEST_VALUE], " ").split())
    return _clipped(line, _LONGEST_VALUE) or None


def _clipped(line: str, longest: int) -> str:
    """A line that is too long, cut behind a word.

    >>> _clipped("The port of Chancay, opened", 22)
    'The port of Chancay…'
    """
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:-–—，、") + "…"


def page_date(removed: Sequence[Removal]) -> date | None:
    """The one date of a page's head, which cleaning took out: the day it was fetched, so its article is no later.

    >>> page_date([Removal("Munich", Reason.HEADER), Removal("Thursday, November 14, 2024", Reason.HEADER)])
    datetime.date(2024, 11, 14)
    """
    heads = (removal.text for removal in removed if removal.reason in (Reason.HEADER, Reason.MASTHEAD))
    day = _only(day.day for head in heads if bears_date(head) for day in dates_of(head) if not day.kind)
    return date.fromisoformat(day) if day else None


def _only(days: Iterable[str | None]) -> str | None:
    """The day that all of these name; None if they name several."""
    known = set(days) - {None}
    return known.pop() if len(known) == 1 else None


def _days(imprint: Imprint) -> tuple[str | None, str | None]:
    """The days of publication and of the last update, in ISO form.

    Of publication is what is labelled so; else what stands above the prose without a label, or in a dateline.
    """
    stated = [day for line in (*imprint.above, *imprint.end) for day in stated_dates(line)]
    published = [day.day for day in stated if day.kind == "published"]
    if not published:
        beside = [day for line in imprint.above[1:] if bears_date(line) for day in dates_of(line) if not day.kind]
        beside += [day for line in imprint.above for day in stated_dates(line) if day.kind == "dated"]
        published = [*(day.day for day in beside), *(dateline.day for dateline in imprint.datelines)]
    updated = [day.day for day in stated if day.kind == "updated" and day.day]
    return _only(published), max(updated, default=None)


def _title(lines: Sequence[str]) -> str | None:
    headed = [line for line in lines if any(map(str.isalpha, line)) and not is_imprint(line)]
    if not headed:
        return None
    above = 0
    while above < min(len(headed) - 1, _DEEPEST_TITLE) and _stands_above(*headed[above : above + 2]):
        above += 1
    title = re.sub(r"\[([^\]]{0,300})\]\([^)]{0,500}\)", r"\1", headed[above].strip("#* _").strip())
    title = labelled(r"^{title}\s?[:：]\s").sub("", title)
    sentence = re.split(r"(?<=[.!?。！？])\s|(?<=[。！？])", title, maxsplit=1)[0]
    if len(title) <= _LONGEST_HEADLINE and not title.endswith((".", "。")):
        return title
    return _clipped(sentence, _LONGEST_TITLE)


def _stands_above(line: str, below: str) -> bool:
    """Whether a line is not the headline but what pages set above it: a paper's name, a section, a menu."""
    # A single word above another line is its section, e.g. "Opinion".
    lone = re.fullmatch(r"[^\W\d_\u2e80-\u9fff]+", line)
    cells = Paragraph(((0, line),)).cells
    menu = len(cells) >= 3 and all(len(WORD.findall(cell)) <= 3 for cell in cells)
    named = ((paper_name(line) and len(below.split()) > 3) or office(line)) and not is_prose(below)
    crumbs = re.split(r"\s[/>›»|]\s", line)
    return bool(lone or menu or is_section(crumbs[0]) or named)


def _headline(title: str, publisher: str | None) -> str:
    """A title without the sections and the publisher's name behind its bars: "Ferry stays in port | Travel | CNN"."""
    if (found := behind_bar(title)) and (is_section(found[1]) or (publisher and found[1].startswith(publisher))):
        return _headline(found[0], publisher)
    return title


def _author(imprint: Imprint) -> str | None:
    lines = (*imprint.above[1:], *imprint.end, *imprint.above[:1])
    return next((name for line in lines if (name := names_of(line))), None)
