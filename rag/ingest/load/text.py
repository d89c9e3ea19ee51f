"""Plain text, which is UTF-8; also how the bytes of other formats of text are decoded."""

from __future__ import annotations

import shlex
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format
from rag.text.characters import said

# How files in other encodings begin; of UTF-32 first, whose mark begins with one of UTF-16.
_MARKED = {"UTF-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff"), "UTF-16": (b"\xff\xfe", b"\xfe\xff")}


def read(data: bytes, path: Path) -> Content:
    return Content(decoded(data, path))


FORMAT = Format("text", (".txt",), read)


def decoded(data: bytes, path: Path) -> str:
    """UTF-8 as text; an encoding that is guessed would be wrong now and then, and nobody would be told.

    Raises:
        LoadError: it is none; with the command that converts it.
    """
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
