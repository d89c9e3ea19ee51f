"""Republished copies are found; updates, series and shared boilerplate are not taken for copies."""

import random
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest
from test_clean import SEEDS, Page, pages

from rag.ingest.clean import Cleaned, clean
from rag.ingest.copies import compared, file_of, group
from rag.ingest.load import load_document
from rag.ingest.metadata import read_metadata
from rag.types import Article, Removal


def group_copies(articles: Sequence[Article]) -> list[int]:
    """For each article the index of its original."""
    return group(list(map(file_of, articles)), lambda one, other: compared(articles[one], articles[other]))


def finished(result: Cleaned) -> Article:
    document = read_metadata(result.document, result.removed)
    found = document.metadata
    published = date.fromisoformat(found["published"]) if found["published"] else None
    return article(document.page_content, found["source"], found["title"] or "", published, result.removed)


def canonicals(found: list[Page]) -> dict[str, str]:
    articles = [finished(page.cleaned) for page in found]
    return {str(page): str(found[leader]) for page, leader in zip(found, group_copies(articles), strict=True)}


def article(
    text: str,
    source: str = "a",
    title: str = "",
    published: date | None = None,
    removed: tuple[Removal, ...] = (),
) -> Article:
    return Article(source, "", title, None, published, None, text, removed, source)


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
        ["Another headline for it", *BODY[1:]],
        ["Another headline for it", *BODY[:5], *BODY[6:]],
        ["LIMA, Nov 14 -", *[line.upper() for line in BODY]],
        ["Our readers in Lima write", *BODY, "More of the same"],
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
    late, early = article(text, "a", published=date(2024, 5, 2)), article(text, "b", published=date(2024, 5, 1))
    assert group_copies([late, early]) == [1, 1]
    dirty, neat = (article(text, source, removed=(Removal(dirt, ""),)) for source, dirt in (("a", "Menu"), ("b", "x")))
    assert group_copies([dirty, neat]) == [1, 1]
    assert group_copies([article(text, "b"), article(text, "a")]) == [1, 1]


def test_copies_of_copies_share_one_canonical_in_any_order() -> None:
    chain = [BODY, ["A headline", *BODY[2:]], ["Another headline", *BODY[2:], "More of the same"], sentences(6, 9)]
    documents = [article("\n".join(lines), name) for lines, name in zip(chain, "abcd", strict=True)]
    expected = {"a": "a", "b": "a", "c": "a", "d": "d"}
    for seed in range(6):
        order = random.Random(seed).sample(documents, len(documents))
        leaders = group_copies(order)
        assert {each.source: order[leader].source for each, leader in zip(order, leaders, strict=True)} == expected


# Invented. Each is a notice of one template, filled in for two places or weeks.
TEMPLATES = [
    (
        """{} swimming pool to reopen

The swimming pool of {} opens again on the first day of the school holidays, the council said. {}, who heads the parks
department, thanked the firm that had laid the tiles in spite of the rain. {} said that the slide would follow as soon
as it had been tested. Admission for children stays as it was.""",
        ("Alverstone", "Alverstone", "Ingrid Hollis", "Hollis"),
        ("Pennick Bay", "Pennick Bay", "Marcus Tull", "Tull"),
    ),
    (
        """The ferry company carried {} passengers last week, of whom {} had bicycles with them. {} crossings were
called off on account of the wind. Travellers are asked to be at the landing stage in good time, since the car deck is
closed as soon as the bell has been rung. Dogs travel free but must be kept on a lead.""",
        ("4,310", "612", "Three"),
        ("3,975", "540", "Seven"),
    ),
    (
        """The chest clinic on wheels will stand in front of the town hall on {}, from noon until the last patient has
been seen. No appointment is needed and nothing has to be paid. Those who have been X-rayed elsewhere in the past year
are asked to bring their pictures along, so that the doctors can compare them.""",
        ("Tuesday, 4 March",),
        ("Friday, 23 May",),
    ),
    (
        """Dunmore stated after the match that the pitch had been too soft for a game of this kind. The referee had
walked over it twice in the morning and found no fault. Both clubs will play again as soon as the ground has dried, and
tickets keep their value until then. Dunmore won the toss, and so will choose the end. The first match had ended {}.""",
        ("2-0",),
        ("0-2",),
    ),
]


@pytest.mark.parametrize(("template", "one", "two"), TEMPLATES)
def test_siblings_of_one_template_are_articles(template: str, one: tuple[str, ...], two: tuple[str, ...]) -> None:
    found = [article(template.format(*one), "a"), article(template.format(*two), "b")]
    assert group_copies(found) == [0, 1] and group_copies(found[::-1]) == [0, 1]


REPORT = """Mr. Ortega's bakery in Quilmar closes
The bakery of Mr. Ramón Ortega in Quilmar, which has baked for the harbour since 1951, closes on December 9th.
He had lost about 40 per cent of his customers, Mr. Ortega said, and no neighbour had recognised the danger.
"We kneaded by hand until five in the morning and sold by noon," said his sister Pilar.
The town centre loses its last oven.
A chain from Velmonte has offered 3 million euros for the house.
The council will look at the offer in the spring."""
REPUBLISHED = """COAST COURIER | Business
The last loaf
QUILMAR (Litoral) — The bakery of Ramon Ortega in Quilmar, which has baked for the harbor since 1951, closes on Dec. 9.
He had lost about 40% of his customers, Ortega said, and no neighbor had recognized the danger.
“We kneaded by hand until 5 a.m. and sold by noon,” his sister Pilar said.
Read more stories like this one in our newsletter.
The town center loses its last oven.
This article was first published by the Litoral Gazette."""


def titled(text: str, source: str = "a", published: date | None = None) -> Article:
    return article(text, source, text.split("\n")[0], published)


def test_house_style_and_a_cut_end_make_a_copy_of_the_whole_article() -> None:
    assert group_copies([titled(REPUBLISHED, "a"), titled(REPORT, "b")]) == [1, 1]
    assert group_copies([titled(REPORT, "a"), titled(REPUBLISHED, "b", published=date(2024, 5, 1))]) == [0, 0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3 million", "4 million"),
        ("Velmonte", "Tesca"),
        ("will look at", "will not look at"),
        ("in the spring.", "in the spring.\nIts mayor, Elsa Prado, is in favour."),
        ("The council will look at the offer in the spring.", "On Monday the council refused the offer."),
        ("will look at the offer in", "has looked at the offer in"),
        ("The council will", "The council, which had been asked to buy the oven for the school kitchen, will"),
        ("in the spring.", "in the spring. Whether anybody will bake there again is open."),
        ("said his sister Pilar.", "said his sister Pilar, 81."),
        ("in the spring.", "in the spring.\n“We support our members, and read every letter,” said Elsa Prado."),
    ],
)
def test_an_update_is_an_article(old: str, new: str) -> None:
    assert old in REPORT
    assert group_copies([titled(REPORT, "a"), titled(REPORT.replace(old, new), "b")]) == [0, 1]
    assert group_copies([titled(REPORT.replace(old, new), "a"), titled(REPORT, "b")]) == [0, 1]


def test_a_headline_that_tells_of_what_was_added_and_a_later_day_show_an_update() -> None:
    added = f"{REPORT}\nOn Monday Ortega sold the oven to a collector from Tesca."
    sold = added.replace("Mr. Ortega's bakery in Quilmar closes", "Oven of Quilmar goes to a collector")
    shortened = added.replace("Mr. Ortega's bakery in Quilmar closes", "A bakery closes in Quilmar")
    assert group_copies([titled(REPORT, "a"), titled(sold, "b")]) == [0, 1]
    assert group_copies([titled(REPORT, "a"), titled(shortened, "b")]) == [1, 1]
    first, second = date(2024, 5, 1), date(2024, 5, 2)
    assert group_copies([titled(REPORT, "a", first), titled(shortened, "b", second)]) == [0, 1]
    assert group_copies([titled(REPORT, "a", second), titled(shortened, "b", first)]) == [1, 1]


def test_a_part_that_two_articles_share_does_not_make_them_one() -> None:
    """A copy of the first half belongs to one of them; before, whatever it was a copy of became one article."""
    half = "Bakery news from the coast\n" + "\n".join(REPORT.split("\n")[1:5])
    other = REPORT.replace("3 million", "4 million")
    leaders = group_copies([titled(REPORT, "a"), titled(other, "b"), titled(half, "c")])
    assert leaders[:2] == [0, 1] and leaders[2] in (0, 1)


@pytest.mark.parametrize(
    "line",
    [
        "This text was taken over from the Litoral Gazette and appeared there on 3 May.",
        "Support journalism on the coast with 4 euros a month.",
        "Listen to our podcast “Salt”, new every Thursday.",
        "Distributed by Litoral Features Ltd.",
        "Additional reporting by Ana Gil in Tesca; editing by Jo Bold.",
        "Published: Tuesday, 4 May 2021 at 10:15",
        "ADVERTISEMENT",
        "Mr. Ortega and his sister Pilar in the bakery.",
    ],
)
def test_what_the_republisher_adds_is_nothing_new(line: str) -> None:
    head, *body = REPORT.split("\n")
    copy = "\n".join([head, *body, line])
    assert len(set(group_copies([titled(REPORT, "a"), titled(copy, "b")]))) == 1


def test_bylines_and_days_of_publication_may_differ() -> None:
    head, *body = REPORT.split("\n")
    lines = ("Published on 4 May 2021 | By Ana Gil, Litoral", "Published on 7 May 2021 | By Jo Bold, Courier")
    one, other = (titled("\n".join([head, line, *body])) for line in lines)
    assert group_copies([one, other]) == [0, 0]


def test_what_a_republisher_trims_or_converts_is_nothing_new() -> None:
    """The text that has the clauses is the original, for nothing that was said is to be lost."""
    trimmed = "The last loaf\n" + REPORT.split("\n", 1)[1].replace(", which has baked for the harbour since 1951,", "")
    assert group_copies([titled(trimmed, "a"), titled(REPORT, "b")]) == [1, 1]
    converted = REPORT.replace("3 million euros", "3 million euros ($3.3 million)")
    assert group_copies([titled(converted, "a"), titled(REPORT, "b")]) == [0, 0]


def test_a_moved_half_and_joined_paragraphs_are_no_difference() -> None:
    head, *body = REPORT.split("\n")
    assert group_copies([titled(REPORT, "a"), titled("\n".join([head, *body[3:], *body[:3]]), "b")]) == [0, 0]
    assert group_copies([titled(REPORT, "a"), titled(f"{head}\n{' '.join(body)}", "b")]) == [0, 0]


def test_the_work_is_about_linear() -> None:
    """Four times the articles take about four times the calls of functions; a quadratic method takes sixteen times."""
    boilerplate = " ".join(sentences(7, 5))
    documents = [article(f"{' '.join(sentences(seed, 45))}\n{boilerplate}", f"{seed:04}") for seed in range(10, 210)]

    def calls(part: list[Article]) -> int:
        events = Counter[str]()
        sys.setprofile(lambda frame, event, argument: events.update([event]))
        try:
            assert group_copies(part) == list(range(len(part)))
        finally:
            sys.setprofile(None)
        return events["call"] + events["c_call"]

    assert calls(documents) < 6 * calls(documents[:50])
