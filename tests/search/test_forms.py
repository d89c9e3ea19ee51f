"""A question meets an article in whatever encoding and form its characters were stored and typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import RAG, Settings, build_rag
from rag.desk.doctor import report
from rag.ingest.build import ingest
from rag.search.retrieve import lexical_terms
from rag.types import Filters
from tests.conftest import Command, Once

PAGE = "<html><head><meta charset={}><title>{}</title></head><body><article><h1>{}</h1>{}</article></body></html>"
PUMP = (
    "Pump house of Ravnholt runs again",
    "The pump house of Ravnholt runs again since Friday, after two years of repairs, its keeper said.",
    "“It’s the town’s oldest engine”, keeper Óscar Brandt said – “and it wasn’t cheap”.",
    "The new boiler cost €7.5 million; visitors’ tickets stay at £4 until autumn.",
)
TRAM = (
    "Trams of Čačak return to São Vicente\n\n"
    "The tram line to São Vicente was opened again on Monday by Zoë Núñez, the minister of transport.\n\n"
    "Its first driver was Đorđe Živković, who had learned the work in Łódź.\n"
)
DAM = (
    "---\npublisher: Ri\u0301o Di\u00adario\n---\n# Dam of Elsbeek gets a fish ladder\n\n"
    "The fish lad\u00adder of the Els\u00adbeek dam was built by Water\u200bwerk Noord for 3 mil\u00adlion euros.\n\n"
    "Salm\u00adon are ex\u00adpect\u00aded to pass it from April, said bio\u00adlo\u00adgist Ine\u2060ke Vos.\n"
)
LIFT = "Lift of Montségur stops\n\nThe lift of Montségur was stopped on Sunday by its owner, Amélie Lefèvre.\n"


@pytest.fixture(scope="module")
def index(once: Once) -> Path:
    def make(folder: Path) -> None:
        articles = folder.with_name("forms-articles")
        articles.mkdir()
        paragraphs = "".join(f"<p>{line}</p>" for line in PUMP[1:])
        page = PAGE.format("iso-8859-1", PUMP[0], PUMP[0], paragraphs)
        (articles / "pump.html").write_bytes(page.encode("cp1252"))
        (articles / "tram.txt").write_text(unicodedata.normalize("NFD", TRAM), encoding="utf-16")
        (articles / "dam.md").write_text(DAM, encoding="utf-8")
        (articles / "lift.txt").write_bytes(LIFT.encode("cp1252"))
        done = ingest([articles], Settings(index=folder))
        assert [note.split(", ")[0] for note in done.notes] == ["lift.txt: read as Windows-1252"]
        assert ingest([articles], Settings(index=folder)).notes == ()  # nothing is new

    return once("forms-index", make)


@pytest.fixture(scope="module")
def service(index: Path) -> Iterator[RAG]:
    rag = build_rag(Settings(index=index))
    yield rag
    rag.close()


ASKED = (
    ("How much did the new boiler cost?", "€7.5 million"),
    ("What did Óscar Brandt say?", "“It’s the town’s oldest engine”"),
    ("Who opened the tram line to São Vicente?", "Zoë Núñez"),
    ("Who built the fish ladder of the Elsbeek dam?", "Waterwerk Noord"),
    ("Who stopped the lift of Montségur?", "Amélie Lefèvre"),
)


def typed_plainly(question: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", question) if not unicodedata.combining(one))


@pytest.mark.parametrize(("question", "words"), ASKED)
@pytest.mark.parametrize(
    "typed",
    [str, typed_plainly, lambda question: unicodedata.normalize("NFD", question).replace("an", "a\u00adn")],
    ids=["NFC", "plain", "NFD"],
)
def test_it_is_answered_however_it_is_typed(service: RAG, question: str, words: str, typed: type[str]) -> None:
    answer = service.answer(typed(question))
    assert answer.answered and words in answer.citations[0].quote, answer.text
    for citation in answer.citations:
        assert service.article(citation.source)[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    "word", ["Živković", "Zivkovic", "Z\u030civkovic\u0301", "Đorđe", "Dorde", "ŁÓDŹ", "lodz", "Čačak"]
)
def test_words_are_found_without_accents(service: RAG, word: str) -> None:
    hits = service.store.passages(service.store.lexical(lexical_terms(word), 5, Filters()))
    assert [hit.source for hit in hits] == ["tram.txt"]


def test_a_publisher_is_found_without_accents(service: RAG) -> None:
    question, words = ASKED[3]
    answer = service.answer(question, filters={"publisher": "the rio diario"})
    assert answer.answered and words in answer.text and answer.citations[0].publisher == "Río Diario"


def test_a_guess_is_said(index: Path, rag_command: Command) -> None:
    lines = list(report(Settings(index=index), cleaning=False))
    lift = next(number for number, line in enumerate(lines) if line.startswith("lift.txt: "))
    assert "a guess" in lines[lift + 3]
    assert not any("a guess" in line for line in (*lines[: lift + 3], *lines[lift + 4 :]))
