"""Vectors and words in a collection of Milvus: a cluster, one server, or a Milvus Lite file within this process.

What words are is decided here and not by its analyzers, which a cluster and Milvus Lite have different ones of: texts
and questions come as the stems of their words, without accents, joined by spaces.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import snowballstemmer

from rag.errors import SettingsError, require
from rag.index.catalog import words_of
from rag.index.engine import BATCH, Collection, Patient
from rag.index.flat import Flat
from rag.index.vectors import number
from rag.models.encoders import Vectors
from rag.text.characters import folded
from rag.types import Filters

TOKEN = "MILVUS_TOKEN"  # the variable with USER:PASSWORD; an address is kept in the catalog, and in its copies
_NEVER = 99_999_999  # the day of what has none, as the latest
_LONGEST = 65_535  # bytes of a text
_MOST = 16_384  # hits of a search
_NOT_LOADED = 101  # code of the error
_SECONDS = 10.0  # that a call may take before it is given up
# pymilvus asks six times a minute whether the server is alive, which Milvus Lite's takes for an attack.
_OPTIONS = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": False}
_STEMMER = snowballstemmer.stemmer("porter")  # SQLite's too


class MilvusCollection(Collection):
    """A collection at an address: http://… of a server, or a file of Milvus Lite that ends with .db.

    Raises:
        SettingsError: pymilvus is not installed, or it is no such address.
        StoreError: it does not answer.
    """

    def __init__(self, store: str, name: str) -> None:
        require("milvus", f"a store at {store}", "pymilvus")
        self.name = name
        address = store.removeprefix("milvus:")
        local = "://" not in address
        if local:
            if not address.endswith(".db"):
                raise SettingsError(f"setting store: {store} is neither milvus:http://… nor milvus:FILE.db")
            require("milvus", f"a store at {store}", "milvus_lite")
        import grpc
        from pymilvus import MilvusClient
        from pymilvus.client.types import Status
        from pymilvus.exceptions import ConnectionConfigException, MilvusException

        for name_of_log in ("pymilvus", "milvus_lite"):  # they print what they raise, with its traceback
            logging.getLogger(name_of_log).setLevel(logging.CRITICAL)

        start = (
            "another process may have it open, and several need a server: `milvus-lite server --data-dir DIR`"
            if local
            else f"see that Milvus runs at {urlsplit(address).hostname}"
        )

        def is_away(error: Exception) -> bool:
            codes = (Status.CONNECT_FAILED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            if isinstance(error, MilvusException) and error.code == _NOT_LOADED:  # its server was started again
                with suppress(MilvusException, grpc.RpcError):
                    self._plain.load_collection(name, timeout=_SECONDS)
                return True
            if isinstance(error, MilvusException):
                return isinstance(error, ConnectionConfigException) or error.code in codes
            return True

        token = "" if local else os.environ.get(TOKEN, "")
        what = f"Milvus at {address}"
        self._patient = Patient(what, start, (grpc.RpcError, MilvusException), is_away)
        client = self._patient.call(
            lambda: MilvusClient(address, token=token, timeout=_SECONDS, dedicated=True, grpc_options=_OPTIONS)
        )
        self._client = self._patient.of(client, timeout=_SECONDS)
        self._plain = client
        if self.exists():
            self._client.load_collection(name)

    def close(self) -> None:
        with suppress(Exception):  # a server that is away cannot be told
            self._plain.close()

    def exists(self) -> bool:
        return bool(self._client.has_collection(self.name))

    def create(self, dimensions: int) -> None:
        from pymilvus import DataType, Function, FunctionType

        schema = self._plain.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, max_length=64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimensions)
        schema.add_field("publisher", DataType.VARCHAR, max_length=_LONGEST)
        schema.add_field("published", DataType.INT64)
        schema.add_field("latest", DataType.INT64)
        schema.add_field(
            "words", DataType.VARCHAR, max_length=_LONGEST, enable_analyzer=True,
            analyzer_params={"tokenizer": "standard"},
        )  # fmt: skip
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        bm25 = Function(
            name="bm25", function_type=FunctionType.BM25, input_field_names=["words"], output_field_names=["sparse"]
        )
        schema.add_function(bm25)
        indexes = self._plain.prepare_index_params()
        indexes.add_index("vector", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 200})
        indexes.add_index(
            "sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params={"bm25_k1": 1.2, "bm25_b": 0.75}
        )
        # Strong: every process sees at once what was published.
        self._client.create_collection(self.name, schema=schema, index_params=indexes, consistency_level="Strong")
        self._client.load_collection(self.name)

    def drop(self) -> None:
        self._client.drop_collection(self.name)

    def flush(self) -> None:
        self._client.flush(self.name)

    def count(self) -> int:
        return int(self._client.query(self.name, filter="", output_fields=["count(*)"])[0]["count(*)"])

    def ids(self) -> set[str]:
        pages = self._client.query_iterator(self.name, batch_size=_MOST, output_fields=["id"])
        found: set[str] = set()
        while rows := self._patient.call(pages.next):
            found.update(row["id"] for row in rows)
        return found

    def has(self, ids: Sequence[str]) -> set[str]:
        return {row["id"] for row in self._rows(ids, ["id"])}

    def read(self, ids: Sequence[str]) -> Flat:
        rows = self._rows(ids, ["id", "vector", "publisher", "published", "latest"])
        known = [
            {"publisher": row["publisher"]}
            | ({"published": row["published"]} if row["published"] else {})
            | ({"latest": row["latest"]} if row["latest"] != _NEVER else {})
            for row in rows
        ]
        return Flat([row["id"] for row in rows], np.array([row["vector"] for row in rows], np.float32), known)

    def add(self, vectors: Flat, texts: Sequence[str]) -> None:
        rows = [
            {
                "id": id, "vector": vector.tolist(), "publisher": known["publisher"],
                "published": known.get("published", 0), "latest": known.get("latest", _NEVER), "words": stems(text),
            }
            for id, vector, known, text in zip(vectors.ids, vectors.vectors, vectors.known, texts, strict=True)
        ]  # fmt: skip
        for first in range(0, len(rows), BATCH):
            self._client.upsert(self.name, rows[first : first + BATCH])

    def delete(self, ids: Sequence[str]) -> None:
        for first in range(0, len(ids), BATCH):
            self._client.delete(self.name, ids=list(ids[first : first + BATCH]))

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        limit = min(limit, _MOST)
        found = self._client.search(
            self.name, [vector.ravel().tolist()], anns_field="vector", limit=limit, filter=_expression(filters),
            output_fields=["id"], search_params={"metric_type": "COSINE", "params": {"ef": max(limit, 100)}},
        )  # fmt: skip
        return {hit["id"]: hit["distance"] for hit in found[0]}

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        found = self.read(ids)
        return found.similarities(vector, ids) if found.ids else {}

    def fused(self, vector: Vectors, words: Sequence[str], limit: int, filters: Filters) -> dict[str, float]:
        from pymilvus import AnnSearchRequest, RRFRanker

        limit = min(limit, _MOST)
        expression = _expression(filters)
        by_meaning = AnnSearchRequest(
            [vector.ravel().tolist()], "vector", {"metric_type": "COSINE", "params": {"ef": max(limit, 100)}}, limit,
            expr=expression,
        )  # fmt: skip
        by_words = AnnSearchRequest(
            [stems(" ".join(words))], "sparse", {"metric_type": "BM25", "params": {}}, limit, expr=expression
        )
        found = self._client.hybrid_search(
            self.name, [by_meaning, by_words], RRFRanker(), limit=limit, output_fields=["id"]
        )
        return {hit["id"]: hit["distance"] for hit in found[0]}

    def _rows(self, ids: Sequence[str], fields: list[str]) -> list[dict[str, Any]]:
        return [
            row
            for first in range(0, len(ids), BATCH)
            for row in self._client.get(self.name, ids=list(ids[first : first + BATCH]), output_fields=fields)
        ]


def stems(text: str) -> str:
    """The stems of the words of a text, as they are compared; of an endless one as many as fit.

    >>> stems("Harbours of Málaga")
    'harbour of malaga'
    """
    words = " ".join(_stem(word.casefold()) for word in words_of(folded(text)))
    return words.encode()[:_LONGEST].decode(errors="ignore")


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))


def _expression(filters: Filters) -> str:
    clauses = []
    if filters.publishers is not None:
        names = ", ".join(json.dumps(name, ensure_ascii=False) for name in sorted(filters.publishers) or ["-"])
        clauses.append(f"publisher in [{names}]")
    if filters.date_from is not None:
        clauses.append(f"published >= {number(filters.date_from)}")
    if filters.date_to is not None:
        clauses.append(f"latest <= {number(filters.date_to)}")
    return " and ".join(clauses)
