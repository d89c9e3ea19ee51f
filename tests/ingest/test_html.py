"""What of a web page is its article: the extractors' vote, declared texts, pages that break off, what is left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from rag.ingest.clean import clean
from rag.ingest.load import to_document

HEADLINE = "Tram line 9 to Ostermoor opens"
TEXT = (
    "Tram line 9 to Ostermoor opens on Saturday, the transport company said.",
    "The line is 7.3 kilometres long and has eleven stops. Trams run every eight minutes on weekdays.",
    "A single ride costs 2.60 pounds, and children under six ride free on all lines of the company.",
    "The first tram is driven by Petra Oyelaran, who has worked for the company for 31 years.",
)
WALL = "This article is for subscribers only. Subscribe now for 1 pound a week to continue reading."
NOT_FREE = {"isAccessibleForFree": "False"}


def page(shown: str, above: str = "", below: str = "", **article: Any) -> Document:
    declared = json.dumps({"@type": "NewsArticle", "headline": HEADLINE, **article})
    head = f"<title>{HEADLINE} | Skerry Herald</title><script type='application/ld+json'>{declared}</script>"
    body = f"{above}<article><h1>{HEADLINE}</h1>{shown}</article>{below}"
    return to_document(f"<html><head>{head}</head><body>{body}</body></html>".encode(), Path("a.html"), "a.html")


def paragraphs(*lines: str) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize("body", [" ".join(TEXT), "\n\n".join(TEXT), paragraphs(*TEXT)], ids=["line", "lines", "html"])
def test_an_article_behind_a_teaser_is_read_from_its_description(body: str) -> None:
    document = page(paragraphs(TEXT[0], WALL), articleBody=body)
    assert " ".join(document.page_content.split()) == " ".join((HEADLINE, *TEXT))
    assert ["JSON-LD" in note for note in document.metadata["notes"]] == [True]


def test_a_page_that_shows_its_article_is_read_as_shown() -> None:
    summary = "Trams run every eight minutes on weekdays."
    for body in (" ".join(TEXT), summary, "Tram line 9 will open soon, said somebody else."):
        document = page(paragraphs(*TEXT), articleBody=body)
        assert document.page_content.split("\n") == [HEADLINE, *TEXT]
        assert document.metadata["notes"] == ()


@pytest.mark.parametrize(
    ("shown", "declared", "note"),
    [
        (paragraphs(*TEXT[:2], WALL), {}, "asks to subscribe"),
        (paragraphs(*TEXT[:2], f"{TEXT[2][:60]}…"), {}, "ends in"),
        (paragraphs(*TEXT[:2]), NOT_FREE, "not free"),
        (paragraphs(TEXT[0], "Readers had to subscribe to read it, he said.", *TEXT[1:]), {}, None),
        (paragraphs(*TEXT), {"isAccessibleForFree": True}, None),
    ],
)
def test_a_page_that_looks_cut_off_has_a_note(shown: str, declared: dict[str, Any], note: str | None) -> None:
    notes = page(shown, **declared).metadata["notes"]
    assert len(notes) == bool(note) and all(note in each for each in notes if note)


def test_what_a_page_has_around_its_article_is_left_out_and_listed_in_order() -> None:
    menu = "<div class='menu'><a href='/'>Home</a> <a href='/w'>World</a></div>"
    offer = paragraphs("Start the day with the stories that matter.")
    box = f"<div class='newsletter'><h3>The Dispatch</h3>{offer}</div>"
    foot = "<footer>© Skerry Herald</footer>"
    result = clean(page(paragraphs(*TEXT[:2]) + box + paragraphs(*TEXT[2:]), menu, foot))
    assert result.document.page_content.split("\n") == [HEADLINE, *TEXT]
    texts = [line.text for line in result.lines]
    assert texts == [
        "Home World",
        HEADLINE,
        *TEXT[:2],
        "The Dispatch",
        "Start the day with the stories that matter.",
        *TEXT[2:],
        "© Skerry Herald",
    ]
    assert {removal.reason for removal in result.removed} == {"of the page around the article"}


def test_what_no_browser_shows_is_no_text() -> None:
    unseen = "<style>.a {color: red}</style><script>var word = 1;</script><noscript>Turn on JavaScript.</noscript>"
    unseen += "<template><p>Nobody sees this template in a browser.</p></template>"
    result = clean(page(unseen + paragraphs(*TEXT[:2]) + unseen + paragraphs(*TEXT[2:]), unseen, unseen))
    assert [line.text for line in result.lines] == [HEADLINE, *TEXT]


LONG = [f"In chapter {i} of the report {sentence}" for i in range(40) for sentence in TEXT]
SHAPES = {
    "sections": "".join(f"<section><h2>Part {i}</h2><p>{line}</p></section>" for i, line in enumerate(LONG)),
    "several articles": "".join(f"<article><p>{line}</p></article>" for line in LONG),
    "half in another box": f"<div class='article-body'>{paragraphs(*LONG[:9])}</div><div>{paragraphs(*LONG[9:])}</div>",
    "line breaks": f"<div>{'<br><br>'.join(LONG)}</div>",
    "a table for layout": f"<table><tr><td><a href='/'>Home</a></td><td>{paragraphs(*LONG)}</td></tr></table>",
    "links in each": paragraphs(*(line.replace("report", "<a href='/r'>report</a>") for line in LONG)),
    "a form": f"<form>{paragraphs(*LONG)}</form>",
    "telling names": f"<div class='sidebar-layout menu-open'>{paragraphs(*LONG)}</div>",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_article_is_whole_and_its_menus_go(shape: str) -> None:
    links = "".join(f"<li><a href='/{i}'>Line {i} will be closed for {i} days</a></li>" for i in range(20, 40))
    html = f"<html><body><h1>{HEADLINE}</h1>{SHAPES[shape]}<div class='side'><ul>{links}</ul></div></body></html>"
    text = clean(to_document(html.encode(), Path("a.html"), "a.html")).document.page_content.split("\n")
    assert [line for line in text if not line.startswith("Part ")] == [HEADLINE, *LONG]


def test_the_headline_is_found_below_the_name_of_the_site() -> None:
    html = f"<html><head><title>Slow Water: {HEADLINE}</title></head><body><h1><a href='/'>Slow Water</a></h1>"
    html += f"<div><h3>{HEADLINE}</h3>{paragraphs(*TEXT)}</div></body></html>"
    document = to_document(html.encode(), Path("a.html"), "a.html")
    assert (document.metadata["title"], document.metadata["publisher"]) == (HEADLINE, "Slow Water")
    assert document.page_content.split("\n") == [HEADLINE, *TEXT]
