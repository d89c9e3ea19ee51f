"""The formulas. Each names its source; docs/evaluation.md says in words what it tells.

Statistics of many questions take arrays whose last axis is the questions, so that a bootstrap can pass many
samples of questions at once.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Array = NDArray[Any]
Statistic = Callable[..., Array]

_FOLDED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " "})
_MARKER = re.compile(r" ?\[\d+\]")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")


# Rankings: ids, best first, none twice; `relevant` maps the relevant ids to their gain (above 0).


def recall_at_k(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Share of the relevant that are among the first k (trec_eval's recall_k)."""
    return sum(name in relevant for name in ranking[:k]) / len(relevant)


def precision_at_k(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Relevant ones among the first k, divided by k even where fewer were retrieved (trec_eval's P_k)."""
    return sum(name in relevant for name in ranking[:k]) / k


def reciprocal_rank(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """1 / rank of the first relevant one within k, else 0 (Voorhees 1999); its mean is MRR@k."""
    return next((1 / rank for rank, name in enumerate(ranking[:k], start=1) if name in relevant), 0.0)


def ndcg_at_k(ranking: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Discounted cumulative gain, gain / log2(rank + 1), divided by the best possible.

    Järvelin & Kekäläinen 2002, with linear gains as trec_eval's ndcg_cut_k and BEIR have it.
    """
    ideal = _dcg(sorted(relevant.values(), reverse=True)[:k])
    return _dcg([relevant.get(name, 0.0) for name in ranking[:k]]) / ideal


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


# Strings.


def exact_match(text: str, answers: Sequence[str]) -> float:
    """1 where the text is one of the answers, SQuAD's normalization aside (Rajpurkar et al. 2016)."""
    return float(any(words(text) == words(answer) for answer in answers))


def token_f1(text: str, answers: Sequence[str]) -> float:
    """Best F1 of shared words with one of the answers (Rajpurkar et al. 2016)."""
    return max(_f1(words(text), words(answer)) for answer in answers)


def _f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted)) if shared else float(found == wanted)


def words(text: str) -> list[str]:
    """SQuAD's normalized words; Chinese and Japanese characters are words, as in MLQA (Lewis et al. 2020).

    >>> words("The  Port of Chancay, [1]")
    ['port', 'of', 'chancay']
    """
    bare = "".join(
        character
        for character in _MARKER.sub("", text).lower()
        if character not in string.punctuation and unicodedata.category(character)[0] != "P"
    )
    return _UNSPACED.sub(r" \1 ", _ARTICLE.sub(" ", bare)).split()


def has_words(text: str, answer: str) -> bool:
    """Whether the answer's normalized words stand in the text in one run.

    >>> has_words("It cost $10 million.", "10 million"), has_words("In 2010.", "10")
    (True, False)
    """
    found, wanted = words(text), words(answer)
    return any(found[at : at + len(wanted)] == wanted for at in range(len(found) - len(wanted) + 1))


def contains(text: str, required: Sequence[Sequence[str]]) -> bool:
    """Whether `text` has one string of every group; case, white space and kinds of quotes and dashes aside."""
    folded = fold(text)
    return all(any(fold(string) in folded for string in group) for group in required)


def fold(text: str) -> str:
    """Text made comparable.

    >>> fold("Peru’s  Port [1]")
    "peru's port"
    """
    return " ".join(unicodedata.normalize("NFKC", _MARKER.sub("", text)).translate(_FOLDED).casefold().split())


# Confidence and abstention. `confidence` is 0 to 1; `right`, `refused` and `unanswerable` are 0 or 1.


def mean(values: Array) -> Array:
    """The mean over questions."""
    return np.asarray(values.mean(axis=-1))


def precision(refused: Array, unanswerable: Array) -> Array:
    """Share of the refused questions that have no answer."""
    return _ratio((refused * unanswerable).sum(axis=-1), refused.sum(axis=-1))


def recall(refused: Array, unanswerable: Array) -> Array:
    """Share of the questions without an answer that were refused."""
    return _ratio((refused * unanswerable).sum(axis=-1), unanswerable.sum(axis=-1))


def f1(refused: Array, unanswerable: Array) -> Array:
    """Harmonic mean of precision and recall of refusing."""
    return _ratio(2 * (refused * unanswerable).sum(axis=-1), refused.sum(axis=-1) + unanswerable.sum(axis=-1))


def auroc(confidence: Array, answerable: Array) -> Array:
    """Chance that an answerable question gets a higher confidence than one without answer, ties half.

    The Mann-Whitney statistic (Hanley & McNeil 1982); NaN where there are not both kinds.
    """
    positives = answerable.sum(axis=-1)
    negatives = answerable.shape[-1] - positives
    ranks = (rankdata(confidence, axis=-1) * answerable).sum(axis=-1)
    return _ratio(ranks - positives * (positives + 1) / 2, positives * negatives)


def risk_coverage(confidence: Array, right: Array) -> tuple[Array, Array]:
    """Share of wrong answers among the n most confident questions, for every n (El-Yaniv & Wiener 2010).

    Returns:
        coverage and risk, each of the shape of `confidence`; ties are in the order given.
    """
    order = np.argsort(-confidence, axis=-1, kind="stable")
    wrong = 1 - np.take_along_axis(right, order, axis=-1)
    count = np.arange(1, confidence.shape[-1] + 1)
    return np.broadcast_to(count / count[-1], wrong.shape), wrong.cumsum(axis=-1) / count


def aurc(confidence: Array, right: Array) -> Array:
    """Area under the risk-coverage curve: the mean risk over all coverages; lower is better."""
    return np.asarray(risk_coverage(confidence, right)[1].mean(axis=-1))


def brier(confidence: Array, right: Array) -> Array:
    """Mean squared difference of confidence and outcome (Brier 1950); lower is better."""
    return np.asarray(((confidence - right) ** 2).mean(axis=-1))


BINS = 10


def reliability(confidence: Array, right: Array) -> list[dict[str, float]]:
    """Ten equal bins of confidence: how many, their mean confidence, and the share that was right."""
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "low": bin_number / BINS,
            "high": (bin_number + 1) / BINS,
            "n": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "right": float(right[inside].mean()),
        }
        for bin_number in range(BINS)
        if (inside := number == bin_number).any()
    ]


def calibration_error(confidence: Array, right: Array) -> Array:
    """Mean distance of confidence and share right over the ten bins, by their size (ECE, Guo et al. 2017)."""
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [np.abs(((confidence - right) * (number == one)).sum(axis=-1)) for one in range(BINS)]
    return np.asarray(np.sum(gaps, axis=0) / confidence.shape[-1])


def _ratio(above: Array, below: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(above / below)


# How sure a figure is.

RESAMPLES = 2000
Interval = tuple[float, float]


def bootstrap_interval(statistic: Statistic, *columns: Array) -> Interval | None:
    """95% percentile bootstrap over questions (Efron & Tibshirani 1993); None for fewer than two questions.

    Samples in which the statistic is undefined are left out. Fixed seed: the same figures, the same interval.
    """
    count = len(columns[0])
    if count < 2:
        return None
    draws = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    values = statistic(*(column[draws] for column in columns))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


class PairedDifference(NamedTuple):
    """statistic(second) - statistic(first) over the same questions, its 95% interval, and a p-value."""

    value: float
    interval: Interval
    p: float


def paired_difference(statistic: Statistic, first: Sequence[Array], second: Sequence[Array]) -> PairedDifference:
    """How two systems differ on the same questions, two or more; columns of shape (n,).

    The interval is a paired bootstrap; the p-value is that of a paired randomization test (Noreen 1989; Smucker
    et al. 2007): how often exchanging the two systems on randomly chosen questions gives a difference as large,
    the observed one counted with (Phipson & Smyth 2010).
    """

    def difference(*columns: Array) -> Array:
        half = len(columns) // 2
        return statistic(*columns[half:]) - statistic(*columns[:half])

    observed = float(difference(*first, *second))
    interval = bootstrap_interval(difference, *first, *second) or (math.nan, math.nan)
    swapped = np.random.default_rng(1).random((RESAMPLES, len(first[0]))) < 0.5
    exchanged = difference(
        *(np.where(swapped, b, a) for a, b in zip(first, second, strict=True)),
        *(np.where(swapped, a, b) for a, b in zip(first, second, strict=True)),
    )
    as_large = np.sum(np.abs(exchanged) >= abs(observed) - 1e-12)
    return PairedDifference(observed, interval, float((as_large + 1) / (RESAMPLES + 1)))
