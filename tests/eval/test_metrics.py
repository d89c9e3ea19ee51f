"""The formulas agree with reference implementations, and with what can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test
from sklearn.metrics import brier_score_loss, f1_score, precision_score, recall_score, roc_auc_score

from eval import metrics

IDS = [f"d{number}" for number in range(30)]
rankings = st.permutations(IDS).flatmap(lambda ids: st.integers(0, 30).map(lambda count: ids[:count]))
judgements = st.dictionaries(st.sampled_from(IDS), st.integers(1, 4), min_size=1, max_size=20)


@given(rankings, judgements, st.integers(1, 15))
@settings(max_examples=300, deadline=None)
@pytest.mark.slow
def test_rankings_are_scored_as_trec_eval_does(ranking: list[str], relevant: dict[str, int], k: int) -> None:
    names = {f"ndcg_cut.{k}", f"recall.{k}", f"P.{k}", "recip_rank"}
    run = {"q": {name: float(100 - rank) for rank, name in enumerate(ranking)}}
    reference = pytrec_eval.RelevanceEvaluator({"q": relevant}, names).evaluate(run).get("q", {})
    expected = {
        f"ndcg_cut_{k}": metrics.ndcg_at_k(ranking, relevant, k),
        f"recall_{k}": metrics.recall_at_k(ranking, relevant, k),
        f"P_{k}": metrics.precision_at_k(ranking, relevant, k),
        "recip_rank": metrics.reciprocal_rank(ranking, relevant, len(IDS)),
    }
    for name, ours in expected.items():
        assert ours == pytest.approx(reference.get(name, 0.0), abs=1e-6), name


outcomes = st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.booleans()), min_size=2, max_size=60)


@given(outcomes)
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_confidence_is_scored_as_scikit_learn_does(rows: list[tuple[int, bool, bool]]) -> None:
    confidence = np.array([row[0] / 20 for row in rows])
    right, refused = (np.array([float(row[column]) for row in rows]) for column in (1, 2))
    assert metrics.brier(confidence, right) == pytest.approx(brier_score_loss(right, confidence, pos_label=1), abs=1e-9)
    if 0 < right.sum() < len(right):
        assert metrics.auroc(confidence, right) == pytest.approx(roc_auc_score(right, confidence), abs=1e-9)
    else:
        assert math.isnan(metrics.auroc(confidence, right))
    for ours, theirs in (
        (metrics.precision, precision_score), (metrics.recall, recall_score), (metrics.f1, f1_score)
    ):  # fmt: skip
        value = float(ours(refused, right))
        assert (0.0 if math.isnan(value) else value) == pytest.approx(theirs(right, refused, zero_division=0), abs=1e-9)


def test_risk_and_coverage_by_hand() -> None:
    coverage, risk = metrics.risk_coverage(np.array([0.2, 0.9, 0.6]), np.array([0.0, 1.0, 0.0]))
    assert coverage.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert risk.tolist() == pytest.approx([0, 1 / 2, 2 / 3])
    assert metrics.aurc(np.array([0.2, 0.9, 0.6]), np.array([0.0, 1.0, 0.0])) == pytest.approx((1 / 2 + 2 / 3) / 3)


def test_reliability_bins_by_hand() -> None:
    confidence, right = np.array([0.0, 0.09, 0.95, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    low, high = metrics.reliability(confidence, right)
    assert (low["n"], low["confidence"], low["right"]) == (2, pytest.approx(0.045), 0.5)
    assert (high["low"], high["n"], high["right"]) == (0.9, 2, 0.5)
    assert metrics.calibration_error(confidence, right) == pytest.approx((abs(0.09 - 1) + abs(1.95 - 1)) / 4)


@pytest.mark.parametrize(
    ("text", "answers", "exact", "f1"),
    [
        ("The Denver Broncos", ["Denver Broncos"], 1, 1),
        ("It was the Broncos. [1]", ["Denver Broncos", "Broncos"], 0, 0.5),
        ("", ["Denver"], 0, 0),
        ("", [""], 1, 1),
        ("丹佛野马队", ["丹佛野马"], 0, 8 / 9),
    ],
)
def test_strings_are_compared_as_squad_does(text: str, answers: list[str], exact: float, f1: float) -> None:
    assert metrics.exact_match(text, answers) == exact
    assert metrics.token_f1(text, answers) == pytest.approx(f1)


def test_statistics_take_many_samples_at_once() -> None:
    generator = np.random.default_rng(5)
    confidence, right = generator.random((7, 40)), generator.integers(0, 2, (7, 40)).astype(float)
    for statistic in (metrics.auroc, metrics.aurc, metrics.brier, metrics.calibration_error):
        together = statistic(confidence, right)
        alone = [float(statistic(*pair)) for pair in zip(confidence, right, strict=True)]
        assert together.tolist() == pytest.approx(alone)


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    samples = (generator.random(60) < 0.6 for _ in range(200))
    intervals = [metrics.bootstrap_interval(metrics.mean, sample.astype(float)) for sample in samples]
    assert 0.88 <= np.mean([low <= 0.6 <= high for low, high in filter(None, intervals)]) <= 0.99
    assert metrics.bootstrap_interval(metrics.mean, np.array([1.0])) is None


def test_a_paired_difference_agrees_with_scipy() -> None:
    generator = np.random.default_rng(8)
    first = generator.integers(0, 2, 50).astype(float)
    second = np.where(generator.random(50) < 0.25, 1.0, first)
    ours = metrics.paired_difference(metrics.mean, [first], [second])
    theirs = permutation_test(
        (second, first), lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=9999, rng=1,
    )  # fmt: skip
    assert ours.value == pytest.approx(second.mean() - first.mean())
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.02)
    assert ours.interval[0] <= ours.value <= ours.interval[1]


def test_equal_systems_do_not_differ() -> None:
    same = np.array([0.0, 1.0, 1.0, 0.0])
    assert metrics.paired_difference(metrics.mean, [same], [same]) == (0.0, (0.0, 0.0), 1.0)
