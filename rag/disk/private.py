"""What nobody but its owner may read on disk: folders of mode 0700 with files of 0600, whatever the umask."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; one that is there stays as it is.

    Raises:
        OSError: it cannot be made, or a file is in its place.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        try:
            missing.mkdir()
        except FileExistsError:
            if not missing.is_dir():
                raise
        else:
            missing.chmod(FOLDER)


def private_file(path: Path) -> None:
    """Make an empty file; one that is there stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, FILE)
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """Take everybody else's rights to a folder of ours and all that is in it.

    Raises:
        OSError: it belongs to somebody else.
    """
    folder.chmod(FOLDER)
    for path in folder.rglob("*"):
        path.chmod(FOLDER if path.is_dir() else FILE)


def locked_folder(prefix: str) -> tuple[Path, int]:
    """A new temporary folder, and an open lock on it that goes with this process."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        # Another process may take it for abandoned before it is locked.
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if folder.exists():
                    return folder, lock
            os.close(lock)


def remove_abandoned(prefix: str) -> None:
    """Remove the temporary folders of processes that were killed: those of ours that nobody has locked."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):  # somebody else's, or gone already
            if folder.lstat().st_uid == os.geteuid():
                lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(lock)


def remove_locked(folder: Path, lock: int) -> None:
    """Remove a folder of `locked_folder` and let go of its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
