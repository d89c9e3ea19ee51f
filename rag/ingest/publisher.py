"""Who published an article: the best proved of the names that stand where a page names its publisher."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.ingest.bylines import CELLS, LONGEST_BYLINE, OF, names_of
from rag.ingest.dates import dates_of, without_dates
from rag.ingest.furniture import FUNCTION, INTERFACE, SHARED, Reason
from rag.ingest.imprint import (
    Imprint,
    house_alone,
    is_agency,
    is_imprint,
    is_news,
    may_publish,
    office,
    source_of,
)
from rag.ingest.labels import labelled
from rag.ingest.paragraph import Paragraph, behind_bar, is_section, masthead, paper_name
from rag.types import Removal

_LONGEST_NOTICE = 200  # characters
_COPYRIGHT = re.compile(
    r"(?i)(?:©|\(c\)|copyright)[\s©()c]*(?:by\s+)?(?:(?:19|20)\d\d(?:\s?[-–—]\s?(?:(?:19|20)?\d\d|present))?)?[\s,©]*(?:by\s+)?"
    r"(?P<name>[^|·•©.,;\d\n]{2,60}?)\s*(?=[|·•©.,;\n]|(?:19|20)\d\d\b|\ball rights\b|\breserved\b|$)"
)


def publisher_of(imprint: Imprint, removed: Sequence[Removal]) -> str | None:
    """The name that a line states as the source; else that of an agency, of head and foot of the page, of a byline.

    What merely heads the page, or stands behind a bar, has to sound like a paper's name, an agency's or an office's.
    """
    above, end = imprint.above, imprint.end
    sources = [name for line in above if (name := source_of(line))]
    # At the end it may be a chart's.
    sources += [name for line in end if (name := source_of(line)) and (is_news(name) or line.startswith("SOURCE "))]
    agencies = [dateline.house for dateline in imprint.datelines if dateline.house]
    houses = [name for line in (*above, *filter(names_of, end)) for name in _papers(line)]
    # Below a byline or a date line, by itself or with a place: "BBC News, Leeds".
    below = [[cell.strip() for cell in CELLS.split(line)] for up, line in pairwise(above) if is_imprint(up)]
    houses += [cells[0] for cells in below if paper_name(cells[0]) == cells[0] and all(map(masthead, cells))]
    footers = [removal.text for removal in removed if removal.reason not in (Reason.CAPTION, Reason.SPAM_LINKS)]
    echoes = [*agencies, *houses, *filter(None, map(house_alone, above)), *filter(None, map(_holder, footers))]
    echoes += [removal.text for removal in removed if removal.reason == Reason.COLOPHON]
    echoes += [name for line in end if (name := office(line.split(",")[0]))]
    echoes += [cell for line in above[1:] if is_imprint(line) for cell in _cells(line)]
    heads, bars = (
        dict.fromkeys(filter(may_publish, names)) for names in (_heads(imprint, removed), _bars(imprint, removed))
    )
    agreed = [shared for name in (*heads, *bars) for echo in echoes if (shared := _shared(name, echo))]
    agreed += [echo for name in bars for echo in echoes if name == echo or _is_part_of(name, echo)]
    known = [name for name in heads if paper_name(name) or office(name)]
    known += [name for name in bars if paper_name(name.replace("-", " ")) or is_agency(name) or _is_acronym(name)]
    found = next(iter([*sources, *agencies, *agreed, *filter(may_publish, houses), *known]), None)
    return _lowered(found) if found else None


def _heads(imprint: Imprint, removed: Sequence[Removal]) -> Iterator[str]:
    """The names that open the page's mastheads and menus, and a name above the headline."""
    for removal in removed:
        if removal.reason in (Reason.MASTHEAD, Reason.MENU, Reason.HEADER, Reason.CONTROL):
            yield from filter(None, map(masthead, Paragraph(((0, removal.text),)).cells[:1]))
    headings = imprint.headings
    for line in imprint.lines[:2] if len(headings) > 1 else ():  # the only one is the headline
        if line in headings and (name := masthead(line) or office(line)):
            yield name


def _bars(imprint: Imprint, removed: Sequence[Removal]) -> Iterator[str]:
    """The house that a bar sets off from the headline, or in the title of the page's window."""
    titles = [removal.text for removal in removed if removal.reason == Reason.TITLE_BAR]
    for _, name in filter(None, map(behind_bar, titles + imprint.headings[:1])):
        first, _, section = name.partition(" ")
        yield first if _is_part_of(name, first) and is_section(section) and not is_news(name) else name


def _is_part_of(name: str, house: str) -> bool:
    """Whether it is a house's in letters with something behind: CNN Business."""
    return name.startswith(f"{house} ") and _is_acronym(house)


def _is_acronym(name: str) -> bool:
    return name.isupper() and name.isalpha() and 3 <= len(name) <= 5 and name.casefold() not in INTERFACE | SHARED


def _cells(line: str) -> list[str]:
    """The parts of a byline or a date line, without author, dates and times."""
    bare = without_dates(line.replace(names_of(line) or "\0", "\t"))
    return [cell.strip(" .*_–—-") for cell in CELLS.split(bare)]


def _papers(line: str) -> Iterator[str]:
    """The papers that a byline names beside its author, or a date line beside its date."""
    author = names_of(line)
    if not author and (len(line) > LONGEST_BYLINE or not dates_of(line)):
        return
    named = (cell for cell in _cells(line) if not labelled(OF).match(cell))
    of = (found["name"] for found in labelled(OF).finditer(line))
    yield from (name for name in (*named, *of) if paper_name(name) == name or (author and name.startswith("The ")))


def _lowered(name: str) -> str:
    """A name without its capitals, where it is all in them.

    >>> _lowered("BBC NEWS"), _lowered("MINISTRY OF TRADE")
    ('BBC News', 'Ministry of Trade')
    """
    if not name.isupper() or " " not in name:
        return name
    words = [word.capitalize() if len(word) > 3 or word.casefold() in FUNCTION else word for word in name.split()]
    return " ".join([words[0], *(word.lower() if word.casefold() in FUNCTION else word for word in words[1:])])


def _shared(one: str, other: str) -> str | None:
    """The name, of two words at least, that another name or line repeats, not in capitals if one spells it so.

    It has to be the whole of one of them: two papers of a valley share a part of theirs.

    >>> _shared("SILESIA TODAY", "Silesia Today Media"), _shared("南江日报", "南江日报社")
    ('Silesia Today', '南江日报')
    >>> _shared("Wapsie Valley Sentinel", "Wapsie Valley Newspapers")
    """
    if re.search(r"[\u3400-\u9fff]", one + other):
        short, long = sorted((one, other), key=len)
        return short if len(short) >= 3 and short in long else None
    first, _, rest = one.partition(" ")
    pairs = [(one, other), (other, one)]
    if first.isupper() and other.casefold().startswith(rest.casefold()):  # BBC British Broadcasting Corporation
        pairs.append((rest, other))
    for short, long in pairs:
        found = re.search(rf"(?<!\w){re.escape(short)}(?!\w)", long, re.IGNORECASE) if " " in short else None
        if found:
            return found[0] if short.isupper() else short
    return None


def _holder(line: str) -> str | None:
    names = (match["name"].strip(" -–—*_") for match in _COPYRIGHT.finditer(line[:_LONGEST_NOTICE]))
    return next((name for name in names if (name[:1].isupper() or not name.isascii()) and may_publish(name)), None)
