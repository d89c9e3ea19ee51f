"""The plots of a run, as SVG that stands in a page or a file."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from io import StringIO
from typing import NamedTuple

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import PercentFormatter

from eval.metrics import Array, aurc, brier, calibration_error, reliability, risk_coverage
from eval.summary import Figure

BLUE, DARK, ORANGE = "#9cc3e6", "#1f4e79", "#d9730d"


class Plot(NamedTuple):
    """A plot, its name for those who cannot see it, and how to read it."""

    svg: Markup
    label: str
    caption: str


def _axes(title: str, height: float = 3.8) -> tuple[Drawing, Axes]:
    drawing = Drawing(figsize=(4.2, height), layout="constrained")
    axes = drawing.add_subplot()
    axes.set_title(title, fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    return drawing, axes


def reliability_plot(confidence: Array, right: Array) -> Plot:
    """Confidence against the share that was right, in ten bins; shapes (questions,)."""
    bins = reliability(confidence, right)
    drawing, axes = _axes(
        f"Brier score {float(brier(confidence, right)):.3f}, calibration error "
        f"{float(calibration_error(confidence, right)):.3f}\n"
    )
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


def risk_plot(confidence: Array, right: Array, answered: Array) -> Plot:
    """Share wrong over all shares of most confident questions, and where this run stands; shapes (questions,)."""
    coverage, risk = risk_coverage(confidence, right)
    drawing, axes = _axes(f"area under the curve {float(aurc(confidence, right)):.3f}\n")
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


def kinds_plot(kinds: Mapping[str, Figure]) -> Plot:
    """Share right by kind of question, with intervals."""
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
