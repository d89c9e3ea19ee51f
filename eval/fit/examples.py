"""Questions with the sentences that the reader chooses from, labelled: what its models are fitted on.

Articles fall into three parts by a hash of their title: the cross-encoder is trained on TRAIN, weights and threshold
are fitted on FIT, where it is as unsure as it will be on users' articles, and figures are of REPORT.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.bench.news import collections, indexed
from eval.data import EvalQuestion, read_questions
from eval.fit.near_misses import RelatedWords, exchanged_roles, names_in, near_misses, other_name
from eval.metrics import contains
from eval.public import (
    HELD_BACK,
    PublicQuestion,
    PublicSet,
    in_half,
    read_chunking,
    read_qed,
    read_squad,
    title_hash,
)
from rag.followup.condense import condense
from rag.ingest.build import SEEDS, index_articles
from rag.models.encoders import encoder
from rag.pipeline import RAG, build_rag
from rag.read.reader import ExtractiveReader, find_candidates
from rag.read.signals import Candidate
from rag.settings import Settings
from rag.types import Passage

TRAIN, FIT, REPORT = "train", "fit", "report"
FOREIGN = 150  # questions asked of the wrong collection
OWN_WEIGHT = 5.0  # a question of ours counts as so many public ones: they are few, and about news
MODEL = "all-MiniLM-L6-v2"
SETTINGS = Settings(embedding_model=MODEL)
Hits = Callable[[Candidate], bool]


@dataclass(frozen=True)
class Example:
    """One question: its shortlisted sentences with their signals (n, signals), which of them answer (n,).

    `missed` are answering sentences that were not retrieved or not shortlisted. `weight` is how much it counts.
    """

    question: str
    candidates: tuple[Candidate, ...]
    rows: NDArray[np.float64]
    gold: NDArray[np.bool_]
    missed: tuple[Candidate, ...]
    answerable: bool
    group: str
    weight: float = 1.0


def part_of(title: str) -> str:
    """The part that an article belongs to, the same in every set that has it."""
    if in_half(title, HELD_BACK):
        return REPORT
    return FIT if title_hash(title) % 8 == 0 else TRAIN


def public_examples(data: Path, part: str) -> Iterator[Example]:
    """Examples of one part of the public articles, each set's indexed together."""
    squad = read_squad(data / "squad2_dev10" / "dev10.json")
    xquad = read_squad(data / "xquad" / "xquad.en.json")
    qed = read_qed(data / "qed" / "qed-dev.jsonlines")
    in_squad = {article.title for article in squad.articles}
    foreign = [question.question for question in qed.questions][:FOREIGN]
    yield from collection_examples(_of_part(squad, part, set()), foreign)
    yield from collection_examples(_of_part(xquad, part, in_squad), ())
    yield from collection_examples(_of_part(qed, part, set()), ())
    if part == TRAIN:
        yield from collection_examples(read_chunking(data / "chunking_evaluation"), (), changed=False)


def _of_part(collection: PublicSet, part: str, without: set[str]) -> PublicSet:
    articles = tuple(a for a in collection.articles if part_of(a.title) == part and a.title not in without)
    sources = {article.source for article in articles}
    return PublicSet(collection.name, articles, tuple(q for q in collection.questions if q.source in sources))


def collection_examples(collection: PublicSet, foreign: Sequence[str], *, changed: bool = True) -> Iterator[Example]:
    """Index a collection by itself and read its questions; the changed and the foreign ones as unanswerable."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=Path(folder), embedding_model=MODEL)
        index_articles(collection.articles, settings)
        rag = build_rag(settings)
        texts = {article.source: article.text for article in collection.articles}
        questions = [question.question for question in collection.questions]
        names = names_in(questions)
        words = RelatedWords([*questions, *texts.values()], encoder(MODEL, "document"))
        for number, question in enumerate(tqdm(collection.questions, desc=collection.name)):
            answers = hits(question)
            yield example(rag, question.question, answers, bool(question.answers), collection.name)
            if not question.answers or not changed:
                continue
            if number % 4 == 0:
                yield example(rag, question.question, answers, False, "taken out", take_out=True)
            for other in near_misses(question.question, names, number):
                yield example(rag, other, nothing, False, "changed")
            nearby = names_in([texts[question.source]]) if number % 2 else []
            for changed_question, group in (
                (exchanged_roles(question.question), "roles"),
                (other_name(question.question, nearby, number), "neighbour's name"),
                (words.change(question.question, number), "other word"),
            ):
                if changed_question:
                    yield example(rag, changed_question, nothing, False, group)
        for text in foreign:
            yield example(rag, text, nothing, False, "foreign")
        rag.close()


def foreign_questions(data: Path, part: str) -> list[str]:
    """Questions of one part that the seeds cannot answer: real users', and SQuAD's in Spanish and Chinese."""
    qed = read_qed(data / "qed" / "qed-dev.jsonlines")
    asked = [question.question for question in qed.questions if part_of(question.source.split("/")[0]) == part]
    for language in ("es", "zh"):
        xquad = read_squad(data / "xquad" / f"xquad.{language}.json")
        mine = [q.question for q in xquad.questions if part_of(q.source.rsplit("/", 1)[0]) == part]
        asked += mine[::3][:FOREIGN]
    return asked


def seed_examples(split: str, foreign: Sequence[str] = ()) -> Iterator[Example]:
    """Examples of the seed questions, and of foreign ones asked of the seeds."""
    with indexed(SEEDS, SETTINGS) as rag:
        yield from _own_examples(rag, read_questions(split=split), "seeds")
        for text in foreign:
            yield example(rag, text, nothing, False, "seeds foreign")


def news_examples(split: str) -> Iterator[Example]:
    """Examples of the invented news of that split (news.py), each collection indexed by itself."""
    for folder in collections(split):
        with indexed(folder, SETTINGS) as rag:
            yield from _own_examples(rag, read_questions(folder / "questions.jsonl"), "news")


def _own_examples(rag: RAG, questions: Sequence[EvalQuestion], collection: str) -> Iterator[Example]:
    """Examples of our own questions and of what is made from them; groups are called "seeds fact" and so on."""
    names = names_in([question.question for question in questions])
    for number, question in enumerate(questions):
        answers = states(question)
        query = condense(question.question, question.messages)
        yield example(rag, query, answers, question.answerable, f"{collection} {question.kind}", OWN_WEIGHT)
        if question.answerable and question.language == "en":
            yield example(rag, query, answers, False, f"{collection} taken out", OWN_WEIGHT, take_out=True)
            for changed in near_misses(query, names, number):
                yield example(rag, changed, nothing, False, f"{collection} changed", OWN_WEIGHT)


def example(
    rag: RAG,
    question: str,
    answers: Hits,
    answerable: bool,
    group: str,
    weight: float = 1.0,
    *,
    take_out: bool = False,
) -> Example:
    """Retrieve for a question and shortlist as the reader does, the answering sentences taken out if asked."""
    passages = rag.retriever.retrieve(question, rag.settings.top_k)
    if take_out:
        passages = [_without(passage, answers) for passage in passages]
    assert isinstance(rag.reader, ExtractiveReader)
    candidates, rows = rag.reader.shortlist(question, passages)
    right = [] if take_out else [c for c in find_candidates(passages) if answers(c)]
    gold = np.array([candidate in right for candidate in candidates], dtype=bool)
    missed = tuple(candidate for candidate in right if candidate not in candidates)
    return Example(question, tuple(candidates), rows, gold, missed, answerable, group, weight)


def _without(passage: Passage, answers: Hits) -> Passage:
    kept = [candidate.span.text for candidate in find_candidates([passage]) if not answers(candidate)]
    text = " ".join(kept) or passage.title
    return replace(passage, text=text, end=passage.start + len(text), article_sentences=None)


def nothing(candidate: Candidate) -> bool:
    """No sentence answers."""
    return False


def states(question: EvalQuestion) -> Hits:
    """Whether a sentence has an expected string; of a question that needs two sentences, each with a part is right."""
    return lambda candidate: any(contains(candidate.span.text, [group]) for group in question.required)


def hits(question: PublicQuestion) -> Hits:
    """Whether a sentence holds one of the question's annotated answers."""

    def hit(candidate: Candidate) -> bool:
        span = candidate.span
        inside = any(span.start <= start and end <= span.end for start, end in question.answers)
        return inside and span.passage.source == question.source

    return hit
