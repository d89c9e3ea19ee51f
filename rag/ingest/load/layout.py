"""How the characters of a printed page stand in lines, columns and blocks, in the order in which people read them.

Whatever the order in which a program drew them. A gutter is white space between two columns over several lines, each of
which fills its column (after Breuel, "Two geometric algorithms for layout analysis", DAS 2002); blocks are read from
top to bottom, and from left to right where nothing that spans both stands between them (Breuel, "High performance
document layout analysis", SDIUT 2003). Coordinates are in points, from the lower left corner.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, floor, inf
from statistics import median
from typing import NamedTuple

# In sizes of the characters, which are about 1.15 of their nominal size.
_SAME_BASE = 0.15  # by which the bases of characters on one line differ at most
_WORD_GAP = 0.13
_CELL_GAP = 1.5
_GUTTER = 0.55
_WIDE_GUTTER = 1.2  # for which fewer lines need to be beside it
_NARROWEST_COLUMN = 7.0
_ROWS = 5  # beside a gutter; three where it is wide, or goes on from another one
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LONGEST_RAISED = 4  # characters: 12, th, n+1
_MOST_GAPS = 200  # followed down a page at a time
_MOST_BLOCKS = 300  # of a page that are put in order


_Box = tuple[float, float, float, float]  # left, right, base of the first line, base of the last


class Glyph(NamedTuple):
    """A character where it stands upright: its left and right edge, its base, and how high it is with its line."""

    text: str
    left: float
    right: float
    base: float
    size: float


class Word(NamedTuple):
    """Characters without white space between them."""

    text: str
    left: float
    right: float
    size: float


@dataclass(frozen=True)
class Line:
    """Words on one base within a column, the number of their page, and whether they are cells, or a label and value."""

    text: str
    left: float
    right: float
    base: float
    size: float
    page: int
    first: float  # width of the first word
    cells: bool

    @property
    def width(self) -> float:
        return self.right - self.left

    def like(self, other: Line) -> bool:
        """Whether both are of one size."""
        return max(self.size, other.size) < 1.12 * min(self.size, other.size)

    def room(self, right: float) -> float:
        """What is left of the line up to a right edge, less a space."""
        return right - self.right - 0.25 * self.size


class _Gutter(NamedTuple):
    left: float
    right: float
    first: int  # row
    last: int


@dataclass
class _Row:
    base: float
    size: float
    words: list[Word] = field(default_factory=list)


def lines_of(glyphs: Sequence[Glyph], page: int) -> list[Line]:
    """The lines of a page, cut where columns are, from top to bottom."""
    rows = _rows(glyphs)
    gutters = _gutters(rows)
    lines = []
    for number, row in enumerate(rows):
        cuts = [gutter.left for gutter in gutters if gutter.first <= number <= gutter.last]
        beside = [
            words for other in rows[max(number - 1, 0) : number + 2] if other is not row for words in _wide(other)
        ]
        for words in _cut(row.words, cuts):
            lines.append(_line(words, row, beside, page))
    return _with_initials(lines)


def blocks_of(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of a page in blocks of one column and size, in the order in which they are read."""
    blocks: list[list[Line]] = []
    open_to: list[tuple[float, float, int]] = []  # where a block may go on downwards: left, right, its number
    ordered = sorted(lines, key=lambda line: -line.base)
    start = 0
    while start < len(ordered):
        stop = start + 1
        while stop < len(ordered) and ordered[start].base - ordered[stop].base < _SAME_BASE * ordered[start].size:
            stop += 1
        row, start = ordered[start:stop], stop
        above = [[number for left, right, number in open_to if _overlap(line, left, right)] for line in row]
        for line, numbers in zip(row, above, strict=True):
            alone = len(set(numbers)) == 1 and sum(numbers[0] in others for others in above) == 1
            if alone and _goes_on(blocks[numbers[0]], line):
                number = numbers[0]
                blocks[number].append(line)
            else:
                number = len(blocks)
                blocks.append([line])
            own = [(left, right) for left, right, other in open_to if other == number]
            left, right = min([line.left, *(each[0] for each in own)]), max([line.right, *(each[1] for each in own)])
            open_to = [*_beside(open_to, left, right, number, 2.5 * line.size), (left, right, number)]
    return _ordered(blocks)


def _rows(glyphs: Sequence[Glyph]) -> list[_Row]:
    """The words of a page by their base, from top to bottom."""
    rows: list[_Row] = []
    run: list[Glyph] = []
    for glyph in sorted(glyphs, key=lambda each: -each.base):
        if run and run[0].base - glyph.base > _SAME_BASE * min(run[0].size, glyph.size):
            rows.append(_row(run))
            run = []
        run.append(glyph)
    if run:
        rows.append(_row(run))
    return [row for row in _with_raised(rows) if row.words]


def _row(glyphs: Sequence[Glyph]) -> _Row:
    shown = sorted(glyphs, key=lambda glyph: glyph.left)
    size = max((glyph.size for glyph in shown if not glyph.text.isspace()), default=0.0)
    gaps = [right.left - left.right for left, right in pairwise(shown) if not (left.text + right.text).isspace()]
    spread = max(0.0, median(gaps)) if len(gaps) > 8 else 0.0  # of letters that are set apart
    words: list[Word] = []
    apart = True
    last: Glyph | None = None
    for glyph in shown:
        if glyph.text.isspace():
            apart = True
            continue
        if last and glyph.text == last.text and glyph.left - last.left < 0.2 * (last.right - last.left):
            continue  # drawn twice, to look bold
        gap = glyph.left - last.right if last else 0.0
        if apart or not last or gap > _WORD_GAP * min(glyph.size, last.size) + spread:
            words.append(Word(glyph.text, glyph.left, glyph.right, glyph.size))
        else:
            word = words[-1]
            right, most = max(word.right, glyph.right), max(word.size, glyph.size)
            words[-1] = Word(word.text + glyph.text, word.left, right, most)
        apart, last = False, glyph
    return _Row(glyphs[0].base, size, words)


def _with_raised(rows: list[_Row]) -> list[_Row]:
    """The rows, with small raised or lowered characters in the words that they touch."""
    for i, small in enumerate(rows):
        for j in (i + 1, i - 1, i + 2):
            if not 0 <= j < len(rows) or not 0.4 < small.size / rows[j].size < 0.85:
                continue
            row = rows[j]
            if abs(small.base - row.base) > 0.7 * row.size:
                continue
            kept = []
            for word in small.words:
                text = word.text.translate(_RAISED) if small.base > row.base else word.text
                if len(text) > _LONGEST_RAISED or not _touched(row, word, text):
                    kept.append(word)
            small.words = kept
    return rows


def _touched(row: _Row, word: Word, text: str) -> bool:
    """Put a word at the end or the head of one that it touches, if there is one."""
    lefts = [each.left for each in row.words]
    behind = bisect_left(lefts, word.left)
    for k in (behind - 1, behind):
        if 0 <= k < len(row.words):
            other = row.words[k]
            gap = word.left - other.right if k < behind else other.left - word.right
            if abs(gap) < 0.2 * other.size and 0.4 < word.size / other.size < 0.85:
                joined = other.text + text if k < behind else text + other.text
                left, right = min(other.left, word.left), max(other.right, word.right)
                row.words[k] = Word(joined, left, right, other.size)
                return True
    return False


def _gutters(rows: Sequence[_Row]) -> list[_Gutter]:
    """White space between columns of running text."""
    if not rows:
        return []
    size = median(row.size for row in rows)
    aligned = [gutter for gutter in _white(rows, _GUTTER * size) if _is_aligned(rows, gutter, size)]
    found = [gutter for gutter in aligned if _parts_columns(rows, gutter, aligned, size)]
    sure = [
        gutter
        for gutter in found
        if gutter.right - gutter.left > _WIDE_GUTTER * size or gutter.last - gutter.first + 1 >= _ROWS
    ]
    return [gutter for gutter in found if any(_meet(gutter, other) for other in sure)]


def _white(rows: Sequence[_Row], least: float) -> Iterator[_Gutter]:
    """The gaps between words that go on over rows, as wide and as long as they are."""
    going: dict[tuple[float, float], int] = {}  # left and right edge of a gap, and the row in which it began
    for number, row in enumerate(rows):
        # In whole points, so that gaps that are alike are equal.
        edges = [-inf, *(edge for word in row.words for edge in (floor(word.left), ceil(word.right))), inf]
        free = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= least]
        here: dict[tuple[float, float], int] = dict.fromkeys(free, number)
        for (left, right), first in going.items():
            whole = False
            for a, b in free:
                gap = max(left, a), min(right, b)
                if gap[1] - gap[0] >= least:
                    here[gap] = min(first, here.get(gap, number))
                    whole = whole or gap == (left, right)
            if not whole and number - first >= 3:
                yield _Gutter(left, right, first, number - 1)
        going = dict(sorted(here.items(), key=lambda each: each[1])[:_MOST_GAPS])
    yield from (_Gutter(*gap, first, len(rows) - 1) for gap, first in going.items() if len(rows) - first >= 3)


def _is_aligned(rows: Sequence[_Row], gutter: _Gutter, size: float) -> bool:
    """Whether most of what stands right of it begins at its edge: chance gaps between words are ragged."""
    if gutter.left == -inf or gutter.right == inf:
        return False
    left = right = at_edge = 0
    for row in rows[gutter.first : gutter.last + 1]:
        place = bisect_left([word.left for word in row.words], gutter.right)
        left += place > 0
        if place < len(row.words) and row.words[place].left - gutter.right < 4 * size:
            right += 1
            at_edge += row.words[place].left - gutter.right < 0.6 * size
    return min(left, right) >= 3 and at_edge >= 0.6 * right


def _parts_columns(rows: Sequence[_Row], gutter: _Gutter, others: Sequence[_Gutter], size: float) -> bool:
    """Whether the lines on both sides fill their columns: cells of a table and labels are short."""
    left, right = [], []
    beside = [other for other in others if not _meet(other, gutter)]
    for number in range(gutter.first, gutter.last + 1):
        here = [other for other in beside if other.first <= number <= other.last]
        start = max((other.right for other in here if other.right <= gutter.left), default=-inf)
        stop = min((other.left for other in here if other.left >= gutter.right), default=inf)
        cells = [word for word in rows[number].words if start <= word.left and word.right <= stop]
        place = bisect_left([word.left for word in cells], gutter.right)
        left += [cells[:place]] if place else []
        right += [cells[place:]] if place < len(cells) else []
    return all(len(side) >= 3 and _fills(side, size) for side in (left, right))


def _meet(gutter: _Gutter, other: _Gutter) -> bool:
    return max(gutter.left, other.left) < min(gutter.right, other.right)


def _fills(lines: Sequence[Sequence[Word]], size: float) -> bool:
    edge = sorted(line[-1].right for line in lines)[int(0.9 * (len(lines) - 1))]
    if median(line[-1].right - line[0].left for line in lines) < _NARROWEST_COLUMN * size:
        return False
    full = [line[-1].right + 0.2 * size + below[0].right - below[0].left > edge for line, below in pairwise(lines)]
    return 2 * sum(full) >= len(full)


def _cut(words: Sequence[Word], cuts: Sequence[float]) -> Iterator[Sequence[Word]]:
    start = 0
    for place in range(1, len(words) + 1):
        if place == len(words) or any(words[place - 1].right <= cut < words[place].left for cut in cuts):
            yield words[start:place]
            start = place


def _wide(row: _Row) -> list[tuple[float, float]]:
    """The gaps between the cells of a row: wider than those between words, also of a justified line."""
    gaps = [(left.right, right.left) for left, right in pairwise(row.words)]
    usual = min(median([b - a for a, b in gaps]), row.size) if len(gaps) > 3 else 0.0
    return [(a, b) for a, b in gaps if b - a > max(_CELL_GAP * row.size, 2 * usual)]


def _line(words: Sequence[Word], row: _Row, beside: Sequence[tuple[float, float]], page: int) -> Line:
    """A line, with bars between the cells of a table: where the row above or below has a gap with the same edge."""
    wide = {
        a: any(max(a, c) < min(b, d) and min(abs(a - c), abs(b - d)) < 0.5 * row.size for c, d in beside)
        for a, b in _wide(row)
    }
    text, cells = words[0].text, False
    for left, right in pairwise(words):
        label = left.text.endswith(":")
        text += f" | {right.text}" if wide.get(left.right) and not label else f" {right.text}"
        cells = cells or wide.get(left.right, False) or (label and left.right in wide)
    size = max(word.size for word in words)
    return Line(text, words[0].left, words[-1].right, row.base, size, page, words[0].right - words[0].left, cells)


def _with_initials(lines: Sequence[Line]) -> list[Line]:
    """The lines, a large initial in the one whose head is beside its own head, the other ones beside it as wide."""
    if len(lines) < 3:
        return list(lines)
    body = median(line.size for line in lines)
    found = list(lines)
    for initial in [line for line in lines if len(line.text) == 1 and line.text.isalpha() and line.size > 1.7 * body]:
        beside = [
            line
            for line in found
            if line.size < initial.size / 1.5
            and -0.3 * body < line.left - initial.right < 1.5 * body
            and -0.4 * body < line.base - initial.base < initial.size
        ]
        if beside:
            found.remove(initial)
            head = max(beside, key=lambda line: line.base)
            for line in beside:
                text = initial.text + line.text if line is head else line.text
                found[found.index(line)] = replace(line, text=text, left=initial.left)
    return found


def _overlap(line: Line, left: float, right: float) -> bool:
    return min(line.right, right) - max(line.left, left) > 0.05 * min(line.width, right - left)


def _goes_on(block: Sequence[Line], line: Line) -> bool:
    last = block[-1]
    aligned = abs(line.left - min(each.left for each in block[-3:])) < 4 * line.size
    centred = abs(line.left + line.right - last.left - last.right) < 4 * line.size
    return last.like(line) and last.base - line.base < 1.9 * last.size and (aligned or centred)


def _beside(
    open_to: Sequence[tuple[float, float, int]], left: float, right: float, number: int, least: float
) -> Iterator[tuple[float, float, int]]:
    """What stays open of the other blocks beside a line, where it is wide enough for one."""
    for a, b, other in open_to:
        if other != number:
            yield from ((c, d, other) for c, d in ((a, min(b, left)), (max(a, right), b)) if d - c > least)


def _ordered(blocks: list[list[Line]]) -> list[list[Line]]:
    if len(blocks) > _MOST_BLOCKS:
        return blocks
    boxes = _boxes(blocks)
    numbers = range(len(blocks))
    ahead: dict[int, set[int]] = {b: {a for a in numbers if a != b and _is_ahead(boxes, a, b)} for b in numbers}
    order: list[int] = []
    while ahead:
        ready = [b for b, before in ahead.items() if not before] or list(ahead)
        following = max(ready, key=lambda b: (boxes[b][2], -boxes[b][0]))
        order.append(following)
        del ahead[following]
        for before in ahead.values():
            before.discard(following)
    return [blocks[number] for number in order]


def _boxes(blocks: Sequence[Sequence[Line]]) -> list[_Box]:
    """Where blocks stand, headlines as wide as there is room: what they head may be wider."""
    boxes = [
        (min(line.left for line in block), max(line.right for line in block), block[0].base, block[-1].base)
        for block in blocks
    ]
    body = median(line.size for block in blocks for line in block) if blocks else 0.0
    wide = []
    for block, (left, right, top, bottom) in zip(blocks, boxes, strict=True):
        if block[0].size > 1.3 * body:
            low, high = bottom, top + 0.7 * block[0].size
            beside = [box for box in boxes if box[3] < high and box[2] > low]
            left = max((box[1] for box in beside if box[1] <= left), default=min(box[0] for box in boxes))
            right = min((box[0] for box in beside if box[0] >= right), default=max(box[1] for box in boxes))
        wide.append((left, right, top, bottom))
    return wide


def _is_ahead(boxes: Sequence[_Box], a: int, b: int) -> bool:
    """Whether a block is read before another one: it stands above it, or left of it with nothing across in between."""
    left, right, top, _ = boxes[a]
    other_left, other_right, other_top, other_bottom = boxes[b]
    if min(right, other_right) - max(left, other_left) > 0.05 * min(right - left, other_right - other_left):
        return top > other_top
    if left > other_left:
        return False
    return not any(
        min(c[1], right) > max(c[0], left)
        and min(c[1], other_right) > max(c[0], other_left)
        and top < c[3] <= c[2] < other_bottom
        for c in boxes
    )
