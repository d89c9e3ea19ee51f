"""Vectors in a local Chroma folder.

The `chromadb` client is used as it is: `langchain_chroma` upserts in one call without batching, makes
random ids and hides which distance it returns, so wrapping it would cost more than it saves.

A folder is written once and then sealed: its name tells what is in it, and nothing in it changes again.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import stat
import weakref
import zlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rag.disk.files import open_regular, remove
from rag.disk.private import FILE, locked_folder, make_private, private_folder, remove_abandoned, remove_locked
from rag.disk.storage import is_damage, room_for_reading, storage_explained
from rag.index.catalog import checksum
from rag.models.encoders import Vectors
from rag.types import Article, Chunk, Filters

COLLECTION = "chunks"
DATABASE = "chroma.sqlite3"
VIEW = "rag-vectors-"  # begins the names of readers' temporary folders
_PERSISTED = "index_metadata.pickle"  # where it is missing, Chroma writes the other HNSW files anew
_SEALED = re.compile(r"vectors-[0-9a-f]{8}")
_CLIENTS = itertools.count()
_BATCH = 1000  # ids a call; SQLite below Chroma has a limit on variables


def work_on(work: Path, published: Path | None) -> VectorStore:
    """Vectors to be written: those of an interrupted run as it left them, unless damaged; else a copy of the published.

    Raises:
        OSError: the folder cannot be written.
    """
    kinds = {stat.S_IFMT(path.lstat().st_mode) for path in work.rglob("*")} if work.is_dir() else set()
    if work.is_dir() and kinds <= {stat.S_IFREG, stat.S_IFDIR}:  # Chroma would wait at a pipe for ever
        try:
            return VectorFolder(work, create=True)
        except BaseException as error:
            if not is_damage(error):
                raise
    remove(work)
    part = work.with_suffix(".part")  # half a copy is not to be taken for an interrupted run
    remove(part)
    private_folder(part)
    try:
        for path in sorted(published.rglob("*")) if published else ():
            copy = part / path.relative_to(published or path)
            copy.mkdir() if path.is_dir() else shutil.copyfile(path, copy)
    except BaseException:
        remove(part)
        raise
    return VectorFolder(part.rename(work), create=True)


def seal(folder: Path) -> Path:
    """Give a written folder, closed before, the name of its content; returns where it is now.

    Raises:
        OSError: it cannot be renamed.
    """
    make_private(folder)
    sealed = folder.with_name(_name(folder))
    if sealed.exists():  # one in four thousand million, and then not in use: its catalog would name it
        shutil.rmtree(sealed)
    return folder.rename(sealed)


def read_sealed(folder: Path) -> VectorStore:
    """The vectors of a sealed folder, for reading.

    Raises:
        StoreError, OSError and what Chroma throws, as `VectorFolder` does.
    """
    return VectorFolder(folder)


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


class VectorStore(Protocol):
    """Where the chunks' vectors are: all that indexing and asking want of an engine. Similarity is cosine."""

    def close(self) -> None:
        """Let go of what is open; nothing may be asked afterwards."""

    def add(self, chunks: Sequence[Chunk], vectors: Vectors, articles: Sequence[Article]) -> None:
        """Add or replace one batch of vectors, shape (len(chunks), dimensions), with its articles' filters."""

    def missing(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that have no vector yet."""

    def sweep(self, keep: set[str]) -> int:
        """Delete every vector whose id is not in `keep`; returns how many."""

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Chunk ids and their similarity to the vector, best first."""

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Similarity of those chunks to the unit vector; ids without a vector are left out."""


class VectorFolder(VectorStore):
    """The chunks' vectors in a Chroma folder.

    With `create` a folder that is being written. Else a sealed one: it is read and left as it is, also where it cannot
    be written, and may be deleted meanwhile.

    Raises:
        StoreError: there is no room for what reading needs in the temporary folder.
        OSError: it cannot be read.
        chromadb.errors.ChromaError, or whatever Chroma throws, where the folder is damaged.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        import chromadb
        from chromadb.config import Settings

        self._view = None if create else _View(folder)
        try:
            # Clients of one path share what they have read, and also that it was damaged, so a folder that is written
            # in the place of a damaged one would be refused: each gets a spelling of the path of its own.
            path = f"{self._view.folder if self._view else folder}{'/.' * (next(_CLIENTS) % 500)}"
            # Any: ClientAPI, the declared type, lacks the close() that the client has.
            self._client: Any = chromadb.PersistentClient(path=path, settings=Settings(anonymized_telemetry=False))
            # embedding_function=None: Chroma's default one would download a model.
            if create:
                self._collection = self._client.get_or_create_collection(
                    COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                )
            else:
                self._collection = self._client.get_collection(COLLECTION, embedding_function=None)
            # A vector comes from the HNSW files, so they are in memory now, whatever becomes of the folder.
            self._collection.get(limit=1, include=["embeddings"])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the folder."""
        if client := getattr(self, "_client", None):
            with suppress(Exception):  # a damaged folder may not close; it is not used again
                client.close()
        if self._view:
            self._view.close()

    def count(self) -> int:
        """Number of vectors."""
        return self._collection.count()

    def add(self, chunks: Sequence[Chunk], vectors: Vectors, articles: Sequence[Article]) -> None:
        """Add or replace one batch of vectors, shape (len(chunks), dimensions), each with its article's filters."""
        known: list[Any] = [_metadata(article) for article in articles]
        self._collection.upsert(ids=[chunk.id for chunk in chunks], embeddings=vectors, metadatas=known)

    def missing(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that have no vector yet."""
        found: set[str] = set()
        for first in range(0, len(ids), _BATCH):
            found.update(self._collection.get(ids=list(ids[first : first + _BATCH]), include=[])["ids"])
        return set(ids) - found

    def sweep(self, keep: set[str]) -> int:
        """Delete every vector whose id is not in `keep`; returns how many."""
        orphans = [vector_id for vector_id in self._collection.get(include=[])["ids"] if vector_id not in keep]
        for first in range(0, len(orphans), _BATCH):
            self._collection.delete(ids=orphans[first : first + _BATCH])
        return len(orphans)

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Chunk ids and their cosine similarity to the vector, best first."""
        found = self._collection.query(
            query_embeddings=vector.reshape(1, -1), n_results=limit, where=_where(filters), include=["distances"]
        )
        similarities = (1 - distance for distance in (found["distances"] or [[]])[0])
        return dict(zip(found["ids"][0], similarities, strict=True))

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Cosine similarity of those chunks to the unit vector; ids without a vector are left out."""
        found = self._collection.get(ids=list(ids), include=["embeddings"])
        embeddings = np.asarray(found["embeddings"], dtype=np.float32).reshape(-1, vector.size)
        return dict(zip(found["ids"], (embeddings @ vector.ravel()).tolist(), strict=True))


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


def _metadata(article: Article) -> dict[str, str | int]:
    """What a filter needs to know of a chunk. Chroma compares numbers only: 2024-06-28 becomes 20240628."""
    days = {"published": article.published, "latest": article.published or article.no_later_than}
    return {"publisher": article.publisher or "", **{key: _number(day) for key, day in days.items() if day}}


def _number(day: date) -> int:
    return int(day.strftime("%Y%m%d"))


def _where(filters: Filters) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = []
    if filters.publishers is not None:
        clauses.append({"publisher": {"$in": sorted(filters.publishers) or ["-"]}})
    if filters.date_from is not None:
        clauses.append({"published": {"$gte": _number(filters.date_from)}})
    if filters.date_to is not None:
        clauses.append({"latest": {"$lte": _number(filters.date_to)}})
    if len(clauses) > 1:  # Chroma takes one top-level operator
        return {"$and": clauses}
    return clauses[0] if clauses else None
