"""The page without a browser: what a turn gives to question box, conversation and history; where it listens."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import pytest

from rag.errors import QuestionError, RAGError, StoreError
from rag.prompts import ABSTENTION
from rag.types import Answer
from ui.app import build_app, introduce, serve, take_turn
from ui.render import PENDING, render_question


class ScriptedRAG:
    """Answers every question with the same words, or fails; keeps the history it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.histories: list[list[Mapping[str, Any]]] = []
        self.store = self

    def answer(self, question: str, *, history: Sequence[Mapping[str, Any]] | None = None) -> Answer:
        self.histories.append(list(history or ()))
        if self.error:
            raise self.error
        return Answer(question, ABSTENTION, False, 0.0, (), (), "extractive")

    def article_counts(self) -> tuple[int, int]:
        if self.error:
            raise self.error
        return 2, 0


def turn(rag: ScriptedRAG, question: str, history: list[dict[str, Any]] | None = None) -> list[tuple[Any, ...]]:
    return list(take_turn(rag, question, [], history or []))  # type: ignore[arg-type]


def test_a_turn_shows_the_question_first_and_keeps_plain_words_as_history() -> None:
    rag = ScriptedRAG()
    question = "Is 2 < 3 & <b>?"
    first, last = turn(rag, question)
    shown = [{"role": "user", "content": render_question(question)}]
    assert first == ("", [*shown, {"role": "assistant", "content": PENDING}], gr.skip())
    assert last[0] == gr.skip()
    assert last[1][0] == shown[0]
    assert ABSTENTION in last[1][1]["content"]
    assert last[2] == [{"role": "user", "content": question}, {"role": "assistant", "content": ABSTENTION}]
    again = turn(rag, "And then?", last[2])[-1][2]
    assert rag.histories == [[], last[2]]
    assert [message["content"] for message in again] == [question, ABSTENTION, "And then?", ABSTENTION]


def test_an_error_is_shown_and_the_question_comes_back() -> None:
    last = turn(ScriptedRAG(QuestionError("the question is <i>empty</i>")), "???")[-1]
    assert last[0] == "???"
    assert last[1][-1]["content"] == '<div class="error">The question is &lt;i&gt;empty&lt;/i&gt;.</div>'
    assert last[2] == gr.skip()


def test_an_unforeseen_error_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        last = turn(ScriptedRAG(ValueError("secret detail")), "why?")[-1]
    assert last[0] == "why?"
    assert "Something went wrong here" in last[1][-1]["content"]
    assert "secret" not in last[1][-1]["content"]
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_question_changes_nothing(question: str) -> None:
    rag = ScriptedRAG()
    assert turn(rag, question) == [(gr.skip(), gr.skip(), gr.skip())]
    assert rag.histories == []


def test_the_introduction_counts_articles_and_survives_a_broken_index() -> None:
    assert "2 news articles" in introduce(ScriptedRAG())  # type: ignore[arg-type]
    assert "the news articles" in introduce(ScriptedRAG(StoreError("gone")))  # type: ignore[arg-type]


def test_the_page_sanitizes_calls_nobody_and_offers_no_api() -> None:
    app = build_app(ScriptedRAG())  # type: ignore[arg-type]
    config = app.get_config_file()
    (chat,) = [part["props"] for part in config["components"] if part["type"] == "chatbot"]
    assert chat["sanitize_html"] is True
    assert chat["render_markdown"] is False
    assert not app.analytics_enabled
    assert app.get_api_info()["named_endpoints"] == {}
    assert all(call.concurrency_limit == 4 for call in app.fns.values() if call.name == "answer")


def test_gradio_is_imported_only_for_the_page() -> None:
    code = "import sys, rag, rag.__main__, ui.app, ui.render; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture
def taken_port() -> Any:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_in_use_is_named_with_the_remedy(taken_port: int) -> None:
    with pytest.raises(RAGError, match=f"^port {taken_port} is in use; choose another with --port$"):
        serve(ScriptedRAG(), host="127.0.0.1", port=taken_port)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("192.0.2.1", 0, "192.0.2.1 is not an address of this machine; choose another with --host"),
        ("no such host", 0, "no such host is not an address of this machine; choose another with --host"),
        ("127.0.0.1", 70_000, "port 70000 is not between 0 and 65535; choose another with --port"),
        ("127.0.0.1", -1, "port -1 is not between 0 and 65535; choose another with --port"),
    ],
)
def test_impossible_places_are_refused(host: str, port: int, message: str) -> None:
    with pytest.raises(RAGError) as caught:
        serve(ScriptedRAG(), host=host, port=port)  # type: ignore[arg-type]
    assert str(caught.value) == message
