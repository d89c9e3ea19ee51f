"""Feeds (RSS, Atom), by feedparser: each item an article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, Part
from rag.ingest.load.markup import looks_like_markup, text_of
from rag.text.characters import said

_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|channel)\b")
_SAFE = re.compile(rb"<!ENTITY\s+[\w.-]+\s+(?:[\"'])(?:&#\w+;|[^&\"']{0,20})[\"']\s*>")
_FEW = 500  # characters


def read(data: bytes, path: Path) -> Iterator[Part]:
    import feedparser

    head = _ROOT.split(data.replace(b"\0", b""), maxsplit=1)[0]
    if len(_SAFE.findall(head)) < head.count(b"<!ENTITY"):
        raise LoadError(f"{said(path)} declares entities that stand for more than a character; save it without")
    # A stream, since it would open a file of that name or address; unsanitized, since only the text is taken.
    found = feedparser.parse(BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not found.version and not found.entries:
        raise LoadError(f"{said(path)} is no feed; leave it out, or give it its true suffix")
    if not found.entries:
        raise LoadError(f"{said(path)} holds no item; leave it out")
    for number, item in enumerate(found.entries, start=1):
        name = f"#{item.get('id') or item.get('link') or number}"
        content = _content(item, found.feed, str(found.version))
        empty = LoadError(f"{said(path)}{name} has no text; leave it out")
        yield Part(name, content if content.text.strip() else empty)


FORMAT = Format("feeds (RSS, Atom)", (".rss", ".atom", ".xml"), read, several=True)


def _content(item: Any, feed: Any, version: str) -> Content:
    summary = item.get("summary") or ""
    whole = max((each.get("value") or "" for each in item.get("content") or ()), key=len, default="")
    text = max(whole, summary, key=len)
    link = item.get("link")
    note = f"its feed has few words of it; if there are more at {link}, save that page"
    source = item.get("source") or {}
    updated = dict.get(item, "updated")  # asked as one of its own, it gives the other day where there is none
    # RSS knows no day of an update: what feedparser calls so there is the item's dc:date.
    published = item.get("published") or (updated if version.startswith("rss") else None)
    return Content(
        text=_plain(text),
        title=_plain(item.get("title") or "") or None,
        publisher=_plain(
            source.get("title") or item.get("publisher") or feed.get("publisher") or feed.get("title") or ""
        )
        or None,
        published=published,
        updated=updated if updated != published else None,
        author=_plain(item.get("author") or "") or None,
        notes=(note,) if link and len(text) < _FEW else (),
    )


def _plain(text: str) -> str:
    return text_of(text) if looks_like_markup(text) else text
