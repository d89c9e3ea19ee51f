"""Fit the reader's weights on tuning questions and write rag/reader.json.

    python -m eval.fit_reader [DATA]

DATA (default ../shared/data) holds squad2_dev10, xquad and qed. Articles fall into two halves by a hash of
their title: weights see one half, the figures printed at the end are of the other. Of the seed questions,
only the tuning part is used.

Two models are fitted. Sentence: a conditional logit (McFadden 1974), the chance of each sentence of the
retrieved passages to be the one that answers, over questions whose answer was retrieved. Answer: a logistic
regression that tells questions with an answer from those without: ones asked of the wrong collection, ones
whose answering sentences were taken out of the passages, and ones changed to ask for something else
(near_misses.py). Its odds are then scaled to the chance that the best sentence is right (Platt 1999).

SQuAD's impossible questions are reported and not fitted on: they were written to have a plausible answer of
the right kind beside them, and with them in the fit a missing year or name hardly counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from eval.data import read_questions
from eval.metrics import contains
from eval.near_misses import names_in, near_misses
from eval.public import PublicQuestion, PublicSet, data_folder, in_half, read_qed, read_squad
from rag.condense import condense
from rag.ingest import SEEDS, index_articles, ingest
from rag.pipeline import RAG, build_rag
from rag.read import ANSWER_FEATURES, ExtractiveReader, Weights, answer_features, find_candidates, in_reading_order
from rag.settings import Settings
from rag.signals import SIGNALS, Candidate
from rag.types import Passage

TUNE, REPORT = 0, 1
ANSWERABLE_REFUSED = 0.05  # the threshold refuses this share of the answerable tuning questions, sets counted alike
PENALTY = 1.0  # ridge, on weights of standardized signals
# Signals that speak against an answer; the others speak for one.
AGAINST = ("names_missing", "names_far", "numbers_far", "kind_missing", "brief", "headline", "open_ended", "asks")
SHARES = {"answerable": 0.6, "off the subject": 0.1, "taken out": 0.05, "changed": 0.25, "impossible": 0.0}
FOREIGN = 200  # questions asked of the wrong collection
NATURAL_QUESTIONS = 250  # of each half: every one has a paragraph of its own, so no sentence vector is used twice
MARGINS = tuple(step / 10 for step in range(2, 31))  # log-odds below the best within which others are shown with it
MOST_WORDS = 60  # the margin is the widest that keeps the mean answer to the seeds' tuning questions this short
SEED_WEIGHT = 5.0  # a seed question counts as so many public ones: they are few, and news


Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """One question: candidates' signals (n, signals), which of them answer (n,), and how much it counts."""

    rows: NDArray[np.float64]
    gold: NDArray[np.bool_]
    answerable: bool
    weight: float
    group: str
    candidates: tuple[Candidate, ...]


def main(arguments: Sequence[str]) -> int:
    """Gather, fit, report, write."""
    data = data_folder(arguments)
    tune = [*public_examples(data, TUNE), *seed_examples("tune")]
    fitted = fit(tune)
    print_figures("tuning half", tune, Weights.from_dict(fitted))
    print_figures("other half", [*public_examples(data, REPORT)], Weights.from_dict(fitted))
    path = Path(__file__).resolve().parent.parent / "rag" / "reader.json"
    path.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    return 0


def public_examples(data: Path, half: int) -> Iterator[Example]:
    """Examples of one half of the public articles, and of questions asked of the wrong collection."""
    squad = data / "squad2_dev10" / "dev10.json"
    xquad = data / "xquad" / "xquad.en.json"
    mine = {title for path in (squad, xquad) for title in _titles(path) if in_half(title, half)}
    qed = read_qed(data / "qed" / "qed-dev.jsonlines")
    kept = tuple(question for question in qed.questions if in_half(question.source.split("/")[0], half))
    kept = kept[:NATURAL_QUESTIONS]
    sources = {question.source for question in kept}
    qed = PublicSet("qed", tuple(article for article in qed.articles if article.source in sources), kept)
    for collection, foreign in (
        (read_squad(squad, mine), qed.questions[:FOREIGN]),
        (read_squad(xquad, mine - _titles(squad)), ()),
        (qed, ()),
    ):
        yield from collection_examples(collection, foreign)


def collection_examples(collection: PublicSet, foreign: Sequence[PublicQuestion]) -> Iterator[Example]:
    """Index a collection by itself and read its questions, and the foreign ones as unanswerable."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=Path(folder), embedding_model="all-MiniLM-L6-v2")
        index_articles(collection.articles, settings)
        rag = build_rag(settings)
        names = names_in([question.question for question in collection.questions])
        for number, question in enumerate(tqdm(collection.questions, desc=collection.name)):
            answers = _hits(question)
            yield example(rag, question.question, answers, bool(question.answers), collection.name)
            if question.answers and number % 4 == 0:
                yield example(rag, question.question, answers, False, "taken out", take_out=True)
            if question.answers and number % 4 == 2:
                for changed in near_misses(question.question, names, number):
                    yield example(rag, changed, _nothing, False, "changed")
        for question in foreign:
            yield example(rag, question.question, _nothing, False, "foreign")
        rag.close()


def seed_examples(split: str) -> Iterator[Example]:
    """Examples of the seed questions in English."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=Path(folder), embedding_model="all-MiniLM-L6-v2")
        ingest([SEEDS], settings)
        rag = build_rag(settings)
        questions = [q for q in read_questions() if q.split == split and q.language == "en"]
        names = names_in([question.question for question in questions])
        for number, question in enumerate(questions):

            def answers(candidate: Candidate, required: tuple[tuple[str, ...], ...] = question.required) -> bool:
                # Of a question that needs two sentences, each that holds a part of the answer is right.
                return any(contains(candidate.span.text, [group]) for group in required)

            query = condense(question.question, question.messages)
            yield example(rag, query, answers, question.answerable, f"seeds {question.kind}", SEED_WEIGHT)
            if question.answerable:
                yield example(rag, query, answers, False, "seeds taken out", SEED_WEIGHT, take_out=True)
                for changed in near_misses(query, names, number):
                    yield example(rag, changed, _nothing, False, "seeds changed", SEED_WEIGHT)
        rag.close()


def example(
    rag: RAG,
    question: str,
    answers: Callable[[Candidate], bool],
    answerable: bool,
    group: str,
    weight: float = 1.0,
    *,
    take_out: bool = False,
) -> Example:
    """Retrieve for a question and take down the signals of every sentence, the answering ones taken out if asked."""
    passages = rag.retriever.retrieve(question, rag.settings.top_k)
    if take_out:
        passages = [_without(passage, answers) for passage in passages]
    candidates = find_candidates(passages)
    assert isinstance(rag.reader, ExtractiveReader)
    rows = rag.reader.in_context(question, candidates, rag.reader.signals(question, passages, candidates))
    gold = np.array([not take_out and answers(candidate) for candidate in candidates])
    return Example(rows, gold, answerable, weight, group, tuple(candidates))


def _without(passage: Passage, answers: Callable[[Candidate], bool]) -> Passage:
    kept = [candidate.span.text for candidate in find_candidates([passage]) if not answers(candidate)]
    text = " ".join(kept) or passage.title
    return replace(passage, text=text, end=passage.start + len(text))


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Weights of both models, the confidence threshold and the margin, as they stand in reader.json."""
    found = [example for example in examples if example.gold.any()]
    sentence = _ridge(_choice_loss(found), np.concatenate([example.rows for example in found]), SIGNALS)
    scores = [example.rows @ sentence for example in examples]
    features = np.array([answer_features(example.rows, score) for example, score in zip(examples, scores, strict=True)])
    right = np.array([example.gold[np.argmax(score)] for example, score in zip(examples, scores, strict=True)])
    judged = np.array([example.answerable for example in examples])
    counts = _balanced(examples)
    with_bias = np.column_stack([features, np.ones(len(features))])
    answer = _ridge(_logistic_loss(with_bias, judged, counts), with_bias, (*ANSWER_FEATURES, "bias"))
    odds = np.column_stack([with_bias @ answer, np.ones(len(features))])
    scale, shift = _ridge(_logistic_loss(odds, right, counts), odds, ("odds", "bias"))
    answer = answer * scale
    answer[-1] += shift
    chances = 1 / (1 + np.exp(-with_bias @ answer))
    sets = np.array([example.group.split()[0] for example in examples])
    evenly = np.array([1 / (judged & (sets == name)).sum() for name in sets[judged]])
    return {
        "sentence": dict(zip(SIGNALS, sentence.round(4).tolist(), strict=True)),
        "answer": dict(zip(ANSWER_FEATURES, answer[:-1].round(4).tolist(), strict=True)),
        "answer_bias": round(float(answer[-1]), 4),
        "threshold": round(_weighted_quantile(chances[judged], evenly, ANSWERABLE_REFUSED), 4),
        "margin": _margin([example for example in examples if example.group.startswith("seeds")], sentence),
    }


def _margin(examples: Sequence[Example], weights: Vector) -> float:
    def words(margin: float) -> float:
        answers = [in_reading_order(e.candidates, e.rows @ weights, margin) for e in examples if e.answerable]
        return float(np.mean([sum(len(span.text.split()) for span in answer) for answer in answers]))

    return max((margin for margin in MARGINS if words(margin) <= MOST_WORDS), default=MARGINS[0])


def _balanced(examples: Sequence[Example]) -> Vector:
    """Weights by which each kind of question has its share, whatever its number."""
    kinds = np.array([_kind(example) for example in examples])
    weights = np.array([example.weight for example in examples])
    for kind, share in SHARES.items():
        members = kinds == kind
        weights[members] *= share * len(examples) / max(weights[members].sum(), 1.0)
    return weights


def _kind(example: Example) -> str:
    if example.answerable:
        return "answerable"
    if example.group in ("foreign", "seeds off-topic", "seeds bait"):
        return "off the subject"
    if example.group.endswith(("changed", "near-miss")):
        return "changed"
    return "taken out" if example.group.endswith("taken out") else "impossible"


def _weighted_quantile(values: Vector, weights: Vector, share: float) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(below, share)])


def _choice_loss(examples: Sequence[Example]) -> Callable[[Vector], tuple[float, Vector]]:
    """Negative log-likelihood of a conditional logit and its gradient; several right sentences share the credit."""

    def loss(weights: Vector) -> tuple[float, Vector]:
        total, gradient = 0.0, np.zeros_like(weights)
        for example in examples:
            scores = example.rows @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            credit = np.where(example.gold, chances, 0.0)
            total -= example.weight * np.log(credit.sum() + 1e-12)
            gradient += example.weight * ((chances - credit / (credit.sum() + 1e-12)) @ example.rows)
        return total, gradient

    return loss


def _logistic_loss(rows: Vector, right: NDArray[np.bool_], counts: Vector) -> Callable[[Vector], tuple[float, Vector]]:
    """Negative log-likelihood of a logistic regression and its gradient."""
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: Vector) -> tuple[float, Vector]:
        margins = signs * (rows @ weights)
        slack = 1 / (1 + np.exp(margins))
        return float(counts @ np.logaddexp(0, -margins)), -(counts * signs * slack) @ rows

    return loss


def _ridge(loss: Callable[[Vector], tuple[float, Vector]], rows: Vector, names: Sequence[str]) -> Vector:
    """Weights that minimize the loss plus a ridge on what each weight moves, by L-BFGS-B.

    A signal that speaks for an answer may not count against it, nor the other way round: what a signal means
    must hold for collections of other sizes and subjects than these.
    """
    spread = rows.std(axis=0)
    bounds = [(None, None) if name == "bias" else (None, 0) if name in AGAINST else (0, None) for name in names]

    def penalized(weights: Vector) -> tuple[float, Vector]:
        value, gradient = loss(weights)
        return value + PENALTY * float(((weights * spread) ** 2).sum()), gradient + 2 * PENALTY * weights * spread**2

    found = minimize(penalized, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x)


def print_figures(name: str, examples: Sequence[Example], weights: Weights) -> None:
    """Per group: how many, answer retrieved, best sentence right, one of the shown right, refused, words shown.

    AUROC is that of the confidence, answerable against not, where a group has both.
    """
    print(f"\n{name}")
    print(f"{'group':<22}{'n':>6}{'retrieved':>11}{'best':>7}{'shown':>7}{'words':>7}  {'refused':>13}{'AUROC':>7}")
    for group in dict.fromkeys(example.group for example in examples):
        members = [example for example in examples if example.group == group]
        chances = [weights.confidence(member.rows, member.rows @ weights.sentence) for member in members]
        labels = [member.answerable for member in members]
        area = f"{roc_auc_score(labels, chances):>7.3f}" if len(set(labels)) > 1 else ""
        for label, kind in ((True, ""), (False, " without answer")):
            chosen = [(m, chance) for m, chance in zip(members, chances, strict=True) if m.answerable is label]
            if not chosen:
                continue
            refused = np.mean([chance < weights.threshold for _, chance in chosen])
            figures = _answer_figures([member for member, _ in chosen], weights) if label else " " * 25
            words = " " * 7 if not label else ""
            print(f"{(group + kind)[:21]:<22}{len(chosen):>6}{figures}{words}  {refused:>13.3f}{area}")


def _answer_figures(examples: Sequence[Example], weights: Weights) -> str:
    retrieved, best, shown, words = [], [], [], []
    for example in examples:
        scores = example.rows @ weights.sentence
        spans = in_reading_order(example.candidates, scores, weights.margin)
        gold = {c.span for c, right in zip(example.candidates, example.gold, strict=True) if right}
        retrieved.append(bool(gold))
        best.append(bool(example.gold[np.argmax(scores)]))
        shown.append(bool(gold & set(spans)))
        words.append(sum(len(span.text.split()) for span in spans))
    return f"{np.mean(retrieved):>11.3f}{np.mean(best):>7.3f}{np.mean(shown):>7.3f}{np.mean(words):>7.0f}"


def _nothing(candidate: Candidate) -> bool:
    return False


def _hits(question: PublicQuestion) -> Callable[[Candidate], bool]:
    def hit(candidate: Candidate) -> bool:
        span = candidate.span
        inside = any(span.start <= start and end <= span.end for start, end in question.answers)
        return inside and span.passage.source == question.source

    return hit


def _titles(path: Path) -> set[str]:
    return {entry["title"] for entry in json.loads(path.read_text(encoding="utf-8"))["data"]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
