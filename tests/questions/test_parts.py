"""A message is taken apart into its questions, without what is said around them."""

from __future__ import annotations

import pytest

from rag.questions.parts import parts_of


@pytest.mark.parametrize(
    "message, parts",
    [
        (
            "How many books does the library of Aldo hold and how many bays does the bus station of Berin have?",
            ["How many books does the library of Aldo hold", "how many bays does the bus station of Berin have?"],
        ),
        (
            "How much did the library cost? Who opened the bus station?",
            ["How much did the library cost?", "Who opened the bus station?"],
        ),
        ("1. Who opened the mill? 2. Who closed it?", ["Who opened the mill?", "Who closed it?"]),
        ("a) who is the mayor b) when was he elected", ["who is the mayor", "when was he elected"]),
        ("Who pays? - How much? - Until when?", ["Who pays?", "How much?", "Until when?"]),
        ("who built it, when and for how much?", ["who built it", "when", "for how much?"]),
        ("What is a ticket and can dogs come along?", ["What is a ticket", "can dogs come along?"]),
        (
            "How many were hurt, where were they taken, and who is to blame?",
            ["How many were hurt", "where were they taken", "who is to blame?"],
        ),
        ("Tell me who won and why Anna lost.", ["Tell me who won", "why Anna lost."]),
        ("What is her name. Also which party is she from?", ["What is her name.", "which party is she from?"]),
        (
            "who is Dr. Smith and where does he work? And when?",
            ["who is Dr. Smith", "where does he work?", "when?"],
        ),
    ],
)
def test_several_questions(message: str, parts: list[str]) -> None:
    assert parts_of(message) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who and what caused the fire?",
        "When and where was he born?",
        "How wide and how long is the canal?",
        "What is the distance between Aldo and Berin?",
        "Which mayor, who resigned in May, was jailed?",
        "When did the mayor, who was elected in May, resign?",
        "What did the minister say about the strike and what it costs?",
        "When it comes to rent, how do the two towns differ?",
        "Who resigned and is now in jail?",
        'Who said "who pays and why should they?" at the meeting?',
        "Was it built or was it bought?",
        "Who is accused of poisoning the well?",
        "and when will it be done",
        "And the cost?",
        "What about Berin, how many are there?",
        "¿Quién construyó el molino y cuánto costó?",
    ],
)
def test_one_question_stays_whole(question: str) -> None:
    assert parts_of(question) == [question]


@pytest.mark.parametrize(
    "message",
    [
        "Who built the turbines? Use only the documents.",
        "Who built the turbines? Cite your source.",
        "Who built the turbines? Answer in one sentence.",
        "Who built the turbines? Explain step by step.",
        "Who built the turbines? Thanks!",
        "Hi! Who built the turbines? Thanks a lot!",
        "Hello, Who built the turbines, please?",
        "In one sentence, Who built the turbines?",
        "Answer briefly: Who built the turbines?",
        "Who built the turbines? just the name, thanks!",
        "Don't make anything up. Who built the turbines? No more than 20 words.",
        "Who paid for, no wait, Who built the turbines?",
        "Who built the turbines? Do the articles agree?",
    ],
)
def test_what_is_said_around_a_question_changes_nothing(message: str) -> None:
    assert parts_of(message) == ["Who built the turbines?"]


def test_a_statement_belongs_to_its_question() -> None:
    told = "I read about the wind farm. How much did it cost?"
    assert parts_of(told) == [told]
    assert parts_of(f"Who is the mayor? {told} Thanks.") == ["Who is the mayor?", told]
    assert parts_of("What did it cost? I mean the wind farm.") == ["What did it cost? I mean the wind farm."]


@pytest.mark.parametrize("message", ["Hello!", "Thanks a lot, that helped", "Good morning, everyone.", "ok great, bye"])
def test_talk_has_no_question(message: str) -> None:
    assert parts_of(message) == []
