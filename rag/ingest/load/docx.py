"""Word documents (DOCX): the words as they stand in the body, with what is in boxes, fields and notes.

Neither python-docx nor mammoth: the one leaves out content controls and tracked insertions, the other fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, in_sections
from rag.ingest.load.markup import Line, sections_of
from rag.ingest.load.package import Package, described
from rag.text.characters import said

# Elements by their local names: the namespaces of strict and transitional documents differ.
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "p": "\n"}
_GONE = frozenset({"del", "moveFrom", "instrText", "delText", "rt", "pPr", "sectPr", "posOffset", "annotation"})
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}


def read(data: bytes, path: Path) -> Content:
    package = Package(data, path)
    root = package.xml("word/document.xml")
    if root is None:
        raise LoadError(f"{said(path)} is no Word document; give it its true suffix")
    title, author = described(package)
    text, sections = in_sections(sections_of(_Document(package).lines(root)))
    return Content(text, title=title, author=author, sections=sections)


FORMAT = Format("Word (DOCX)", (".docx",), read)


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _value(element: Any, name: str) -> str:
    """An attribute, whatever its namespace."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


class _Document:
    """What its headings are called and what its notes say."""

    def __init__(self, package: Package) -> None:
        styles = package.xml("word/styles.xml")
        named = styles.iter("{*}style") if styles is not None else ()
        self._headings = {
            _value(style, "styleId")
            for style in named
            for name in style.iterchildren("{*}name")
            if _value(name, "val").lower().startswith(("heading ", "title"))
        }
        self._notes = {
            (kind, _value(note, "id")): [note]
            for kind in _NOTES.values()
            if (root := package.xml(f"word/{kind}s.xml")) is not None
            for note in root.iterchildren(f"{{*}}{kind}")
        }

    def lines(self, element: Any) -> Iterator[Line]:
        """The paragraphs of an element, a line for each row of a table; notes follow what they are noted at."""
        for child in element.iterchildren("*"):
            name = _name(child)
            if name == "p":
                noted: list[Any] = []
                yield Line(self._words(child, noted).strip("\n"), int(self._is_heading(child)))
                for note in noted:
                    yield from self.lines(note)
            elif name == "tr":
                cells = (
                    " ".join(line.text for line in self.lines(cell)).strip() for cell in child.iterchildren("{*}tc")
                )
                yield Line(" | ".join(cell for cell in cells if cell))
            elif name not in _GONE:
                yield from self.lines(child)

    def _is_heading(self, paragraph: Any) -> bool:
        return any(_value(style, "val") in self._headings for style in paragraph.iterfind("{*}pPr/{*}pStyle"))

    def _words(self, element: Any, noted: list[Any]) -> str:
        text = ""
        for child in element.iterchildren("*"):
            name = _name(child)
            if name == "t":
                text += child.text or ""
            elif name in _NOTES:
                noted += self._notes.pop((_NOTES[name], _value(child, "id")), ())
            elif name not in _GONE and not _is_hidden(child) and not _is_fallback(child):
                text += _CHARACTERS.get(name, "") + self._words(child, noted)
        return text


def _is_hidden(run: Any) -> bool:
    return any(_value(each, "val") not in ("0", "false", "off") for each in run.iterfind("{*}rPr/{*}vanish"))


def _is_fallback(element: Any) -> bool:
    """Whether it says again, for older programs, what stands beside it."""
    return _name(element) == "Fallback" and element.getprevious() is not None
