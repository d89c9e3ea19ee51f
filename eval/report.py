"""The report of an evaluation run: one HTML file that needs nothing else, for a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.plots import Plot, kinds_plot, reliability_plot, risk_plot
from eval.run import Run, write_text
from eval.show import interval, judge_error, value
from eval.summary import MEASURES, Figure
from rag.errors import RAGError

HERE = Path(__file__).parent
SECTIONS = {
    "answers": ("right", "rightly cited", "right when answered", "contains", "exact match", "token F1", "words shown"),
    "citations": ("citations verbatim", "citation recall", "citation precision"),
    "retrieval": tuple(m.name for m in MEASURES if "@" in m.name),
    "abstention and confidence": (
        *("answered", "answerable refused", "abstention precision", "abstention recall", "abstention F1"),
        *("AUROC", "area under risk-coverage", "Brier score", "calibration error"),
    ),
    "latency": ("seconds, p50", "seconds, p95"),
}
COLUMNS = ("right", "rightly cited", "refused", "recall@4", "nDCG@10")
LOWER = {measure.name for measure in MEASURES if measure.better == "lower"}
OUTCOMES = ("right", "wrong answer", "wrongly refused", "wrongly answered")
EXPECTED = {
    "any": "expected: one of",
    "all": "expected: all of",
    "answers": "model answers",
    "sources": "expected from",
}


class Shown(NamedTuple):
    """A figure as the page has it."""

    name: str
    value: str
    interval: str
    n: int
    lower: bool


def write_report(run: Run, path: Path) -> None:
    """Write the run as one HTML file: summary, plots, and a table of the questions.

    Raises:
        RAGError: the run was read from a baseline, or the file cannot be written.
    """
    if not run.rows or any({"answer", "history", "expected", "why"} - row.keys() for row in run.rows):
        made = run.about.get("created", "an unknown time")
        raise RAGError(f"the run of {made} has no answers to show; a baseline lacks them: make a report with a new run")
    # The articles' and questions' words are anybody's: all that the page shows is escaped.
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("report.html.j2").render(
        about=run.about,
        sections=_sections(run.summary["all"]),
        support=judge_error(),
        groups=_groups(run.summary),
        plots=_plots(run),
        rows=[{**row, "outcome": outcome(row["scores"]), "wanted": _wanted(row["expected"])} for row in run.rows],
        kinds=sorted({row["kind"] for row in run.rows}),
        languages=sorted({row["language"] for row in run.rows}),
        outcomes=list(OUTCOMES),
        columns=COLUMNS,
    )
    write_text(path, page)


def outcome(scores: Mapping[str, float]) -> str:
    """What became of a question, as one of OUTCOMES."""
    if scores["right"]:
        return "right"
    if scores["unanswerable"]:
        return "wrongly answered"
    return "wrongly refused" if scores["refused"] else "wrong answer"


def _sections(figures: Mapping[str, Figure]) -> Iterator[tuple[str, list[Shown]]]:
    named = {name for names in SECTIONS.values() for name in names}
    for title, names in {**SECTIONS, "other": [name for name in figures if name not in named]}.items():
        if shown := [_shown(name, figures[name]) for name in names if name in figures]:
            yield title, shown


def _shown(name: str, figure: Figure) -> Shown:
    return Shown(name, value(name, figure.value), interval(name, figure), figure.n, name in LOWER)


def _groups(summary: Mapping[str, Mapping[str, Figure]]) -> dict[str, list[tuple[str, int, list[Shown | None]]]]:
    """By kind and by language: the key measures of each value, None where one is not defined."""
    found: dict[str, list[tuple[str, int, list[Shown | None]]]] = {"kind": [], "language": []}
    for group, measured in summary.items():
        key, _, name = group.partition(" ")
        if key not in found:
            continue
        figures = dict(measured)
        if answered := figures.get("answered"):
            low, high = answered.interval or (None, None)
            turned = None if low is None or high is None else (1 - high, 1 - low)
            figures["refused"] = Figure(1 - answered.value, answered.n, turned)
        cells = [_shown(column, figures[column]) if column in figures else None for column in COLUMNS]
        found[key].append((name, figures["right"].n, cells))
    return found


def _wanted(expected: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What a right answer must have: labels, each with its strings."""
    if not expected["answerable"]:
        return [("expected", ["no answer in the articles"])]
    parts = {
        key: [" or ".join([part] if isinstance(part, str) else part) for part in expected.get(key, ())]
        for key in EXPECTED
    }
    parts["sources"].sort()  # a set: its order is no part of the run
    return [(label, parts[key]) for key, label in EXPECTED.items() if parts[key]]


def _plots(run: Run) -> list[Plot]:
    scores = [row["scores"] for row in run.rows]
    confidence, right, refused = (
        np.array([row[name] for row in scores]) for name in ("confidence", "attempt", "refused")
    )
    kinds = {
        name.removeprefix("kind "): found["right"] for name, found in run.summary.items() if name.startswith("kind ")
    }
    return [
        reliability_plot(confidence, right),
        risk_plot(confidence, right, 1 - refused),
        kinds_plot(kinds),
    ]
