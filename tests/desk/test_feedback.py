"""Thumbs of the chat: kept whole whoever writes at the same time, and made into questions that can be trusted."""

from __future__ import annotations

import json
import re
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.cache import Attempt, key
from eval.data import EvalQuestion, read_questions
from eval.feedback import draft_question
from eval.judge import Relevance, judge
from eval.run import evaluate
from rag import ABSTENTION, RAG, Answer, Citation, RAGError, Settings
from rag.cli import main
from rag.desk.feedback import Feedback, Message, Quote, read, record
from rag.errors import QuestionError, StoreError
from rag.settings import DEFAULT_FEEDBACK
from rag.types import Statement
from tests.conftest import ROOT, Command

QUOTES = ("It is 412 metres long.", "Building it took four years\nand cost 38 million euros.")
ANSWER = Answer(
    question="How long is the bridge?",
    statements=(
        Statement("It is 412 metres long.", (1,), ()),
        Statement("Building it took four years and cost 38 million euros.", (2,), ()),
    ),
    confidence=0.9,
    citations=tuple(
        Citation(marker, "bridge.txt", "Bridge opens", None, None, quote, 0, len(quote))
        for marker, quote in enumerate(QUOTES, start=1)
    ),
    passages=(),
    model="extractive",
)
REFUSAL = replace(ANSWER, question="Who designed it?", statements=(), abstention=ABSTENTION, citations=())


def saying(text: str) -> Answer:
    return replace(ANSWER, statements=(Statement(text, (), ()),))


HISTORY = [{"role": "user", "content": "What opened?"}, {"role": "assistant", "content": "A bridge. [1]"}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where no file and no folder is yet."""
    return tmp_path / "data" / "feedback.jsonl"


def questions(path: Path) -> list[dict[str, Any]]:
    return [draft_question(rating) for rating in read(path)]


def load(drafts: list[dict[str, Any]], folder: Path) -> list[EvalQuestion]:
    file = folder / "drafts.jsonl"
    file.write_text("".join(f"{json.dumps(draft)}\n" for draft in drafts))
    return read_questions(file)


# Keeping.


def test_the_file_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().feedback == DEFAULT_FEEDBACK and DEFAULT_FEEDBACK.name == "feedback.jsonl"
    monkeypatch.setenv("RAG_FEEDBACK", "~/thumbs.jsonl")
    assert Settings().feedback == Path.home() / "thumbs.jsonl"


def test_a_rating_is_one_line_of_plain_values(path: Path) -> None:
    record(path, ANSWER, HISTORY, True)
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") == 1 and text.endswith("\n")
    line = json.loads(text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line.pop("time"))
    assert line == {
        "question": ANSWER.question,
        "history": HISTORY,
        "liked": True,
        "answered": True,
        "text": ANSWER.text,
        "citations": [{"source": "bridge.txt", "quote": quote} for quote in QUOTES],
        "model": "extractive",
        "unsure": False,
    }


def test_a_rating_is_read_as_it_was_given(path: Path) -> None:
    record(path, ANSWER, HISTORY, True)
    record(path, REFUSAL, [], False)
    first, second = read(path)
    assert first == Feedback(
        first.time, ANSWER.question, tuple(Message(**message) for message in HISTORY), True, True, ANSWER.text,
        tuple(Quote("bridge.txt", quote) for quote in QUOTES), "extractive",
    )  # fmt: skip
    assert (second.question, second.liked, second.answered, second.history) == (REFUSAL.question, False, False, ())


def test_history_is_kept_as_words(path: Path) -> None:
    blocks = [{"type": "text", "text": "What"}, {"type": "text", "text": "opened?"}]
    said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": blocks, "metadata": {"title": "x"}}]
    record(path, ANSWER, said, True)
    assert read(path)[0].history == (Message("user", "What opened?"),)
    with pytest.raises(QuestionError, match="no role"):
        record(path, ANSWER, [{"content": "x"}], True)


@pytest.mark.parametrize("text", ["two\nlines", "a\u2028b\u0085c\x1cd", "桥有多长?", 'a "quoted" \\ word', "\x00"])
def test_any_text_stays_on_its_line(text: str, path: Path) -> None:
    record(path, saying(text), [{"role": "user", "content": f"Say {text}."}], True)
    record(path, ANSWER, [], True)
    first, _ = read(path)
    assert first.text == text and first.history[0].content == f"Say {text}."


def test_half_a_character_does_not_lose_the_rating(path: Path) -> None:
    record(path, ANSWER, [{"role": "user", "content": "a\ud83d"}], True)
    assert read(path)[0].history[0].content == "a?"


WRITER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from rag.desk.feedback import record
from tests.desk.test_feedback import saying
name = sys.argv[2]
with ThreadPoolExecutor(8) as threads:
    # Long lines, so that those of several writes would mix.
    answers = [saying(f"{name} {number} " * 3000) for number in range(60)]
    list(threads.map(lambda answer: record(Path(sys.argv[1]), answer, [], True), answers))
"""


@pytest.mark.slow
def test_lines_of_threads_and_processes_never_mix(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    for writer in writers:
        assert writer.communicate(timeout=120)[1] == "" and writer.returncode == 0
    expected = {f"{name} {number} " * 3000 for name in ("one", "two", "three") for number in range(60)}
    assert len(path.read_bytes().splitlines()) == 180
    assert {rating.text for rating in read(path)} == expected


def test_threads_that_make_the_folder_at_once_lose_nothing(path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda n: record(path, saying(str(n)), [], n % 2 == 0), range(200)))
    assert {(rating.text, rating.liked) for rating in read(path)} == {(str(n), n % 2 == 0) for n in range(200)}


def test_the_latest_thumb_on_an_answer_counts(path: Path) -> None:
    record(path, ANSWER, [], True)
    record(path, ANSWER, HISTORY, True)
    record(path, saying("Another one."), [], True)
    record(path, replace(ANSWER, question="How wide is it?"), [], True)
    record(path, ANSWER, [], False)
    assert [rating.liked for rating in read(path)] == [False, True, True, True]
    record(path, ANSWER, [], None)
    assert len(read(path)) == 3 and all(rating.liked for rating in read(path))


# What goes wrong.


def one_line(error: RAGError, *words: str) -> None:
    assert "\n" not in str(error) and all(word in str(error) for word in words), str(error)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "feedback.jsonl", tmp_path):
        with pytest.raises(StoreError) as caught:
            record(place, ANSWER, [], True)
        one_line(caught.value, str(place), "RAG_FEEDBACK")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_full_disk() -> None:
    with pytest.raises(StoreError, match=r"No space left.*RAG_FEEDBACK"):
        record(Path("/dev/full"), ANSWER, [], True)


def test_a_line_cut_short_is_reported_and_then_named(path: Path) -> None:
    record(path, ANSWER, [], True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, limits[1]))
        with pytest.raises(StoreError) as caught:
            record(path, REFUSAL, [], True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    one_line(caught.value, str(path), "only a part", "remove its last line")
    with pytest.raises(RAGError, match="line 2 is damaged"):
        read(path)


def test_no_feedback_yet(path: Path) -> None:
    with pytest.raises(RAGError, match="no feedback yet") as caught:
        read(path)
    one_line(caught.value, str(path), "RAG_FEEDBACK")
    record(path, ANSWER, [], True)
    record(path, ANSWER, [], None)
    with pytest.raises(RAGError, match="no feedback yet"):
        read(path)
    path.write_text("\n")
    with pytest.raises(RAGError, match="no feedback yet"):
        read(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        read(tmp_path)
    one_line(caught.value, str(tmp_path), "RAG_FEEDBACK")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line[:-20], "JSON"),
        (lambda line: line + line, "JSON"),
        (lambda line: b"\xff", "JSON"),
        (lambda line: b"[1]", "object"),
        (lambda line: line.replace(b'"liked": true', b'"liked": "yes"'), "liked"),
        (lambda line: line.replace(b'"liked"', b'"loved"'), "liked"),
        (lambda line: line.replace(b'"role": "user"', b'"role": "robot"'), "history.0.role"),
        (lambda line: line.replace(b'"quote": "It', b'"quoted": "It'), "citations.0.quote"),
        (lambda line: re.sub(rb'"time": "[^"]*"', b'"time": "today"', line), "time"),
    ],
)
def test_a_damaged_line_is_named(change: Any, reason: str, path: Path) -> None:
    record(path, ANSWER, HISTORY, True)
    line = path.read_bytes().strip()
    assert change(line) != line
    path.write_bytes(line + b"\n\n" + change(line) + b"\n" + line + b"\n")
    with pytest.raises(StoreError) as caught:
        read(path)
    one_line(caught.value, f"{path}, line 3", reason, "remove that line")


# Questions.


def test_a_liked_answer_says_what_is_right(path: Path, tmp_path: Path) -> None:
    record(path, ANSWER, HISTORY, True)
    (question,) = load(questions(path), tmp_path)
    assert question.answerable and question.all == QUOTES and question.sources == {"bridge.txt"}
    assert (question.question, question.messages) == (ANSWER.question, HISTORY)
    assert (question.kind, question.split) == ("feedback", "tune") and re.fullmatch(
        r"feedback-[0-9a-f]{8}", question.id
    )


def test_a_liked_abstention_says_that_there_is_no_answer(path: Path, tmp_path: Path) -> None:
    record(path, REFUSAL, [], True)
    (question,) = load(questions(path), tmp_path)
    assert not question.answerable and not question.required and not question.sources and question.history == ()


@pytest.mark.parametrize(
    ("answer", "liked", "words"),
    [
        (ANSWER, False, "412 metres"),
        (REFUSAL, False, ABSTENTION),
        (saying("Four hundred\nmetres. [1]"), True, "“Four hundred metres. [1]” was liked"),
        (replace(ANSWER, citations=()), True, "412 metres"),
        (replace(REFUSAL, unsure=True), True, "was liked, though not shown as an answer"),
    ],
)
def test_what_nobody_knows_waits_for_a_person(
    answer: Answer, liked: bool, words: str, path: Path, tmp_path: Path
) -> None:
    record(path, answer, [], liked)
    (question,) = questions(path)
    assert words in question["draft"] and "\n" not in question["draft"] and "answerable: false" in question["draft"]
    with pytest.raises(RAGError, match=r"line 1: is a draft: say what a right answer has.* remove 'draft'"):
        load([question], tmp_path)
    with pytest.raises(RAGError, match="is a draft"):  # completed, but nobody said so
        load([{**question, "any": ["412 metres"]}], tmp_path)
    del question["draft"]
    with pytest.raises(RAGError, match="'answerable' is missing"):  # said so, but not completed
        load([question], tmp_path)
    assert load([{**question, "any": ["412 metres"]}], tmp_path)[0].answerable


def test_ids_differ_and_stay(path: Path, tmp_path: Path) -> None:
    record(path, ANSWER, [], True)
    record(path, ANSWER, HISTORY, True)
    record(path, REFUSAL, [], True)
    first = [question.id for question in load(questions(path), tmp_path)]
    record(path, ANSWER, [], True)
    assert len(set(first)) == 3 and {question["id"] for question in questions(path)} == set(first)


@pytest.mark.slow
def test_the_service_is_right_by_the_questions_of_its_own_liked_answers(
    seeds_rag: RAG, path: Path, tmp_path: Path
) -> None:
    asked = ("How many containers will Chancay handle in its first year?", "Who painted the Mona Lisa?")
    answers = [seeds_rag.answer(question) for question in asked]
    for answer in answers:
        record(path, answer, [], True)
    found = load(questions(path), tmp_path)
    assert [question.answerable for question in found] == [True, False]
    relevance = Relevance(seeds_rag.store)
    relevance.require(found, "seeds")
    for question, answer in zip(found, answers, strict=True):
        scores = judge(question, Attempt(answer, (), None), relevance, seeds_rag).scores
        assert scores["right"] == 1 and scores.get("cited", 1) == 1


def test_no_answer_and_no_run_depends_on_where_feedback_goes(seeds_rag: RAG, path: Path) -> None:
    question = EvalQuestion(id="q", question="Who painted the Mona Lisa?", answerable=False)
    assert key(question, Settings(), "g") == key(question, Settings(feedback=path), "g")
    run = evaluate(seeds_rag, [question], None, lambda step, done, total: None, {})
    assert "feedback" not in run.about["settings"]


# The command.


@pytest.mark.slow
def test_the_command_prints_questions_without_index_model_or_gradio(
    path: Path, tmp_path: Path, rag_command: Command
) -> None:
    record(path, replace(ANSWER, question="¿Cuánto\u2028mide?"), [], True)
    record(path, REFUSAL, [], False)
    done = rag_command("eval", "--from-feedback", RAG_FEEDBACK=str(path))
    assert done.returncode == 0 and done.stderr == "2 questions, 1 of them drafts to be completed by hand\n"
    assert [json.loads(line) for line in done.stdout.rstrip("\n").split("\n")] == questions(path)
    assert "¿Cuánto" in done.stdout and not list(tmp_path.rglob("catalog.sqlite"))
    program = (
        f"import sys; from rag.cli import main; main(['eval', '--from-feedback', {str(tmp_path / 'out')!r}])\n"
        "print(sorted({'gradio', 'torch', 'sentence_transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"RAG_FEEDBACK": str(path)}, capture_output=True, text=True
    )
    assert done.stdout.endswith("\n[]\n"), done


def test_the_command_writes_a_new_file_and_never_an_old_one(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_FEEDBACK", str(path))
    out = tmp_path / "mine.jsonl"
    assert main(["eval", "--from-feedback", str(out)]) == 2 and not out.exists()
    assert "no feedback yet" in capsys.readouterr().err
    record(path, replace(ANSWER, question="桥有多长?"), HISTORY, True)
    assert main(["eval", "--from-feedback", str(out)]) == 0
    assert capsys.readouterr().out == f"written: {out}\n"
    assert read_questions(out, "tune")[0].question == "桥有多长?"
    out.write_text("completed by hand")
    assert main(["eval", "--from-feedback", str(out)]) == 2 and out.read_text() == "completed by hand"
    assert "is there already" in capsys.readouterr().err
    assert main(["eval", "--from-feedback", str(tmp_path / "missing" / "mine.jsonl")]) == 2
    assert "give another place" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["--beir", "--squad", "--questions", "--report", "--json", "--baseline"])
def test_it_does_not_go_with_other_sets_or_outputs(
    other: str, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_FEEDBACK", str(path))
    record(path, ANSWER, [], True)
    arguments = ["eval", other, str(tmp_path / "x"), "--from-feedback"]
    if other in ("--beir", "--squad"):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert "not allowed with" in capsys.readouterr().err
    else:
        assert main(arguments) == 2 and f"{other} does not go with" in capsys.readouterr().err
