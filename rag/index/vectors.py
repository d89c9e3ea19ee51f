"""Where the chunks' vectors are: what indexing and asking want of an engine, and which engine that is.

Whatever the engine, nothing that a reader may need is changed. A chunk's id tells its content, so its vector never
changes; vectors are added first, and an id that the catalog does not name is in no answer; the catalog's transaction
makes them visible; only then does `tidy` remove what no chunk needs any more. A run that ends in between leaves vectors
that nobody names, which the next run uses or removes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from rag.models.encoders import Vectors
from rag.types import Article, Chunk, Filters

if TYPE_CHECKING:
    from rag.index.flat import Flat


class VectorStore(Protocol):
    """The vectors of one state of an index, to be read. Similarity is cosine. Ids may be of no chunk any more."""

    def close(self) -> None:
        """Let go of what is open; nothing may be asked afterwards."""

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> dict[str, float]:
        """Chunk ids and their similarity to the vector, best first; fewer than `limit` only if there are no more."""

    def similarities(self, vector: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Similarity of those chunks to the unit vector; ids without a vector are left out."""

    def ids(self) -> set[str]:
        """Every id that has a vector."""

    def batches(self, needed: set[str]) -> Iterator[Flat]:
        """All vectors that are needed, with what filters know of them."""

    def fused(self, vector: Vectors, words: Sequence[str], limit: int, filters: Filters) -> dict[str, float] | None:
        """Chunk ids and a score for meaning and words together, best first; None where the engine has none."""
        return None


class VectorWriter(Protocol):
    """The vectors of an index, to be added to, by one writer at a time."""

    def close(self) -> None:
        """Let go of what is open; what was added stays for the next run."""

    def missing(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids of no published chunk that have to be embedded."""

    def add(self, chunks: Sequence[Chunk], vectors: Vectors, articles: Sequence[Article]) -> None:
        """Add one batch of vectors, shape (len(chunks), dimensions), each with its article's filters."""

    def publish(self, needed: set[str]) -> str:
        """Make all that is needed safe and readable; returns what the catalog has to keep to find it."""

    def tidy(self) -> None:
        """Once the catalog keeps that: remove what is no longer needed."""


def known_of(article: Article) -> dict[str, str | int]:
    """What a filter needs to know of a chunk, in values that engines compare: 2024-06-28 becomes 20240628."""
    days = {"published": article.published, "latest": article.published or article.no_later_than}
    return {"publisher": article.publisher or "", **{key: number(day) for key, day in days.items() if day}}


def number(day: date) -> int:
    """A day as a number of the same order."""
    return int(day.strftime("%Y%m%d"))
