"""Follow-up questions are rewritten from the words of the conversation."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.followup.antecedents import ANTECEDENT_SIGNALS, Exchange
from rag.followup.leaning import LEANING_SIGNALS
from rag.followup.rewrite import rewrite
from rag.text.phrases import parse

ABSTRACT = "Tell me about the Velden dam."


def follow_up(question: str, *earlier: str, answer: str = "") -> str:
    """The question rewritten after earlier ones, the last of them answered."""
    return rewrite(question, [*map(Exchange, earlier[:-1]), Exchange(earlier[-1], answer)])


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("How high is it?", "How high is the Velden dam?"),
        ("What are its main uses?", "What are the Velden dam's main uses?"),
        ("And when was it built?", "When was the Velden dam built?"),
        ("Is it old and is it safe?", "Is the Velden dam old and is it safe?"),
        ("What are the risks?", "What are the risks of the Velden dam?"),
        ("Who owns the dam?", "Who owns the Velden dam?"),
        ("In which years?", "Tell me about the Velden dam, and in which years?"),
        ("Did its builders say that?", "Did the Velden dam's builders say that?"),
    ],
)  # fmt: skip
def test_the_topic_takes_the_place_of_what_leans_on_it(question: str, standalone: str) -> None:
    assert follow_up(question, ABSTRACT) == standalone


@pytest.mark.parametrize(
    ("asked", "question", "standalone"),
    [
        ("How many ships called at Arun in 2022?", "And in 2023?", "How many ships called at Arun in 2023?"),
        ("How many ships called at Arun in 2022?", "in 2023?", "How many ships called at Arun in 2023?"),
        ("What are the benefits of solar power?", "What about the costs?", "What are the costs of solar power?"),
        ("When did it open?", "Why?", "Why did it open?"),
        ("Which port grew fastest?", "why?", "Which port grew fastest, and why?"),
        ("Who is Lena Ortiz?", "Where was she born?", "Where was Lena Ortiz born?"),
        ("Has Lena Ortiz been to Peru?", "Who did she meet there?", "Who did Lena Ortiz meet in Peru?"),
        ("What did Ortiz say about the strike?", "Who said the same?",
         "What did Ortiz say about the strike? Who said the same?"),
        ("What are wind turbines?", "How do they work?", "How do wind turbines work?"),
    ],
)  # fmt: skip
def test_a_piece_of_a_question_is_completed_by_the_last_one(asked: str, question: str, standalone: str) -> None:
    assert follow_up(question, asked) == standalone


@pytest.mark.parametrize(
    "question",
    [
        "How many apricot trees did growers around Arun lose?",
        "Which ships will Chancay take in its first year?",
        "What is a tidal power station and how does it work?",
        "Is it possible to visit Arun in winter?",
        "Are there ferries to Arun?",
        "Who won the election in Peru?",
        "What did the US say?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(question: str) -> None:
    assert follow_up(question, ABSTRACT) == question


def test_a_new_subject_is_followed() -> None:
    earlier = (ABSTRACT, "How high is it?", "What is the Arun bridge?")
    assert follow_up("How long is it?", *earlier) == "How long is the Arun bridge?"


def test_a_pronoun_is_followed_through_the_questions_that_had_it() -> None:
    assert follow_up("What did it cost?", ABSTRACT, "How high is it?", "Was it repaired?").endswith(
        "the Velden dam cost?"
    )


def test_what_a_name_is_doing_is_no_part_of_it() -> None:
    assert (
        follow_up("Who is its chair?", "How much is Brightwater paying for Fennimore?") == "Who is Brightwater's chair?"
    )


def test_a_name_of_the_answer_is_taken_where_the_questions_have_none() -> None:
    answer = "The bridge was opened by Lena Ortiz, the mayor, on Friday."
    assert follow_up("Where was she born?", "Who opened the bridge?", answer=answer) == "Where was Lena Ortiz born?"


def test_nothing_that_was_not_said_is_brought_in() -> None:
    words = {word for text in (ABSTRACT, "How high is it?") for word in parse(text).stems}
    assert parse(follow_up("Why did they change that?", ABSTRACT, "How high is it?")).stems <= words | {"change"}


@given(
    st.lists(
        st.text("aI itsUS'’.?,-\n\t5中é", max_size=30) | st.sampled_from(["and", "the US's", "What about it?"]),
        min_size=2,
    )
)
def test_any_text_can_be_a_conversation(texts: list[str]) -> None:
    assert isinstance(follow_up(*texts, answer=texts[0]), str)


def test_every_signal_has_its_weight() -> None:
    weights = json.loads(files("rag.followup").joinpath("rewriter.json").read_text(encoding="utf-8"))
    assert weights["pronoun"].keys() == weights["topic"].keys() == set(ANTECEDENT_SIGNALS)
    assert weights["leaning"].keys() == set(LEANING_SIGNALS)


def test_a_verb_behind_a_name_of_the_answer_is_no_part_of_it() -> None:
    earlier = [Exchange("Who opened the fair?", "Princess Helena cut the ribbon at noon.")]
    assert rewrite("What did she say?", earlier) == "What did Princess Helena say?"


@pytest.mark.parametrize(
    ("asked", "answer", "standalone"),
    [
        ("Who succeeded Colin Frayne?", "Lena Ortiz succeeded Colin Frayne as mayor.", "How old is Lena Ortiz?"),
        ("Whom did Lena Ortiz succeed?", "Lena Ortiz succeeded Colin Frayne as mayor.", "How old is Colin Frayne?"),
        ("When did Lena Ortiz succeed him?", "Lena Ortiz succeeded Colin Frayne in May.", "How old is Lena Ortiz?"),
        ("Who succeeded Colin Frayne?", "The articles do not say.", "How old is Colin Frayne?"),
    ],
)  # fmt: skip
def test_after_a_question_for_a_person_the_answer_s_person_is_meant(asked: str, answer: str, standalone: str) -> None:
    assert follow_up("How old is she?", asked, answer=answer) == standalone


def test_a_verb_between_voters_and_whom_they_chose_is_no_part_of_a_name() -> None:
    answer = "The town's voters chose Lena Ortiz over Jonas Pell."
    assert follow_up("What did she promise?", "Who won the race?", answer=answer) == "What did Lena Ortiz promise?"


def test_the_kind_of_answer_is_nothing_that_is_meant_by_it() -> None:
    assert follow_up("Where is it?", "What time is the parade?") == "Where is the parade?"
    assert follow_up("Where are they?", "What time are the fireworks?") == "Where are the fireworks?"
