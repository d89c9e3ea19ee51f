"""People are told from other names by their first names and by what stands around them."""

from __future__ import annotations

import pytest

from rag.text.people import in_full, people


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Clara Whitmore, who runs the ferry, said so. “It sails,” Whitmore said.", {"Clara Whitmore": 2}),
        ("Prime Minister Tolvi spoke. Later Tolvi left.", {"Tolvi": 2}),
        ("The judge Corrin Maddas fined the firm.", {"Corrin Maddas": 1}),
        ("Zorp Quimble, 58, repaired the mole.", {"Zorp Quimble": 1}),
        ("The Ambassador to China Marta Ilves arrived.", {"Marta Ilves": 1}),
        ("Jonas and the Harbour Trust met at Grace Street in Marsh End on Friday.", {}),
        ("Will Congress act? They will see.", {}),
        ("The ship Saint Brigid sank off South Quay, the North Mole said.", {}),
        ("By Ida Holm\nThe town slept.", {}),
        ("Le Courrier du Nord annonce que le maire et la ville se taisent.", {}),
    ],
)
def test_people(text: str, named: dict[str, int]) -> None:
    imprint = [(0, 11)] if text.startswith("By ") else []
    assert dict(people(text, imprint)) == named


def test_a_surname_of_two_people_is_no_ones() -> None:
    assert in_full(["Holm", "Ida Holm", "Bo Holm"]) == {}
