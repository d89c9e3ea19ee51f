"""Public sets through the same pipeline: the index, retriever and reader that answer users' questions.

Cleaning and the grouping of copies are off: the texts must stay as the judgements found them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from eval import metrics
from eval.judge import DEPTH
from eval.public import BeirSet, PublicQuestion, PublicSet
from rag.errors import QuestionError, RAGError
from rag.index.store import Store, has_index
from rag.ingest.build import Progress, index_articles
from rag.pipeline import RAG, build_rag
from rag.settings import Settings
from rag.text.languages import ABSTENTION
from rag.types import Answer, Article, Passage

CHUNKS = 100  # retrieved for a BEIR query; its documents are ranked by their best chunk


@contextmanager
def service(articles: Sequence[Article], settings: Settings, folder: Path | None, progress: Progress) -> Iterator[RAG]:
    """A service over exactly these articles, in `folder` (kept, and used again the next time) or a temporary one.

    Raises:
        StoreError, RAGError: the folder cannot be used, or holds another collection.
    """
    with tempfile.TemporaryDirectory() as temporary:
        settings = settings.model_copy(update={"index": folder or Path(temporary) / "index"})
        if not (folder and _holds(articles, settings)):
            index_articles(articles, settings, progress)
        rag = build_rag(settings)
        try:
            yield rag
        finally:
            rag.close()


def _holds(articles: Sequence[Article], settings: Settings) -> bool:
    if not has_index(settings.index):
        return False
    store = Store(settings)
    there = {article.source: article.text for article in store.articles()}
    store.close()
    if there != {article.source: article.text for article in articles}:
        raise RAGError(
            f"the index in {settings.index} holds another collection, or this one as it was; "
            "give --index another folder, or delete that one"
        )
    return True


def sources(passages: Sequence[Passage]) -> list[str]:
    """The articles of the passages, each once, in the order of its best passage."""
    return list(dict.fromkeys(passage.source for passage in passages))


def beir_scores(rag: RAG, collection: BeirSet, progress: Progress) -> dict[str, metrics.Array]:
    """Each metric's values over the judged queries; a query that is itself a document does not find itself."""
    rows = []
    for number, (query, relevant) in enumerate(collection.relevant.items(), start=1):
        passages = rag.retriever.retrieve(collection.queries[query], CHUNKS)
        ranking = [source for source in sources(passages) if source != query]
        rows.append(
            {
                "nDCG@10": metrics.ndcg_at_k(ranking, relevant, 10),
                "MRR@10": metrics.reciprocal_rank(ranking, relevant, 10),
                **{f"recall@{k}": metrics.recall_at_k(ranking, relevant, k) for k in (1, 5, 10, 100)},
                "precision@10": metrics.precision_at_k(ranking, relevant, 10),
            }
        )
        progress("searching", number, len(collection.relevant))
    return _columns(rows)


def paragraph_scores(rag: RAG, collection: PublicSet, progress: Progress) -> dict[str, metrics.Array]:
    """Retrieval metrics over the answerable questions, each with one relevant paragraph."""
    questions = [question for question in collection.questions if question.answers]
    rows = []
    for number, question in enumerate(questions, start=1):
        ranking = sources(rag.retriever.retrieve(question.question, DEPTH))
        relevant = {question.source: 1.0}
        scores = {f"paragraph recall@{k}": metrics.recall_at_k(ranking, relevant, k) for k in (1, 5, 10)}
        rows.append({**scores, "paragraph nDCG@10": metrics.ndcg_at_k(ranking, relevant, 10)})
        progress("searching", number, len(questions))
    return _columns(rows)


def reading_scores(rag: RAG, collection: PublicSet, progress: Progress) -> dict[str, metrics.Array]:
    """What the reader makes of every question, by name; arrays over the questions of which it makes sense.

    `answer in the returned sentences` is over the answerable questions, without abstention and with it: the words
    of an annotated answer stand in the quotes. Exact match and F1 are over all, of the short answer, or where there is
    none of the whole; an unanswerable one is 1 if refused (SQuAD 2.0). `confidence` and `answerable` are over all.
    `F1 of the short answer` is over the answerable ones whose paragraph was found and that have one.
    """
    texts = {article.source: article.text for article in collection.articles}
    rows, forced, shown, short = [], [], [], []
    for number, question in enumerate(collection.questions, start=1):
        answer = _answer(rag, question)
        wanted = [texts[question.source][start:end] for start, end in question.answers]
        given = (answer.short or answer.text) if answer.answered else ""
        rows.append(
            (
                metrics.exact_match(given, wanted or [""]),
                metrics.token_f1(given, wanted or [""]),
                float(not answer.answered),
                answer.confidence,
                float(bool(wanted)),
            )
        )
        if wanted:
            quotes = " ".join(citation.quote for citation in (answer.citations or answer.closest))
            found = any(metrics.has_words(quotes, answer) for answer in wanted)
            forced.append(float(found))
            shown.append(float(found and answer.answered))
            if answer.short and question.source in {passage.source for passage in answer.passages}:
                short.append(metrics.token_f1(answer.short, wanted))
        progress("asking", number, len(collection.questions))
    columns = np.array(rows).T
    return {
        "answer in the returned sentences, without abstention": np.array(forced),
        "answer in the returned sentences, with abstention": np.array(shown),
        "F1 of the short answer": np.array(short),
        **dict(zip(("exact match", "F1", "refused", "confidence", "answerable"), columns, strict=True)),
    }


def figures(scores: dict[str, metrics.Array]) -> dict[str, float]:
    """The mean of each metric; of confidence and abstention what they are worth."""
    values = {name: float(np.mean(array)) for name, array in scores.items() if len(array)}
    if "confidence" not in scores:
        return values
    refused, answerable = scores["refused"], scores["answerable"]
    del values["refused"], values["confidence"], values["answerable"]
    if answerable.any():
        values["answerable refused"] = float(refused[answerable == 1].mean())
    if not answerable.all():
        values["unanswerable refused"] = float(refused[answerable == 0].mean())
    area = float(metrics.auroc(scores["confidence"], answerable))
    return values if np.isnan(area) else {**values, "AUROC of the confidence": area}


def _columns(rows: Sequence[Mapping[str, float]]) -> dict[str, metrics.Array]:
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def _answer(rag: RAG, question: PublicQuestion) -> Answer:
    try:
        return rag.answer(question.question)
    except QuestionError:  # public sets have questions without a letter
        return Answer(question.question, (), 0.0, (), (), rag.settings.model, abstention=ABSTENTION)
