"""The file formats that are read: a row each, in the order in which they are told to people; and which a file is of."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path

from rag.ingest.load import (
    archive,
    docx,
    epub,
    feed,
    html,
    mail,
    markdown,
    mhtml,
    odt,
    pdf,
    pptx,
    records,
    rtf,
    subtitles,
    text,
    warc,
)
from rag.ingest.load.content import Format
from rag.ingest.load.package import names_in

FORMATS = (
    text.FORMAT,
    markdown.FORMAT,
    html.FORMAT,
    mhtml.FORMAT,
    pdf.FORMAT,
    subtitles.FORMAT,
    docx.FORMAT,
    odt.FORMAT,
    rtf.FORMAT,
    pptx.FORMAT,
    epub.FORMAT,
    mail.FORMAT,
    mail.MAILBOX,
    feed.FORMAT,
    records.TABLE,
    records.LINES,
    warc.FORMAT,
    archive.ZIP,
    archive.GZIP,
)

_BY_SUFFIX = {suffix: each for each in FORMATS for suffix in each.suffixes}
SUFFIXES = tuple(_BY_SUFFIX)
SUPPORTED = ", ".join(sorted(SUFFIXES))

_HEAD = 4_000  # bytes in which a file shows what it is
# What may stand ahead of the first element: a mark of byte order, the declaration, comments, a document type.
_MARKUP = rb"\A(?:\xef\xbb\xbf)?(?:\s|<\?.{0,500}?\?>|<!--.{0,2000}?-->)*+"
_IS_HTML = re.compile(_MARKUP + rb"<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE)
_IS_FEED = re.compile(_MARKUP + rb"(?:<!doctype\s[^>]{0,500}>\s*)?<(?:rss|feed|rdf:RDF|channel)\b", re.DOTALL)
_IS_SAVED_PAGE = re.compile(rb"\A(?=[\w-]+:)(?=.*^(?:From: <Saved by|Snapshot-Content-Location:))", re.DOTALL | re.M)


def _has(name: str) -> Callable[[bytes], bool]:
    return lambda data: name in names_in(data)


def _is_warc(data: bytes) -> bool:
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data[:_HEAD], 10)
        except zlib.error:
            return False
    return data.startswith(b"WARC/")


# What shows of a file's bytes which format they are, whatever its name says; the special ahead of the general.
_SIGNS: tuple[tuple[Format, Callable[[bytes], object]], ...] = (
    (pdf.FORMAT, lambda data: b"%PDF-" in data[:1024] and data.lstrip().startswith(b"%PDF-")),
    (docx.FORMAT, _has("word/document.xml")),
    (pptx.FORMAT, _has("ppt/presentation.xml")),
    (epub.FORMAT, _has("META-INF/container.xml")),
    (odt.FORMAT, lambda data: {"content.xml", "mimetype"} <= names_in(data)),
    (archive.ZIP, lambda data: data.startswith(b"PK\x03\x04")),
    (warc.FORMAT, _is_warc),
    (archive.GZIP, lambda data: data.startswith(b"\x1f\x8b")),
    (rtf.FORMAT, lambda data: data.startswith(b"{\\rtf")),
    (mhtml.FORMAT, lambda data: _IS_SAVED_PAGE.search(data[:_HEAD])),
    (feed.FORMAT, lambda data: _IS_FEED.search(data[:_HEAD])),
    (html.FORMAT, lambda data: _IS_HTML.search(data[:_HEAD])),
)


def is_supported(name: str) -> bool:
    """Whether a file of that name is looked at for articles."""
    return Path(name).suffix.lower() in _BY_SUFFIX


def format_of(data: bytes, name: str) -> Format | None:
    """The format of a file: what its bytes show, else what its name says; None where neither is one of ours."""
    shown = next((each for each, shows in _SIGNS if shows(data)), None)
    return shown or _BY_SUFFIX.get(Path(name).suffix.lower())
