"""What goes wrong on a disk, in one line with what helps against its cause."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LITTLE = 100_000_000  # bytes; a disk with more is not what was full
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_TOO_MANY = {errno.EMFILE, errno.ENFILE}
# What SQLite means by its codes; where it cannot open a file that others could, too many are open.
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EMFILE,
}
_CODE = re.compile(r"\(code: (\d+)\)")  # of SQLite, in an error of Chroma
_ERRNO = re.compile(r"\bOs \{ code: (\d+)")  # of the system, in one of Chroma's Rust core
DENIED = "give this user the right to it, or choose another folder with --index"
TOO_MANY = "let the program open more files, e.g. with `ulimit -n 4096`"


@contextmanager
def storage_explained(what: str, remedy: str, *, full: str = "", denied: str = DENIED) -> Iterator[None]:
    """Turn errors of the file system, SQLite and Chroma into a StoreError: what (reason); what helps.

    Args:
        remedy: helps where the cause is none of these, as damage.
        full: helps where no space is left; by default `remedy`.
        denied: helps where it may not be read or written.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, (sqlite3.Error, OSError)) and not _is_from_chroma(error):
            raise
        cause = _cause(error)
        if cause in _FULL:
            remedy = full or remedy
        elif cause in _DENIED:
            remedy = denied
        elif cause in _TOO_MANY:
            remedy = TOO_MANY
        reason = " ".join(str(error).split())[:200]
        raise StoreError(f"{what} ({reason}); {remedy}") from error


def _is_from_chroma(error: BaseException) -> bool:
    """Whether Chroma threw it; its Rust core throws a PanicException, which is no Exception, on some damaged files."""
    return type(error).__module__.startswith(("chromadb", "pyo3_runtime"))


def room_for_reading() -> str:
    """What helps where asking, which writes nothing into the index, finds no space."""
    try:
        place = tempfile.gettempdir()
    except OSError:
        place = "a temporary folder"
    return f"make room in {place}, or name another folder with TMPDIR"


@contextmanager
def temporary_explained(folder: Path) -> Iterator[None]:
    """Say where no space is left if it is not the disk of `folder`, which is written, but that of temporary files.

    Raises:
        StoreError: with what helps.
    """
    try:
        yield
    except BaseException as error:
        place = _temporary()
        if _cause(error) not in _FULL or not place or not folder.exists():
            raise
        free = shutil.disk_usage(place).free
        if free >= min(_LITTLE, shutil.disk_usage(folder).free):
            raise
        reason = " ".join(str(error).split())[:200]
        raise StoreError(
            f"indexing needs temporary files ({reason}); make room in {place}, or name another folder with TMPDIR"
        ) from error


def _temporary() -> str | None:
    """Where SQLite puts its temporary files, full or not; Python would take the next place for a full one."""
    places = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp")
    return next((place for place in places if place and os.access(place, os.W_OK | os.X_OK)), None)


def _cause(error: BaseException) -> int | None:
    """The error number of the system that stands behind an error, as far as it is known."""
    if isinstance(error, OSError):
        return error.errno
    if isinstance(error, sqlite3.Error):
        return _OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if found := _ERRNO.search(str(error)):
        return int(found[1])
    code = _CODE.search(str(error))
    return _OF_SQLITE.get(int(code[1]) & 0xFF) if code else None
