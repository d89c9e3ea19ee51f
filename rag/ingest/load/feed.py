"""Feeds (RSS, Atom), by feedparser: each item an article."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, Part
from rag.ingest.load.markup import looks_like_markup, text_of
from rag.text.characters import said


def read(data: bytes, path: Path) -> Iterator[Part]:
    import feedparser  # type: ignore[import-untyped]

    # A stream, since it would open a file of that name or address; unsanitized, since only the text is taken.
    found = feedparser.parse(BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not found.version and not found.entries:
        raise LoadError(f"{said(path)} is no feed; leave it out, or give it its true suffix")
    if not found.entries:
        raise LoadError(f"{said(path)} holds no item; leave it out")
    for number, item in enumerate(found.entries, start=1):
        name = f"#{item.get('id') or item.get('link') or number}"
        content = _content(item, found.feed)
        empty = LoadError(f"{said(path)}{name} has no text; leave it out")
        yield Part(name, content if content.text.strip() else empty)


FORMAT = Format("feeds (RSS, Atom)", (".rss", ".atom", ".xml"), read, several=True)


def _content(item: Any, feed: Any) -> Content:
    summary = item.get("summary") or ""
    whole = max((each.get("value") or "" for each in item.get("content") or ()), key=len, default="")
    text = max(whole, summary, key=len)
    link = item.get("link")
    note = f"its feed has no more than a summary of it; the article is at {link}"
    source = item.get("source") or {}
    return Content(
        text=_plain(text),
        title=_plain(item.get("title") or "") or None,
        publisher=_plain(source.get("title") or item.get("publisher") or feed.get("publisher") or feed.get("title") or "")
        or None,
        published=item.get("published") or item.get("created"),
        updated=item.get("updated"),
        author=_plain(item.get("author") or "") or None,
        notes=() if whole or not link else (note,),
    )


def _plain(text: str) -> str:
    return text_of(text) if looks_like_markup(text) else text
