"""Both searches find, fusion orders, orphans and foreign syntax do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import RAG, Settings, build_rag
from rag.ingest.build import ingest
from rag.models.encoders import encoder
from rag.search.retrieve import HybridRetriever, fuse, lexical_terms
from rag.types import Filters


def test_fusion_follows_the_formula() -> None:
    scores = fuse({"a": 0.8, "b": 0.4, "d": -0.2}, {"b": 10.0, "c": 5.0}, dense_weight=0.6)
    assert scores == pytest.approx({"a": 0.6, "b": 0.3 + 0.4, "c": 0.2, "d": 0.0})
    assert fuse({"a": -0.1}, {}, 0.5) == {"a": 0.0}, "nothing similar"
    assert fuse({}, {}, 0.5) == {}


def test_function_words_count_only_where_there_are_no_others(seeds_rag: RAG) -> None:
    assert lexical_terms("What is the port of Chancay?") == ["port", "Chancay"]
    assert lexical_terms("Who is he?") == ["Who", "is", "he"]
    assert lexical_terms("大桥") == ["大", "桥"] and lexical_terms("?!") == []
    assert seeds_rag.store.lexical(lexical_terms("Who is he?"), 50, Filters())
    assert seeds_rag.store.lexical([], 50, Filters()) == {}


def test_either_search_alone_is_a_setting_away(seeds_rag: RAG) -> None:
    queries = encoder("all-MiniLM-L6-v2", "query")
    question = "Which ships can Chancay take?"
    words = HybridRetriever(seeds_rag.store, queries, 100, dense_weight=0.0).retrieve(question, 5)
    assert [passage.id for passage in words] == list(seeds_rag.store.lexical(lexical_terms(question), 5, Filters()))
    meaning = HybridRetriever(seeds_rag.store, queries, 100, dense_weight=1.0).retrieve(question, 5)
    vector = queries.encode([question])[0]
    assert [passage.id for passage in meaning] == list(seeds_rag.store.nearest(vector, 5, Filters()))


def test_similarities_are_the_cosines_of_the_search(seeds_rag: RAG) -> None:
    vector = encoder("all-MiniLM-L6-v2", "query").encode(["Which ships can Chancay take?"])[0]
    nearest = seeds_rag.store.nearest(vector, 5, Filters())
    assert seeds_rag.store.similarities(vector, [*nearest, "unknown"]) == pytest.approx(nearest, abs=1e-5)


def test_words_find_what_meaning_does_not_and_the_other_way_round(seeds_rag: RAG) -> None:
    store = seeds_rag.store
    by_words = store.lexical(["Volcán"], 5, Filters())
    assert "Volcán" in store.passages(by_words)[0].text
    assert store.lexical(["volcan"], 5, Filters()) == by_words, "accents do not matter"
    vector = encoder("all-MiniLM-L6-v2", "query").encode(["locomotives"])[0]
    found = store.passages(store.nearest(vector, 3, Filters()))
    assert any("rail" in passage.text for passage in found)
    assert store.lexical(["locomotives"], 5, Filters()) == {}


def test_the_retriever_gives_distinct_passages_best_first(seeds_rag: RAG) -> None:
    retriever = HybridRetriever(seeds_rag.store, encoder("all-MiniLM-L6-v2", "query"), candidates=40, dense_weight=0.5)
    passages = retriever.retrieve("Chancay Port", 5)
    assert len({passage.id for passage in passages}) == 5
    assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)


def test_text_without_spaces_between_words_is_found_by_words(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "zh.txt").write_text(
        "大桥通车\n\n新的跨江大桥于周一正式通车。市长出席了开幕仪式，大桥全长四百米。\n", encoding="utf-8"
    )
    (folder / "en.txt").write_text("Ports\n\nThe port was closed on Monday because of the storm.\n", encoding="utf-8")
    settings = Settings(index=tmp_path / "index")
    ingest([folder], settings)
    store = build_rag(settings).store
    hits = store.passages(store.lexical(lexical_terms("大桥有多长？"), 5, Filters()))
    assert [passage.source for passage in hits] == ["zh.txt"]
