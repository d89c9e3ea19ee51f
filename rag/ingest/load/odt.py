"""OpenDocument text: the words as they stand in it, without its comments and what was deleted while it was tracked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, in_sections
from rag.ingest.load.markup import Line, sections_of
from rag.ingest.load.package import Package, described
from rag.text.characters import said

_TEXT, _TABLE, _OFFICE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("text", "table", "office")
)
_CHARACTERS = {f"{_TEXT}{name}": text for name, text in (("tab", "\t"), ("line-break", "\n"), ("s", " "), ("p", "\n"))}
_UNSEEN = frozenset(
    {f"{_OFFICE}annotation", f"{_TEXT}tracked-changes", f"{_TEXT}note-citation", f"{_TEXT}sequence-decls"}
)


def read(data: bytes, path: Path) -> Content:
    package = Package(data, path)
    root = package.xml("content.xml")
    body = root.find(f"{_OFFICE}body/{_OFFICE}text") if root is not None else None
    if body is None:
        raise LoadError(f"{said(path)} is no text document; save it as ODT, or convert it to .txt")
    title, author = described(package)
    text, sections = in_sections(sections_of(_lines(body)))
    return Content(text, title=title, author=author, sections=sections)


FORMAT = Format("OpenDocument text (ODT)", (".odt",), read)


def _lines(element: Any) -> Iterator[Line]:
    for child in element.iterchildren(tag="*"):
        if child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
            noted: list[Any] = []
            yield Line(_words(child, noted).strip("\n"), int(child.tag == f"{_TEXT}h"))
            for note in noted:
                yield from _lines(note)
        elif child.tag == f"{_TABLE}table-row":
            cells = (
                " ".join(line.text for line in _lines(cell)).strip()
                for cell in child.iterchildren(f"{_TABLE}table-cell")
            )
            yield Line(" | ".join(cell for cell in cells if cell))
        elif child.tag not in _UNSEEN:
            yield from _lines(child)


def _words(element: Any, noted: list[Any]) -> str:
    """The words of a paragraph, with those of boxes in it on lines of their own; notes are gathered."""
    text = element.text or ""
    for child in element:
        if child.tag == f"{_TEXT}note-body":
            noted.append(child)
        elif isinstance(child.tag, str) and child.tag not in _UNSEEN:
            text += _CHARACTERS.get(child.tag, "") + _words(child, noted)
        text += child.tail or ""
    return text
