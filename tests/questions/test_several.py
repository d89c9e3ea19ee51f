"""Several questions in one message are each answered under their own words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import RAG, Settings, build_rag
from rag.ingest.build import ingest
from rag.pipeline import MOST_QUESTIONS
from rag.types import Answer

ALDO = (
    "New library opens in Aldo\n\nBy Ana Reed, Valley Post\nPublished: 3 May 2024\n\n"
    "The new library of Aldo was opened on Friday by mayor Jan Prell.\n\n"
    "It cost 4.1 million crowns and holds 60,000 books, the town said.\n"
)
BERIN = (
    "Berin gets a bus station\n\nBy Pio Sand, Valley Post\nPublished: 17 May 2024\n\n"
    "The bus station of Berin, which has eleven bays, was opened on Friday by mayor Tove Lunn.\n"
)


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RAG]:
    """The service over an article of each of two towns."""
    folder: Path = tmp_path_factory.mktemp("towns")
    (folder / "aldo.txt").write_text(ALDO, encoding="utf-8")
    (folder / "berin.txt").write_text(BERIN, encoding="utf-8")
    settings = Settings(index=folder / "index")
    ingest([folder / "aldo.txt", folder / "berin.txt"], settings)
    rag = build_rag(settings)
    yield rag
    rag.close()


def under(answer: Answer) -> dict[str, str]:
    """What stands under each question."""
    return {each.heading: each.text for each in reversed(answer.statements)}


def test_each_is_answered_under_its_own_words(towns: RAG) -> None:
    answer = towns.answer(
        "How many books does the library of Aldo hold and how many bays does the bus station of Berin have?"
    )
    books, bays = under(answer).values() if len(under(answer)) == 2 else ("", "")
    assert {"60,000 books" in books + bays, "eleven bays" in books + bays} == {True}
    assert answer.kind == "several" and [each.marker for each in answer.citations] == [1, 2]


def test_what_is_not_answered_says_so_under_its_words(towns: RAG) -> None:
    answer = towns.answer("1. Who opened the library of Aldo? 2. What colour is the robe of the judge?")
    told = under(answer)
    assert "Jan Prell" in told["Who opened the library of Aldo?"]
    assert told["What colour is the robe of the judge?"] == "The articles do not say."


def test_questions_beyond_the_most_are_named(towns: RAG) -> None:
    answer = towns.answer("Who opened the library of Aldo? " * MOST_QUESTIONS + "Who opened the bus station?")
    assert len(answer.statements) == MOST_QUESTIONS and answer.notes[-1].endswith(
        "ask again: Who opened the bus station?"
    )
