"""Word documents: mammoth says in HTML what is in them, footnotes, tables and tracked insertions too."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from rag.ingest.load.content import Content, Format, in_sections
from rag.ingest.load.markup import lines_of, sections_of
from rag.ingest.load.package import Package, described


def read(data: bytes, path: Path) -> Content:
    import mammoth  # type: ignore[import-untyped]

    package = Package(data, path)
    package.refuse_declarations()
    page = mammoth.convert_to_html(
        BytesIO(data), convert_image=lambda image: [], style_map="p[style-name='Title'] => h1:fresh"
    )
    title, author = described(package)
    text, sections = in_sections(sections_of(lines_of(page.value)))
    return Content(text, title=title, author=author, sections=sections)


FORMAT = Format("Word (DOCX)", (".docx",), read)
