"""Rows of tables are read with the heads of their columns: a quoted row then says what its figures are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

_MOST_SPANNED = 100  # cells that one stands for
_HEAD = re.compile(r"<th[\s>]", re.IGNORECASE)


def labelled_row(heads: Sequence[str], cells: Sequence[str]) -> str:
    """A row on one line; a cell without a head stands alone, an empty one is left out.

    >>> labelled_row(["District", "Schools", ""], ["Vester", "7", "*"])
    'District: Vester; Schools: 7; *'
    """
    named = [(head.rstrip(": "), cell) for head, cell in zip_longest(heads, cells, fillvalue="") if cell]
    return "; ".join(f"{head}: {cell}" if head else cell for head, cell in named)


def with_heads(html: str) -> str:
    """A page whose tables with a row of heads are paragraphs, one a row; others, as those for layout, stay."""
    from lxml.html import HTMLParser, document_fromstring, tostring  # type: ignore[import-untyped]

    if not _HEAD.search(html):
        return html
    try:
        page = document_fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8", huge_tree=True))
    except (ValueError, AssertionError):
        return html
    for table in [each for each in page.iter("table") if next(each.iterdescendants("table"), None) is None]:
        _rewrite(table)
    return str(tostring(page, encoding="unicode"))


def _rewrite(table: Any) -> None:
    from lxml.html import Element

    rows = list(table.iter("tr"))
    headed = [all(cell.tag == "th" for cell in row) and len(row) > 1 for row in rows]
    if True not in headed or headed.index(True) > 1 or all(headed):
        return
    first = headed.index(True)
    last = next(i for i in range(first, len(rows) + 1) if i == len(rows) or not headed[i])
    grid = _grid(rows[first:])
    above, below = grid[: last - first], grid[last - first :]
    heads = [" ".join(dict.fromkeys(filter(None, column))) for column in zip_longest(*above, fillvalue="")]
    lines = [caption.text_content() for caption in table.iter("caption")]
    lines += [labelled_row([], row) for row in _grid(rows[:first])]
    lines += [labelled_row(heads, row) for row in below]
    tail, attributes = table.tail, dict(table.attrib)
    table.clear()
    table.tag, table.tail = "div", tail
    table.attrib.update(attributes)
    for line in filter(None, (" ".join(line.split()) for line in lines)):
        paragraph = Element("p")
        paragraph.text = line
        table.append(paragraph)


def _grid(rows: Sequence[Any]) -> list[list[str]]:
    """The cells of each row by column, those that span several in each of them."""
    found: list[list[str]] = []
    down: dict[int, tuple[int, str]] = {}  # by column: the rows for which a cell goes on, and its words
    for row in rows:
        cells: list[str] = []
        for cell in [each for each in row if each.tag in ("td", "th")]:
            _fill(cells, down)
            words = " ".join(cell.text_content().split())
            for _ in range(_span(cell, "colspan")):
                if (rows_left := _span(cell, "rowspan")) > 1:
                    down[len(cells)] = (rows_left, words)
                cells.append(words)
        _fill(cells, down)
        down = {column: (left - 1, words) for column, (left, words) in down.items() if left > 1}
        found.append(cells)
    return found


def _fill(cells: list[str], down: dict[int, tuple[int, str]]) -> None:
    while len(cells) in down and down[len(cells)][0] > 0:
        cells.append(down[len(cells)][1])


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(int(value), _MOST_SPANNED) if value.isascii() and value.isdigit() and int(value) else 1
