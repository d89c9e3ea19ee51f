"""Both searches find, fusion orders, orphans and foreign syntax do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import RAG, Settings, build_rag
from rag.ingest import ingest
from rag.models import question_encoder
from rag.retrieve import HybridRetriever, reciprocal_rank_fusion
from rag.types import Filters


def test_fusion_follows_the_formula() -> None:
    scores = reciprocal_rank_fusion([["a", "b"], ["b", "c"]])
    assert scores["b"] == pytest.approx(1 / 62 + 1 / 61)
    assert sorted(scores, key=scores.__getitem__, reverse=True) == ["b", "a", "c"]


def test_words_find_what_meaning_does_not_and_the_other_way_round(seeds_rag: RAG) -> None:
    store = seeds_rag.store
    by_words = store.lexical("Volcán", 5, Filters())
    assert "Volcán" in store.passages({by_words[0]: 1.0})[0].text
    assert store.lexical("volcan", 5, Filters()) == by_words, "accents do not matter"
    vector = question_encoder("all-MiniLM-L6-v2").encode(["locomotives"])[0]
    found = store.passages(dict.fromkeys(store.nearest(vector, 3, Filters()), 1.0))
    assert any("rail" in passage.text for passage in found)
    assert store.lexical("locomotives", 5, Filters()) == []


def test_the_retriever_gives_distinct_passages_best_first(seeds_rag: RAG) -> None:
    retriever = HybridRetriever(seeds_rag.store, question_encoder("all-MiniLM-L6-v2"), candidates=40)
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
    hits = store.passages(dict.fromkeys(store.lexical("大桥有多长？", 5, Filters()), 1.0))
    assert [passage.source for passage in hits] == ["zh.txt"]
