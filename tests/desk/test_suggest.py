"""Example questions are few, read well, and are answered from the article that they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rag.questions.suggest
from rag import RAG, Answer, Settings, build_rag
from rag.desk.suggest import suggest
from rag.ingest.build import ingest
from rag.ingest.parser import Parser
from rag.questions.suggest import MOST_ARTICLES, about_names, about_speakers, suggested
from tests.conftest import ROOT

PORT = "What do the articles say about Port Avalon?"
SMALL = "\nPort Avalon is small."


def questions_about(text: str) -> list[str]:
    return about_speakers(text) + about_names(text)


@pytest.fixture(scope="module")
def pages(pages_index: Path) -> Iterator[RAG]:
    """The service over the five articles and every page in tests/articles."""
    rag = build_rag(Settings(index=pages_index))
    yield rag
    rag.close()


@pytest.fixture
def asked(pages: RAG, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that the service is asked from now on."""
    questions: list[str] = []
    answer = pages.answer

    def counted(question: str, model: str) -> Answer:
        assert model == "extractive", "a language model would take its time"
        questions.append(question)
        return answer(question, model=model)

    monkeypatch.setattr(pages, "answer", counted)
    return questions


@pytest.mark.slow
def test_suggestions_are_answered_from_the_articles_they_were_made_of(pages: RAG) -> None:
    questions = suggest(pages, 4)
    assert len(set(questions)) == 4
    for question in questions:
        made_of = {article.source for article in pages.store.articles() if question in questions_about(article.text)}
        assert made_of & {citation.source for citation in pages.answer(question).citations}


@pytest.mark.slow
def test_answers_from_other_articles_do_not_count(pages: RAG, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = pages.answer

    def elsewhere(question: str, **options: str) -> Answer:
        found = answer(question, **options)
        return replace(found, citations=tuple(replace(one, source="other.txt") for one in found.citations))

    monkeypatch.setattr(pages, "answer", elsewhere)
    assert suggested(pages.store.articles(), lambda question: pages.answer(question), tries=4) == []


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [0, 1, 3])
def test_no_more_are_suggested_than_wanted_nor_asked_than_needed(pages: RAG, asked: list[str], wanted: int) -> None:
    questions = suggest(pages, wanted)
    assert len(questions) == wanted and questions[-1:] == asked[-1:]


def test_an_article_gives_one_suggestion(tmp_path: Path) -> None:
    (tmp_path / "port.txt").write_text(
        "Ferries will stop\n\n“It will be quiet,” said Lena Ortiz, the mayor of Velden.\n\n"
        "“We are sad,” said Ida Holm, the captain of the last ferry.\n"
    )
    settings = Settings(index=tmp_path / "index")
    ingest([tmp_path / "port.txt"], settings)
    rag = build_rag(settings)
    questions = questions_about(rag.article("port.txt"))
    assert questions == ["Who is Lena Ortiz?", "Who is Ida Holm?"] and all(
        rag.answer(question).answered for question in questions
    )
    assert suggest(rag) == questions[:1]


@pytest.mark.slow
@pytest.mark.parametrize("setting", [{"min_confidence": 1}, {"max_question_characters": 1}], ids=["unsure", "refused"])
def test_where_nothing_is_answered_the_search_ends(
    pages: RAG, pages_index: Path, asked: list[str], setting: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = build_rag(Settings(index=pages_index, **setting))
    monkeypatch.setattr(pages, "reader", strict.reader)
    monkeypatch.setattr(pages, "settings", strict.settings)
    answer = partial(pages.answer, model="extractive")
    assert suggested(pages.store.articles(), answer, tries=4) == [] and len(asked) == 4


def test_a_collection_without_english_yields_none(tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest(sorted((ROOT / "tests" / "articles").glob("zh_*.txt")), settings)
    assert suggest(build_rag(settings)) == []


def test_a_large_collection_is_only_looked_into(monkeypatch: pytest.MonkeyPatch, articles: Path) -> None:
    article = Parser(Settings()).articles(articles / "bridge.txt", "bridge.txt").articles[0]
    many = [replace(article, source=f"{n:03}", original=f"{n:03}", text=f"{n}") for n in range(999)]
    copy = replace(article, source="a copy", text="-1")
    seen: list[int] = []
    monkeypatch.setattr(rag.questions.suggest, "about_speakers", lambda text: seen.append(int(text)) or [])
    large: Any = SimpleNamespace(store=SimpleNamespace(articles=lambda: [copy, *many]))
    assert suggest(large) == []
    assert MOST_ARTICLES / 2 < len(seen) <= MOST_ARTICLES and 0 <= min(seen) < 100 and max(seen) > 900


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("“We begin in May,” said Lena Ortiz, the mayor.", ["Who is Lena Ortiz?"]),
        ("Lena Ortiz, mayor of Velden, told reporters that work begins.", ["Who is Lena Ortiz?"]),
        ("Lena Ortiz said ferries to Port Avalon will stop.", "What did Lena Ortiz say about Port Avalon?"),
        ("“Ferries to Port Avalon will stop,” Lena Ortiz said.", "What did Lena Ortiz say about Port Avalon?"),
        ("Marco V. Lee said ferries to Port Avalon will stop.", "What did Marco V. Lee say about Port Avalon?"),
        ("The Port Ministry said ships for Port Avalon had left.", "What did the Port Ministry say about Port Avalon?"),
        ("They met President Xi. Xi said ferries to Port Avalon will stop.", "What did Xi say about Port Avalon?"),
        ("Lena Ortiz told Marco Lee, the clerk, to go to Port Avalon.", "What did Lena Ortiz say about Port Avalon?"),
        # Not a whole name, or none
        ("The Ambassador to China Marco Lee said ferries to Port Avalon will stop.", PORT),
        ("Dr. Ortiz said ferries to Port Avalon will stop. They met Ortiz.", PORT),
        ("The country's Port Ministry said ferries to Port Avalon will stop.", PORT),
        ("“Ferries to Port Avalon will stop,” said the Velden Port manager.", PORT),
        ("“Ferries to Port Avalon will stop,” said Mr. Ortiz.", PORT),
        ("But Ortiz said ferries to Port Avalon will stop. They met Ortiz.", PORT),
        ("Officials said ferries to Port Avalon will stop. They met old Officials, new officials.", PORT),
        ("Officials said ferries to Port Avalon will stop.", PORT),
        ("They met Ortiz. “No,” said Ortiz, the mayor.", []),
        # Nothing to ask about
        ("Lena Ortiz said trade with Peruvian firms has grown. Some firms are Peruvian.", []),
        ("Lena Ortiz said trade in Peruvian, and in March, has grown. It is Peruvian. March came.", []),
        ("Lena Ortiz said trade with Tarn Isle has grown.", []),
        ("Lena Ortiz said they sailed in Tarn Isle boats. Tarn Isle is small.", []),
        ("Lena Ortiz said they sailed to boats of Tarn Isle and mainland owners. Tarn Isle is small.", []),
        ("Lena Ortiz said they sailed.", []),
        ("They went to Tarn. They stayed in Tarn.", []),
        # One of each kind first
        (
            "Ida Holm, the poet, said trade with Tarn Isle, and the Arun Bank in it, has grown. "
            "They went to the Arun Bank. Tarn Isle is small.",
            ["What did Ida Holm say about Tarn Isle?", "Who is Ida Holm?"]
            + [f"What do the articles say about {name}?" for name in ("Tarn Isle", "the Arun Bank")],
        ),
        # With its article, and the noun that it describes
        ("They saw the Tarn Fair. At the Tarn Fair they met.", ["What do the articles say about the Tarn Fair?"]),
        ("They saw the Tarn fair. At the Tarn fair they met.", ["What do the articles say about the Tarn fair?"]),
        (
            "The court halted the sale of wetland at the edge of the city\n"
            "of Velden. “It is where a city keeps its water,” said Esther\nNaserian, who keeps fourteen cows.",
            ["Who is Esther Naserian?"],
        ),
    ],
)  # fmt: skip
def test_questions_are_grammatical_and_about_whole_names(text: str, questions: str | list[str]) -> None:
    if isinstance(questions, str):
        text += SMALL
        questions = list(dict.fromkeys([questions, PORT]))
    assert questions_about(text) == questions
