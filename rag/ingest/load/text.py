"""Plain text."""

from __future__ import annotations

from pathlib import Path

from rag.ingest.load.content import Content, Format
from rag.ingest.load.encoding import decoded


def read(data: bytes, path: Path) -> Content:
    text, notes = decoded(data, path)
    return Content(text, notes=notes)


FORMAT = Format("text", (".txt",), read)
