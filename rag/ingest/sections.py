"""The parts of a file that a citation names, pages or chapters, in the text that cleaning leaves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from rag.ingest.clean import Line


def carried(sections: Sequence[tuple[int, str]], page: Sequence[Line], cleaned: str) -> tuple[tuple[int, str], ...]:
    """Sections of a text by where they begin in what is left of it; those of which nothing is left go.

    `page` are all the lines of the text, and what is left of each stands in `cleaned`, in their order, with nothing but
    line ends between. A section that begins within what was taken out of a line may begin some characters off.

    >>> page = [Line("Menu", None, ()), Line("Boats left.", "Boats left.", ()), Line("They came.", "They came.", ())]
    >>> carried([(0, "page 1"), (17, "page 2")], page, "Boats left.\\nThey came.")
    ((0, 'page 1'), (12, 'page 2'))
    """
    starts = [0, *accumulate(len(line.text) + 1 for line in page)]
    places, stop = [], 0  # of each line in the cleaned text, and where what is left of it ends
    for line in page:
        rest = line.rest or ""
        start = cleaned.find(rest, stop) if rest else stop
        stop = start + len(rest)
        places.append((start, stop))
    found: dict[int, str] = {}  # by place: the last of those that begin at one
    for offset, label in sections:
        number = min(bisect_right(starts, offset), len(page)) - 1
        start, end = places[number]
        found[min(start + offset - starts[number], end)] = label
    return tuple(found.items())
