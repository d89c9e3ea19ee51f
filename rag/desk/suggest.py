"""Example questions for the page."""

from __future__ import annotations

from rag.pipeline import RAG
from rag.questions.suggest import suggested
from rag.settings import EXTRACTIVE


def suggest(rag: RAG, wanted: int = 3) -> list[str]:
    """At most `wanted` questions that the collection answers, no language model asked."""
    return suggested(rag.store.articles(), lambda question: rag.answer(question, model=EXTRACTIVE), wanted)
