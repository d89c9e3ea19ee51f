"""Questions with the sentences that the reader chooses from, labelled: what its weights are fitted on.

None of them the cross-encoder was trained on, so that it is as unsure here as on users' articles: the held-out written
questions, the public ones on articles of the part FIT (teaching.py), and the tuning parts of the seed questions and of
the invented news (eval/bench/news.py).
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.bench.news import collections, indexed
from eval.data import EvalQuestion, read_questions
from eval.fit.teaching import FIT, held_out_set, part_of
from eval.metrics import contains
from eval.public import PublicQuestion, PublicSet, read_qed, read_squad
from rag.followup.condense import condense
from rag.ingest.build import SEEDS, index_articles
from rag.pipeline import RAG, build_rag
from rag.read.reader import ExtractiveReader
from rag.read.signals import Candidate
from rag.settings import DEFAULT_EMBEDDING_MODEL, Settings

FOREIGN = 60  # questions asked of the wrong collection
EVERY = 4  # so many-th of the written questions is asked, and twice as many public ones: each takes about a second
OWN_WEIGHT = 10.0  # a question of ours counts as so many others: they are few, and asked of whole articles
SETTINGS = Settings(embedding_model=DEFAULT_EMBEDDING_MODEL)
Hits = Callable[[Candidate], bool]


@dataclass(frozen=True)
class Example:
    """One question: its shortlisted sentences with their signals (n, signals), which of them answer (n,).

    `all_rows` (m, signals) and `all_gold` (m,) are those of all sentences before the shortlist is made of them.
    `weight` is how much it counts.
    """

    question: str
    candidates: tuple[Candidate, ...]
    rows: NDArray[np.float64]
    gold: NDArray[np.bool_]
    all_rows: NDArray[np.float32]
    all_gold: NDArray[np.bool_]
    answerable: bool
    group: str
    weight: float = 1.0


def gathered(name: str, gather: Callable[[], Iterable[Example]], again: bool) -> list[Example]:
    """The examples of build/reader/NAME.pickle; where they are wanted `again` they are gathered and kept there."""
    kept = Path("build") / "reader" / f"{name}.pickle"
    if again:
        examples = list(gather())
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(examples))
    return list(pickle.loads(kept.read_bytes()))


def written_examples(data: Path) -> Iterator[Example]:
    """Examples of every `EVERY`-th held-out written question, asked of all written passages together."""
    written = held_out_set(data / "written")
    yield from collection_examples(replace(written, questions=written.questions[::EVERY]), ())


def public_examples(data: Path) -> Iterator[Example]:
    """Examples of the public articles of the part FIT, each set's indexed together."""
    squad = read_squad(data / "squad2_dev10" / "dev10.json")
    xquad = read_squad(data / "xquad" / "xquad.en.json")
    qed = read_qed(data / "qed" / "qed-dev.jsonlines")
    in_squad = {article.title for article in squad.articles}
    foreign = [question.question for question in qed.questions][:FOREIGN]
    yield from collection_examples(_of_part(squad, FIT, set()), foreign)
    yield from collection_examples(_of_part(xquad, FIT, in_squad), ())
    yield from collection_examples(_of_part(qed, FIT, set()), ())


def _of_part(collection: PublicSet, part: str, without: set[str]) -> PublicSet:
    articles = tuple(a for a in collection.articles if part_of(a.title) == part and a.title not in without)
    sources = {article.source for article in articles}
    questions = [question for question in collection.questions if question.source in sources]
    return PublicSet(collection.name, articles, tuple(questions[:: EVERY // 2]))


def collection_examples(collection: PublicSet, foreign: Sequence[str]) -> Iterator[Example]:
    """Index a collection by itself and read its questions, and the foreign ones, which it does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        settings = SETTINGS.model_copy(update={"index": Path(folder)})
        index_articles(collection.articles, settings)
        rag = build_rag(settings)
        for question in tqdm(collection.questions, desc=collection.name):
            kind = question.kind or ("question" if question.answers else "impossible")
            yield example(rag, question.question, hits(question), bool(question.answers), f"{collection.name} {kind}")
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
    return asked[::EVERY]


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
    """Examples of our own questions; groups are called "seeds fact" and so on."""
    for question in tqdm(questions, desc=collection):
        query = condense(question.question, question.messages)
        group = f"{collection} {question.kind}"
        yield example(rag, query, states(question), question.answerable, group, OWN_WEIGHT)


def example(rag: RAG, question: str, answers: Hits, answerable: bool, group: str, weight: float = 1.0) -> Example:
    """Retrieve for a question and shortlist as the reader does."""
    passages = rag.retriever.retrieve(question, rag.settings.top_k)
    assert isinstance(rag.reader, ExtractiveReader)
    every, all_rows = rag.reader.candidates(question, passages)
    all_gold = np.array([answers(candidate) for candidate in every], dtype=bool)
    right = [candidate for candidate, answer in zip(every, all_gold, strict=True) if answer]
    candidates, rows = rag.reader.shortlist(question, passages)
    gold = np.array([candidate in right for candidate in candidates], dtype=bool)
    some = all_rows.astype(np.float32)
    return Example(question, tuple(candidates), rows, gold, some, all_gold, answerable, group, weight)


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
