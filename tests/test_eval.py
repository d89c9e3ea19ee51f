"""The evaluation set is sound, and its judge is fair."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from eval.data import QUESTIONS, EvalQuestion, read_questions
from eval.metrics import contains, judge
from eval.run import FLOORS, measure, run
from rag import RAG, Answer, Citation, RAGError, Settings, build_rag
from rag.ingest import ingest
from tests.conftest import SEEDS

QUESTION = EvalQuestion("q", "How long?", "fact", "report", "en", True, (("10 to 12 days",),), frozenset({"a.txt"}), ())


def answer(text: str, quote: str = "", source: str = "a.txt", copies: tuple[str, ...] = ()) -> Answer:
    citations = (Citation(1, source, "A", None, None, quote, 0, len(quote), copies),) if quote else ()
    return Answer("How long?", text, bool(quote), 0.9, citations, (), "extractive")


def test_the_set_is_as_large_and_as_split_as_promised() -> None:
    questions = read_questions()
    report = Counter(question.kind for question in questions if question.split == "report")
    assert len(questions) >= 100 and report["fact"] >= 30
    assert sum(not question.answerable for question in questions if question.split == "report") >= 20
    assert sum(not question.answerable for question in questions) >= 35
    kinds = {question.kind for question in questions}
    assert kinds >= {"fact", "paraphrase", "two-articles", "differ", "follow-up", "language", "near-miss", "bait"}


def test_every_expected_string_stands_in_a_supporting_article() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")}
    for question in read_questions():
        for group in question.required:
            assert any(contains(texts[source], [group]) for source in question.sources), question.id


def test_no_group_is_in_both_splits() -> None:
    splits: dict[str, set[str]] = {}
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        splits.setdefault(raw.get("group", raw["id"]), set()).add(raw["split"])
    assert all(len(found) == 1 for found in splits.values())


def test_right_and_rightly_cited() -> None:
    quote = "It takes 10 to 12 days."
    assert judge(QUESTION, answer("It takes 10 to 12 days. [1]", quote)).cited
    wrong_source = judge(QUESTION, answer("It takes 10 to 12 days. [1]", quote, source="b.txt"))
    assert wrong_source.right and not wrong_source.cited
    assert judge(QUESTION, answer("10 to\n12 DAYS [1]", "10 to\n12 days", "b.txt", copies=("a.txt",))).cited
    assert not judge(QUESTION, answer("It takes long. [1]", "It takes long.")).right
    assert not judge(QUESTION, answer("The articles do not say.")).right


def test_an_answer_to_an_unanswerable_question_is_wrong() -> None:
    nothing = EvalQuestion("n", "?", "near-miss", "report", "en", False, (), frozenset(), ())
    assert judge(nothing, answer("The articles do not say.")).right
    assert not judge(nothing, answer("It says this. [1]", "It says this.")).right


GOOD = {
    "id": "x",
    "question": "q",
    "kind": "fact",
    "any": ["a"],
    "sources": ["s"],
    "answerable": True,
    "language": "en",
    "split": "report",
}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2"),
        ('{"id": "x"}', "is missing"),
        (json.dumps({**GOOD, "sources": []}), "sources"),
        (json.dumps({**GOOD, "split": "all"}), "split"),
        (f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}", "used twice"),
    ],
)
def test_a_bad_line_is_named(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(RAGError, match=reason) as caught:
        read_questions(path)
    assert "line " in str(caught.value)


@pytest.mark.slow
def test_the_seeds_reach_their_floors(seeds_rag: RAG, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(seeds_rag, "report")
    assert status == 0, capsys.readouterr().out


def test_below_a_floor_the_run_fails(seeds_rag: RAG, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    questions = [question for question in read_questions() if question.split == "report"][:3]
    monkeypatch.setattr("eval.run.read_questions", lambda: questions)
    floors = tmp_path / "floors.json"
    floors.write_text('{"citations verbatim": 1.01}')
    monkeypatch.setattr("eval.run.FLOORS", floors)
    assert run(seeds_rag, "report") == 1
    assert run(seeds_rag, "tune") == 0
    assert set(json.loads(FLOORS.read_text())) == set(measure(seeds_rag, []))


def test_an_index_of_other_articles_is_refused(articles: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest([articles], settings)
    with pytest.raises(RAGError, match="rag index seeds"):
        run(build_rag(settings), "report")
