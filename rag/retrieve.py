"""Hybrid retrieval: dense and lexical hits fused by reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rag.errors import QuestionError
from rag.models import Encoder
from rag.store import Store
from rag.types import Filters, Passage

RANK_CONSTANT = 60  # Cormack, Clarke & Buettcher 2009


class HybridRetriever:
    """Finds passages by meaning (cosine) and by words (BM25). Copies have no chunks, so none is found twice."""

    def __init__(self, store: Store, encoder: Encoder, candidates: int) -> None:
        self._store = store
        self._encoder = encoder
        self._candidates = candidates

    def retrieve(self, query: str, top_k: int, filters: Filters | None = None) -> list[Passage]:
        """At most `top_k` passages, best first, scored by reciprocal rank fusion."""
        filters = self._store.as_written(filters or Filters())
        limit = max(self._candidates, top_k)
        dense = self._store.nearest(self._encoder.encode([query])[0], limit, filters)
        lexical = self._store.lexical(query, limit, filters)
        fused = reciprocal_rank_fusion([dense, lexical])
        best = dict(sorted(fused.items(), key=lambda item: -item[1])[:top_k])
        return self._store.passages(best)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    """Score of each id: the sum over rankings of 1 / (60 + rank), ranks from 1 (Cormack et al. 2009).

    >>> reciprocal_rank_fusion([["a", "b"], ["b"]])["b"] > reciprocal_rank_fusion([["a", "b"], ["b"]])["a"]
    True
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, chunk_id in enumerate(ranking, start=1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1 / (RANK_CONSTANT + rank)
    return scores


def parse_filters(filters: Mapping[str, Any] | None) -> Filters:
    """Filters from plain values: `publisher` (a name or several), `date_from`, `date_to` (date or ISO string).

    Raises:
        QuestionError: an unknown key, or a value of another kind.
    """
    if not isinstance(filters, Mapping | None):
        raise QuestionError(f"filters cannot be {filters!r:.80}; give a dict with publisher, date_from or date_to")
    given = dict(filters or {})
    publisher = given.pop("publisher", None)
    names = [publisher] if isinstance(publisher, str) else publisher
    days = {key: _day(key, given.pop(key, None)) for key in ("date_from", "date_to")}
    if given:
        raise QuestionError(f"unknown filter {sorted(given)[0]!r}; use publisher, date_from and date_to")
    if names is not None and not (
        isinstance(names, (list, tuple, set, frozenset)) and all(isinstance(name, str) for name in names)
    ):
        raise QuestionError(f"filter publisher cannot be {publisher!r}; give a name or a list of names")
    date_from, date_to = days["date_from"], days["date_to"]
    if date_from and date_to and date_from > date_to:
        raise QuestionError(f"no day is from {date_from} to {date_to}; exchange the two dates")
    return Filters(frozenset(names) if names is not None else None, date_from, date_to)


def _day(key: str, value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise QuestionError(f"filter {key} cannot be {value!r}; give a date such as 2024-11-14") from None
