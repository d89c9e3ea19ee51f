"""A question that follows others."""

from __future__ import annotations

from typing import Any

import pytest

from rag.errors import QuestionError
from rag.followup.condense import Leaning, changed, condense, contexts, continues, leaning
from rag.types import Passage, Span

ASKED = [
    {"role": "user", "content": "Who opened the bridge?"},
    {"role": "assistant", "content": "Mayor Lena Ortiz opened it. [1]"},
]


def test_a_question_is_asked_together_with_the_one_before() -> None:
    follow_up = {"role": "user", "content": "What did it cost?"}
    assert condense("Why?", [*ASKED, follow_up]) == "What did it cost? Why?"
    assert condense("¿Y cuándo?", ASKED) == "Who opened the bridge? ¿Y cuándo?"


def test_a_first_question_is_left_as_it_is() -> None:
    greeting = {"role": "assistant", "content": "Ask me about the articles."}
    instruction = {"role": "system", "content": "Answer in one word."}
    for history in ([], [greeting], [instruction], [{"role": "user", "content": " "}]):
        assert condense("What did it cost?", history) == "What did it cost?"


@pytest.mark.parametrize(
    ("question", "found", "follows"),
    [
        ("Why?", "The bridge was opened by Mayor Lena Ortiz.", True),
        ("When was the bridge finished?", "It was finished in May.", True),
        ("How do I bake bread?", "The bridge was opened by Mayor Lena Ortiz.", False),
    ],
)
def test_what_is_found_for_two_questions_must_have_a_word_of_the_last(
    question: str, found: str, *, follows: bool
) -> None:
    span = Span(Passage("1", found, "a.txt", "", None, None, 0, len(found), 1.0), 0, len(found))
    assert continues(question, condense(question, ASKED), [span]) is follows


def test_gradio_messages_with_blocks_are_understood() -> None:
    blocks = [{"role": "user", "content": [{"type": "text", "text": "Who opened the bridge?"}]}]
    assert condense("When was it?", blocks) == "Who opened the bridge? When was it?"


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


@pytest.mark.parametrize(
    ("question", "lean"),
    [
        ("And the cost?", Leaning.ON_SUBJECT),
        ("why?", Leaning.ON_SUBJECT),
        ("what about Ostrow?", Leaning.ON_SUBJECT),
        ("And the Coastal List?", Leaning.ON_SUBJECT),
        ("who pays for that?", Leaning.ON_SUBJECT),
        ("what does the repair cost", Leaning.PERHAPS),
        ("Is it true that the bank failed?", Leaning.PERHAPS),
        ("And who coaches the Mariners?", Leaning.NOT),
        ("Are there any wolves in Aldo?", Leaning.NOT),
    ],
)
def test_how_much_a_question_leans_on_the_one_before(question: str, lean: Leaning) -> None:
    assert leaning(question) is lean


def test_a_chain_of_follow_ups_goes_back_to_its_subject() -> None:
    asked = ("What did the mill cost?", "and when was it built?", "who by?")
    history = [{"role": "user", "content": text} for text in asked]
    assert contexts("Who owns it?", history) == ["who by? Who owns it?", "What did the mill cost? Who owns it?"]


@pytest.mark.parametrize("ahead", ["Different thing: ", "ok, other topic: ", "By the way, ", "new topic, "])
def test_another_subject_that_is_announced(ahead: str) -> None:
    assert changed(f"{ahead}who built the mill?") == "who built the mill?"
    assert changed("Who built the mill?") == ""


def test_a_name_without_a_verb_is_asked_in_the_place_of_the_other() -> None:
    before = [{"role": "user", "content": "Who is the mayor of Berin?"}]
    asked = contexts("what about Aldo?", before)
    assert asked == ["Who is the mayor of Berin? what about Aldo?", "Who is the mayor of Aldo?"]
