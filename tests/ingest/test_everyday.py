"""What news says every day is no furniture, wherever in the article it is said."""

import html
from pathlib import Path

import pytest
from langchain_core.documents import Document

from rag.ingest.clean import clean
from rag.ingest.load import to_document

SENTENCES = Path(__file__).with_name("everyday.txt").read_text("utf-8").splitlines()

CARRIERS = (
    (
        "Valley town to get a new library",
        "The town of Cadel will build a library on the site of its old gasworks, the mayor said on Tuesday.",
        "Work begins in March and will take two years, and the old reading room will stay open until then.",
        "The council had argued over the plan for six winters before it agreed last month.",
    ),
    (
        "Storm takes roof off sports hall",
        "Rain fell all night.",
        "A storm tore the roof off the sports hall of Berin in the night to Monday, and nobody was hurt.",
        "The fire brigade was called out 41 times between midnight and five in the morning.",
        "Pupils were sent home.",
    ),
)


MENU = "Home | World | Sport | Culture"
FOOT = "Share this article\n\nSubscribe to our newsletter\n\n© 2024 The Dale Observer. All rights reserved."


def page(carrier: tuple[str, ...], sentence: str, place: str) -> str:
    headline, *body = carrier
    at = {"first": 0, "middle": len(body) // 2, "last": len(body)}[place]
    return "\n\n".join((headline, *body[:at], sentence, *body[at:]))


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_everyday_sentence_is_lost(sentence: str, place: str) -> None:
    for carrier in CARRIERS:
        text = page(carrier, sentence, place)
        assert clean(Document(page_content=text)).document.page_content == text
        around = f"{MENU}\n\n{text}\n\n{FOOT}"
        assert clean(Document(page_content=around)).document.page_content == text


@pytest.mark.parametrize("first", range(0, len(SENTENCES), 4))
def test_no_everyday_sentence_of_a_web_page_is_lost(first: int) -> None:
    """Four sentences a page, as the first, the last and amid others: reading a page takes a while."""
    sentences = SENTENCES[first : first + 4]
    headline, *body = CARRIERS[0]
    lines = [*sentences[:1], *body[:1], *sentences[1:3], *body[1:], *sentences[3:]]
    menu = "".join(f"<a href='/{name}'>{name}</a> " for name in MENU.split(" | "))
    words = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    text = (
        f"<body><nav>{menu}</nav><h1>{headline}</h1><div>{words}</div><footer>© 2024 The Dale Observer</footer></body>"
    )
    document = clean(to_document(text.encode(), Path("a.html"), "a.html")).document
    assert document.page_content.split("\n") == [headline, *lines]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("name", ["CNN", "Reuters", "The Dale Observer", "BBC News"])
@pytest.mark.parametrize("date", ["Published: 4 March 2024", "Published 6:04 PM EST, Mon March 4, 2024"])
def test_headline_with_the_papers_name_and_date_stay(carrier: tuple[str, ...], name: str, date: str) -> None:
    headline, *body = carrier
    text = "\n\n".join((f"{headline} | {name}", date, *body))
    assert clean(Document(page_content=text)).document.page_content == text


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("label", ["Top stories", "Latest news", "More news"])
def test_the_headline_below_a_label_of_a_list_stays(carrier: tuple[str, ...], label: str) -> None:
    text = "\n\n".join(carrier)
    assert clean(Document(page_content=f"{label}\n\n{text}")).document.page_content == text


@pytest.mark.parametrize("headline", ["# Peru", "古桥重开通行"])
def test_a_headline_of_one_word_below_its_byline_stays(headline: str) -> None:
    text = "\n\n".join(("By Ann Lee", headline, *CARRIERS[0][1:]))
    assert clean(Document(page_content=text)).document.page_content == text
