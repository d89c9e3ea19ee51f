"""Two runs over the same questions: what differs, whether that may be chance, and which questions changed sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.metrics import paired_difference
from eval.run import Run
from eval.summary import MEASURES, Measure
from rag.errors import RAGError

SIGNIFICANT = 0.05
ROUNDING = 0.001  # processors differ in the last digits of a vector, and a baseline keeps four
Pair = tuple[Mapping[str, Any], Mapping[str, Any]]  # the rows of one question in the first and the second run


@dataclass(frozen=True)
class Difference:
    """A measure over the `n` questions for which both runs have it: second minus first."""

    measure: Measure
    n: int
    first: float
    second: float
    interval: tuple[float, float]
    p: float

    @property
    def shown(self) -> bool:
        """Whether the difference is more than chance would give."""
        return self.p < SIGNIFICANT

    @property
    def worse(self) -> bool:
        """Whether the second is worse by more than its noise: the whole 95% interval lies on the bad side of 0."""
        if self.measure.exact:
            return self.second < self.first
        low, high = self.interval
        return high < -ROUNDING if self.measure.better == "higher" else low > ROUNDING


def differences(first: Run, second: Run) -> list[Difference]:
    """Every measure with a better side, over the questions that both runs have.

    Raises:
        RAGError: they have no question in common.
    """
    pairs = _pairs(first, second)
    found = []
    for measure in MEASURES:
        both = [pair for pair in pairs if all(name in row["scores"] for row in pair for name in measure.columns)]
        if measure.better == "neither" or len(both) < 2:
            continue
        before, after = (measure.of([pair[side]["scores"] for pair in both]) for side in (0, 1))
        values = [float(measure.statistic(*columns)) for columns in (before, after)]
        if values[0] == values[0] and values[1] == values[1]:  # NaN: undefined on these questions
            difference = paired_difference(measure.statistic, before, after)
            found.append(Difference(measure, len(both), values[0], values[1], difference.interval, difference.p))
    return found


def comparison(first: Run, second: Run) -> Iterator[str]:
    """The comparison in lines to print: what was run, the measures, and which questions changed sides."""
    yield from _what_differs(first, second)
    rows = differences(first, second)
    yield f"{'measure':<38}{'n':>5}{'first':>9}{'second':>9}{'difference':>12}   95% interval        p"
    for row in rows:
        verdict = ("better" if _is_better(row) else "WORSE") if row.shown else "no difference shown"
        low, high = row.interval
        yield (
            f"{row.measure.name:<38}{row.n:>5}{row.first:>9.3f}{row.second:>9.3f}{row.second - row.first:>+12.3f}"
            f"   [{low:+.3f}, {high:+.3f}]  {row.p:.3f}  {verdict}"
        )
    shown = sum(row.shown for row in rows)
    yield ""
    if shown:
        yield f"{shown} of {len(rows)} measures differ at the 5% level; of as many tests, one in twenty does by chance"
    else:
        yield f"no difference shown in any of {len(rows)} measures"
    yield from changed_sides(first, second)


def _what_differs(first: Run, second: Run) -> Iterator[str]:
    """When each was run, settings that are not the same, and questions that cannot be compared."""
    for name, run in (("first", first), ("second", second)):
        yield f"{name}: {len(run.rows)} questions, {run.about.get('created', 'time unknown')}"
    settings = [run.about.get("settings", {}) for run in (first, second)]
    for name in sorted(settings[0].keys() | settings[1].keys()):
        before, after = (one.get(name) for one in settings)
        if before != after and name != "index":
            yield f"setting {name}: {before} in the first, {after} in the second"
    if first.about.get("index") != second.about.get("index"):
        yield "the content of the index is not the same"
    pairs = len(_pairs(first, second))
    if left := len(first.rows) + len(second.rows) - 2 * pairs:
        yield f"left out: {left} questions that only one run has (same id, wording and expected answer)"
    yield ""


def changed_sides(first: Run, second: Run) -> Iterator[str]:
    """The questions that are right in one run and wrong in the other, in lines to print."""
    for title, before, after in (("right before, wrong now", 1.0, 0.0), ("wrong before, right now", 0.0, 1.0)):
        moved = [
            new
            for old, new in _pairs(first, second)
            if (old["scores"]["right"], new["scores"]["right"]) == (before, after)
        ]
        yield f"{title}: {len(moved)}"
        yield from (f"  {row['id']} ({row['kind']}): {row['question']}" for row in moved)


def gate(baseline: Run, now: Run) -> Iterator[str]:
    """What must not be: guarded measures worse than the baseline by more than noise, questions that are gone."""
    asked = {_key(row) for row in now.rows}
    gone = [row["id"] for row in baseline.rows if _key(row) not in asked]
    if gone:
        yield f"{len(gone)} questions of the baseline were not asked ({gone[0]}, …); update it if that is meant"
    for row in differences(baseline, now):
        if row.measure.guarded and row.worse:
            low, high = row.interval
            yield (
                f"{row.measure.name} went from {row.first:.3f} to {row.second:.3f} over {row.n} questions "
                f"(95% interval of the difference {low:+.3f} to {high:+.3f})"
            )


def _is_better(row: Difference) -> bool:
    return (row.second > row.first) == (row.measure.better == "higher")


def _pairs(first: Run, second: Run) -> Sequence[Pair]:
    by_key = {_key(row): row for row in second.rows}
    both = [(row, by_key[_key(row)]) for row in first.rows if _key(row) in by_key]
    # A baseline does not keep what was expected.
    pairs = [(a, b) for a, b in both if a.get("expected", b.get("expected")) == b.get("expected", a.get("expected"))]
    if not pairs:
        raise RAGError("the two runs have no question in common; compare runs over the same question file")
    return pairs


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["id"], row["question"]
