"""Files become LangChain documents: a module a format, and one list of them in formats.py.

Only what the file format itself declares becomes metadata here; what the article's own text says is read later, by
`rag.ingest.metadata`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.ingest.load.content import plain_characters
from rag.ingest.load.files import VanishedError, find_files, read_file
from rag.ingest.load.formats import FORMATS, READERS, SUFFIXES, SUPPORTED
from rag.text.characters import normalized, said

if TYPE_CHECKING:
    from langchain_core.documents import Document

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "VanishedError",
    "find_files",
    "load_document",
    "read_file",
    "to_document",
]


def load_document(path: Path, source: str) -> Document:
    """One file as `to_document` makes it, in this process and for as long as it takes; `rag.ingest.parser` has limits.

    Raises:
        LoadError: it cannot be read, or as `to_document`.
    """
    return to_document(read_file(path), path, source)


def to_document(data: bytes, path: Path, source: str) -> Document:
    """The bytes of a file as a document with `source` and the metadata its format declares (None where absent).

    Its characters are those of `plain_characters`; `notes` among the metadata say what was guessed or lost on
    reading, and `left_out` which lines of a page the format's reader left out, and where.

    Raises:
        LoadError: there is no readable text in it; in one line with the remedy.
    """
    from langchain_core.documents import Document

    from rag.ingest.dates import parse_date

    read = READERS.get(path.suffix.lower())
    if read is None:
        raise LoadError(f"{said(path)} has a suffix that is not supported; use one of {SUPPORTED}")
    if not data.strip():
        raise LoadError(f"{said(path)} is empty; remove it or put an article into it")
    content = read(data, path)
    text = plain_characters(content.text)
    if not text.strip():
        raise LoadError(f"{said(path)} holds no text; give a file with a text layer or convert it to .txt")
    declared = {
        "title": content.title and normalized(content.title),
        "publisher": content.publisher and normalized(content.publisher),
        "published": parse_date(content.published or ""),
        "updated": parse_date(content.updated or ""),
        "author": content.author and normalized(content.author),
        "notes": content.notes,
        "left_out": tuple((number, normalized(line)) for number, line in content.left_out),
    }
    return Document(page_content=text, metadata={"source": source, **declared})
