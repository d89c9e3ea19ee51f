"""The index on disk: vectors in Chroma, everything else in one catalog file.

Vectors are written first; the catalog that then takes the old one's place makes them visible. Vectors the
catalog does not know (of an interrupted run, or of a run under way) are never returned.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from rag.catalog import Article, Catalog, Chunk
from rag.errors import StoreError
from rag.models import Vectors
from rag.settings import Settings
from rag.types import Filters, Passage
from rag.vectors import VectorFolder

CATALOG = "catalog.sqlite"
LOCK = "lock"
VECTORS = "vectors"  # a rebuilt index has its vectors in "vectors-…" beside it until it takes over
FORMAT = "3"  # goes up when cleaning, chunking or the files change in a way that old indexes lack
Result = TypeVar("Result")


def rebuild(folder: Path) -> str:
    """What to do about a damaged index."""
    return f"build it anew with `rag index PATHS --rebuild --index {folder}`"


def built_with(settings: Settings) -> dict[str, str]:
    """What an index depends on; it can only be searched with the same."""
    return {
        "format": FORMAT,
        "embedding_model": settings.embedding_model,
        "chunk_tokens": str(settings.chunk_tokens),
    }


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else than an index.

    Raises:
        StoreError: it is a file, or a folder with foreign files.
    """
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is a file, not an index folder; choose a folder with --index or RAG_INDEX")
    try:
        names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise StoreError(f"cannot open {folder}: {error.strerror}; choose another folder with --index") from error
    foreign = {name for name in names if name != LOCK and not name.startswith((CATALOG, VECTORS))}
    if foreign:
        raise StoreError(
            f"{folder} holds other files ({sorted(foreign)[0]}), not an index; "
            "choose another folder with --index or RAG_INDEX"
        )


def no_index(folder: Path) -> StoreError:
    """The error for a folder without an index."""
    return StoreError(f"there is no index in {folder}; build it with `rag index PATHS --index {folder}`")


def has_index(folder: Path) -> bool:
    """Whether a finished index is there."""
    check_folder(folder)
    return (folder / CATALOG).is_file()


class Store:
    """The read side of an index; safe for threads, and always of the newest finished state."""

    def __init__(self, settings: Settings) -> None:
        """Open the index of these settings.

        Raises:
            StoreError: there is none, it was built with other settings, or it is damaged.
        """
        self._settings = settings
        self._folder = settings.index
        self._lock = threading.Lock()
        self._state: tuple[int, int, int] | None = None
        self._catalog: Catalog | None = None
        self._vectors: VectorFolder | None = None
        with self._lock:
            self._refresh()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._close()

    def as_written(self, filters: Filters) -> Filters:
        """The filters with publishers spelled as the articles do, as `nearest` and `lexical` need them.

        Raises:
            QuestionError: no article has one of the publishers.
        """
        return self._read(lambda catalog, _: catalog.as_written(filters)) if filters.publishers else filters

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Ids of visible chunks and their cosine similarity, best first; at most `limit`."""

        def search(catalog: Catalog, vectors: VectorFolder) -> dict[str, float]:
            total = vectors.count()
            wanted = min(limit, total)
            while wanted:
                hits = vectors.nearest(vector, wanted, filters)
                known = catalog.known(list(hits))
                visible = [(hit, similarity) for hit, similarity in hits.items() if hit in known]
                # Orphans took the places of visible ones: look further.
                if len(visible) == len(hits) or len(visible) >= limit or wanted == total:
                    return dict(visible[:limit])
                wanted = min(wanted * 2, total)
            return {}

        return self._read(search)

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Cosine similarity of those chunks to the vector."""
        return self._read(lambda _, vectors: vectors.similarities(vector, ids))

    def lexical(self, words: Sequence[str], limit: int, filters: Filters) -> dict[str, float]:
        """Ids of chunks and their BM25 score for any of the words, best first; at most `limit`."""
        return self._read(lambda catalog, _: catalog.lexical(words, limit, filters))

    def passages(self, scores: Mapping[str, float]) -> list[Passage]:
        """Passages of those chunk ids, in their order, with those scores."""
        return self._read(lambda catalog, _: catalog.passages(scores))

    def article(self, source: str) -> Article:
        """The article (or copy) of that source.

        Raises:
            StoreError: it is not in the index.
        """
        article = self._read(lambda catalog, _: catalog.article(source))
        if article is None:
            raise StoreError(f"no article {source!r} in {self._folder}; `rag doctor` lists what is there")
        return article

    def articles(self) -> list[Article]:
        """Every article and copy, by source."""
        return self._read(lambda catalog, _: catalog.articles())

    def copies(self, source: str) -> tuple[str, ...]:
        """Sources of the republished copies of an article."""
        return self._read(lambda catalog, _: catalog.copies(source))

    def article_counts(self) -> tuple[int, int]:
        """Number of originals, and of republished copies."""
        return self._read(lambda catalog, _: catalog.article_counts())

    def chunks(self) -> list[Chunk]:
        """Every chunk, in the order of the articles; copies have none."""
        return self._read(lambda catalog, _: catalog.chunks())

    def generation(self) -> str:
        """A digest of the index's content: what was measured on one index holds for another with the same."""
        return self._read(lambda catalog, _: catalog.generation())

    def chunk_counts(self) -> dict[str, int]:
        """Number of chunks by source; copies have none."""
        return self._read(lambda catalog, _: catalog.chunk_counts())

    def _read(self, action: Callable[[Catalog, VectorFolder], Result]) -> Result:
        with self._lock:
            try:
                return self._attempt(action)
            except StoreError:
                # A rebuild may have taken over, and removed the old vectors, in the middle of this read.
                if not has_index(self._folder) or self._state == self._state_on_disk():
                    raise
                return self._attempt(action)

    def _attempt(self, action: Callable[[Catalog, VectorFolder], Result]) -> Result:
        self._refresh()
        assert self._catalog is not None and self._vectors is not None
        with damage_explained(self._folder):
            return action(self._catalog, self._vectors)

    def _state_on_disk(self) -> tuple[int, int, int]:
        """Differs after every indexing: a catalog is a new file each time."""
        stat = (self._folder / CATALOG).stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _refresh(self) -> None:
        """Open what is on disk unless it is open already."""
        if not has_index(self._folder):
            self._close()
            raise no_index(self._folder)
        state = self._state_on_disk()
        if state == self._state:
            return
        self._close()
        with damage_explained(self._folder):
            self._catalog = Catalog(self._folder / CATALOG)
            require_same_build(self._catalog.manifest, self._settings)
            folder = self._folder / self._catalog.manifest["vectors"]
            self._vectors = VectorFolder(folder) if folder.is_dir() else None
            if self._vectors is None or self._vectors.count() < self._catalog.chunk_count():
                raise StoreError(f"the index in {self._folder} has lost its vectors; {rebuild(self._folder)}")
        self._state = state

    def _close(self) -> None:
        self._state = None
        if self._catalog:
            self._catalog.close()
        if self._vectors:
            with suppress(Exception):  # a damaged folder may not close; it is not used again
                self._vectors.close()
        self._catalog = self._vectors = None


def require_same_build(manifest: Mapping[str, str], settings: Settings) -> None:
    """Refuse an index that was built with other settings.

    Raises:
        StoreError: names the first difference and offers the rebuild.
    """
    for key, value in built_with(settings).items():
        if manifest.get(key) != value:
            raise StoreError(
                f"the index in {settings.index} was built with {key} {manifest.get(key)}, the settings say {value}; "
                f"build it anew with `rag index --rebuild --index {settings.index}`, or set the old value again"
            )


def damage_explained(folder: Path) -> AbstractContextManager[None]:
    """Turn what damaged files make SQLite and Chroma throw into one line with the remedy."""
    return storage_explained(f"the index in {folder} cannot be read", rebuild(folder))


@contextmanager
def storage_explained(what: str, remedy: str) -> Iterator[None]:
    """Turn errors of the file system, SQLite and Chroma into a StoreError: what (reason); remedy."""
    try:
        yield
    except BaseException as error:
        # Chroma's Rust core throws pyo3_runtime.PanicException, which is no Exception, on some damaged files.
        from_chroma = type(error).__module__.startswith(("chromadb", "pyo3_runtime"))
        if not isinstance(error, (sqlite3.Error, OSError)) and not from_chroma:
            raise
        reason = " ".join(str(error).split())[:200]
        raise StoreError(f"{what} ({reason}); {remedy}") from error
