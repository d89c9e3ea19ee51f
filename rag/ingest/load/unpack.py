"""What articles a file holds: one, or those of an archive, a mailbox, a feed, a table, whatever lies in whatever."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.load.content import Content, Part, Row
from rag.ingest.load.files import LONGEST_FILE
from rag.ingest.load.formats import SUPPORTED, format_of
from rag.ingest.load.records import article_of
from rag.text.characters import plain, said

MOST_ARTICLES = 100_000
MOST_UNPACKED = 10  # times as much as one file may have, of all that lies in it
_DEEPEST = 3  # archives within archives
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True)
class Reading:
    """How files are read: the most bytes of one, packed or not, and names of columns (`rag.ingest.load.fields`)."""

    longest: int = LONGEST_FILE
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """An article of a file: its name in it ("" of the only one), a digest of what it is made of, what reads it.

    `read` raises LoadError, or whatever a library does.
    """

    name: str
    digest: str
    read: Callable[[], Content]


def articles_in(data: bytes, path: Path, reading: Reading) -> Iterator[Found]:
    """The articles of a file, each only when it is asked for; names are unique.

    Raises:
        LoadError: it is none of ours, is damaged from here on, or has more than anybody needs.
    """
    taken: Counter[str] = Counter()
    for number, found in enumerate(_Unpacking(path, reading).walk(data, path.name, "", 0)):
        if number >= MOST_ARTICLES:
            raise LoadError(f"{said(path)} has more than {MOST_ARTICLES:,} articles; split it")
        name = _short(plain(found.name))
        taken[name] += 1
        again = taken[name]
        yield (
            found
            if name == found.name and again == 1
            else Found(f"{name} ({again})" if again > 1 else name, found.digest, found.read)
        )


def refused(error: Exception, path: Path | str) -> LoadError:
    """Why a file is given up, whatever a library raised of it.

    Raises:
        MemoryError: that is for the process to tell.
    """
    if isinstance(error, LoadError):
        return error
    if isinstance(error, MemoryError):
        raise error
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return LoadError(f"gave up on {said(path)}: its parser failed ({reason:.200}); leave it out, or convert it to .txt")


class _Unpacking:
    """One file on its way, and how much has come out of it."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._path = path
        self._reading = reading
        self._left = MOST_UNPACKED * reading.longest

    def walk(self, data: bytes, file: str, name: str, depth: int) -> Iterator[Found]:
        """The articles of a file by that name, or of one that lies in it under `name`."""
        path = Path(f"{self._path}{name}")
        if not data.strip():
            raise LoadError(f"{said(path)} is empty; remove it or put an article into it")
        kind = format_of(data, file)
        if kind is None:
            raise LoadError(f"{said(path)} has a suffix that is not supported; use one of {SUPPORTED}")
        if not kind.several:
            yield Found(name, _digest(data), partial(kind.read, data, path))  # type: ignore[arg-type]
            return
        if depth == _DEEPEST:
            raise LoadError(f"{said(path)} is an archive within {depth} archives; unpack it")
        for part in kind.read(data, path):  # type: ignore[union-attr]
            assert isinstance(part, Part)
            yield from self._part(part, f"{name}{part.name}", depth)

    def _part(self, part: Part, name: str, depth: int) -> Iterator[Found]:
        held = part.held
        if isinstance(held, LoadError):
            yield Found(name, "", partial(_raise, held))
        elif isinstance(held, Row):
            whole = Path(f"{self._path}{name}")
            yield Found(
                name, _digest(held, self._reading.columns), partial(article_of, held, whole, self._reading.columns)
            )
        elif isinstance(held, Content):
            yield Found(name, _digest(held), lambda: held)
        else:
            try:
                data = held(self._reading.longest)
                self._left -= len(data)
                if self._left >= 0:
                    yield from self.walk(data, part.file, name, depth + 1)
            except Exception as error:
                yield Found(name, "", partial(_raise, refused(error, f"{self._path}{name}")))
            if self._left < 0:
                most = MOST_UNPACKED * self._reading.longest / 1e6
                raise LoadError(f"{said(self._path)} unpacks to more than {most:,g} MB; unpack it and index the folder")


def _raise(error: LoadError) -> Content:
    raise error


def _digest(*made_of: object) -> str:
    data = made_of[0] if isinstance(made_of[0], bytes) else repr(made_of).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()


def _short(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}…{hashlib.sha256(name.encode()).hexdigest()[:8]}"
