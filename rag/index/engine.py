"""Vectors in an engine of their own, a server that several processes may share; the catalog stays in the index folder.

An index has one collection there, under a name that nobody else has. Readers of every state read that one: an id that
their catalog does not name is in no answer. So what a state no longer needs stays for `GRACE` seconds, longer than a
question takes, and the first run after that removes it.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from rag.disk.files import remove
from rag.disk.private import private_file
from rag.errors import StoreError
from rag.index.catalog import Catalog, lexical_row
from rag.index.flat import Flat
from rag.index.vectors import VectorStore, VectorWriter, known_of
from rag.models.encoders import Vectors
from rag.types import Article, Chunk

GRACE = 3600.0
BATCH = 1000  # vectors a call
_PAUSES = (0.1, 0.4, 1.5)  # seconds between tries: a server that is started anew takes its time
_LEAVING = "vectors.leaving"  # in the index folder: what is no longer needed, and since when
_UNFINISHED = "vectors.*.collection"  # there too: the names of collections that no catalog has yet
Result = TypeVar("Result")


class Collection(VectorStore, Protocol):
    """One collection of an engine: vectors by the ids of their chunks, each with what filters know of it.

    Its methods raise a StoreError that says what to do where the engine does not answer, or refuses.
    """

    name: str

    def exists(self) -> bool:
        """Whether it has been created."""

    def create(self, dimensions: int) -> None:
        """Create it, for vectors of so many numbers."""

    def drop(self) -> None:
        """Remove it."""

    def flush(self) -> None:
        """Wait until what was added is safe, and readers find it."""

    def count(self) -> int:
        """Number of vectors."""

    def has(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that have a vector."""

    def read(self, ids: Sequence[str]) -> Flat:
        """The vectors of at most `BATCH` ids, as far as they are there."""

    def add(self, vectors: Flat, texts: Sequence[str]) -> None:
        """Add vectors, or put them in the place of those of the same ids, with the words of their chunks."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove the vectors of these ids."""

    def batches(self, needed: set[str]) -> Iterator[Flat]:
        """All vectors that are needed, with what filters know of them."""
        ids = sorted(needed)
        for first in range(0, len(ids), BATCH):
            if (some := self.read(ids[first : first + BATCH])).ids:
                yield some


class Kept(BaseModel, frozen=True):
    """What the catalog keeps of an engine: its address when it was written, and the name of the collection."""

    store: str = ""
    collection: str = ""

    @classmethod
    def read(cls, kept: str) -> Kept:
        """Empty where vectors are in the index folder, or nowhere."""
        try:
            return cls.model_validate_json(kept)
        except ValidationError:
            return cls()


class EngineWriter(VectorWriter):
    """Adds to the collection that a catalog keeps, or to a new one where it keeps none.

    Args:
        opened: opens a collection by its name.
        store: address of the engine, for the catalog.
        catalog: the file of that; notes of what is to be removed lie beside it.
        kept: what the catalog keeps of it, "" to begin anew.
        work: tells runs of other settings apart.

    Raises:
        StoreError: the engine does not answer.
        OSError: the index folder cannot be written.
    """

    def __init__(self, opened: Callable[[str], Collection], store: str, catalog: Path, kept: str, work: str) -> None:
        self._opened, self._store, self._catalog, self._place = opened, store, catalog, catalog.parent
        self._before = _collection_of(catalog)
        place = self._place
        self._note = place / _UNFINISHED.replace("*", work)
        self._collection = opened(Kept.read(kept).collection or self._unfinished())

    def _unfinished(self) -> str:
        """The name that an interrupted run had chosen, or a new one."""
        if not self._note.is_file():
            remove(self._note)
            private_file(self._note)
            self._note.write_text(f"rag_{secrets.token_hex(8)}", "ascii")
        return self._note.read_text("ascii")

    @property
    def name(self) -> str:
        """That of the collection."""
        return self._collection.name

    def close(self) -> None:
        self._collection.close()

    def missing(self, ids: Sequence[str]) -> set[str]:
        return set(ids) - self._collection.has(ids) if self._collection.exists() else set(ids)

    def add(self, chunks: Sequence[Chunk], vectors: Vectors, articles: Sequence[Article]) -> None:
        if not self._collection.exists():
            self._collection.create(vectors.shape[1])
        texts = ["\n".join(lexical_row(*pair)) for pair in zip(chunks, (each.text for each in articles), strict=True)]
        rows = Flat([chunk.id for chunk in chunks], vectors, [known_of(article) for article in articles])
        self._collection.add(rows, texts)

    def publish(self, needed: set[str]) -> str:
        """Make all that is needed safe and readable; returns the name for the catalog."""
        self._collection.flush()
        there = self._collection.count()
        if there < len(needed):
            raise StoreError(
                f"{self._store} has {there:,} of the {len(needed):,} vectors that the index needs; "
                "build it anew with `rag index --rebuild`"
            )
        return Kept(store=self._store, collection=self.name).model_dump_json()

    def tidy(self) -> None:
        """Remove what the catalog has not needed for a while, and what runs left behind that were not finished."""
        now = time.time()
        leaving = _Leaving.read(self._place / _LEAVING)
        names = {name: leaving.collections.get(name, now) for name in (*leaving.collections, self._before) if name}
        names |= {path.read_text("ascii"): 0.0 for path in self._place.glob(_UNFINISHED)}
        names.pop(self.name, None)
        for name in [name for name, since in names.items() if since <= now - GRACE]:
            with closing(self._opened(name)) as collection:
                if collection.exists():
                    collection.drop()
            del names[name]
        ids = self._strangers(leaving.ids, now)
        old = [id for id, since in ids.items() if since <= now - GRACE]
        self._collection.delete(old)
        for path in self._place.glob("vectors*"):
            remove(path)
        left = _Leaving(collections=names, ids={id: since for id, since in ids.items() if id not in set(old)})
        if left.collections or left.ids:
            private_file(self._place / _LEAVING)
            (self._place / _LEAVING).write_text(left.model_dump_json(), "ascii")

    def _strangers(self, known: dict[str, float], now: float) -> dict[str, float]:
        """The vectors that the catalog does not name, and since when; all ids are looked at only if there are others
        than those known."""
        with closing(Catalog(self._catalog)) as catalog:
            needed = catalog.chunk_ids()
        strangers = known.keys() - needed
        if self._collection.count() != len(needed) + len(strangers):
            strangers = self._collection.ids() - needed
        return {id: known.get(id, now) for id in strangers}


def _collection_of(catalog: Path) -> str:
    """The collection that a catalog names; "" where it names none, or cannot be read."""
    try:
        with closing(Catalog(catalog)) as opened:
            return Kept.read(opened.manifest.get("vectors", "")).collection
    except (StoreError, sqlite3.Error, OSError):
        return ""


class _Leaving(BaseModel):
    """Names of collections, and ids in the newest, that are no longer needed, each with the time that was noticed."""

    collections: dict[str, float] = {}
    ids: dict[str, float] = {}

    @classmethod
    def read(cls, path: Path) -> _Leaving:
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return cls()


class Patient:
    """Calls of an engine's client: tried again where it does not answer, and with what to do where it stays away.

    Args:
        what: the engine and its address.
        start: how it is started.
        errors: what the client raises.
        is_away: whether one of these says that the engine does not answer.
    """

    def __init__(
        self, what: str, start: str, errors: tuple[type[Exception], ...], is_away: Callable[[Exception], bool]
    ) -> None:
        self._what, self._start, self._errors, self._is_away = what, start, errors, is_away

    def call(self, action: Callable[[], Result]) -> Result:
        """What the action returns.

        Raises:
            StoreError: the engine does not answer, or refuses.
        """
        for pause in (*_PAUSES, None):
            try:
                return action()
            except self._errors as error:
                reason = " ".join(str(error).split())[:200]
                if not self._is_away(error):
                    raise StoreError(
                        f"{self._what} cannot do it ({reason}); see what it logs, or build the index anew with "
                        "`rag index --rebuild`"
                    ) from error
                if pause is None:
                    raise StoreError(
                        f"{self._what} does not answer ({reason}); {self._start}, or correct RAG_STORE"
                    ) from error
                time.sleep(pause)
        raise AssertionError

    def of(self, client: Any, **always: Any) -> Any:
        """The same client, its calls made so, each with these arguments too."""
        return _Calls(self, client, always)


class _Calls:
    def __init__(self, patient: Patient, client: Any, always: dict[str, Any]) -> None:
        self._patient, self._client, self._always = patient, client, always

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return lambda *values, **named: self._patient.call(lambda: method(*values, **named, **self._always))
