"""What a browser would show of an HTML page: its blocks, in reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rag.ingest.load.declared import Declared, declared

# lxml knows block elements only as a private set; these are the ones that break a line in a browser.
_BLOCK_TAGS = frozenset(
    re.findall(
        r"\w+",
        """
        address article aside blockquote body br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header
        hr li main nav ol p pre section summary table tr ul
        """,
    )
)
_NO_CONTENT = ("head", "noscript", "script", "style", "svg", "template")  # form controls go anyway
# What an element makes of its text: perhaps a subhead of the article, an entry of a list or a line of a box; the words
# under a picture; what is around every article; or something that no browser shows.
SUBHEAD, ENTRY, CAPTION, OUTSIDE, HIDDEN = "subhead", "entry", "caption", "outside", "hidden"
_KINDS = {
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), SUBHEAD),
    **dict.fromkeys(("nav", "aside", "footer"), OUTSIDE),
    "li": ENTRY,
    "figcaption": CAPTION,
}
_HIDING = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}")
# Boxes within the article, such as "In brief"; with links they list other articles, with forms they ask for e-mails.
_OWN_BOXES = "//article//aside[not(.//a or .//form or .//input or .//button)]"


@dataclass
class Block:
    """A line of a page, and what its element makes of it."""

    kind: str
    text: str = ""
    linked: bool = False  # holds a link: menus, share buttons, bylines with a profile
    worded: bool = False  # holds words outside of its links

    def may_be(self, kind: str) -> bool:
        """Whether it may be the article's subhead or entry: one that is all link leads to another article."""
        return self.kind == kind and (self.worded or not self.linked)


@dataclass(frozen=True)
class Page:
    """The blocks of a page, white space folded, and what else it tells of its article."""

    blocks: Sequence[Block] = ()
    titles: Sequence[str] = ()  # headings of the first level
    subtitles: Sequence[str] = ()  # and of the second
    window: str = ""  # the title of the window
    names: str = ""  # where the page may name its publisher: all its text, and what its images are called
    declared: Declared = field(default_factory=Declared)


def visible_page(html: str) -> Page:
    """Read a page without its scripts, styles and forms; an empty one where there is nothing to parse."""
    from lxml import etree  # type: ignore[import-untyped]
    from lxml.html import HTMLParser, document_fromstring  # type: ignore[import-untyped]
    from lxml_html_clean import Cleaner

    try:
        page = document_fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8", huge_tree=True))
        window = " ".join(page.findtext(".//title", "").split())
        names = " ".join([*page.xpath("//body//text()"), *page.xpath("//img/@alt")])
        said_of_itself = declared(page)
        for box in page.xpath(_OWN_BOXES):
            box.tag = "li"
        page = Cleaner(kill_tags=_NO_CONTENT, page_structure=False, safe_attrs_only=False).clean_html(page)
    except (etree.LxmlError, ValueError, AssertionError):
        return Page()
    blocks, headings = _blocks(page)
    return Page(blocks, headings["h1"], headings["h2"], window, names, said_of_itself)


def _blocks(page: Any) -> tuple[list[Block], dict[str, list[str]]]:
    """The blocks of a tree, and its headings of the first two levels."""
    from lxml import etree

    blocks = [Block("")]
    kinds: dict[Any, str] = {}
    first: dict[Any, int] = {}  # block of a heading
    whole: dict[str, list[list[Block]]] = {"h1": [], "h2": []}
    in_link = False
    for event, element in etree.iterwalk(page, events=("start", "end")):
        starts, above = event == "start", kinds.get(element.getparent(), "")
        text = element.text if starts else element.tail
        breaks = element.tag in _BLOCK_TAGS
        if starts:
            kinds[element] = _kind(element, above)
        if element.tag in whole and starts:
            first[element] = len(blocks)
        elif element.tag in whole:
            whole[element.tag].append(blocks[first[element] :])
        elif element.tag in ("td", "th") and not starts and element.getnext() is not None:
            breaks = any(_holds_blocks(cell) for cell in (element, element.getnext()))  # a table for layout
            text = "" if breaks else " | "
        if breaks:
            blocks.append(Block(kinds[element] if starts else above))
            in_link = False
        block = blocks[-1]
        if element.tag == "a":
            in_link = starts
            block.linked = block.linked or starts
        # A number ahead of a link is that of an entry.
        outside = not in_link and re.search(r"\w" if block.linked else r"[^\W\d]", text or "")
        block.worded = block.worded or bool(outside)
        block.text += text or ""
    for block in blocks:
        block.text = " ".join(block.text.split())
    headings = {tag: [" ".join(block.text for block in lines if block.text) for lines in whole[tag]] for tag in whole}
    return [block for block in blocks if block.text], headings


def _kind(element: Any, above: str) -> str:
    """What an element makes of its text, within one that makes `above` of it."""
    if above == HIDDEN or element.get("hidden") is not None or _HIDING.search(element.get("style") or ""):
        return HIDDEN
    return above if above == OUTSIDE else _KINDS.get(element.tag, above)


def _holds_blocks(cell: Any) -> bool:
    return next(cell.iterdescendants(*_BLOCK_TAGS), None) is not None
