"""Hybrid retrieval: dense and lexical hits fused by their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rag.index.catalog import words_of
from rag.index.store import Index, Store
from rag.models.encoders import Encoder, Vectors
from rag.text.languages import language_of
from rag.types import Filters, Passage


class Retriever(Protocol):
    """Finds the passages that may answer a query, in one state of the index; by default the newest."""

    def retrieve(
        self, query: str, top_k: int, filters: Filters | None = None, index: Index | None = None
    ) -> list[Passage]: ...


class HybridRetriever:
    """Finds passages by meaning (cosine) and by words (BM25). Copies have no chunks, so none is found twice."""

    def __init__(self, store: Store, encoder: Encoder, candidates: int, dense_weight: float) -> None:
        self._store = store
        self._encoder = encoder
        self._candidates = candidates
        self._dense_weight = dense_weight

    def retrieve(
        self, query: str, top_k: int, filters: Filters | None = None, index: Index | None = None
    ) -> list[Passage]:
        """At most `top_k` passages, best first, scored 0 to 1 by `fuse`; by default from the newest state."""
        if index is None:
            with self._store.snapshot() as newest:
                return self.retrieve(query, top_k, filters, newest)
        filters = index.as_written(filters or Filters())
        limit = max(self._candidates, top_k)
        words = lexical_terms(query)
        vector = self._encoder.encode([query])[0] if self._dense_weight > 0 else None
        fused = None
        if vector is not None and words and self._dense_weight < 1:
            fused = index.fused(vector, words, limit, filters)
        if fused is None:
            fused = self._fused(vector, words, limit, filters, index)
        best = dict(sorted(fused.items(), key=lambda item: -item[1])[:top_k])
        return index.passages(best)

    def _fused(
        self, vector: Vectors | None, words: list[str], limit: int, filters: Filters, index: Index
    ) -> dict[str, float]:
        dense: dict[str, float] = {}
        lexical: dict[str, float] = {}
        if self._dense_weight < 1:
            lexical = index.lexical(words, limit, filters)
        if vector is not None:
            dense = index.nearest(vector, limit, filters)
            if unseen := lexical.keys() - dense.keys():
                dense |= index.similarities(vector, sorted(unseen))
        return fuse(dense, lexical, self._dense_weight)


def lexical_terms(query: str) -> list[str]:
    """What BM25 looks for: the content words, by the query's language; a query of function words alone keeps them.

    >>> lexical_terms("What is the port of South Lima?")
    ['port', 'South', 'Lima']
    """
    words, function_words = words_of(query), language_of(query).function_words
    return [word for word in words if word.lower() not in function_words] or words


def fuse(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """Score of each id: a convex combination of the two scores, each divided by the best one of its search.

    Fused by rank (RRF) the size of a lead is lost, and with it the ground that BM25 has on names and figures;
    see Bruch, Gai & Ingber 2023, and docs/evaluation.md for both measured here. A score that an id lacks is 0.

    >>> fuse({"a": 0.8, "b": 0.4}, {"b": 12.0}, 0.5)
    {'a': 0.5, 'b': 0.75}
    """
    scores: dict[str, float] = {}
    for found, weight in ((dense, dense_weight), (lexical, 1 - dense_weight)):
        best = max(found.values(), default=0.0)
        for chunk_id, score in found.items():
            share = score / best if best > 0 else 0.0
            scores[chunk_id] = scores.get(chunk_id, 0.0) + weight * max(share, 0.0)
    return scores
