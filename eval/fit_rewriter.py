"""Fit the weights of rag/followup/rewrite.py and write rag/followup/rewriter.json: python -m eval.fit_rewriter [DATA].

On CAsT's dialogues that eval/follow_ups.py does not hold back, and the tuning part of the seed questions' follow-ups.
Of the noun phrases that could be put in, those are right that bring a question nearest to its rewriting by hand; the
weights maximize the likelihood that one of them is chosen. A question leans if the phrase that would be added brings it
nearer. The threshold is the lowest that surely leaves the share `KEPT` of the questions that stand alone as they are:
the lower end of the 95% Wilson interval, in cross-validation by dialogue.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import binomtest

from eval.data import read_questions
from eval.follow_ups import FollowUp, read_cast, word_f1, words
from eval.public import data_folder
from rag.followup.antecedents import ANTECEDENT_SIGNALS, Antecedent, antecedents, possible, signals_for
from rag.followup.condense import exchanges
from rag.followup.leaning import LEANING_SIGNALS, Slot, leaning_signals, leaning_words
from rag.followup.rewrite import Weights, in_full, insert, rewrite
from rag.text.phrases import parse

KEPT = 0.9
THRESHOLDS = tuple(float(odds) for odds in np.arange(0, 3.1, 0.25))
FOLDS = 5
PENALTY = 0.5  # ridge on the weights
Vector = NDArray[np.float64]
Choice = tuple[Vector, NDArray[np.bool_]]  # signals of every antecedent, a row each; which of them are right


def main(arguments: Sequence[str]) -> int:
    """Fit, print what cross-validation says, and write the file."""
    turns = [*read_cast(data_folder(arguments))[0], *seed_turns()]
    path = Path(__file__).resolve().parent.parent / "rag" / "followup" / "rewriter.json"
    weights = replace(fit(turns), threshold=best_threshold(turns))
    rounded = json.loads(json.dumps(asdict(weights)), parse_float=lambda number: round(float(number), 3))
    path.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    return 0


def seed_turns() -> list[FollowUp]:
    """The follow-ups of the seed questions' tuning part."""
    questions = [question for question in read_questions(split="tune") if question.standalone]
    by_hand = {(question.group, question.question): question.standalone for question in questions}
    turns = []
    for question in questions:
        earlier = tuple(exchanges(question.messages))
        resolved = tuple(by_hand.get((question.group, turn.asked)) or turn.asked for turn in earlier)
        turns.append(
            FollowUp(f"seed {question.group}", question.question, earlier, resolved, question.standalone or "")
        )
    return turns


def fit(turns: Sequence[FollowUp]) -> Weights:
    """All weights; the threshold is 0."""
    choices: dict[bool, list[Choice]] = {True: [], False: []}
    for turn in turns:
        meant, text = _choices(turn)
        asked = parse(text)
        slots = leaning_words(asked)
        for slot in slots or [Slot("topic", len(asked.tokens))]:
            fitting = possible(meant, slot)
            scores = np.array([word_f1(insert(text, asked, slot, each), turn.rewrite) for each in fitting])
            if len(scores) and scores.max() > word_f1(text, turn.rewrite):
                rows = np.array([list(signals_for(each, slot).values()) for each in fitting])
                choices[bool(slots)].append((rows, scores > scores.max() - 1e-9))
    pronoun, topic = (
        dict(zip(ANTECEDENT_SIGNALS, _minimum(_choice_loss(choices[kind]), len(ANTECEDENT_SIGNALS)), strict=True))
        for kind in (True, False)
    )
    return Weights(pronoun, topic, _leaning(turns, topic), 0.0)


def _choices(turn: FollowUp) -> tuple[list[Antecedent], str]:
    """What may be meant in a turn, and its question with names in full."""
    question = turn.question.strip()
    choices = antecedents(parse(question), turn.resolved, turn.earlier)
    return choices, in_full(question, choices)


def _leaning(turns: Sequence[FollowUp], topic: Mapping[str, float]) -> dict[str, float]:
    """Weights of whether a question without pronouns leans, each question counting by what the topic changes."""
    weighed = np.array(list(topic.values()))
    rows, gains = [], []
    for turn in turns:
        meant, text = _choices(turn)
        asked, slot = parse(text), Slot("topic", 0)
        fitting = possible(meant, slot)
        if fitting and text == turn.question.strip() and not leaning_words(asked):
            best = max(fitting, key=lambda each: float(weighed @ list(signals_for(each, slot).values())))
            rows.append(list(leaning_signals(asked, turn.resolved).values()))
            gains.append(word_f1(insert(text, asked, slot, best), turn.rewrite) - word_f1(text, turn.rewrite))
    signs = np.where(np.array(gains) > 0, 1.0, -1.0)
    counts = 0.5 + 2 * np.abs(gains)
    matrix = np.array(rows)

    def loss(weights: Vector) -> tuple[float, Vector]:
        margins = signs * (matrix @ weights)
        return float(counts @ np.logaddexp(0, -margins)), -(counts * signs / (1 + np.exp(margins))) @ matrix

    return dict(zip(LEANING_SIGNALS, _minimum(loss, len(LEANING_SIGNALS)), strict=True))


def _choice_loss(choices: Sequence[Choice]) -> Callable[[Vector], tuple[float, Vector]]:
    """Negative log-likelihood that a right antecedent is chosen, and its gradient."""

    def loss(weights: Vector) -> tuple[float, Vector]:
        total, gradient = 0.0, np.zeros_like(weights)
        for rows, right in choices:
            scores = rows @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            credit = np.where(right, chances, 0.0)
            total -= np.log(credit.sum() + 1e-12)
            gradient += (chances - credit / (credit.sum() + 1e-12)) @ rows
        return total, gradient

    return loss


def _minimum(loss: Callable[[Vector], tuple[float, Vector]], length: int) -> list[float]:
    def penalized(weights: Vector) -> tuple[float, Vector]:
        value, gradient = loss(weights)
        return value + PENALTY * float(weights @ weights), gradient + 2 * PENALTY * weights

    return [float(weight) for weight in minimize(penalized, np.zeros(length), jac=True, method="L-BFGS-B").x]


def best_threshold(turns: Sequence[FollowUp]) -> float:
    """The threshold by cross-validation, every dialogue in one fold; prints what each one up to it does."""
    folds = [zlib.crc32(turn.dialogue.encode()) % FOLDS for turn in turns]
    fitted = [fit([turn for turn, fold in zip(turns, folds, strict=True) if fold != left]) for left in range(FOLDS)]
    for threshold in THRESHOLDS:
        texts = [
            rewrite(turn.question, turn.earlier, replace(fitted[fold], threshold=threshold))
            for turn, fold in zip(turns, folds, strict=True)
        ]
        gains = [
            np.mean([word_f1(text, turn.rewrite) - word_f1(turn.question, turn.rewrite)
                     for text, turn in zip(texts, turns, strict=True) if turn.dialogue.startswith(year)])
            for year in ("2019", "2020", "seed")
        ]  # fmt: skip
        alone = [
            words(text) == words(turn.question) for text, turn in zip(texts, turns, strict=True) if turn.stands_alone
        ]
        kept = binomtest(sum(alone), len(alone)).proportion_ci(method="wilson").low
        shown = " ".join(f"{gain:+.3f}" for gain in gains)
        print(f"log-odds {threshold:.2f}: F1 over copying {shown}, unchanged at least {kept:.3f}")
        if kept >= KEPT:
            return threshold
    raise SystemExit(f"no threshold leaves {KEPT:.0%} of the questions that stand alone as they are")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
