"""Files become articles in a process of their own, within limits of size, time and memory.

The libraries that read HTML and PDF keep none: a small file can take them hours or gigabytes, or end the process. So
theirs is a child, which ends alone and is started anew for the next file. It guards against such costs, not against
code: it runs as the same user.

Not pebble or loky: their workers are children of multiprocessing, which the chat's indexing process, a daemon itself,
may not have, and neither limits memory.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.documents import Document

from rag.errors import LoadError
from rag.ingest.clean import Line, clean
from rag.ingest.instructions import find_instructions
from rag.ingest.load import Found, Reading, articles_in, document_of, read_file, refused
from rag.ingest.metadata import read_metadata
from rag.ingest.sections import carried
from rag.settings import Settings
from rag.text.characters import normalized, said
from rag.types import Article, Instruction

T = TypeVar("T")
_MB = 1_000_000
_MOST_ENDS = 3  # articles of one file that may end the child
_OUT_OF_MEMORY = 77  # status of a child that needed more than it may
# The parent's places of modules, and not the folder where it happens to stand, which may be anybody's.
_CHILD = (
    "import sys; seconds, memory, *sys.path = sys.argv[1:]; from rag.ingest.parser import serve; serve(seconds, memory)"
)


@dataclass(frozen=True)
class Parsed:
    """The articles of a file, the sources of those that are known as they are, and why others cannot be read."""

    articles: tuple[Article, ...]
    same: tuple[str, ...] = ()
    bad: tuple[LoadError, ...] = ()


class Parser(AbstractContextManager["Parser"]):
    """Reads files in a child process, which is started when there is one to read; safe for threads, one file a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading = Reading(int(settings.max_file_mb * _MB), settings.column_names)
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, path: Path) -> tuple[bytes, str]:
        """The bytes of a file, and their digest.

        Raises:
            VanishedError: it is no longer there.
            LoadError: it cannot be read, or is too long.
        """
        data = read_file(path, self._reading.longest)
        return data, hashlib.sha256(data).hexdigest()

    def articles(self, path: Path, source: str) -> Parsed:
        """Read a file and parse it.

        Raises:
            VanishedError, LoadError: as `read` and `parse`.
        """
        return self.parse(self.read(path)[0], path, source)

    def parse(self, data: bytes, path: Path, source: str, known: Mapping[str, str] | None = None) -> Parsed:
        """The articles of a file, cleaned and with their metadata, as originals; `known` has digests, by source.

        Raises:
            LoadError: nothing of it can be read, or not within the limits.
        """
        found: list[Article | str | LoadError] = []
        ends: dict[int, str] = {}  # which ended a child, and why
        why: str | None = ""
        while why is not None and len(ends) < _MOST_ENDS:
            replies, why = self._ask(_articles, data, path, source, known or {}, len(found))
            found += replies
            if why is not None:
                ends[len(found)] = why
                found.append(LoadError(why))
        for place, reason in ends.items():
            which = f"article {place + 1:,} of {said(path)}" if len(found) > 1 else said(path)
            found[place] = LoadError(f"gave up on {which}{reason}")
        if why is not None:
            found.append(LoadError(f"gave up on what follows in {said(path)}, after {_MOST_ENDS} such; split it"))
        parsed = Parsed(
            tuple(_placed(each, source) for each in found if isinstance(each, Article)),
            tuple(each for each in found if isinstance(each, str)),
            tuple(each for each in found if isinstance(each, LoadError)),
        )
        if not parsed.articles and not parsed.same:
            raise parsed.bad[0] if parsed.bad else LoadError(f"{said(path)} holds no article; leave it out")
        return parsed

    def lines(self, path: Path, file: str, source: str) -> tuple[Line, ...]:
        """What cleaning makes of each line of an article in a file, by the sources of both.

        Raises:
            VanishedError, LoadError: as `read` and `parse`.
        """
        replies, why = self._ask(_lines, self.read(path)[0], path, file, source)
        for reply in replies:
            if isinstance(reply, LoadError):
                raise reply
            return reply
        raise LoadError(
            f"gave up on {said(path)}{why}" if why else f"{source} is no longer in {said(path)}; index again"
        )

    def close(self) -> None:
        """End the child; it would end by itself with this process."""
        child, self._child = self._child, None
        if child:
            child.kill()
            child.communicate()  # its pipes are closed

    def _ask(
        self, work: Callable[..., Iterator[T]], data: bytes, path: Path, *more: object
    ) -> tuple[list[T | LoadError], str | None]:
        """What the child replies, one after the other, and why it ended before the last, if it did."""
        replies: list[T | LoadError] = []
        with self._turn:
            self._child = child = self._child or self._started(path)
            assert child.stdin and child.stdout
            try:
                pickle.dump((work, data, path, self._reading, *more), child.stdin)
                child.stdin.flush()
                while (reply := pickle.load(child.stdout)) is not None:
                    replies.append(reply)
            except (OSError, EOFError, pickle.UnpicklingError):
                return replies, self._why(child)
            except BaseException:
                self.close()  # it may still answer to what nobody asks any more
                raise
        return replies, None

    def _started(self, path: Path) -> subprocess.Popen[bytes]:
        limits = (str(self._settings.parse_seconds), str(self._settings.parse_memory_mb))
        command = [sys.executable, "-P", "-c", _CHILD, *limits, *(each or str(Path.cwd()) for each in sys.path)]
        try:
            # In a group of its own: Ctrl-C at a terminal is for the parent, which ends it.
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)
        except OSError as error:
            raise LoadError(f"{said(path)} cannot be read: no process can be started ({error.strerror})") from error

    def _why(self, child: subprocess.Popen[bytes]) -> str:
        """Why a child has ended, and the remedy."""
        with suppress(subprocess.TimeoutExpired):
            child.wait(10)
        status = child.poll()
        self.close()
        if status == -signal.SIGALRM:
            return f" after {self._settings.parse_seconds:g} s; leave it out, or raise RAG_PARSE_SECONDS"
        if status == _OUT_OF_MEMORY:
            most = f"{self._settings.parse_memory_mb:,} MB"
            return f": its parser needed more than {most}; leave it out, or raise RAG_PARSE_MEMORY_MB"
        return ": its parser crashed; leave it out, or convert it to .txt"


def serve(seconds: str, memory: str) -> None:
    """What the child does: a function and its arguments come in, what it yields, a LoadError, and None go out."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no reply
    most = int(memory) * _MB
    _limit(resource.RLIMIT_CORE, 0)
    # Above what is allowed: lxml and trafilatura take a lack of memory for the end of the page.
    _limit(resource.RLIMIT_DATA, most + most // 4)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, whatever it is at
    while True:
        try:
            todo = chain(_done(*pickle.load(requests)), (None,))
            while True:
                signal.setitimer(signal.ITIMER_REAL, float(seconds))
                reply = next(todo)
                data = pickle.dumps(reply)
                if _peak() > most:
                    raise MemoryError
                signal.setitimer(signal.ITIMER_REAL, 0)
                replies.write(data)
                replies.flush()
                if reply is None:
                    break
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)  # the parent is gone


def _peak() -> int:
    """The most memory that this process has had, in bytes; 0 where Linux does not tell.

    `getrusage` would not do: a process begins with its parent's.
    """
    try:
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _done(work: Callable[..., Iterator[T]], data: bytes, path: Path, *arguments: Any) -> Iterator[T | LoadError]:
    try:
        yield from work(data, path, *arguments)
    except Exception as error:
        yield refused(error, path)


def _articles(
    data: bytes, path: Path, reading: Reading, source: str, known: Mapping[str, str], start: int
) -> Iterator[Article | str | LoadError]:
    """The articles of a file from one on; only the source of one that has the digest that is known."""
    for found in islice(articles_in(data, path, reading), start, None):
        try:
            same = found.digest and known.get(f"{source}{found.name}") == found.digest
            yield f"{source}{found.name}" if same else _article(found, path, reading, source)
        except Exception as error:
            yield refused(error, f"{path}{found.name}")


def _article(found: Found, path: Path, reading: Reading, source: str) -> Article:
    cleaned = clean(_document(found, path, reading, source))
    removed = (*cleaned.document.metadata["removed"], *cleaned.removed)
    document = read_metadata(cleaned.document, removed)
    own = f"{source}{found.name}"
    return Article(
        source=own,
        digest=found.digest,
        title=document.metadata["title"] or normalized(Path(own).name),  # of a text of figures
        publisher=document.metadata["publisher"],
        published=_day(document.metadata["published"]),
        author=document.metadata["author"],
        text=document.page_content,
        removed=removed,
        original=own,
        instructions=_instructions(document),
        updated=_day(document.metadata["updated"]),
        imprint=document.metadata["imprint"],
        notes=document.metadata["notes"],
        sections=carried(document.metadata["sections"], cleaned.lines, document.page_content),
    )


def _placed(article: Article, source: str) -> Article:
    """An article with the file that it lies in, if beside others."""
    return article if article.source == source else replace(article, container=source)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _lines(data: bytes, path: Path, reading: Reading, file: str, source: str) -> Iterator[tuple[Line, ...]]:
    for found in articles_in(data, path, reading):
        if f"{file}{found.name}" == source:
            yield clean(_document(found, path, reading, file)).lines
            return


def _document(found: Found, path: Path, reading: Reading, source: str) -> Document:
    place = Path(f"{path}{found.name}")
    document = document_of(found.read(), place, f"{source}{found.name}")
    if len(document.page_content) > reading.longest:  # a PDF unpacks its text
        most = f"{reading.longest / _MB:,g} MB of text"
        raise LoadError(f"{said(place)} has more than {most}; split it, or raise RAG_MAX_FILE_MB")
    return document


def _instructions(document: Document) -> tuple[Instruction, ...]:
    """What speaks to a language model in the article, and in the metadata that stand beside its text."""
    shown = (document.metadata[name] for name in ("title", "publisher", "author"))
    beside = [value for value in shown if value and value not in document.page_content]
    return tuple(find_instructions("\n\n".join([*beside, document.page_content])))
