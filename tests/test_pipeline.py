"""`ask()` and what it returns."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rag import ABSTENTION, RAG, Answer, RAGError, Settings, ask, build_rag
from rag.cite.quotes import cite
from rag.cite.support import quotation
from rag.ingest.build import ingest
from rag.settings import DEFAULT_INDEX
from rag.text.languages import UNSURE
from rag.types import Passage, Reading, Span

CONTAINERS = "How many containers will Chancay handle in its first year?"


def test_an_answer_is_quoted_and_every_citation_is_verbatim(seeds_index: Path, seeds_rag: RAG) -> None:
    answer = ask(CONTAINERS, settings=Settings(index=seeds_index))
    assert answer.answered and "at least 1 million containers" in answer.text
    assert answer.text != ABSTENTION and 0 <= answer.confidence <= 1
    assert [citation.marker for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        assert f"[{citation.marker}]" in answer.text
        assert seeds_rag.article(citation.source)[citation.start : citation.end] == citation.quote
    assert answer.citations[0].published == date(2024, 6, 28)
    assert answer.model == "extractive" and set(answer.timings) == {"retrieve", "read", "total", "first_sentence"}
    scores = [passage.score for passage in answer.passages]
    assert scores == sorted(scores, reverse=True) and len(scores) == Settings().top_k
    for passage in answer.passages:
        assert seeds_rag.article(passage.source)[passage.start : passage.end] == passage.text


def test_an_abstention_has_no_citations(seeds_rag: RAG) -> None:
    answer = seeds_rag.answer("Who won the football World Cup in 2022?")
    assert not answer.answered and answer.citations == () and answer.text.startswith(ABSTENTION)
    assert answer.confidence < 0.5


class Fixed:
    """A reader that is as sure as it is told of the first sentence with a word, which is the word that answers."""

    def __init__(self, word: str, **said: Any) -> None:
        self.word, self.said = word, said

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        span = next(each for passage in passages for each in passage.spans if self.word in each.text)
        start = span.start + span.text.index(self.word)
        words = Span(span.passage, start, start + len(self.word))
        return Reading((span,), words=words, **{"confidence": 0.9, "answers": True, **self.said})


def fixed(seeds_rag: RAG, word: str, **said: Any) -> RAG:
    return RAG(seeds_rag.settings, seeds_rag.store, seeds_rag.retriever, Fixed(word, **said))


def test_the_words_that_answer_are_marked_in_citation_and_text(seeds_rag: RAG) -> None:
    answer = fixed(seeds_rag, "November").answer("When does the Chancay port open?")
    (citation,) = answer.citations
    assert citation.answer is not None and seeds_rag.article(citation.source)[slice(*citation.answer)] == "November"
    marked = [each.text[slice(*each.answer)] for each in answer.sentences if each.answer]
    assert answer.short == citation.answer_words == answer.to_dict()["short"] == "November" and marked == ["November"]
    assert answer.sureness == "very likely"


def test_a_reader_that_is_not_sure_says_so_and_shows_what_is_near(seeds_rag: RAG) -> None:
    answer = fixed(seeds_rag, "November", confidence=0.3, answers=False).answer(
        "When does the port of Harrowmere open?"
    )
    assert answer.text == f"{UNSURE} No passage found has the name Harrowmere."
    assert answer.unsure and not answer.answered and "November" in answer.closest[0].quote and answer.short == ""
    answer = fixed(seeds_rag, "November", confidence=0.01, answers=False).answer("When does the port open?")
    assert answer.text == ABSTENTION and not answer.unsure and not answer.answered


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When does the port of Harrowmere open?", "No passage found has the name Harrowmere."),
        ("When did the Chancay port open in 2011?", "No passage found speaks of 2011."),
    ],
)
def test_what_is_asked_of_a_name_or_year_that_no_passage_has_is_not_answered(
    seeds_rag: RAG, question: str, said: str
) -> None:
    answer = fixed(seeds_rag, "November", confidence=0.9).answer(question)
    assert answer.unsure and not answer.answered and answer.text.startswith(UNSURE) and said in answer.text


def test_to_dict_is_plain_json(seeds_rag: RAG) -> None:
    answer = seeds_rag.answer(CONTAINERS)
    plain = json.loads(json.dumps(answer.to_dict()))
    assert plain["citations"][0]["published"] == "2024-06-28"
    assert plain["citations"][0]["republished_in"] == []
    assert set(plain) == {*Answer.__dataclass_fields__, "answered", "sentences", "short", "sureness", "text"}
    assert plain["text"] == answer.text


def test_history_makes_a_follow_up_findable(seeds_rag: RAG) -> None:
    history = [
        {"role": "user", "content": "Who is the commander of US Southern Command?"},
        {"role": "assistant", "content": "General Laura Richardson."},
    ]
    answer = seeds_rag.answer("What did she say about the port?", history=history)
    assert "20-yard line" in answer.text


@pytest.mark.parametrize(("alone", "together", "follows"), [(0.12, 0.45, True), (0.9, 0.6, False), (0.3, 0.2, False)])
@pytest.mark.parametrize("answers", [True, False])
def test_a_follow_up_is_read_with_the_question_before_where_that_is_likelier_whatever_is_shown(
    seeds_rag: RAG, alone: float, together: float, *, follows: bool, answers: bool
) -> None:
    class ByQuestion(Fixed):
        def read(self, question: str, passages: Sequence[Passage]) -> Reading:
            return replace(super().read(question, passages), confidence=together if "Lima" in question else alone)

    rag = RAG(seeds_rag.settings, seeds_rag.store, seeds_rag.retriever, ByQuestion("November", answers=answers))
    history = [{"role": "user", "content": "Who announced Xi's trip to Lima?"}]
    asked = rag.answer("Was it in November?", history=history).standalone_question
    assert asked == ("Who announced Xi's trip to Lima? Was it in November?" if follows else "Was it in November?")


@pytest.mark.slow
def test_a_question_on_another_subject_is_asked_alone(seeds_rag: RAG) -> None:
    history = [{"role": "user", "content": "Who announced Xi's trip to Lima?"}]
    for question in ("What is APEC 2024 a platform for, according to the ambassador?", "How do I make ceviche?"):
        alone, after = seeds_rag.answer(question), seeds_rag.answer(question, history=history)
        assert (after.text, after.standalone_question) == (alone.text, question)


def test_filters_by_date_and_publisher(seeds_rag: RAG) -> None:
    early = seeds_rag.answer("What is the role of the port?", filters={"date_to": "2023-12-31"})
    assert {passage.source for passage in early.passages} == {"000_e3cb55af33222414.txt"}
    late = seeds_rag.answer("What is the role of the port?", filters={"date_from": date(2024, 1, 1)})
    assert {passage.source for passage in late.passages} == {"004_a97b5fc439998a1f.txt"}
    nothing = seeds_rag.answer(CONTAINERS, filters={"date_to": "1999-12-31"})
    assert nothing.passages == () and not nothing.answered and nothing.confidence == 0
    assert nothing.notes == ("Only articles to 1999-12-31 were searched.",)
    assert seeds_rag.answer(CONTAINERS, filters={"date_from": "2024-01-01"}).notes == ()


def test_a_slip_in_the_question_is_read_as_what_the_articles_have(seeds_rag: RAG) -> None:
    answer = seeds_rag.answer("How many contaners will Chnacay handle in its first year?")
    assert answer.citations == seeds_rag.answer(CONTAINERS).citations != ()
    assert answer.standalone_question == answer.question, "the notes say how it was read"
    assert answer.notes == ("Read “contaners” as “containers”, “Chnacay” as “Chancay”.",)


@pytest.mark.parametrize(
    ("question", "notes"),
    [
        ("When did jingping fly to Paris?", ("Read “jingping” as “Jinping”.",)),
        ("Who is the mayor of Chancy?", ("No passage has “Chancy”; some have “Chancay”.",)),
        ("Which football club won the cup?", ()),
        ("Who painted the Mona Lisa?", ()),
        ("¿Quién es el ministro de Economía del Perú?", ()),
    ],
)
def test_an_abstention_says_how_a_name_is_spelled(seeds_rag: RAG, question: str, notes: tuple[str, ...]) -> None:
    answer = seeds_rag.answer(question)
    assert (answer.answered, answer.notes) == (False, notes)
    with pytest.raises(RAGError, match=r"no article is from The Velden Courier; none states its publisher"):
        seeds_rag.answer(CONTAINERS, filters={"publisher": "The Velden Courier"})


def test_a_publisher_is_found_in_any_case(articles: Path, tmp_path: Path) -> None:
    bridge = articles / "bridge.txt"
    bridge.write_text(bridge.read_text(encoding="utf-8") + "\nSource: The Velden Courier\n", encoding="utf-8")
    settings = Settings(index=tmp_path / "index")
    ingest([articles], settings)
    for name in ("The Velden Courier", " the velden COURIER ", "Velden Courier"):
        answer = ask("How long is the bridge over the Arun?", filters={"publisher": name}, settings=settings)
        assert {passage.publisher for passage in answer.passages} == {"The Velden Courier"}
    both = {"publisher": ["The Velden Courier", "Nobody"]}
    assert ask("How long is the bridge?", filters=both, settings=settings).passages
    with pytest.raises(RAGError, match=r"no article is from Courier; there is The Velden Courier"):
        ask("How long is the bridge?", filters={"publisher": "Courier"}, settings=settings)


@pytest.mark.parametrize(
    "filters",
    [
        "x",
        {"author": "x"},
        {"date_from": "June"},
        {"date_to": 20240101},
        {"date_from": "2025-10-01", "date_to": "2025-01-01"},
        {"publisher": 7},
        {"publisher": [1]},
    ],
)
def test_bad_filters_say_what_to_use(seeds_rag: RAG, filters: dict) -> None:
    with pytest.raises(RAGError, match=r"filter|exchange the two dates"):
        seeds_rag.answer(CONTAINERS, filters=filters)


@pytest.mark.parametrize("question", ["", "  \n\t ", "?!", "\x00\x01", "x" * 100_000, "🙂", None, 7])
def test_questions_that_cannot_be_used(seeds_rag: RAG, question: str) -> None:
    with pytest.raises(RAGError) as caught:
        seeds_rag.answer(question)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "question",
    ["秘鲁和中国的贸易", "¿Qué es Chancay?", "שלום פרו", "Что такое Чанкай?", "AND OR NOT",
     'port"; DROP TABLE chunks', "port\x07\x1b[31m?", "NEAR(port, 3)",
     "header:port*", "e\u0301", "\ud83d a port?", "﷽ port", "1"],
)  # fmt: skip
def test_any_script_and_any_syntax_is_only_words(seeds_rag: RAG, question: str) -> None:
    answer = seeds_rag.answer(question)
    json.dumps(answer.to_dict()).encode()
    assert "\x1b" not in answer.question


@pytest.mark.slow
def test_threads_may_share_a_service(seeds_rag: RAG) -> None:
    expected = seeds_rag.answer(CONTAINERS).text
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(seeds_rag.answer(CONTAINERS).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_an_unknown_model_is_refused(seeds_index: Path) -> None:
    with pytest.raises(RAGError, match="RAG_MODEL"):
        build_rag(Settings(index=seeds_index, model="psychic"))


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_INDEX", "")
    assert Settings().index == DEFAULT_INDEX


def test_a_bad_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_TOP_K", "many")
    with pytest.raises(RAGError, match="RAG_TOP_K") as caught:
        Settings()
    assert "\n" not in str(caught.value)


def test_a_home_folder_may_be_written_short() -> None:
    assert Settings(index="~/articles").index == Path.home() / "articles"


PASSAGE = Passage("1", "Boats left. They came back. Nobody knew.", "a.txt", "Boats", None, None, 10, 50, 1.0)
ARTICLE = " " * 10 + PASSAGE.text


def test_touching_spans_become_one_quote_and_wrong_ones_are_left_out() -> None:
    first, second, third = Span(PASSAGE, 10, 21), Span(PASSAGE, 22, 37), Span(PASSAGE, 38, 50)
    (citation,) = cite([first, second], lambda source: ARTICLE)
    assert citation.quote == ARTICLE[10:37] and quotation(citation).marked == "Boats left. They came back. [1]"
    apart = cite([first, third], lambda source: ARTICLE)
    assert [quotation(each).marked for each in apart] == ["Boats left. [1]", "Nobody knew. [2]"]
    moved = replace(PASSAGE, start=11)
    assert cite([Span(moved, 11, 22)], lambda source: ARTICLE) == ()
