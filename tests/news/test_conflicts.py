"""Sources that differ: what is compared, what agrees, and what the answer says of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import RAG
from rag.cite.quotes import cite
from rag.cite.remark import checked
from rag.cite.support import quotation
from rag.news.conflicts import Differing, differences, differing
from rag.news.figures import agree, comparable, far_apart, figures
from rag.pipeline import build_rag
from rag.read.reader import ExtractiveReader
from rag.settings import Settings
from rag.types import Answer, Passage, Reading

BRIDGE = "Bridge over the Arun opens\n\nThe new bridge over the Arun cost 38 million euros, the city of Velden said."
PIECES = (
    *" -,.$%", "10", "0", "1.3", "2024", "000", "ten", "dozen", "twenty", "two-thirds", "half", "million", "bn", "a ",
    " in ", " of ", " to ", " and ", " out of ", "May", "June", "3rd", "Friday", "1990s", "century", "nineteenth",
    "day", "euros", "pm", ":30", "about ",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> ExtractiveReader:
    return ExtractiveReader.with_model("all-MiniLM-L6-v2")


def passage(number: int, text: str, published: date | None = None) -> Passage:
    title = text.partition("\n")[0]
    return Passage(str(number), text, f"{number}.txt", title, f"Paper {number}", published, 0, len(text), 1 / number)


def read(reader: ExtractiveReader, question: str, *texts: str) -> Reading:
    return reader.read(question, [passage(number, text) for number, text in enumerate(texts, start=1)])


def values(reader: ExtractiveReader, question: str, *texts: str) -> list[str]:
    return [each.value.text for each in differences(question, read(reader, question, *texts))]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("about 200 people", "198 people", True),
        ("nearly 200 people", "two hundred people", True),
        ("200 people", "198 people", False),
        ("$1.3bn", "1.3 billion dollars", True),
        ("1,340 boats", "1,300 boats", True),
        ("24.6%", "25 percent", True),
        ("10 to 12 days", "11 days", True),
        ("10 to 12 days", "45 days to 23 days", False),
        ("from 45 to 23 days", "22 days", True),
        ("a four-cylinder engine", "4 cylinders", True),
        ("February 7, 2016", "7 February", True),
        ("February 7, 2016", "in 2016", True),
        ("February 7, 2016", "9 February 2016", False),
        ("the 19th century", "the eighteenth century", False),
    ],
)
def test_figures_agree_or_not(one: str, other: str, same: bool) -> None:
    (mine,), (its,) = figures(one), figures(other)
    assert comparable(mine, its)
    assert agree(mine, its) is same
    assert agree(its, mine) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 days", "5%"),
        ("on Friday", "on Thursday"),
        ("in 2016", "2,016 boats"),
        ("in June", "in 2016"),
        ("$5", "5 euros"),
        ("three people died", "injured nine people"),
        ("12 were killed", "14 are missing"),
    ],
)
def test_figures_of_other_kinds_are_not_compared(one: str, other: str) -> None:
    (mine,), (its,) = figures(one), figures(other)
    assert not comparable(mine, its)


@pytest.mark.parametrize(
    "other",
    [
        "Velden counts the costs\n\nVelden said that its new bridge across the Arun had cost 38 million euros.",
        "Velden counts the costs\n\nThe city of Velden paid about 40 million euros for the new bridge over the Arun.",
        "Tunnel under the Arun\n\nA tunnel under the Arun would be 3 kilometres long, the engineers of Velden said.",
        "Ferries stop\n\nThe ferries over the Arun had made a loss of 2 million euros in 2019, their owner Holm said.",
    ],
)
def test_articles_that_agree_or_speak_of_something_else_do_not_differ(reader: ExtractiveReader, other: str) -> None:
    assert values(reader, "How much did the new bridge over the Arun cost?", BRIDGE, other) == []


def test_another_figure_in_other_words_is_found(reader: ExtractiveReader) -> None:
    other = "Velden counts the costs\n\nIn the end Velden paid 51 million euros for its new bridge across the Arun."
    found = values(reader, "How much did the new bridge over the Arun cost?", BRIDGE, other)
    assert found == ["38 million euros", "51 million euros"]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("The death toll from the floods in Velden has risen to five, the mayor said.", ["Three people died", "five"]),
        ("Five are dead after the floods in Velden, the mayor said.", ["Three people died", "Five"]),
        ("The floods in Velden injured nine people, the mayor said.", []),
        ("Floods killed 40 in the town of Holm in 2019.", []),
    ],
)
def test_tolls_are_held_against_each_other_in_any_words(
    reader: ExtractiveReader, other: str, expected: list[str]
) -> None:
    first = "Floods hit Velden\n\nThree people died in the floods in Velden on Monday, the police said."
    question = "How many people died in the floods in Velden?"
    assert values(reader, question, first, f"Velden mourns\n\n{other}") == expected


def test_a_toll_of_other_words_is_held_against_the_quoted_one(reader: ExtractiveReader) -> None:
    first = "Storm Ingrid hits Velden\n\nThree people died when gusts of Storm Ingrid hit Velden on Monday."
    other = "Velden mourns\n\nThe number of people killed by the gusts of Storm Ingrid in Velden has risen to five."
    assert set(values(reader, "How many people did Storm Ingrid kill?", first, other)) == {"Three people died", "five"}


def test_the_toll_that_is_asked_for_is_held_against_others(reader: ExtractiveReader) -> None:
    first = "Floods hit Velden\n\nThe floods in Velden killed three people and injured 12, the police said on Monday."
    other = "Velden mourns\n\nThe floods in Velden killed five people and injured 12, the mayor said on Tuesday."
    assert set(values(reader, "How many people died in the floods in Velden?", first, other)) == {
        "three people", "five people",
    }  # fmt: skip
    assert values(reader, "How many people were injured in the floods in Velden?", first, other) == []


def test_a_question_for_yes_or_no_asks_for_no_figure(reader: ExtractiveReader) -> None:
    other = "Velden counts the costs\n\nIn the end Velden paid 51 million euros for its new bridge across the Arun."
    assert values(reader, "Did the city of Velden pay for the new bridge over the Arun?", BRIDGE, other) == []


def test_words_that_amount_to_no_number_are_no_figures() -> None:
    assert [figure.amounts for figure in figures("It was ten-tenths of a seven-day week.")] == [{("number", 7.0)}]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_any_two_figures_can_be_held_against_each_other(pieces: list[str]) -> None:
    found = figures("".join(pieces))
    for one, other in itertools.product(found, repeat=2):
        assert one.amounts and far_apart(one, other) is far_apart(other, one)
        assert not comparable(one, other) or agree(one, other) is agree(other, one)


def test_a_date_of_another_generation_is_of_another_event(reader: ExtractiveReader) -> None:
    for year, differ in (("2027", True), ("1963", False)):
        first = "Arun dam repair\n\nThe repair of the Arun dam will be finished in March 2026, Northwater said."
        other = f"Arun dam cracks\n\nThe Arun dam, 48 metres high, was repaired and finished in March {year}."
        assert bool(values(reader, "When will the repair of the Arun dam be finished?", first, other)) is differ


def test_a_sentence_without_a_subject_speaks_of_what_its_article_does(reader: ExtractiveReader) -> None:
    tram = "Tram to Harrowgate\n\nThe tram to Harrowgate will cost £12 million, councillors of Wexcombe said."
    rising = "The cost has risen to £8.5 million."
    dam = f"Ashmoor dam: repair takes longer\n\nThe crack in the spillway is 17 metres long. {rising}"
    line = f"Harrowgate tram: councillors at odds\n\nCouncillors of Wexcombe quarrelled over the tram. {rising}"
    assert values(reader, "How much will the tram to Harrowgate cost?", tram, dam) == []
    assert values(reader, "How much will the tram to Harrowgate cost?", tram, line) == ["£12 million", "£8.5 million"]


def test_what_else_was_counted_does_not_matter(reader: ExtractiveReader) -> None:
    first = "Floods in the Arun valley\n\nFloods in the Arun valley killed 12 people and drove 4,300 residents out."
    second = (
        "Arun floods worse than thought\n\nThe floods in the Arun valley killed 15 people, and 23 are still missing."
    )
    found = values(reader, "How many people were killed in the Arun valley floods?", first, second)
    assert sorted(found) == ["12 people", "15 people"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many homes were flooded in Velden?", {"95 homes", "212 homes"}),
        ("How many people died in the Velden flood?", {"two people", "five people"}),
    ],
)
def test_tolls_of_a_report_rise_together(reader: ExtractiveReader, question: str, expected: set[str]) -> None:
    first = (
        "Homes flooded as dam gives way near Velden\n\n"
        "Fire chief Ruben Ostra said 95 homes had been flooded by noon and that two people had died."
    )
    second = (
        "Toll of Velden flood rises\n\nA week after the Velden dam failed, the regional office said on Saturday that "
        "five people had died and that 212 homes were flooded."
    )
    assert set(values(reader, question, first, second)) == expected


def test_ages_and_scores_are_held_against_each_other(reader: ExtractiveReader) -> None:
    first, second = (
        f"A keeper retires\n\nLorna Teague, aged {age}, left Velden lighthouse in May." for age in (71, 74)
    )
    assert set(values(reader, "How old is Lorna Teague?", first, second)) == {"71", "74"}
    first, second = (f"Cup final\n\nVelden won the cup final by {won} goals to 1 on Sunday." for won in (3, 4))
    found = values(reader, "What was the result of the cup final?", first, second)
    assert len(found) == 2 and found[0] != found[1]


def test_a_sum_of_another_order_is_another_matter(reader: ExtractiveReader) -> None:
    for price, differ in (("46 million euros", True), ("320 euros", False)):
        other = f"Arun bridge\n\nThe new bridge over the Arun cost {price}, the builder said."
        assert bool(values(reader, "How much did the bridge over the Arun cost?", BRIDGE, other)) is differ


def test_figures_of_years_that_both_name_do_not_differ(reader: ExtractiveReader) -> None:
    one = "Prices\n\nIn 2022 prices in Velden rose by 5 percent, the statistics office said."
    other = "Prices again\n\nIn 2023 prices in Velden rose by 6 percent, the statistics office said."
    assert values(reader, "By how many percent did prices in Velden rise?", one, other) == []


def test_one_article_does_not_differ_from_itself(reader: ExtractiveReader) -> None:
    text = f"{BRIDGE} Later the city of Velden said that the new bridge over the Arun cost 51 million euros."
    assert values(reader, "How much did the new bridge over the Arun cost?", text) == []


@pytest.fixture(scope="module")
def shown(reader: ExtractiveReader) -> Answer:
    """An answer from two articles of known dates that differ."""
    other = "Velden counts the costs\n\nIn the end Velden paid 51 million euros for its new bridge across the Arun."
    passages = [passage(1, BRIDGE, date(2021, 5, 3)), passage(2, other, date(2022, 1, 9))]
    question = "How much did the new bridge over the Arun cost?"
    reading = reader.read(question, passages)
    texts = {each.source: each.text for each in passages}
    citations = cite(reading.spans[:1], texts.__getitem__)
    differs = differing(question, reading, citations, texts.__getitem__)
    cited = (*citations, *differs.citations)
    statements = tuple(map(quotation, cited))
    return Answer(
        question, statements, 1.0, cited, (), "extractive", remark=differs.remark, conflicts=differs.conflicts
    )


def test_the_answer_quotes_each_and_says_which_is_newer(shown: Answer) -> None:
    quotes, line = shown.text.split("\n\n")
    assert [(each.value, each.published) for each in shown.conflicts] == [
        ("38 million euros", date(2021, 5, 3)),
        ("51 million euros", date(2022, 1, 9)),
    ]
    by_marker = {citation.marker: citation for citation in shown.citations}
    for conflict in shown.conflicts:
        assert conflict.value in by_marker[conflict.marker].quote
        assert f"[{conflict.marker}]" in quotes
    assert line == (
        "The articles differ: 38 million euros (Paper 1, 3 May 2021) [1]; "
        "51 million euros (Paper 2, 9 January 2022) [2]. The newer is [2]."
    )
    assert all(sentence.supported for sentence in shown.sentences)
    assert shown.sentences[-1].text == line and shown.sentences[-1].markers == (1, 2)
    assert shown.to_dict()["conflicts"][1] == {"value": "51 million euros", "marker": 2, "published": "2022-01-09"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("38 million", "39 million"),
        ("newer is [2]", "newer is [1]"),
        ("Paper 1", "Paper 3"),
        (" The newer is [2].", ""),
    ],
)
def test_a_false_remark_is_not_supported(shown: Answer, right: str, wrong: str) -> None:
    line = shown.sentences[-1].text
    assert right in line
    sentence = checked(line.replace(right, wrong), shown.citations)
    assert not sentence.supported and sentence.reason


def test_without_dates_none_is_newer(shown: Answer) -> None:
    citations = [replace(each, published=None, publisher=None) for each in shown.citations]
    line = (
        "The articles differ: 38 million euros (Bridge over the Arun opens, undated) [1]; "
        "51 million euros (Velden counts the costs, undated) [2]."
    )
    assert checked(line, citations).supported


def test_nothing_differs_where_nothing_was_read() -> None:
    assert differing("Who?", Reading((), 0.0, answers=False), (), str) == Differing()


def test_the_seed_articles_differ(seeds_rag: RAG) -> None:
    answer = seeds_rag.answer("By how many days will the Chancay port shorten the journey to China?")
    assert {conflict.value for conflict in answer.conflicts} == {"10 to 12 days", "45 days to 23 days"}
    assert all(sentence.supported for sentence in answer.sentences)
    assert len({citation.source for citation in answer.citations}) > 1


def test_an_edited_copy_is_no_copy_and_differs(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from rag.ingest.build import ingest

    body = (
        "Bridge over the Arun opens\nPublished: {day}\n\nThe new bridge over the river Arun was opened by Mayor Lena "
        "Ortiz on Monday. It took four years to build it.\n\nThe new bridge cost {cost} million euros, the city of "
        "Velden said.\n\nFerries that crossed the river since 1911 were stopped the same evening.\n"
    )
    (tmp_path / "a.txt").write_text(body.format(day="May 3, 2021", cost=38), encoding="utf-8")
    (tmp_path / "b.txt").write_text(body.format(day="May 9, 2021", cost=51), encoding="utf-8")
    settings = Settings(index=tmp_path / "index")
    ingest([tmp_path], settings)
    rag = build_rag(settings)
    answer = rag.answer("How much did the new bridge cost?")
    rag.close()
    assert {conflict.value for conflict in answer.conflicts} == {"38 million euros", "51 million euros"}
    assert {conflict.published for conflict in answer.conflicts} == {date(2021, 5, 3), date(2021, 5, 9)}


def test_figures_of_what_each_headline_names_do_not_differ(reader: ExtractiveReader) -> None:
    towns = (("Berin", "22", "Eva Storm"), ("Aldo", "14", "Udo Lamm"), ("Cadel", "9", "Ole Wick"))
    texts = [f"Burglaries in {a}\n\nPolice in {a} counted {n} burglaries in May, chief {b} said." for a, n, b in towns]
    assert values(reader, "How many burglaries were there in May?", *texts) == []
    again = "Burglaries in Berin\n\nPolice in Berin counted 25 burglaries in May, a report said."
    assert values(reader, "How many burglaries were there in Berin in May?", texts[0], again) != []


def test_what_is_asked_for_is_no_other_account_of_what_came_of_it(reader: ExtractiveReader) -> None:
    asked = "Trial opens\n\nThe prosecutor asked for a fine of 15 million euros against the company Norvat."
    imposed = "Verdict\n\nThe company Norvat must pay a fine of 12 million euros, the court said."
    assert values(reader, "How high is the fine against Norvat?", asked, imposed) == []
