"""The evaluation: its questions are sound, its judgement is fair, its comparisons say no more than they know."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.bench.news import collections
from eval.cache import AnswerCache, Attempt
from eval.compare import comparison, differences, gate
from eval.data import QUESTIONS, EvalQuestion, read_questions
from eval.judge import Relevance, citation_quality, judge
from eval.metrics import contains
from eval.run import Run, evaluate, read_run, write_baseline, write_run
from eval.summary import MEASURES
from rag import RAG, Answer, Citation, RAGError, Settings, build_rag
from rag.cite.support import unsupported
from rag.ingest.build import ingest
from rag.text.sentences import sentence_spans
from rag.types import Sentence, Statement
from tests.conftest import ROOT, SEEDS, Command

BASELINE = ROOT / "eval" / "baseline.json"
CONTAINERS = EvalQuestion(
    id="q", question="How many containers?", kind="fact", answerable=True, any=("at least 1 million",),
    answers=("1 million",), sources=frozenset({"004_a97b5fc439998a1f.txt"}),
)  # fmt: skip
NOTHING = EvalQuestion(id="n", question="Who?", kind="near-miss", answerable=False)


def silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


def answer(text: str, *quotes: str, source: str = "004_a97b5fc439998a1f.txt", copies: tuple[str, ...] = ()) -> Answer:
    citations = tuple(
        Citation(marker, source, "A", None, None, quote, 0, len(quote), copies)
        for marker, quote in enumerate(quotes, start=1)
    )
    said = tuple(statements(text, quotes)) if quotes else ()
    return Answer("?", said, 0.9, citations, (), "extractive", abstention=text, timings={"total": 0.1})


def statements(text: str, quotes: Sequence[str]) -> Iterator[Statement]:
    """What stands ahead of each run of markers, held against the quotes that they name."""
    for words, tail in re.findall(r"(.+?)((?:\s*\[\d+\])+|$)\s*", text):
        markers = tuple(map(int, re.findall(r"\d+", tail)))
        cited = [quotes[marker - 1] for marker in markers if marker <= len(quotes)]
        spans = sentence_spans(words)
        reasons = [unsupported(words[start:end], cited) if cited else "it cites nothing" for start, end in spans]
        sentences = [
            Sentence(words[start:end], markers, reason is None, reason or "")
            for (start, end), reason in zip(spans, reasons, strict=True)
        ]
        yield Statement(words, markers, tuple(sentences))


# The questions on the five articles, and on invented news.


def test_the_set_is_as_large_and_as_varied_as_promised() -> None:
    questions = read_questions()
    report = Counter(question.kind for question in questions if question.split == "report")
    assert len(questions) >= 150 and report["fact"] >= 30
    assert sum(not question.answerable for question in questions if question.split == "report") >= 20
    kinds = {question.kind for question in questions}
    assert kinds >= {"fact", "paraphrase", "two-articles", "differ", "follow-up", "language", "near-miss", "bait"}
    turns = Counter(question.group for question in questions if (question.group or "").startswith("dlg-"))
    assert sum(count >= 3 for count in turns.values()) >= 10, "dialogues of three turns"
    alike = [{q.language for q in questions if q.group == group} for group in {q.group for q in questions if q.group}]
    assert sum({"en", "es", "zh"} <= languages for languages in alike) >= 20, "questions in three languages"
    near_miss_history = [q for q in questions if q.kind == "near-miss" and q.history]
    assert near_miss_history and {q.language for q in questions if q.kind == "near-miss"} == {"en", "es", "zh"}


def test_every_expected_string_stands_in_a_supporting_article() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")}
    for question in read_questions():
        for string in (string for group in question.required for string in group):
            assert any(contains(texts[source], [[string]]) for source in question.sources), (question.id, string)


def test_every_figure_of_the_articles_is_asked(seeds_rag: RAG) -> None:
    expected = " ".join(
        string for q in read_questions() for string in (*q.answers, *(s for group in q.required for s in group))
    )
    for article in seeds_rag.store.articles():
        if article.original != article.source:
            continue  # a copy has the figures of its original
        figures = set(re.findall(r"\d+(?:[.,:]\d+)*", article.text))
        assert figures, article.source
        assert not {figure for figure in figures if not re.search(rf"(?<!\d){re.escape(figure)}(?!\d)", expected)}


def test_no_group_is_in_both_splits() -> None:
    splits: dict[str, set[str]] = {}
    for question in read_questions():
        splits.setdefault(question.group or question.id, set()).add(question.split)
    assert all(len(found) == 1 for found in splits.values())


GOOD = {"id": "x", "question": "q", "kind": "fact", "any": ["a"], "sources": ["s"]}


def test_only_the_question_and_what_is_expected_must_be_given(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "Who?", "answers": ["a\u2028b"]}\n\n{"question": "Why?", "answerable": false}\n')
    first, second = read_questions(path)
    assert first.answerable and first.required == (("a\u2028b",),) and first.id == "line-1"
    assert not second.answerable and second.id == "line-3" and second.split == "report"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"answers": ["a"]}', "'question' is missing"),
        ('{"question": "q"}', "'answerable' is missing"),
        ('{"question": "q", "anwers": ["a"]}', "unknown key 'anwers'"),
        ('{"question": "q", "answerable": "false"}', "answerable: .*boolean"),
        (json.dumps({**GOOD, "sources": "s"}), "sources: .*list"),
        (json.dumps({**GOOD, "any": [], "all": [["a"], []]}), "alternatives, is empty"),
        (json.dumps({**GOOD, "standalone": "s"}), "needs the 'history'"),
        (
            f"{json.dumps({**GOOD, 'group': 'g'})}\n{json.dumps({**GOOD, 'id': 'y', 'split': 'tune', 'group': 'g'})}",
            "both",
        ),
        (json.dumps({**GOOD, "souces": []}), "unknown key 'souces'"),
        (json.dumps({**GOOD, "any": "a"}), "any: .*list"),
        (json.dumps({**GOOD, "any": [" "]}), "an expected string"),
        (json.dumps({**GOOD, "all": ["a"]}), "exclude each other"),
        (json.dumps({**GOOD, "answerable": False}), "does not answer|do not answer"),
        (json.dumps({**GOOD, "split": "all"}), "split"),
        (json.dumps({**GOOD, "date": "2024-13-01"}), "date"),
        (json.dumps({**GOOD, "history": [{"role": "robot", "content": "a"}]}), "history.0.role"),
        (f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}", "used twice"),
    ],
)
def test_a_bad_line_is_named(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(RAGError, match=reason) as caught:
        read_questions(path)
    assert "line 2" in str(caught.value) or "line 3" in str(caught.value)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps({**GOOD, "split": "tune"}))
    with pytest.raises(RAGError, match="--split all"):
        read_questions(path, "report")
    with pytest.raises(RAGError, match="cannot read"):
        read_questions(tmp_path / "none.jsonl")


# The judgement of one answer.


@pytest.mark.parametrize(("split", "folders"), [("tune", 5), ("report", 3)])
def test_invented_news_has_questions_that_its_articles_answer_or_not(split: str, folders: int) -> None:
    found = collections(split)
    assert len(found) == folders
    for folder in found:
        questions = read_questions(folder / "questions.jsonl")
        kinds = Counter(question.kind for question in questions)
        assert kinds == {"fact": 24, "paraphrase": 14, "near-miss": 20, "off-topic": 6}, folder.name
        for question in questions:
            assert question.split == split and question.answerable == bool(question.sources)
            articles = [(folder / source).read_text(encoding="utf-8") for source in question.sources]
            assert not articles or any(contains(text, question.required) for text in articles), question.question


@pytest.fixture(scope="module")
def scores(seeds_rag: RAG) -> Any:
    relevance = Relevance(seeds_rag.store)

    def scored(question: EvalQuestion, given: Answer, retrieved: tuple[str, ...] = ()) -> dict[str, float]:
        return dict(judge(question, Attempt(given, retrieved, None), relevance, seeds_rag).scores)

    return scored


def test_right_and_rightly_cited(scores: Any) -> None:
    quote = "at least 1 million containers"
    assert scores(CONTAINERS, answer(f"{quote} [1]", quote))["cited"] == 1
    elsewhere = scores(CONTAINERS, answer(f"{quote} [1]", quote, source="000_e3cb55af33222414.txt"))
    assert (elsewhere["right"], elsewhere["cited"]) == (1, 0)
    copied = CONTAINERS.model_copy(update={"sources": frozenset({"003_cfb1253bd829b792.txt"})})
    as_original = answer("AT LEAST\n1 million [1]", "at least 1 million", source="002_27fb3a5ff33fbf6b.txt",
                         copies=("003_cfb1253bd829b792.txt",))  # fmt: skip
    assert scores(copied, as_original)["cited"] == 1
    assert scores(CONTAINERS, answer("Many. [1]", "Many."))["right"] == 0
    refused = scores(CONTAINERS, answer("The articles do not say."))
    assert (refused["right"], refused["refused"], refused["f1"]) == (0, 1, 0)


def test_an_answer_to_an_unanswerable_question_is_wrong(scores: Any) -> None:
    assert scores(NOTHING, answer("The articles do not say."))["right"] == 1
    assert scores(NOTHING, answer("He did. [1]", "He did."))["right"] == 0


def test_what_would_have_been_quoted_is_judged_too(scores: Any) -> None:
    closest = answer("x [1]", "at least 1 million containers").citations
    refused = replace(answer("The articles do not say."), closest=closest)
    assert (scores(CONTAINERS, refused)["right"], scores(CONTAINERS, refused)["attempt"]) == (0, 1)


def test_chunks_with_the_answer_are_the_relevant_ones(scores: Any, seeds_rag: RAG) -> None:
    relevant = Relevance(seeds_rag.store).chunks(CONTAINERS)
    texts = {
        chunk.id: seeds_rag.article(chunk.source)[chunk.start : chunk.end]
        for chunk in seeds_rag.store.chunks()
        if chunk.source in CONTAINERS.sources
    }
    assert set(relevant) == {name for name, text in texts.items() if "at least 1 million" in text}
    first, *others = relevant
    missed = next(name for name in texts if name not in relevant)
    found = scores(CONTAINERS, answer("x [1]", "x"), (missed, first))
    assert (found["recall@1"], found["mrr@10"]) == (0, 0.5)
    assert found["recall@4"] == 1 / (1 + len(others))


@pytest.mark.parametrize(
    ("text", "quotes", "recall", "precision"),
    [
        ("The port opened in May. [1]", ["The port opened in May."], 1, 1),
        ("The port opened in June. [1]", ["The port opened in May."], 0, 0),
        ("The port opened in May. [1] It was costly.", ["The port opened in May."], 0.5, 1),
        ("The port opened in May. [1][2]", ["The port opened in May.", "Prices of bread rose."], 1, 0.5),
        (
            "Ships from Lima left the port in June. [1][2]",
            ["Ships from Lima left.", "The port was left in June."],
            1,
            1,
        ),
        ("The port was not opened in May. [1]", ["The port was opened in May."], 0, 0),
        ("The port opened in May. [7]", ["The port opened in May."], 0, 0),
    ],
)
def test_citations_are_judged_as_alce_does(text: str, quotes: list[str], recall: float, precision: float) -> None:
    assert citation_quality(answer(text, *quotes)) == (recall, precision)


# Runs, the cache, comparing.


@pytest.fixture(scope="module")
def asked(seeds_rag: RAG) -> Run:
    questions = read_questions(split="report")[::10]  # enough for every figure, and quick; `make gate` asks all
    return evaluate(seeds_rag, questions, None, silent, {"questions": "questions.jsonl"})


@pytest.fixture(scope="module")
def run() -> Run:
    """A fifth of the baseline: what comparing needs, without asking."""
    baseline = read_run(BASELINE)
    return Run(baseline.about, list(baseline.rows)[::5])


@pytest.mark.slow
def test_every_measure_is_there_with_count_and_interval(asked: Run) -> None:
    figures = asked.summary["all"]
    assert set(figures) == {measure.name for measure in MEASURES}
    for name, figure in figures.items():
        assert figure.interval is not None, name
        assert figure.interval[0] <= figure.value <= figure.interval[1], name
    for name, figure in read_run(BASELINE).summary["all"].items():  # of all the questions
        assert figure.n >= 8, name
    assert {"kind fact", "kind near-miss", "language en", "language es", "language zh"} <= set(asked.summary)
    assert figures["citations verbatim"].value == 1
    facts = sum(row["kind"] == "fact" for row in asked.rows)
    assert asked.summary["kind fact"]["right"].n == facts


@pytest.mark.slow
def test_a_second_run_takes_its_answers_from_the_cache(seeds_rag: RAG, tmp_path: Path) -> None:
    questions = read_questions(split="report")[:5]
    with AnswerCache(tmp_path / "cache" / "answers.sqlite") as cache:
        first = evaluate(seeds_rag, questions, cache, silent, {})
        second = evaluate(seeds_rag, questions, cache, silent, {})
        stricter = seeds_rag.settings.model_copy(update={"min_confidence": 0.9})
        other = RAG(stricter, seeds_rag.store, seeds_rag.retriever, seeds_rag.reader)
        third = evaluate(other, questions, cache, silent, {})
    assert [one.about["answers from the cache"] for one in (first, second, third)] == [0, 5, 0]
    assert [row["answer"] for row in first.rows] == [row["answer"] for row in second.rows]


@pytest.mark.slow
def test_the_index_counts_by_content_not_by_place(seeds_rag: RAG, articles: Path, tmp_path: Path) -> None:
    generations = []
    for name, folder in (("one", SEEDS), ("two", SEEDS), ("three", articles)):
        settings = Settings(index=tmp_path / name)
        ingest([folder], settings)
        rag = build_rag(settings)
        generations.append(rag.store.generation())
        rag.close()
    assert generations[0] == generations[1] == seeds_rag.store.generation() != generations[2]


def test_a_damaged_cache_says_how_to_do_without(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(RAGError, match="--no-cache"):
        AnswerCache(path)


@pytest.mark.slow
def test_runs_and_baselines_are_read_back(asked: Run, tmp_path: Path) -> None:
    write_run(asked, tmp_path / "run.json")
    write_baseline(asked, tmp_path / "baseline.json")
    assert read_run(tmp_path / "run.json").rows[7]["answer"] == asked.rows[7]["answer"]
    assert read_run(tmp_path / "baseline.json").summary["all"]["right"] == asked.summary["all"]["right"]
    (tmp_path / "other.json").write_text('{"rows": 1}')
    for name in ("other.json", "missing.json"):
        with pytest.raises(RAGError, match="rag eval --json"):
            read_run(tmp_path / name)


def changed(run: Run, count: int, value: float) -> Run:
    """The run with `right` and `cited` set for the first questions that are otherwise."""
    rows, left = [], count
    for row in run.rows:
        if left and row["scores"].get("cited") == 1 - value:
            left -= 1
            row = {**row, "scores": {**row["scores"], "right": value, "cited": value}}
        rows.append(row)
    assert not left
    return Run(run.about, rows)


def test_no_difference_is_called_none(run: Run) -> None:
    lines = list(comparison(run, run))
    verdict = f"no difference shown in any of {len(differences(run, run))} measures"
    assert verdict in lines and "right before, wrong now: 0" in lines
    assert not any("better" in line or "WORSE" in line for line in lines)
    one_question = list(comparison(run, changed(run, 1, 0.0)))
    assert verdict in one_question and "right before, wrong now: 1" in one_question


def test_a_true_difference_is_shown_with_its_questions(run: Run) -> None:
    worse = changed(run, 12, 0.0)
    text = "\n".join(comparison(run, worse))
    assert re.search(r"^right .*WORSE$", text, re.MULTILINE) and "right before, wrong now: 12" in text
    lost = next(row for row, now in zip(run.rows, worse.rows, strict=True) if row["scores"] != now["scores"])
    assert f"{lost['id']} ({lost['kind']}): {lost['question']}" in text
    assert re.search(r"^right .*better$", "\n".join(comparison(worse, run)), re.MULTILINE)


@pytest.mark.slow
def test_what_cannot_be_compared_is_said(asked: Run) -> None:
    other = Run({**asked.about, "settings": {**asked.about["settings"], "top_k": 2}}, list(asked.rows))
    other.rows[0] = {**other.rows[0], "question": "Something else?"}
    other.rows[1] = {**other.rows[1], "expected": {"answerable": True, "any": ["something else"]}}
    lines = list(comparison(asked, other))
    assert "setting top_k: 8 in the first, 2 in the second" in lines
    assert any(line.startswith("left out: 4 questions") for line in lines)


def test_runs_without_a_common_question_are_refused(run: Run) -> None:
    other = Run({}, [{**row, "id": f"other-{row['id']}"} for row in run.rows])
    with pytest.raises(RAGError, match="no question in common"):
        list(comparison(run, other))


def test_the_gate_tells_a_loss_from_noise(run: Run) -> None:
    assert list(gate(run, run)) == []
    assert list(gate(run, changed(run, 1, 0.0))) == []
    assert list(gate(run, changed(run, 12, 1.0))) == [], "better is no failure"
    assert any(line.startswith("right went from") for line in gate(run, changed(run, 12, 0.0)))
    other_processor = [{**row, "scores": {**row["scores"], "confidence": row["scores"]["confidence"] * 0.9999}}
                       for row in run.rows]  # fmt: skip
    assert list(gate(run, Run(run.about, other_processor))) == []
    unfaithful = Run(run.about, [{**row, "scores": dict(row["scores"])} for row in run.rows])
    next(row for row in unfaithful.rows if "verbatim" in row["scores"])["scores"]["verbatim"] = 0.0
    assert any("citations verbatim" in line for line in gate(run, unfaithful)), "one false quote is one too many"
    fewer = Run(run.about, run.rows[1:])
    assert any("were not asked" in line for line in gate(run, fewer))


def test_the_committed_baseline_is_of_these_questions() -> None:
    assert {row["id"] for row in read_run(BASELINE).rows} == {
        question.id for question in read_questions(split="report")
    }


def test_an_index_of_other_articles_is_refused(indexed: Settings) -> None:
    rag = build_rag(indexed)
    with pytest.raises(RAGError, match="rag index seeds"):
        evaluate(rag, read_questions(QUESTIONS, "report"), None, silent, {})
    rag.close()


@pytest.mark.slow
def test_the_command_from_a_users_questions_to_the_gate(rag_command: Command, articles: Path, tmp_path: Path) -> None:
    questions = tmp_path / "mine.jsonl"
    rows = [
        {"question": "How long is the bridge over the Arun?", "answers": ["412 metres"], "sources": ["bridge.txt"]},
        {"question": "Who opened the bridge?", "any": ["Lena Ortiz"], "sources": ["bridge.txt"]},
        {"question": "What is the capital of Mongolia?", "answerable": False},
    ]
    questions.write_text("\n".join(json.dumps(row) for row in rows))
    where = ("--index", str(tmp_path / "index"), "--questions", str(questions))
    assert rag_command("index", str(articles), "--index", str(tmp_path / "index")).returncode == 0
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    for wrong, reason in (
        (("--report", str(tmp_path)), "cannot write"),
        (("--squad", str(questions)), "--questions does not go with"),
        (("--baseline", "none.json"), "none.json"),
        (("--index", str(tmp_path / "none")), "there is no index in"),
    ):
        refused = rag_command("eval", *where, *wrong, **environment)
        assert refused.returncode == 2 and reason in refused.stderr and refused.stderr.count("\n") == 1, refused.stderr
    first = rag_command("eval", *where, "--json", "a.json", "--report", "a.html", **environment)
    assert first.returncode == 0 and "questions asked: 3" in first.stdout, first.stderr
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")
    second = rag_command("eval", *where, "--json", "b.json", "--update-baseline", "base.json", **environment)
    assert "3 of 3 answers come from the cache" in second.stdout, second.stderr
    compared = rag_command("eval", "compare", "a.json", "b.json")
    assert compared.returncode == 0 and "no difference shown" in compared.stdout
    assert rag_command("eval", *where, "--baseline", "base.json", **environment).returncode == 0
    questions.write_text("\n".join(json.dumps(row) for row in rows[:2]))
    failed = rag_command("eval", *where, "--baseline", "base.json", **environment)
    assert failed.returncode == 1 and "BELOW THE BASELINE" in failed.stdout
    again = rag_command("eval", *where, "--update-baseline", "base.json", **environment)
    assert "against the old baseline" in again.stdout
    assert rag_command("eval", *where, "--baseline", "base.json", **environment).returncode == 0
