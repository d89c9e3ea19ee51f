"""Plain text, also of subtitles."""

from __future__ import annotations

from pathlib import Path

from rag.ingest.load.content import Content, Format
from rag.ingest.load.encoding import decoded
from rag.ingest.load.subtitles import cues, is_subtitles


def read(data: bytes, path: Path) -> Content:
    text, notes = decoded(data, path)
    return cues(text, notes) if is_subtitles(text) else Content(text, notes=notes)


FORMAT = Format("text", (".txt",), read)
