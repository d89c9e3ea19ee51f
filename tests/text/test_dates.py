"""Time expressions are resolved where the words decide, shown beside the quote, and never without a known day."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from eval.bench.dates import SENTENCES, judge
from rag import RAG, Settings, build_rag
from rag.cite.quotes import attributed, cite
from rag.cite.support import quotation, unsupported
from rag.index.store import Store
from rag.ingest.build import ingest
from rag.text.times import resolve
from rag.types import Citation, Passage, Span
from tests.conftest import SEEDS, Command
from ui.conversation import to_text
from ui.render import render_answer

COPY, ORIGINAL = "003_cfb1253bd829b792.txt", "002_27fb3a5ff33fbf6b.txt"
TALKS = "When did Xi and Boluarte hold their talks in Beijing?"
FRIDAY = date(2024, 6, 28)


def found(text: str, day: date | None = FRIDAY) -> list[str]:
    return [f"{time.text}: {time.when}" for time in resolve(text, day)]


def quoted(text: str, published: date | None, updated: date | None = None) -> tuple[str, Citation]:
    passage = Passage("1", text, "a.txt", "", None, published, 0, len(text), 1.0, updated=updated)
    (citation,) = cite([Span(passage, 0, len(text))], lambda source: text)
    return quotation(citation).marked, citation


@pytest.mark.parametrize(
    ("text", "published", "updated", "expected"),
    [
        ("They met on Friday.", FRIDAY, FRIDAY + timedelta(2), ["28 June 2024"]),
        ("They met yesterday.", FRIDAY, FRIDAY + timedelta(2), []),  # the 27th or the 29th?
        ("They met yesterday.", FRIDAY, FRIDAY + timedelta(40), ["27 June 2024"]),
        ("They met yesterday.", None, FRIDAY, ["27 June 2024"]),
        ("They met yesterday.", None, None, []),
    ],
)
def test_an_update_leaves_what_both_days_agree_on(
    text: str, published: date | None, updated: date | None, expected: list[str]
) -> None:
    _, citation = quoted(text, published, updated)
    assert [time.when for time in citation.times] == expected
    assert (citation.published, citation.updated) == (published, updated)


def test_hand_written_sentences_stay_right() -> None:
    rows = list(map(json.loads, SENTENCES.read_text(encoding="utf-8").splitlines()))
    judged = [judge(raw["text"], date.fromisoformat(raw["day"]), raw["expected"]) for raw in rows]
    assert len(judged) == 228 and sum(one.right for one in judged) >= 175
    assert sum(len(one.wrong) for one in judged) <= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They met on Friday.", ["on Friday: 28 June 2024"]),  # on the day itself
        ("They will meet on Friday.", []),  # today, or in a week?
        ("The bridge reopened to traffic on Friday.", ["on Friday: 28 June 2024"]),
        ("They agreed to meet on Friday.", []),
        ("They met last week.", ["last week: 17 to 23 June 2024"]),
        ("It opened two months ago.", ["two months ago: April 2024"]),
        ("In the last year it fell.", []),
        ("On 31 June it fell.", []),
        ("It fell on 30 December.", ["on 30 December: 30 December 2023"]),
        ("The union called a strike for 3 August.", []),  # a year ago it would say so
        ("The school will stay closed until at least 17 July.", ["17 July: 17 July 2024"]),
        ("The fair will refund tickets for 3 June.", []),
    ],
)
def test_a_day_of_publication_makes_relative_words_certain_or_leaves_them(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_without_a_day_only_what_names_its_year_is_resolved() -> None:
    text = "In June 2023, on Friday and last year, it fell by 2010 metres; on 2024-05-06 it rose."
    assert found(text, None) == ["June 2023: June 2023", "2024-05-06: 6 May 2024"]


def test_what_stands_around_a_span_is_read_with_it() -> None:
    article = 'Mayor\n\nShe said: "We lost. Yesterday was hard." He left yesterday.'
    start = article.index("Yesterday was")
    assert resolve(article, FRIDAY, start, start + 19) == ()
    (time,) = resolve(article, FRIDAY, start)
    assert article[time.start : time.end] == time.text == "yesterday" and time.when == "27 June 2024"


def test_a_quote_stays_unbroken_and_its_dates_stand_behind_it() -> None:
    wrapped = "The mayor of Velden, Ida Berg, resigned on Friday; two\nyears ago she had won."
    text, citation = quoted(wrapped, FRIDAY)
    assert citation.quote == wrapped and text == (
        "The mayor of Velden, Ida Berg, resigned on Friday; two years ago she had won."
        " – on Friday (28 June 2024), two years ago (2022) [1]"
    )
    assert all(sentence.supported for sentence in quotation(citation).sentences)
    assert quoted("The mayor resigned on Friday.", None)[0] == "The mayor resigned on Friday. [1]"
    assert quoted("The mayor resigned on 3 May 2021.", FRIDAY)[0] == "The mayor resigned on 3 May 2021. [1]"


def test_a_written_sentence_may_name_the_resolved_date_and_no_other() -> None:
    quote = attributed(quoted("Mayor Lena Ortiz resigned on Friday.", FRIDAY)[1])
    assert unsupported("Mayor Lena Ortiz resigned on 28 June 2024.", [quote]) is None
    assert unsupported("On June 28, 2024, Lena Ortiz resigned.", [quote]) is None
    assert unsupported("Mayor Lena Ortiz resigned on 27 June 2024.", [quote]) is not None
    assert unsupported("Mayor Lena Ortiz resigned on 28 June 2024.", ["Mayor Lena Ortiz resigned on Friday."])


def test_the_answer_shows_its_resolved_date_everywhere(seeds_rag: RAG) -> None:
    answer = seeds_rag.answer(TALKS)
    assert "on Friday in Beijing. – on Friday (28 June 2024) [1]" in answer.text
    assert "on Friday (28 June 2024)" in render_answer(answer) and "on Friday (28 June 2024)" in to_text(answer)
    (time,) = answer.to_dict()["citations"][0]["times"]
    assert time["first"] == time["last"] == "2024-06-28" and time["text"] == "on Friday"
    assert seeds_rag.article(answer.citations[0].source)[time["start"] : time["end"]] == "on Friday"


def test_the_page_of_a_copy_shows_only_by_when_its_article_was_there(seeds_rag: RAG, seeds_index: Path) -> None:
    answer = seeds_rag.answer("When does Xi's trip to Peru start?")
    (citation,) = answer.citations
    assert citation.source == ORIGINAL and citation.published is None and citation.times == ()
    assert citation.no_later_than == date(2024, 11, 14) and "(" not in answer.text
    assert "no later than 14 November 2024" in render_answer(answer) and "no later than" in to_text(answer)
    assert answer.to_dict()["citations"][0]["no_later_than"] == "2024-11-14"
    store = Store(Settings(index=seeds_index))
    assert store.article(COPY).no_later_than == date(2024, 11, 14)
    store.close()


@pytest.mark.slow
def test_the_command_says_no_later_than(rag_command: Command, seeds_index: Path) -> None:
    done = rag_command("ask", "When does Xi's trip to Peru start?", "--index", str(seeds_index))
    assert "no later than 14 November 2024 (002_27fb3a5ff33fbf6b.txt" in done.stdout


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({"date_to": "2024-11-14"}, True),
        ({"date_to": "2024-11-13"}, False),
        ({"date_from": "2024-01-01", "date_to": "2024-12-31"}, False),
    ],
)
def test_an_article_no_later_than_a_day_passes_an_end_alone(seeds_rag: RAG, filters: dict, passes: bool) -> None:
    sources = {passage.source for passage in seeds_rag.answer("When does Xi's trip start?", filters=filters).passages}
    assert (ORIGINAL in sources) is passes


@pytest.mark.slow
def test_a_copy_that_comes_or_goes_changes_what_its_original_shows(tmp_path: Path) -> None:
    folder, settings = tmp_path / "articles", Settings(index=tmp_path / "index")
    folder.mkdir()
    shutil.copy(SEEDS / ORIGINAL, folder)
    ingest([folder], settings)
    rag = build_rag(settings)
    ask = {"question": "When does Xi's trip to Peru start?", "filters": {"date_to": "2024-12-31"}}
    assert rag.answer(**ask).passages == ()
    shutil.copy(SEEDS / COPY, folder)
    ingest([folder], settings)
    assert rag.answer(**ask).citations[0].no_later_than == date(2024, 11, 14)
    (folder / COPY).unlink()
    ingest([folder], settings)
    assert rag.answer(**ask).passages == ()
    rag.close()
