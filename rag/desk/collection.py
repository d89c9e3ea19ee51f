"""The collection as a person manages it: what is in it, what cleaning took out, adding, removing, indexing anew."""

from __future__ import annotations

import dataclasses
import hashlib
import multiprocessing
import os
import stat
import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

from rag.disk.storage import storage_explained
from rag.errors import LoadError, RAGError, SettingsError, StoreError
from rag.index.store import Store
from rag.ingest.build import IngestReport, Progress, ingest
from rag.ingest.clean import Line
from rag.ingest.load import read_file
from rag.ingest.parser import Parser
from rag.ingest.scope import read_scope
from rag.ingest.uploads import UPLOADED, keeping, settle, uploads
from rag.settings import Settings
from rag.types import Article

MOST_NAMED = 5  # articles of a file that is there already
SHOWN_WITHIN = 10.0  # seconds to read a file again for who looks at its article


@dataclass(frozen=True)
class Entry:
    """An article of the collection, with its number of chunks (a copy has none) and the sources of its copies."""

    article: Article
    chunks: int
    copies: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A part of a line of the file; `reason` says why cleaning removed it, None where it was kept."""

    text: str
    reason: str | None = None


@dataclass(frozen=True)
class Added:
    """What became of one file, or of an article in one: the article made of it, or in one line why there is none."""

    name: str
    article: Article | None = None
    error: str = ""


class Collection:
    """The articles of one index; safe for threads. Changing it waits for its turn and raises where it is read-only."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._uploads = uploads(settings.index)
        self._parser = Parser(settings)
        # Of its own, so that nobody who looks at articles keeps those waiting who add some.
        shown_within = min(settings.parse_seconds, SHOWN_WITHIN)
        self._shower = Parser(settings.model_copy(update={"parse_seconds": shown_within}))
        self._turn = threading.Lock()

    @property
    def read_only(self) -> bool:
        """Whether the settings forbid changes."""
        return self._settings.read_only

    def entries(self) -> list[Entry]:
        """Every article and copy, by source."""
        articles, chunks = self._store.articles(), self._store.chunk_counts()
        copies: dict[str, list[str]] = {}
        for article in articles:
            if article.original != article.source:
                copies.setdefault(article.original, []).append(article.source)
        return [
            Entry(article, chunks.get(article.source, 0), tuple(copies.get(article.source, ()))) for article in articles
        ]

    def article(self, source: str) -> Article:
        """One article.

        Raises:
            StoreError: it is not in the index.
        """
        return self._store.article(source)

    def copies(self, source: str) -> tuple[str, ...]:
        """Sources of the republished copies of an article."""
        return self._store.copies(source)

    def file(self, source: str) -> Path | None:
        """The file that an article was read from; None where it is no longer there or has changed since.

        Raises:
            StoreError: the article is not in the index.
        """
        article = self._store.article(source)
        try:
            path = {name: path for path, name in self._files()}[article.file]
            data = read_file(path)
            return path if hashlib.sha256(data).hexdigest() == self._store.file_digest(article) else None
        except (LoadError, OSError, KeyError):
            return None

    def difference(self, source: str) -> list[tuple[Piece, ...]]:
        """What the file says, line by line without the empty ones; the pieces that cleaning removed say why.

        Where the file is no longer there, or cannot be read again in a moment, the removed pieces follow the article.

        Raises:
            StoreError: the article is not in the index.
        """
        article, path = self._store.article(source), self.file(source)
        try:
            lines = self._shower.lines(path, article.file, source) if path else None
        except LoadError:
            lines = None
        if lines is None:
            pieces = [Piece(line) for line in article.text.split("\n") if line]
            return [(piece,) for piece in (*pieces, *(Piece(one.text, one.reason) for one in article.removed))]
        shown: list[tuple[Piece, ...]] = []
        for line in lines:
            if line.text and line.rest is None:
                # The lines of a paragraph went for the reason that stands at the first of them.
                shown.append((Piece(line.text, line.removed[-1].reason if line.removed else shown[-1][0].reason),))
            elif line.text:
                shown.append(_pieces(line))
        return shown

    def clashing(self, files: Sequence[Path]) -> list[str]:
        """The names of those files that would replace one which was added before and says something else."""
        return [
            path.name for path in files if (old := self._uploads / _kept_name(path)).is_file() and _differ(path, old)
        ]

    def add(self, files: Sequence[Path], progress: Progress, *, folder: Path, replace: bool = False) -> list[Added]:
        """Take copies of files into the collection; a bad one is reported and the others go in.

        Args:
            folder: where the files were put for this; what lies elsewhere, or is a link, is not even looked at.
            replace: whether one takes the place of a file of its name that was added before; else it is left out. Of
                several of one name in `files` each goes in.

        Raises:
            SettingsError: the collection is read-only.
            RAGError: the files cannot be kept, or as `ingest`; everything is as before.
        """
        with self._changing():
            results: list[Added] = []
            added: dict[str, Path] = {}  # by the name that the copy will have
            for path, read in zip(files, self._read(files, folder, progress), strict=True):
                if any(result.article for result in read) and not replace and self._is_kept(_kept_name(path)):
                    told = f"{path.name} is in the collection with another content, and was not to be replaced"
                    results.append(Added(path.name, error=told))
                    continue
                articles = [result.article for result in read if result.article]
                name = self._free_name(path, added) if articles else ""
                added |= {name: path} if articles else {}
                results += [
                    dataclasses.replace(result, article=_kept_as(f"{UPLOADED}/{name}", result.article))
                    for result in read
                ]
            sources = {result.article.source for result in results if result.article}
            if added:
                self._index(progress, self._without() - sources, added)
            return [
                dataclasses.replace(result, article=self._store.article(result.article.source))
                if result.article
                else result
                for result in results
            ]

    def remove(self, sources: Sequence[str], progress: Progress) -> None:
        """Leave articles out from now on; files that were added in the chat are deleted, others stay where they are.

        Raises:
            SettingsError: the collection is read-only.
            StoreError: one of them is not in the index.
            RAGError: as `ingest`, or no article would be left; everything is as before.
        """
        with self._changing():
            for source in sources:
                self._store.article(source)
            left = {article.file for article in self._store.articles() if article.source not in sources}
            gone = {self._store.article(source).file for source in sources} - left
            own = [path for path, source in self._files() if source in gone and path.parent == self._uploads]
            self._index(progress, self._without().union(sources))
            with storage_explained(f"cannot delete the file in {self._uploads}", "delete it by hand"):
                for path in own:
                    path.unlink(missing_ok=True)

    def refresh(self, progress: Progress) -> IngestReport:
        """Index what has changed in the files since the last time; bad ones are left out and named in the report.

        Raises:
            SettingsError: the collection is read-only.
            RAGError: as `ingest`; everything is as before.
        """
        with self._changing():
            return self._index(progress)

    def _changing(self) -> threading.Lock:
        if self.read_only:
            raise SettingsError("the collection is read-only here; start the chat without RAG_READ_ONLY to change it")
        return self._turn

    def _files(self) -> list[tuple[Path, str]]:
        return read_scope(self._settings.index).files(self._uploads)

    def _without(self) -> frozenset[str]:
        return read_scope(self._settings.index).without

    def _read(self, files: Sequence[Path], folder: Path, progress: Progress) -> Iterator[list[Added]]:
        """What each file would become, or why it cannot: it is no article, or there already."""
        known = {article.digest: article.title for article in self._store.articles()}
        for number, path in enumerate(files, start=1):
            progress("reading", number, len(files))
            if not _lies_in(path, folder):
                yield [Added(path.name, error=f"{path.name} is no file that was uploaded for this; choose it anew")]
                continue
            try:
                parsed = self._parser.articles(path, path.name)
            except LoadError as error:
                yield [_not_added(path, error)]
                continue
            there = {article.digest: known.get(article.digest) for article in parsed.articles}
            known |= {article.digest: article.title for article in parsed.articles}
            if all(there.values()):  # one that is new brings its whole file
                titles = ", ".join(str(title) for title in islice(there.values(), MOST_NAMED))
                yield [Added(path.name, error=f"{path.name} is in the collection already: {titles}")]
            else:
                yield [
                    *(Added(each.source, each) for each in parsed.articles),
                    *(_not_added(path, e) for e in parsed.bad),
                ]

    def _is_kept(self, name: str) -> bool:
        """Whether a file of that name was added before.

        Raises:
            StoreError: there can be none.
        """
        with keeping(name, self._uploads):
            return (self._uploads / name).exists()

    def _free_name(self, path: Path, taken: Container[str]) -> str:
        """A name for a file among the uploads: its own, unless another of those that are added now has it."""
        name = Path(_kept_name(path))
        free, number = name.name, 1
        while free in taken or (number > 1 and self._is_kept(free)):
            number += 1
            free = f"{name.stem} ({number}){name.suffix}"
        return free

    def _index(
        self, progress: Progress, without: frozenset[str] | None = None, added: Mapping[str, Path] | None = None
    ) -> IngestReport:
        """Index in a process of its own: the embedder's memory goes with it, and questions are answered meanwhile."""
        spawn = multiprocessing.get_context("spawn")
        receiver, sender = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_work, args=(sender, self._settings, without, added), daemon=True)
        process.start()
        sender.close()
        try:
            while isinstance(message := receiver.recv(), tuple):
                progress(*message)
        except EOFError:
            raise StoreError(
                "indexing ended unexpectedly; the log of the service says why, and `rag index` too"
            ) from None
        except BaseException:
            process.terminate()  # nobody waits for it any more
            raise
        finally:
            process.join()
            receiver.close()
            if process.exitcode:
                with suppress(StoreError):  # the next change does it, too
                    settle(self._settings.index)
        if isinstance(message, RAGError):
            raise message
        assert isinstance(message, IngestReport)
        return message


def _kept_name(path: Path) -> str:
    """The name of a file as it is kept: as `find_files` reads it."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _differ(path: Path, old: Path) -> bool:
    try:
        return read_file(path) != read_file(old)
    except LoadError:
        return False  # which is said when it is read to be added


def _not_added(path: Path, error: LoadError) -> Added:
    return Added(path.name, error=str(error).replace(str(path), path.name))


def _kept_as(source: str, article: Article | None) -> Article | None:
    """An article as it will be called when its file is kept as this."""
    return article and dataclasses.replace(article, source=f"{source}{article.source.removeprefix(article.file)}")


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether it is a regular file below the folder, reached without a link."""
    try:
        real = path.resolve(strict=True)
        return real == folder.resolve() / path.relative_to(folder) and stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _work(
    sender: Connection, settings: Settings, without: frozenset[str] | None, added: Mapping[str, Path] | None
) -> None:
    """What the other process does: its steps, and at last its report or error, go through the pipe."""
    try:
        sender.send(ingest([], settings, without=without, added=added, progress=lambda *step: sender.send(step)))
    except RAGError as error:
        sender.send(error)


def _pieces(line: Line) -> tuple[Piece, ...]:
    """A line that stays, cut where something was taken out; that stood last if it was there several times."""
    pieces = [Piece(line.text)]
    for removal in line.removed:
        for place, piece in reversed(list(enumerate(pieces))):
            if piece.reason is None and removal.text in piece.text:
                before, _, after = piece.text.rpartition(removal.text)
                pieces[place : place + 1] = [Piece(before), Piece(removal.text, removal.reason), Piece(after)]
                break
    return tuple(piece for piece in pieces if piece.text.strip())
