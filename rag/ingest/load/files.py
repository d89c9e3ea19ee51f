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

_MOST_TRIES = 3
LONGEST_FILE = 50_000_000  # bytes


class VanishedError(LoadError):
    """A file is no longer there; nobody has to mend it."""


def find_files(
    paths: Sequence[Path], left_out: list[str] | None = None, passed_by: list[str] | None = None
) -> list[tuple[Path, str]]:
    """List the article files under `paths` as (file, source) pairs, sorted by source.

    A source is a POSIX path relative to the indexed folder: to the folder itself when one is given, to
    the common parent when several paths are; a single file's source is its name. Hidden entries and other
    suffixes are skipped in folders. Folders within them that cannot be read are named
    in `left_out`, a line each, if it is given; in `passed_by` links to folders, which are not followed, and what has
    the name of an article and is no regular file. Raises LoadError for a path that does
    not exist or cannot be read, a file named outright whose suffix is not supported, and a folder without
    any supported file.
    """
    if not paths:
        raise LoadError("No path was given; name a folder or a file to index")
    roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  # resolve() would follow links
    base = Path(os.path.commonpath([_folder_of(root) for root in roots]))
    passed: list[str] = []
    found = {file: _source(file, base) for root in roots for file in _files_under(root, left_out, passed)}
    if not found:
        for line in (*(left_out or ()), *passed):
            raise LoadError(line)
    if passed_by is not None:
        passed_by += dict.fromkeys(passed)
    return sorted(found.items(), key=lambda pair: pair[1])


def _folder_of(root: Path) -> Path:
    return root if root.is_dir() else root.parent


def _source(file: Path, base: Path) -> str:
    # A name that is not UTF-8 reaches Python as surrogates, which neither JSON nor SQLite can store.
    return plain(os.fsencode(file.relative_to(base).as_posix()).decode("utf-8", "replace"))


def _files_under(root: Path, left_out: list[str] | None, passed: list[str]) -> list[Path]:
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
    known = len(left_out or ()) + len(passed)
    files = list(_walk(root, left_out, passed))
    if not files and len(left_out or ()) + len(passed) == known:
        raise LoadError(f"{said(root)} holds no article; put files there that end in {SUPPORTED}")
    return files


def _walk(root: Path, left_out: list[str] | None, passed: list[str]) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        if isinstance(error, FileNotFoundError):
            return  # it has vanished, and with it what is asked for
        helps = "grant access or leave it out" if error.errno == errno.EACCES else "move or remove it"
        line = f"{said(error.filename)} cannot be read: {error.strerror}; {helps}"
        if left_out is None:
            raise LoadError(f"{line}; or index without --strict") from error
        left_out.append(line)

    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        # Not Path.is_symlink, which raises where a name is too long or the folder only lets its names be listed.
        links = [link for name in folders if os.path.islink(link := Path(folder, name))]  # noqa: PTH114
        passed += map(_unfollowed, links)
        for name in names:
            file = Path(folder, name)
            try:
                if name.startswith(".") or not is_supported(name):
                    continue
                if file.is_file():
                    yield file
                elif os.path.lexists(file):
                    passed.append(_no_file(file))
            except OSError as error:  # the folder lets its names be listed, and no more; or they are too long
                fail(OSError(error.errno, error.strerror, folder))
                folders.clear()
                break


def _unfollowed(link: Path) -> str:
    """Why a link to a folder is not followed."""
    try:
        around = link.parent.resolve().is_relative_to(link.resolve(strict=True))
    except (OSError, RuntimeError):  # a link to itself; or it has vanished
        around = True
    if around:
        return f"{said(link)} is a link to a folder that it lies in and was not followed; remove it"
    return f"{said(link)} is a link to a folder and was not followed; name that folder too, or move it here"


def _no_file(path: Path) -> str:
    """What stands in place of an article."""
    if path.is_symlink() and not path.exists():
        return f"{said(path)} is a link that leads nowhere; mend or remove it"
    return f"{said(path)} is a pipe, a socket or a device and was not opened; remove it"


def read_file(path: Path, longest: int = LONGEST_FILE) -> bytes:
    """The bytes of a regular file, at most so many; never waits for a pipe or device.

    Raises:
        VanishedError: there is none any more.
        LoadError: it cannot be read, is no regular file, is longer, or is written all the while.
    """
    try:
        for _ in range(_MOST_TRIES):
            with open_regular(path) as file:
                before = os.fstat(file.fileno())
                data = file.read(longest + 1) or b""  # files of /proc may have nothing yet
                after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                break
        else:
            raise LoadError(f"{said(path)} changes while it is read; index again when it is finished")
    except FileNotFoundError as error:
        raise VanishedError(f"{said(path)} has vanished; index again") from error
    except PermissionError as error:
        raise LoadError(f"{said(path)} cannot be read: permission denied; grant access, e.g. chmod a+r") from error
    except OSError as error:
        raise LoadError(f"{said(path)} cannot be read: {error.strerror}; check the file") from error
    if len(data) > longest:
        raise LoadError(f"{said(path)} has more than {longest / 1_000_000:,g} MB; split it, or raise RAG_MAX_FILE_MB")
    return data
