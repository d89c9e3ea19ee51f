"""What the page shows: nothing from a reader or an article becomes markup, and every marker has its source."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from rag.prompts import ABSTENTION
from rag.types import Answer, Citation
from ui.render import PENDING, render_answer, render_error, render_introduction, render_question

# Of what Gradio's sanitizer lets through, what ui/render.py needs.
TAGS = {"b", "blockquote", "br", "div", "h1", "li", "ol", "p"}
ATTRIBUTES = {"class", "dir"}
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![picture](http://evil.example/x.png)",
    "[link](javascript:alert(1))",
    "</p></div><iframe src='http://evil.example'></iframe>",
    '" onmouseover="alert(1)',
    "&lt;script&gt;",
    "# heading\n\n* item\n\n```python\ncode\n```",
    "$$\\href{javascript:alert(1)}{x}$$",
    "\u202eright to left",
    "half a pair \ud83d",
)


class Shown(HTMLParser):
    """What a browser makes of the HTML: tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def citation(marker: int = 1, quote: str = "The bridge is 412 metres long.", **values: object) -> Citation:
    given = {
        "source": "bridge.txt",
        "title": "Bridge over the Arun opens",
        "publisher": "Velden Post",
        "published": date(2021, 5, 3),
        "republished_in": (),
        **values,
    }
    return Citation(marker=marker, quote=quote, start=0, end=len(quote), **given)  # type: ignore[arg-type]


def answer(*citations: Citation, text: str | None = None, question: str = "How long is the bridge?") -> Answer:
    quoted = " ".join(f"{' '.join(each.quote.split())} [{each.marker}]" for each in citations)
    return Answer(question, text or quoted or ABSTENTION, bool(citations), 0.9, citations, (), "extractive")


def assert_harmless(html: str) -> None:
    shown = Shown(html)
    assert shown.tags <= TAGS
    assert shown.attributes <= ATTRIBUTES
    assert "\n" not in html, "a blank line would start Markdown"
    html.encode("utf-8")


def test_answer_names_its_source_and_quotes_it() -> None:
    copies = ("copy.txt", "second copy.txt")
    shown = Shown(render_answer(answer(citation(republished_in=copies)))).text
    assert shown == (
        "The bridge is 412 metres long. [1]Source[1] Bridge over the Arun opensVelden Post · 3 May 2021"
        "The bridge is 412 metres long.bridge.txt · republished in copy.txt, second copy.txt"
    )


@pytest.mark.parametrize(
    ("publisher", "published", "line"),
    [
        ("Velden Post", None, '<p class="origin">Velden Post</p>'),
        (None, date(2024, 6, 28), '<p class="origin">28 June 2024</p>'),
        (None, None, ""),
    ],
)
def test_what_is_unknown_is_left_out(publisher: str | None, published: date | None, line: str) -> None:
    html = render_answer(answer(citation(publisher=publisher, published=published)))
    assert "None" not in html
    assert re.findall('<p class="origin">.*?</p>', html) == ([line] if line else [])
    assert "republished" not in html


def test_every_marker_stands_in_the_text_and_at_its_source() -> None:
    html = render_answer(answer(citation(1), citation(2, "It cost 38 million euros.", source="costs.txt")))
    text, sources = html.split('<p class="sources-label">Sources</p>')
    for number in (1, 2):
        marker = f'<b class="marker">[{number}]</b>'
        assert text.count(marker) == 1
        assert sources.count(marker) == 1
    assert "long. <b" in text and "</b> It cost" in text


def test_brackets_in_the_quoted_words_are_no_markers() -> None:
    html = render_answer(answer(citation(1, "It opened in 2021.[1] See [2]."), citation(2, "It is long.")))
    text = html.split('<p class="sources-label">')[0]
    assert 'It opened in 2021.[1] See [2]. <b class="marker">[1]</b> It is long. <b class="marker">[2]</b>' in text


def test_line_breaks_in_a_quote_are_spaces() -> None:
    html = render_answer(answer(citation(1, "The bridge\n\nis long.")))
    assert "<blockquote" in html
    assert html.count("The bridge is long.") == 2


def test_abstention_names_the_closest_articles_once_and_quotes_nothing() -> None:
    html = render_answer(answer())
    assert Shown(html).text == ABSTENTION
    assert "source" not in html
    closest = (citation(1, "Boats <left>."), citation(2, "They came."))
    html = render_answer(replace(answer(), closest=closest))
    assert html.count(closest[0].title) == 1 and "left" not in html


@pytest.mark.parametrize("words", HOSTILE)
def test_no_markup_gets_through(words: str) -> None:
    everywhere = citation(
        quote=words, title=words, publisher=words, source=words, republished_in=(words, f"other {words}")
    )
    pages = (
        render_answer(answer(everywhere, question=words)),
        render_answer(answer(text=f"{ABSTENTION} {words}")),
        render_question(words),
        render_error(f"It said: {words}"),
        render_introduction(words, 5),
    )
    expected = "".join(words.encode("utf-8", "replace").decode().split())
    for html in pages:
        assert_harmless(html)
        assert expected in "".join(Shown(html).text.split()), "the words are there, as text"


def test_question_keeps_its_lines_and_a_very_long_one_is_cut() -> None:
    assert ">a<br>b</div>" in render_question(" a\nb ")
    assert len(render_question("word " * 100_000)) < 2100


@pytest.mark.parametrize(
    ("message", "shown"),
    [("port 1 is in use", "Port 1 is in use."), ("what now?", "What now?"), ("two\nlines", "Two lines.")],
)
def test_errors_are_one_sentence(message: str, shown: str) -> None:
    assert render_error(message) == f'<div class="error">{shown}</div>'


def test_introduction_counts_articles() -> None:
    assert "quoted word for word from one news article." in render_introduction("Ask", 1)
    assert "from 4 news articles." in render_introduction("Ask", 4)
    assert "from 4 news articles and 1 republished copy." in render_introduction("Ask", 4, 1)
    assert "and 2 republished copies." in render_introduction("Ask", 4, 2)
    assert "from the news articles." in render_introduction("Ask", None)


def test_the_waiting_line_is_harmless() -> None:
    assert_harmless(PENDING)
