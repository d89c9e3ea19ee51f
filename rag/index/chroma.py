"""Vectors in a collection of Chroma's: of a folder (rag/index/graph.py), or of a server that several processes share.

The `chromadb` client is used as it is: `langchain_chroma` upserts in one call without batching, makes random ids and
hides which distance it returns, so wrapping it would cost more than it saves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from rag.index.engine import Collection, Patient
from rag.index.flat import Flat
from rag.index.vectors import number
from rag.models.encoders import Vectors
from rag.types import Filters

COSINE: dict[str, Any] = {"hnsw": {"space": "cosine"}}
BATCH = 1000  # ids a call; SQLite below Chroma has a limit on variables
_MOST_ADDED = 5000  # vectors a call, of the 5,461 that it takes
_SECONDS = 60.0  # that a server may say nothing


class Rows:
    """What is asked of a collection, the client's own, and put into it."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def count(self) -> int:
        """Number of vectors."""
        return int(self._collection.count())

    def ids(self) -> set[str]:
        """Every id."""
        return set(self._collection.get(include=[])["ids"])

    def has(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that have a vector."""
        return {id for some in parts(ids) for id in self._collection.get(ids=some, include=[])["ids"]}

    def read(self, ids: Sequence[str]) -> Flat:
        """The vectors of at most `BATCH` ids, as far as they are there, with what filters know of them."""
        some = self._collection.get(ids=list(ids), include=["embeddings", "metadatas"])
        known = [dict(each) for each in some["metadatas"] or []]
        return Flat(some["ids"], np.asarray(some["embeddings"], dtype=np.float32), known)

    def add(self, vectors: Flat, texts: Sequence[str] = ()) -> None:
        """Add vectors, or put them in the place of those of the same ids; the texts are left to our own index."""
        for part in vectors.parts(_MOST_ADDED):
            self._collection.upsert(ids=part.ids, embeddings=part.vectors, metadatas=part.known)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove the vectors of these ids."""
        for some in parts(ids):
            self._collection.delete(ids=some)

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Chunk ids and their cosine similarity to the vector, best first."""
        found = self._collection.query(
            query_embeddings=vector.reshape(1, -1), n_results=limit, where=_where(filters), include=["distances"]
        )
        similarities = (1 - distance for distance in (found["distances"] or [[]])[0])
        return dict(zip(found["ids"][0], similarities, strict=True))

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Cosine similarity of those chunks to the unit vector; ids without a vector are left out."""
        if not ids:  # Chroma would give all
            return {}
        found = self._collection.get(ids=list(ids), include=["embeddings"])
        embeddings = np.asarray(found["embeddings"], dtype=np.float32).reshape(-1, vector.size)
        return dict(zip(found["ids"], (embeddings @ vector.ravel()).tolist(), strict=True))


class ServerCollection(Rows, Collection):
    """A collection of a server that `chroma run` started.

    Raises:
        StoreError: the server does not answer.
    """

    def __init__(self, store: str, name: str) -> None:
        import chromadb
        import httpx
        from chromadb.config import Settings
        from chromadb.errors import ChromaError, NotFoundError

        self.name = name
        address = urlsplit(store)
        host, port = str(address.hostname), address.port or 8000
        start = f"start it with `chroma run --path DIR --host {host} --port {port}`"
        self._patient = Patient(
            f"the Chroma server at {store}", start, (httpx.TransportError, ChromaError),
            lambda error: isinstance(error, httpx.TransportError),
        )  # fmt: skip
        settings = Settings(anonymized_telemetry=False)

        def client() -> Any:
            try:
                return chromadb.HttpClient(host, port, ssl=address.scheme == "https", settings=settings)
            except ValueError as error:  # what it makes of a server that is away
                raise httpx.ConnectError(str(error)) from error

        self._client = self._patient.call(client)
        # It has no setting for this, and would wait for a server that hangs until somebody ends the program.
        self._client._server._session.timeout = _SECONDS

        def collection() -> Any:
            try:
                # embedding_function=None: Chroma's default one would download a model.
                return self._patient.of(self._client.get_collection(name, embedding_function=None))
            except NotFoundError:
                return None

        super().__init__(self._patient.call(collection))

    def close(self) -> None:
        with suppress(Exception):  # a server that is away cannot be told
            self._client.close()

    def exists(self) -> bool:
        return self._collection is not None

    def create(self, dimensions: int) -> None:
        make = self._patient.of(self._client).get_or_create_collection
        self._collection = self._patient.of(make(self.name, embedding_function=None, configuration=COSINE))

    def drop(self) -> None:
        self._patient.of(self._client).delete_collection(self.name)

    def flush(self) -> None:
        """Nothing is to be done: what it has taken is in its log."""


def parts(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids, so many at a time as a call takes."""
    for first in range(0, len(ids), BATCH):
        yield list(ids[first : first + BATCH])


def _where(filters: Filters) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = []
    if filters.publishers is not None:
        clauses.append({"publisher": {"$in": sorted(filters.publishers) or ["-"]}})
    if filters.date_from is not None:
        clauses.append({"published": {"$gte": number(filters.date_from)}})
    if filters.date_to is not None:
        clauses.append({"latest": {"$lte": number(filters.date_to)}})
    if len(clauses) > 1:  # Chroma takes one top-level operator
        return {"$and": clauses}
    return clauses[0] if clauses else None
