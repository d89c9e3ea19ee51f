"""Citations that can be read, and the check of any sentence against the words it cites."""

from __future__ import annotations

import pytest

from rag.cite.quotes import cite
from rag.cite.support import align, quotation, unsupported
from rag.text.facts import facts
from rag.text.speaker import turns
from rag.types import Passage, Span

INTERVIEW = (
    "Gateway to the south\n\nOur reporter met the ambassador.\n\nDaily: How are relations?\n\n"
    "Balarezo: Relations are robust. They have grown for ten years.\n\nTrade with Chile rose too.\n\n"
    "Daily: And the port?\n\nBalarezo: It opens in November."
)


def passage(text: str, author: str | None = None) -> Passage:
    return Passage("1", text, "a.txt", "Gateway", None, None, 0, len(text), 1.0, author=author, turns=turns(text))


def quoted(text: str, words: str, author: str | None = None) -> str:
    start = text.index(words)
    citations = cite([Span(passage(text, author), start, start + len(words))], lambda source: text)
    statements = [quotation(citation) for citation in citations]
    assert all(text[citation.start : citation.end] == citation.quote for citation in citations)
    assert all(sentence.supported for statement in statements for sentence in statement.sentences)
    return " ".join(statement.marked for statement in statements)


def test_in_an_interview_a_sentence_carries_its_speaker() -> None:
    assert quoted(INTERVIEW, "Trade with Chile rose too.") == "Balarezo: Trade with Chile rose too. [1]"
    assert quoted(INTERVIEW, "Balarezo: Relations are robust.") == "Balarezo: Relations are robust. [1]"
    assert quoted(INTERVIEW, "Our reporter met the ambassador.") == "Our reporter met the ambassador. [1]"


def test_a_speaker_whose_full_name_stands_once_is_named_in_full() -> None:
    text = "Ina Falk: Why?\nOm Rao: Rain fell.\nFalk: And now?\nRao: Well. Sun came out."
    assert [turn.speaker for turn in turns(text)] == ["Ina Falk", "Om Rao", "Ina Falk", "Om Rao"]
    assert quoted(text, "Sun came out.") == "Om Rao: Sun came out. [1]"


def test_a_pronoun_takes_the_sentence_before_along_but_not_another_speakers() -> None:
    kept = quoted(INTERVIEW, "They have grown for ten years.")
    assert kept == "Balarezo: Relations are robust. They have grown for ten years. [1]"
    assert quoted("Harbour\n\nThe port opened. It has nine cranes.", "It has nine cranes.").startswith(
        "The port opened."
    )
    assert quoted("It was in May that ice came. The port shut.", "It was in May that ice came.").startswith("It was in")


def test_the_author_is_named_where_an_article_says_we() -> None:
    column = "Close partners\n\nWe buy more from China every year."
    assert quoted(column, "We buy more from China every year.", "Ida Holm").startswith("Ida Holm: We buy")
    said = 'Partners\n\n"We buy more," the minister said.'
    assert quoted(said, '"We buy more," the minister said.', "Ida Holm") == '"We buy more," the minister said. [1]'


@pytest.mark.parametrize(
    "sentence",
    [
        "‘We buy more and it’s our right,’ the minister said.",
        "« We buy more », said the minister.",
        "“We will go on buying.",  # the quotation goes on in the next paragraph
        "We will go on buying,” the minister said.",
        "It was destroyed in World War I.",
        "The I-95 is closed.",
    ],
)
def test_the_author_is_not_named_for_the_words_of_others(sentence: str) -> None:
    assert quoted(f"Partners\n\n{sentence}", sentence, "Ida Holm") == f"{sentence} [1]"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The strike lasted forty-five days.", "The strike lasted 45 days."),
        ("It is a ten-minute walk.", "It is a 10-minute walk."),
        ("Velden won 1 in 0 votes.", "Velden won 1 in 0 votes."),
        ("A two-hundred-page book came out.", "A book of 200 pages came out."),
        ("Aid rose to 1.3 billion dollars.", "Aid rose to $1.3bn."),
        ("Two-thirds of voters agreed.", "Some 67 percent of voters agreed."),
        ("The bridge is 5 kilometres long.", "The bridge is 5 km long."),
        ("It opened on 28 June 2024.", "It opened on June 28, 2024."),
        ("It opened on 2024-06-28 at 22:45.", "It opened on June 28, 2024, at 10:45 PM."),
        ("Peru's president opened the port in Lima.", "The port in Lima was opened by the Peruvian president."),
        ("The city council did not approve the tram.", "The city council rejected the tram."),
        ("They came back.", "Boats left. They  came\nback."),
        ("In 2023 there were 12 strikes.", "Strikes rose from 9 in 2022 to 12 in 2023."),
        ("In 2024, 100 people died.", "In 2024 100 people died."),
        ("The UN and the European Union agreed.", "The U.N. and the EU agreed."),
    ],
)
def test_other_words_for_the_same_are_supported(sentence: str, quote: str) -> None:
    assert unsupported(sentence, [quote]) is None


@pytest.mark.parametrize(
    ("sentence", "quote", "reason"),
    [
        ("The strike lasted 54 days.", "The strike lasted 45 days.", "number '54'"),
        ("Aid rose to $1.3 million.", "Aid rose to $1.3bn.", "number '$1.3 million'"),
        ("Bolivia opened a port in Lima.", "Peru opened a port in Lima.", "name 'Bolivia'"),
        ("The mayor, Ida Berg, opened the port.", "The mayor, Ida Holm, opened the port.", "name 'Berg'"),
        ("It opened on 28 July 2024.", "It opened on June 28, 2024.", "date '28 July'"),
        ("The council did not approve the tram.", "The council approved the tram.", "denial"),
        ("The council approved the tram.", "The council never approved the tram.", "denial"),
        ("The US approved the deal.", "The UK approved the deal.", "name 'States'"),
        ("Chile sued Peru over the port.", "Peru sued Chile over the port.", "stands where"),
        ("The trip fell from 23 to 45 days.", "The trip fell from 45 to 23 days.", "stands where"),
        ("The mayor likes brass music and old ships.", "The mayor opened the port.", "content words"),
        ("And so.", "The mayor opened the port.", "no word"),
    ],
)
def test_one_changed_thing_is_caught_and_named(sentence: str, quote: str, reason: str) -> None:
    assert reason in (unsupported(sentence, [quote]) or "")


def test_a_sentence_is_held_against_the_quoted_sentences_most_like_it() -> None:
    quotes = ["Boats left Oslo. The strike lasted 45 days.", "Bread cost 3 euros. Nobody knew why."]
    assert align("Bread cost 45 euros.", quotes) == ["The strike lasted 45 days.", "Bread cost 3 euros."]
    assert align("Nothing of the kind?", []) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("from five in the morning", "from 5 a.m."),
        ("at 7:30 in the evening", "at 7.30 p.m."),
        ("down by 20pc", "down by 20 per cent"),
        ("1 340 cases and 12 300 000 doses", "1,340 cases and 12,300,000 doses"),
        ("in 31:12 hours", "in 31 12 hours"),
    ],
)
def test_figures_of_one_value_are_one_fact(one: str, other: str) -> None:
    assert [fact.key for fact in facts(one)] == [fact.key for fact in facts(other)]


def test_years_and_days_ahead_of_a_figure_stay_apart() -> None:
    assert [fact.key for fact in facts("In 2024 300 boats left.")][:2] == ["#2024", "#300"]
    assert [fact.key for fact in facts("Bus 12 300,000 times")][1:3] == ["#12", "#300000"]


def test_may_is_a_month_only_where_it_is_one() -> None:
    assert "@month 5" in [fact.key for fact in facts("The port opened in May.")]
    assert "@month 5" not in [fact.key for fact in facts("The port may open. May they come.")]
