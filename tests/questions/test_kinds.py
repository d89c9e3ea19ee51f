"""What kind a question is of, and what is said to talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Settings, build_rag
from rag.ingest.build import ingest
from rag.questions.kinds import kind_of


@pytest.mark.parametrize(
    "kind, questions",
    [
        ("plain", ["Who built the mill?", "how many articles of the treaty were changed", "¿Cuántos artículos hay?"]),
        (
            "collection",
            ["How many articles are there?", "which pieces mention the mill"],
        ),
        ("overview", ["Summarise the articles.", "What do the articles say about the mill?"]),
        ("timeline", ["Timeline of the mill", "In what order did things happen at the mill? Give me a chronology"]),
        ("comparison", ["Compare the mill and the dam", "Which cost more, the mill or the dam?"]),
        ("yes-no", ["Did the mayor close the mill?", "is it true that the mill burnt"]),
        ("talk", ["Hello", "What can you do?", "thanks, bye"]),
    ],
)
def test_kinds(kind: str, questions: list[str]) -> None:
    assert [kind_of(question) for question in questions] == [kind] * len(questions)


def test_talk_is_answered_with_questions_that_the_collection_answers(tmp_path: Path) -> None:
    (tmp_path / "ferries.txt").write_text(
        "Ferries will stop\n\n“It will be quiet,” said Lena Ortiz, the mayor of Velden.\n", encoding="utf-8"
    )
    (tmp_path / "school.txt").write_text("School opens\n\nThe new school was opened on 3 May 2024.\n", encoding="utf-8")
    settings = Settings(index=tmp_path / "index")
    ingest([tmp_path / "ferries.txt", tmp_path / "school.txt"], settings)
    rag = build_rag(settings)
    hello = rag.answer("Hello!")
    assert hello.kind == "talk" and hello.text.startswith("Hello. I quote what the 2 articles of this collection say.")
    questions = [entry.text for entry in hello.entries]
    assert questions == [
        "Who is Lena Ortiz?",
        "What is “Ferries will stop” about?",
        "What is “School opens” about?",
    ]
    assert rag.answer(questions[0]).answered
    assert rag.answer("thanks a lot").text.startswith("You are welcome.")
    assert rag.answer("Hello! Who is Lena Ortiz?").kind != "talk"
    rag.close()
