"""The index on disk: vectors, and everything else in one catalog file.

Vectors are added first; the transaction that then changes the catalog makes them visible. Whoever reads holds one state
of the catalog, and the vectors that it names are never changed, whatever is indexed meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rag.disk.storage import room_for_reading, storage_explained
from rag.errors import StoreError
from rag.index.catalog import Catalog, is_whole
from rag.index.chroma import ServerCollection
from rag.index.engine import Collection, EngineWriter, Kept
from rag.index.folder import FolderWriter, Names, VectorFolder
from rag.index.vectors import VectorStore, VectorWriter
from rag.inputs import shown
from rag.models.encoders import Vectors
from rag.settings import Settings, is_milvus
from rag.types import Article, Chunk, Filters, Listed, Passage

CATALOG = "catalog.sqlite"
LOCK = "lock"
VECTORS = "vectors"  # begins the names of whatever has vectors
FORMAT = "9"  # goes up when cleaning, chunking or the files change in a way that old indexes lack
READABLE = "let this user read it, or choose another folder with --index"
Result = TypeVar("Result")


def rebuild_advice(folder: Path) -> str:
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
        StoreError: it is a file, a folder with foreign files, or one that cannot be looked into.
    """
    with _opening(folder):
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"{folder} is a file, not an index folder; choose a folder with --index or RAG_INDEX")
        names = {path.name for path in folder.iterdir()} if folder.exists() else set()
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
    """Whether a finished index is there.

    Raises:
        StoreError: as `check_folder`, or something else stands in the place of the catalog.
    """
    check_folder(folder)
    with _opening(folder):
        catalog = folder / CATALOG
        if os.path.lexists(catalog) and not catalog.is_file():
            raise StoreError(f"{catalog} is no regular file; {rebuild_advice(folder)}")
        return catalog.is_file()


def _opening(folder: Path) -> AbstractContextManager[None]:
    return storage_explained(f"cannot open {folder}", "choose another folder with --index", denied=READABLE)


class Index:
    """What can be asked of an index; safe for threads."""

    def _read(self, action: Callable[[Catalog, VectorStore], Result]) -> Result:
        raise NotImplementedError

    def as_written(self, filters: Filters) -> Filters:
        """The filters with publishers spelled as the articles do, as `nearest` and `lexical` need them.

        Raises:
            QuestionError: no article has one of the publishers.
        """
        return self._read(lambda catalog, _: catalog.as_written(filters)) if filters.publishers else filters

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Ids of chunks and their cosine similarity, best first; at most `limit`."""

        found = self._read(
            lambda catalog, vectors: _of_this_state(catalog, limit, lambda most: vectors.nearest(vector, most, filters))
        )
        return found or {}

    def fused(self, vector: Vectors, words: Sequence[str], limit: int, filters: Filters) -> dict[str, float] | None:
        """Ids of chunks and the engine's own score for meaning and words together; None where it has none."""
        return self._read(
            lambda catalog, vectors: _of_this_state(
                catalog, limit, lambda most: vectors.fused(vector, words, most, filters)
            )
        )

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
            StoreError: it is not in the index, or no string.
        """
        if not isinstance(source, str):
            raise StoreError(f"an article cannot be {shown(source)}; give its source, a string")
        known = source.encode("utf-8", "replace").decode()  # halves of surrogate pairs are in no source
        article = self._read(lambda catalog, _: catalog.article(known))
        if article is None:
            raise StoreError(f"no article {shown(source)} in the index; `rag doctor` lists what is there")
        return article

    def text(self, source: str) -> str:
        """The cleaned text of the article (or copy) of that source.

        Raises:
            StoreError: it is not in the index, or no string.
        """
        return self.article(source).text

    def articles(self) -> list[Article]:
        """Every article and copy, by source."""
        return self._read(lambda catalog, _: catalog.articles())

    def listed(self, filters: Filters, words: Sequence[str] = ()) -> list[Listed]:
        """What a list says of every article and copy, newest first; with words, of those that have all in a passage.

        Raises:
            QuestionError: no article has one of the publishers.
        """
        return self._read(lambda catalog, _: catalog.listed(catalog.as_written(filters), words))

    def having(self, words: Sequence[str], near: int = 0) -> set[str]:
        """The originals that have these words side by side, or with at most `near` others between."""
        return self._read(lambda catalog, _: catalog.having(words, near))

    def people(self, sources: Iterable[str]) -> list[tuple[str, str, int]]:
        """Whom these originals name: the source, the name, and how often."""
        return self._read(lambda catalog, _: catalog.people(sources))

    def whole(self, source: str) -> Passage:
        """All of an article as one passage.

        Raises:
            StoreError: it is not in the index.
        """
        article = self.article(source)
        return Passage(
            id=source, text=article.text, source=source, title=article.title, publisher=article.publisher,
            published=article.published, start=0, end=len(article.text), score=1.0,
            republished_in=self.copies(source), author=article.author, turns=article.turns,
            no_later_than=article.no_later_than, article_sentences=article.sentences, updated=article.updated,
            imprint=article.imprint, sections=article.sections,
        )  # fmt: skip

    def copies(self, source: str) -> tuple[str, ...]:
        """Sources of the republished copies of an article."""
        return self._read(lambda catalog, _: catalog.copies(source))

    def file_digest(self, article: Article) -> str | None:
        """The digest of the file that an article was read from."""
        return self._read(lambda catalog, _: catalog.file_digest(article))

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


def _of_this_state(
    catalog: Catalog, limit: int, search: Callable[[int], dict[str, float] | None]
) -> dict[str, float] | None:
    """The best that the catalog knows of what an engine finds, which may have vectors of other states."""
    wanted = limit
    while True:
        found = search(wanted)
        if found is None:
            return None
        known = catalog.known(list(found))
        if len(known) >= limit or len(found) < wanted:
            return dict(islice(((id, score) for id, score in found.items() if id in known), limit))
        wanted *= 2


class Snapshot(Index):
    """One finished state of an index, from beginning to end."""

    def __init__(self, folder: Path, catalog: Catalog, vectors: VectorStore) -> None:
        self._folder, self._catalog, self._vectors = folder, catalog, vectors
        self._lock = threading.Lock()

    def _read(self, action: Callable[[Catalog, VectorStore], Result]) -> Result:
        with self._lock, damage_explained(self._folder):
            try:
                return action(self._catalog, self._vectors)
            except (ValueError, TypeError, LookupError) as error:  # of rows that another program has changed
                raise StoreError(
                    f"the index in {self._folder} holds what is none of an index; {rebuild_advice(self._folder)}"
                ) from error


class _Shared:
    """Vectors that several snapshots read; closed with the last of them, unless they are the newest."""

    def __init__(self, kept: str, vectors: VectorStore) -> None:
        self.kept, self.vectors, self.users = kept, vectors, 0


class Store(Index):
    """The newest finished state of an index, whatever is indexed meanwhile."""

    def __init__(self, settings: Settings) -> None:
        """Open the index of these settings.

        Raises:
            StoreError: there is none, it was built with other settings, or it is damaged.
        """
        self._settings = settings
        self._lock = threading.RLock()  # a generator may be collected, and let go of its state, within a call of ours
        self._idle: list[Catalog] = []
        self._newest: _Shared | None = None
        self._checked: int | None = None  # the file of the catalog whose bytes were found to be right
        with self.snapshot():
            pass

    def close(self) -> None:
        """Let go of the files, once nobody reads them any more."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            self._keep(None)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The newest finished state; it stays as it is for as long as this lasts.

        Raises:
            StoreError: there is none, it was built with other settings, or it is damaged.
        """
        with self._lock:
            catalog, shared = self._opened()
            shared.users += 1
        try:
            yield Snapshot(self._settings.index, catalog, shared.vectors)
        finally:
            with self._lock:
                shared.users -= 1
                self._close_unused(shared)
                if self._newest and catalog.is_current():
                    catalog.end()
                    self._idle.append(catalog)
                else:
                    catalog.close()

    def _read(self, action: Callable[[Catalog, VectorStore], Result]) -> Result:
        with self.snapshot() as state:
            return state._read(action)

    def _opened(self) -> tuple[Catalog, _Shared]:
        """The newest state, its vectors opened unless they are open already."""
        while True:
            catalog = self._begun()
            state = catalog.manifest.get("state")
            try:
                kept = catalog.manifest.get("vectors", "")
                if not self._newest or self._newest.kept != kept:
                    known = self._newest.vectors if self._newest else None
                    self._keep(_Shared(kept, open_vectors(self._settings, catalog, known)))
                assert self._newest
                return catalog, self._newest
            except StoreError:
                # An indexing run may have published another state, and removed these vectors, meanwhile.
                catalog.end()
                with damage_explained(self._settings.index):
                    catalog.begin()
                newest = catalog.manifest.get("state")
                current = catalog.is_current()
                catalog.close()
                if current and newest == state:
                    raise
            except BaseException:
                catalog.close()
                raise

    def _begun(self) -> Catalog:
        """A catalog that reads the newest state."""
        while self._idle:
            catalog = self._idle.pop()
            if catalog.is_current():
                with damage_explained(self._settings.index):
                    catalog.begin()
                    return catalog
            catalog.close()
            self._keep(None)
        try:
            catalog = open_catalog(self._settings, self._checked)
        except StoreError:
            self._keep(None)
            raise
        self._checked = catalog.inode
        return catalog

    def _keep(self, newest: _Shared | None) -> None:
        old, self._newest = self._newest, newest
        if old:
            self._close_unused(old)

    def _close_unused(self, shared: _Shared) -> None:
        if not shared.users and shared is not self._newest:
            shared.vectors.close()


def open_catalog(settings: Settings, checked: int | None = None) -> Catalog:
    """The catalog of an index that was built with these settings, of which no more is checked if it is file `checked`.

    Raises:
        StoreError: there is none, it was built with others, it is damaged, or it cannot be read.
    """
    path = settings.index / CATALOG
    if not has_index(settings.index):
        raise no_index(settings.index)
    with damage_explained(settings.index):
        catalog = Catalog(path)
        try:
            require_same_build(catalog.manifest, settings)
            require_same_store(catalog.manifest, settings)
            if catalog.inode != checked:
                if not is_whole(path):
                    raise StoreError(f"{path} has changed since it was written; {rebuild_advice(settings.index)}")
                if catalog.has_lost_changes():
                    raise StoreError(f"{path} has lost its last changes; {rebuild_advice(settings.index)}")
        except BaseException:
            catalog.close()
            raise
    return catalog


def open_vectors(settings: Settings, catalog: Catalog, other: VectorStore | None = None) -> VectorStore:
    """The vectors that a catalog names; they share what they can with others that are open.

    Raises:
        StoreError: they are missing or damaged, reading them needs room or rights, or their engine does not answer.
    """
    folder = settings.index
    if settings.store:
        collection = _collection(settings.store, Kept.read(catalog.manifest["vectors"]).collection)
        try:
            there, needed = collection.count() if collection.exists() else 0, catalog.chunk_count()
            if there < needed:
                raise StoreError(f"{there:,} vectors are left of the {needed:,} of the index; {rebuild_advice(folder)}")
        except BaseException:
            collection.close()
            raise
        return collection
    known = other if isinstance(other, VectorFolder) else None
    require_vectors(settings, catalog, known.graph if known else "")
    # They are as they were written, so whatever Chroma complains of is not damage.
    helps = f"{room_for_reading()}; or let the program open more files, e.g. with `ulimit -n 4096`"
    with storage_explained(f"the vectors in {folder} cannot be opened", helps, full=room_for_reading()):
        return VectorFolder(folder, catalog.manifest["vectors"], known)


def write_vectors(settings: Settings, kept: str) -> VectorWriter:
    """Where vectors are added to those that a catalog names, "" for none.

    Raises:
        StoreError: the engine does not answer.
        OSError: it cannot be written.
    """
    made = hashlib.sha256(json.dumps(built_with(settings), sort_keys=True).encode()).hexdigest()[:8]
    if not settings.store:
        return FolderWriter(settings.index, kept, made)
    store = settings.store
    return EngineWriter(partial(_collection, store), store, settings.index / CATALOG, kept, made)


def _collection(store: str, name: str) -> Collection:
    """A collection of the engine at an address; what is imported for it is nothing that a folder needs."""
    if is_milvus(store):
        from rag.index.milvus import MilvusCollection

        return MilvusCollection(store, name)
    return ServerCollection(store, name)


def store_of(folder: Path) -> str:
    """The address of the engine that has the vectors of an index, "" where its folder has.

    Raises:
        StoreError: there is no index, or it cannot be read.
    """
    if not has_index(folder):
        raise no_index(folder)
    with damage_explained(folder), closing(Catalog(folder / CATALOG)) as catalog:
        return Kept.read(catalog.manifest.get("vectors", "")).store


def drop_vectors(settings: Settings, kept: str) -> None:
    """Remove the collection that a catalog had kept; of a folder nothing is left by then.

    Raises:
        StoreError: the engine does not answer.
    """
    if settings.store:
        with closing(_collection(settings.store, Kept.read(kept).collection)) as collection:
            collection.drop()


def require_vectors(settings: Settings, catalog: Catalog, open_already: str = "") -> None:
    """Refuse vectors that are not those that the catalog names; a graph that is open is not looked at again.

    Raises:
        StoreError: they are missing or damaged, or cannot be read.
    """
    folder = settings.index
    if settings.store:
        open_vectors(settings, catalog).close()
        return
    with damage_explained(folder):
        try:
            whole = Names.read(catalog.manifest.get("vectors", "")).are_whole(folder, open_already)
        except ValueError:
            whole = False
    if not whole:
        raise StoreError(f"the index in {folder} has lost its vectors; {rebuild_advice(folder)}")


def require_same_store(manifest: Mapping[str, str], settings: Settings) -> None:
    """Refuse an index whose vectors are with another kind of engine than the settings say.

    Raises:
        StoreError: it says how to go on.
    """
    there, wanted = Kept.read(manifest.get("vectors", "")).store, settings.store
    if (bool(there), is_milvus(there)) != (bool(wanted), is_milvus(wanted)):
        raise StoreError(
            f"the index in {settings.index} has its vectors {f'at {there}' if there else 'in that folder'}, the "
            f"settings say {wanted or 'in the folder'}; set RAG_STORE={there or 'folder'}, or move them with "
            f"`rag index --from {settings.index} --index {settings.index}`"
        )


def require_same_build(manifest: Mapping[str, str], settings: Settings) -> None:
    """Refuse an index that was built with other settings.

    Raises:
        StoreError: names the first difference and offers the rebuild.
    """
    for key, value in built_with(settings).items():
        if manifest.get(key) != value:
            anew = f"build it anew with `rag index --rebuild --index {settings.index}`"
            if key == "format":
                raise StoreError(f"the index in {settings.index} is of another version of this program; {anew}")
            raise StoreError(
                f"the index in {settings.index} was built with {key} {manifest.get(key)}, the settings say {value}; "
                f"{anew}, or set the old value again"
            )


def damage_explained(folder: Path) -> AbstractContextManager[None]:
    """Turn what damaged files make SQLite and Chroma throw into one line with the remedy."""
    return storage_explained(
        f"the index in {folder} cannot be read",
        rebuild_advice(folder),
        full=f"see that there is space for it; or {room_for_reading()}",  # SQLite's readers share a small file
        denied=READABLE,
    )
