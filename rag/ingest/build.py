"""Make the index equal a set of files.

Files are read, cleaned, grouped into articles and copies, and cut into chunks; only chunks without a
vector are embedded, so an interrupted run goes on where it was and an unchanged file costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path

from filelock import FileLock, Timeout
from langchain_core.documents import Document
from pydantic import TypeAdapter

from rag.disk.files import remove
from rag.disk.private import FILE, private_file, private_folder
from rag.disk.storage import storage_explained, temporary_explained
from rag.errors import LoadError, StoreError
from rag.index.catalog import Catalog, write_catalog
from rag.index.store import (
    CATALOG,
    LOCK,
    VECTORS,
    built_with,
    check_folder,
    damage_explained,
    has_index,
    open_catalog,
    rebuild_advice,
    require_vectors,
)
from rag.index.vectors import VectorStore, seal, work_on
from rag.ingest.chunk import split
from rag.ingest.copies import group_copies
from rag.ingest.load import VanishedError, find_files, is_supported
from rag.ingest.metadata import page_date
from rag.ingest.parser import Parser
from rag.models.encoders import Encoder, encoder
from rag.settings import Settings
from rag.text.characters import said
from rag.text.sentences import sentence_spans
from rag.text.speaker import turns
from rag.types import Article, Chunk

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
UPLOADED = "added"  # begins the sources, and ends the folder's name, of articles that were added in the chat
STAGED = ".new"  # folder among them of those that are not in the index yet
BATCH = 64  # chunks embedded between two steps of the progress bar
NOTHING_LEFT = "no article would be left; add one before the last one is removed"
_STRINGS = TypeAdapter(list[str])

Progress = Callable[[str, int, int], None]  # step, done, total


def _silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class IngestReport:
    """What an indexing run found and did.

    `skipped` are one-line errors of files left out; `notes` say which links and the like were passed by, and of new and
    changed articles what was guessed or lost on reading; `instructed` counts the articles and copies that hold words
    which look like an instruction to a language model.
    """

    articles: int
    copies: int
    chunks: int
    added: int
    changed: int
    removed: int
    embedded: int
    skipped: tuple[str, ...]
    seconds: float
    instructed: int = 0
    notes: tuple[str, ...] = ()


def ingest(
    paths: Sequence[Path],
    settings: Settings,
    *,
    rebuild: bool = False,
    skip_bad: bool = False,
    without: Collection[str] | None = None,
    added: Mapping[str, Path] | None = None,
    progress: Progress = _silent,
) -> IngestReport:
    """Make the index in `settings.index` hold exactly the articles under `paths` (if none: the last ones).

    Articles that were added in the chat stay: `uploads` has their folder. Until the end, and after any error, the old
    index answers as before.

    Args:
        rebuild: start from nothing, as after a change of settings or damage.
        skip_bad: leave out files that cannot be read, instead of refusing to go on.
        without: sources to leave out; by default none where `paths` are given, else those of the last time.
        added: files to take a copy of among the uploads, by their names there; whatever ends the run, a copy is there
            if its article is in the index, and not otherwise.

    Raises:
        LoadError: a path or a file cannot be read, or there is no room for more uploads.
        StoreError: the folder cannot be written, is not ours, is being written by another process, or was
            built with other settings.
        SettingsError: there is no such embedding model.
    """
    started = time.perf_counter()
    folder = settings.index
    with _writing(folder):
        if rebuild:
            remove(_work_folder(settings))
            for path in (folder / CATALOG, folder / f"{CATALOG}.new"):
                if not path.is_file():  # what stands there is no catalog, and would be in the way of one
                    remove(path)
        before = _Before() if rebuild else _read_catalog(settings)
        scope = Scope(tuple(path.absolute() for path in paths)) if paths else read_scope(folder)
        if without is not None:
            scope = replace(scope, without=frozenset(without))
        with _staged(added or {}, settings):
            left_out, passed_by = list[str](), list[str]()
            files = scope.files(uploads(folder), added or (), left_out if skip_bad else None, passed_by)
            articles, skipped = _read_articles(files, before, scope.without, settings, skip_bad, progress)
            articles = _with_facts(_with_originals(articles))
            chunks = _cut(articles, before, settings)
            embedded = _write(articles, chunks, before, settings, scope, progress)
    old = {article.source: article.digest for article in before.articles}
    new = {article.source: article.digest for article in articles}
    return IngestReport(
        articles=sum(article.original == article.source for article in articles),
        copies=sum(article.original != article.source for article in articles),
        chunks=len(chunks),
        added=len(new.keys() - old.keys()),
        changed=sum(old[source] != new[source] for source in new.keys() & old.keys()),
        removed=len(old.keys() - new.keys()),
        embedded=embedded,
        skipped=(*left_out, *skipped),
        seconds=time.perf_counter() - started,
        instructed=sum(bool(article.instructions) for article in articles),
        notes=(
            *passed_by,
            *(
                f"{article.source}: {note}"
                for article in articles
                if old.get(article.source) != article.digest
                for note in article.notes
            ),
        ),
    )


def index_articles(articles: Sequence[Article], settings: Settings, progress: Progress = _silent) -> int:
    """Build an index of ready-made articles, without reading, cleaning or grouping; returns how many chunks.

    For benchmark collections, whose texts must stay as they are. What the folder held is replaced.

    Raises:
        StoreError: the folder cannot be written, or is not ours.
    """
    with _writing(settings.index):
        articles = _with_facts(articles)
        chunks = _cut(articles, _Before(), settings)
        _write(articles, chunks, _Before(), settings, Scope(()), progress)
    return len(chunks)


def _write(
    articles: Sequence[Article],
    chunks: Sequence[Chunk],
    before: _Before,
    settings: Settings,
    scope: Scope,
    progress: Progress,
) -> int:
    """Vectors first, then the catalog that makes them visible, then what is no longer needed goes."""
    folder = settings.index
    vectors, embedded = _vectors_of(articles, chunks, before, settings, progress)
    write_catalog(
        folder / CATALOG, articles, chunks, {**built_with(settings), **scope.to_manifest(), "vectors": vectors}
    )
    for other in folder.glob(f"{VECTORS}*"):
        if other.name != vectors:
            remove(other)
    return embedded


def _vectors_of(
    articles: Sequence[Article],
    chunks: Sequence[Chunk],
    before: _Before,
    settings: Settings,
    progress: Progress,
) -> tuple[str, int]:
    """The name of a folder that has the vectors of these chunks and no others, and how many were embedded for it.

    Questions read the folder of the index as it is, so where vectors come or go, they do in a copy of it. The copy of
    a run that was interrupted is taken up again.
    """
    ids = {chunk.id for chunk in chunks}
    if before.vectors and ids == {chunk.id for chunk in before.chunks}:
        return before.vectors, 0
    work, published = _work_folder(settings), settings.index / before.vectors if before.vectors else None
    with closing(work_on(work, published)) as vectors:
        embedded = _embed(articles, chunks, vectors, settings, progress)
        vectors.sweep(ids)
    return seal(work).name, embedded


def _work_folder(settings: Settings) -> Path:
    """Where a run writes vectors; those of other settings are no help to it."""
    made = hashlib.sha256(json.dumps(built_with(settings), sort_keys=True).encode())
    return settings.index / f"{VECTORS}.{made.hexdigest()[:8]}.new"


@dataclass(frozen=True)
class _Before:
    """What the index held when the run began, nothing where there was none or it does not count."""

    articles: Sequence[Article] = ()
    chunks: Sequence[Chunk] = ()
    vectors: str | None = None


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Hold the lock of an index folder; explain what goes wrong while writing."""
    check_folder(folder)
    still = "an index that was there still answers"
    with storage_explained(
        f"cannot write the index in {folder}",
        f"see that the disk works, or choose another folder with --index; {still}",
        full=f"see that there is space, or choose another folder with --index; {still}",
        denied=f"see that there is permission, or choose another folder with --index; {still}",
    ):
        private_folder(folder)
        try:
            lock = FileLock(folder / LOCK, blocking=False, mode=FILE).acquire()
        except Timeout:
            raise StoreError(f"another process is indexing into {folder}; wait until it has finished") from None
        with lock, temporary_explained(folder):
            yield


@contextmanager
def _staged(files: Mapping[str, Path], settings: Settings) -> Iterator[None]:
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
    with _writing(folder):
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


def _read_catalog(settings: Settings) -> _Before:
    if not has_index(settings.index):
        return _Before()
    with damage_explained(settings.index), closing(open_catalog(settings)) as catalog:
        require_vectors(settings.index, catalog)
        return _Before(catalog.articles(), catalog.chunks(), catalog.manifest["vectors"])


@dataclass(frozen=True)
class Scope:
    """What an index is made of: files and folders, and sources among them that are left out."""

    paths: tuple[Path, ...]
    without: frozenset[str] = frozenset()

    def files(
        self,
        uploads: Path,
        staged: Iterable[str] = (),
        left_out: list[str] | None = None,
        passed_by: list[str] | None = None,
    ) -> list[tuple[Path, str]]:
        """Files and their sources (`find_files`), those in the folder of uploads added, in the order of the sources.

        `staged` names those there that only this run takes in; `left_out` and `passed_by` are as in
        `find_files`.

        Raises:
            LoadError: a path cannot be read, two files have the same source, or nothing is left.
        """
        found = dict(find_files(self.paths, left_out, passed_by))  # by file: the uploads may lie in one of the folders
        added = uploads.iterdir() if uploads.is_dir() else ()
        found |= {path: f"{UPLOADED}/{path.name}" for path in added if is_supported(path.name)}
        found |= {uploads / STAGED / name: f"{UPLOADED}/{name}" for name in staged}
        kept = sorted((source, path) for path, source in found.items() if source not in self.without)
        if not kept:
            raise LoadError(NOTHING_LEFT)
        for (source, path), (next_source, next_path) in pairwise(kept):
            if source == next_source:
                raise LoadError(
                    f"{said(path)} and {said(next_path)} are both {source} in the index; rename one of them"
                )
        return [(path, source) for source, path in kept]

    def to_manifest(self) -> dict[str, str]:
        """As it is kept in the index."""
        return {"paths": json.dumps([str(path) for path in self.paths]), "without": json.dumps(sorted(self.without))}


def read_scope(folder: Path) -> Scope:
    """What the index in a folder was last made of.

    Raises:
        StoreError: there is no index, or it is damaged.
    """
    if not has_index(folder):
        raise StoreError(f"there is no index in {folder} yet; name the files or folders to index: `rag index PATHS`")
    with damage_explained(folder), closing(Catalog(folder / CATALOG)) as catalog:
        try:
            paths, without = (_STRINGS.validate_json(catalog.manifest[key]) for key in ("paths", "without"))
        except (KeyError, ValueError) as error:
            raise StoreError(
                f"the index in {folder} does not say what it was made of; {rebuild_advice(folder)}"
            ) from error
        return Scope(tuple(map(Path, paths)), frozenset(without))


def uploads(folder: Path) -> Path:
    """The folder of the articles that were added in the chat; it lies beside the index, and need not exist."""
    folder = folder.absolute()  # "." has no name
    return folder.with_name(f"{folder.name}-{UPLOADED}")


def _read_articles(
    files: Sequence[tuple[Path, str]],
    before: _Before,
    without: Collection[str],
    settings: Settings,
    skip_bad: bool,
    progress: Progress,
) -> tuple[list[Article], tuple[str, ...]]:
    known: dict[str, list[Article]] = {}
    for article in before.articles:
        known.setdefault(article.file, []).append(article)
    articles: dict[str, Article] = {}
    bad: list[tuple[str, LoadError]] = []  # with the source of its file
    with Parser(settings) as parser:
        for number, (path, source) in enumerate(files, start=1):
            progress("reading", number, len(files))
            try:
                parsed = parser.articles(path, source, known.get(source, ()))
            except LoadError as error:
                bad.append((source, error))
                continue
            bad += [(source, error) for error in parsed.bad]
            for article in _left_in(parsed.articles, without):
                if article.source in articles:
                    twice = f"{article.source} is there twice, as a file and in another one; rename the file"
                    bad.append((source, LoadError(twice)))
                articles.setdefault(article.source, article)
    to_mend = [each for each in bad if not isinstance(each[1], VanishedError)]
    if to_mend and not skip_bad:
        first, why = to_mend[0]
        others = [source for source in dict.fromkeys(source for source, _ in to_mend) if source != first]
        raise LoadError(f"{why}{_others(others)}; or leave bad files out with --skip-bad")
    if not articles:
        raise LoadError(f"no file could be read: {bad[0][1]}" if bad else NOTHING_LEFT)
    return [articles[source] for source in sorted(articles)], tuple(str(error) for _, error in bad)


def _left_in(articles: Sequence[Article], without: Collection[str]) -> list[Article]:
    """The articles of a file but those that are left out; where there are such, it is no longer whole."""
    kept = [article for article in articles if article.source not in without]
    whole = len(kept) == len(articles)
    return [
        replace(article, container=replace(article.container, whole=whole and article.container.whole))
        if article.container
        else article
        for article in kept
    ]


def _others(sources: Sequence[str]) -> str:
    """The first few other files that cannot be read, so that they can be mended in one go."""
    if not sources:
        return ""
    more = f" and {len(sources) - 5} more" if len(sources) > 5 else ""
    return f" (nor can {', '.join(sources[:5])}{more} be read)"


def _with_originals(articles: list[Article]) -> list[Article]:
    """The articles with what each is a copy of, and by when an undated one was there, as it or a copy of it shows."""
    originals = group_copies([_document(article) for article in articles])
    shown: dict[int, date] = {}  # by article, and by the original of a copy
    for number, (article, original) in enumerate(zip(articles, originals, strict=True)):
        if day := article.published or article.updated or page_date(article.removed):
            shown[number] = min(day, shown.get(number, day))
            shown[original] = min(day, shown.get(original, day))
    return [
        replace(
            article,
            original=articles[original].source,
            no_later_than=None if article.published else shown.get(number),
        )
        for number, (article, original) in enumerate(zip(articles, originals, strict=True))
    ]


def _with_facts(articles: Sequence[Article]) -> list[Article]:
    """The articles, originals with their sentences and turns; those that the index had have them."""
    return [
        replace(article, sentences=tuple(sentence_spans(article.text)), turns=turns(article.text))
        if article.original == article.source and not article.sentences
        else article
        for article in articles
    ]


def _document(article: Article) -> Document:
    return Document(
        article.text,
        metadata={
            "source": article.source,
            "title": article.title,
            "publisher": article.publisher,
            "published": article.published.isoformat() if article.published else None,
            "author": article.author,
            "removed_characters": sum(len(removal.text) for removal in article.removed),
        },
    )


def _cut(articles: Sequence[Article], before: _Before, settings: Settings) -> list[Chunk]:
    """The chunks of every original, those of unchanged articles taken over."""
    unchanged = set(map(_state, before.articles))
    old = {source: list(chunks) for source, chunks in groupby(before.chunks, key=lambda chunk: chunk.source)}
    chunks: list[Chunk] = []
    for article in articles:
        if article.original == article.source:
            same = old.get(article.source) if _state(article) in unchanged else None
            chunks += same or _cut_one(article, encoder(settings.embedding_model, "document"), settings)
    return chunks


def _state(article: Article) -> tuple[str, str, date | None]:
    return article.source, article.digest, article.no_later_than


def _cut_one(article: Article, documents: Encoder, settings: Settings) -> Iterator[Chunk]:
    window = min(settings.chunk_tokens, documents.window)
    for piece in split(_document(article), documents.count_tokens, window):
        start, end, header = piece.metadata["start"], piece.metadata["end"], piece.metadata["header"]
        # A vector carries the day that a copy shows, for filters: with another day it is another vector.
        content = "\0".join((article.source, str(article.no_later_than), str(start), header, piece.page_content))
        yield Chunk(hashlib.sha256(content.encode()).hexdigest()[:32], article.source, start, end, header)


def _embed(
    articles: Sequence[Article], chunks: Sequence[Chunk], vectors: VectorStore, settings: Settings, progress: Progress
) -> int:
    """Embed what has no vector yet; returns how many."""
    missing = vectors.missing([chunk.id for chunk in chunks])
    todo = [chunk for chunk in chunks if chunk.id in missing]
    if not todo:
        return 0
    by_source = {article.source: article for article in articles}
    progress("embedding", 0, len(todo))
    documents = encoder(settings.embedding_model, "document")
    for first in range(0, len(todo), BATCH):
        batch = todo[first : first + BATCH]
        texts = [f"{chunk.header}\n{by_source[chunk.source].text[chunk.start : chunk.end]}" for chunk in batch]
        vectors.add(batch, documents.encode(texts), [by_source[chunk.source] for chunk in batch])
        progress("embedding", first + len(batch), len(todo))
    return len(todo)
