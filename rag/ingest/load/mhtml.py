"""Pages as browsers save them in one file (MHTML): the page itself, of the pictures and frames that come with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.load import html
from rag.ingest.load.content import Content, Format
from rag.ingest.load.mail import message_of, page_of
from rag.text.characters import said


def read(data: bytes, path: Path) -> Content:
    message = message_of(data)
    pages = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    root = message.get_param("start")
    first = next((part for part in pages if root and part.get("Content-ID") == root), next(iter(pages), None))
    if first is None:
        raise LoadError(f"{said(path)} holds no page; save it anew, best as HTML")
    page, notes = page_of(first, path)
    content = html.read(page, path)
    return replace(content, notes=(*notes, *content.notes))


FORMAT = Format("saved pages (MHTML)", (".mhtml", ".mht"), read)
