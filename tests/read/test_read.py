"""The reader: candidates, signals, order, confidence."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import snowballstemmer
from langchain_core.documents import Document

import rag.read.reader
from rag.ingest.metadata import read_metadata
from rag.read.lists import asks_for_list
from rag.read.reader import (
    ANSWER_FEATURES,
    FOUND_FEATURES,
    USELESS,
    ExtractiveReader,
    find_candidates,
    in_reading_order,
)
from rag.read.signals import AGAINST, SIGNALS, Question, signals
from rag.text.words import name_terms, number_terms, terms
from rag.types import Passage

TEXT = (
    "Tram line nine reopens\n\nTrams run to the harbour again. The line had been closed since 1962. "
    "The city paid 40 million euros for it.\n\nMayor Lena Ortiz drove the first tram herself."
)
PASSAGE = Passage("1", TEXT, "tram.txt", "Tram line nine reopens", None, None, 100, 100 + len(TEXT), 1.0)
OTHER = "Bakers' strike ends\n\nBread is sold again in Kumasi. The strike had lasted six weeks."
SYLLABLES = ["bor", "cat", "dul", "fen", "gim", "hop", "jur", "kal", "lem", "mos", "nat", "pil", "rud", "sev", "tor"]
PASSAGES = [PASSAGE, Passage("2", OTHER, "bread.txt", "Bakers' strike ends", None, None, 0, len(OTHER), 0.9)]


@pytest.fixture(scope="module")
def reader() -> ExtractiveReader:
    return ExtractiveReader.with_model("all-MiniLM-L6-v2")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who drove the first tram?", "Mayor Lena Ortiz"),
        ("How much did the city pay for the tram line?", "40 million euros"),
        ("Since when was the tram line closed?", "1962"),
        ("How long did the bakers' strike last?", "six weeks"),
    ],
)
def test_the_answering_sentence_is_quoted(reader: ExtractiveReader, question: str, words: str) -> None:
    reading = reader.read(question, PASSAGES)
    assert words in " ".join(span.text for span in reading.spans)
    assert 1 <= len(reading.spans) <= 3


@pytest.mark.parametrize("question", ["Who wrote Hamlet?", "What is the boiling point of neon?"])
def test_nothing_is_quoted_where_nothing_answers(reader: ExtractiveReader, question: str) -> None:
    reading = reader.read(question, PASSAGES)
    assert not reading.answers and reading.confidence < USELESS


def test_no_passage_no_answer(reader: ExtractiveReader) -> None:
    assert reader.read("Who drove the tram?", []).confidence == 0


@pytest.mark.parametrize("question", ["Why?", "Who is he?", "And then?"])
def test_what_asks_of_nothing_alone_gets_nothing(reader: ExtractiveReader, question: str) -> None:
    assert reader.read(question, PASSAGES).spans == ()


def test_threads_do_not_mix_the_stems_of_their_words() -> None:
    words = [f"{first}{second}{ending}" for first in SYLLABLES for second in SYLLABLES for ending in ("ization", "ies")]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(terms, words))
    finally:
        sys.setswitchinterval(interval)
    assert found == [(snowballstemmer.stemmer("english").stemWord(word),) for word in words]


def test_candidates_know_their_place_and_neighbours() -> None:
    candidates = find_candidates(PASSAGES)
    closed = next(candidate for candidate in candidates if "1962" in candidate.span.text)
    assert closed.before.startswith("Trams run") and closed.after.startswith("The city paid") and closed.rank == 1
    assert TEXT[closed.span.start - 100 : closed.span.end - 100] == closed.span.text
    assert closed.in_context.startswith("Tram line nine reopens Trams run")


def test_what_has_no_letter_is_no_sentence() -> None:
    text = "**Where did you learn to bake?**\n\nIn Tbilisi, with a man who never measured anything."
    passage = replace(PASSAGES[0], text=text, end=PASSAGES[0].start + len(text))
    assert all(any(map(str.isalnum, each.span.text)) for each in find_candidates([passage]))
    assert find_candidates([passage])[-1].span.text.startswith("In Tbilisi")


def test_a_sentence_that_leans_on_a_chosen_one_comes_with_it() -> None:
    text = "The bridge was opened on Monday. It is 412 metres long. She cut the ribbon."
    passage = replace(PASSAGES[0], text=text, end=PASSAGES[0].start + len(text))
    candidates = find_candidates([passage])
    spans = in_reading_order(candidates, np.array([1.0, 0.9, 0.0]), margin=0.5)
    assert [span.text for span in spans] == ["The bridge was opened on Monday.", "It is 412 metres long."]
    alone = in_reading_order(candidates, np.array([1.0, 0.0, 0.9]), margin=1.0)
    assert len(alone) == 1, "the ribbon needs the sentence on its length, and three are too many"


def test_spans_come_article_by_article_in_reading_order() -> None:
    candidates = find_candidates(PASSAGES)
    scores = np.zeros(len(candidates))
    later, bread, earlier = (
        next(number for number, candidate in enumerate(candidates) if words in candidate.span.text)
        for words in ("40 million", "Kumasi", "1962")
    )
    scores[[later, bread, earlier]] = 9.0, 8.9, 8.8
    spans = in_reading_order(candidates, scores, margin=1.0, most=3)
    assert [span.start for span in spans] == [candidates[number].span.start for number in (earlier, later, bread)]
    assert len(in_reading_order(candidates, scores, margin=0.05)) == 1
    assert len(in_reading_order(candidates, np.zeros(len(candidates)), margin=1.0)) == 2


def test_what_a_question_asks_for() -> None:
    assert Question("What percentage of the port does Cosco own?", []).kind_in("Cosco owns 60% of it.")
    assert not Question("What percentage of the port does Cosco own?", []).kind_in("Cosco came in 2019.")
    assert Question("How long did she stay?", []).kind_in("During her five-day visit")
    assert not Question("Who is Lena Ortiz?", []).kind_in("We saw that Lena Ortiz was there.")
    assert Question("When was it?", []).kind_in("It was last year.")
    assert Question("How old is Lorna Teague?", []).kind_in("Lorna Teague, 71, said she woke to the sound.")
    assert Question("How old is the mill?", []).kind_in("The mill was built by two brothers in 1886.")
    assert not Question("How old is Lena Ortiz?", []).kind_in("Lena Ortiz won 31 of 60 votes.")
    assert Question("What was the minister's salary?", []).kind_in("He earned two million kroner.")
    assert Question("How many were injured?", []).kind_in("Two people died and nine were hurt.")
    assert Question("What was the result of the vote?", []).kind_in("The council approved it by 31 votes to 29.")
    assert Question("What was the final score?", []).kind_in("Harbour won 3–1.")
    assert not Question("By what margin did it pass?", []).kind_in("It passed to cheers in 2019.")


def test_terms_are_stemmed_names_are_spelled_out() -> None:
    assert terms("The U.S. ports' reopening") == terms("United States port reopened")
    question = "Did the US sign in 2025 what China signed in its fifth year?"
    assert name_terms(question) == {"unit", "state", "china"} and number_terms(question) == {"2025", "fifth"}


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    third = replace(PASSAGES[1], id="3", text="The strike spread.", title="Strike")
    question = Question("Why did the Kumasi strike start?", [*PASSAGES, third])
    assert question.weights["kumasi"] > question.weights["strike"]


def test_the_weights_are_complete_and_have_the_sign_of_their_meaning() -> None:
    raw = json.loads((Path(rag.read.reader.__file__).parent / "reader.json").read_text(encoding="utf-8"))
    assert set(raw["sentence"]) == set(SIGNALS) and set(raw["answer"]) == {*ANSWER_FEATURES, "bias"}
    assert set(raw["found"]) == {*FOUND_FEATURES, "bias"}
    for weights in (raw["sentence"], raw["answer"], raw["found"]):
        signed = {name: weight for name, weight in weights.items() if name != "bias"}
        assert all(weight <= 0 if name.split()[-1] in AGAINST else weight >= 0 for name, weight in signed.items())
    assert raw["sentence"]["context_similarity"] > 0 and raw["sentence"]["cross_encoder"] > 0


def test_a_figure_that_was_asked_for_and_is_not_there_is_a_signal_of_its_own() -> None:
    sentence = next(each for each in find_candidates(PASSAGES) if not re.search(r"\d", each.span.text))
    kinds = ("kind_missing", "figure_missing")
    for question, expected in (("What percentage of trams was late?", (0, 1)), ("In what year was it?", (1, 0))):
        row = signals(Question(question, PASSAGES), [sentence], np.zeros(1, dtype=np.float32))[0]
        assert tuple(row[SIGNALS.index(name)] for name in kinds) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Published: 18 May 2025",
        "Last modified 20 May 2025, 10:15",
        "18 May 2025",
        "The Velden Post, May 18, 2025",
        "The Velden Post",
        "By Jane Doe, Courts Reporter",
        "Jane Doe | 18 May 2025",
        "Updated on 18 May 2025",
    ],
)
def test_the_imprint_of_a_page_answers_only_what_is_asked_of_the_page(reader: ExtractiveReader, line: str) -> None:
    text = f"New tram\n\n{line}\n\nThe tram was opened by Lena Ortiz, whose father had driven the last one in 1962."
    imprint = read_metadata(Document(page_content=text)).metadata["imprint"]
    passage = Passage("3", text, "tram.txt", "New tram", None, None, 0, len(text), 1.0, imprint=imprint)

    def quoted(question: str) -> list[str]:
        return [span.text for span in reader.read(question, [passage]).spans]

    assert [span.split(",")[0] for span in quoted("When was the tram opened?")] == ["The tram was opened by Lena Ortiz"]
    assert line in quoted("Which newspaper published the article, and when?")


@pytest.mark.parametrize("line", ["17 May 2025", "On 17 May 2025", "1987", "38"])
def test_a_cell_of_a_table_may_answer(reader: ExtractiveReader, line: str) -> None:
    text = f"The tram was opened by Lena Ortiz.\n\nOpening of the tram\n{line}"
    passage = Passage("3", text, "tram.txt", "New tram", "The Velden Post", date(2025, 5, 18), 0, len(text), 1.0)
    candidates, _ = reader.shortlist("When was the tram opened?", [passage])
    assert line in [candidate.span.text for candidate in candidates]


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Which measures were agreed?", True),
        ("List the towns.", True),
        ("What happened in Paris?", False),
        ("What did Boris say?", False),
        ("What caused the crisis?", False),
        ("Who is the mayor?", False),
    ],
)
def test_a_plural_asks_for_several_a_name_does_not(question: str, *, several: bool) -> None:
    assert asks_for_list(question) is several


def test_a_question_for_a_list_gets_the_whole_list(reader: ExtractiveReader) -> None:
    whole = "The council agreed on three measures:\n- a second tram line\n- cheaper tickets\n- free bicycles"
    text = f"Tram plan\n\n{whole}\n\nIt rained."
    passages = [Passage("3", text, "plan.txt", "Tram plan", None, None, 0, len(text), 1.0)]
    spans = reader.read("Which measures did the council agree on?", passages).spans
    assert whole in [span.text for span in spans]


def test_a_list_is_found_by_what_its_lead_in_names(reader: ExtractiveReader) -> None:
    agreed = "The council of Velden agreed on a number of measures against drought on Thursday."
    items = "1. Gardens are watered at night.\n2. Fountains are off.\n3. The pool opens three days a week."
    whole = f"The rules, which start on 1 August, are:\n\n{items}"
    text = f"Drought\n\n{agreed} The Calder reservoir is at 38 per cent.\n\n{whole}\n\nIt rained."
    passages = [Passage("3", text, "drought.txt", "Drought", None, None, 0, len(text), 1.0)]

    def quoted(question: str) -> list[str]:
        return [span.text for span in reader.read(question, passages).spans]

    assert quoted("Which rules did the council agree on against drought?") == [agreed, whole]
    full = quoted("How full is the Calder reservoir?")
    assert full[0].endswith("38 per cent.") and not any(items in quote or quote.endswith(":") for quote in full)


def test_vectors_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.read.reader.MOST_VECTORS", 10)
    reader = ExtractiveReader.with_model("all-MiniLM-L6-v2")
    first = reader.read("Who drove the first tram?", PASSAGES)
    for number in range(5):
        long = " ".join(f"Sentence {number} {place} is here." for place in range(8))
        reader.read("Who is here?", [replace(PASSAGE, id=str(number), text=long, end=100 + len(long))])
        assert len(reader._vectors) <= 60
    assert reader.read("Who drove the first tram?", PASSAGES) == first
