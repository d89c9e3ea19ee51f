"""The text of markup that is an article and nothing else: a chapter, a converted document, an item of a feed.

Pages of the web, which are mostly something else, are for html.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_LABEL = 80  # characters of a heading in a citation
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """
        address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form h1
        h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead tr ul
        """,
    )
)
_UNSEEN = frozenset(
    re.findall(r"\w+", "head script style template noscript title svg math object iframe audio video rt rp")
)
_HEADING = re.compile(r"h[1-6]\Z")
_TAG = re.compile(r"</?(?:p|br|div|span|a|b|i|em|strong|ul|ol|li|h[1-6]|table|blockquote|img|figure)\b[^<>]*>", re.I)
# Elements without content, as XHTML writes them, which HTML takes for begun.
_CLOSED = re.compile(r"<(?!(?:br|hr|img|input|link|meta|col|wbr)\b)([A-Za-z]\w*)((?:\s[^<>]*)?)/>")


@dataclass(frozen=True)
class Line:
    """A line of the text; `level` is that of a heading, from 1, and 0 of what is none."""

    text: str
    level: int = 0


def looks_like_markup(text: str) -> bool:
    """Whether a text has tags of HTML.

    >>> looks_like_markup("<p>It opened.</p>"), looks_like_markup("if a < b or b > c")
    (True, False)
    """
    return bool(_TAG.search(text))


def text_of(markup: str) -> str:
    """The text of HTML, a line for each block.

    >>> text_of("<h1>Port</h1><p>It is <b>new</b>.<br>Ships came.</p><table><tr><td>Ships</td><td>3</td></tr></table>")
    'Port\\nIt is new.\\nShips came.\\nShips | 3'
    """
    return "\n".join(line.text for line in lines_of(markup))


def lines_of(markup: str) -> Sequence[Line]:
    """The lines of HTML or XHTML, white space folded; of a row of a table one, its cells apart by bars."""
    from lxml import etree  # type: ignore[import-untyped]
    from lxml.html import HTMLParser, document_fromstring  # type: ignore[import-untyped]

    whole = _CLOSED.sub(r"<\1\2></\1>", markup)
    try:
        page = document_fromstring(
            whole.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8", huge_tree=True)
        )
    except (etree.LxmlError, ValueError, AssertionError):
        return ()
    return _lines(page)


def sections_of(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    """The text below each heading, with it, and what a citation calls it; what the text begins with is its title."""
    label, texts = "", list[str]()
    for line in lines:
        if line.level and any(texts):
            yield label, "\n".join(texts)
            label, texts = f"section {line.text:.{LONGEST_LABEL}}", []
        texts.append(line.text)
    yield label, "\n".join(texts)


def _lines(page: Any) -> list[Line]:
    from lxml import etree

    pieces: list[list[Any]] = [["", 0]]  # text and level
    hidden, level, row = 0, 0, 0
    for event, element in etree.iterwalk(page, events=("start", "end", "comment", "pi")):
        starts, tag = event == "start", element.tag
        named = isinstance(tag, str)
        if named and tag in _UNSEEN:
            hidden += 1 if starts else -1
        if named and _HEADING.match(tag):
            level = int(tag[1]) if starts else 0
        if tag == "tr":
            row += 1 if starts else -1
        if named and (tag in _BLOCKS) and not (row and tag != "tr"):
            pieces.append(["", level])
        elif tag in ("td", "th") and not starts and element.getnext() is not None:
            pieces[-1][0] += " | "
        elif row and named and tag in _BLOCKS:
            pieces[-1][0] += " "
        if not hidden:
            pieces[-1][0] += (element.text if starts else element.tail) or ""
            pieces[-1][1] = pieces[-1][1] or level
    folded = ((" ".join(text.split()), level) for text, level in pieces)
    return [Line(text, level) for text, level in folded if text.strip(" |")]
