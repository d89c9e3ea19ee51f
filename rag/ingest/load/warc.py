"""Archives of the web (WARC), by warcio: each page that was answered whole is an article."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import redirect_stderr
from email.message import Message
from functools import partial
from gzip import GzipFile
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Format, Part
from rag.ingest.load.encoding import decoded
from rag.text.characters import said

# As what a resource is read, by the type that it was sent with.
_FILES = {"text/html": "page.html", "application/xhtml+xml": "page.html", "application/pdf": "page.pdf"}


def read(data: bytes, path: Path) -> Iterator[Part]:
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    stream = GzipFile(fileobj=BytesIO(data)) if data.startswith(b"\x1f\x8b") else BytesIO(data)
    complaints = StringIO()  # what it finds wrong it prints, and goes on with what follows
    try:
        with redirect_stderr(complaints):
            records = ArchiveIterator(stream)
        while True:
            with redirect_stderr(complaints):
                record = next(records, None)
            if record is None:
                break
            kind, charset = _sent_as(record)
            if kind in _FILES:
                name = f"#{record.rec_headers.get_header('WARC-Target-URI')}"
                label = charset if "html" in kind else None
                yield Part(name, partial(_unpacked, record, label, Path(f"{path}{name}")), file=_FILES[kind])
    except (ArchiveLoadFailed, EOFError, OSError, zlib.error, AttributeError) as error:
        raise LoadError(f"{said(path)} is damaged ({' '.join(str(error).split()):.100}); get it anew") from None
    if complaints.getvalue():
        raise LoadError(f"{said(path)} is damaged ({' '.join(complaints.getvalue().split()):.100}); get it anew")


FORMAT = Format("web archives (WARC)", (".warc",), read, several=True)


def _sent_as(record: Any) -> tuple[str, str | None]:
    """Type and encoding of an answer that came whole, "" of what is none."""
    headers = record.http_headers
    if record.rec_type == "resource":
        value = record.rec_headers.get_header("Content-Type")
    elif record.rec_type == "response" and headers is not None and headers.get_statuscode() == "200":
        value = headers.get_header("Content-Type")
    else:
        value = None
    told = Message()
    told["Content-Type"] = value or ""
    return (told.get_content_type(), told.get_content_charset()) if value else ("", None)


def _unpacked(record: Any, charset: str | None, path: Path, longest: int) -> bytes:
    stream, pieces, size = record.content_stream(), [], 0
    while size <= longest and (piece := stream.read(65_536)):
        pieces.append(piece)
        size += len(piece)
    if size > longest:
        raise LoadError(f"{said(path)} has more than {longest / 1e6:,g} MB; leave it out, or raise RAG_MAX_FILE_MB")
    data = b"".join(pieces)
    return decoded(data, path, charset)[0].encode("utf-8-sig") if charset else data
