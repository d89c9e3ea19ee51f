"""What depends on an article alone is made when it is indexed: a question finds it there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import rag.cite.quotes
import rag.text.times
import rag.types
from rag import RAG
from rag.index.catalog import Catalog
from rag.index.store import CATALOG, Snapshot
from rag.text.sentences import sentence_spans
from rag.text.speaker import turns
from rag.types import Article, Passage

CONTAINERS = "How many containers will Chancay handle in its first year?"
SLIP = "When did president Boluare meet Xi?"
TEXT = "Boats left. They came back. Nobody knew."


def test_a_question_splits_no_article_and_resolves_the_dates_of_what_it_shows(
    seeds_rag: RAG, monkeypatch: pytest.MonkeyPatch
) -> None:
    split: list[str] = []
    resolved: list[str] = []

    def recorded(text: str) -> list[tuple[int, int]]:
        split.append(text)
        return sentence_spans(text)

    def resolve(days: Sequence[date], text: str, start: int, end: int, sentences: Sequence[tuple[int, int]]) -> Any:
        resolved.append(text[start:end])
        return rag.text.times.resolve_by(days, text, start, end, sentences)

    monkeypatch.setattr(rag.types, "sentence_spans", recorded)
    monkeypatch.setattr(rag.text.times, "sentence_spans", recorded)
    monkeypatch.setattr(rag.cite.quotes, "resolve_by", resolve)
    answer = seeds_rag.answer(CONTAINERS)
    assert answer.answered and set(split) <= {CONTAINERS}
    assert resolved == [citation.quote for citation in answer.citations]


@pytest.mark.parametrize(("question", "searches"), [(CONTAINERS, 1), (SLIP, 2)])
def test_a_question_searches_once_and_again_for_another_spelling(
    seeds_rag: RAG, monkeypatch: pytest.MonkeyPatch, question: str, searches: int
) -> None:
    asked: list[str] = []
    retrieve = seeds_rag.retriever.retrieve

    def counted(query: str, *arguments: Any) -> list[Passage]:
        asked.append(query)
        return retrieve(query, *arguments)

    monkeypatch.setattr(seeds_rag.retriever, "retrieve", counted)
    assert seeds_rag.answer(question).answered and len(asked) == searches


def test_a_question_loads_the_articles_that_it_cites_alone(seeds_rag: RAG, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    article = Snapshot.article

    def recorded(self: Snapshot, source: str) -> Article:
        loaded.append(source)
        return article(self, source)

    monkeypatch.setattr(Snapshot, "article", recorded)
    answer = seeds_rag.answer(CONTAINERS)
    assert loaded == list(dict.fromkeys(citation.source for citation in answer.citations))


def test_passages_are_one_query(pages_index: Path) -> None:
    with closing(Catalog(pages_index / CATALOG)) as catalog:
        ids = [chunk.id for chunk in catalog.chunks()]
        statements: list[str] = []
        catalog._connection.set_trace_callback(statements.append)
        passages = catalog.passages(dict.fromkeys([*ids, "unknown"], 1.0))
        assert len(statements) == 1 and [passage.id for passage in passages] == ids
        catalog._connection.set_trace_callback(None)
        articles = {article.source: article for article in catalog.articles()}
        copies = {source: catalog.copies(source) for source in articles}
    assert any(copies.values()) and any(passage.imprint for passage in passages)
    for passage in passages:
        text = articles[passage.source].text
        assert passage.text == text[passage.start : passage.end]
        assert passage.sentences == tuple(sentence_spans(text)) and passage.turns == turns(text)
        assert passage.republished_in == copies[passage.source]
        assert passage.updated == articles[passage.source].updated
        assert passage.imprint == articles[passage.source].imprint


def test_the_sentences_of_a_passage_are_those_of_its_text(pages_index: Path) -> None:
    with closing(Catalog(pages_index / CATALOG)) as catalog:
        passages = catalog.passages(dict.fromkeys([chunk.id for chunk in catalog.chunks()], 1.0))
    assert len(passages) > 20
    for passage in passages:
        alone = replace(passage, article_sentences=None)
        assert [span.text for span in passage.spans] == [span.text for span in alone.spans]


def test_lines_are_joined_by_what_their_article_shows() -> None:
    lines = "Six dead as a strong earthquake hits villages in Kavakdere\nBy our correspondents"
    text = f"{lines}\nThe earthquake struck at dawn, when most of the people there were still asleep, officials said."
    known = tuple(sentence_spans(text))
    passage = Passage("1", lines, "a.txt", "", None, None, 0, len(lines), 1.0, article_sentences=known)
    assert [span.text for span in passage.spans] == lines.split("\n")


def test_a_passage_has_of_each_sentence_what_reaches_into_it() -> None:
    known = ((0, 5), (10, 21), (22, 37), (38, 50))
    whole = Passage("1", TEXT, "a.txt", "Boats", None, None, 10, 50, 1.0, article_sentences=known)
    assert [span.text for span in whole.spans] == ["Boats left.", "They came back.", "Nobody knew."]
    part = replace(whole, text=TEXT[6:20], start=16, end=30)
    assert [(span.start, span.end, span.text) for span in part.spans] == [(16, 21, "left."), (22, 30, "They cam")]
    masked = replace(whole, text=TEXT.replace("They came back.", " " * 15))
    assert [span.text for span in masked.spans] == ["Boats left.", "Nobody knew."]
    by_hand = Passage("1", TEXT, "a.txt", "Boats", None, None, 10, 50, 1.0)
    assert by_hand.sentences == known[1:] and by_hand.spans == whole.spans
