"""Articles that are added in the chat or from the web: copies of their files, in a folder beside the index."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from rag.disk.files import remove
from rag.disk.private import FILE, private_file, private_folder
from rag.disk.storage import storage_explained
from rag.errors import LoadError, StoreError
from rag.index.catalog import Catalog
from rag.index.publish import writing
from rag.index.store import CATALOG, damage_explained, has_index
from rag.settings import Settings

UPLOADED = "added"  # begins the sources, and ends the folder's name, of articles that were added
STAGED = ".new"  # folder among them of those that are not in the index yet


def uploads(folder: Path) -> Path:
    """The folder of the articles that were added in the chat; it lies beside the index, and need not exist."""
    folder = folder.absolute()  # "." has no name
    return folder.with_name(f"{folder.name}-{UPLOADED}")


@contextmanager
def staged(files: Mapping[str, Path], settings: Settings) -> Iterator[None]:
    """Take copies of files among the uploads, out of sight until the index has their articles.

    Raises:
        LoadError: they and what was added before are more than the settings allow.
        StoreError: they cannot be copied.
    """
    folder = uploads(settings.index)
    _settle(settings.index)  # what a run left behind that was killed
    try:
        if files:
            _check_size(folder, files.values(), settings.max_added_mb)
        for name, path in files.items():
            with keeping(name, folder):
                private_folder(folder / STAGED)
                copy = folder / STAGED / name
                private_file(copy)
                shutil.copyfile(path, copy, follow_symlinks=False)
                copy.chmod(path.lstat().st_mode & FILE)
        yield
    finally:
        _settle(settings.index)


def _check_size(folder: Path, files: Iterable[Path], most: int) -> None:
    there = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    size = sum(path.stat().st_size for path in (*there, *files)) / 1e6
    if size > most:
        raise LoadError(
            f"the files that were added here would have {size:,.1f} MB, more than {most:,}; "
            "remove some of them first, or raise RAG_MAX_ADDED_MB"
        )


def keeping(name: str, folder: Path) -> AbstractContextManager[None]:
    """Explain why a file cannot be kept among the uploads."""
    what = f"cannot keep {name} in {folder}"
    return storage_explained(what, "see that there is space and permission", denied="see that there is permission")


def settle(folder: Path) -> None:
    """Clear up what a killed run left among the uploads of the index in a folder, unless another one is under way.

    Raises:
        StoreError: the folder is not ours, or cannot be written.
    """
    with writing(folder):
        _settle(folder)


def _settle(index: Path) -> None:
    """Put the copies that a run took into their place if the index has their articles, and delete the others."""
    folder = uploads(index)
    copies = list((folder / STAGED).iterdir()) if (folder / STAGED).is_dir() else []
    if not copies:
        return
    digests: dict[str, str] = {}
    if has_index(index):
        try:
            with damage_explained(index), closing(Catalog(index / CATALOG)) as catalog:
                digests = catalog.digests()
        except StoreError:
            return  # the run that builds it anew will know
    for copy in copies:
        if digests.get(f"{UPLOADED}/{copy.name}") == hashlib.sha256(copy.read_bytes()).hexdigest():
            copy.rename(folder / copy.name)
        else:
            remove(copy)
    (folder / STAGED).rmdir()
