"""The plain ways of doing it, which the shipped one has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.index.catalog import words_of
from rag.index.store import Index, Store
from rag.models.encoders import Encoder, Vectors, encoder
from rag.pipeline import RAG
from rag.read.reader import find_candidates
from rag.search.retrieve import HybridRetriever
from rag.types import Filters, Passage, Reading

THRESHOLD = 0.5  # cosine; a round number, as one would pick it, fitted on nothing


class MostSimilarSentence:
    """A reader that quotes the sentence most similar to the question, if its cosine is above a fixed threshold."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """That one sentence; its cosine, cut to 0 to 1, is the confidence."""
        candidates = find_candidates(passages)
        if not candidates:
            return Reading((), 0.0, answers=False)
        texts = [candidate.span.text for candidate in candidates]
        if new := [text for text in dict.fromkeys(texts) if text not in self._vectors]:
            self._vectors.update(zip(new, self._encoder.encode(new), strict=True))
        similarity = np.array([self._vectors[text] for text in texts]) @ self._encoder.encode([question])[0]
        best = int(np.argmax(similarity))
        confidence = min(max(float(similarity[best]), 0.0), 1.0)
        return Reading((candidates[best].span,), confidence, answers=confidence >= THRESHOLD)


class PlainBM25:
    """A retriever that looks for any of the question's words, all of them counted alike, by BM25."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def retrieve(
        self, query: str, top_k: int, filters: Filters | None = None, index: Index | None = None
    ) -> list[Passage]:
        """The best passages, scored by BM25."""
        index = index or self._store
        return index.passages(index.lexical(words_of(query), top_k, filters or Filters()))


def with_bm25(rag: RAG) -> RAG:
    """The same service that searches by words only."""
    return RAG(rag.settings, rag.store, PlainBM25(rag.store), rag.reader)


def with_dense(rag: RAG) -> RAG:
    """The same service that searches by meaning only."""
    queries = encoder(rag.settings.embedding_model, "query")
    retriever = HybridRetriever(rag.store, queries, rag.settings.candidates, dense_weight=1.0)
    return RAG(rag.settings, rag.store, retriever, rag.reader)


def with_plain_reader(rag: RAG) -> RAG:
    """The same service with the plain reader."""
    queries = encoder(rag.settings.embedding_model, "query")
    return RAG(rag.settings, rag.store, rag.retriever, MostSimilarSentence(queries))
