"""Follow-up questions lean on the last one; others stand alone."""

from __future__ import annotations

import pytest

from rag.condense import condense
from rag.errors import QuestionError

ASKED = [
    {"role": "user", "content": "Who opened the bridge?"},
    {"role": "assistant", "content": "Mayor Lena Ortiz. [1]"},
]


@pytest.mark.parametrize("question", ["When did she do that?", "And in 2024?", "What did it cost?", "why?"])
def test_a_leaning_question_brings_the_last_one_along(question: str) -> None:
    assert condense(question, ASKED) == f"Who opened the bridge? {question}"


def test_a_question_that_stands_alone_is_left_as_it_is() -> None:
    question = "How many apricot trees did growers around Velden lose?"
    assert condense(question, ASKED) == question
    assert condense("What did it cost?", []) == "What did it cost?"


def test_gradio_messages_with_blocks_are_understood() -> None:
    blocks = [{"role": "user", "content": [{"type": "text", "text": "Who opened the bridge?"}]}]
    assert condense("When was it?", blocks) == "Who opened the bridge? When was it?"


@pytest.mark.parametrize(
    "history", [[{"content": "no role"}], ["text"], [{"role": "user", "content": 7}], [{"role": "user"}]]
)
def test_messages_of_another_form_are_refused(history: list) -> None:
    with pytest.raises(QuestionError, match="history message"):
        condense("When was it?", history)
