"""Republished copies are found; updates, series and shared boilerplate are not taken for copies."""

import random
import sys
from collections import Counter
from typing import Any

import pytest
from langchain_core.documents import Document
from test_clean import SEEDS, Page, pages

from rag.ingest.clean import Cleaned, clean
from rag.ingest.copies import group_copies
from rag.ingest.load import load_document
from rag.ingest.metadata import read_metadata


def finished(result: Cleaned) -> Document:
    document = read_metadata(result.document, result.removed)
    removed = sum(len(removal.text) for removal in result.removed)
    return Document(page_content=document.page_content, metadata={**document.metadata, "removed_characters": removed})


def canonicals(found: list[Page]) -> dict[str, str]:
    documents = [finished(page.cleaned) for page in found]
    return {str(page): str(found[leader]) for page, leader in zip(found, group_copies(documents), strict=True)}


def article(text: str, source: str = "a", **metadata: Any) -> Document:
    return Document(page_content=text, metadata={"source": source, "published": None, **metadata})


def sentences(seed: int, count: int) -> list[str]:
    """Made-up sentences that share no runs of words."""
    source = random.Random(seed)
    words = ["".join(source.choices("bcdfghklmnprstvz", k=7)) for _ in range(400)]
    return [" ".join(source.choices(words, k=14)) + "." for _ in range(count)]


BODY = sentences(0, 12)


def test_of_the_five_articles_003_is_a_copy_of_002() -> None:
    documents = [finished(clean(load_document(path, path.name))) for path in SEEDS]
    assert group_copies(documents) == [0, 1, 2, 2, 4]


def test_dev_pages() -> None:
    found = pages("dev")
    assert canonicals(found) == {str(page): page.gold["copy_of"] or str(page) for page in found}


@pytest.mark.parametrize(
    "copy",
    [
        ["Another headline for it", *BODY],
        BODY[1:],
        [*BODY[:5], *BODY[6:]],
        ["LIMA, Nov 14 -", *[line.upper() for line in BODY]],
        [*sentences(9, 2), *BODY, *sentences(8, 2)],
        ["5 heat pumps that pay for themselves", *BODY[:6], "12 tips for winter", *BODY[6:]],
    ],
)
def test_copies(copy: list[str]) -> None:
    documents = [article("\n".join(["A headline", *BODY]), "a"), article("\n".join(copy), "b")]
    assert group_copies(documents) == [0, 0]


def test_typography_makes_no_difference() -> None:
    text = 'He said: "It\'s 1,000 miles - no more", and went. The others stayed for a while, and then they left.'
    other = text.translate(str.maketrans({'"': "”", "'": "’", "-": "—"})).replace("1,000", "1.000")
    assert group_copies([article(text, "a"), article(other, "b")]) == [0, 0]


def test_chinese_is_compared_by_character() -> None:
    text = "三年前的那场洪水冲垮了古桥的第三孔。石料散落在下游两公里的河床里，县里一度打算在原址建一座钢筋水泥桥。"
    assert group_copies([article(text, "a"), article("另一个标题\n" + text, "b")]) == [0, 0]
    assert group_copies([article(text, "a"), article(text.replace("两公里", "九公里"), "b")]) == [0, 1]


@pytest.mark.parametrize(("old", "new"), [("six", "nineteen"), ("6", "19"), ("two", "three")])
def test_an_update_with_other_figures_is_no_copy(old: str, new: str) -> None:
    lead = "At least {} people were killed when an earthquake struck mountain villages, the governor said."
    first, second = ("\n".join([lead.format(number), *BODY]) for number in (old, new))
    assert group_copies([article(first, "a"), article(second, "b")]) == [0, 1]


def test_a_shared_paragraph_does_not_make_a_copy() -> None:
    one, two = [*sentences(1, 8), *BODY[:4]], [*sentences(2, 8), *BODY[:4]]
    assert group_copies([article("\n".join(one), "a"), article("\n".join(two), "b")]) == [0, 1]


def test_a_report_that_contains_a_brief_is_no_copy() -> None:
    assert group_copies([article("\n".join(BODY), "a"), article("\n".join(BODY[:3]), "b")]) == [0, 1]


def test_short_texts_are_copies_only_when_equal() -> None:
    assert group_copies([article("He was 84.", "a"), article("He was 84!", "b"), article("He was 85.", "c")]) == [
        0,
        0,
        2,
    ]
    assert group_copies([article("", "a"), article("", "b")])[0] == 0


def test_the_canonical_is_the_earliest_then_the_cleanest_then_the_first() -> None:
    text = "\n".join(BODY)
    late, early = article(text, "a", published="2024-05-02"), article(text, "b", published="2024-05-01")
    assert group_copies([late, early]) == [1, 1]
    dirty, neat = article(text, "a", removed_characters=900), article(text, "b", removed_characters=10)
    assert group_copies([dirty, neat]) == [1, 1]
    assert group_copies([article(text, "b"), article(text, "a")]) == [1, 1]


def test_copies_of_copies_share_one_canonical_in_any_order() -> None:
    chain = [BODY, BODY[2:], [*BODY[2:], *sentences(5, 3)], sentences(6, 9)]
    documents = [article("\n".join(lines), name) for lines, name in zip(chain, "abcd", strict=True)]
    expected = {"a": "a", "b": "a", "c": "a", "d": "d"}
    for seed in range(6):
        order = random.Random(seed).sample(documents, len(documents))
        leaders = group_copies(order)
        found = {
            document.metadata["source"]: order[leader].metadata["source"]
            for document, leader in zip(order, leaders, strict=True)
        }
        assert found == expected


def test_the_work_is_about_linear() -> None:
    """Four times the articles take about four times the calls of functions; a quadratic method takes sixteen times."""
    boilerplate = " ".join(sentences(7, 5))
    documents = [article(f"{' '.join(sentences(seed, 45))}\n{boilerplate}", f"{seed:04}") for seed in range(10, 210)]

    def calls(part: list[Document]) -> int:
        events = Counter[str]()
        sys.setprofile(lambda frame, event, argument: events.update([event]))
        try:
            assert group_copies(part) == list(range(len(part)))
        finally:
            sys.setprofile(None)
        return events["call"] + events["c_call"]

    assert calls(documents) < 6 * calls(documents[:50])
