"""Make the index equal a set of files.

Files are read, cleaned, grouped into articles and copies, and cut into chunks. What is new of them goes into a draft,
one article at a time; only chunks without a vector are embedded. So an interrupted run goes on where it was, an
unchanged file costs its reading, and what is in memory does not grow with the texts.
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
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from langchain_core.documents import Document
from pydantic import TypeAdapter

from rag.disk.files import remove
from rag.disk.private import FILE, private_file, private_folder
from rag.disk.storage import storage_explained, temporary_explained
from rag.errors import LoadError, StoreError
from rag.index.catalog import CONTAINERS, Catalog
from rag.index.draft import Draft, File
from rag.index.store import (
    CATALOG,
    LOCK,
    built_with,
    check_folder,
    damage_explained,
    has_index,
    open_catalog,
    rebuild_advice,
    require_vectors,
    write_vectors,
)
from rag.index.vectors import VectorWriter
from rag.ingest.chunk import split
from rag.ingest.copies import Sketched, compared, group, sketch_of
from rag.ingest.load import VanishedError, find_files, is_supported
from rag.ingest.metadata import page_date
from rag.ingest.parser import Parsed, Parser
from rag.models.encoders import Encoder, encoder
from rag.settings import Settings
from rag.text.characters import said
from rag.text.people import people
from rag.text.sentences import sentence_spans
from rag.text.speaker import turns
from rag.types import Article, Chunk

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
UPLOADED = "added"  # begins the sources, and ends the folder's name, of articles that were added in the chat
STAGED = ".new"  # folder among them of those that are not in the index yet
BATCH = 64  # chunks embedded between two steps of the progress bar
_COMPARED_AT_A_TIME = 32  # articles that are in memory while copies are looked for
NOTHING_LEFT = "no article would be left; add one before the last one is removed"
_STRINGS = TypeAdapter(list[str])

Progress = Callable[[str, int, int], None]  # step, done, total
# Files that hold several articles: their digest, and whether all of these are in the index.
Containers = dict[str, tuple[str, bool]]


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
    paths: Sequence[Path | str],
    settings: Settings | None = None,
    *,
    rebuild: bool = False,
    strict: bool = False,
    without: Collection[str] | None = None,
    added: Mapping[str, Path] | None = None,
    progress: Progress = _silent,
) -> IngestReport:
    """Make the index in `settings.index` hold exactly the articles under `paths` (if none: the last ones).

    `rag.ingest_files` is this function. Articles that were added in the chat or from the web stay: `uploads` has their
    folder. Until the end, and after any error, the old index answers as before.

    Args:
        rebuild: start from nothing, as after a change of settings or damage.
        strict: refuse to go on where a file cannot be read, instead of leaving it out and saying so.
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
    settings = settings or Settings()
    folder = settings.index
    with writing(folder):
        if rebuild:
            for path in (folder / CATALOG, folder / f"{CATALOG}.new"):
                if not path.is_file():  # what stands there is no catalog, and would be in the way of one
                    remove(path)
        kept, before = ("", Containers()) if rebuild else _published(settings)
        named = paths or (added and not has_index(folder))  # pages of the web may be all there is
        scope = Scope(tuple(Path(path).absolute() for path in paths)) if named else read_scope(folder)
        if without is not None:
            scope = replace(scope, without=frozenset(without))
        with _staged(added or {}, settings), closing(_draft(settings, anew=rebuild)) as draft:
            left_out, passed_by = list[str](), list[str]()
            files = scope.files(uploads(folder), added or (), None if strict else left_out, passed_by)
            skipped, containers = _read_articles(files, draft, before, scope.without, settings, strict, progress)
            old, new = draft.digests(), {file.source: file.digest for file in draft.files()}
            notes = tuple(f"{source}: {note}" for source, own in draft.notes() for note in own)
            if old != new:
                _set_originals(draft)
            embedded = _publish(draft, kept, settings, {**scope.to_manifest(), **_told(containers)}, progress)
        with closing(Catalog(folder / CATALOG)) as catalog:
            originals, copies = catalog.article_counts()
            chunks, instructed = catalog.chunk_count(), catalog.instructed()
    return IngestReport(
        articles=originals,
        copies=copies,
        chunks=chunks,
        added=len(new.keys() - old.keys()),
        changed=sum(old[source] != new[source] for source in new.keys() & old.keys()),
        removed=len(old.keys() - new.keys()),
        embedded=embedded,
        skipped=(*left_out, *skipped),
        seconds=time.perf_counter() - started,
        instructed=instructed,
        notes=(*passed_by, *notes),
    )


def index_articles(articles: Sequence[Article], settings: Settings, progress: Progress = _silent) -> int:
    """Build an index of ready-made articles, without reading, cleaning or grouping; returns how many chunks.

    For benchmark collections, whose texts must stay as they are. What the folder held is replaced.

    Raises:
        StoreError: the folder cannot be written, or is not ours.
    """
    with writing(settings.index), closing(_draft(settings, anew=True)) as draft:
        for article in articles:
            draft.put(article, _file_of(article))
        draft.keep(article.source for article in articles)
        _publish(draft, "", settings, {}, progress)  # of no files: nothing is to be indexed beside them
        with closing(Catalog(settings.index / CATALOG)) as catalog:
            return catalog.chunk_count()


def _draft(settings: Settings, *, anew: bool) -> Draft:
    return Draft(settings.index / CATALOG, built_with(settings), anew=anew)


def _published(settings: Settings) -> tuple[str, Containers]:
    """What the catalog keeps of vectors, which are there, "" where nothing is published; and of containers."""
    if not has_index(settings.index):
        return "", {}
    with damage_explained(settings.index), closing(open_catalog(settings)) as catalog:
        require_vectors(settings, catalog)
        return catalog.manifest["vectors"], catalog.containers()


def _publish(draft: Draft, kept: str, settings: Settings, made_of: Mapping[str, str], progress: Progress) -> int:
    """Vectors first, then the catalog that makes them visible, then what is no longer needed goes.

    Returns how many were embedded.
    """
    embedded = 0
    with closing(write_vectors(settings, kept)) as vectors:
        if draft.has_changes():
            _cut(draft, settings)
            embedded = _embed(draft, vectors, settings, progress)
            kept = vectors.publish(draft.chunk_ids())
        draft.publish({**built_with(settings), **made_of, "vectors": kept})
        vectors.tidy()
    return embedded


@contextmanager
def writing(folder: Path) -> Iterator[None]:
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
        # By file: the uploads may lie in one of the folders.
        found = dict(find_files(self.paths, left_out, passed_by) if self.paths else ())
        staged = set(staged)  # each in the place of a file of its name
        added = [path for path in uploads.iterdir() if path.name not in staged] if uploads.is_dir() else []
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
    draft: Draft,
    before: Containers,
    without: frozenset[str],
    settings: Settings,
    strict: bool,
    progress: Progress,
) -> tuple[tuple[str, ...], Containers]:
    """Put what is new or changed into the draft, and tell it what is there.

    `before` are the published containers; returns what is wrong with files that are left out, and the containers now.
    """
    published = draft.digests()
    # What an interrupted run found out of unchanged articles, from others that may have changed since, is found anew.
    draft.withdraw([source for source, digest in draft.drafted().items() if digest == published.get(source)])
    drafted, file_of = draft.drafted(), draft.containers()
    held: dict[str, dict[str, str]] = {}  # digests of the known articles of each file, by source
    for source, digest in {**published, **drafted}.items():
        held.setdefault(file_of.get(source, source), {})[source] = digest
    there: set[str] = set()
    containers: Containers = {}
    bad: list[tuple[str, LoadError]] = []  # with the source of its file
    with Parser(settings) as parser:
        for number, (path, source) in enumerate(files, start=1):
            progress("reading", number, len(files))
            try:
                data, digest = parser.read(path)
                known = held.get(source, {})
                as_before = before.get(source) == (digest, True) and drafted.keys().isdisjoint(known)
                if known.get(source) == digest or as_before:
                    parsed = Parsed((), tuple(known))
                else:
                    parsed = parser.parse(data, path, source, known)
            except LoadError as error:
                bad.append((source, error))
                continue
            bad += [(source, error) for error in parsed.bad]
            new = {article.source: article for article in parsed.articles}
            found = [*parsed.same, *new]
            if found != [source]:
                containers[source] = digest, not parsed.bad and without.isdisjoint(found)
            for own in (each for each in found if each not in without):
                if own in there:
                    twice = f"{own} is there twice, as a file and in another one; rename the file"
                    bad.append((source, LoadError(twice)))
                elif own in new and new[own].digest == published.get(own):
                    draft.withdraw([own])
                elif own in new:
                    draft.put(new[own], _file_of(new[own]))
                there.add(own)
    draft.withdraw(drafted.keys() - there)
    draft.keep(there)
    to_mend = [each for each in bad if not isinstance(each[1], VanishedError)]
    if to_mend and strict:
        first, why = to_mend[0]
        others = [source for source in dict.fromkeys(source for source, _ in to_mend) if source != first]
        raise LoadError(f"{why}{_others(others)}; or index without --strict, which leaves bad files out")
    if not there:
        raise LoadError(f"no file could be read: {bad[0][1]}" if bad else NOTHING_LEFT)
    return tuple(str(error) for _, error in bad), containers


def _told(containers: Containers) -> dict[str, str]:
    return {CONTAINERS: json.dumps(containers, sort_keys=True)} if containers else {}


def _file_of(article: Article) -> File:
    return File(
        source=article.source,
        digest=article.digest,
        published=article.published,
        shown=article.published or article.updated or page_date(article.removed),
        dirt=_dirt(article),
        length=len(article.text),
        instructed=bool(article.instructions),
        container=article.container,
        sketch=sketch_of(article.text).tobytes(),
    )


def _dirt(article: Article) -> int:
    return sum(len(removal.text) for removal in article.removed)


def _others(sources: Sequence[str]) -> str:
    """The first few other files that cannot be read, so that they can be mended in one go."""
    if not sources:
        return ""
    more = f" and {len(sources) - 5} more" if len(sources) > 5 else ""
    return f" (nor can {', '.join(sources[:5])}{more} be read)"


def _set_originals(draft: Draft) -> None:
    """Tell the draft what each article is a copy of, and by when an undated one was there, as it or a copy shows."""
    files = draft.files()

    @lru_cache(maxsize=_COMPARED_AT_A_TIME)
    def document(number: int) -> Document:
        return _document(draft.article(files[number].source))

    def compare(one: int, other: int) -> int | None:
        pair = files[one].source, files[other].source
        if known := draft.says(*pair):
            return known[0]
        draft.found(*pair, says := compared(document(one), document(other)))
        return says

    originals = group(
        [
            Sketched(each.source, str(each.published or "") or None, each.dirt, each.length,
                     np.frombuffer(each.sketch, np.uint32))
            for each in files
        ],
        compare,
    )  # fmt: skip
    shown: dict[int, date] = {}  # by article, and by the original of a copy
    for number, (file, original) in enumerate(zip(files, originals, strict=True)):
        if day := file.shown:
            shown[number] = min(day, shown.get(number, day))
            shown[original] = min(day, shown.get(original, day))
    draft.set_originals(
        (file.source, files[original].source, None if file.published else shown.get(number))
        for number, (file, original) in enumerate(zip(files, originals, strict=True))
    )


def _document(article: Article) -> Document:
    return Document(
        article.text,
        metadata={
            "source": article.source,
            "title": article.title,
            "publisher": article.publisher,
            "published": article.published.isoformat() if article.published else None,
            "author": article.author,
            "removed_characters": _dirt(article),
        },
    )


def _cut(draft: Draft, settings: Settings) -> None:
    """Give originals that have none their sentences, turns, people and chunks."""
    documents: Encoder | None = None
    for article in draft.uncut():
        documents = documents or encoder(settings.embedding_model, "document")
        if not article.sentences:
            article = replace(
                article,
                sentences=tuple(sentence_spans(article.text)),
                turns=turns(article.text),
                people=people(article.text, article.imprint),
            )
        draft.cut(article, _cut_one(article, documents, settings))


def _cut_one(article: Article, documents: Encoder, settings: Settings) -> Iterator[Chunk]:
    window = min(settings.chunk_tokens, documents.window)
    for piece in split(_document(article), documents.count_tokens, window):
        start, end, header = piece.metadata["start"], piece.metadata["end"], piece.metadata["header"]
        yield Chunk.of(article.source, article.no_later_than, start, end, header, piece.page_content)


def _embed(draft: Draft, vectors: VectorWriter, settings: Settings, progress: Progress) -> int:
    """Embed what has no vector yet; returns how many."""
    missing = vectors.missing(draft.unpublished_ids())
    if not missing:
        return 0
    done = 0
    progress("embedding", 0, len(missing))
    documents = encoder(settings.embedding_model, "document")
    for batch in draft.chunks_among(missing, BATCH):
        texts = [f"{chunk.header}\n{article.text[chunk.start : chunk.end]}" for chunk, article in batch]
        vectors.add([chunk for chunk, _ in batch], documents.encode(texts), [article for _, article in batch])
        done += len(batch)
        progress("embedding", done, len(missing))
    return done
