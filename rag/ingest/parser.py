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
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.documents import Document

from rag.errors import LoadError
from rag.ingest.clean import Line, clean
from rag.ingest.instructions import find_instructions
from rag.ingest.load import read_file, to_document
from rag.ingest.metadata import read_metadata
from rag.ingest.sections import carried
from rag.settings import Settings
from rag.text.characters import normalized, said
from rag.types import Article, Instruction

T = TypeVar("T")
_MB = 1_000_000
_OUT_OF_MEMORY = 77  # status of a child that needed more than it may
# The parent's places of modules, and not the folder where it happens to stand, which may be anybody's.
_CHILD = (
    "import sys; seconds, memory, *sys.path = sys.argv[1:]; from rag.ingest.parser import serve; serve(seconds, memory)"
)


class Parser(AbstractContextManager["Parser"]):
    """Reads files in a child process, which is started when there is one to read; safe for threads, one file a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._longest = int(settings.max_file_mb * _MB)
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __exit__(self, *_: object) -> None:
        self.close()

    def article(self, path: Path, source: str, known: Article | None = None) -> Article:
        """One file, cleaned and with its metadata, as an original; `known` itself where the file has not changed.

        Raises:
            VanishedError: it is no longer there.
            LoadError: it cannot be read, or not within the limits.
        """
        data = read_file(path, self._longest)
        digest = hashlib.sha256(data).hexdigest()
        if known and known.digest == digest:
            return known
        return self._ask(_article, data, path, source, digest)

    def lines(self, path: Path, source: str) -> tuple[Line, ...]:
        """What cleaning makes of each line of a file.

        Raises:
            VanishedError, LoadError: as `article`.
        """
        return self._ask(_lines, read_file(path, self._longest), path, source)

    def close(self) -> None:
        """End the child; it would end by itself with this process."""
        child, self._child = self._child, None
        if child:
            child.kill()
            child.communicate()  # its pipes are closed

    def _ask(self, work: Callable[..., T], data: bytes, path: Path, *more: str) -> T:
        with self._turn:
            self._child = child = self._child or self._started(path)
            assert child.stdin and child.stdout
            try:
                pickle.dump((work, data, path, self._longest, *more), child.stdin)
                child.stdin.flush()
                reply: T | LoadError = pickle.load(child.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                raise LoadError(f"gave up on {said(path)}{self._why(child)}") from None
            except BaseException:
                self.close()  # it may still answer to what nobody asks any more
                raise
        if isinstance(reply, LoadError):
            raise reply
        return reply

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
    """What the child does: a function and its arguments come in, what it returns or its LoadError goes out."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no reply
    most = int(memory) * _MB
    _limit(resource.RLIMIT_CORE, 0)
    # Above what is allowed: lxml and trafilatura take a lack of memory for the end of the page.
    _limit(resource.RLIMIT_DATA, most + most // 4)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, whatever it is at
    while True:
        try:
            request = pickle.load(requests)
            signal.setitimer(signal.ITIMER_REAL, float(seconds))
            reply = pickle.dumps(_done(*request))
            if _peak() > most:
                raise MemoryError
            signal.setitimer(signal.ITIMER_REAL, 0)
            replies.write(reply)
            replies.flush()
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


def _done(work: Callable[..., Any], data: bytes, path: Path, *arguments: Any) -> Any:
    try:
        return work(data, path, *arguments)
    except LoadError as error:
        return error
    except MemoryError:
        raise
    except Exception as error:  # a library's, of a file that nobody foresaw
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return LoadError(
            f"gave up on {said(path)}: its parser failed ({reason:.200}); leave it out, or convert it to .txt"
        )


def _article(data: bytes, path: Path, longest: int, source: str, digest: str) -> Article:
    cleaned = clean(_document(data, path, longest, source))
    removed = (*cleaned.document.metadata["removed"], *cleaned.removed)
    document = read_metadata(cleaned.document, removed)
    return Article(
        source=source,
        digest=digest,
        title=document.metadata["title"] or normalized(Path(source).name),  # of a text of figures
        publisher=document.metadata["publisher"],
        published=_day(document.metadata["published"]),
        author=document.metadata["author"],
        text=document.page_content,
        removed=removed,
        original=source,
        instructions=_instructions(document),
        updated=_day(document.metadata["updated"]),
        imprint=document.metadata["imprint"],
        notes=document.metadata["notes"],
        sections=carried(document.metadata["sections"], cleaned.lines, document.page_content),
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _lines(data: bytes, path: Path, longest: int, source: str) -> tuple[Line, ...]:
    return clean(_document(data, path, longest, source)).lines


def _document(data: bytes, path: Path, longest: int, source: str) -> Document:
    document = to_document(data, path, source)
    if len(document.page_content) > longest:  # a PDF unpacks its text
        raise LoadError(f"{said(path)} has more than {longest / _MB:,g} MB of text; split it, or raise RAG_MAX_FILE_MB")
    return document


def _instructions(document: Document) -> tuple[Instruction, ...]:
    """What speaks to a language model in the article, and in the metadata that stand beside its text."""
    shown = (document.metadata[name] for name in ("title", "publisher", "author"))
    beside = [value for value in shown if value and value not in document.page_content]
    return tuple(find_instructions("\n\n".join([*beside, document.page_content])))
