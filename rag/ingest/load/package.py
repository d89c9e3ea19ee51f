"""Files that are a zip archive with XML in it: unpacked within limits, and parsed without entities and network."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import given_author, given_title
from rag.text.characters import said

_OLE = b"\xd0\xcf\x11\xe0"  # what Office writes documents with a password into, and wrote others until 2007
MOST_ENTRIES = 100_000
_LONGEST = 100_000_000  # bytes of an entry, unpacked
_ALTOGETHER = 1_000_000_000
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@lru_cache(maxsize=1)  # a file is asked for several formats in a row
def names_in(data: bytes) -> frozenset[str]:
    """The names in a zip archive; none where it is none."""
    if not data.startswith(b"PK"):
        return frozenset()
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except _BROKEN:
        return frozenset()


def opened(data: bytes, path: Path) -> zipfile.ZipFile:
    """A zip archive whose entries can be unpacked.

    Raises:
        LoadError: it is damaged, or has too many of them.
    """
    if data.startswith(_OLE):
        raise LoadError(
            f"{said(path)} has a password or is of an old program; save it without one, as DOCX, PPTX or ODT"
        )
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except _BROKEN as error:
        raise LoadError(f"{said(path)} is damaged ({error}); get it anew") from None
    if len(archive.infolist()) > MOST_ENTRIES:
        raise LoadError(f"{said(path)} has more than {MOST_ENTRIES:,} files; unpack it and index the folder")
    return archive


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, longest: int = _LONGEST) -> bytes:
    """The bytes of an entry; `path` is its name for errors.

    Raises:
        LoadError: it is encrypted, damaged, or longer.
    """
    if entry.flag_bits & 1:
        raise LoadError(f"{said(path)} is encrypted; unpack it with its password and index the folder")
    try:
        with archive.open(entry) as file:
            data = file.read(longest + 1)
    except _BROKEN as error:
        raise LoadError(f"{said(path)} cannot be unpacked ({' '.join(str(error).split())}); get it anew") from None
    if len(data) > longest:
        raise LoadError(f"{said(path)} has more than {longest / 1e6:,g} MB; split it, or raise RAG_MAX_FILE_MB")
    return data


class Package:
    """A document that is a zip archive.

    Raises:
        LoadError: it is damaged or encrypted, or unpacks to more than any document needs.
    """

    def __init__(self, data: bytes, path: Path) -> None:
        self._path = path
        self._archive = opened(data, path)
        entries = self._archive.infolist()
        if sum(entry.file_size for entry in entries) > _ALTOGETHER:
            raise LoadError(f"{said(path)} unpacks to more than {_ALTOGETHER / 1e6:,g} MB; convert it to .txt")
        if any(entry.flag_bits & 1 for entry in entries):
            raise LoadError(f"{said(path)} is encrypted; save it without a password")

    def read(self, name: str) -> bytes | None:
        """An entry; None where there is none.

        Raises:
            LoadError: it cannot be unpacked.
        """
        try:
            entry = self._archive.getinfo(name)
        except KeyError:
            return None
        return unpacked(self._archive, entry, self._path)

    def xml(self, name: str) -> Any:
        """The root of an entry, as lxml has it; None where there is none.

        Raises:
            LoadError: it cannot be unpacked, is no XML, or declares entities, by which few characters stand for many.
        """
        from lxml import etree  # type: ignore[import-untyped]

        data = self.read(name)
        if data is None:
            return None
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(data, parser)
        except (etree.LxmlError, ValueError) as error:
            raise LoadError(f"{said(self._path)} is damaged ({name}: {error}); save it anew") from None
        declared = root.getroottree().docinfo.internalDTD
        if declared is not None and any(declared.iterentities()):
            raise LoadError(f"{said(self._path)} declares entities, which no program writes there; save it anew")
        return root

    def names(self) -> Sequence[str]:
        """The names of its entries."""
        return self._archive.namelist()


def described(package: Package) -> tuple[str | None, str | None]:
    """Title and author of an office document."""
    found: dict[str, str] = {}
    for name in ("docProps/core.xml", "meta.xml"):
        root = package.xml(name)
        for element in root.iter("{*}title", "{*}initial-creator", "{*}creator") if root is not None else ():
            found.setdefault(element.tag.rpartition("}")[2], element.text or "")
    return given_title(found.get("title")), given_author(found.get("initial-creator") or found.get("creator"))
