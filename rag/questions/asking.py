"""What each kind of question is answered with, and how its answer is put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.cite.quotes import cite
from rag.cite.support import quotation
from rag.index.store import Index
from rag.models.encoders import Vectors
from rag.search.retrieve import Retriever
from rag.types import Answer, Entry, Filters, Passage, Reader, Span


@dataclass(frozen=True)
class Asking:
    """One state of the index, and what searches and reads it.

    `encode` gives the vectors of sentences, shape (number, dimensions), of unit length, and `alike` is the cosine from
    which a passage is about a word that it lacks, None where that was not measured. `plain` answers a question by
    the sentence or two of the articles that do, or abstains.
    """

    index: Index
    retriever: Retriever
    reader: Reader
    filters: Filters
    top_k: int
    model: str
    encode: Callable[[Sequence[str]], Vectors]
    plain: Callable[[str], Answer]
    alike: float | None = None

    def search(self, query: str, top_k: int | None = None) -> list[Passage]:
        """The best passages for a query, best first."""
        return self.retriever.retrieve(query, self.top_k if top_k is None else top_k, self.filters, self.index)

    def quoted(
        self,
        question: str,
        blocks: Sequence[tuple[str, Sequence[Span]]],
        *,
        kind: str,
        passages: Sequence[Passage] = (),
        confidence: float = 1.0,
        notes: Sequence[str] = (),
        entries: Sequence[Entry] = (),
    ) -> Answer:
        """An answer of quotations under headings ("" for none), each checked against its article."""
        found = [(heading, citation) for heading, spans in blocks for citation in cite(spans, self.index.text)]
        citations = tuple(replace(citation, marker=n) for n, (_, citation) in enumerate(found, start=1))
        statements = tuple(
            replace(quotation(citation), heading=heading)
            for (heading, _), citation in zip(found, citations, strict=True)
        )
        return Answer(
            question, statements, confidence, citations, tuple(passages), self.model, standalone_question=question,
            kind=kind, notes=tuple(notes), entries=tuple(entries),
        )  # fmt: skip
