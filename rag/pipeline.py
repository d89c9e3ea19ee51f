"""The path of a question, and the only place where the parts are put together."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rag.cite import cite, verify
from rag.condense import condense
from rag.errors import QuestionError, SettingsError
from rag.models import cross_encoder, question_encoder
from rag.prompts import ABSTENTION
from rag.read import ExtractiveReader
from rag.retrieve import HybridRetriever, parse_filters
from rag.settings import DEFAULT_INDEX, Settings
from rag.store import Store, has_index
from rag.types import Answer, Reader, Retriever

MODELS = ("extractive",)  # what can write an answer on this machine
SEARCHING, READING, CHECKING = "searching", "reading", "checking"  # the steps of an answer


class RAG:
    """Answers questions from one index. Build it once with `build_rag`; it is safe for threads."""

    def __init__(self, settings: Settings, store: Store, retriever: Retriever, reader: Reader) -> None:
        self.settings = settings
        self.store = store
        self.retriever = retriever
        self.reader = reader

    def answer(
        self,
        question: str,
        *,
        history: Sequence[Mapping[str, Any]] | None = None,
        filters: Mapping[str, Any] | None = None,
        top_k: int | None = None,
    ) -> Answer:
        """Answer one question with citations, or say that the articles do not say.

        Args:
            history: earlier messages, oldest first: `{"role": "user" | "assistant", "content": …}`.
            filters: `publisher` (a name or several), `date_from`, `date_to` (dates, inclusive).
            top_k: passages handed to the reader; by default the settings' number.

        Raises:
            QuestionError: the question, history or filters cannot be used.
            StoreError: the index cannot be read.
        """
        for step in self.steps(question, history=history, filters=filters, top_k=top_k):
            if isinstance(step, Answer):
                return step
        raise AssertionError("the steps end with an answer")

    def steps(
        self,
        question: str,
        *,
        history: Sequence[Mapping[str, Any]] | None = None,
        filters: Mapping[str, Any] | None = None,
        top_k: int | None = None,
    ) -> Iterator[str | Answer]:
        """`answer`, step by step: the name of each step as it begins, and at the end the answer."""
        started = time.perf_counter()
        question = check_question(question, self.settings.max_question_characters)
        query = condense(question, history or ())
        yield SEARCHING
        passages = self.retriever.retrieve(query, top_k or self.settings.top_k, parse_filters(filters))
        retrieved = time.perf_counter()
        yield READING
        reading = self.reader.read(query, passages)
        yield CHECKING
        text, citations = cite(reading.spans, self.article)
        answered = reading.answers and bool(citations)
        sentences = verify(text, citations) if answered else ()
        finished = time.perf_counter()
        yield Answer(
            question=question,
            text=text if answered else ABSTENTION,
            answered=answered,
            confidence=reading.confidence,
            citations=citations if answered else (),
            passages=tuple(passages),
            model=self.settings.model,
            closest=() if answered else citations,
            sentences=sentences,
            query=query,
            timings={"retrieve": retrieved - started, "read": finished - retrieved, "total": finished - started},
        )

    def article(self, source: str) -> str:
        """The cleaned text of an article or copy; citations point into it.

        Raises:
            StoreError: there is no such article in the index.
        """
        return self.store.article(source).text

    def close(self) -> None:
        """Let go of the index's files."""
        self.store.close()


def build_rag(settings: Settings | None = None) -> RAG:
    """Put a service together from settings.

    At the default place, and only there, a missing index is built from the articles that come with the
    package; a line on stderr says so.

    Raises:
        SettingsError: a setting names something that is not there.
        StoreError: the index is missing, damaged or built with other settings.
    """
    settings = settings or Settings()
    if settings.model not in MODELS:
        raise SettingsError(f"model {settings.model!r} is not available; set RAG_MODEL to {' or '.join(MODELS)}")
    if settings.index == DEFAULT_INDEX and not has_index(settings.index):
        _index_seeds(settings)
    encoder = question_encoder(settings.embedding_model)
    store = Store(settings)
    retriever = HybridRetriever(store, encoder, settings.candidates, settings.dense_weight)
    return RAG(settings, store, retriever, ExtractiveReader(encoder, cross_encoder(), settings.min_confidence))


def ask(
    question: str,
    *,
    history: Sequence[Mapping[str, Any]] | None = None,
    filters: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
) -> Answer:
    """Answer one question; for several, keep what `build_rag` returns.

    Same as `build_rag(settings or Settings()).answer(question, history=history, filters=filters)`.

    Raises:
        RAGError: with one line that says what to do.
    """
    rag = build_rag(settings or Settings())
    try:
        return rag.answer(question, history=history, filters=filters)
    finally:
        rag.close()


def check_question(question: str, longest: int) -> str:
    """The question with control characters and runs of white space made single spaces.

    Raises:
        QuestionError: it is not text, has no letter or digit, or is longer than `longest` characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"a question is a string, not {type(question).__name__}")
    if len(question) > longest:
        raise QuestionError(
            f"the question has {len(question):,} characters, more than {longest:,}; "
            "shorten it or raise RAG_MAX_QUESTION_CHARACTERS"
        )
    visible = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in question)
    if not any(character.isalnum() for character in visible):
        raise QuestionError("the question is empty; type a question in words")
    return " ".join(visible.split())


def _index_seeds(settings: Settings) -> None:
    from rag.ingest import SEEDS, ingest
    from rag.progress import ProgressBar

    print(f"No index yet: indexing the articles that come with the package into {settings.index}", file=sys.stderr)
    with ProgressBar() as progress:
        ingest([SEEDS], settings, progress=progress)
