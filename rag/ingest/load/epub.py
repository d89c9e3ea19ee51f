"""Books (EPUB): the chapters in the order in which they are read."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, given_author, given_title, in_sections
from rag.ingest.load.encoding import decoded
from rag.ingest.load.markup import LONGEST_LABEL, lines_of
from rag.ingest.load.package import Package
from rag.text.characters import said

_LABEL = re.compile(rb"""\A[^>]{0,100}encoding=["']([\w-]{2,40})""")
_TEXTS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_FONTS = re.compile(r"\.(?:otf|ttf|ttc|woff2?)\Z", re.IGNORECASE)


def read(data: bytes, path: Path) -> Content:
    package = Package(data, path)
    _refuse_locked(package, path)
    root = package.xml("META-INF/container.xml")
    place = root.xpath("string(//*[local-name()='rootfile'][1]/@full-path)") if root is not None else ""
    book = package.xml(place)
    if book is None:
        raise LoadError(f"{said(path)} is damaged: it has no list of its chapters; get it anew")
    items = {item.get("id"): item for item in book.iter("{*}item")}
    chapters: list[tuple[str, str]] = []
    notes: list[str] = []
    for entry in book.iter("{*}itemref"):
        item = items.get(entry.get("idref"))
        if item is None or item.get("media-type") not in _TEXTS or "nav" in (item.get("properties") or "").split():
            continue
        name = posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(item.get("href") or "")))
        chapter = package.read(name)
        if chapter is None:
            notes.append(f"its chapter {said(name)} is missing; get it anew if that matters")
            continue
        label = _LABEL.search(chapter[:200])
        markup, lost = decoded(chapter, path, label[1].decode() if label else None)
        lines = lines_of(markup)
        heading = next((line.text for line in lines if line.level), str(len(chapters) + 1))
        chapters.append((f"chapter {heading:.{LONGEST_LABEL}}", "\n".join(line.text for line in lines)))
        notes += lost
    text, sections = in_sections(chapters)
    return Content(
        text=text,
        title=given_title(_told(book, "title")),
        publisher=_told(book, "publisher"),
        published=_told(book, "date"),
        author=given_author(_told(book, "creator")),
        notes=tuple(dict.fromkeys(notes)),
        sections=sections,
    )


FORMAT = Format("EPUB", (".epub",), read)


def _told(book: Any, name: str) -> str | None:
    return next((" ".join(each.text.split()) for each in book.iter(f"{{*}}{name}") if each.text), None)


def _refuse_locked(package: Package, path: Path) -> None:
    """Fonts alone may be locked: they are no text."""
    locks = package.xml("META-INF/encryption.xml")
    names = (each.get("URI") or "" for each in locks.iter("{*}CipherReference")) if locks is not None else ()
    if any(not _FONTS.search(name) for name in names):
        raise LoadError(f"{said(path)} is protected against copying; get it without, or as another format")
