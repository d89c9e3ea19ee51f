"""How the bytes of a format of text are decoded: as a browser does, and what is guessed or lost is said.

webencodings knows the labels of the WHATWG Encoding Standard (https://encoding.spec.whatwg.org), by which iso-8859-1
is Windows-1252 and gb2312 is GB18030. chardet guesses where no label helps: of the libraries that do, it was right most
often on a few lines of news (docs/architecture.md).
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from pathlib import Path

from rag.errors import LoadError
from rag.text.characters import said

# Of UTF-32 first, whose mark begins with one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's codecs by the standard's names, where those of webencodings know less. A label in UTF-16 could not be read.
_CODECS = {"gbk": "gb18030", "utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "cp1252"}
# Among which is guessed: UTF-16 and UTF-32 without a mark, and those of the web that are in use.
_IN_USE = (
    "utf-16-le utf-16-be utf-32-le utf-32-be gb18030 big5hkscs cp932 euc-jp cp949 koi8-r koi8-u cp866 cp874 mac-roman "
    "mac-cyrillic windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 "
    "windows-1257 windows-1258 iso-8859-2 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-15"
)
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")  # what it shifts with stands in no other text
_BAD = "\ufffd"  # stands for what cannot be read
_NO_TEXT = re.compile(f"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f{_BAD}]")


def decoded(data: bytes, path: Path, label: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and a line for what was guessed and for what was lost; `label` is the encoding it names.

    In this order: what a mark at its head says; UTF-8, whatever the label; the label; UTF-8 or the label with few
    losses; a guess. What cannot be read becomes U+FFFD.

    Raises:
        LoadError: it is no text; with the remedy.
    """
    if marked := next((codec for mark, codec in _MARKS if data.startswith(mark)), None):
        return _read(data, marked)
    if _ISO_2022_JP.search(data):
        return _read(data, "iso2022_jp_ext")
    if b"\0" in data and not _is_text(data, "utf-8") and (guess := _guess(data, path)).startswith("utf-"):
        return _read(data, guess, guess)
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8"), ()
    named = _codec(label)
    if named and _BAD not in (text := _text(data, named)):
        return text, ()
    # So many characters beyond ASCII must be read for one that is lost: fewer of UTF-8, which nothing is by chance.
    for codec, least in (("utf-8", 2), (named, 10)):
        text = _text(data, codec) if codec else _BAD
        if least * text.count(_BAD) <= len(text) - len(text.encode("ascii", "ignore")):
            return _read(data, str(codec))
    guess = _guess(data, path)
    return _read(data, guess, guess)


def _read(data: bytes, codec: str, guessed: str = "") -> tuple[str, tuple[str, ...]]:
    text = _text(data, codec)
    notes = []
    if guessed:
        notes.append(f"read as {guessed}, a guess: it names no encoding that fits; if that is wrong, save it as UTF-8")
    if lost := text.count(_BAD):
        what = "1 character is" if lost == 1 else f"{lost:,} characters are"
        notes.append(f"{what} no {guessed or codec} and became “{_BAD}”; if they matter, mend the file")
    return text, tuple(notes)


def _text(data: bytes, codec: str) -> str:
    # Where a codec has all that browsers know, Python's own replacing is a hundred times as fast.
    lacking = codecs.lookup(codec).name in ("gb18030", "euc_jp")
    return data.decode(codec, "browser" if lacking else "replace")


def _is_text(data: bytes, codec: str) -> bool:
    """Whether few characters are losses or control characters; of UTF-16 read as another every second may be one."""
    text = _text(data, codec)
    return 20 * len(_NO_TEXT.findall(text)) <= len(text)


def _codec(label: str | None) -> str | None:
    """Python's codec for a label; None for one that browsers do not know, or no longer read."""
    import webencodings

    found = webencodings.lookup(label) if label else None
    if found is None or found.name == "replacement":
        return None
    return _CODECS.get(found.name) or str(found.codec_info.name)


def _guess(data: bytes, path: Path) -> str:
    """The encoding that the bytes look like.

    Raises:
        LoadError: they look like no text.
    """
    import chardet

    found = chardet.detect(data, max_bytes=len(data), prefer_superset=False, include_encodings=_IN_USE.split())
    if found["encoding"] is None or not _is_text(data, found["encoding"]):
        raise LoadError(f"{said(path)} is binary, not text; remove it or give it its true suffix")
    return found["encoding"]


def _as_browsers(error: UnicodeError) -> tuple[str, int]:
    """What browsers read where Python's codecs stop: the euro of GBK, and in EUC-JP the characters of NEC and IBM."""
    assert isinstance(error, UnicodeDecodeError)
    lead, trail = (*error.object[error.start : error.start + 2], 0, 0)[:2]
    if error.encoding == "gb18030" and lead == 0x80:
        return "€", error.start + 1
    if error.encoding == "euc_jp" and lead > 0xA0 and trail > 0xA0:
        row, cell = lead - 0xA0, trail - 0xA0  # of which Shift_JIS has two in a row
        first = (row + 1) // 2 + (0x80 if row <= 62 else 0xC0)
        second = cell + (0x9E if row % 2 == 0 else 0x3F if cell <= 63 else 0x40)
        return bytes((first, second)).decode("cp932", "replace"), error.start + 2
    return _BAD, error.end


codecs.register_error("browser", _as_browsers)
