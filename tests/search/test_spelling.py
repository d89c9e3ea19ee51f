"""Words of a question that the passages spell otherwise."""

from __future__ import annotations

import re

import pytest

from rag.search.spelling import other_spellings, spell
from rag.types import Passage

TEXT = (
    "Mayor Lena Zamora opened the bridge over the river Arun. Möngke Delger built it for 40 million euros. "
    "Its opening was celebrated in D'Olier Street, 12 kilometres away. Slovenia and Chancay sent ambassadors."
)
PASSAGES = [Passage("1", TEXT, "bridge.txt", "A bridge for Velden", None, None, 0, len(TEXT), 1.0)]


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("Who is Lena Zamroa?", "Who is Lena Zamora?"),  # two letters swapped
        ("What did mayor zamorra open?", "What did mayor Zamora open?"),  # one too many, no capital
        ("Which river does the bidge cross?", "Which river does the bridge cross?"),  # one too few
        ("Did Mongek build it?", "Did Möngke build it?"),
        ("Did Zámoara open it?", "Did Zamora open it?"),
        ("Who sent abmasadors?", "Who sent ambassadors?"),  # two slips in a long word
    ],
)
def test_a_slip_is_read_as_the_word_of_the_passages(question: str, read: str) -> None:
    spelling = spell(question, PASSAGES)
    assert spelling.question == read
    assert re.fullmatch("Read “[^”]+” as “[^”]+”[.]", spelling.note)


@pytest.mark.parametrize(
    "question",
    [
        "Who opened the bridges?",  # the passages have it with another ending
        "Who shortened the budge?",  # an English word may be meant
        "Did Mongke build it for Zámora?",  # accents make no other word
        "How many people live in Slovakia?",
        "Who is Lena Zambrano?",  # further away
        "Where is D'Olier Street?",
        "Who is Bena?",  # short, and another first letter
        "¿Quién inauguró el puente de Zamorra?",
    ],
)
def test_other_words_stay_as_they_are(question: str) -> None:
    assert spell(question, PASSAGES).question == question
    assert spell(question, PASSAGES).note == ""


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("who is lena zamora?", "who is Lena Zamora?"),
        ("What did mayor zamora open?", "What did mayor Zamora open?"),  # the first word's says nothing
        ("which zamoras opened it?", "which Zamoras opened it?"),  # their name with another ending
        ("what did merkel open?", "what did Merkel open?"),  # neither theirs nor English
        ("what did mayor zamora open last yaer?", "what did mayor Zamora open last yaer?"),  # a slip, too short to mend
        ("is there an opening in its mayor's office?", "is there an opening in its mayor's office?"),
        ("who is Lena merkel?", "who is Lena merkel?"),  # whoever types one capital types all of them
        ("¿quién es lena zamora?", "¿quién es lena zamora?"),
    ],
)
def test_a_question_without_capitals_gets_those_of_its_names(question: str, read: str) -> None:
    assert spell(question, PASSAGES).question == read
    assert spell(question, PASSAGES).note == ""


def test_an_abstention_names_the_name_that_an_english_word_is_nearly() -> None:
    assert other_spellings("Where is Chancy?", PASSAGES) == ("No passage has “Chancy”; some have “Chancay”.",)
    assert other_spellings("Who shortened the budge?", PASSAGES) == ()  # nearly a word, but no name


def test_nothing_is_read_otherwise_where_nothing_was_found() -> None:
    assert spell("Who is Zamorra?", []).question == "Who is Zamorra?"
    assert other_spellings("Where is Chancy?", []) == ()
