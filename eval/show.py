"""What `rag eval` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from eval.run import Run
from eval.summary import Figure

CHANGES = {
    "not added": "with an added “not”",
    "figure changed": "with a changed figure",
    "name changed": "with a changed name",
    "other passages": "held against passages of another question",
}
COLUMNS = ("right", "rightly cited", "answered", "recall@4", "nDCG@10")
PLAIN = (
    *("words shown", "area under risk-coverage", "Brier score", "calibration error"),
    *("AUROC", "AUROC of right among answered"),
)  # no shares


def lines(run: Run) -> Iterator[str]:
    """A table by kind and language, then every figure of all questions with its interval."""
    yield f"{'':<22}{'n':>5}" + "".join(f"{name:>15}" for name in COLUMNS)
    for group, figures in run.summary.items():
        cells = (value(name, figures[name].value) if name in figures else "-" for name in COLUMNS)
        yield f"{group:<22}{figures['right'].n:>5}" + "".join(f"{cell:>15}" for cell in cells)
    yield ""
    yield f"{'all questions':<42}{'':>8}   95% interval      n"
    for name, figure in run.summary["all"].items():
        yield f"{name:<42}{value(name, figure.value):>8}   {interval(name, figure):<16}{figure.n:>4}"
    yield ""
    yield judge_error()
    yield "docs/evaluation.md says what each measure means; --report FILE shows every question and what went wrong."
    yield cache_line(run.about, len(run.rows))


def cache_line(about: Mapping[str, object], asked: int) -> str:
    """Where the answers came from."""
    known = about["answers from the cache"]
    if not known:
        return f"questions asked: {asked}"
    return f"{known} of {asked} answers come from the cache of earlier runs, with their times; --no-cache asks anew"


def judge_error() -> str:
    """The measured error of the judge behind citation recall and precision, in a sentence (eval/support.json)."""
    errors = json.loads((Path(__file__).parent / "support.json").read_text(encoding="utf-8"))["MTRAG"]
    supported = errors.pop("supported")
    passed = [f"{row['accepted']:.1%} of {row['n']} {CHANGES[kind]}" for kind, row in errors.items() if kind in CHANGES]
    return (
        "The judge behind citation recall and precision compares words, not meaning: "
        f"of {supported['n']} supported sentences it refuses {1 - supported['accepted']:.1%}, at most; "
        f"of others it lets pass {', '.join(passed)} (measured by eval/bench/support.py)."
    )


def value(name: str, number: float) -> str:
    """A figure as it is read: a share as a percentage, seconds and others as they are."""
    if name.startswith("seconds"):
        return f"{number:.3f} s"
    if name == "words shown":
        return f"{number:.1f}"
    return f"{number:.3f}" if name in PLAIN else f"{number:.1%}"


def interval(name: str, figure: Figure) -> str:
    """Its 95% interval, or a dash."""
    if figure.interval is None:
        return "-"
    low, high = (value(name, bound) for bound in figure.interval)
    return f"{low.removesuffix(' s').removesuffix('%')} to {high}"
