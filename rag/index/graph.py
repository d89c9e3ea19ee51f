"""A sealed folder of Chroma's: the bulk of the vectors in a local index.

Chroma changes its files where they are while it writes, and some while it reads, and a process that is killed then
leaves what it cannot open. So a folder is written once and then sealed: its name tells what is in it, and nothing in it
changes again.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.disk.files import open_regular, remove
from rag.disk.private import FILE, locked_folder, make_private, private_folder, remove_abandoned, remove_locked
from rag.disk.storage import room_for_reading, storage_explained
from rag.index.catalog import checksum
from rag.index.chroma import BATCH, Rows, parts
from rag.index.flat import Flat, gathered, sync

COLLECTION = "chunks"
DATABASE = "chroma.sqlite3"
VIEW = "rag-vectors-"  # begins the names of readers' temporary folders
# Chroma writes the graph's files anew after so many vectors; what it has not written by the end, each reader would take
# into its graph again. So it writes after every call, and gets long ones.
_CONFIGURATION = {"hnsw": {"space": "cosine", "sync_threshold": 2}}
_CALLS = 20  # for all vectors, if each is then not more than four batches long
_PERSISTED = "index_metadata.pickle"  # where it is missing, Chroma writes the other HNSW files anew
_SEALED = re.compile(r"vectors-[0-9a-f]{8}")
_CLIENTS = itertools.count()


def write_graph(work: Path, batches: Iterable[Flat], needed: set[str], base: Path | None = None) -> Path:
    """Write a sealed folder of these vectors, and of those of another that are needed; returns where it is.

    Raises:
        OSError and what Chroma throws: it cannot be written.
    """
    remove(work)
    private_folder(work)
    for path in sorted(base.rglob("*")) if base else ():
        copy = work / path.relative_to(base or path)
        copy.mkdir() if path.is_dir() else shutil.copyfile(path, copy)
    client = _client(work)
    try:
        # embedding_function=None: Chroma's default one would download a model.
        rows = Rows(client.get_or_create_collection(COLLECTION, embedding_function=None, configuration=_CONFIGURATION))
        for batch in gathered(batches, min(max(BATCH, len(needed) // _CALLS), 4 * BATCH)):
            rows.add(batch)
        if base:
            rows.delete(sorted(rows.ids() - needed))
    finally:
        with suppress(Exception):  # of what has failed already
            client.close()
    make_private(work)
    for path in work.rglob("*"):
        sync(path)
    sealed = work.with_name(_name(work))
    remove(sealed)  # one in four thousand million, and then not in use: its catalog would name it
    return work.rename(sealed)


def is_sealed(place: Path, name: str) -> bool:
    """Whether a name is one of `seal`, and the folder of that name in `place` holds to the byte what it held then.

    Chroma itself ends the process on some damaged files, and finds less in others without a word.

    Raises:
        OSError: a file in it cannot be read.
    """
    folder = place / name
    try:
        return bool(_SEALED.fullmatch(name)) and folder.is_dir() and name == _name(folder)
    except OSError as error:
        if error.errno == errno.EINVAL:  # of `open_regular`: something has taken the place of a file
            return False
        raise


def _name(folder: Path) -> str:
    """The name of what is in a folder, by a checksum over the names and bytes of all its files."""

    def fail(error: OSError) -> None:
        raise error

    value = 0
    for path in sorted(Path(place, name) for place, _, names in os.walk(folder, onerror=fail) for name in names):
        value = zlib.crc32(os.fsencode(path.relative_to(folder)), value)
        if path.is_symlink():  # none of ours, and it may lead to what never ends
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        with open_regular(path) as file:
            value = checksum(file, value)
    return f"vectors-{value:08x}"


def _client(folder: Path) -> Any:
    """Any: ClientAPI, the declared type, lacks the close() that the client has."""
    import chromadb
    from chromadb.config import Settings

    # Clients of one path share what they have read, and also that it was damaged, so a folder that is written in the
    # place of a damaged one would be refused: each gets a spelling of the path of its own.
    path = f"{folder}{'/.' * (next(_CLIENTS) % 500)}"
    return chromadb.PersistentClient(path=path, settings=Settings(anonymized_telemetry=False))


class Graph(Rows):
    """A sealed folder, for reading: it is left as it is, also where it cannot be written, and may be deleted meanwhile.

    Several states of an index may share one: it closes when the last of them has closed it.

    Raises:
        StoreError: there is no room for what reading needs in the temporary folder.
        OSError: it cannot be read.
        chromadb.errors.ChromaError, or whatever Chroma throws, where the folder is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._users, self._lock = 1, threading.Lock()
        self._view = _View(folder)
        self._client = None
        try:
            self._client = _client(self._view.folder)
            super().__init__(self._client.get_collection(COLLECTION, embedding_function=None))
            # A vector comes from the HNSW files, so they are in memory now, whatever becomes of the folder.
            self._collection.get(limit=1, include=["embeddings"])
        except BaseException:
            self.close()
            raise

    def shared(self) -> Graph:
        """The same, to be closed once more."""
        with self._lock:
            self._users += 1
        return self

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
        if self._client:
            with suppress(Exception):  # a damaged folder may not close; it is not used again
                self._client.close()
        self._view.close()

    def batches(self, needed: set[str]) -> Iterator[Flat]:
        """All vectors that are needed, with what filters know of them."""
        for some in parts(sorted(self.ids() & needed)):
            yield self.read(some)


class _View:
    """A temporary folder in which Chroma reads vectors, without a trace where they are.

    Chroma opens all files for writing, and does write into its database when it is opened, so it gets a copy of that.
    What it has persisted of the HNSW graph, the larger part, it reads into memory: links will do, also to files that it
    may not write. Without `_PERSISTED` it would write the others anew, so it then gets none.
    """

    def __init__(self, folder: Path) -> None:
        with storage_explained("asking needs a temporary folder", room_for_reading(), denied=room_for_reading()):
            remove_abandoned(VIEW)
            self.folder, lock = locked_folder(VIEW)
        self.close = weakref.finalize(
            self, remove_locked, self.folder, lock
        )  # also when the program ends without closing
        try:
            shutil.copyfile(folder / DATABASE, self.folder / DATABASE)
            (self.folder / DATABASE).chmod(FILE)
            for segment in (path for path in folder.iterdir() if path.is_dir()):
                (self.folder / segment.name).mkdir()
                if (segment / _PERSISTED).exists():
                    for path in segment.iterdir():
                        (self.folder / segment.name / path.name).symlink_to(path.absolute())
        except BaseException:
            self.close()
            raise
