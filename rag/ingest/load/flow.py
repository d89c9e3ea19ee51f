"""The lines of printed pages become paragraphs: without running heads, over columns and pages, words put together."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

from rag.ingest.load.content import SENTENCE_ENDS
from rag.ingest.load.layout import Line
from rag.ingest.load.tables import labelled_row
from rag.text.words import english_words

_EDGE = 0.12  # of a page's height, in which running heads and feet stand
_ITEM = re.compile(r"(?:[•◦▪‣·*–-]|\(?\d{1,2}[.)])\s")
_HYPHENATED = re.compile(r"(?<!\w)\w+-\w+")
_BROKEN = re.compile(r"([^\W\d_]+)[-‐]$")
_DASHED = re.compile(r"\w[-‐–—/]$")
Block = Sequence[Line]


def running(pages: Sequence[Sequence[Line]], heights: Sequence[tuple[float, float]]) -> set[str]:
    """Lines at the edges of pages that stand in the same place of several, digits apart, as `key` has them.

    Of at least three in ten, since a book's left and right pages have heads of their own; large ones of at least three.
    `heights` are the lowest and the highest place of each page.
    """
    body = median(line.size for page in pages for line in page) if any(pages) else 0.0
    seen: Counter[tuple[str, int, bool]] = Counter()
    for lines, (low, high) in zip(pages, heights, strict=True):
        edge = _EDGE * (high - low)
        at_edge = (line for line in lines if not low + edge < line.base < high - edge)
        seen.update({(key(line), round(line.base / 3), line.size > 1.3 * body) for line in at_edge})
    return {text for (text, _, large), count in seen.items() if count >= max(2 + large, 0.3 * len(pages))}


def key(line: Line) -> str:
    """A line without its digits, by which running heads are told."""
    return re.sub(r"\d+", "0", line.text)


def without_edges(lines: Sequence[Line], heads: set[str]) -> tuple[list[Line], list[Line]]:
    """The lines of a page without those at its top and bottom that are running ones, and these."""
    ordered = sorted(lines, key=lambda line: -line.base)
    first, last = 0, len(ordered)
    while first < last and key(ordered[first]) in heads:
        first += 1
    while last > first and key(ordered[last - 1]) in heads:
        last -= 1
    return ordered[first:last], [*ordered[:first], *ordered[last:]]


def paragraphs(blocks: Iterable[Block]) -> list[list[Line]]:
    """The lines of blocks in reading order, by paragraph.

    A paragraph of the running text that breaks off at the end of a block goes on in the next block of that text; what
    stands in between, a caption, a footnote or a pull quote, comes after it.
    """
    blocks = list(blocks)
    sizes: Counter[float] = Counter()
    for line in (line for block in blocks for line in block):
        sizes[round(2 * line.size) / 2] += len(line.text)
    body = max(sizes, key=lambda size: sizes[size], default=0.0)
    found: list[list[Line]] = []
    broken: list[Line] | None = None  # the paragraph that may go on
    between = False  # whether other running text has come since
    for block in blocks:
        parts = _parted(block)
        running_text = abs(block[0].size - body) < 0.12 * body
        if broken and running_text and _resumes(broken, parts[0], block, between):
            broken += parts.pop(0)
        between = between or running_text
        found += parts
        last = parts[-1] if parts else broken
        if running_text and last and not _ends(last[-1]):
            broken, between = last, False
        elif running_text and not parts:
            broken = None
    return found


def _parted(block: Block) -> list[list[Line]]:
    """The paragraphs of a block: a line runs on where the next one's first word had no room on it."""
    right, margin = max(line.right for line in block), median(line.left for line in block)
    leading = median([above.base - below.base for above, below in pairwise(block)] or [0.0])
    parts = [[block[0]]]
    for above, below in pairwise(block):
        parts[-1:] = [[*parts[-1], below]] if _runs_on(above, below, right, margin, leading) else [parts[-1], [below]]
    return parts


def _runs_on(above: Line, below: Line, right: float, margin: float, leading: float) -> bool:
    if above.cells or below.cells or above.base - below.base > 1.35 * leading:
        return False
    if _DASHED.search(above.text) and (below.text[0].islower() or below.text[0].isdigit()):
        return True
    full, ends = above.room(right) < below.first, _ends(above)
    if not full or (ends and _ITEM.match(below.text)):
        return not ends and below.text[0].islower()
    indented = below.left - max(margin, above.left) > 0.6 * below.size or below.left - above.left < -0.6 * below.size
    return not (ends and indented)


def _resumes(broken: Sequence[Line], part: Sequence[Line], block: Block, between: bool) -> bool:
    last, line = broken[-1], part[0]
    width = max(each.width for each in block)
    near = line.page - last.page <= 1 and last.like(line)
    indented = line.left - min(each.left for each in block) > 0.6 * line.size
    if not near or _ends(last) or last.cells or line.cells:
        return False
    if line.text[0].islower() or _BROKEN.search(last.text):
        return True
    edge = max(each.right for each in broken)
    return not (between or indented) and last.width > 0.7 * width and last.room(edge) < line.first


def _ends(line: Line) -> bool:
    return line.text.rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹").endswith(SENTENCE_ENDS)


def with_heads(found: Sequence[Sequence[Line]]) -> Iterator[Sequence[Line]]:
    """The paragraphs, rows of a table with the heads of their columns, where only its first row has no figures."""
    for bars, run in groupby(found, key=lambda part: part[0].text.count(" | ") if part[0].cells else 0):
        rows = list(run)
        heads, *others = [part[0].text.split(" | ") for part in rows]
        figures = [any(map(str.isdigit, "".join(cells))) for cells in (heads, *others)]
        if bars and len(others) > 1 and not figures[0] and all(figures[1:]):
            lines = (part[0] for part in rows[1:])
            yield from (
                [replace(line, text=labelled_row(heads, cells))] for line, cells in zip(lines, others, strict=True)
            )
        else:
            yield from rows


def joined(found: Sequence[Sequence[Line]]) -> Iterator[list[tuple[str, int]]]:
    """Each paragraph in pieces, and the page of each piece; a piece is a line with what parts it from the one before.

    A hyphen at the end of a line stays where the word has it: elsewhere in the text, or as two words that are none when
    put together.
    """
    text = "\n".join(line.text for part in found for line in part)
    hyphenated = set(map(str.lower, _HYPHENATED.findall(text)))
    words = set(map(str.lower, re.findall(r"[^\W\d_]+", text)))
    for part in found:
        pieces = [(part[0].text, part[0].page)]
        for line in part[1:]:
            last, _ = pieces[-1]
            glue, cut = _between(last, line.text, hyphenated, words)
            pieces[-1] = (last[: len(last) - cut], pieces[-1][1])
            pieces.append((glue + line.text, line.page))
        yield pieces


def _between(left: str, right: str, hyphenated: set[str], words: set[str]) -> tuple[str, int]:
    """What parts two lines, and how many characters at the end of the first go: its hyphen, of a word broken there."""
    if broken := _BROKEN.search(left):
        tail = re.match(r"[^\W\d_]*", right)
        start, end = broken[1].lower(), tail[0].lower() if tail else ""
        if not end or not right[0].islower() or f"{start}-{end}" in hyphenated:
            return "", 0
        known = start + end in words or start + end in english_words()
        two = not known and {start, end} <= english_words()
        return "", 0 if two else 1
    if _DASHED.search(left) and right[0].isalnum():
        return "", 0
    wide = unicodedata.east_asian_width(left[-1]) in "WF" and unicodedata.east_asian_width(right[0]) in "WF"
    return "" if wide else " ", 0
