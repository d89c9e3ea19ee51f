"""Make the index equal a set of files.

Files are read, cleaned, grouped into articles and copies, and cut into chunks. What is new of them goes into a draft,
one article at a time; only chunks without a vector are embedded. So an interrupted run goes on where it was, an
unchanged file costs its reading, and what is in memory does not grow with the texts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rag.disk.files import remove
from rag.errors import LoadError
from rag.index.catalog import CONTAINERS, Catalog
from rag.index.draft import Draft
from rag.index.publish import writing
from rag.index.store import (
    CATALOG,
    built_with,
    damage_explained,
    has_index,
    open_catalog,
    require_vectors,
    write_vectors,
)
from rag.index.vectors import VectorWriter
from rag.ingest.chunk import split
from rag.ingest.copies import file_of, set_originals
from rag.ingest.load import VanishedError
from rag.ingest.parser import Parsed, Parser
from rag.ingest.scope import NOTHING_LEFT, Scope, read_scope
from rag.ingest.uploads import staged, uploads
from rag.models.encoders import encoder
from rag.settings import Settings
from rag.text.people import people
from rag.text.sentences import sentence_spans
from rag.text.speaker import turns
from rag.types import Article

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
BATCH = 64  # chunks embedded between two steps of the progress bar
_MOST_NAMED = 5  # files that cannot be read

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
        with staged(added or {}, settings), closing(_draft(settings, anew=rebuild)) as draft:
            left_out, passed_by = list[str](), list[str]()
            files = scope.files(uploads(folder), added or (), None if strict else left_out, passed_by)
            with Parser(settings) as parser:
                reading = _Reading(parser, draft, before, scope.without)
                for number, (path, source) in enumerate(files, start=1):
                    progress("reading", number, len(files))
                    reading.read(path, source)
            reading.finish(strict)
            new, changed, removed = draft.counts()
            passed_by += [f"{source}: {note}" for source, notes in draft.notes() for note in notes]
            if new or changed or removed:
                set_originals(draft)
            embedded = _publish(draft, kept, settings, {**scope.to_manifest(), **reading.to_manifest()}, progress)
        with closing(Catalog(folder / CATALOG)) as catalog:
            originals, copies = catalog.article_counts()
            chunks, instructed = catalog.chunk_count(), catalog.instructed()
    return IngestReport(
        articles=originals,
        copies=copies,
        chunks=chunks,
        added=new,
        changed=changed,
        removed=removed,
        embedded=embedded,
        skipped=(*left_out, *(str(error) for _, error in reading.bad)),
        seconds=time.perf_counter() - started,
        instructed=instructed,
        notes=tuple(passed_by),
    )


def index_articles(articles: Sequence[Article], settings: Settings, progress: Progress = _silent) -> int:
    """Build an index of ready-made articles, without reading, cleaning or grouping; returns how many chunks.

    For benchmark collections, whose texts must stay as they are. What the folder held is replaced.

    Raises:
        StoreError: the folder cannot be written, or is not ours.
    """
    with writing(settings.index), closing(_draft(settings, anew=True)) as draft:
        for article in articles:
            draft.put(article, file_of(article))
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
        if any(draft.counts()):
            _cut(draft, settings)
            embedded = _embed(draft, vectors, settings, progress)
            kept = vectors.publish(draft.chunk_ids())
        draft.publish({**built_with(settings), **made_of, "vectors": kept})
        vectors.tidy()
    return embedded


class _Reading:
    """Puts what is new or changed into a draft, one file after the other; what was published stays known.

    `before` are the containers that are published; `bad` is what cannot be read, with the source of its file.
    """

    def __init__(self, parser: Parser, draft: Draft, before: Containers, without: Collection[str]) -> None:
        self._parser, self._draft, self._before, self._without = parser, draft, before, frozenset(without)
        self._known, self._drafted = draft.known(), draft.drafted()
        self._there: set[str] = set()
        self._containers: Containers = {}
        self.bad: list[tuple[str, LoadError]] = []

    def read(self, path: Path, source: str) -> None:
        """The articles of a file, unless it is as it was."""
        known = self._known.get(source, {})
        try:
            data, digest = self._parser.read(path)
            as_before = self._before.get(source) == (digest, True) and self._drafted.isdisjoint(known)
            if known.get(source) == digest or as_before:
                parsed = Parsed((), tuple(known))
            else:
                parsed = self._parser.parse(data, path, source, known)
        except LoadError as error:
            self.bad.append((source, error))
            return
        self.bad += [(source, error) for error in parsed.bad]
        new = {article.source: article for article in parsed.articles}
        found = [*parsed.same, *new]
        if found != [source]:
            self._containers[source] = digest, not parsed.bad and self._without.isdisjoint(found)
        for own in (each for each in found if each not in self._without):
            if own in self._there:
                twice = f"{own} is there twice, as a file and in another one; rename the file"
                self.bad.append((source, LoadError(twice)))
            elif own in new:
                self._draft.put(new[own], file_of(new[own]))
            self._there.add(own)

    def finish(self, strict: bool) -> None:
        """Tell the draft what is there.

        Raises:
            LoadError: nothing is, or a file cannot be read, where that is `strict`.
        """
        self._draft.keep(self._there)
        to_mend = [each for each in self.bad if not isinstance(each[1], VanishedError)]
        if to_mend and strict:
            first, why = to_mend[0]
            others = [source for source in dict.fromkeys(source for source, _ in to_mend) if source != first]
            raise LoadError(f"{why}{_others(others)}; or index without --strict, which leaves bad files out")
        if not self._there:
            raise LoadError(f"no file could be read: {self.bad[0][1]}" if self.bad else NOTHING_LEFT)

    def to_manifest(self) -> dict[str, str]:
        """As it is kept in the index."""
        return {CONTAINERS: json.dumps(self._containers, sort_keys=True)} if self._containers else {}


def _others(sources: Sequence[str]) -> str:
    """The first few other files that cannot be read, so that they can be mended in one go."""
    if not sources:
        return ""
    more = f" and {len(sources) - _MOST_NAMED} more" if len(sources) > _MOST_NAMED else ""
    return f" (nor can {', '.join(sources[:_MOST_NAMED])}{more} be read)"


def _cut(draft: Draft, settings: Settings) -> None:
    """Give originals that have none their sentences, turns, people and chunks."""
    documents = None
    for article in draft.uncut():
        documents = documents or encoder(settings.embedding_model, "document")
        if not article.sentences:
            article = replace(
                article,
                sentences=tuple(sentence_spans(article.text)),
                turns=turns(article.text),
                people=people(article.text, article.imprint),
            )
        window = min(settings.chunk_tokens, documents.window)
        draft.cut(article, split(article, documents.count_tokens, window))


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
