"""What `rag eval` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eval.run import Run
from eval.summary import Figure

COLUMNS = ("right", "rightly cited", "answered", "recall@4", "nDCG@10")
PLAIN = ("words shown", "area under risk-coverage", "Brier score", "calibration error", "AUROC")  # no shares


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
    yield cache_line(run.about, len(run.rows))


def cache_line(about: Mapping[str, object], asked: int) -> str:
    """Where the answers came from."""
    known = about["answers from the cache"]
    if not known:
        return f"{asked} questions asked"
    return f"{known} of {asked} answers come from the cache of earlier runs, with their times; --no-cache asks anew"


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
