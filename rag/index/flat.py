"""A sealed file of vectors: what was added since the graph was written, few enough to be compared one by one."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.disk.files import open_regular, remove
from rag.disk.private import private_file
from rag.index.vectors import number
from rag.models.encoders import Vectors
from rag.types import Filters

_SEALED = re.compile(r"vectors-([0-9a-f]{8})\.npz")
_AT_A_TIME = 1000  # vectors that are handed on
DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)  # what reading a damaged one may raise


@dataclass(frozen=True)
class Flat:
    """Vectors in memory, shape (len(ids), dimensions), each with its id and what filters know of it."""

    ids: list[str]
    vectors: Vectors
    known: list[dict[str, Any]]

    @classmethod
    def joined(cls, several: Sequence[Flat]) -> Flat:
        """Several as one."""
        vectors = np.concatenate([each.vectors for each in several])
        ids, known = [id for each in several for id in each.ids], [known for each in several for known in each.known]
        return cls(ids, vectors, known)

    @classmethod
    def read(cls, path: Path) -> Flat:
        """As it was written.

        Raises:
            one of `DAMAGED`: it is damaged, or cannot be read.
        """
        with open_regular(path) as file:
            return cls.loaded(file.read())

    @classmethod
    def loaded(cls, written: bytes) -> Flat:
        """As `opened` gives it.

        Raises:
            one of `DAMAGED`: it is damaged.
        """
        with np.load(io.BytesIO(written), allow_pickle=False) as held:
            ids, known = (json.loads(str(held[name])) for name in ("ids", "known"))
            flat = cls(ids, np.asarray(held["vectors"], np.float32), known)
        if not len(ids) == len(known) == len(flat.vectors):
            raise ValueError("it holds less than it should")
        return flat

    def opened(self) -> io.BytesIO:
        """Its bytes as a file."""
        return io.BytesIO(self._bytes)

    def write(self, path: Path) -> Path:
        """Write it whole, or not at all.

        Raises:
            OSError: it cannot be written.
        """
        part = path.with_name(f"{path.name}.part")
        remove(part)
        private_file(part)
        part.write_bytes(self._bytes)
        sync(part)
        return part.replace(path)

    def seal(self, place: Path) -> Path:
        """Write it into a folder under a name that tells its content."""
        return self.write(place / f"vectors-{zlib.crc32(self._bytes):08x}.npz")

    @cached_property
    def _bytes(self) -> bytes:
        # One string, since an array of strings has the length of the longest for each.
        held = {"ids": json.dumps(self.ids), "known": json.dumps(self.known), "vectors": self.vectors}
        np.savez(written := io.BytesIO(), **held)  # type: ignore[arg-type]
        return written.getvalue()

    def only(self, needed: set[str]) -> Flat:
        """Those that are needed."""
        places = [place for place, id in enumerate(self.ids) if id in needed]
        if len(places) == len(self.ids):
            return self
        return Flat([self.ids[i] for i in places], self.vectors[places], [self.known[i] for i in places])

    def batches(self, needed: set[str]) -> Iterator[Flat]:
        """Those that are needed, some at a time."""
        return self.only(needed).parts(_AT_A_TIME)

    def parts(self, most: int) -> Iterator[Flat]:
        """The same, so many at a time."""
        for first in range(0, len(self.ids), most):
            part = slice(first, first + most)
            yield Flat(self.ids[part], self.vectors[part], self.known[part])

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Ids and their cosine similarity to the unit vector, best first."""
        scores = self.vectors @ vector.ravel()
        passing = np.flatnonzero(self._passing(filters))
        best = passing[np.argsort(-scores[passing], kind="stable")[:limit]]
        return {self.ids[place]: float(scores[place]) for place in best}

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Cosine similarity of those ids to the unit vector; ids without a vector are left out."""
        there = [(id, self._places[id]) for id in ids if id in self._places]
        scores = self.vectors[[place for _, place in there]] @ vector.ravel()
        return {id: float(score) for (id, _), score in zip(there, scores, strict=True)}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {id: place for place, id in enumerate(self.ids)}

    def _passing(self, filters: Filters) -> npt.NDArray[np.bool_]:
        passing = np.ones(len(self.ids), dtype=bool)
        if filters.publishers is not None:
            passing &= np.array([known["publisher"] in filters.publishers for known in self.known], dtype=bool)
        if filters.date_from is not None:
            passing &= self._days("published", 0) >= number(filters.date_from)
        if filters.date_to is not None:
            passing &= self._days("latest", 99_999_999) <= number(filters.date_to)
        return passing

    def _days(self, name: str, without: int) -> npt.NDArray[np.int64]:
        return np.array([known.get(name, without) for known in self.known], dtype=np.int64)


def gathered(batches: Iterable[Flat], least: int) -> Iterator[Flat]:
    """The same in larger batches, since what takes them waits for the disk after each."""
    waiting: list[Flat] = []
    for batch in batches:
        waiting += [batch] if batch.ids else []
        if sum(len(each.ids) for each in waiting) >= least:
            yield Flat.joined(waiting)
            waiting = []
    if waiting:
        yield Flat.joined(waiting)


def is_sealed_flat(path: Path) -> bool:
    """Whether a file is named by `seal`, and holds to the byte what it held then.

    Raises:
        OSError: it cannot be read.
    """
    found = _SEALED.fullmatch(path.name)
    if not found or path.is_symlink() or not path.is_file():
        return False
    with open_regular(path) as file:
        return zlib.crc32(file.read()) == int(found[1], 16)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk.

    Raises:
        OSError: it is not.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
