"""Regular files, opened without waiting for anything, and whatever stands in the place of a file or folder of ours."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """A regular file for reading; a pipe, which may keep its reader waiting for ever, or a device is not opened.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    _require_regular(path.stat())  # ahead of opening, by which a device may do something
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_regular(os.fstat(descriptor))  # it may be another one by now
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def remove(path: Path) -> None:
    """Remove what has the name of something of ours: a folder, or whatever was put in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
