"""PDF: pypdf tells whether a file is whole, PDFium what stands where on its pages; what is damaged is refused."""

from __future__ import annotations

import logging
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from ctypes import c_double
from dataclasses import dataclass, replace
from io import BytesIO
from math import cos, degrees, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import LoadError
from rag.ingest.furniture import Reason
from rag.ingest.load.content import Content, Format, given_author, given_title, plain_characters
from rag.ingest.load.flow import joined, key, paragraphs, running, with_heads, without_edges
from rag.ingest.load.layout import Glyph, Line, blocks_of, lines_of
from rag.ingest.load.ocr import DOTS, is_installed, recognized
from rag.text.characters import said
from rag.types import Removal

if TYPE_CHECKING:
    from pypdf import PageObject

# What browsers print at the edges of a page: date, time and title; address and page number.
_PRINT_MARK = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d{2}(?:\s?[AP]M)?(?: .*)?$|(?:https?|file)://\S+(?:\s+\d+/\d+)?$",
    re.IGNORECASE,
)
# Glyphs as they are shown: ligatures, and the hyphen that fonts have as a soft one.
_GLYPHS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)} | {0xAD: "-"}
_LOST = "cannot be read; save the PDF anew or convert it to .txt"


def read(data: bytes, path: Path) -> Content:
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it finds wrong is said in our own line
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise LoadError(f"{said(path)} is encrypted; save it without a password, e.g. qpdf --decrypt")
        pages = list(reader.pages)
        for number, page in enumerate(pages, start=1):
            if not _is_readable(page):
                raise LoadError(f"page {number} of {said(path)} {_LOST}")
        tree: Any = reader.root_object["/Pages"]
        declared = tree["/Count"] if "/Count" in tree else len(pages)
        if len(pages) < declared:
            raise LoadError(f"{declared - len(pages)} of {declared} pages of {said(path)} {_LOST}")
        about = reader.metadata
        title, author = (about.title, about.author) if about else (None, None)
        shown = list(_pages(data))
    except (LoadError, MemoryError):
        raise
    except Exception as error:  # pypdf lets any out of damaged files, and DependencyError for rarer ciphers
        what = "encrypted" if "crypt" in str(error).lower() else "damaged"
        raise LoadError(f"{said(path)} is {what} or no PDF; save it anew or convert it to .txt") from error
    return replace(_content(shown), title=given_title(title), author=given_author(author))


FORMAT = Format("PDF", (".pdf",), read)


@dataclass(frozen=True)
class _Page:
    """The lines of a page, its lowest and highest place, its lines that are printed at other angles, and whether there
    are pictures on it, and its lines were read in one."""

    lines: list[Line]
    height: tuple[float, float]
    turned: list[list[Line]]
    pictures: bool
    recognized: bool


def _content(pages: Sequence[_Page]) -> Content:
    """The text of the pages by paragraphs, and by which of its characters each page begins."""
    heads = running([page.lines for page in pages], [page.height for page in pages])
    stamps = running([[line for lines in page.turned for line in lines] for page in pages], [(0.0, 0.0)] * len(pages))
    blocks: list[list[Line]] = []
    removed: dict[str, Removal] = {}
    scanned = []
    for number, page in enumerate(pages, start=1):
        lines, edges = without_edges(page.lines, heads)
        edges += [line for line in (*lines[:2], *lines[-2:]) if _PRINT_MARK.match(line.text)]
        edges += [line for turned in page.turned for line in turned if key(line) in stamps]
        for line in edges:
            removed.setdefault(key(line), Removal(line.text, Reason.HEADER))
        kept = [[line for line in each if line not in edges] for each in (lines, *page.turned)]
        if page.pictures and not any(kept):
            scanned.append(number)
        blocks += [block for each in kept for block in blocks_of(each)]
    text, sections = "", list[tuple[int, str]]()
    for pieces in joined(list(with_heads(paragraphs(blocks)))):
        text += "\n\n" if text else ""
        for piece, page_number in pieces:
            label = f"page {page_number}"
            if not sections or sections[-1][1] != label:
                sections.append((len(text) + piece.startswith(" "), label))
            text += piece
    seen = [number for number, page in enumerate(pages, start=1) if page.recognized and number not in scanned]
    return Content(
        text,
        notes=(*_recognized(seen), *_without_text(scanned)),
        sections=tuple(sections),
        removed=tuple(removed.values()),
    )


def _without_text(numbers: Sequence[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    remedy = "if it is a scan, run OCR on the PDF" + ("" if is_installed() else ', or pip install "rag-news[ocr]"')
    return (f"{_named(numbers, 'has', 'have')} pictures and no text layer: nothing of that is here; {remedy}",)


def _recognized(numbers: Sequence[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    return (f"{_named(numbers, 'was', 'were')} read by OCR, which mistakes letters and figures now and then",)


def _named(numbers: Sequence[int], one: str, several: str) -> str:
    first, last = ", ".join(map(str, numbers[:-1])), numbers[-1]
    return f"pages {first} and {last} {several}" if first else f"page {last} {one}"


def _pages(data: bytes) -> Iterator[_Page]:
    """What is printed on each page, values of forms as well."""
    import pypdfium2
    from pypdfium2 import raw

    with closing(pypdfium2.PdfDocument(data)) as document:
        document.init_forms()
        for number in range(len(document)):
            with closing(document[number]) as page:
                raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)  # prints what is filled in
            with closing(document[number]) as page:
                ways: dict[int, list[Glyph]] = {0: []}
                for angle, glyph in _glyphs(page):
                    ways.setdefault(angle, []).append(glyph)
                main = max(ways, key=lambda angle: len(ways[angle]))
                left, bottom, right, top = page.get_bbox()
                heights = [_turned(x, y, main)[1] for x in (left, right) for y in (bottom, top)]
                pictures = any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=5))
                scan = pictures and not any(ways.values())
                yield _Page(
                    _scanned(page, number + 1) if scan else lines_of(ways.pop(main), number + 1),
                    (min(heights), max(heights)),
                    [lines_of(glyphs, number + 1) for glyphs in ways.values()],
                    pictures,
                    scan,
                )


def _scanned(page: Any, number: int) -> list[Line]:
    """The lines that OCR finds on a page, none where it is not installed or there is no time for it."""
    scale = 72 / DOTS
    picture = page.render(scale=1 / scale).to_numpy()
    lines = []
    for each in recognized(picture) or ():
        width = scale * (each.right - each.left)
        first = width * len(each.text.split()[0]) / len(each.text)
        base, size = scale * (len(picture) - each.bottom), scale * (each.bottom - each.top)
        left, right = scale * each.left, scale * each.right
        lines.append(Line(each.text, left, right, base, size, number, first, cells=False))
    return lines


def _glyphs(page: Any) -> Iterator[tuple[int, Glyph]]:
    """The characters of a page as they stand when it is turned by an angle in degrees, by which they are upright."""
    from pypdfium2 import raw

    box, x, y = raw.FS_RECTF(), c_double(), c_double()
    with closing(page.get_textpage()) as text:
        for number in range(text.count_chars()):
            if raw.FPDFText_IsGenerated(text, number):
                continue  # white space that pdfium guesses
            shown = "-" if raw.FPDFText_IsHyphen(text, number) else chr(raw.FPDFText_GetUnicode(text, number))
            if not (shown.isascii() and shown.isprintable()):
                shown = plain_characters(shown.translate(_GLYPHS))
            if shown:
                raw.FPDFText_GetLooseCharBox(text, number, box)
                raw.FPDFText_GetCharOrigin(text, number, x, y)
                angle = round(degrees(raw.FPDFText_GetCharAngle(text, number))) % 360
                low_left, high_right = _turned(box.left, box.bottom, angle), _turned(box.right, box.top, angle)
                left, right = sorted((low_left[0], high_right[0]))
                origin, base = _turned(x.value, y.value, angle)
                size = abs(high_right[1] - low_left[1])
                yield angle, Glyph(shown, min(max(left, origin), right), right, base, size)


def _turned(x: float, y: float, angle: int) -> tuple[float, float]:
    if not angle:
        return x, y
    sine, cosine = sin(radians(angle)), cos(radians(angle))
    return x * cosine - y * sine, x * sine + y * cosine


def _is_readable(page: PageObject) -> bool:
    """Whether all that a page is made of is there; pypdf goes on with less, and says so in its log or not at all."""
    damage = _Damage()
    log = logging.getLogger("pypdf.filters")
    log.addHandler(damage)
    log.setLevel(logging.WARNING)
    try:
        contents = _contents(page)
        if not all(map(_is_whole, contents)):
            return False
        for stream in contents:
            stream.get_data()
    finally:
        log.setLevel(logging.NOTSET)
        log.removeHandler(damage)
    return not damage.found


class _Damage(logging.Handler):
    """Whether anything was logged."""

    found = False

    def emit(self, record: logging.LogRecord) -> None:
        self.found = True


def _contents(page: PageObject) -> list[Any]:
    """The streams of a page, or what is there in their place; none of an empty page."""
    from pypdf.generic import NullObject

    if "/Contents" not in page or isinstance(page.raw_get("/Contents"), NullObject):
        return []
    contents = page["/Contents"]
    return [each.get_object() for each in contents] if isinstance(contents, list) else [contents]


def _is_whole(stream: Any) -> bool:
    """Whether it is a stream, and ends where its compression says so."""
    from pypdf.generic import EncodedStreamObject, StreamObject

    filters = stream.get("/Filter") if isinstance(stream, StreamObject) else None
    if not isinstance(stream, EncodedStreamObject) or filters not in ("/FlateDecode", ["/FlateDecode"]):
        return isinstance(stream, StreamObject)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)  # without the checksum, which some programs leave off
    rest = stream._data[2:]
    try:
        while rest and not inflate.eof:
            inflate.decompress(rest, 1_000_000)
            rest = inflate.unconsumed_tail
    except zlib.error:
        return False
    return inflate.eof
