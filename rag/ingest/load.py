"""Read article files from disk into LangChain documents.

One small reader a format. Only what the file format itself declares becomes metadata here; what the
article's own text says is read later, by `rag.ingest.metadata`.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shlex
import stat
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document

from rag.disk.files import open_regular
from rag.errors import LoadError
from rag.ingest.markdown import without_marks
from rag.ingest.metadata import parse_date
from rag.ingest.paragraph import masthead
from rag.text.characters import plain, said

if TYPE_CHECKING:
    from pypdf import PageObject

LONGEST_FILE = 50_000_000  # bytes

SUFFIXES: frozenset[str] = frozenset({".txt", ".md", ".markdown", ".html", ".htm", ".pdf"})

_SUPPORTED = ", ".join(sorted(SUFFIXES))
# Titles that writing programs put into a file by themselves.
_JUNK_TITLE = re.compile(
    r"(?i)^(microsoft (word|powerpoint|office)\b.*|untitled.*|"
    r"document\s?\d*|slide \d+|.*\.(docx?|pdf|indd|odt|rtf|qxd|tmp))$"
)
_JUNK_AUTHOR = re.compile(r"(?i)^(admin(istrator)?|user|owner|unknown|anonymous|root|author|default|.*@.*)$")
# How files in other encodings begin; of UTF-32 first, whose mark begins with one of UTF-16.
_MARKED = {"UTF-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff"), "UTF-16": (b"\xff\xfe", b"\xfe\xff")}
_LINE_ENDS = str.maketrans({"\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n"})
# lxml knows block elements only as a private set; these are the ones that break a line in a browser.
_BLOCK_TAGS = frozenset(
    re.findall(
        r"\w+",
        """
        address article blockquote body br caption dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr
        li main ol p pre section summary table tr ul
        """,
    )
)
_NO_CONTENT = ("head", "nav", "aside", "footer", "noscript", "svg")  # form controls go anyway
# These mark in the text of a page where a link starts and ends, and what may be a subhead, an entry of a list or
# a line of a box of the article, and what no browser shows; private use, so in no article.
_LINK, _LINK_END, _SUBHEAD, _ENTRY, _OFF = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_MARKS = str.maketrans(dict.fromkeys((_LINK, _LINK_END, _SUBHEAD, _ENTRY, _OFF), ""))
_ALL_LINK = re.compile(rf"[{_SUBHEAD}{_ENTRY}\W\d]*(?:{_LINK}[^{_LINK_END}]*{_LINK_END}[^\w{_LINK}]*)+")
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
# Boxes within the article, such as "In brief"; with links they list other articles, with forms they ask for e-mails.
_OWN_BOXES = "//article//aside[not(.//a or .//form or .//input or .//button)]"
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}")
_TITLE_SEPARATOR = r"\s*[-–—|:·•»]\s+"
_LONGEST_HEADER = 6  # blocks: headline, subtitle, byline, place, date, caption
_LONGEST_SUBTITLE = 150  # characters
_SENTENCE_ENDS = tuple('.!?…。！？:："”’»)）」』')


class VanishedError(LoadError):
    """A file is no longer there; nobody has to mend it."""


@dataclass(frozen=True)
class _Content:
    """What a reader of one format finds: the text, and what the format declares about it."""

    text: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    author: str | None = None


def find_files(paths: Sequence[Path], left_out: list[str] | None = None) -> list[tuple[Path, str]]:
    """List the article files under `paths` as (file, source) pairs, sorted by source.

    A source is a POSIX path relative to the indexed folder: to the folder itself when one is given, to
    the common parent when several paths are; a single file's source is its name. Hidden entries, other
    suffixes and whatever is no regular file are skipped in folders. Folders within them that cannot be read are named
    in `left_out`, a line each, if it is given. Raises LoadError for a path that does
    not exist or cannot be read, a file named outright whose suffix is not supported, and a folder without
    any supported file.
    """
    if not paths:
        raise LoadError("No path was given; name a folder or a file to index")
    roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  # resolve() would follow links
    base = Path(os.path.commonpath([_folder_of(root) for root in roots]))
    found = {file: _source(file, base) for root in roots for file in _files_under(root, left_out)}
    if not found and left_out:
        raise LoadError(left_out[0])
    return sorted(found.items(), key=lambda pair: pair[1])


def load_document(path: Path, source: str) -> Document:
    """Read one file as a document with `source` and the metadata its format declares (None where absent).

    In this process and for as long as it takes; `rag.ingest.parser` has the limits.

    Raises:
        LoadError: it cannot be read, or as `to_document`.
    """
    return to_document(read_file(path), path, source)


def to_document(data: bytes, path: Path, source: str) -> Document:
    """The bytes of a file as a document with `source` and the metadata its format declares (None where absent).

    The characters are kept as they are, except that line ends become "\\n" and control characters go.

    Raises:
        LoadError: there is no readable text in it; in one line with the remedy.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise LoadError(f"{said(path)} has a suffix that is not supported; use one of {_SUPPORTED}")
    if not data.strip():
        raise LoadError(f"{said(path)} is empty; remove it or put an article into it")
    content = read(data, path)
    text = _plain_characters(content.text)
    if not text.strip():
        raise LoadError(f"{said(path)} holds no text; give a file with a text layer or convert it to .txt")
    fields = {name: getattr(content, name) for name in ("title", "publisher", "published", "author")}
    return Document(page_content=text, metadata={"source": source, **fields})


def _folder_of(root: Path) -> Path:
    return root if root.is_dir() else root.parent


def _source(file: Path, base: Path) -> str:
    # A name that is not UTF-8 reaches Python as surrogates, which neither JSON nor SQLite can store.
    return plain(os.fsencode(file.relative_to(base).as_posix()).decode("utf-8", "replace"))


def _files_under(root: Path, left_out: list[str] | None) -> list[Path]:
    try:
        mode = root.stat().st_mode
    except OSError as error:
        raise LoadError(f"{said(root)} cannot be read: {error.strerror}; check the path and its permissions") from error
    if not stat.S_ISDIR(mode):
        if root.suffix.lower() not in SUFFIXES:
            raise LoadError(f"{said(root)} has a suffix that is not supported; use one of {_SUPPORTED}")
        if not stat.S_ISREG(mode):
            raise LoadError(f"{said(root)} is no regular file; name a file that holds an article")
        return [root]
    known = len(left_out or ())
    files = list(_walk(root, left_out))
    if not files and len(left_out or ()) == known:
        raise LoadError(f"{said(root)} holds no article; put files there that end in {_SUPPORTED}")
    return files


def _walk(root: Path, left_out: list[str] | None) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        if isinstance(error, FileNotFoundError):
            return  # it has vanished, and with it what is asked for
        helps = "grant access or leave it out" if error.errno == errno.EACCES else "move or remove it"
        line = f"{said(error.filename)} cannot be read: {error.strerror}; {helps}"
        if left_out is None:
            raise LoadError(f"{line}; or leave out what cannot be read with --skip-bad") from error
        left_out.append(line)

    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            try:
                if not name.startswith(".") and file.suffix.lower() in SUFFIXES and file.is_file():
                    yield file
            except OSError as error:  # the folder lets its names be listed, and no more; or they are too long
                fail(OSError(error.errno, error.strerror, folder))
                folders.clear()
                break


def read_file(path: Path, longest: int = LONGEST_FILE) -> bytes:
    """The bytes of a regular file, at most so many; never waits for a pipe or device.

    Raises:
        VanishedError: there is none any more.
        LoadError: it cannot be read, is no regular file, or is longer.
    """
    try:
        with open_regular(path) as file:
            data = file.read(longest + 1) or b""  # files of /proc may have nothing yet
    except FileNotFoundError as error:
        raise VanishedError(f"{said(path)} has vanished; index again") from error
    except PermissionError as error:
        raise LoadError(f"{said(path)} cannot be read: permission denied; grant access, e.g. chmod a+r") from error
    except OSError as error:
        raise LoadError(f"{said(path)} cannot be read: {error.strerror}; check the file") from error
    if len(data) > longest:
        raise LoadError(f"{said(path)} has more than {longest / 1_000_000:,g} MB; split it, or raise RAG_MAX_FILE_MB")
    return data


def _plain_characters(text: str) -> str:
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").translate(_LINE_ENDS)
    unwanted = {c for c in set(unified) if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"}
    return unified.translate(dict.fromkeys(map(ord, unwanted)))


def _decode(data: bytes, path: Path) -> str:
    for name, marks in _MARKED.items():
        if data.startswith(marks):
            raise LoadError(f"{said(path)} is {name}; convert it: {_conversion(name, path)}")
    if b"\0" in data:
        raise LoadError(f"{said(path)} is binary, not text; remove it or give it its true suffix")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LoadError(
            f"{said(path)} is not UTF-8 (byte {error.start}); convert it: {_conversion('ITS_ENCODING', path)}"
        ) from error


def _conversion(encoding: str, path: Path) -> str:
    new = shlex.quote(f"{path.stem}.utf8{path.suffix}")
    return said(f"iconv -f {encoding} -t UTF-8 {shlex.quote(path.name)} > {new}")


def _read_text(data: bytes, path: Path) -> _Content:
    return _Content(_decode(data, path))


def _read_markdown(data: bytes, path: Path) -> _Content:
    from rag.ingest.front_matter import front_matter, value_of

    decoded = _plain_characters(_decode(data, path))
    try:
        fields, text = front_matter(decoded)
    except LoadError as error:
        raise LoadError(f"{said(path)} has {error} in its front matter; leave plain names and values there") from None
    source = value_of(fields, "source")  # its address, or its publisher
    named = None if source is None or re.search(r"://|^www\.", source) else source
    published = value_of(fields, "published", "date", "pubdate", "publication_date", "date_published")
    return _Content(
        text=without_marks(text),
        title=value_of(fields, "title", "headline"),
        publisher=value_of(fields, "publisher", "publication", "site", "outlet") or named,
        published=parse_date(published) if published else None,
        author=value_of(fields, "author", "authors", "byline"),
    )


def _read_html(data: bytes, path: Path) -> _Content:
    import trafilatura

    html = _decode_html(data, path)
    # A date that htmldate guesses from the running text is not declared by the page.
    dates = {"extensive_search": False, "original_date": True}
    page = trafilatura.bare_extraction(
        html, favor_recall=True, include_comments=False, with_metadata=True, date_extraction_params=dates
    )
    extracted = (getattr(page, "text", None) or "").splitlines()
    shown = _visible_page(html)
    lines = _selected(extracted, shown) if _covers(extracted, shown) else list(shown.blocks)
    if not any(lines):
        raise LoadError(f"{said(path)} shows no text without a browser; save the rendered page or convert it to .txt")
    date = getattr(page, "date", None)
    title, _ = _split_title(_unless(_JUNK_TITLE, getattr(page, "title", None)), shown)
    _, paper = _split_title(shown.window, shown)
    return _Content(
        text="\n".join(lines),
        title=title,
        publisher=getattr(page, "sitename", None) or paper,
        published=parse_date(date) if date else None,
        author=_unless(_JUNK_AUTHOR, getattr(page, "author", None)),
    )


def _unless(junk: re.Pattern[str], value: str | None) -> str | None:
    folded = " ".join((value or "").split())
    return folded if folded and not junk.match(folded) else None


def _split_title(title: str | None, page: _Page) -> tuple[str | None, str | None]:
    """The headline and the paper in a window title such as "Paper: Headline" or "Headline - Paper".

    The headline has to stand on the page as a heading, and the paper's name somewhere on it as well.
    """
    for headline in page.headings if title else ():
        shown = re.escape(headline)
        for pattern in (rf"(.+?){_TITLE_SEPARATOR}{shown}", rf"{shown}{_TITLE_SEPARATOR}(.+)"):
            if found := re.fullmatch(pattern, title or ""):
                name = re.split(_TITLE_SEPARATOR, found[1])[-1]
                return headline, name if masthead(name) == name and name in page.names else None
    return title, None


def _decode_html(data: bytes, path: Path) -> str:
    declared = re.search(rb"""(?i)<meta[^>]{0,100}charset\s*=\s*["']?([\w-]{2,40})""", data[:4096])
    if declared and b"\0" not in data:
        try:
            return data.decode(declared[1].decode("ascii"))
        except (UnicodeError, LookupError):
            pass  # A wrong declaration: what decodes as UTF-8 is UTF-8.
    return _decode(data, path)


@dataclass(frozen=True)
class _Page:
    """What a browser would show of an HTML page, block by block in reading order, white space folded."""

    blocks: tuple[str, ...]
    linked: frozenset[str]  # the blocks that hold a link: menus, share buttons, bylines with a profile
    subheads: frozenset[int]  # by index, those that may be the article's: none that is all link or hidden
    entries: frozenset[int]  # the same of lists and boxes
    hidden: frozenset[int]
    paragraphs: tuple[str, ...]
    title: str | None
    headings: tuple[str, ...]  # the first level's first
    window: str  # the title of the window
    names: str  # where the page may name its publisher: all its text, and what its images are called


def _visible_page(html: str) -> _Page:
    """Read a page's visible text, without its navigation, asides, forms and footers."""
    from lxml import etree  # type: ignore[import-untyped]
    from lxml.html import HTMLParser, document_fromstring  # type: ignore[import-untyped]
    from lxml_html_clean import Cleaner

    try:
        page = document_fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8", huge_tree=True))
        window = " ".join(page.findtext(".//title", "").split())
        names = " ".join([*page.xpath("//body//text()"), *page.xpath("//img/@alt")])
        for box in page.xpath(_OWN_BOXES):
            box.tag = "li"
        page = Cleaner(kill_tags=_NO_CONTENT, page_structure=False, safe_attrs_only=False).clean_html(page)
    except (etree.LxmlError, ValueError, AssertionError):
        return _Page((), frozenset(), frozenset(), frozenset(), frozenset(), (), None, (), "", "")
    marks: dict[Any, str] = {}
    for element in page.iter():
        above = marks.get(element.getparent(), "")
        marks[element] = _mark(element, above)
        element.text, element.tail = _spaced(element.text), _spaced(element.tail)
        if element.tag == "a":
            element.text, element.tail = f"{_LINK}{element.text}", f"{_LINK_END}{element.tail}"
        if element.tag in ("td", "th") and element.getnext() is not None:
            layout = any(
                next(cell.iterdescendants(*_BLOCK_TAGS), None) is not None for cell in (element, element.getnext())
            )
            element.tail = f"\n{above}" if layout else " | "
        if element.tag in _BLOCK_TAGS:
            element.text, element.tail = f"\n{marks[element]}{element.text}", f"\n{above}{element.tail}"
    shown = [" ".join(block.split()) for block in page.text_content().split("\n")]
    marked = [block for block in shown if _unmarked(block)]
    own = [(i, block) for i, block in enumerate(marked) if _OFF not in block and not _ALL_LINK.fullmatch(block)]
    return _Page(
        blocks=tuple(_unmarked(block) for block in marked),
        linked=frozenset(_unmarked(block) for block in marked if _LINK in block),
        subheads=frozenset(i for i, block in own if _SUBHEAD in block),
        entries=frozenset(i for i, block in own if _ENTRY in block),
        hidden=frozenset(i for i, block in enumerate(marked) if _OFF in block),
        paragraphs=tuple(_folded([element.text_content()]) for element in page.iter("p")),
        title=next((_unmarked(element.text_content()) for element in page.iter("h1")), None),
        headings=tuple(_unmarked(element.text_content()) for tag in ("h1", "h2") for element in page.iter(tag)),
        window=window,
        names=names,
    )


def _mark(element: Any, above: str) -> str:
    """What an element makes of its text, within one marked `above`."""
    if above == _OFF or element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return _OFF
    if element.tag in _HEADINGS:
        return _SUBHEAD
    return _ENTRY if element.tag == "li" else above


def _unmarked(block: str) -> str:
    return " ".join(block.translate(_MARKS).split())


def _spaced(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _covers(extracted: Sequence[str], page: _Page) -> bool:
    """Whether the extraction holds at least half of the page's paragraph text.

    Half, because a page may well carry comments or other articles' teasers in its paragraphs, while an
    extraction that lost the article holds next to nothing of them.
    """
    text = _folded(extracted)
    kept = sum(len(paragraph) for paragraph in page.paragraphs if paragraph in text)
    return bool(text) and 2 * kept >= sum(map(len, page.paragraphs))


def _selected(extracted: Sequence[str], page: _Page) -> list[str]:
    """The page's own blocks that the extraction holds, and the header between the headline and the text.

    trafilatura knows best what the article is, but drops or moves its header, and breaks lines at inline
    tags. Where the extraction did not come from visible blocks (but from JSON-LD, say) it is kept as it is.
    """
    text = _folded(extracted)
    held = _held(extracted, page.blocks)
    if not _is_from(page, held, text):
        # A table for layout comes as one long row of all its paragraphs.
        held = [bool(block) and block in text for block in map(_folded, ([block] for block in page.blocks))]
    if not _is_from(page, held, text):
        return list(extracted)
    held = _completed(held, page)
    header = range(0)
    if page.title in page.blocks:
        start = page.blocks.index(page.title)
        nearby = range(start + 1, min(start + _LONGEST_HEADER + 2, len(held)))
        header = range(start, next((i for i in nearby if held[i] and _is_paragraph(page.blocks[i])), start + 1))
    return [
        block
        for i, block in enumerate(page.blocks)
        if held[i] or (i in header and (i == header[0] or block not in page.linked))
    ]


def _is_from(page: _Page, held: Sequence[bool], text: str) -> bool:
    return 10 * sum(len(_folded([block])) for block, kept in zip(page.blocks, held, strict=True) if kept) >= 9 * len(
        text
    )


def _completed(held: Sequence[bool], page: _Page) -> list[bool]:
    """Add the subheads and the entries of lists and boxes between the first and the last extracted paragraph.

    trafilatura drops them where they are short. A subhead above nothing that is kept heads a list of links.
    Hidden text goes unless it is most of the text: then a script shows it.
    """
    sizes = [len(block) * extracted for block, extracted in zip(page.blocks, held, strict=True)]
    shown = 2 * sum(sizes[i] for i in page.hidden) < sum(sizes)
    kept = [extracted and not (shown and i in page.hidden) for i, extracted in enumerate(held)]
    paragraphs = [i for i, block in enumerate(page.blocks) if kept[i] and _is_paragraph(block)]
    for i in reversed(range(paragraphs[0], paragraphs[-1]) if paragraphs else ()):
        kept[i] = kept[i] or i in page.entries or (i in page.subheads and kept[i + 1])
    return kept


def _held(extracted: Sequence[str], blocks: Sequence[str]) -> list[bool]:
    """For each block whether it is a line of the extraction, or several lines in a row."""
    text = _folded(extracted)
    bounds = {0, *accumulate(len(_folded([line])) for line in extracted)}
    held, position = [], 0
    for block in map(_folded, ([block] for block in blocks)):
        # Blocks mostly follow one another, so the place after the last one is tried first.
        at = position if text.startswith(block, position) else text.find(block)
        while at >= 0 and not (at in bounds and at + len(block) in bounds):
            at = text.find(block, at + 1)
        held.append(at >= 0 and bool(block))
        position = at + len(block) if at >= 0 else position
    return held


def _is_paragraph(block: str) -> bool:
    return len(block) > _LONGEST_SUBTITLE or (2 * len(block) > _LONGEST_SUBTITLE and block.endswith(_SENTENCE_ENDS))


def _folded(lines: Iterable[str]) -> str:
    """The bare text: without white space, and without the list and table marks that trafilatura adds."""
    return "".join("".join(line.removeprefix("- ").replace("\\|", "").replace("|", "").split()) for line in lines)


# What browsers print at the edges of a page: date, time and title; address and page number.
_PRINT_MARK = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d{2}(?:\s?[AP]M)?(?: .*)?$|(?:https?|file)://\S+(?:\s+\d+/\d+)?$",
    re.IGNORECASE,
)
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}


_LOST = "cannot be read; save the PDF anew or convert it to .txt"


def _read_pdf(data: bytes, path: Path) -> _Content:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it finds wrong is said in our own line
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise LoadError(f"{said(path)} is encrypted; save it without a password, e.g. qpdf --decrypt")
        pages = [
            _plain_characters(_text_of(page, number, path)).translate(_LIGATURES).splitlines()
            for number, page in enumerate(reader.pages, start=1)
        ]
        tree: Any = reader.root_object["/Pages"]
        declared = tree["/Count"] if "/Count" in tree else len(pages)
        if len(pages) < declared:
            raise LoadError(f"{declared - len(pages)} of {declared} pages of {said(path)} {_LOST}")
        title, author = (
            (str(reader.metadata.title or ""), str(reader.metadata.author or "")) if reader.metadata else ("", "")
        )
    except LoadError:
        raise
    except (
        PyPdfError,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
    ) as error:
        # pypdf lets plain Python errors out of damaged files, and DependencyError for rarer ciphers.
        what = "encrypted" if "crypt" in str(error).lower() else "damaged"
        raise LoadError(f"{said(path)} is {what} or no PDF; save it anew or convert it to .txt") from error
    text = "\n\n".join(_unwrapped(_without_running_heads(pages)))
    return _Content(text=text, title=_unless(_JUNK_TITLE, title), author=_unless(_JUNK_AUTHOR, author))


def _text_of(page: PageObject, number: int, path: Path) -> str:
    """What pypdf reads of a page; where it finds damage, it goes on with less, and says so in its log or not at all."""
    damage = _Damage()
    log = logging.getLogger("pypdf.filters")
    level = log.level
    log.addHandler(damage)
    log.setLevel(logging.WARNING)
    try:
        text = page.extract_text()
    finally:
        log.removeHandler(damage)
        log.setLevel(level)
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
    stripped = [[line.strip() for line in page if line.strip()] for page in pages]
    stripped = [
        [line for i, line in enumerate(page) if 2 <= i < len(page) - 2 or not _PRINT_MARK.match(line)]
        for page in stripped
    ]
    edges = Counter(key for page in stripped for key in {_head_key(line) for line in (*page[:1], *page[-1:])})
    running = {key for key, count in edges.items() if count > 1 and 2 * count >= len(pages)}
    lines: list[str] = []
    for page in stripped:
        last = len(page) - 1
        lines += [line for i, line in enumerate(page) if i not in (0, last) or _head_key(line) not in running]
    return lines


def _head_key(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def _unwrapped(lines: Sequence[str]) -> list[str]:
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
        ends = previous.endswith(_SENTENCE_ENDS)
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


_READERS = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
}
