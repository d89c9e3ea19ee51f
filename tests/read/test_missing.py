"""What is said of a question that names what no passage has."""

from __future__ import annotations

import pytest

from rag.read.missing import missing
from rag.types import Passage

TEXT = (
    "The harbour in Tarnbury had a turnover of 12 million euros in 2023 and of 14 million in 2024. "
    "Mayor Lena Ortiz of Velden said the bridge was safe. It was built by Arun Works in 1998. "
    "It opened in June near the market, says the International Monetary Fund of Côte d’Ivoire and Argentina, and "
    "has 1600 seats. The EU paid for Peru."
)
PASSAGE = Passage("1", TEXT, "a.txt", "Harbour grows", "Velden Post", None, 0, len(TEXT), 1.0)


@pytest.mark.parametrize(
    ("question", "nearest", "said"),
    [
        ("What was the turnover in 2021?", 0, "The passages found speak of 2023 and 2024, not of 2021."),
        ("What was the turnover in 2023?", 0, ""),
        ("Who built the bridge in 2021?", 1, "No passage found speaks of 2021."),
        ("What was the turnover in Harrowmere?", 0, "The passages found speak of Tarnbury, not of Harrowmere."),
        ("Who is mayor of Harrowmere?", 1, "No passage found has the name Harrowmere."),
        ("What opened in Harrowmere?", 3, "No passage found has the name Harrowmere."),
        ("What was built in 2021?", 3, "No passage found speaks of 2021."),
        ("What does the IMF expect?", 3, ""),
        ("What does the European Union expect?", 4, ""),
        ("Who leads Côte d'Ivoire?", 3, ""),
        ("What did Argentine farmers pay?", 3, ""),
        ("Who made the iPhone or eBay?", 3, ""),
        ("Who leads Perú in Łódź?", 4, "No passage found has the name Łódź."),
        ("Did Nora Blum build it?", 2, "No passage found has the name Nora Blum."),
        ("Who is Lena Ortiz?", 1, ""),
        ("What does the Velden Post say?", 1, ""),
        ("When did Harbour grow?", 0, ""),
        ("how long is it", 0, ""),
    ],
)
def test_a_difference_is_said_only_where_no_passage_has_the_name_or_year(
    question: str, nearest: int, said: str
) -> None:
    assert missing(question, [PASSAGE.spans[nearest]], [PASSAGE]) == said


def test_a_name_of_which_the_passages_have_a_part_is_no_difference() -> None:
    assert missing("What did Mayor Ortiz say?", [PASSAGE.spans[1]], [PASSAGE]) == ""


def test_without_passages_every_name_is_missing() -> None:
    assert missing("Who leads Velden?", [], []) == "No passage found has the name Velden."
