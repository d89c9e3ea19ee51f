"""PDF: pypdf's text of the pages, put together into paragraphs; what cannot be read whole is refused."""

from __future__ import annotations

import logging
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import LoadError
from rag.ingest.load.content import SENTENCE_ENDS, Content, Format, given_author, given_title, plain_characters
from rag.text.characters import said

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
        pages = [
            plain_characters(_text_of(page, number, path).translate(_GLYPHS)).splitlines()
            for number, page in enumerate(reader.pages, start=1)
        ]
        tree: Any = reader.root_object["/Pages"]
        declared = tree["/Count"] if "/Count" in tree else len(pages)
        if len(pages) < declared:
            raise LoadError(f"{declared - len(pages)} of {declared} pages of {said(path)} {_LOST}")
        about = reader.metadata
        title, author = (about.title, about.author) if about else (None, None)
    except (LoadError, MemoryError):
        raise
    except Exception as error:  # pypdf lets any out of damaged files, and DependencyError for rarer ciphers
        what = "encrypted" if "crypt" in str(error).lower() else "damaged"
        raise LoadError(f"{said(path)} is {what} or no PDF; save it anew or convert it to .txt") from error
    text = "\n\n".join(unwrapped(_without_running_heads(pages)))
    return Content(text, title=given_title(title), author=given_author(author))


FORMAT = Format("PDF", (".pdf",), read)


def _text_of(page: PageObject, number: int, path: Path) -> str:
    """What pypdf reads of a page; where it finds damage, it goes on with less, and says so in its log or not at all."""
    damage = _Damage()
    log = logging.getLogger("pypdf.filters")
    log.addHandler(damage)
    log.setLevel(logging.WARNING)
    try:
        text = page.extract_text()
    finally:
        log.setLevel(logging.NOTSET)
        log.removeHandler(damage)
    if damage.found or not all(map(_is_whole, _contents(page))):
        raise LoadError(f"page {number} of {said(path)} {_LOST}")
    return text


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


def _without_running_heads(pages: Sequence[Sequence[str]]) -> list[str]:
    """The pages' lines in order, without page numbers, headers that most pages repeat, and a browser's print marks."""
    full = [[line for line in map(str.strip, page) if line] for page in pages]
    stripped = [
        [line for i, line in enumerate(page) if 2 <= i < len(page) - 2 or not _PRINT_MARK.match(line)] for page in full
    ]
    edges = Counter(key for page in stripped for key in {_head_key(line) for line in (*page[:1], *page[-1:])})
    running = {key for key, count in edges.items() if count > 1 and 2 * count >= len(pages)}
    return [
        line
        for page in stripped
        for i, line in enumerate(page)
        if 0 < i < len(page) - 1 or _head_key(line) not in running
    ]


def _head_key(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def unwrapped(lines: Sequence[str]) -> list[str]:
    """Join the hard-wrapped lines of a PDF into paragraphs.

    A line runs on when it is nearly as long as a full line and the sentence is not over, or the next line
    starts in lower case. A hyphen at the end is dropped unless the hyphenated word occurs elsewhere.
    """
    if not lines:
        return []
    full = sorted(map(len, lines))[int(0.9 * (len(lines) - 1))]
    words = set(re.findall(r"(?<!\w)\w+-\w+", " ".join(lines)))
    paragraphs = [lines[0]]
    for previous, line in pairwise(lines):
        ends = previous.endswith(SENTENCE_ENDS)
        runs_on = len(previous) >= (0.9 if ends else 0.6) * full or (line[0].islower() and not ends)
        paragraphs[-1:] = [_joined(paragraphs[-1], line, words)] if runs_on else [paragraphs[-1], line]
    return paragraphs


def _joined(left: str, right: str, hyphenated: set[str]) -> str:
    broken = re.search(r"(\w+)-$", left[-40:])
    if broken and right[0].islower():
        continuation = re.match(r"\w*", right)
        whole = broken[0] + (continuation[0] if continuation else "")
        return left + right if whole in hyphenated else left[:-1] + right
    wide = unicodedata.east_asian_width(left[-1]) in "WF" and unicodedata.east_asian_width(right[0]) in "WF"
    return left + right if wide else f"{left} {right}"
