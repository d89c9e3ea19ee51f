"""HTML: trafilatura says what the article is, and the page as a browser shows it says how it reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, given_author, given_title, is_paragraph
from rag.ingest.load.declared import Declared, declared
from rag.ingest.load.encoding import decoded
from rag.ingest.load.tables import with_heads
from rag.text.characters import said

# lxml knows block elements only as a private set; these are the ones that break a line in a browser.
_BLOCK_TAGS = frozenset(
    re.findall(
        r"\w+",
        """
        address article blockquote body br caption dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr
        li main ol p pre section summary table tr ul
        """,
    )
)
_NO_CONTENT = ("head", "nav", "aside", "footer", "noscript", "svg")  # form controls go anyway
# What an element makes of its text: perhaps a subhead of the article, an entry of a list or a line of a box, or
# something that no browser shows.
_SUBHEAD, _ENTRY, _HIDDEN = "subhead", "entry", "hidden"
_KINDS = {**dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), _SUBHEAD), "li": _ENTRY}
_HIDING = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}")
# Boxes within the article, such as "In brief"; with links they list other articles, with forms they ask for e-mails.
_OWN_BOXES = "//article//aside[not(.//a or .//form or .//input or .//button)]"
_TITLE_SEPARATOR = r"\s*[-–—|:·•»]\s+"
_QUICK = {"extensive_search": False}  # of htmldate, whose date is not taken: `declared` says why
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_LABEL = re.compile(
    rb"""(?i)<(?:meta\b[^>]{0,200}\bcharset|\?xml\b[^>]{0,100}\bencoding)\s{0,9}=\s{0,9}["']?\s{0,9}([^\s"'/>;]{2,40})"""
)
_LONGEST_HEAD = 100_000  # bytes: browsers take a label behind long scripts, too
_LONGEST_HEADER = 6  # blocks: headline, subtitle, byline, place, date, caption


def read(data: bytes, path: Path) -> Content:
    import trafilatura

    html, notes = decoded(data, path, _label(data))
    html = with_heads(html)
    found: Any = trafilatura.bare_extraction(
        html, favor_recall=True, include_comments=False, with_metadata=True, date_extraction_params=_QUICK
    )
    found = found or trafilatura.settings.Document()
    extracted = (found.text or "").splitlines()
    page = _visible_page(html)
    lines = _selected(extracted, page) if _covers(extracted, page) else [block.text for block in page.blocks]
    if not any(lines):
        raise LoadError(f"{said(path)} shows no text without a browser; save the rendered page or convert it to .txt")
    title, _ = _split_title(given_title(found.title), page)
    _, paper = _split_title(page.window, page)
    site = None if found.sitename in (title, page.window) else found.sitename  # it takes any WebPage's name for one
    return Content(
        text="\n".join(lines),
        title=title,
        publisher=page.declared.publisher or site or paper,
        published=page.declared.published,
        updated=page.declared.updated,
        author=given_author(found.author),
        notes=notes,
    )


FORMAT = Format("HTML", (".html", ".htm"), read)


def _label(data: bytes) -> str | None:
    """The encoding that the head of a page names, or its XML declaration."""
    named = _LABEL.search(_COMMENT.sub(b"", data[:_LONGEST_HEAD]))
    return named[1].decode("ascii", "replace") if named else None


@dataclass
class _Block:
    """A line of a page, and what its element makes of it (`_KINDS`)."""

    kind: str
    text: str = ""
    linked: bool = False  # holds a link: menus, share buttons, bylines with a profile
    worded: bool = False  # holds words outside of its links

    def may_be(self, kind: str) -> bool:
        """Whether it may be the article's subhead or entry: one that is all link leads to another article."""
        return self.kind == kind and (self.worded or not self.linked)


@dataclass(frozen=True)
class _Page:
    """What a browser would show of an HTML page, block by block in reading order, white space folded."""

    blocks: Sequence[_Block] = ()
    paragraphs: Sequence[Sequence[_Block]] = ()
    titles: Sequence[str] = ()  # headings of the first level
    subtitles: Sequence[str] = ()  # and of the second
    window: str = ""  # the title of the window
    names: str = ""  # where the page may name its publisher: all its text, and what its images are called
    declared: Declared = field(default_factory=Declared)


def _visible_page(html: str) -> _Page:
    """Read a page's visible text, without its navigation, asides, forms and footers."""
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
        return _Page()
    blocks = [_Block("")]
    kinds: dict[Any, str] = {}
    first: dict[Any, int] = {}  # block of an element that is wanted whole
    whole: dict[str, list[list[_Block]]] = {"p": [], "h1": [], "h2": []}  # the blocks of these, by tag
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
            blocks.append(_Block(kinds[element] if starts else above))
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
    titles, subtitles = (
        [" ".join(block.text for block in lines if block.text) for lines in whole[tag]] for tag in ("h1", "h2")
    )
    return _Page(
        [block for block in blocks if block.text], whole["p"], titles, subtitles, window, names, said_of_itself
    )


def _kind(element: Any, above: str) -> str:
    """What an element makes of its text, within one that makes `above` of it."""
    if above == _HIDDEN or element.get("hidden") is not None or _HIDING.search(element.get("style") or ""):
        return _HIDDEN
    return _KINDS.get(element.tag, above)


def _holds_blocks(cell: Any) -> bool:
    return next(cell.iterdescendants(*_BLOCK_TAGS), None) is not None


def _split_title(title: str | None, page: _Page) -> tuple[str | None, str | None]:
    """The headline and the paper in a window title such as "Paper: Headline" or "Headline - Paper".

    The headline has to stand on the page as a heading, and the paper's name somewhere on it as well. A title is spelled
    as the heading is: trafilatura leaves out what joins letters.
    """
    from rag.ingest.paragraph import masthead, paper_name

    for headline in (*page.titles, *page.subtitles) if title else ():
        shown = re.escape(headline)
        for pattern in (rf"(.+?){_TITLE_SEPARATOR}{shown}", rf"{shown}{_TITLE_SEPARATOR}(.+)"):
            if found := re.fullmatch(pattern, title or ""):
                name = re.split(_TITLE_SEPARATOR, found[1])[-1]
                return headline, name if masthead(name) == name and (name in page.names or paper_name(name)) else None
    alike = [heading for heading in page.titles if title and _folded([heading]) == _folded([title])]
    return next(iter(alike), title), None


def _covers(extracted: Sequence[str], page: _Page) -> bool:
    """Whether the extraction holds at least half of the page's paragraph text.

    Half, because a page may well carry comments or other articles' teasers in its paragraphs, while an
    extraction that lost the article holds next to nothing of them. Paragraphs with links or in lists do not speak for
    it: of a page that is full of them all is taken, and cleaning chooses.
    """
    text = _folded(extracted)
    kept, all_of_it = 0, 0
    for blocks in page.paragraphs:
        paragraph = _folded([" ".join(block.text for block in blocks)])
        all_of_it += len(paragraph)
        if paragraph in text and not any(block.linked or block.kind for block in blocks):
            kept += len(paragraph)
    return bool(text) and 2 * kept >= all_of_it


def _selected(extracted: Sequence[str], page: _Page) -> list[str]:
    """The page's own blocks that the extraction holds, and the header between the headline and the text.

    trafilatura knows best what the article is, but drops or moves its header, and breaks lines at inline
    tags. Where the extraction did not come from visible blocks (but from JSON-LD, say) it is kept as it is.
    """
    text = _folded(extracted)
    folded = [_folded([block.text]) for block in page.blocks]
    # A table for layout comes as one long row of all its paragraphs.
    ways = (_held(extracted, folded), [bool(block) and block in text for block in folded])
    held = next((way for way in ways if 10 * sum(map(len, compress(folded, way))) >= 9 * len(text)), None)
    if held is None:
        return list(extracted)
    kept = _completed(held, page.blocks)
    start = next((i for i, block in enumerate(page.blocks) if block.text in page.titles[:1]), len(kept))
    nearby = range(start + 1, min(start + _LONGEST_HEADER + 2, len(kept)))
    first = next((i for i in nearby if kept[i] and is_paragraph(page.blocks[i].text)), start)
    return [
        block.text
        for i, block in enumerate(page.blocks)
        if kept[i] or i == start or (start < i < first and not block.linked)
    ]


def _completed(held: Sequence[bool], blocks: Sequence[_Block]) -> list[bool]:
    """Add the subheads and the entries of lists and boxes between the first and the last extracted paragraph.

    trafilatura drops them where they are short. A subhead above nothing that is kept heads a list of links.
    Hidden text goes unless it is most of the text: then a script shows it.
    """
    sizes = [(len(block.text), block.kind == _HIDDEN) for block in compress(blocks, held)]
    shown = 2 * sum(size for size, hidden in sizes if hidden) < sum(size for size, _ in sizes)
    kept = [extracted and not (shown and block.kind == _HIDDEN) for extracted, block in zip(held, blocks, strict=True)]
    paragraphs = [i for i, block in enumerate(blocks) if kept[i] and is_paragraph(block.text)]
    for i in reversed(range(paragraphs[0], paragraphs[-1]) if paragraphs else ()):
        kept[i] = kept[i] or blocks[i].may_be(_ENTRY) or (blocks[i].may_be(_SUBHEAD) and kept[i + 1])
    return kept


def _held(extracted: Sequence[str], folded: Sequence[str]) -> list[bool]:
    """For each folded block whether it is a line of the extraction, or several lines in a row."""
    text = _folded(extracted)
    bounds = {0, *accumulate(len(_folded([line])) for line in extracted)}
    held, position = [], 0
    for block in folded:
        # Blocks mostly follow one another, so the place after the last one is tried first.
        at = position if text.startswith(block, position) else text.find(block)
        while at >= 0 and not (at in bounds and at + len(block) in bounds):
            at = text.find(block, at + 1)
        held.append(at >= 0 and bool(block))
        position = at + len(block) if at >= 0 else position
    return held


def _folded(lines: Iterable[str]) -> str:
    """The bare text: without white space, invisible characters, and the marks of lists and tables from trafilatura."""
    bare = "".join("".join(line.removeprefix("- ").replace("\\|", "").replace("|", "").split()) for line in lines)
    return bare if bare.isascii() else "".join(filter(str.isprintable, bare))  # trafilatura leaves out what is not
