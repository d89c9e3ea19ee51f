"""Rich text (RTF), by striprtf."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, given_author, given_title
from rag.text.characters import said

_ABOUT = re.compile(r"\{\\(title|author)\s([^{}]{1,500})\}")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")
_FOOTNOTE = re.compile(r"\{\s*\\footnote\b")  # which striprtf leaves out
_BAR = re.compile(r" *\|\s*\n")


def read(data: bytes, path: Path) -> Content:
    from striprtf.striprtf import rtf_to_text  # type: ignore[import-untyped]

    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError(f"{said(path)} is no rich text; give it its true suffix")
    page = _CODE_PAGE.search(data[:2000])
    encoding = f"cp{page[1].decode()}" if page else "cp1252"
    try:
        codecs.lookup(encoding)
    except LookupError:
        encoding = "cp1252"

    def shown(source: str) -> str:
        found: str = rtf_to_text(source, encoding=encoding, errors="replace")
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # it leaves pairs apart

    written = _FOOTNOTE.sub("{ ", data.decode(encoding, "replace"))
    about = {name: shown(f"{{\\rtf1 {value}}}") for name, value in _ABOUT.findall(written[:20_000])}
    return Content(
        _BAR.sub("\n", shown(written)),
        title=given_title(about.get("title")),
        author=given_author(about.get("author")),
    )


FORMAT = Format("rich text (RTF)", (".rtf",), read)
