"""Fit the reader's weights and write rag/read/reader.json: `make fit` (python -m eval.fit.reader [DATA]).

DATA (default ../shared/data) holds squad2_dev10, xquad and qed. Weights see the FIT articles (examples.py), which
the cross-encoder was not trained on, and the tuning parts of the seed questions and of the invented news (news.py).
The figures printed at the end are of what was fitted on; `make quality` has those of the REPORT articles.

Two models are fitted. Sentence: a conditional logit (McFadden 1974), the chance of each sentence of the
shortlist to be the one that answers, over questions whose answer was retrieved. Answer: a logistic
regression that tells questions with an answer from those without: ones asked of the wrong collection, ones
whose answering sentences were taken out of the passages, ones changed to ask for something else
(near_misses.py), and SQuAD's impossible ones. Its odds are then scaled to the chance that the best sentence is right
(Platt 1999).
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from eval.fit.examples import FIT, Example, foreign_questions, news_examples, public_examples, seed_examples
from eval.public import data_folder
from rag.read.reader import ANSWER_FEATURES, Weights, answer_features, in_reading_order
from rag.read.signals import AGAINST, SIGNALS

MOST_LOST = 0.08  # of the tuning questions that are answered rightly, by models that have not seen them, refused
# Which sentence is best is learned without these questions. With those of other collections it had as many of a
# collection's facts among the best two (112 of 120), 3 of 70 paraphrases more, and 4 of 47 of the seeds' facts fewer.
CONFIDENCE_ONLY = "news"
FOLDS = 5
PENALTY = 1.0  # ridge, on weights of standardized signals
ANSWER_PENALTY = 16.0
SHARES = {"answerable": 0.4, "off the subject": 0.24, "taken out": 0.04, "changed": 0.2, "impossible": 0.12}
MARGINS = tuple(step / 5 for step in range(1, 51))  # log-odds below the best within which others are shown with it
MOST_WORDS = 51  # of the mean answer shown to the tuning questions of a collection

Vector = NDArray[np.float64]
ThresholdOf = Callable[[Vector, NDArray[np.bool_], Mapping[str, Vector]], float]


def main(arguments: Sequence[str]) -> int:
    """Gather, fit, report, write."""
    data = data_folder(arguments)
    path = Path(__file__).resolve().parents[2] / "rag" / "read" / "reader.json"
    shortlist = json.loads(path.read_text(encoding="utf-8"))["shortlist"]
    tune = [*public_examples(data, FIT), *seed_examples("tune", foreign_questions(data, FIT)), *news_examples("tune")]
    # The embedding model knows English: what it finds for answerable questions in other languages is chance.
    english = [example for example in tune if example.group != "seeds language"]
    fitted = {"shortlist": shortlist, **fit(english, ("seeds", "news"), most_kept)}
    print_figures(tune, Weights.from_dict(fitted))
    path.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    return 0


def fit(examples: Sequence[Example], judged: Sequence[str], threshold_of: ThresholdOf) -> dict[str, Any]:
    """Weights of both models, the confidence threshold and the margin, as they stand in reader.json.

    The threshold is what `threshold_of` makes of the confidences of the answerable questions of the `judged`
    collections, by which their groups begin, of which of them have the right sentence first, and of the confidences of
    all others by group. The margin is the widest that keeps the mean answer to the questions of each of these
    collections at `MOST_WORDS`.
    """
    examples = [example for example in examples if len(example.candidates)]
    sentence, answer = fit_models(examples)
    folds = np.array([zlib.crc32(example.question.encode()) % FOLDS for example in examples])
    odds, right = np.zeros(len(examples)), np.zeros(len(examples), dtype=bool)
    for fold in range(FOLDS):
        models = fit_models([example for example, own in zip(examples, folds, strict=True) if own != fold])
        for place in np.flatnonzero(folds == fold):
            rows = examples[place].rows
            scores = rows @ models[0]
            odds[place] = np.append(answer_features(rows, scores), 1.0) @ models[1]
            right[place] = examples[place].gold[np.argmax(scores)]
    counts = _balanced(examples)
    columns = np.column_stack([odds, np.ones(len(odds))])
    scale, shift = ridge(logistic_loss(columns, right, counts), columns, [(None, None)] * 2, PENALTY)
    answer = answer * scale
    answer[-1] += shift
    chances = 1 / (1 + np.exp(-(odds * scale + shift)))
    groups = np.array([example.group for example in examples])
    ours = np.array([example.answerable and example.group.startswith(tuple(judged)) for example in examples])
    threshold = threshold_of(
        chances[ours], right[ours], {group: chances[~ours & (groups == group)] for group in set(groups)}
    )
    shown = [e for e, chance in zip(examples, chances, strict=True) if e.answerable and chance >= threshold]
    return {
        "sentence": dict(zip(SIGNALS, (sentence.round(4) + 0.0).tolist(), strict=True)),
        "answer": dict(zip(ANSWER_FEATURES, (answer[:-1].round(4) + 0.0).tolist(), strict=True)),
        "answer_bias": round(float(answer[-1]), 4),
        "threshold": round(threshold, 4),
        "margin": min(_margin([e for e in shown if e.group.startswith(collection)], sentence) for collection in judged),
    }


def fit_models(examples: Sequence[Example]) -> tuple[Vector, Vector]:
    """Weights of the sentence model, and of the answer model with its bias last (before Platt's scaling)."""
    found = [example for example in examples if example.gold.any() and not example.group.startswith(CONFIDENCE_ONLY)]
    sentence = ridge(_choice_loss(found), np.concatenate([example.rows for example in found]), _signs(SIGNALS), PENALTY)
    features = np.array([answer_features(example.rows, example.rows @ sentence) for example in examples])
    with_bias = np.column_stack([features, np.ones(len(features))])
    judged = np.array([example.answerable for example in examples])
    loss = logistic_loss(with_bias, judged, _balanced(examples))
    return sentence, ridge(loss, with_bias, [*_signs(ANSWER_FEATURES), (None, None)], ANSWER_PENALTY)


def _signs(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    """Bounds: what speaks for an answer may not count against it, nor the other way round."""
    return [(None, 0.0) if name.split()[-1] in AGAINST else (0.0, None) for name in names]


def most_kept(answerable: Vector, right: NDArray[np.bool_], others: Mapping[str, Vector]) -> float:
    """The highest threshold that refuses at most `MOST_LOST` of the questions whose best sentence is right."""
    return float(np.sort(answerable[right])[int(MOST_LOST * right.sum())])


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
    if example.group.endswith(("foreign", "off-topic", "bait")):
        return "off the subject"
    if example.group.endswith(("changed", "near-miss", "roles", "name", "word")):
        return "changed"
    return "taken out" if example.group.endswith("taken out") else "impossible"


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
