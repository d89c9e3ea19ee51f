"""Vectors in a local Chroma folder.

The `chromadb` client is used as it is: `langchain_chroma` upserts in one call without batching, makes
random ids and hides which distance it returns, so wrapping it would cost more than it saves.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from rag.catalog import Chunk
from rag.models import Vectors
from rag.types import Filters

COLLECTION = "chunks"
_CLIENTS = itertools.count()
_BATCH = 1000  # ids a call; SQLite below Chroma has a limit on variables


class VectorFolder:
    """The chunks' vectors, by cosine distance.

    Chroma keeps what it has read for the life of a client, so a reader that must see another process's
    writing closes this and opens it again.

    Raises:
        chromadb.errors.ChromaError, or whatever Chroma throws, where the folder is damaged.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        import chromadb
        from chromadb.config import Settings

        # Clients of one path share what they have read, so another one that is still open would show an old state to
        # this one: each gets a spelling of the path of its own.
        path = f"{folder}{'/.' * (next(_CLIENTS) % 500)}"
        # Any: ClientAPI, the declared type, lacks the close() that the client has.
        self._client: Any = chromadb.PersistentClient(path=path, settings=Settings(anonymized_telemetry=False))
        # embedding_function=None: Chroma's default one would download a model.
        if create:
            self._collection = self._client.get_or_create_collection(
                COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
        else:
            self._collection = self._client.get_collection(COLLECTION, embedding_function=None)

    def close(self) -> None:
        """Let go of the folder, so that the next client reads it afresh."""
        self._client.close()

    def count(self) -> int:
        """Number of vectors, those not yet in the catalog included."""
        return self._collection.count()

    def add(self, chunks: Sequence[Chunk], vectors: Vectors, metadata: Sequence[Mapping[str, Any]]) -> None:
        """Add one batch of vectors, shape (len(chunks), dimensions)."""
        self._collection.upsert(
            ids=[chunk.id for chunk in chunks], embeddings=vectors, metadatas=[dict(item) for item in metadata]
        )

    def missing(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that have no vector yet."""
        found: set[str] = set()
        for first in range(0, len(ids), _BATCH):
            found.update(self._collection.get(ids=list(ids[first : first + _BATCH]), include=[])["ids"])
        return set(ids) - found

    def sweep(self, keep: set[str]) -> int:
        """Delete every vector whose id is not in `keep`; returns how many."""
        orphans = [vector_id for vector_id in self._collection.get(include=[])["ids"] if vector_id not in keep]
        for first in range(0, len(orphans), _BATCH):
            self._collection.delete(ids=orphans[first : first + _BATCH])
        return len(orphans)

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Chunk ids and their cosine similarity to the vector, best first."""
        found = self._collection.query(
            query_embeddings=vector.reshape(1, -1), n_results=limit, where=_where(filters), include=["distances"]
        )
        similarities = (1 - distance for distance in (found["distances"] or [[]])[0])
        return dict(zip(found["ids"][0], similarities, strict=True))

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Cosine similarity of those chunks to the unit vector; ids without a vector are left out."""
        found = self._collection.get(ids=list(ids), include=["embeddings"])
        embeddings = np.asarray(found["embeddings"], dtype=np.float32).reshape(-1, vector.size)
        return dict(zip(found["ids"], (embeddings @ vector.ravel()).tolist(), strict=True))


def chroma_metadata(publisher: str | None, published: date | None, no_later_than: date | None) -> dict[str, str | int]:
    """What a filter needs to know of a chunk. Chroma compares numbers only: 2024-06-28 becomes 20240628."""
    days = {"published": published, "latest": published or no_later_than}
    return {"publisher": publisher or "", **{key: _number(day) for key, day in days.items() if day}}


def _number(day: date) -> int:
    return int(day.strftime("%Y%m%d"))


def _where(filters: Filters) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = []
    if filters.publishers is not None:
        clauses.append({"publisher": {"$in": sorted(filters.publishers) or ["-"]}})
    if filters.date_from is not None:
        clauses.append({"published": {"$gte": _number(filters.date_from)}})
    if filters.date_to is not None:
        clauses.append({"latest": {"$lte": _number(filters.date_to)}})
    if len(clauses) > 1:  # Chroma takes one top-level operator
        return {"$and": clauses}
    return clauses[0] if clauses else None
