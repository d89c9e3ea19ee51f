"""Fit the reader's weights and write rag/read/reader.json: `make fit` (python -m eval.fit.reader [DATA]).

DATA (default ../shared/data) holds written, squad2_dev10, xquad and qed. The weights see questions that the
cross-encoder was not trained on (examples.py). `--kept` takes the signals of the run before instead of asking again;
`--ablate` shows what each of them is worth and writes nothing.

Questions whose answer was not retrieved tell the reader nothing and are left out. Sentence: a conditional logit
(McFadden 1974), the chance of each sentence of the shortlist to be the one that answers. Answer: a logistic regression
of whether anything answers; nothing does for near misses and for questions off the subject. Found: one of whether what
is shown does, over questions that something answers. The last two see scores of sentence models that have not seen the
question; their product is the confidence.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from eval.fit.examples import (
    Example,
    foreign_questions,
    gathered,
    news_examples,
    public_examples,
    seed_examples,
    written_examples,
)
from eval.fit.teaching import FIT
from eval.metrics import calibration_error
from eval.public import DATA, data_folder
from rag.read.reader import (
    ANSWER_FEATURES,
    ANSWERS,
    FOUND_FEATURES,
    Weights,
    answer_features,
    in_reading_order,
    reader_weights,
)
from rag.read.signals import AGAINST, SIGNALS

WEIGHTS = Path(__file__).resolve().parents[2] / "rag" / "read" / "reader.json"
JUDGED = ("seeds", "news")  # whole articles, as users have them
FOLDS = 5
PENALTY = 1.0  # ridge, on weights of standardized signals
ANSWER_PENALTY = 4.0
# A third of what people ask is not there, as a guess; of the others most are answered somewhere.
SHARES = {"answerable": 0.6, "near miss": 0.3, "off the subject": 0.1}
# The signals that pay beside the trained cross-encoder; kinds of answers pay in the reader of other languages alone,
# which has none (docs/evaluation.md).
PAYING = (
    "similarity", "context_similarity", "cross_encoder", "near_coverage", "passage_coverage",
    "numbers_far", "rank", "headline", "asks",
)  # fmt: skip
OFF_THE_SUBJECT = ("foreign", "off-topic", "bait")
MARGINS = tuple(step / 5 for step in range(1, 51))  # log-odds below the best within which others are shown with it
MOST_WORDS = 51  # of the mean answer shown to the tuning questions of a collection

Vector = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> None:
    """Gather, fit, report, write."""
    chosen = options("Fit the weights of the reader.", arguments)
    tune = gathered("english", lambda: _examples(chosen.data), again=not chosen.kept)
    # The embedding model knows English: what it finds for answerable questions in other languages is chance.
    english = [example for example in tune if example.group != "seeds language"]
    if chosen.ablate:
        for line in ablation(usable(english), reader_weights().margin):
            print(line, flush=True)
        return
    english = [with_signals(example, PAYING) for example in english]
    fitted = {"shortlist": fit_shortlist(usable(english)), **fit(english, JUDGED)}
    print_figures([example for example in english if len(example.candidates)], Weights.from_dict(fitted))
    WEIGHTS.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")


def options(description: str, arguments: Sequence[str] | None) -> argparse.Namespace:
    """What both fits are told: `data`, a folder; `kept`; `ablate`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("data", nargs="?", default=str(DATA), type=lambda path: data_folder([path]))
    parser.add_argument("--kept", action="store_true", help="the signals of the run before")
    parser.add_argument("--ablate", action="store_true", help="what each signal is worth")
    return parser.parse_args(arguments)


def _examples(data: Path) -> Iterator[Example]:
    yield from news_examples("tune")
    yield from seed_examples("tune", foreign_questions(data, FIT))
    yield from public_examples(data)
    yield from written_examples(data)


def with_signals(example: Example, names: Sequence[str]) -> Example:
    """The example with the other signals at 0."""
    kept = np.isin(SIGNALS, names)
    return replace(example, rows=example.rows * kept, all_rows=example.all_rows * kept)


def usable(examples: Sequence[Example]) -> list[Example]:
    """Those that something was retrieved for, and if they have an answer, that."""
    return [each for each in examples if len(each.candidates) and (each.all_gold.any() or not each.answerable)]


def fit(examples: Sequence[Example], judged: Sequence[str]) -> dict[str, Any]:
    """Weights of the three models and the margin, as they stand in reader.json.

    The margin is the widest that keeps the mean answer to the questions of each `judged` collection, by which their
    groups begin, at `MOST_WORDS`.
    """
    examples = usable(examples)
    sentence = fit_sentence(examples)
    answerable = [example for example in examples if example.answerable]
    margin = min(_margin([e for e in answerable if e.group.startswith(name)], sentence) for name in judged)
    answer, found = fit_confidence(examples, unseen_scores(examples), margin)
    named = ((SIGNALS, sentence), ((*ANSWER_FEATURES, "bias"), answer), ((*FOUND_FEATURES, "bias"), found))
    sentence_by_name, answer_by_name, found_by_name = (
        dict(zip(names, (weights.round(4) + 0.0).tolist(), strict=True)) for names, weights in named
    )
    return {"sentence": sentence_by_name, "answer": answer_by_name, "found": found_by_name, "margin": margin}


def fit_shortlist(examples: Sequence[Example]) -> dict[str, float]:
    """Weights by which the shortlist is made of all sentences: those of the sentence model, of cheap signals alone."""
    every = [replace(example, rows=example.all_rows.astype(float), gold=example.all_gold) for example in examples]
    weights = fit_sentence(every)
    return {name: round(float(weight), 4) for name, weight in zip(SIGNALS, weights, strict=True) if weight}


def folds(examples: Sequence[Example]) -> Iterator[tuple[list[int], list[int]]]:
    """The places of the examples to fit on and of those to try, `FOLDS` times, by a hash of the question."""
    numbers = [zlib.crc32(example.question.encode()) % FOLDS for example in examples]
    for fold in range(FOLDS):
        yield (
            [place for place, number in enumerate(numbers) if number != fold],
            [place for place, number in enumerate(numbers) if number == fold],
        )


def unseen_scores(examples: Sequence[Example]) -> list[Vector]:
    """Log-odds of each example's sentences, shape (sentences,), by sentence models that have not seen it."""
    scores: list[Vector] = [np.zeros(0)] * len(examples)
    for seen, unseen in folds(examples):
        weights = fit_sentence([examples[place] for place in seen])
        for place in unseen:
            scores[place] = examples[place].rows @ weights
    return scores


def fit_sentence(examples: Sequence[Example]) -> Vector:
    """Weights of the sentence model: shape (len(SIGNALS),)."""
    found = [example for example in examples if example.gold.any()]
    rows = np.concatenate([example.rows for example in found])
    return ridge(_choice_loss(found), rows, _signs(SIGNALS), PENALTY)


def fit_confidence(examples: Sequence[Example], scores: Sequence[Vector], margin: float) -> tuple[Vector, Vector]:
    """Weights of the answer model, shape (len(ANSWER_FEATURES) + 1,), and of the found model; the bias is the last."""
    features = np.array([answer_features(e.rows, own) for e, own in zip(examples, scores, strict=True)])
    answerable = np.array([example.answerable for example in examples])
    right = np.array([_is_right(e, own, margin) for e, own in zip(examples, scores, strict=True)])
    counts = _balanced(examples)
    chosen = features[answerable][:, [ANSWER_FEATURES.index(name) for name in FOUND_FEATURES]]
    return (
        _fit_logistic(features, answerable, counts, ANSWER_FEATURES),
        _fit_logistic(chosen, right[answerable], counts[answerable], FOUND_FEATURES),
    )


def _fit_logistic(features: Vector, labels: NDArray[np.bool_], counts: Vector, names: Sequence[str]) -> Vector:
    with_bias = np.column_stack([features, np.ones(len(features))])
    loss = logistic_loss(with_bias, labels, counts)
    return ridge(loss, with_bias, [*_signs(names), (None, None)], ANSWER_PENALTY)


def _is_right(example: Example, scores: Vector, margin: float) -> bool:
    """Whether one of the sentences that would be shown answers."""
    shown = in_reading_order(example.candidates, scores, margin)
    return any(c.span in shown for c, gold in zip(example.candidates, example.gold, strict=True) if gold)


def _signs(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    """Bounds: what speaks for an answer may not count against it, nor the other way round."""
    return [(None, 0.0) if name.split()[-1] in AGAINST else (0.0, None) for name in names]


def _margin(examples: Sequence[Example], weights: Vector) -> float:
    def words(margin: float) -> float:
        answers = [in_reading_order(e.candidates, e.rows @ weights, margin) for e in examples]
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
    return "off the subject" if example.group.endswith(OFF_THE_SUBJECT) else "near miss"


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


def logistic_loss(rows: Vector, right: NDArray[np.bool_], counts: Vector) -> Callable[[Vector], tuple[float, Vector]]:
    """Negative log-likelihood of a logistic regression and its gradient."""
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: Vector) -> tuple[float, Vector]:
        margins = signs * (rows @ weights)
        slack = 1 / (1 + np.exp(margins))
        return float(counts @ np.logaddexp(0, -margins)), -(counts * signs * slack) @ rows

    return loss


def ridge(
    loss: Callable[[Vector], tuple[float, Vector]],
    rows: Vector,
    bounds: Sequence[tuple[float | None, float | None]],
    penalty: float,
) -> Vector:
    """Weights that minimize the loss plus a ridge on what each weight moves, by L-BFGS-B; a constant bears none."""
    spread = rows.std(axis=0)

    def penalized(weights: Vector) -> tuple[float, Vector]:
        value, gradient = loss(weights)
        return value + penalty * float(((weights * spread) ** 2).sum()), gradient + 2 * penalty * weights * spread**2

    found = minimize(penalized, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 2000, "maxfun": 4000})  # fmt: skip
    return np.asarray(found.x)


def ablation(examples: Sequence[Example], margin: float) -> Iterator[str]:
    """With all signals, and without each: log-likelihood, answering sentences first, and what the confidence is worth.

    All of questions that the models have not seen, in the shares of `SHARES`.
    """
    yield f"{'without':<22}{'loglik':>9}{'first':>8}{'shown':>8}{'brier':>9}{'AUROC':>8}{'misses':>8}{'ECE':>8}"
    yield f"{'(nothing)':<22}{_tried(examples, margin)}"
    yield f"{'(what does not pay)':<22}{_tried([with_signals(each, PAYING) for each in examples], margin)}"
    for name in SIGNALS:
        less = [with_signals(example, [other for other in SIGNALS if other != name]) for example in examples]
        yield f"{name:<22}{_tried(less, margin)}"


def _tried(examples: Sequence[Example], margin: float) -> str:
    scores = unseen_scores(examples)
    chances = np.zeros(len(examples))
    for seen, unseen in folds(examples):
        answer, told = fit_confidence([examples[place] for place in seen], [scores[place] for place in seen], margin)
        fitted = Weights(np.zeros(0), np.zeros(0), answer, told, margin)
        for place in unseen:
            chances[place] = fitted.confidence(examples[place].rows, scores[place])
    found = [(e, own) for e, own in zip(examples, scores, strict=True) if e.gold.any()]
    likely = [_log_chance(example, own) for example, own in found]
    first = [example.gold[np.argmax(own)] for example, own in found]
    right = np.array([_is_right(e, own, margin) for e, own in zip(examples, scores, strict=True)])
    weights, kinds = _balanced(examples), np.array([_kind(example) for example in examples])
    brier = np.average((chances - right) ** 2, weights=weights)
    close = kinds != "off the subject"
    area = roc_auc_score(kinds[close] == "answerable", chances[close], sample_weight=weights[close])
    refused = np.mean(chances[kinds == "near miss"] < ANSWERS)
    ece = float(calibration_error(chances, right.astype(float)))
    shown = np.mean(right[[example.gold.any() for example in examples]])
    return (
        f"{np.mean(likely):>9.4f}{np.mean(first):>8.3f}{shown:>8.3f}{brier:>9.4f}{area:>8.3f}{refused:>8.3f}{ece:>8.3f}"
    )


def _log_chance(example: Example, scores: Vector) -> float:
    chances = np.exp(scores - scores.max())
    return float(np.log(chances[example.gold].sum() / chances.sum()))


def print_figures(examples: Sequence[Example], weights: Weights) -> None:
    """Of what was fitted on, by group: how many, shortlisted, best sentence right, one shown right, words, refused.

    AUROC is that of the confidence, answerable against not, where a group has both.
    """
    print(f"{'group':<22}{'n':>6}{'shortlisted':>11}{'best':>7}{'shown':>7}{'words':>7}  {'refused':>13}{'AUROC':>7}")
    for group in dict.fromkeys(example.group for example in examples):
        members = [example for example in examples if example.group == group]
        chances = [weights.confidence(member.rows, member.rows @ weights.sentence) for member in members]
        labels = [member.answerable for member in members]
        area = f"{roc_auc_score(labels, chances):>7.3f}" if len(set(labels)) > 1 else ""
        for label, kind in ((True, ""), (False, " without answer")):
            chosen = [(m, chance) for m, chance in zip(members, chances, strict=True) if m.answerable is label]
            if not chosen:
                continue
            refused = np.mean([chance < ANSWERS for _, chance in chosen])
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


if __name__ == "__main__":
    main()
