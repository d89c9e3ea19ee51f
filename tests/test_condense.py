"""Messages of a conversation become questions that stand alone."""

from __future__ import annotations

from typing import Any

import pytest

from rag.errors import QuestionError
from rag.followup.antecedents import Exchange
from rag.followup.condense import condense, exchanges

ASKED = [
    {"role": "user", "content": "Who opened the bridge?"},
    {"role": "assistant", "content": "Mayor Lena Ortiz opened it. [1]"},
]


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("What did it cost?", "What did the bridge cost?"),
        ("And in 2024?", "Who opened the bridge in 2024?"),
        ("why?", "Who opened the bridge, and why?"),
        ("When was she elected?", "When was Mayor Lena Ortiz elected?"),
    ],
)
def test_a_leaning_question_takes_its_words_from_the_conversation(question: str, standalone: str) -> None:
    assert condense(question, ASKED) == standalone


def test_a_question_that_stands_alone_is_left_as_it_is() -> None:
    question = "How many apricot trees did growers around Velden lose?"
    assert condense(question, ASKED) == question
    assert condense("What did it cost?", []) == "What did it cost?"


def test_a_question_in_another_language_is_searched_with_the_last_one_where_it_leans() -> None:
    for asked, leaning, whole in (
        ("¿Quién inauguró el puente?", "¿Y cuánto costó?", "¿Cuántos árboles perdieron los agricultores?"),
        ("谁为大桥揭幕？", "他说了什么？", "农民失去了多少棵杏树？请说出数字。"),
    ):
        history = [{"role": "user", "content": asked}]
        assert condense(leaning, history) == f"{asked} {leaning}"
        assert condense(whole, history) == whole


def test_gradio_messages_with_blocks_are_understood() -> None:
    blocks = [{"role": "user", "content": [{"type": "text", "text": "Who opened the bridge?"}]}]
    assert condense("When was it?", blocks) == "When was the bridge?"


def test_messages_become_questions_with_their_answers() -> None:
    follow_up = {"role": "user", "content": "When?"}
    greeting = {"role": "assistant", "content": "Ask me about the articles."}
    answered = Exchange("Who opened the bridge?", "Mayor Lena Ortiz opened it.")
    assert exchanges([greeting, *ASKED, follow_up]) == [answered, Exchange("When?")]
    instruction = {"role": "system", "content": "Answer in one word."}
    assert exchanges([*ASKED, instruction]) == [answered]


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([{"content": "no role"}], "has no role"),
        (["text"], "has no role"),
        ([{"role": "bob", "content": "Who opened the bridge?"}], "has the role 'bob'"),
        ([{"role": "user", "content": 7}], "has no text"),
        ([{"role": "user"}], "has no text"),
        ("Who opened the bridge?", "the history is a str, not a list of messages"),
        ({"role": "user", "content": "Who opened the bridge?"}, "the history is a dict"),
    ],
)
def test_a_history_of_another_form_is_refused(history: Any, told: str) -> None:
    with pytest.raises(QuestionError, match=f"{told}.*give .*'role': 'user'"):
        condense("When was it?", history)
