"""Overviews, timelines, comparisons and questions for yes or no, over a few invented articles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.questions.asking import Asking
from rag.questions.choosing import Candidate, candidates, choose
from rag.questions.comparison import comparison, things_of
from rag.questions.overview import overview
from rag.questions.timeline import timeline
from rag.questions.topic import topic_words
from rag.questions.yes_no import yes_no
from rag.types import Answer, Filters, Passage, Span

ARTICLES = {
    "pool.txt": "Marden will rebuild its swimming pool\nBy Eva Storm, Marden Post\nPublished: 8 May 2024\n\n"
    "The town council of Marden decided on Tuesday to rebuild the swimming pool, which was opened in 1962.\n\n"
    "The pool will cost 9 million francs and is to be finished in June 2026.\n\n"
    "Councillor Udo Lamm accused mayor Ada Kern of having promised the work to her brother. Kern denied it.\n\n"
    "In 2019 a crack in the basin had closed the pool for a summer.\n",
    "tram.txt": "Tram to Velm is delayed again\nBy Ole Wick, Velm Paper\nPublished: 3 June 2024\n\n"
    "The new tram line from Marden to Velm will open a year late, the operator Nordgale said on Monday.\n\n"
    "The tram will cost 40 million francs, and the passengers' union finds that too much.\n",
    "theatre.txt": "Velm opens its theatre\nBy Ole Wick, Velm Paper\nPublished: 12 April 2024\n\n"
    "Velm opened its new theatre on Thursday with a play about bees, before four hundred guests.\n\n"
    "The theatre cost 12 million francs, of which the town paid half.\n",
    "mine.txt": "Mine stays open\nBy Eva Storm, Marden Post\nPublished: 20 June 2024\n\n"
    "The copper mine at Orrin stays open, its director Pavel Horak said on Wednesday.\n\n"
    "Miner Ines Calder alleged that the mine pours waste into the river at night.\n\n"
    "Horak rejected the allegation that the mine pours waste into the river, and said every drop is measured.\n",
}


@pytest.fixture(scope="module")
def asking(once: Callable[[str, Callable[[Path], object]], Path]) -> Iterator[Asking]:
    from rag.ingest.build import ingest
    from rag.models.encoders import encoder
    from rag.pipeline import build_rag
    from rag.settings import Settings

    def make(folder: Path) -> None:
        files = folder.with_name("over-articles")
        files.mkdir()
        for name, text in ARTICLES.items():
            (files / name).write_text(text, encoding="utf-8")
        ingest([files], Settings(index=folder))

    rag = build_rag(Settings(index=once("over-articles-index", make)))
    encode = encoder(rag.settings.embedding_model, "document").encode
    with rag.store.snapshot() as index:
        yield Asking(index, rag.retriever, rag.reader, Filters(), 8, "extractive", encode, rag.answer)
    rag.close()


def _sources(answer: Answer | None) -> list[str]:
    assert answer
    assert all(sentence.supported for sentence in answer.sentences)
    return [citation.source for citation in answer.citations]


def test_an_overview_has_a_sentence_of_each_article_the_newest_first(asking: Asking) -> None:
    assert _sources(overview(asking, "Summarise the articles")) == ["mine.txt", "tram.txt", "pool.txt", "theatre.txt"]


def test_an_overview_of_something_leaves_other_articles_out(asking: Asking) -> None:
    assert set(_sources(overview(asking, "What do the articles say about the copper mine?"))) == {"mine.txt"}
    assert overview(asking, "What do the articles say about Zanzibar?") is None


def test_one_article_is_told_in_its_order(asking: Asking) -> None:
    answer = overview(asking, "What is the pool article about?")
    assert answer and {citation.source for citation in answer.citations} == {"pool.txt"}
    starts = [citation.start for citation in answer.citations]
    assert starts == sorted(starts)
    assert "decided on Tuesday to rebuild" in answer.text


def test_a_timeline_is_in_the_order_of_what_is_told(asking: Asking) -> None:
    answer = timeline(asking, "timeline of the swimming pool")
    assert answer
    headings = list(dict.fromkeys(statement.heading for statement in answer.statements))
    assert headings == ["2019", "7 May 2024", "June 2026"]


def test_things_stand_side_by_side_and_the_highest_figure_first(asking: Asking) -> None:
    answer = comparison(asking, "Which cost the most - the pool, the tram or the theatre?")
    assert answer
    assert [entry.text for entry in answer.entries] == [
        "tram: 40 million francs – the highest of these figures",
        "theatre: 12 million francs",
        "pool: 9 million francs",
    ]
    assert [statement.heading for statement in answer.statements] == ["pool", "tram", "theatre"]


def test_what_nothing_is_found_for_says_so(asking: Asking) -> None:
    answer = comparison(asking, "Compare the tram and the airport on cost")
    assert answer
    assert "airport\nThe articles do not say." in answer.text
    assert _sources(answer)[0] == "tram.txt"


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("Compare Arun with Velm on water", ("Arun", "Velm")),
        ("Where do Kern and Lamm differ over the pool?", ("Kern", "Lamm")),
        ("kern, lamm, horak: what became of them", ("kern", "lamm", "horak")),
        ("Which of the towns is the largest?", None),
        ("What does Kern say and what does Lamm say, compare", None),
    ],
)
def test_which_things_a_question_names(question: str, things: tuple[str, ...] | None) -> None:
    found = things_of(question)
    assert (found and found.things) == things


def test_yes_or_no_has_the_other_side(asking: Asking) -> None:
    answer = yes_no(asking, "Does the mine pour waste into the river?")
    said = answer.text if answer else asking.plain("Does the mine pour waste into the river?").text
    assert "alleged that the mine pours waste" in said
    assert "rejected the allegation" in said


def test_a_question_with_another_figure_is_answered_by_that_of_the_articles(asking: Asking) -> None:
    question = "Is it true that the theatre cost 30 million francs?"
    answer = yes_no(asking, question) or asking.plain(question)
    assert answer.kind == "yes-no" and "12 million francs" in answer.text


def test_what_is_chosen_neither_repeats_nor_leaves_an_article_out() -> None:
    passage = Passage("p", "A. B. C.", "one.txt", "", None, date(2024, 5, 1), 0, 8, 1.0)
    found = [Candidate(Span(passage, start, start + 2), 0, opens=True) for start in (0, 3, 6)]
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert sorted(choose(found, vectors, np.array([1, 0.9, 0.8], dtype=np.float32), 2)) == [0, 2]


def test_headlines_bylines_and_stray_lines_are_not_chosen(asking: Asking) -> None:
    found = [each.span.text for each in candidates(asking.index.whole("tram.txt"))]
    assert len(found) == 2
    assert found[0].startswith("The new tram line")


def test_topic_words_are_what_is_asked_about() -> None:
    assert topic_words("so what is the museum piece all about??", "asking") == "museum"
    assert topic_words("Could you sum up all the articles for me?", "asking") == ""
