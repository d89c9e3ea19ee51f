"""The report of an evaluation run: one HTML file that needs nothing else, for a browser."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import PercentFormatter

from eval.metrics import reliability, risk_coverage
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
BLUE, DARK, ORANGE = "#9cc3e6", "#1f4e79", "#d9730d"


class Shown(NamedTuple):
    """A figure as the page has it."""

    name: str
    value: str
    interval: str
    n: int
    lower: bool


class Plot(NamedTuple):
    """A plot, its name for those who cannot see it, and how to read it."""

    svg: Markup
    label: str
    caption: str


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
    figures = run.summary["all"]
    kinds = {
        name.removeprefix("kind "): found["right"] for name, found in run.summary.items() if name.startswith("kind ")
    }
    return [
        _reliability(reliability(confidence, right), figures),
        _risk(*risk_coverage(confidence, right), 1 - refused, right, figures),
        _kinds(kinds),
    ]


def _axes(title: str, height: float = 3.8) -> tuple[Drawing, Axes]:
    drawing = Drawing(figsize=(4.2, height), layout="constrained")
    axes = drawing.add_subplot()
    axes.set_title(title, fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    return drawing, axes


def _reliability(bins: Sequence[Mapping[str, float]], figures: Mapping[str, Figure]) -> Plot:
    brier, error = figures["Brier score"].value, figures["calibration error"].value
    drawing, axes = _axes(f"Brier score {brier:.3f}, calibration error {error:.3f}\n")
    axes.bar([b["low"] for b in bins], [b["right"] for b in bins], 0.1, align="edge", color=BLUE, edgecolor=DARK)
    axes.plot([b["confidence"] for b in bins], [b["right"] for b in bins], "o", color=DARK, clip_on=False, zorder=3)
    axes.plot([0, 1], [0, 1], "--", color="#555555", linewidth=1)
    for b in bins:
        axes.text(b["low"] + 0.05, 1.03, f"{b['n']}", ha="center", fontsize=8.5)
    axes.text(-0.02, 1.03, "n", ha="right", fontsize=8.5)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="words hold the answer")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    points = "; ".join(f"{b['confidence']:.0%} sure, {b['right']:.0%} right of {b['n']}" for b in bins)
    caption = (
        "Reliability. Whether the quoted words, or after an abstention the closest ones, hold the answer (never, where "
        "there is none), against the confidence; n above. On the dashed line the confidence means what it says."
    )
    return Plot(_svg(drawing, "reliability"), f"Reliability diagram: {points}", caption)


def _risk(coverage: Any, risk: Any, answered: Any, right: Any, figures: Mapping[str, Figure]) -> Plot:
    drawing, axes = _axes(f"area under the curve {figures['area under risk-coverage'].value:.3f}\n")
    axes.plot(coverage, risk, color=DARK, drawstyle="steps-post")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="coverage: share of questions answered", ylabel="risk: share wrong")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    label = f"Risk-coverage curve: {risk[-1]:.0%} wrong where all questions are answered"
    if answered.any():
        x, y = float(answered.mean()), 1 - float(right[answered == 1].mean())
        axes.plot([x], [y], "D", color=ORANGE, markeredgecolor="black", markersize=8, clip_on=False, zorder=3)
        note = f"as run: {x:.0%} answered,\n{y:.0%} of them wrong"
        side, lift = ("right" if x > 0.5 else "left"), (0.1 if y < 0.75 else -0.2)
        axes.text(x, y + lift, note, ha=side, fontsize=9.5, bbox={"color": "white", "alpha": 0.8, "pad": 1})
        label += f"; {note}".replace("\n", " ")
    caption = (
        "Risk and coverage. Were only the surest questions answered, with the closest words if need be, this share of "
        "the answers would be wrong; "
        "the diamond is what was answered in this run."
    )
    return Plot(_svg(drawing, "risk"), label, caption)


def _kinds(kinds: Mapping[str, Figure]) -> Plot:
    drawing, axes = _axes("right, by kind of question\n", max(3.8, 1.1 + 0.28 * len(kinds)))
    found, places = list(kinds.values()), range(len(kinds))
    axes.barh(places, [figure.value for figure in found], 0.6, color=BLUE, edgecolor=DARK)
    for place, figure in enumerate(found):
        if figure.interval:
            axes.plot(figure.interval, [place, place], "|-", color="black", markersize=8, clip_on=False)
        axes.text(1.06, place, f"{figure.value:.0%}", va="center", fontsize=9.5)
    names = [f"{name if len(name) < 24 else name[:22] + '…'} (n = {figure.n})" for name, figure in kinds.items()]
    axes.set_yticks(places, names, parse_math=False)
    axes.set(xlim=(0, 1), ylim=(len(kinds) - 0.5, -0.5), xlabel="share right")
    values = "; ".join(f"{name} {figure.value:.0%} of {figure.n}" for name, figure in kinds.items())
    return Plot(_svg(drawing, "kinds"), f"Right by kind: {values}", "Right by kind, with 95% intervals.")


def _svg(drawing: Drawing, name: str) -> Markup:
    """The drawing as an element to stand in a page; `name` sets its ids apart from those of others."""
    text = StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the browser has its own fonts
        drawing.savefig(text, format="svg", metadata=nothing)
    svg = text.getvalue()
    return Markup(svg[svg.index("<svg") :].replace('<g id="', f'<g id="{name}-'))
