"""Vectors in the folder of the index: a Chroma graph of most of them, and a few files of those that came since.

All are sealed: written once, and never changed. So a change costs what it adds, and readers need no lock. Once the
files, and what is no longer needed of the graph, are an eighth of it, a graph of all takes their place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from pydantic import TypeAdapter

from rag.disk.files import remove
from rag.disk.private import private_folder
from rag.index.flat import DAMAGED, Flat, is_sealed_flat
from rag.index.graph import Graph, is_sealed, write_graph
from rag.index.vectors import VectorStore, VectorWriter, known_of
from rag.models.encoders import Vectors
from rag.types import Article, Chunk, Filters

VECTORS = "vectors"  # begins the names of all that is here
_SHARE = 8  # of the graph may be outside it or not needed
_MOST_FILES = 8
_MOST_WRITTEN = 3  # times as many vectors as it has may a graph have seen before it is made of those alone


@dataclass(frozen=True)
class Names:
    """What the catalog keeps: the folder of the graph, if any, its vectors, those ever written into it, the files."""

    graph: str = ""
    vectors: int = 0
    written: int = 0
    files: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: str) -> Names:
        """Those that a catalog keeps.

        Raises:
            ValueError: they are none.
        """
        return _NAMES.validate_json(kept)

    def are_whole(self, place: Path, open_already: str = "") -> bool:
        """Whether all is as it was written; a graph that is open is not looked at again.

        Raises:
            OSError: a file cannot be read.
        """
        graph = self.graph in ("", open_already) or is_sealed(place, self.graph)
        return graph and bool(self.graph or self.files) and all(is_sealed_flat(place / name) for name in self.files)


_NAMES = TypeAdapter(Names)


class VectorFolder(VectorStore):
    """What one state of an index has; shares the graph with `other`, if that is the same.

    Raises:
        ValueError: nothing of this folder is named.
        StoreError, OSError, and what Chroma throws: it cannot be read.
    """

    def __init__(self, place: Path, kept: str, other: VectorFolder | None = None) -> None:
        names = Names.read(kept)
        self._parts: list[Flat | Graph] = [Flat.read(place / name) for name in names.files]
        self._graph: Graph | None = None
        if names.graph:
            known = other._graph if other else None
            self._graph = known.shared() if known and known.name == names.graph else Graph(place / names.graph)
            self._parts.append(self._graph)

    @property
    def graph(self) -> str:
        """Name of the graph."""
        return self._graph.name if self._graph else ""

    def close(self) -> None:
        if self._graph:
            self._graph.close()

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        found = [each.nearest(vector, limit, filters) for each in self._parts]
        if len(found) == 1:
            return found[0]
        joined = {id: score for each in found for id, score in each.items()}
        return dict(sorted(joined.items(), key=lambda pair: -pair[1])[:limit])

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        for each in self._parts:
            found |= each.similarities(vector, [id for id in ids if id not in found])
        return found

    def ids(self) -> set[str]:
        return set(chain.from_iterable(each.ids if isinstance(each, Flat) else each.ids() for each in self._parts))

    def batches(self, needed: set[str]) -> Iterator[Flat]:
        return chain.from_iterable(each.batches(needed) for each in self._parts)


class FolderWriter(VectorWriter):
    """Adds to what a catalog keeps of this folder, "" where it keeps nothing.

    Batches are files in a folder of their own, `work`, where a run that was interrupted finds them again.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, place: Path, kept: str, work: str) -> None:
        self._place, self._work = place, place / f"{VECTORS}.{work}.new"
        self._names = Names.read(kept) if kept else Names()
        if self._work.is_symlink() or not self._work.is_dir():
            remove(self._work)
        private_folder(self._work)
        self._published = {id for name in self._names.files for id in Flat.read(place / name).ids}
        self._added: set[str] = set()
        for path in sorted(self._work.iterdir()):
            try:
                self._added.update(Flat.read(path).ids)
            except DAMAGED:  # half a file, of a run that was killed
                remove(path)
        self._number = max((int(path.stem) for path in self._work.glob("*.npz") if path.stem.isdecimal()), default=0)

    def close(self) -> None:
        """Nothing is open."""

    def missing(self, ids: Sequence[str]) -> set[str]:
        return set(ids) - self._added - self._published

    def add(self, chunks: Sequence[Chunk], vectors: Vectors, articles: Sequence[Article]) -> None:
        self._number += 1
        batch = Flat([chunk.id for chunk in chunks], vectors, [known_of(article) for article in articles])
        batch.write(self._work / f"{self._number:08}.npz")
        self._added.update(batch.ids)

    def publish(self, needed: set[str]) -> str:
        """Seal what was added, in a file, or with all else in a graph; returns the names for the catalog."""
        before = self._names
        outside = needed & (self._added | self._published)
        dead = before.vectors - (len(needed) - len(outside))
        if len(outside) + dead > before.vectors // _SHARE:
            self._names = self._new_graph(needed, dead)
        elif needed & self._added:
            new = Flat.joined([batch for batch in self._batches(needed) if batch.ids])
            files = before.files
            if len(files) >= _MOST_FILES:
                new, files = Flat.joined([*(Flat.read(self._place / name).only(needed) for name in files), new]), ()
            self._names = Names(before.graph, before.vectors, before.written, (*files, new.seal(self._place).name))
        return json.dumps(asdict(self._names))

    def _new_graph(self, needed: set[str], dead: int) -> Names:
        before, work = self._names, self._place / f"{VECTORS}.graph.new"
        outside = needed & (self._added | self._published)
        files = (Flat.read(self._place / name).only(needed) for name in before.files)
        batches = chain(files, self._batches(needed))
        written = before.written + len(outside) + dead
        if before.graph and written <= _MOST_WRITTEN * len(needed):
            folder = write_graph(work, batches, needed, self._place / before.graph)
            return Names(folder.name, len(needed), written)
        with ExitStack() as opened:
            if before.graph:
                graph = opened.enter_context(closing(Graph(self._place / before.graph)))
                batches = chain(graph.batches(needed - outside), batches)
            folder = write_graph(work, batches, needed)
        return Names(folder.name, len(needed), len(needed))

    def _batches(self, needed: set[str]) -> Iterator[Flat]:
        for path in sorted(self._work.iterdir()):
            yield Flat.read(path).only(needed)

    def tidy(self) -> None:
        kept = {self._names.graph, *self._names.files}
        for path in self._place.glob(f"{VECTORS}*"):
            if path.name not in kept:
                remove(path)
