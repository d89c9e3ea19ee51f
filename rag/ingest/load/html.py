"""HTML: what of a page is its article, in the words that a browser shows, and what the page declares of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, compress
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, given_author, given_title, is_paragraph
from rag.ingest.load.encoding import decoded
from rag.ingest.load.page import CAPTION, HIDDEN, OUTSIDE, Block, Page, visible_page
from rag.ingest.load.tables import with_heads
from rag.ingest.load.vote import article_blocks, covers, share_missing
from rag.text.characters import said

_TITLE_SEPARATOR = r"\s*[-–—|:·•»]\s+"
_QUICK = {"extensive_search": False}  # of htmldate, whose date is not taken: `declared` says why
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_LABEL = re.compile(
    rb"""(?i)<(?:meta\b[^>]{0,200}\bcharset|\?xml\b[^>]{0,100}\bencoding)\s{0,9}=\s{0,9}["']?\s{0,9}([^\s"'/>;]{2,40})"""
)
_LONGEST_HEAD = 100_000  # bytes: browsers take a label behind long scripts, too
_HEADLINE_WORDS = 4  # of a line that is the headline, as it stands in the window's title
# Tags that nothing but their own end closes, and the depth to which libxml2 and the libraries on it read them.
_NESTING = re.compile(
    r"(?i)</?(?:div|span|section|article|main|blockquote|center|font|b|i|u|em|strong|small|big|ul|ol|table)\b[^<>]*>"
)
_DEEPEST = 200
_BREAKS = re.compile(r"(?:<br>\s*){2,}")
_LONG_TAG = re.compile(r"<(\w+)\s[^<>]{2000,}>")
_MOST_ATTRIBUTES = 300
_LONGEST_HEADER = 6  # blocks: headline, subtitle, byline, place, date, caption
_NEAR_END = 6  # blocks from the last of the article on, among which it may ask to subscribe
_LONGEST_WALL = 300  # characters of a line that asks to subscribe
_LEAST_MISSING = 0.2  # share of a declared text that a page must not show to be a teaser of it


def read(data: bytes, path: Path) -> Content:
    import trafilatura

    html, notes = decoded(data, path, _label(data))
    html = with_heads(_flattened(html))
    found: Any = trafilatura.bare_extraction(
        html, include_comments=False, with_metadata=True, date_extraction_params=_QUICK
    )
    found = found or trafilatura.settings.Document()
    page = visible_page(html)
    headline, paper = _split_title(page.window, page)
    title, _ = (headline, None) if headline != page.window else _split_title(given_title(found.title), page)
    lines, left_out, more = _article(html, page, (found.text or "").splitlines(), title)
    if not any(lines):
        raise LoadError(f"{said(path)} shows no text without a browser; save the rendered page or convert it to .txt")
    site = None if found.sitename in (title, page.window) else found.sitename  # it takes any WebPage's name for one
    return Content(
        text="\n".join(lines),
        title=title,
        publisher=page.declared.publisher or site or paper,
        published=page.declared.published,
        updated=page.declared.updated,
        author=given_author(found.author),
        notes=(*notes, *more),
        left_out=left_out,
    )


FORMAT = Format("HTML", (".html", ".htm"), read)


def _label(data: bytes) -> str | None:
    """The encoding that the head of a page names, or its XML declaration."""
    named = _LABEL.search(_COMMENT.sub(b"", data[:_LONGEST_HEAD]))
    return named[1].decode("ascii", "replace") if named else None


def _flattened(html: str) -> str:
    """The page without tags that nest deeper than parsers go, who lose what stands there, and without long attributes.

    Parsers take time by the square of the number of attributes.
    """
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        closes = tag[0].startswith("</")
        beyond = depth > _DEEPEST - (not closes)
        depth = max(depth - 1, 0) if closes else depth + 1
        return "<br>" if beyond else tag[0]

    html = _BREAKS.sub("<br>", _NESTING.sub(kept, html))
    return _LONG_TAG.sub(lambda tag: f"<{tag[1]}>" if tag[0].count("=") > _MOST_ATTRIBUTES else tag[0], html)


def _article(
    html: str, page: Page, extracted: Sequence[str], title: str | None
) -> tuple[list[str], list[tuple[int, str]], list[str]]:
    """The lines of the article, what was left out of the page and before which of them it stood, and notes."""
    blocks, notes = page.blocks, list[str]()
    kept = article_blocks(html, extracted, blocks)
    headed = _with_header(kept, blocks, title, page.titles)
    body = _body(page.declared.body)
    shown = sum(len(block.text) for block in compress(blocks, kept))
    if share_missing(body, blocks) > _LEAST_MISSING and sum(map(len, body)) > shown:
        whole = "\n".join(body)
        text = (i for i, own in enumerate(kept) if own and blocks[i].text != title and blocks[i].text in whole)
        headed = [own and i < first for first in [next(text, 0)] for i, own in enumerate(headed)]
        lines = [*(block.text for block in compress(blocks, headed)), *body]
        notes.append("the page shows less than the whole article, which was read from its JSON-LD")
    elif not any(kept) and not extracted:
        headed = [block.kind not in (OUTSIDE, HIDDEN) for block in blocks]
        lines = [block.text for block in compress(blocks, headed)]
    elif not covers((block.text for block in compress(blocks, kept)), extracted):
        return list(extracted), [(0, block.text) for block in blocks], notes
    else:
        lines = [block.text for block in compress(blocks, headed)]
        notes += _cut_off(page, kept)
    before = accumulate(headed, initial=0)
    left_out = [(at, block.text) for at, block, own in zip(before, blocks, headed, strict=False) if not own]
    return lines, left_out, notes


def _with_header(
    kept: Sequence[bool], blocks: Sequence[Block], title: str | None, titles: Sequence[str]
) -> Sequence[bool]:
    """Keep the headline as well, and what stands between it and the text: extractors drop or move both."""
    first = next((i for i, own in enumerate(kept) if own and is_paragraph(blocks[i].text)), 0)
    headlines = [i for i in range(first) if blocks[i].text in (title, *titles[:1])]
    if not headlines:
        return kept
    start = headlines[-1]
    near = first - start <= _LONGEST_HEADER + 1
    return [
        own or i == start or (near and start < i < first and not block.linked and block.kind not in (CAPTION, OUTSIDE))
        for i, (own, block) in enumerate(zip(kept, blocks, strict=True))
    ]


def _body(declared: str | None) -> list[str]:
    """The lines of a text that a page declares, which may be in HTML."""
    if declared and re.search(r"</?[a-z]+[^<>]*>", declared):
        return [block.text for block in visible_page(declared).blocks]
    return [line for each in (declared or "").splitlines() if (line := " ".join(each.split()))]


def _cut_off(page: Page, kept: Sequence[bool]) -> list[str]:
    """What tells that the page breaks off where one has to pay or to sign in, as a note; empty where nothing does."""
    from rag.ingest.furniture import TRUNCATED, WALL

    last = max((i for i, own in enumerate(kept) if own), default=0)
    below = page.blocks[last : last + _NEAR_END]
    if page.declared.free is False:
        why = "it says that it is not free"
    elif any(WALL.search(block.text) for block in below if len(block.text) <= _LONGEST_WALL):
        why = "it asks to subscribe or to sign in"
    elif below and TRUNCATED.search(below[0].text):
        why = "it ends in “…”"
    else:
        return []
    return [f"the page may break off before the article ends, as {why}; if it does, save it where all of it is shown"]


def _split_title(title: str | None, page: Page) -> tuple[str | None, str | None]:
    """The headline and the paper in a window title such as "Paper: Headline" or "Headline - Paper".

    The headline has to stand on the page as a line of its own, and the paper's name somewhere on it as well. A title is
    spelled as the line is: trafilatura leaves out what joins letters.
    """
    from rag.ingest.paragraph import masthead, paper_name

    lines = dict.fromkeys((*page.titles, *page.subtitles, *(block.text for block in page.blocks)))
    shown = [line for line in lines if title and line in title]
    for headline in sorted(shown, key=lambda line: (paper_name(line) != line, len(line)), reverse=True):
        for pattern in (
            rf"(.+?){_TITLE_SEPARATOR}{re.escape(headline)}",
            rf"{re.escape(headline)}{_TITLE_SEPARATOR}(.+)",
        ):
            if found := re.fullmatch(pattern, title or ""):
                name = re.split(_TITLE_SEPARATOR, found[1])[-1]
                return headline, name if masthead(name) == name and (name in page.names or paper_name(name)) else None
    alike = [heading for heading in page.titles if title and _bare(heading) == _bare(title)]
    named = [line for line in shown if len(line.split()) >= _HEADLINE_WORDS]
    return next(iter((*alike, *sorted(named, key=len, reverse=True))), title), None


def _bare(title: str) -> str:
    return "".join(char for char in title if char.isprintable() and not char.isspace())
