"""The lines in which an article speaks of itself: above its first paragraph, how that opens, and at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from rag.ingest.bylines import BY, CELLS, LONGEST_BYLINE, is_role, names_of
from rag.ingest.dates import Dated, dates_of, parse_date, reads_as_date, without_dates
from rag.ingest.furniture import FUNCTION, MINUTES, WORD, any_of
from rag.ingest.labels import labelled
from rag.ingest.paragraph import Paragraph, is_section, masthead, paper_name

_TOP_LINES = 14  # non-blank lines in which a page states author and date
_END_LINES = 4  # and those at its end
_SOURCE = (
    r"(?:(?:^|[|·•(（\[\t]\s?|[\d\u3400-\u9fff\s]\s){source}\s?[:：]\s?|(?-i:^SOURCE\s))(?-i:(?![a-zß-ÿ]))"
    r"(?P<name>[^,|·•()（）\[\]\t]{2,60}?)(?=\s{2,}|[,\t|·•()（）\[\]]|\s\d|\s{wide_by}|\s(?:责任)?编辑|$)"
)
# A paper in place of an author: By The Associated Press.
_BY_PAPER = (
    r"^\W*(?:{by}|{from})\s(?:(?-i:the)\s)?(?P<name>(?-i:[A-ZÀ-Ý][\w.&'’-]*(?:\s[A-ZÀ-Ý][\w.&'’-]*){1,4}))"
    r"(?=\s?(?:[,|·•/(\d]|$))"
)
_LABEL = r"(?:{published}|{updated}|{dated}|{source}|{by})\s?[:：]?"
_THIS = r"\W*{this}\s"
_RELEASE = r"\W*{release}\b(?:\W*(?:no|nr|n[º°])\W*[\d/-]+)?\W*(?:vom|of|du|de|del|dated)?\W*(?=\d|$)"
_REPUBLISHED = r"\W*{republished}\b"
_NO_PUBLISHER = r"\b{not_publisher}\b|[@]|禁|所有|转载|الحقوق"
# In front of a sentence: "NAIROBI, March 3 (Reuters) — ", "Orrin (dpa) - ", "(AP) — ".
_DATELINE = re.compile(
    r"(?:(?P<place>[A-ZÀ-Ý][\w.'’/-]*(?: (?:[A-ZÀ-Ý]|d[aeio]s?\b|am\b)[\w.'’/-]*){0,3})(?P<date>,[^\n(]{0,30})?\s?)?"
    r"\((?P<house>[A-Za-z][\w .&'’-]{1,30})\)\s*[-–—]+\s(?=\W*[^\W\d_])(?=.*[.!?…]\W{0,2}$|(?:\S+\s+){5})"
)
# Ahead of the date and behind it: "Lima Courier, March 3, 2025 - …", "LIMA, Peru, March 3, 2025 /PRNewswire/ -- …".
_PLACE_AHEAD = re.compile(
    r"(?!(?:In|On|At|By|From|Since|Until|After|Before)\b)"
    r"(?P<place>[A-ZÀ-Ý][\w.’'-]*(?:,? [A-ZÀ-Ý][\w.’'-]*){0,5})(?:,| [|·•–—-]) "
)
_BEHIND_DATELINE = re.compile(r"\.? ?(?:/[\w .-]{2,30}/ ?)?[-–—]{1,2} ?(?=[“\"\w])")
_WIDE_DATELINE = re.compile(r"^\W{0,3}(?P<house>\S{2,6}?[社网報报])[^\s，。]{0,12}?\d{1,2}月\d{1,2}日(?:电|電|讯|訊)")
# On a line of its own: "CNN —".
_HOUSE_ALONE = re.compile(r"(?P<house>[A-ZÀ-Ý][\w.&'’-]*(?:\s[A-ZÀ-Ý][\w.&'’-]*){0,3})\s*[–—-]{1,2}")


class Dateline(NamedTuple):
    """What a paragraph opens with: the agency or paper, and the day in ISO form; None where there is none."""

    house: str | None
    day: str | None


@dataclass(frozen=True)
class Imprint:
    """The lines of a cleaned text that are not blank, by where they stand; `places` are their first and last offsets.

    A label on a line of its own is one line with what stands under it: "Published", "6 April 2023".
    """

    lines: Sequence[str]
    places: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> Imprint:
        found = [(line[0].strip(), line.span()) for line in re.finditer(r"\S[^\n]*", text)]
        for i in range(min(len(found), _TOP_LINES) - 2, -1, -1):
            (label, (start, _)), (line, (_, end)) = found[i : i + 2]
            if len(line) < LONGEST_BYLINE / 4 and labelled(_LABEL).fullmatch(label):
                found[i : i + 2] = [(f"{label} {line}", (start, end))]
        return cls([line for line, _ in found], [place for _, place in found])

    @cached_property
    def above(self) -> Sequence[str]:
        """The lines above the first paragraph: title, subtitle (which may be as long), byline, date, place."""
        top = self.lines[:_TOP_LINES]
        prose = [i for i, line in enumerate(top) if i and (len(line) > LONGEST_BYLINE or is_prose(line))]
        standfirst = prose[:1] == [1] and len(prose) > 1 and len(top[1]) <= LONGEST_BYLINE
        return top[: [*prose, len(top)][standfirst]]

    @cached_property
    def headings(self) -> list[str]:
        """What of these is no imprint: the title, and a paper's name, a section or a subtitle beside it."""
        return [line for line in self.above if not (is_imprint(line) or is_prose(line) or labelled(BY).match(line))]

    @cached_property
    def end(self) -> Sequence[str]:
        return self.lines[1:][-_END_LINES:]

    @cached_property
    def datelines(self) -> Sequence[Dateline]:
        return [found for line in self.lines[:_TOP_LINES] if (found := _dateline(line))]

    def said(self, title: str) -> tuple[tuple[int, int], ...]:
        """The places of lines in a row that say no more than who wrote the article, for whom, where and when."""
        places: list[tuple[int, int]] = []
        last = -2
        for i, (line, place) in enumerate(zip(self.lines, self.places, strict=True)):
            above, below = i < len(self.above), i >= len(self.lines) - _END_LINES
            if not (title and title in line) and (
                (above and _stands_above(line)) or ((above or below) and is_imprint(line))
            ):
                places[-1:] = [(places[-1][0], place[1])] if last == i - 1 else [*places[-1:], place]
                last = i
        return tuple(places)


def _stands_above(line: str) -> bool:
    """Whether a line above the prose names a paper, a section or a role, or tells how long it takes to read."""
    names = [masthead(cell.strip()) for cell in CELLS.split(line)]
    named = all(names) and (paper_name(names[0] or "") or is_section(line) or is_role(line))
    return bool(named or MINUTES.match(line) or house_alone(line))


def is_prose(line: str) -> bool:
    return Paragraph(((0, line),)).prose


def _dateline(line: str) -> Dateline | None:
    """How a paragraph opens; a candidate and a party, "Mary Smith (Labour) – ", are no dateline."""
    if found := _DATELINE.match(line):
        house, date = found["house"].strip(), found["date"] or ""
        placed = found["place"] and (found["place"].isupper() or re.search(r"\d", date))
        told = placed or is_news(house) or (found["place"] and house.islower() and len(house) == 3)
        return Dateline(house, parse_date(date)) if told else None
    if wide := _WIDE_DATELINE.match(line):
        return Dateline(wide["house"], None)
    if len(line) > LONGEST_BYLINE and (ahead := _PLACE_AHEAD.match(line)):
        for day in dates_of(line[:LONGEST_BYLINE]):
            if day.start == ahead.end() and _BEHIND_DATELINE.match(line, day.end):
                return Dateline(paper_name(ahead["place"]), day.day)
    return None


def house_alone(line: str) -> str | None:
    """The agency or paper on a line of its own: "CNN —"."""
    found = _HOUSE_ALONE.fullmatch(line)
    return found["house"] if found else None


def is_agency(name: str) -> bool:
    return bool(re.fullmatch(any_of("agency"), name, re.IGNORECASE))


def is_news(name: str) -> bool:
    """Whether a name is known for an agency's, or sounds like a newspaper's: AFP, Ostsee-Kurier, Guardian."""
    return is_agency(name) or bool(paper_name(f"The {name}".replace("-", " ")))


def office(line: str) -> str | None:
    """The name of a public office, which heads its releases, if the line is one and no headline about it."""
    named = all(word[:1].isupper() or word.casefold() in FUNCTION for word in line.split())
    return line if named and labelled(r"{office}\s(?!.*[\d!?:])").match(line) else None


@lru_cache(maxsize=4096)
def is_imprint(line: str) -> bool:
    """Whether a line is a byline, a date line, a source or the notice of a release or reprint, wherever it stands."""
    if len(line) > LONGEST_BYLINE:
        return False
    notice = labelled(_RELEASE).match(line) or labelled(_REPUBLISHED).match(line)
    told = names_of(line) or source_of(line) or notice or bears_date(line)
    return bool(told or (stated_dates(line) and (labelled(_THIS).match(line) or not is_prose(line))))


@lru_cache(maxsize=4096)
def stated_dates(line: str) -> Sequence[Dated]:
    """The labelled dates of a line on the article: its label opens it, or it is a byline or a date line as well."""
    found = [day for day in dates_of(line) if day.kind] if len(line) <= LONGEST_BYLINE else []
    if not found or names_of(line) or source_of(line) or labelled(_THIS).match(line) or bears_date(line):
        return found
    opens = re.search(r"(?:^|[|·•])\W*$", line[: found[0].start])
    return [day for day in found if opens and (day.kind == "updated" or not is_prose(line))]


@lru_cache(maxsize=4096)
def bears_date(line: str) -> bool:
    """Whether a date that nothing labels is the article's: the line says no more than who, where and when."""
    lone = next((day for day in dates_of(line) if not day.kind), None) if len(line) <= LONGEST_BYLINE else None
    if not lone or names_of(line) or source_of(line) or labelled(_RELEASE).match(line):
        return bool(lone)
    ahead = CELLS.split(without_dates(line[: lone.start]))[-1].strip()
    # Right ahead of the date a weekday may stand, or a paper; "Born 5 June 1924" says something else.
    known = not WORD.search(ahead) or paper_name(ahead) or ("|" in line and ahead.isupper())
    known = known or (len(ahead) < 30 and reads_as_date(f"{ahead} {line[lone.start : lone.end]}"))
    beside = (cell.strip() for cell in CELLS.split(without_dates(line)))
    return bool(known) and all(cell == ahead or _is_beside(cell) for cell in beside)


def _is_beside(cell: str) -> bool:
    """Whether it may stand beside the article's date: a place, a paper, a role, minutes, "0 comments"."""
    few = len(WORD.findall(cell)) <= 2 or labelled(r"(?:{updated})\b").match(cell)
    return bool(few or masthead(cell) or is_role(cell) or MINUTES.match(cell))


@lru_cache(maxsize=4096)
def source_of(line: str) -> str | None:
    """The publisher that a line states: "Source: Fen Post", "By The Associated Press"."""
    if len(line) > LONGEST_BYLINE:
        return None
    name: str | None = None
    if stated := labelled(_SOURCE).search(line):
        name = stated["name"].strip(" *_")
    elif credited := labelled(_BY_PAPER).match(line):
        name = paper_name(credited["name"])
        name = name if name and may_publish(name) else None
    return name if name and not labelled(_NO_PUBLISHER).search(name) and len(name.split()) <= 6 else None


def may_publish(name: str) -> bool:
    """Whether a name can be a publisher's: no person's role, section or notice. "The Orrin Reporter" is a paper."""
    role = labelled(r"\b{role}\b").search(name) and not (name.startswith("The ") and paper_name(name))
    barred = role or "," in name or is_section(name) or labelled(_NO_PUBLISHER).search(name)
    return not barred and len(name.split()) <= 12
