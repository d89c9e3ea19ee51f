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
_CELL = re.compile(r"\\(?:nest)?cell(?![a-z]) ?")
_FOOTNOTE = re.compile(r"\{(?:\\\*)?\s*\\footnote\b")
_BRACE = re.compile(r"(?<!\\)[{}]")
_BAR = re.compile(r" *\|\s*\n")


def read(data: bytes, path: Path) -> Content:
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError(f"{said(path)} is no rich text; give it its true suffix")
    page = _CODE_PAGE.search(data[:2000])
    encoding = f"cp{page[1].decode()}" if page else "cp1252"
    try:
        codecs.lookup(encoding)
    except LookupError:
        encoding = "cp1252"

    def shown(source: str) -> str:
        found: str = rtf_to_text(source, encoding=encoding, errors="replace")  # type: ignore[no-untyped-call]
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # it leaves pairs apart

    written = _notes_last(_CELL.sub(r" \\'7c ", data.decode(encoding, "replace")))
    about = {name: shown(f"{{\\rtf1 {value}}}") for name, value in _ABOUT.findall(written[:20_000])}
    return Content(
        _BAR.sub("\n", shown(written)),
        title=given_title(about.get("title")),
        author=given_author(about.get("author")),
    )


FORMAT = Format("rich text (RTF)", (".rtf",), read)


def _notes_last(written: str) -> str:
    """The source with its footnotes, which striprtf leaves out, as paragraphs at the end."""
    body, notes, start = [], [], 0
    for found in _FOOTNOTE.finditer(written):
        if found.start() < start:
            continue  # a note on a note stays with it
        depth, end = 1, len(written)
        for brace in _BRACE.finditer(written, found.end()):
            depth += 1 if brace[0] == "{" else -1
            if not depth:
                end = brace.start()
                break
        body.append(written[start : found.start()])
        notes.append(rf"\par {written[found.end() : end]}")
        start = end + 1
    text = "".join(body) + written[start:]
    last = text.rfind("}")
    return f"{text[:last]}{''.join(notes)}{text[last:]}" if notes else text
