"""Files become LangChain documents: a module a format, and one list of them in formats.py.

Only what the file format itself declares becomes metadata here; what the article's own text says is read later, by
`rag.ingest.metadata`.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.ingest.load.content import Content, plain_characters
from rag.ingest.load.files import VanishedError, find_files, read_file
from rag.ingest.load.formats import FORMATS, SUFFIXES, is_supported
from rag.ingest.load.unpack import Found, Reading, articles_in, refused
from rag.text.characters import normalized, said

if TYPE_CHECKING:
    from langchain_core.documents import Document

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Found",
    "Reading",
    "VanishedError",
    "articles_in",
    "document_of",
    "find_files",
    "is_supported",
    "load_document",
    "read_file",
    "refused",
    "to_document",
]


def load_document(path: Path, source: str) -> Document:
    """The first article of a file, in this process and for as long as it takes; `rag.ingest.parser` has limits.

    Raises:
        LoadError: it cannot be read, or as `to_document`.
    """
    return to_document(read_file(path), path, source)


def to_document(data: bytes, path: Path, source: str) -> Document:
    """The first article of a file's bytes, as `document_of`.

    Raises:
        LoadError: as `articles_in`, or as `document_of`.
    """
    for found in articles_in(data, path, Reading()):
        return document_of(found.read(), path, source)
    raise LoadError(f"{said(path)} holds no article; leave it out")


def document_of(content: Content, path: Path, source: str) -> Document:
    """An article as a document with `source` and the metadata its format declares (None where absent).

    Its characters are those of `plain_characters`; `notes`, `sections` and `removed` among the metadata are as
    those of `Content`, the sections by where they begin in the text of the document; `left_out` too, in the characters
    in which text is stored.

    Raises:
        LoadError: there is no readable text in it; in one line with the remedy.
    """
    from langchain_core.documents import Document

    from rag.ingest.dates import parse_date

    text, sections = _plain(content)
    if not text.strip():
        raise LoadError(f"{said(path)} holds no text; give a file with a text layer or convert it to .txt")
    declared = {
        "title": content.title and normalized(content.title),
        "publisher": content.publisher and normalized(content.publisher),
        "published": parse_date(content.published or ""),
        "updated": parse_date(content.updated or ""),
        "author": content.author and normalized(content.author),
        "notes": content.notes,
        "sections": sections,
        "removed": content.removed,
        "left_out": tuple((number, normalized(line)) for number, line in content.left_out),
    }
    return Document(page_content=text, metadata={"source": source, **declared})


def _plain(content: Content) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The text in the characters in which it is stored, and its sections by their places there."""
    starts = [0, *(start for start, _ in content.sections), len(content.text)]
    pieces = [plain_characters(content.text[start:end]) for start, end in pairwise(starts)]
    labels = (label for _, label in content.sections)
    return "".join(pieces), tuple(zip(accumulate(map(len, pieces)), labels, strict=False))
