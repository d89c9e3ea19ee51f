"""Read an article's headline, publisher, date and author from what its page says about itself.

Only lines of the imprint count: the headline, labelled lines, bylines, datelines, lone dates next to them,
and of the page around the article its masthead, menu and copyright footer. The publisher is the best of the names that
stand where one is named, each scored by what speaks for it: a labelled source, an agency's dateline, a byline ("By Jane
Doe / Baltic Ledger"), the head of the page, and that its foot or byline holds the same full name. A name or a date in
the running text proves nothing, and a wrong value is worse than none, so whatever is ambiguous, impossible or in the
future stays None.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from langchain_core.documents import Document

from rag.ingest.furniture import FUNCTION, PAPERS, PLACES, SECTIONS, Reason, any_of
from rag.ingest.paragraph import Paragraph, is_section, masthead, paper_name
from rag.text.characters import plain
from rag.types import Removal

_WORDS = Path(__file__).with_suffix(".toml")
_LONGEST_TITLE = 120  # characters of a title that has to be cut from a sentence
_LONGEST_HEADLINE = 200  # characters; longer first lines are paragraphs
_LONGEST_VALUE = 300  # characters of what a file declares, and of anything else that stands beside an article
_LONGEST_IMPRINT = 160  # characters of a line that can be a byline or a date line
_TOP_LINES = 14  # non-blank lines in which a page states author and date
_END_LINES = 4  # and those at its end

_MONTH = r"[^\W\d_]{3,12}\.?"
_DATE = re.compile(
    rf"(?<![\d.,/-])(?:\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?,?\s(?:de\s|of\s|d’|d')?{_MONTH},?\s(?:de\s|del\s)?\d{{4}}"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    r"|\d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]?"
    r"|\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4})(?![\d/]|[.-]\d)",
    re.IGNORECASE,
)


@cache
def _tables() -> dict[str, str]:
    """By what they say (published, source, role …), the words of every language as one pattern."""
    found: dict[str, list[str]] = defaultdict(list)
    for table in tomllib.loads(_WORDS.read_text(encoding="utf-8")).values():
        for name, words in table.items():
            found[name] += [" ".join(word.split()) for word in words.split(",")]
    return {name: "|".join(sorted(words, key=len, reverse=True)) for name, words in found.items()}


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern without regard to case, in which {name} stands for one of the words of that name."""
    return re.compile(re.sub(r"\{([a-z_]+)\}", lambda name: f"(?:{_tables()[name[1]]})", pattern), re.IGNORECASE)


_LABEL = r"(?P<published>{published})|(?P<updated>{updated})|(?P<dated>{dated})"
# Between a label and its date: a preposition, a weekday.
_BETWEEN = re.compile(r"(?i)\W*(?:on|el|le|am|il|em|at|den)?\W*(?:[^\W\d_]{3,12}(?:-feira)?[,.]?\s)?\W*$")
# Behind a date without a label: its update, e.g. "1 May 2024 (updated 2 May 2024)".
_UPDATE_BEHIND = r"[\W\d]*(?:(?:at|às|à|um|a las|alle)\s)?[\W\dh]*(?:[ap]\.?m\.?|uhr|hrs)?\W*{updated}"
# What may stand beside a lone date: a time and its zone.
_TIME = re.compile(
    r"(?i)\d{1,2}\s?[:.h時时点시]\s?\d{2}(?::\d{2}|\s?[分분])?|\d{1,2}\s?(?=[ap]\.?m\b)"
    r"|\b(?:[ap]\.?m\b\.?|at|um|uhr|a las|à|gmt|utc|[a-z]{1,3}[sd]t)\b"
)

_SOURCE = (
    r"(?:^|[|·•(（\[\t]\s?|[\d\u3400-\u9fff\s]\s){source}\s?[:：]\s?(?-i:(?![a-zß-ÿ]))"
    r"(?P<name>[^,|·•()（）\[\]\t]{2,60}?)(?=\s{2,}|[,\t|·•()（）\[\]]|\s\d|\s{wide_by}|\s(?:责任)?编辑|$)"
)
# The last line of a release: SOURCE Fen Instruments Corp.
_SOURCE_LINE = re.compile(r"^SOURCE\s(?P<name>[A-ZÀ-Ý][^|:]{1,60})$")
# A paper in place of an author: By The Associated Press.
_BY_PAPER = (
    r"^\W*(?:{by}|{from})\s(?:(?-i:the)\s)?(?P<name>(?-i:[A-ZÀ-Ý][\w.&'’-]*(?:\s[A-ZÀ-Ý][\w.&'’-]*){1,4}))"
    r"(?=\s?(?:[,|·•/(\d]|$))"
)
_NOTICE_OF_RELEASE = r"\W*{release}\b(?:\W*(?:no|nr|n[º°])\W*[\d/-]+)?\W*(?:vom|of|du|de|del|dated)?\W*(?=\d|$)"
# In front of a sentence: "NAIROBI, March 3 (Reuters) — ", "Orrin (dpa) - ".
_DATELINE = re.compile(
    r"^(?P<place>[A-ZÀ-Ý][\w.'’/-]*(?: (?:[A-ZÀ-Ý]|d[aeio]s?\b|am\b)[\w.'’/-]*){0,3})(?P<date>,[^\n(]{0,30})?\s?"
    r"\((?P<agency>[A-Za-z][\w .&'’-]{1,30})\)\s*[-–—]+\s(?=\W*[^\W\d_])(?=.*[.!?…]\W{0,2}$|(?:\S+\s+){5})"
)
# Ahead of the date and behind it: "Lima Courier, March 3, 2025 - …", "LIMA, Peru, March 3, 2025 /PRNewswire/ -- …".
_PLACE_AHEAD = re.compile(
    r"(?!(?:In|On|At|By|From|Since|Until|After|Before)\b)"
    r"(?P<place>[A-ZÀ-Ý][\w.’'-]*(?:,? [A-ZÀ-Ý][\w.’'-]*){0,5})(?:,| [|·•–—-]) "
)
_BEHIND_DATELINE = re.compile(r"\.? ?(?:/[\w .-]{2,30}/ ?)?[-–—]{1,2} ?(?=[“\"\w])")
_WIDE_DATELINE = re.compile(r"^\W{0,3}(?P<agency>\S{2,6}?[社网報报])[^\s，。]{0,12}?\d{1,2}月\d{1,2}日(?:电|電|讯|訊)")
_COPYRIGHT = re.compile(
    r"(?i)(?:©|\(c\)|copyright)[\s©()c]*(?:by\s+)?(?:(?:19|20)\d\d(?:\s?[-–—]\s?(?:(?:19|20)?\d\d|present))?)?[\s,©]*(?:by\s+)?"
    r"(?P<name>[^|·•©.,;\d\n]{2,60}?)\s*(?=[|·•©.,;\n]|(?:19|20)\d\d\b|\ball rights\b|\breserved\b|$)"
)
_BY = r"^\W*(?:{by}\s?[:：]?|{credit}\s?[:：])\s+(?P<names>\S.*)$"
_WIDE_BY = (
    r"{wide_by}\s?[:：/／\s]\s*"
    r"(?P<names>[\u4e00-\u9fff·]{2,8}(?:[、\s][\u4e00-\u9fff·]{2,4}){0,3})(?=[\s|)）]|$)"
)
_IN_PLACE = r"{place}\s(?-i:[A-ZÀ-Ý][\w.'’-]*(?:\s[A-ZÀ-Ý][\w.'’-]*){0,2})(?=$|[,|·•(–—\d]|\s[,|·•(–—\d])"
_WRITTEN_FOR = r"\s*(?:,\s*)?{written_for}\s(?-i:(?:the\s)?(?P<name>[A-ZÀ-Ý].{1,50}))"
_NAME = (
    r"(?:[A-ZÀ-ÖØ-ÞŁŚŻŞİČŠŽĐ][\w.'’-]*|d['’][A-Z][\w-]+|de|del|della|der|den|da|dos|das|di|du|la|le|van|von|"
    r"el|al|bin|ibn|y|e|ter|ten|zu)(?!\w)"
)
_NAMES = re.compile(
    rf"^{_NAME}(?: {_NAME}){{1,5}}(?:(?:, {_NAME}(?: {_NAME}){{1,4}}){{0,3}}"
    rf"(?: and | & | y | et | und | e ){_NAME}(?: {_NAME}){{1,4}})?"
)
_NO_PERSON = r"\b(?:{role}|{not_person})\b"
_NO_PUBLISHER = r"\b{not_publisher}\b|[@]|禁|所有|转载|الحقوق"
# What is found for a publisher: what each kind of evidence is worth, and the fewest points that name one.
_WORTH = {
    "stated": 9,  # a labelled source
    "dateline": 8,
    "byline": 3,  # the paper of the author, or of a date line
    "head": 1,  # of the page, or its title bar
    "agreed": 5,  # the head of the page, and byline, holder or foot hold the same full name
    "paper": 1,  # it sounds like a newspaper's name
}
_BAR = 2


def read_metadata(document: Document, removed: Sequence[Removal] = ()) -> Document:
    """Fill the title, publisher, published (ISO date) and author that a cleaned document still lacks.

    `removed` is what cleaning took out of it; its mastheads, menus and notices are read for the publisher.
    Values already there are kept, unknown ones are None; names and titles are one line of bounded length, of characters
    that can be stored and shown, whatever the file declares. The document itself is not changed.
    """
    lines = [line.strip() for line in document.page_content.split("\n") if line.strip()]
    found = {
        "title": _title(lines),
        "publisher": _publisher(lines, removed),
        "published": _published(lines),
        "author": _author(lines),
    }
    declared = {name: _short(document.metadata.get(name)) for name in found}
    known = {name: value or _short(found[name]) for name, value in declared.items()}
    return Document(page_content=document.page_content, metadata={**document.metadata, **known}, id=document.id)


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
    days = {parse_date(phrase) for head in heads for _, phrase in _lone_date(head)} - {None}
    return date.fromisoformat(days.pop() or "") if len(days) == 1 else None


@lru_cache(maxsize=4096)
def parse_date(text: str) -> str | None:
    """Read the first full date in `text`, in ISO form; None for an ambiguous, impossible or future one.

    Month names are read in every language that dateparser knows.

    >>> parse_date("3 de marzo de 2024"), parse_date("03/04/2023"), parse_date("13/04/2023")
    ('2024-03-03', None, '2023-04-13')
    """
    phrase = _DATE.search(text)
    if not phrase:
        return None
    readings = _numeric_readings(phrase[0]) if len(re.findall(r"\d+", phrase[0])) == 3 else _named_readings(phrase[0])
    known = {reading for reading in readings if reading <= date.today() + timedelta(days=1)}
    return known.pop().isoformat() if len(readings) == 1 and known else None


def _numeric_readings(phrase: str) -> set[date]:
    first, second, third = (int(number) for number in re.findall(r"\d+", phrase))
    if first > 31:
        orders = [(first, second, third)]
    elif "." in phrase:  # Only languages that put the day first write dates with full stops.
        orders = [(third, second, first)]
    else:
        orders = [(third, second, first), (third, first, second)]
    readings = set()
    for year, month, day in orders:
        with suppress(ValueError):
            readings.add(date(year, month, day))
    return readings


def _named_readings(phrase: str) -> set[date]:
    moment = _moment(phrase)
    # A word that is no month can leave a date made of the remaining numbers.
    numbers = {int(number) for number in re.findall(r"\d+", phrase)}
    return {moment} if moment and {moment.year, moment.day} == numbers else set()


@lru_cache(maxsize=4096)
def _moment(phrase: str) -> date | None:
    import dateparser  # type: ignore[import-untyped]

    with suppress(ValueError, OverflowError, RecursionError):
        moment = dateparser.parse(phrase, settings={"STRICT_PARSING": True, "PARSERS": ["absolute-time"]})
        return moment.date() if moment else None
    return None


def _title(lines: Sequence[str]) -> str | None:
    headed = [line for line in lines if any(map(str.isalpha, line)) and not _is_imprint(line)]
    if not headed:
        return None
    above = 0
    while above < min(len(headed) - 1, _TOP_LINES) and _stands_above(*headed[above : above + 2]):
        above += 1
    title = re.sub(r"\[([^\]]{0,300})\]\([^)]{0,500}\)", r"\1", headed[above].strip("#* _").strip())
    sentence = re.split(r"(?<=[.!?。！？])\s|(?<=[。！？])", title, maxsplit=1)[0]
    if len(title) <= _LONGEST_HEADLINE and not title.endswith((".", "。")):
        return title
    return _clipped(sentence, _LONGEST_TITLE)


def _stands_above(line: str, below: str) -> bool:
    """Whether a line is not the headline but what pages set above it: a paper's name, a section, a menu."""
    # A single word above another line is its section, e.g. "Opinion".
    lone = re.fullmatch(r"[^\W\d_\u2e80-\u9fff]+", line)
    menu = len(Paragraph(((0, line),)).cells) >= 3
    named = ((paper_name(line) and len(below.split()) > 3) or _office(line)) and not _prose(below)
    crumbs = re.split(r"\s[/>›»|]\s", line)
    return bool(lone or menu or is_section(crumbs[0]) or named)


def _office(line: str) -> str | None:
    """The name of a public office, which heads its releases, if the line is one and no headline about it."""
    named = all(word[:1].isupper() or word.casefold() in FUNCTION for word in line.split())
    return line if named and _pattern(r"{office}\s(?!.*[\d!?:])").match(line) else None


def _is_imprint(line: str) -> bool:
    if len(line) > _LONGEST_IMPRINT:
        return False
    dated = [*_stated_dates(line), *_lone_date(line)]
    return bool(_names(line) or dated or _source(line) or _pattern(_NOTICE_OF_RELEASE).match(line))


def _published(lines: Sequence[str]) -> str | None:
    top, end = _imprint_lines(lines)
    above = _until_prose(lines)
    stated = [item for line in (*top, *end) for item in _stated_dates(line)]
    stated += [("published", phrase) for line in above for label, phrase in _stated_dates(line) if label == "dated"]
    stated += [item for line in above[1:] for item in _lone_date(line)]
    if dateline := next((match for line in lines[:_TOP_LINES] if (match := _dateline(line))), None):
        stated += [("published", match[0]) for match in [_DATE.search(dateline["date"] or "")] if match]
    elif opening := _dated_opening(lines):
        stated.append(("published", opening[1]))
    first, second = ([phrase for label, phrase in stated if label == kind] for kind in ("published", "updated"))
    known = {parse_date(phrase) for phrase in first or second} - {None}
    return known.pop() if len(known) == 1 else None


def _dated_opening(lines: Sequence[str]) -> tuple[str, str] | None:
    """The place or paper, and the date, with which the first paragraph begins."""
    prose = next((line for line in lines[:_TOP_LINES] if len(line) > _LONGEST_IMPRINT), "")
    ahead = _PLACE_AHEAD.match(prose)
    found = _DATE.match(prose, ahead.end()) if ahead else None
    return (ahead["place"], found[0]) if ahead and found and _BEHIND_DATELINE.match(prose, found.end()) else None


def _imprint_lines(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    top = [line for line in lines[:_TOP_LINES] if len(line) <= _LONGEST_IMPRINT]
    end = [line for line in lines[1:][-_END_LINES:] if len(line) <= _LONGEST_IMPRINT]
    return top, end


def _until_prose(lines: Sequence[str]) -> list[str]:
    """The lines above the first paragraph: title, subtitle (which may be as long), byline, date, place."""
    top = lines[:_TOP_LINES]
    prose = [i for i, line in enumerate(top) if i and (len(line) > _LONGEST_IMPRINT or _prose(line))]
    standfirst = prose[:1] == [1] and len(prose) > 1 and len(top[1]) <= _LONGEST_IMPRINT
    return list(top[: [*prose, len(top)][standfirst]])


def _prose(line: str) -> bool:
    return Paragraph(((0, line),)).prose


def _dateline(line: str) -> re.Match[str] | None:
    """A dateline with its agency; a candidate and a party, "Mary Smith (Labour) – ", are none."""
    found = _DATELINE.match(line)
    if found and not (found["place"].isupper() or re.search(r"\d", found["date"] or "") or _news(found["agency"])):
        return found if found["agency"].islower() and len(found["agency"]) == 3 else None
    return found


def _news(name: str) -> bool:
    """Whether a name is known for an agency's, or sounds like a newspaper's: AFP, Ostsee-Kurier, Guardian."""
    return bool(re.fullmatch(any_of("agency"), name, re.IGNORECASE) or paper_name(f"The {name}".replace("-", " ")))


def _stated_dates(line: str) -> Iterator[tuple[str, str]]:
    """The (published, updated or dated, date) pairs of a line that labels its dates, and hardly says more."""
    for found in _DATE.finditer(line):
        labels = [
            match
            for match in _pattern(_LABEL).finditer(line, 0, found.start())
            if _BETWEEN.fullmatch(line, match.end(), found.start())
        ]
        if labels and not re.search(r"[^\W\d_] ?$", line[: labels[-1].start()]):
            yield labels[-1].lastgroup or "", found[0]
        elif labels or len(line[: found.start()].split()) > 1:
            continue
        elif _pattern(_UPDATE_BEHIND).match(line, found.end()):
            yield "published", found[0]


def _lone_date(line: str) -> Iterator[tuple[str, str]]:
    found = _DATE.search(line)
    if not found or len(line) > _LONGEST_IMPRINT or _pattern(_LABEL).search(line):
        return
    before = line[: found.start()]
    rest = f"{before} {line[found.end() :]}"
    imprint = _names(line) or _source(line) or _pattern(_NOTICE_OF_RELEASE).match(line)
    capitals = re.match(r"\W*[A-ZÀ-Ý][\w.'’-]*(?:\s[A-ZÀ-Ý][\w.'’-]*){1,3}\s*[|·•,–—-]\s*\W*\S{0,10}\s*$", before)
    beside = _TIME.sub("", rest)
    named = re.findall(r"[^\W\d_]+", beside)
    placed = beside != rest and "|" in rest and len(named) <= 5 and all(map(str.isupper, named))
    # A weekday, or behind a mark a place, may stand there too; "Born 5 June 1924" and more words say something else.
    ahead = re.split(r"[,|·•()–—-]", _TIME.sub("", before))[-1].strip()
    apart = not re.search(r"[^\W\d_]", ahead) or paper_name(ahead)
    if imprint or capitals or placed or (len(named) <= 2 and (apart or _moment(f"{ahead} {found[0]}"))):
        yield "published", found[0]


def _publisher(lines: Sequence[str], removed: Sequence[Removal]) -> str | None:
    """The candidate with the highest score, of equals the first; None below the bar."""
    found = [(points + _WORTH["paper"] * bool(paper_name(name)), name) for name, points in _candidates(lines, removed)]
    score, name = max(found, key=lambda each: each[0], default=(0, ""))
    return _lowered(name) if score >= _BAR else None


def _candidates(lines: Sequence[str], removed: Sequence[Removal]) -> Iterator[tuple[str, int]]:
    """The names that may be the publisher's, and what speaks for each, in points."""
    top, end = _imprint_lines(lines)
    above = _until_prose(lines)
    for line in (*top, *end):
        name = _source(line)  # outside the head it may be a chart's
        if name and (line in above or _news(name) or _SOURCE_LINE.match(line)):
            yield name, _WORTH["stated"]
    for line in lines[:_TOP_LINES]:
        if match := _dateline(line) or _WIDE_DATELINE.match(line):
            yield match["agency"].strip(), _WORTH["dateline"]
    opening = _dated_opening(lines)
    houses = [name for line in above if (name := _house(line))]
    houses += [name for name in [opening and paper_name(opening[0])] if name]
    houses += [line for up, line in pairwise(above) if _names(up) and paper_name(line) == line]
    heads = [name for removal in removed if (name := _page_head(removal))]
    headings = [line for line in above if not _is_imprint(line) and not _prose(line) and not _pattern(_BY).match(line)]
    if len(headings) > 1:  # the only one is the headline, whatever it is made of
        heads += [name for line in lines[:2] if line in headings and (name := masthead(line) or _office(line))]
    footers = [removal.text for removal in removed if removal.reason not in (Reason.CAPTION, Reason.SPAM_LINKS)]
    holders = [name for line in footers if (name := _copyright_holder(line))]
    heads, houses, holders = (list(filter(_may_publish, names)) for names in (heads, houses, holders))
    feet = [removal.text for removal in removed if removal.reason == Reason.COLOPHON]
    feet += [name for line in end if (name := _office(line.split(",")[0]))]
    for name in heads:
        agreed = next((shared for other in (*houses, *holders, *feet) if (shared := _shared(name, other))), None)
        yield agreed or name, _WORTH["head"] + _WORTH["agreed"] * bool(agreed)
    yield from ((name, _WORTH["byline"]) for name in houses)


def _may_publish(name: str) -> bool:
    """Whether a name can be a publisher's: no person's office, section or notice. "The Orrin Reporter" is a paper."""
    role = _pattern(r"\b{role}\b").search(name) and not (name.startswith("The ") and paper_name(name))
    barred = role or "," in name or is_section(name) or _pattern(_NO_PUBLISHER).search(name)
    return not barred and len(name.split()) <= 12


def _lowered(name: str) -> str:
    """A name without its capitals, where it is all in them: BBC NEWS is BBC News."""
    if not name.isupper() or len(name.split()) < 2:
        return name
    words = [word.capitalize() if len(word) > 3 or word.casefold() in FUNCTION else word for word in name.split()]
    return " ".join(words)


def _page_head(removal: Removal) -> str | None:
    """The name that opens a masthead or a menu."""
    if removal.reason == Reason.TITLE_BAR:
        return masthead(re.split(r"\s[-–—|·]\s", removal.text)[-1])
    if removal.reason not in (Reason.MASTHEAD, Reason.MENU, Reason.HEADER, Reason.CONTROL):
        return None
    cells = Paragraph(((0, removal.text),)).cells
    return masthead(cells[0]) if cells else None


def _house(line: str) -> str | None:
    """The paper that a byline names behind its author, or a date line in front of its date."""
    author = _names(line)
    found = _DATE.search(line) if len(line) <= _LONGEST_IMPRINT else None
    if not author and not (found and found.start()):
        return None
    beside = line.split(author, 1)[-1] if author else line[: found.start()] if found else ""
    for part in re.split(r"[,|/()·•]|\s[–—-](?=\s)", beside):
        written_for = _pattern(_WRITTEN_FOR).match(part)
        name = masthead(written_for["name"]) if author and written_for else paper_name(part.strip(" .*_–—-"))
        if name and _may_publish(name):
            return name
    return None


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


def _source(line: str) -> str | None:
    match = _pattern(_SOURCE).search(line) if len(line) <= _LONGEST_IMPRINT else None
    name = match["name"].strip(" *_.") if match else ""
    if released := _SOURCE_LINE.match(line):
        name = released["name"].strip()
    elif not name and len(line) <= _LONGEST_IMPRINT and (credited := _pattern(_BY_PAPER).match(line)):
        named = paper_name(credited["name"])
        name = named if named and _may_publish(named) else ""
    return name if name and not _pattern(_NO_PUBLISHER).search(name) and len(name.split()) <= 6 else None


def _copyright_holder(line: str) -> str | None:
    names = (match["name"].strip(" -–—*_") for match in _COPYRIGHT.finditer(line[:_LONGEST_HEADLINE]))
    return next((name for name in names if (name[:1].isupper() or not name.isascii()) and _may_publish(name)), None)


def _author(lines: Sequence[str]) -> str | None:
    above = _until_prose(lines)
    end = lines[1:][-_END_LINES:]
    return next((name for line in (*above[1:], *end, *above[:1]) if (name := _names(line))), None)


def _names(line: str) -> str | None:
    """The persons a byline names, without their office, place and date; None when it is none."""
    if len(line) > _LONGEST_IMPRINT:
        return None
    if wide := _pattern(_WIDE_BY).search(line) if not line.isascii() else None:
        return wide["names"].strip()
    match = _pattern(_BY).match(line.strip("*_ "))
    if not match:
        return _name_before_date(line)
    names = _NAMES.match(match["names"])
    if not names or _pattern(_NO_PERSON).search(names[0]):
        return None
    following = match["names"][names.end() :].strip()
    # "By Any Means" goes on like a sentence; a byline ends, or goes on with an office, a place, a date.
    goes_on = following and following[0] not in ",|·•-–—/(;:" and not following[0].isdigit()
    goes_on = goes_on and "@" not in following.split()[0] and not _pattern(_IN_PLACE).match(following)
    written_for = _pattern(_WRITTEN_FOR).match(following) and len(following.split()) <= 9
    return names[0].strip(" .") if not goes_on or written_for else None


def _name_before_date(line: str) -> str | None:
    """The person in front of a bar and a date: "Jane Doe | 2 March 2024"; no section, paper or place."""
    name, _, rest = line.strip("*_ ").partition(" | " if " | " in line else " · ")
    found = _DATE.search(rest)
    words = {word.casefold() for word in name.split()}
    person = _NAMES.fullmatch(name) and len(words) <= 3 and not words & (PAPERS | SECTIONS | PLACES)
    fits = found and len(rest[: found.start()].split()) <= 1 and person and not _pattern(_NO_PERSON).search(name)
    return name if fits else None
