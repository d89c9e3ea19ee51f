"""What a caller from Python has."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag as package
from rag import RAG, QuestionError, Settings, StoreError, build_rag, ingest_files
from tests.conftest import ROOT

LENGTH, OPENED = "How long is the bridge?", "Who opened the bridge over the Arun?"


@pytest.fixture
def service(indexed: Settings) -> Iterator[RAG]:
    with build_rag(indexed) as rag:
        yield rag


def test_every_public_name_is_there_and_known_to_type_checkers() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    tree = ast.parse((ROOT / "rag" / "__init__.py").read_text())
    checking = next(node for node in tree.body if isinstance(node, ast.If))
    typed = [
        each.asname or each.name for node in checking.body if isinstance(node, ast.ImportFrom) for each in node.names
    ]
    assert sorted(typed) == sorted(package.__all__)


def test_many_questions_are_answered_in_their_order(service: RAG) -> None:
    first, second = service.ask_many([LENGTH, OPENED], top_k=4)
    assert (first.question, second.question) == (LENGTH, OPENED)
    assert "412 metres" in first.text and "Lena Ortiz" in second.text
    assert service.ask_many([]) == []


@pytest.mark.parametrize("questions", [[LENGTH, "?"], "How long?", [LENGTH, None]])
def test_none_of_many_questions_is_asked_where_one_cannot_be(
    service: RAG, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "answer", None)
    with pytest.raises(QuestionError):
        service.ask_many(questions)


def test_an_answer_can_be_awaited(service: RAG) -> None:
    async def both() -> list[str]:
        return [answer.text for answer in await asyncio.gather(service.aask(LENGTH), service.aask(OPENED))]

    first, second = asyncio.run(both())
    assert "412 metres" in first and "Lena Ortiz" in second


def test_a_search_gives_passages_best_first(service: RAG) -> None:
    found = service.search("length of the bridge over the Arun", top_k=2)
    assert len(found) == 2 and found[0].source == "bridge.txt" and found[0].score > found[1].score
    assert {each.source for each in service.search("bridge", filters={"date_from": "2021-01-01"})} == {"bridge.txt"}


def test_files_are_indexed_by_their_names(articles: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    report = ingest_files([str(articles)], settings)
    assert (report.articles, report.skipped) == (3, ())


def test_an_index_that_is_not_there_is_known_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.pipeline.encoder", None)
    with pytest.raises(StoreError, match="rag index PATHS"):
        build_rag(Settings(index=tmp_path / "none"))
    with pytest.raises(QuestionError):
        package.ask("?")
