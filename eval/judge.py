"""One answer held against what its question expects: a number for each thing measured, and why it failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.cache import Attempt
from eval.data import EvalQuestion
from eval.metrics import (
    contains,
    exact_match,
    has_words,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
    token_f1,
)
from rag.cite.quotes import attributed
from rag.cite.support import unsupported
from rag.errors import RAGError
from rag.index.store import Store
from rag.pipeline import RAG
from rag.types import Answer, Citation

DEPTH = 10  # passages retrieved for the retrieval metrics
_NUMBER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Result:
    """An answered question.

    `scores` has a number for each measured thing that applies to the question (see `judge`); `why` says in a
    line what went wrong, and is empty where the answer is right.
    """

    question: EvalQuestion
    answer: Answer
    scores: Mapping[str, float]
    why: str


class Relevance:
    """Which chunks of an index hold the answer to a question."""

    def __init__(self, store: Store) -> None:
        articles = {article.source: article for article in store.articles()}
        self._original = {source: article.original for source, article in articles.items()}
        self._chunks: dict[str, list[tuple[str, str]]] = {}
        for chunk in store.chunks():
            text = articles[chunk.source].text[chunk.start : chunk.end]
            self._chunks.setdefault(chunk.source, []).append((chunk.id, text))

    def require(self, questions: Sequence[EvalQuestion], index: object) -> None:
        """Refuse questions about articles that the index does not hold.

        Raises:
            RAGError: names the first missing article.
        """
        missing = sorted({source for question in questions for source in question.sources} - self._original.keys())
        if missing:
            raise RAGError(
                f"the index in {index} lacks {missing[0]}, which the questions are about; "
                "name the index of their articles with --index (for the five seeds: `rag index seeds --index DIR`)"
            )

    def chunks(self, question: EvalQuestion) -> dict[str, float]:
        """Chunks of the supporting articles with an expected string, by id; all of their chunks where none has one."""
        sources = {self._original[source] for source in question.sources}
        chunks = [chunk for source in sorted(sources) for chunk in self._chunks.get(source, ())]
        holding = [name for name, text in chunks if any(contains(text, [group]) for group in question.required)]
        return dict.fromkeys(holding or [name for name, _ in chunks], 1.0)


def judge(question: EvalQuestion, attempt: Attempt, relevance: Relevance, rag: RAG) -> Result:
    """Score an answer.

    Of every question: `right` (has what it must contain, or is rightly refused), `refused`, `unanswerable`,
    `confidence`, `attempt` (whether the quoted or closest words hold the answer), `seconds`.
    Of answerable ones: `contains`, `cited`; with answers: `exact match`, `f1`.
    Of answered ones: `right when answered`, `citation recall`, `citation precision`, `verbatim`, `words`.
    Of those with sources: `recall@1`, `recall@4`, `recall@10`, `precision@4`, `mrr@10`, `ndcg@10`; and with a rewrite
    by hand: `follow-up recall@4`, `by hand recall@4`.
    """
    answer = attempt.answer
    shown = answer.text if answer.answered else ""
    right = _says(shown, answer, question) if question.answerable else True
    right = right and answer.answered == question.answerable
    attempted = " ".join(citation.quote for citation in (answer.citations or answer.closest))
    scores = {
        "right": right,
        "refused": not answer.answered,
        "unanswerable": not question.answerable,
        "confidence": answer.confidence,
        "attempt": question.answerable and contains(attempted, question.required),
        "seconds": answer.timings["total"],
    }
    relevant = relevance.chunks(question)
    if relevant:
        scores |= _retrieval(attempt, relevant)
    if question.answerable:
        scores["contains"] = right
        scores["cited"] = right and contains(_supporting_quotes(question, answer), question.required)
    if question.answers:
        scores["exact match"] = exact_match(shown, question.answers)
        scores["f1"] = token_f1(shown, question.answers)
    if answer.answered:
        scores["right when answered"] = right
        scores["citation recall"], scores["citation precision"] = citation_quality(answer)
        scores["verbatim"] = all(rag.article(c.source)[c.start : c.end] == c.quote for c in answer.citations)
        scores["words"] = len(shown.split()) - len(_NUMBER.findall(shown))
    numbers = {name: float(value) for name, value in scores.items()}
    return Result(question, answer, numbers, "" if right else _why(question, answer, numbers))


def _says(shown: str, answer: Answer, question: EvalQuestion) -> bool:
    """Whether it has what is required, or says it in other words: a short answer, the required words quoted for it."""
    if contains(shown, question.required):
        return True
    quoted = " ".join(citation.quote for citation in answer.citations)
    short = any(has_words(shown, short) for short in question.answers)
    return short and contains(quoted, question.required)


def citation_quality(answer: Answer) -> tuple[float, float]:
    """Citation recall and precision of an answer, as ALCE has them (Gao et al. 2023), judged by rag/cite/support.py.

    Recall is the share of sentences that their cited quotes together support. Precision is the share of
    citations that count: the sentence is supported, and the citation supports it alone or is needed by the rest.
    """
    quotes = {citation.marker: attributed(citation) for citation in answer.citations}
    supported: list[bool] = []
    useful: list[bool] = []
    # What says that articles differ is no statement on their matter; remark.py has checked it.
    for sentence in (each for statement in answer.statements for each in statement.sentences):
        cited = [quotes.get(marker, "") for marker in sentence.markers]
        holds = _supports(sentence.text, cited)
        supported.append(holds)
        for number, quote in enumerate(cited):
            others = cited[:number] + cited[number + 1 :]
            useful.append(holds and (_supports(sentence.text, [quote]) or not _supports(sentence.text, others)))
    return _share(supported), _share(useful)


def _supports(sentence: str, quotes: Sequence[str]) -> bool:
    return any(quotes) and unsupported(sentence, quotes) is None


def _retrieval(attempt: Attempt, relevant: Mapping[str, float]) -> dict[str, float]:
    ranking = attempt.retrieved
    scores = {f"recall@{k}": recall_at_k(ranking, relevant, k) for k in (1, 4, 10)}
    scores["precision@4"] = precision_at_k(ranking, relevant, 4)
    scores["mrr@10"] = reciprocal_rank(ranking, relevant, 10)
    scores["ndcg@10"] = ndcg_at_k(ranking, relevant, 10)
    if attempt.by_hand is not None:
        scores["follow-up recall@4"] = scores["recall@4"]
        scores["by hand recall@4"] = recall_at_k(attempt.by_hand, relevant, 4)
    return scores


def _supporting_quotes(question: EvalQuestion, answer: Answer) -> str:
    """The quotes from articles that support the question; from any, where it names none. A copy is its original."""
    return " ".join(
        citation.quote
        for citation in answer.citations
        if not question.sources or _articles(citation) & question.sources
    )


def _articles(citation: Citation) -> set[str]:
    return {citation.source, *citation.republished_in}


def _why(question: EvalQuestion, answer: Answer, scores: Mapping[str, float]) -> str:
    if not question.answerable:
        return f"answered, though the articles do not say (confidence {answer.confidence:.2f})"
    if not scores.get("recall@10", 1.0):
        found = "no passage with the answer was retrieved"
    elif scores["attempt"]:
        found = "the right words were found"
    else:
        found = "the answer was retrieved, other words were chosen"
    return f"{found}; {'refused' if not answer.answered else 'answered'} (confidence {answer.confidence:.2f})"


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
