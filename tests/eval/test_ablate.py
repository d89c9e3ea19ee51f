"""What a part is worth: it is found where the table looks for it, and what it wins or loses is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.bench import ablate
from eval.bench.ablate import PARTS, Outcome, Part, Row, Task, lines_of, measure, table
from rag import pipeline

PERIOD = next(part for part in PARTS if part.name == "period")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_can_be_switched_off_and_is_back_afterwards(part: Part) -> None:
    asked = pipeline.asked_period
    with part.switched_off():
        assert (pipeline.asked_period is asked) == (part is not PERIOD)
    assert pipeline.asked_period is asked
    assert lines_of(part) >= 0


def test_a_part_that_was_moved_is_an_error() -> None:
    with pytest.raises(AttributeError), Part("gone", {"rag.pipeline.no_such_part": None}).switched_off():
        pass


def test_lines_are_those_of_modules_that_only_the_part_imports() -> None:
    source = (Path(ablate.ROOT) / "rag" / "news" / "period.py").read_text(encoding="utf-8")
    alone = Part("period", {}, modules=("rag.news.period",))
    with_a_function = Part(
        "period",
        {},
        modules=("rag.news.period",),
        code=("rag.news.period.asked_period", "rag.search.spelling._with_capitals"),
    )
    assert lines_of(alone) == len(source.splitlines())
    assert lines_of(with_a_function) > lines_of(alone), "what is in a module that goes is not counted twice"
    assert lines_of(Part("sentences", {}, modules=("rag.text.sentences",))) > 0


def test_what_is_won_and_lost_without_a_part_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asks_for_a_time(wanted: bool) -> Outcome:
        found = pipeline.asked_period("What fell in June 2024?") is not None
        return Outcome(found, found == wanted)

    tasks = [
        Task("report", "needs it", lambda: asks_for_a_time(True)),
        Task("report", "is better without", lambda: asks_for_a_time(False)),
        Task("report", "does not care", lambda: Outcome("the same", True)),
        Task("dates", "is not asked", lambda: asks_for_a_time(True)),
    ]
    monkeypatch.setattr(ablate, "RESULTS", tmp_path / "build" / "ablate.json")
    rows: dict[tuple[str, str], Row] = {}
    measure(iter(tasks), [PERIOD], rows)
    (row,) = rows.values()
    assert (row.asked, row.right, row.changed, row.lost, row.won) == (3, 2, 2, ["needs it"], ["is better without"])
    assert json.loads((tmp_path / "build" / "ablate.json").read_text())[0]["lost"] == ["needs it"]
    assert "| period | report | 3 | 2 | 2 | 0 | 1 | 1 |" in table(rows)
