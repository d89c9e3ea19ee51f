"""Figures of many results: by kind and language, each with its count and a 95% interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from eval import metrics
from eval.metrics import Array, Statistic

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Measure:
    """A figure over the questions that have all of its `columns` (scores of eval/judge.py).

    `counted`: the column whose ones are counted as n, where not every question is.
    `guarded`: the gate fails where it gets worse. `exact`: it may not get worse at all.
    """

    name: str
    columns: tuple[str, ...]
    statistic: Statistic = metrics.mean
    better: Better = "higher"
    guarded: bool = False
    exact: bool = False
    counted: str | None = None

    def of(self, scores: Sequence[Mapping[str, float]]) -> tuple[Array, ...]:
        """Its columns over those questions: arrays of shape (n,)."""
        rows = [row for row in scores if all(column in row for column in self.columns)]
        return tuple(np.array([row[column] for row in rows]) for column in self.columns)


def _percentile(share: float) -> Statistic:
    return lambda values: np.percentile(values, share, axis=-1)


MEASURES = (
    Measure("right", ("right",), guarded=True),
    Measure("rightly cited", ("cited",), guarded=True),
    Measure("answered", ("refused",), lambda refused: 1 - metrics.mean(refused), "neither"),
    Measure("right when answered", ("right when answered",), guarded=True),
    Measure("contains", ("contains",)),
    Measure("exact match", ("exact match",)),
    Measure("token F1", ("f1",), guarded=True),
    Measure("words shown", ("words",), better="lower"),
    Measure("citations verbatim", ("verbatim",), guarded=True, exact=True),
    Measure("citation recall", ("citation recall",), guarded=True),
    Measure("citation precision", ("citation precision",), guarded=True),
    Measure("recall@1", ("recall@1",)),
    Measure("recall@4", ("recall@4",), guarded=True),
    Measure("recall@10", ("recall@10",), guarded=True),
    Measure("precision@4", ("precision@4",)),
    Measure("MRR@10", ("mrr@10",), guarded=True),
    Measure("nDCG@10", ("ndcg@10",), guarded=True),
    Measure("follow-up recall@4", ("follow-up recall@4",), guarded=True),
    Measure("follow-up recall@4, rewritten by hand", ("by hand recall@4",)),
    Measure("abstention precision", ("refused", "unanswerable"), metrics.precision, guarded=True, counted="refused"),
    Measure("abstention recall", ("refused", "unanswerable"), metrics.recall, guarded=True, counted="unanswerable"),
    Measure("abstention F1", ("refused", "unanswerable"), metrics.f1),
    Measure(
        "answerable refused", ("refused", "contains"), lambda refused, _: metrics.mean(refused), "lower", guarded=True
    ),
    Measure("AUROC", ("confidence", "unanswerable"), lambda sure, none: metrics.auroc(sure, 1 - none), guarded=True),
    Measure("AUROC of right among answered", ("confidence", "right when answered"), metrics.auroc),
    Measure("area under risk-coverage", ("confidence", "attempt"), metrics.aurc, "lower"),
    Measure("Brier score", ("confidence", "attempt"), metrics.brier, "lower", guarded=True),
    Measure("calibration error", ("confidence", "attempt"), metrics.calibration_error, "lower"),
    Measure("seconds, p50", ("seconds",), _percentile(50), "neither"),
    Measure("seconds, p95", ("seconds",), _percentile(95), "neither"),
)


@dataclass(frozen=True)
class Figure:
    """A measure's value over `n` questions, with its 95% bootstrap interval (None where n is too small)."""

    value: float
    n: int
    interval: tuple[float, float] | None


Row = Mapping[str, Any]  # kind, language and scores of one question, as in a run's JSON file


def summarize(rows: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """Figures of all questions, of each kind and of each language: group to measure to figure."""
    groups: dict[str, Callable[[Row], bool]] = {"all": lambda row: True}
    for key in ("kind", "language"):
        for value in dict.fromkeys(row[key] for row in rows):
            groups[f"{key} {value}"] = lambda row, key=key, value=value: row[key] == value  # type: ignore[misc]
    return {name: figures([row["scores"] for row in rows if belongs(row)]) for name, belongs in groups.items()}


def figures(scores: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    """Every measure that these questions have columns for, and that is defined on them."""
    found = {}
    for measure in MEASURES:
        columns = measure.of(scores)
        if not columns[0].size:
            continue
        value = float(measure.statistic(*columns))
        if not np.isnan(value):
            interval = metrics.bootstrap_interval(measure.statistic, *columns)
            n = columns[0].size
            if measure.counted:
                n = int(columns[measure.columns.index(measure.counted)].sum())
            found[measure.name] = Figure(value, n, interval)
    return found
