"""Which files hold articles, and their bytes."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.disk.files import open_regular
from rag.errors import LoadError
from rag.ingest.load.formats import SUPPORTED, is_supported
from rag.text.characters import plain, said

LONGEST_FILE = 50_000_000  # bytes


class VanishedError(LoadError):
    """A file is no longer there; nobody has to mend it."""


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
        if not is_supported(root.name):
            raise LoadError(f"{said(root)} has a suffix that is not supported; use one of {SUPPORTED}")
        if not stat.S_ISREG(mode):
            raise LoadError(f"{said(root)} is no regular file; name a file that holds an article")
        return [root]
    known = len(left_out or ())
    files = list(_walk(root, left_out))
    if not files and len(left_out or ()) == known:
        raise LoadError(f"{said(root)} holds no article; put files there that end in {SUPPORTED}")
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
                if not name.startswith(".") and is_supported(name) and file.is_file():
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
