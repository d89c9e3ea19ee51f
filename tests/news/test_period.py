"""Questions that name a time or ask for the latest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from rag import RAG, Settings, build_rag
from rag.cite.quotes import cite
from rag.ingest.build import ingest
from rag.news.period import asked_period
from rag.types import Passage, Reading, Scored, Span
from ui.render import render_answer

ARTICLES = {
    "bridge.txt": "Bridge over the Arun opens\nPublished: May 3, 2021\n\n"
    "The new bridge over the river Arun was opened by Mayor Lena Ortiz on Monday. It is 412 metres long.\n",
    "tram.txt": "Tram line opens in Velden\nPublished: June 29, 2024\n\n"
    "The first tram line in Velden was opened by Mayor Lena Ortiz on Friday. It has eleven stops.\n",
    "census2019.txt": "Velden counts its people\nPublished: March 1, 2019\n\n"
    "The town of Velden has 41,200 residents, the statistical office said.\n",
    "census2024.txt": "Velden grows\nPublished: March 4, 2024\n\n"
    "The town of Velden has 43,900 residents, the statistical office said.\n",
    "theatre.txt": "The theatre of Velden\n\nThe theatre of Velden was opened with a play by Ida Holm on a Sunday.\n",
}


@pytest.fixture(scope="module")
def dated_rag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RAG]:
    folder = tmp_path_factory.mktemp("dated")
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = Settings(index=folder.parent / "dated-index")
    ingest([folder], settings)
    rag = build_rag(settings)
    yield rag
    rag.close()


def test_the_latest_is_answered_from_the_newest_article_first(dated_rag: RAG) -> None:
    answer = dated_rag.answer("What is the latest number of residents of Velden?")
    assert answer.citations[0].source == "census2024.txt"
    assert answer.passages[0].source in ("census2024.txt", "tram.txt")
    assert len(answer.notes) == 1 and "4 March 2024" in answer.notes[0]
    assert "4 March 2024" in render_answer(answer)


def test_a_year_in_the_question_prefers_its_articles_and_is_named(dated_rag: RAG) -> None:
    before = dated_rag.answer("How many residents does the town of Velden have in 2019?")
    assert before.passages[0].source == "census2019.txt"
    opened = dated_rag.answer("Which tram line was opened in June 2024?")
    assert opened.citations[0].source == "tram.txt"
    assert opened.notes == ("This speaks of 28 June 2024.",)
    assert dated_rag.answer("How long is the bridge over the Arun?").notes == ()


def passage(name: str, text: str, published: date | None, score: float) -> Passage:
    return Passage(name, text, name, "", None, published, 0, len(text), score)


def test_a_note_names_every_day_of_the_time_that_the_quotes_speak_of() -> None:
    text = "It opened on 28 June 2024, closed on 29 June 2024 and fell in 2025."
    citations = cite([Span(passage("fair", text, None, 1.0), 0, len(text))], lambda source: text)
    period = asked_period("What was open in June 2024?")
    assert period is not None and period.notes(citations) == ("This speaks of 28 June 2024 and 29 June 2024.",)


def test_a_preference_is_soft_and_counts_what_the_words_speak_of() -> None:
    old = passage("old", "It fell.", date(2019, 1, 1), 0.90)
    topic = passage("topic", "The 2010 free trade agreement is to be renewed.", date(2024, 6, 28), 0.85)
    better = passage("better", "It rose.", None, 1.0)
    period = asked_period("What became of the 2010 free trade agreement?")
    assert period is not None
    ranked = period.prefer([better, old, topic], 2)
    assert [each.id for each in ranked] == ["better", "topic"] and ranked[1].score == pytest.approx(0.95 / 1.1)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("on 12 April", ["early"]), ("on April 19", ["late", "told"]), ("in April", ["early", "late", "told"])],
)
def test_a_day_without_its_year_is_that_of_any_year(asked: str, expected: list[str]) -> None:
    passages = [
        passage("early", "Two people died.", date(2026, 4, 12), 0.9),
        passage("late", "Five people died.", date(2024, 4, 19), 0.9),
        passage("told", "Five people had died on 19 April 2023.", date(2023, 6, 1), 0.9),
        passage("other", "It fell on 12 May 2026.", date(2026, 3, 1), 1.0),
    ]
    period = asked_period(f"How many people had died {asked}?")
    assert period is not None
    ranked = period.prefer(passages, 4)
    assert [each.id for each in ranked if each.score > 0.9] == [*expected, "other"]


def test_newest_first_takes_an_undated_article_by_its_copy() -> None:
    old, new = (passage(str(year), "It fell.", date(year, 1, 1), 1.0) for year in (2019, 2023))
    copied = replace(passage("copied", "It fell.", None, 1.0), no_later_than=date(2024, 11, 14))
    spans = tuple(Span(each, 0, 8) for each in (old, copied, new))
    period = asked_period("What is the latest?")
    assert period is not None
    found = period.in_order(Reading(spans, 1.0, answers=True))
    assert [span.passage.id for span in found.spans] == ["copied", "2023", "2019"]


def test_a_sentence_of_the_time_goes_first_if_it_is_nearly_as_good() -> None:
    best = Span(passage("old", "It fell in 2019.", date(2019, 1, 1), 1.0), 0, 16)
    new = Span(passage("new", "It rose in 2023.", date(2023, 1, 1), 1.0), 0, 16)
    for question, near, far in (
        ("What is the latest?", (new, best), (best,)),
        ("What happened in 2023?", (new, best), (best,)),
        ("What happened in 2019?", (best,), (best,)),
    ):
        period = asked_period(question)
        assert period is not None
        for lead, expected in ((1.0, near), (3.0, far)):
            shortlist = (Scored(best, 5.0), Scored(new, 5.0 - lead))
            reading = Reading((best,), 0.8, answers=True, shortlist=shortlist)
            assert period.in_order(reading).spans == expected, (question, lead)
