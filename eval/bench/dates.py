"""How many time expressions of news are resolved, and how many of those rightly: `python -m eval.bench.dates`.

dates.jsonl holds invented sentences, the day each was published, and what must be found: `[words, first day, last
day]`. Many expressions must stay unresolved. The part "tune" was worked on, "report" was not. Most of both was written
before the rules, by the same person; the last 40 of "report" after them, and the rules have not been changed since.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from eval.metrics import bootstrap_interval, precision, recall
from rag.text.times import resolve

SENTENCES = Path(__file__).parent / "dates.jsonl"


@dataclass(frozen=True)
class Judged:
    """A sentence with what was found and expected: each is (words, first day, last day)."""

    text: str
    right: int
    wrong: tuple[str, ...]
    missed: tuple[str, ...]


def judge(text: str, day: date, expected: Sequence[Sequence[str]]) -> Judged:
    """An expression is right where its days are, and its words hold the expected ones or lie within them."""
    missing, right, wrong = [tuple(one) for one in expected], 0, []
    for found in resolve(text, day):
        days = (found.first.isoformat(), found.last.isoformat())
        same = [one for one in missing if one[1:] == days and (one[0] in found.text or found.text in one[0])]
        right += bool(same)
        if same:
            missing.remove(same[0])
        else:
            wrong.append(f"{found.text} ({found.when})")
    return Judged(text, right, tuple(wrong), tuple(one[0] for one in missing))


def main() -> None:
    """Print precision and recall on one part, and with --show every sentence that went wrong."""
    parser = argparse.ArgumentParser(description="Precision and recall of the resolved time expressions.")
    parser.add_argument("--split", choices=("tune", "report"), default="report")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    judged = list(_judged(options.split))
    # A row an expression, found or expected; metrics.py counts: "refused" is found, "unanswerable" expected.
    rows = [(1, 1)] * sum(one.right for one in judged)
    rows += [(1, 0)] * sum(len(one.wrong) for one in judged) + [(0, 1)] * sum(len(one.missed) for one in judged)
    found, expected = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    print(f"{options.split}: {len(judged)} sentences, {int(expected.sum())} expressions")
    for name, statistic in (("precision", precision), ("recall", recall)):
        low, high = bootstrap_interval(statistic, found, expected) or (0.0, 1.0)
        print(f"{name} {statistic(found, expected):.3f} ({low:.3f}–{high:.3f})")
    for one in judged if options.show else []:
        if one.wrong or one.missed:
            print(f"{one.text}\n    wrong: {', '.join(one.wrong) or '-'}; missed: {', '.join(one.missed) or '-'}")


def _judged(split: str) -> Iterator[Judged]:
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        if raw["split"] == split:
            yield judge(raw["text"], date.fromisoformat(raw["day"]), raw["expected"])


if __name__ == "__main__":
    main()
