"""Slides (PPTX), by python-pptx, with what the speaker notes below them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, in_sections
from rag.ingest.load.package import Package, described
from rag.text.characters import said


def read(data: bytes, path: Path) -> Content:
    try:
        from pptx import Presentation
    except ImportError:
        raise LoadError(
            f'{said(path)} needs python-pptx, which is not installed; run pip install "rag-news[pptx]"'
        ) from None
    package = Package(data, path)
    for name in package.names():
        if name.endswith((".xml", ".rels")):
            package.xml(name)  # python-pptx drops the rest of a text that has an entity
    title, author = described(package)
    slides = ("\n".join(filter(str.strip, _lines(slide))) for slide in Presentation(BytesIO(data)).slides)
    text, sections = in_sections((f"slide {number}", slide) for number, slide in enumerate(slides, start=1))
    return Content(text, title=title, author=author, sections=sections)


FORMAT = Format("PowerPoint (PPTX)", (".pptx",), read)


def _lines(slide: Any) -> Iterator[str]:
    yield from _texts(slide.shapes)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield slide.notes_slide.notes_text_frame.text


def _texts(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _texts(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield from (" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in shape.table.rows)
        elif shape.has_text_frame:
            yield from (paragraph.text.replace("\v", " ") for paragraph in shape.text_frame.paragraphs)
