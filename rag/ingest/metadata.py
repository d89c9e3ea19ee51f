"""Read an article's headline, publisher, date and author from what its page says about itself.

Only lines of the imprint count: the headline, labelled lines, bylines, datelines, lone dates next to them,
and of the page around the article its masthead, menu and copyright footer. A publisher is named by a labelled source,
an agency's dateline, a byline ("By Jane Doe / Baltic Ledger"), or where two of masthead, byline, menu and footer
hold the same full name. A name or a date in the running text proves nothing, and a wrong value is worse than
none, so whatever is ambiguous, impossible or in the future stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from langchain_core.documents import Document

from rag.ingest.furniture import COLOPHON, DOMAIN, FUNCTION, PAPERS, PLACES, SECTIONS, Reason
from rag.ingest.paragraph import Paragraph, is_section, masthead, paper_name, proof, sign
from rag.text.characters import plain
from rag.types import Removal

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
_ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|\s|$)")
_PUBLISHED = (
    r"(?:(?:first |originally |date )?(?:published|posted|issued|released)|publication date|date|"
    r"publicad[oa]|fecha(?: de publicaci[oó]n)?|publié|paru|mis en ligne|veröffentlicht|erschienen|stand|"
    r"pubblicato|опубликовано|дата|yayınlanma|发布时间|发布日期|发表时间|发布于|發布時間|时间|日期|公開日?|投稿日|게시|입력)"
)
_UPDATED = (
    r"(?:(?:last )?(?:updated|modified|edited)|actualizad[oa]|mis à jour|aktualisiert|aggiornato|"
    r"atualizad[oa]|обновлено|güncelleme|更新(?:时间|日期|于)?|수정)"
)
_LABEL = re.compile(rf"(?P<published>{_PUBLISHED})|(?P<updated>{_UPDATED})", re.IGNORECASE)
# Between a label and its date: a preposition, a weekday.
_BETWEEN = re.compile(r"(?i)\W*(?:on|el|le|am|il|em|at|den)?\W*(?:[^\W\d_]{3,12}(?:-feira)?[,.]?\s)?\W*$")
# Behind a date without a label: its update, e.g. "1 May 2024 (updated 2 May 2024)".
_UPDATE_BEHIND = re.compile(
    rf"(?i)[\W\d]*(?:(?:at|às|à|um|a las|alle)\s)?[\W\dh]*(?:[ap]\.?m\.?|uhr|hrs)?\W*{_UPDATED}"
)
# What may stand beside a lone date: a time and its zone.
_TIME = re.compile(
    r"(?i)\d{1,2}\s?[:.h時时点시]\s?\d{2}(?::\d{2}|\s?[分분])?|\d{1,2}\s?(?=[ap]\.?m\b)"
    r"|\b(?:[ap]\.?m\b\.?|at|um|uhr|a las|à|gmt|utc|[a-z]{1,3}[sd]t)\b"
)

_SOURCE = re.compile(
    r"(?:^|[\s|·•(（\[])(?:publisher|source|fuente|quelle|fonte|источник|kaynak|稿源|来源|來源|出典|출처)\s?[:：]\s?"
    r"(?P<name>[^|·•()（）\[\]\t]{2,60}?)(?=\s{2,}|[\t|·•()（）\[\]]|\s\d|\s(?:作者|记者|記者|编辑|责任编辑)|$)",
    re.IGNORECASE,
)
# The last line of a release: SOURCE Fen Instruments Corp.
_SOURCE_LINE = re.compile(r"^SOURCE:?\s(?P<name>[A-ZÀ-Ý][^|:]{1,60})$")
_NOTICE_OF_RELEASE = re.compile(
    r"(?i)\W*(?:press release|media release|pressemitteilung|medienmitteilung|nota de prensa|comunicado de prensa|"
    r"communiqué de presse|comunicato stampa)\b(?:\W*(?:no|nr|n[º°])\W*[\d/-]+)?\W*(?:vom|of|du|de|del|dated)?"
    r"\W*(?=\d|$)"
)
# How the names of public offices begin, which head their releases.
_OFFICE = re.compile(
    r"(?i)(?:ministry|department|office|government|ministerium|bundesministerium|landesamt|bundesamt|ministerio|"
    r"gobierno|ministère|préfecture|ministério|prefeitura|ministero)\b(?!.*[\d!?:])"
)
_DATELINE = re.compile(
    r"^(?P<place>[A-ZÀ-Ý][^\n(]{1,60}?)(?P<date>,[^\n(]{0,30})?\s?"
    r"\((?P<agency>[A-Z][\w .&'’-]{1,30})\)\s*(?:[-–—]+|[:.])\s"
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
_NAME_BEFORE_COPYRIGHT = re.compile(
    r"(?:^|[|·•]|\s{2})\W{0,3}(?P<name>[A-ZÀ-Ý\u3400-\u9fff][^|·•©.,;\d\n]{1,60}?)\s*©\s*(?:19|20)\d\d"
)
# Where a page names its publisher: its head and foot.
_AROUND = frozenset(
    {
        Reason.TITLE_BAR,
        Reason.MASTHEAD,
        Reason.HEADER,
        Reason.MENU,
        Reason.CONTROL,
        Reason.NOTICE,
        Reason.COLOPHON,
        Reason.CONTACT,
        Reason.APPEAL,
        Reason.TAIL,
    }
)
_COMPANY = re.compile(r"(?i)[\s,]+(?:ltd|limited|inc|llc|plc|gmbh|ag|s\.?\s?[al]\.?(?:\s?u)?\.?|co|corp)\.?$")
_NO_PUBLISHER = re.compile(
    r"(?i)\b(?:rights|reserved|theme|powered|reproduc|protected|material|content|author|copyright|law|"
    r"the site|this site|image|photo|getty|"
    r"riproduzione|reproducción|reprodução|riservata|google|apple|facebook|whatsapp|telegram|spotify|youtube|derechos|droits|rechte|diritti|direitos|hakları|禁|所有|转载|права|الحقوق|https?|www)\b|[@]"
)

_BY = re.compile(
    r"^\W*(?:(?P<latin>(?:(?:words|text|story|interview|written|reporting|reported|report|"
    r"entrevista|texto|texte|propos recueillis)\s)?"
    r"(?:by|por|par|von|di)|(?:words|text|story|texto|texte)(?=\s?[:：])|author|autor|autora|auteur|autore)\s*[:：]?\s+|(?:作者|文|记者|記者|本报记者|撰文)\s?[:：/／\s]\s*)(?P<names>\S.*)$",
    re.IGNORECASE,
)
_WIDE_BY = re.compile(
    r"(?:作者|文|记者|記者|撰文)\s?[:：/／\s]\s*(?P<names>[\u4e00-\u9fff·]{2,8}(?:[、\s][\u4e00-\u9fff·]{2,4}){0,3})(?=[\s|)）]|$)"
)
# The paper behind the author of a byline: ", The Terrace Ledger", " / Baltic Ledger", " for The Larder".
_HOUSE = re.compile(
    r"(?:,|\s[|/–—-]|(?P<written_for>,?\s(?:for|para|pour|für|per)(?:\sthe)?))\s(?P<name>[A-ZÀ-Ý][^,|/\d()*_]{2,40}?)\s*(?:[,|/(]|\W*$)"
)
_NAME = (
    r"(?:[A-ZÀ-ÖØ-ÞŁŚŻŞİČŠŽĐ][\w.'’-]*|d['’][A-Z][\w-]+|de|del|della|der|den|da|dos|das|di|du|la|le|van|von|"
    r"el|al|bin|ibn|y|e|ter|ten|zu)(?!\w)"
)
_NAMES = re.compile(
    rf"^{_NAME}(?: {_NAME}){{1,5}}(?:(?:, {_NAME}(?: {_NAME}){{1,4}}){{0,3}}"
    rf"(?: and | & | y | et | und | e ){_NAME}(?: {_NAME}){{1,4}})?"
)
_NO_PERSON = re.compile(
    r"(?i)\b(?:staff|desk|editors?|editorial|agenc(?:y|ies)|correspondents?|reporters?|newsroom|team|bureau|wire|redacci[oó]n|"
    r"agencias|redaktion|rédaction|redazione|news|times|post|daily|press|reuters|afp|xinhua|admin|guest|contributor|published)\b"
)


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
    phrase = _ISO_START.match(text.strip()) or _DATE.search(text)
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
        try:
            readings.add(date(year, month, day))
        except ValueError:
            continue
    return readings


def _named_readings(phrase: str) -> set[date]:
    import dateparser  # type: ignore[import-untyped]

    try:
        moment = dateparser.parse(phrase, settings={"STRICT_PARSING": True, "PARSERS": ["absolute-time"]})
    except (ValueError, OverflowError, RecursionError):
        return set()
    # A word that is no month can leave a date made of the remaining numbers.
    numbers = {int(number) for number in re.findall(r"\d+", phrase)}
    return {moment.date()} if moment and {moment.year, moment.day} == numbers else set()


def _title(lines: Sequence[str]) -> str | None:
    headed = [line for line in lines if any(map(str.isalpha, line)) and not _is_imprint(line)]
    if not headed:
        return None
    above = 0
    while above < min(len(headed) - 1, _TOP_LINES) and _stands_above(*headed[above : above + 2]):
        above += 1
    first = headed[above]
    marked = next((line for line in headed[:_TOP_LINES] if line.startswith("# ")), first)
    title = re.sub(r"\[([^\]]{0,300})\]\([^)]{0,500}\)", r"\1", marked.strip("#* _").strip())
    sentence = re.split(r"(?<=[.!?。！？])\s|(?<=[。！？])", title, maxsplit=1)[0]
    if len(title) <= _LONGEST_HEADLINE and (sentence == title or not title.endswith((".", "。"))):
        return title
    return _clipped(sentence, _LONGEST_TITLE)


def _stands_above(line: str, below: str) -> bool:
    """Whether a line is not the headline but what pages set above it: a paper's name, a section, a menu."""
    if line.startswith("#"):
        return False
    if DOMAIN.match(line.lower()):
        return True
    # A single word above another line is its section, e.g. "Opinion".
    lone = re.fullmatch(r"[^\W\d_\u2e80-\u9fff]+", line)
    menu = len(Paragraph(((0, line),)).cells) >= 3
    named = (paper_name(line) and len(below.split()) > 3) or (
        _OFFICE.match(line) and not Paragraph(((0, below),)).prose
    )
    crumbs = re.split(r"\s[/>›»|]\s", line)
    return bool(lone or menu or is_section(crumbs[0]) or named or (_is_furniture(line) and _is_heading(below)))


def _is_furniture(line: str) -> bool:
    paragraph = Paragraph(((0, line),))
    return bool(proof(paragraph, "") or sign(paragraph))


def _is_heading(line: str) -> bool:
    return Paragraph(((0, line.strip("#* ")),)).heading and len(line) <= _LONGEST_HEADLINE


def _is_imprint(line: str) -> bool:
    dated = [*_stated_dates(line), *_lone_date(line)]
    return (
        bool(_names(line) or dated or _source(line) or _NOTICE_OF_RELEASE.match(line)) and len(line) <= _LONGEST_IMPRINT
    )


def _published(lines: Sequence[str]) -> str | None:
    top, end = _imprint_lines(lines)
    stated = [item for line in (*top, *end) for item in _stated_dates(line)]
    stated += [item for line in _until_prose(lines)[1:] for item in _lone_date(line)]
    if dateline := next((match for line in lines[:_TOP_LINES] if (match := _DATELINE.match(line))), None):
        stated += [("published", match[0]) for match in [_DATE.search(dateline["date"] or "")] if match]
    elif opening := _dated_opening(lines):
        stated.append(("published", opening[1]))
    for kind in ("published", "updated"):
        dates = [phrase for label, phrase in stated if label == kind]
        if dates:
            known = {parse_date(phrase) for phrase in dates} - {None}
            return known.pop() if len(known) == 1 else None
    return None


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
    """The lines above the first paragraph: title, subtitle, byline, date, place."""
    top = lines[:_TOP_LINES]
    prose = next((i for i, line in enumerate(top) if i and len(line) > _LONGEST_IMPRINT), len(top))
    return list(top[:prose])


def _stated_dates(line: str) -> Iterator[tuple[str, str]]:
    """The (published or updated, date) pairs of a line that labels its dates, and hardly says more."""
    if len(line) > _LONGEST_IMPRINT:
        return
    for found in _DATE.finditer(line):
        labels = [
            match
            for match in _LABEL.finditer(line, 0, found.start())
            if _BETWEEN.fullmatch(line, match.end(), found.start())
        ]
        if labels and _opens(line[: labels[-1].start()]):
            yield ("published" if labels[-1]["published"] else "updated"), found[0]
        elif not labels and _UPDATE_BEHIND.match(line, found.end()) and len(line[: found.start()].split()) <= 1:
            yield "published", found[0]


def _opens(before: str) -> bool:
    """Whether a label behind `before` opens a statement: at the start, behind a bar, a bracket, a date."""
    bare = before.rstrip()
    return (
        not bare
        or bare[-1] in "|·•-–—/(（[,;:.》】)*_"
        or bare[-1].isdigit()
        or before.endswith("  ")
        or bool(_names(bare))
    )


def _lone_date(line: str) -> Iterator[tuple[str, str]]:
    found = _DATE.search(line)
    if not found or len(line) > _LONGEST_IMPRINT or _LABEL.search(line):
        return
    rest = f"{line[: found.start()]} {line[found.end() :]}"
    if (
        _names(line)
        or _source(line)
        or _NOTICE_OF_RELEASE.match(line)
        or re.match(r"\W*(?:[A-ZÀ-Ý][\w.'’-]*\s?){2,4}\s*[|·•,–—-]\s*\W*\S{0,10}\s*$", line[: found.start()])
    ):
        yield "published", found[0]
        return
    beside = _TIME.sub("", rest)
    # A weekday or a place may stand there too; more words, or a full stop, make it a sentence.
    named = re.findall(r"[^\W\d_]+", beside)
    words = len(named)
    # NEWSROOM | PORT-AU-PRINCE 14-03-2017 | 20:14
    placed = beside != rest and "|" in rest and words <= 5 and all(map(str.isupper, named))
    if (
        (words <= 2 or placed)
        and not re.search(r"[\d?!]", beside)
        and not (words and beside.rstrip().endswith((".", "。")))
    ):
        yield "published", found[0]


def _publisher(lines: Sequence[str], removed: Sequence[Removal]) -> str | None:
    top, end = _imprint_lines(lines)
    if name := next((name for line in (*top, *end) if (name := _source(line))), None):
        return name
    for line in lines[:_TOP_LINES]:
        if match := _DATELINE.match(line) or _WIDE_DATELINE.match(line):
            return match["agency"].strip()
    footers = [removal.text for removal in removed if removal.reason not in (Reason.CAPTION, Reason.SPAM_LINKS)]
    holder = next((name for line in (*footers, *end) if (name := _copyright_holder(line))), None)
    above = _until_prose(lines)
    house = next((name for line in (*above, *end) if (name := _house(line))), None)
    opening = _dated_opening(lines)
    house = house or (paper_name(opening[0]) if opening else None)
    # A byline, and its paper in a line below.
    house = house or next((line for up, line in pairwise(above) if _names(up) and paper_name(line) == line), None)
    heads = [name for removal in removed if (name := _page_head(removal))]
    heads += [name for line in lines[:2] if (name := masthead(line) or (_OFFICE.match(line) and line))]
    heads = [name for name in heads if not _NO_PUBLISHER.search(name)]
    colophons = [removal.text for removal in removed if removal.reason == Reason.COLOPHON]
    colophons += [line for line in end if COLOPHON.search(line)]
    stated = [name for name in (house, holder) if name]
    pairs = [(head, other) for head in heads for other in (*stated, *colophons)]
    pairs += [(house, holder)] if house and holder else []
    pairs += [
        (head, line.split(",")[0]) for head in heads for line in end if _OFFICE.match(head) and _OFFICE.match(line)
    ]
    agreed = next((name for one, other in pairs if (name := _shared(one, other))), None)
    mastheads, named_below = ([name for text in texts if (name := paper_name(text))] for texts in (heads, stated))
    around = [*(removal.text for removal in removed if removal.reason in _AROUND), *top, *end]
    repeated = next((name for name in (*mastheads, *named_below) if _lines_with(name, around) > 1), None)
    named = agreed or repeated or house or next(iter(mastheads), None)
    return _lowered(named) if named else None


def _lines_with(name: str, lines: Sequence[str]) -> int:
    """How many different lines hold the whole of a name."""
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    return sum(bool(whole.search(line)) for line in dict.fromkeys(lines))


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
    named = [name for cell in cells if (name := paper_name(cell))]
    return next(iter([*named, *filter(None, map(masthead, cells[:1]))]), None)


def _house(line: str) -> str | None:
    """The paper that a byline names behind its author, or a date line in front of its date."""
    if len(line) > _LONGEST_IMPRINT:
        return None
    if _names(line):
        match = _HOUSE.search(line)
        if not match:
            return None
        return masthead(match["name"]) if match["written_for"] else paper_name(match["name"])
    found = _DATE.search(line)
    return paper_name(line[: found.start()].strip(" ,|·•-–—(")) if found and found.start() else None


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
    first, second = one.split()[:12], [word.strip(".,;:+") for word in other.split()[:40]]
    for size in range(len(first), 1, -1):
        for i in range(len(first) - size + 1):
            run = [word.strip(".,;:+").casefold() for word in first[i : i + size]]
            for j in range(len(second) - size + 1):
                if [word.casefold() for word in second[j : j + size]] == run and not FUNCTION.issuperset(run):
                    # An abbreviation may stand in front of what it abbreviates: BBC British Broadcasting Corporation.
                    whole = len(run) in (len(first), len(second)) or (i == 1 and j == 0 and first[0].isupper())
                    spelled = [" ".join(first[i : i + size]), " ".join(second[j : j + size])]
                    name = next((name for name in spelled if not name.isupper()), spelled[0]).strip(" .,;:+")
                    return name if name[:1].isupper() and whole else None
    return None


def _source(line: str) -> str | None:
    match = _SOURCE.search(line) if len(line) <= _LONGEST_IMPRINT else None
    name = match["name"].strip(" *_.") if match else ""
    if released := _SOURCE_LINE.match(line):
        name = released["name"].strip()
    return name if name and not _NO_PUBLISHER.search(name) and len(name.split()) <= 6 else None


def _copyright_holder(line: str) -> str | None:
    for pattern in (_NAME_BEFORE_COPYRIGHT, _COPYRIGHT):
        for match in pattern.finditer(line[:_LONGEST_HEADLINE]):
            name = _COMPANY.sub("", match["name"].strip(" -–—*_")).strip()
            if re.search(r"[\u3040-\u9fff]", name):
                name = name.split()[0]  # no name of these scripts holds a space; a notice follows
            named = name[:1].isupper() or not name.isascii()
            if named and not _NO_PUBLISHER.search(name) and len(name.split()) <= 6:
                return name
    return None


def _author(lines: Sequence[str]) -> str | None:
    above = [line for line in _until_prose(lines) if len(line) <= _LONGEST_IMPRINT]
    _, end = _imprint_lines(lines)
    return next((name for line in (*above[1:], *end, *above[:1]) if (name := _names(line))), None)


def _names(line: str) -> str | None:
    """The persons a byline names, without their office, place and date; None when it is none."""
    if len(line) > _LONGEST_IMPRINT:
        return None
    if wide := _WIDE_BY.search(line) if not line.isascii() else None:
        return wide["names"].strip()
    match = _BY.match(line.strip("*_ "))
    if not match or not match["latin"]:
        return _name_before_date(line)
    names = _NAMES.match(match["names"])
    if not names or _NO_PERSON.search(names[0]):
        return None
    following = match["names"][names.end() :].strip()
    # "By Any Means" goes on like a sentence; a byline ends, or goes on with an office, a place, a date.
    goes_on = following and following[0] not in ",|·•-–—/(;:" and not following[0].isdigit()
    goes_on = goes_on and "@" not in following.split()[0]
    written_for = re.match(r"(?:for|para|pour|für|per)\s[A-ZÀ-Ý]", following) and len(following.split()) <= 9
    return names[0].strip(" .") if not goes_on or written_for else None


def _name_before_date(line: str) -> str | None:
    """The person in front of a bar and a date: "Jane Doe | 2 March 2024"; no section, paper or place."""
    name, bar, rest = line.strip("*_ ").partition(" | " if " | " in line else " · ")
    found = _DATE.search(rest) if bar else None
    if not found or len(rest[: found.start()].split()) > 1 or not _NAMES.fullmatch(name) or _NO_PERSON.search(name):
        return None
    words = {word.casefold() for word in name.split()}
    return None if words & (PAPERS | SECTIONS | PLACES) or not 2 <= len(words) <= 3 else name
