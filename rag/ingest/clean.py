"""Tell an article from the page around it, and keep the article.

The run of paragraphs with the highest sum of scores is the body (Pasternack and Roth, "Extracting article text from
the web with maximum subsequence segmentation", WWW 2009). What a paragraph shows by itself is of two grades
(`rag.ingest.paragraph`): a *proof* weighs against the body's going on there, a *sign* hardly. Either removes it above
or below the body; within the body a line goes only for what no article says: link spam, an advertisement's mark, a
credit, a bare link, a labelled pointer, a list of other articles under its label. Interface words, appeals and
notices stay there, for subheadings and how-tos have them too. A headline may have them as well, and above it and
below the body also lists and mastheads go. A lost line of the article is worse than a line of dirt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from langchain_core.documents import Document

from rag.ingest import furniture
from rag.ingest.furniture import HEADING_WORDS, LONGEST_FURNITURE, Reason
from rag.ingest.paragraph import (
    Paragraph,
    behind_bar,
    is_section,
    is_spam,
    masthead,
    paper_name,
    proof,
    score,
    scripts,
    sign,
)
from rag.types import Removal

# A page settles in two or three rounds; the limit only bounds the time on hostile input.
_MOST_ROUNDS = 20
_TITLE_BARS = 4  # first lines of a page that may be its window's title: the headline and the paper's name
_NEAR = 4  # lines below a table in which the prose goes on
_WORDED = (Reason.CONTROL, Reason.COMMENTS, Reason.POINTER, Reason.MENU, Reason.COLOPHON)
_ADDRESSED = (Reason.APPEAL, Reason.NOTICE)  # what an article may say as well, and then goes on
_Reasons = Sequence[Reason | None]  # of each paragraph of a page
_WIDEST_WRAP = 100  # characters of the longest line in a hard-wrapped file


@dataclass(frozen=True)
class Line:
    """A line of the page: what is left of it, None where it went, and what was taken out.

    A paragraph of several lines is one removal, at the first of them.
    """

    text: str
    rest: str | None
    removed: tuple[Removal, ...]


@dataclass(frozen=True)
class Cleaned:
    """A document without the page around it, and what became of each line of the page."""

    document: Document
    lines: tuple[Line, ...]

    @property
    def removed(self) -> tuple[Removal, ...]:
        """What was removed, in the order of the page."""
        return tuple(removal for line in self.lines for removal in line.removed)


def clean(document: Document) -> Cleaned:
    """Remove what is no part of the article; never raise, never empty a document.

    Whole lines go, or marks and link spam within a line; the characters that stay are untouched but for
    white space at line ends and runs of blank lines. Cleaning a cleaned document removes nothing, unless
    more than twenty rounds of dirt were nested in one another. The time is linear in the text. The metadata are
    copied, not shared.
    """
    original = [(number, line.rstrip()) for number, line in enumerate(document.page_content.split("\n"))]
    title = str(document.metadata.get("title") or "").casefold()
    lines, removed = original, dict[int, tuple[Removal, ...]]()
    for _ in range(_MOST_ROUNDS):
        changes = _changes(paragraphs(lines), title)
        if not changes:
            break
        removed |= {number: removed.get(number, ()) + change.removed for number, change in changes.items()}
        rests = ((number, changes[number].rest if number in changes else line) for number, line in lines)
        lines = [(number, rest) for number, rest in rests if rest is not None]
    text = _joined(lines)
    if not text:
        text, lines, removed = _joined(original), original, {}
    kept = Document(page_content=text, metadata=dict(document.metadata), id=document.id)
    left = dict(lines)
    page = {number: Line(line, left.get(number), removed.get(number, ())) for number, line in original}
    around: dict[int, list[Line]] = defaultdict(list)
    for number, line in document.metadata.get("left_out", ()):
        around[number].append(Line(line, None, (Removal(line, Reason.OUTSIDE),)))
    numbers = sorted({*page, *around})
    return Cleaned(
        kept, tuple(line for number in numbers for line in (*around[number], *filter(None, [page.get(number)])))
    )


def _joined(lines: Sequence[tuple[int, str]]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for _, line in lines)).strip("\n")


def paragraphs(lines: Sequence[tuple[int, str]]) -> list[Paragraph]:
    """Cut the page into paragraphs: lines, or where the file is hard-wrapped the runs that fill its lines."""
    width = max((len(line) for _, line in lines), default=0)
    filled = [line for _, line in lines if line and 4 * len(line) >= 3 * width]
    open_ended = sum(line[-1] not in furniture.ENDS for line in filled)
    wrapped = width <= _WIDEST_WRAP and 2 * open_ended > max(8, len(filled))
    found: list[Paragraph] = []
    run: list[tuple[int, str]] = []
    apart, blank = False, True
    for number, line in lines:
        runs_on = wrapped and run and not blank and 4 * len(run[-1][1]) >= 3 * width
        if line and not runs_on:
            if run:
                found.append(Paragraph(tuple(run), apart))
            run, apart = [], blank
        if line:
            run.append((number, line))
        blank = not line.strip()
    return [*found, Paragraph(tuple(run), apart)] if run else found


def _changes(page: Sequence[Paragraph], title: str) -> dict[int, Line]:
    """The lines that a round changes, by number."""
    reasons = _reasons(page, title)
    if len(reasons) == len(page):
        return {}
    changes: dict[int, Line] = {}
    for i, paragraph in enumerate(page):
        if i in reasons:
            changes |= {number: Line(line, None, ()) for number, line in paragraph.lines}
            first, line = paragraph.lines[0]
            removal = Removal("\n".join(line.strip() for _, line in paragraph.lines), reasons[i])
            changes[first] = Line(line, None, (removal,))
        else:
            changes |= {number: change for number, line in paragraph.lines if (change := _within(line))}
    return changes


def _within(line: str) -> Line | None:
    """Take marks and glued link spam out of a line that stays."""
    marks = [match[0] for match in furniture.MAIL_MARK.finditer(line)]
    if marks:
        rest = re.sub(r"(?<=\S) {2,}", " ", furniture.MAIL_MARK.sub("", line)).rstrip()
        return Line(line, rest or None, tuple(Removal(mark, Reason.ADDRESS) for mark in marks))
    last = max(
        line.rfind(f"{end}{closer} ") + len(closer) for end in furniture.ENDS for closer in ("", '"', "”", "’", "»")
    )
    fragment = line[last + 2 :]
    if last > 0 and len(fragment) <= LONGEST_FURNITURE and is_spam(Paragraph(((0, fragment),)), None):
        return Line(line, line[: last + 1], (Removal(fragment, Reason.SPAM_LINKS),))
    return None


def _reasons(page: Sequence[Paragraph], title: str) -> dict[int, Reason]:
    """Which paragraphs go, by index, and why."""
    letters = scripts("".join(paragraph.text for paragraph in page))
    script = max(letters, key=lambda name: letters[name], default="")
    proofs = [None if paragraph.key == title else proof(paragraph, script) for paragraph in page]
    own = _tabled(page, proofs) | _announced(page, proofs) | _headed(page)
    own |= {i for i, line in enumerate(page) if furniture.MARKED_HEADING.match(line.text)}
    proofs = [None if i in own else proved for i, proved in enumerate(proofs)]
    signs = [None if line.key == title or i in own else sign(line) for i, line in enumerate(page)]
    start, stop = _body(page, proofs, signs)
    reasons = {
        i: reason for i, reason in enumerate(proofs) if reason and (reason in furniture.CERTAIN or not start < i < stop)
    }
    reasons = _listed(page, reasons, start) | reasons
    reasons = {i: shown for i, shown in enumerate(signs) if shown and not start <= i <= stop} | reasons
    _clean_header(page, reasons, start, title)
    _clean_tail(page, reasons, stop, own)
    return reasons


# -------------------------------------------------------------------------- a paragraph on its page
def _announced(page: Sequence[Paragraph], proofs: _Reasons) -> frozenset[int]:
    """The items and addresses below a colon: the article's own, whatever they name."""
    items: set[int] = set()
    opened = False
    for i, (paragraph, proved) in enumerate(zip(page, proofs, strict=True)):
        item = furniture.BULLET.match(paragraph.text)
        if opened and (item or furniture.URL_ALONE.match(paragraph.text)):
            items.add(i)
        elif not item:
            opened = paragraph.text.endswith((":", "：")) and not proved and paragraph.interface_share < 0.5
    return frozenset(items)


def _headed(page: Sequence[Paragraph]) -> frozenset[int]:
    """The first line, where a name is set off behind it and date or author stand below it: the headline."""
    found = behind_bar(page[0].text) if len(page) > 1 and page[1].imprint else None
    return frozenset([0] if found and len(found[0].split()) >= 3 and not is_section(found[1]) else ())


def _tabled(page: Sequence[Paragraph], proofs: _Reasons) -> frozenset[int]:
    """The rows of the article's tables: equally wide runs below an announcement, or below prose.

    Those below prose have prose after them as well, or are rows of figures.
    """
    rows: set[int] = set()
    for columns, run in groupby(range(len(page)), key=lambda i: page[i].columns):
        first, *others = run
        last = first + len(others)
        if columns < 2 or len(others) < (1 if page[first].text.startswith("|") else 2):
            continue
        above = [page[i] for i in range(max(0, first - 2), first) if not proofs[i]]
        announced = bool(above) and above[-1].text.endswith((":", "："))
        below = page[last + 1 : last + 1 + _NEAR]
        figures = 2 * sum(any(char.isdigit() for char in page[i].text) for i in (first, *others)) > len(others)
        if announced or (any(line.sentence for line in above) and (figures or any(line.prose for line in below))):
            rows.update(range(first, last + 1))
    return frozenset(rows)


def _body(page: Sequence[Paragraph], proofs: _Reasons, signs: _Reasons) -> tuple[int, int]:
    """The first and last index of the run of paragraphs with the highest sum of scores."""
    plain = [line.sentence and not (proofs[i] or signs[i]) for i, line in enumerate(page)]
    scores = (
        _score(line, None if line.sentence and goes_on and proved in _ADDRESSED else proved, shown)
        for line, proved, shown, goes_on in zip(page, proofs, signs, [*plain, False][1:], strict=True)
    )
    sums = [0.0, *accumulate(scores)]
    best, lowest, span = 0.0, 0, (0, len(page) - 1)
    for i in range(1, len(sums)):
        if sums[i] - sums[lowest] > best:
            best, span = sums[i] - sums[lowest], (lowest, i - 1)
        if sums[i] < sums[lowest]:
            lowest = i
    return span


def _score(paragraph: Paragraph, proved: Reason | None, shown: Reason | None) -> float:
    if proved:
        # Nothing after a comment form is the article's, however much prose the readers wrote.
        if proved == Reason.COMMENTS:
            return -60.0
        # Lists of other articles stand between two paragraphs as well.
        return -3.0 if proved in furniture.CERTAIN or _heads_list(paragraph) else -12.0
    if shown:
        return -2.0
    if paragraph.prose:
        return min(paragraph.size, 60)
    return 5.0 if paragraph.sentence and not paragraph.truncated else -2.0


def _listed(page: Sequence[Paragraph], reasons: dict[int, Reason], start: int) -> dict[int, Reason]:
    """The labels of lists of other articles, and their entries: titles, and summaries that break off."""
    listed: dict[int, Reason] = {}
    headline_above = False
    for i, paragraph in enumerate(page):
        if i in listed or not _heads_list(paragraph):
            headline_above |= paragraph.heading and i not in reasons and i not in listed
            continue
        j = i + 1
        close = j < len(page) and not page[j].apart
        while j < len(page) and _is_entry(page[j]) and not (close and page[j].apart):
            j += 1
        entries = range(i + 1, j)
        # The last of them may be the subheading of the prose that follows.
        if not close and len(entries) > 1 and j < len(page) and page[j].prose and page[j - 1].size <= HEADING_WORDS:
            entries = range(i + 1, j - 1)
        # Above the body the first of them may be the headline.
        whole = headline_above or (close and paragraph.apart) or i > start
        listed |= {k: Reason.LIST for k in [i, *entries] if whole or page[k].truncated or k == i}
    return listed


def _heads_list(paragraph: Paragraph) -> bool:
    if (paragraph.ends and not paragraph.text.endswith("…")) or paragraph.size > 5:
        return False
    if paragraph.imprint or paragraph.quoted:
        return False
    labelled = furniture.LISTING.intersection(paragraph.words) and (paragraph.interface or len(paragraph.words) >= 2)
    return bool(labelled) and paragraph.interface_share >= 0.7


def _is_entry(paragraph: Paragraph) -> bool:
    return (
        not paragraph.imprint
        and not paragraph.text.startswith("#")
        and not paragraph.text.endswith((":", "："))
        and (paragraph.truncated or (not paragraph.prose and not paragraph.ends) or paragraph.text.endswith("?"))
    )


def _clean_header(page: Sequence[Paragraph], reasons: dict[int, Reason], start: int, title: str) -> None:
    """Above the body: the names of page and paper, menus and controls, but for the headline and what follows."""
    for i in range(start):
        if page[i].key != title and _names_page(page, i, start):
            reasons.setdefault(i, Reason.TITLE_BAR)
    headlines = [i for i in range(start) if _is_headline(page[i]) and _may_stay(page, reasons, i)]
    while len(headlines) > 1 and page[headlines[0]].key != title and _is_masthead(page, reasons, headlines[0]):
        reasons[headlines.pop(0)] = Reason.MASTHEAD
    headline = _headline(page, reasons, headlines, start)
    if headline < start:
        reasons.pop(headline, None)
    for i in (*range(headline), *reversed(range(headline))):
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(page) and not page[max(i, k)].apart]
        furnished = any(k in reasons for k in beside) or _is_masthead(page, reasons, i)
        if furnished and not page[i].text.startswith("#") and not furniture.IMPRINT.search(page[i].text):
            reasons.setdefault(i, Reason.HEADER)


def _headline(page: Sequence[Paragraph], reasons: dict[int, Reason], headlines: Sequence[int], start: int) -> int:
    """The index of the headline, or of the first paragraph of the body where there is none above it."""
    left = [i for i in range(start) if i not in reasons and not page[i].imprint]
    short = [i for i in left if len(page[i].words) >= 2]
    byline = next((i for i in range(start) if furniture.BYLINE.match(page[i].text)), start)
    if headlines and (headlines[0] < byline or not short or short[0] > byline):
        return headlines[0]
    if short:
        return next((i for i in reversed(short) if i < byline), short[-1])
    # The headline itself may speak of cookies or comments, or have the names of section and paper behind bars.
    worded = (i for i in range(start) if reasons.get(i) in _WORDED)
    return next((i for i in worded if _is_title(page[i], 5 if i + 1 in reasons else 2)), start)


def _may_stay(page: Sequence[Paragraph], reasons: dict[int, Reason], i: int) -> bool:
    """Whether a line above the body may be the headline: one with a phrase of the page's where a plain line follows."""
    if i not in reasons or page[i].text.startswith("# "):
        return True
    return reasons[i] == Reason.COLOPHON and i + 1 not in reasons


def _is_title(paragraph: Paragraph, least: int) -> bool:
    """Whether a line that reads like a control or a menu opens with words enough for a headline."""
    return len(paragraph.cells[0].split()) >= (2 if "|" in paragraph.text else least)


def _names_page(page: Sequence[Paragraph], i: int, start: int) -> bool:
    """Whether a line is a later line, the headline, with a paper's name or a date set off around it."""
    if i >= _TITLE_BARS or not page[i].small:
        return False
    parts = {part.strip() for part in re.split(r"\s[-–—|·•]\s|\s{2,}", page[i].text.casefold())}
    later = (line for line in page[i + 1 : min(start + 1, i + 4 * _TITLE_BARS)] if line.size >= 2)
    return len(parts) > 1 and any(line.key in parts for line in later)


def _is_headline(paragraph: Paragraph) -> bool:
    words = len(paragraph.words)
    unspaced = words == 1 and paragraph.size >= 4  # characters run together, as in Chinese
    return paragraph.text.startswith("#") or ((words >= 3 or paragraph.size >= 6 or unspaced) and not paragraph.imprint)


def _is_masthead(page: Sequence[Paragraph], reasons: dict[int, Reason], i: int) -> bool:
    """A paper's name with its motto or menu, or a name that the foot of the page repeats in a short line."""
    name = None if page[i].text.startswith("#") else masthead(page[i].text)
    below = page[i + 1] if i + 1 < len(page) else None
    # A row of networks to share on stands below a headline, one of sections below a masthead.
    menu = below is not None and len(below.cells) >= 3 and not (below.interface or below.ends)
    if name and paper_name(name) and (name != page[i].text or menu):
        return True
    if not name or len(page) - 1 not in reasons or page[-1].size > furniture.PROSE_WORDS:
        return False
    repeated = " ".join(furniture.WORD.findall(name.casefold()))
    return f" {repeated} " in f" {' '.join(page[-1].words)} "


def _clean_tail(page: Sequence[Paragraph], reasons: dict[int, Reason], stop: int, own: frozenset[int]) -> None:
    """Below the body: everything from the first sign on that the article is over, but for its imprint."""
    seen = 0
    for i in range(stop + 1, len(page)):
        paragraph = page[i]
        seen += i in reasons and reasons[i] not in furniture.CERTAIN
        seen += 2 * (reasons.get(i) in (Reason.COMMENTS, Reason.LIST))
        if i in reasons or (paragraph.imprint and seen < 2):
            continue
        below = i + 1 in reasons and (not page[i + 1].apart or score(paragraph) >= 0.5)
        follows = page[i - 1].text.endswith((":", "："))
        said = paragraph.sentence or follows or i in own or bool(furniture.RUNNING.search(paragraph.text))
        between = seen and i + 1 in reasons and reasons[i + 1] not in furniture.CERTAIN
        if seen >= (2 if said else 1) or between or (below and not said):
            reasons[i] = Reason.TAIL
