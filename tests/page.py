"""What the tests of the page share: a service that answers by script, hostile words, and what a browser reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html.parser import HTMLParser
from typing import Any

from rag.errors import StoreError
from rag.events import CHECKING, READING, SEARCHING, Answered, Event, StepBegun
from rag.settings import Settings
from rag.text.languages import ABSTENTION
from rag.types import Answer, Article, Citation, Removal, Sentence, Statement
from ui.app import read_passage
from ui.render import PASSAGE

QUOTE = "The bridge is 412 metres long."
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<iframe src='http://evil.example'></iframe>",
    "</p></div></section><h1>out</h1><!-- ",
    "<a href='javascript:alert(1)'>link</a> javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "![picture](http://evil.example/x.png) [link](javascript:alert(1))",
    "[ref]: javascript:alert(1) 'x'",
    "# heading\n\n* item\n\n```python\ncode\n```\n\n    indented",
    "$$\\href{javascript:alert(1)}{x}$$ **strong** `code` ~~gone~~ | a | b |",
    "&lt;script&gt; &amp;lt; &copy; &#60;b&#62; &notanentity &",
    "${alert(1)} {{#each value}}{{this}}{{/each}} {{{value}}} <%= alert(1) %> `${1}`",
    "\" onmouseover=\"alert(1) ' autofocus onfocus='alert(1) `x` = > ",
    "\u202eright to left\u202c \u2066isolated\u2069",
    "a\x00b\x07c",
    "half a pair \ud83d",
)
# Of the tags and attributes that there are, what the page needs; Gradio's sanitizer keeps those of the conversation.
_PLAIN = {"class", "dir"}
_NAMED = {"class", "dir", "role", "tabindex", "aria-label"}
ALLOWED = {
    **dict.fromkeys(("b", "blockquote", "br", "del", "li", "mark", "ol", "span", "thead", "tbody", "tr", "td"), _PLAIN),
    **dict.fromkeys(("h1", "h3", "header", "table"), _PLAIN),
    **dict.fromkeys(("div", "h2", "p", "section", "ul"), _NAMED),
    "a": {"class", "href", "title"},
    "button": {"class", "dir", "type", "value", "aria-label", "aria-pressed"},
    "th": {"scope"},
}


class Shown(HTMLParser):
    """What a browser makes of HTML: its tags, its attributes, its words; all of it must be allowed and closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self._open == [], "every tag is closed"
        html.encode("utf-8")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert tag in ALLOWED and set(given) <= ALLOWED[tag], f"{tag} {given}"
        assert len(given) == len(attrs), "no attribute twice"
        if "href" in given:
            assert given["href"].startswith(PASSAGE)
            read_passage(given["href"].removeprefix(PASSAGE))
        self.tags.append(tag)
        self.attributes += given.items()
        if tag != "br":
            self._open.append((tag, given.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not any(name == "copied" for _, name in self._open):  # not in sight: what the buttons copy
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def values(self, name: str) -> list[str]:
        """What an attribute says wherever it stands."""
        return [value for key, value in self.attributes if key == name]


def squeezed(text: str) -> str:
    """The characters of a text without white space, as they can be sent."""
    return "".join(text.encode("utf-8", "replace").decode("utf-8").split())


def citation(marker: int = 1, quote: str = QUOTE, **values: Any) -> Citation:
    given = {
        "source": "bridge.txt",
        "title": "Bridge over the Arun opens",
        "publisher": "Velden Post",
        "published": date(2021, 5, 3),
        "start": 0,
        "end": len(quote),
        **values,
    }
    return Citation(marker=marker, quote=quote, **given)


def stated(*sentences: Sentence) -> Statement:
    """Sentences that were said together, behind the markers of the first."""
    return Statement(" ".join(each.text for each in sentences), sentences[0].markers, sentences)


def answer(
    *citations: Citation, sentences: Sequence[Sentence] | None = None, text: str = ABSTENTION, **values: Any
) -> Answer:
    """The quotes, or these sentences, one after the other; without any an abstention, in these words."""
    quotes = [Sentence(" ".join(each.quote.split()), (each.marker,), True) for each in citations]
    given = {
        "question": "How long is the bridge?",
        "statements": tuple(map(stated, quotes if sentences is None else sentences)),
        "abstention": "" if citations else text,
        "confidence": 0.9,
        "citations": citations,
        "passages": (),
        "model": "extractive",
        **values,
    }
    return Answer(**given)


def article(text: str = QUOTE, **values: Any) -> Article:
    given = {
        "source": "bridge.txt",
        "digest": "0" * 64,
        "title": "Bridge over the Arun opens",
        "publisher": "Velden Post",
        "published": date(2021, 5, 3),
        "author": "Ida Holm",
        "removed": (Removal("Share this", "a button"),),
        "original": values.get("source", "bridge.txt"),
        **values,
    }
    return Article(text=text, **given)


class ScriptedRAG:
    """Answers every question in the same way, or fails; remembers what it was asked."""

    def __init__(self, given: Answer | Exception | None = None, settings: Settings | None = None) -> None:
        self.given = given or answer()
        self.settings = settings or Settings()
        self.asked: list[tuple[str, list[Mapping[str, Any]], dict[str, Any]]] = []
        self.store = self

    def stream(self, question: str, *, history: Sequence[Mapping[str, Any]], **options: Any) -> Iterator[Event]:
        self.asked.append((question, list(history), options))
        yield StepBegun(SEARCHING)
        if isinstance(self.given, Exception):
            raise self.given
        yield StepBegun(READING)
        yield StepBegun(CHECKING)
        yield Answered(self.given)

    def article_counts(self) -> tuple[int, int]:
        if isinstance(self.given, Exception):
            raise StoreError("the index is gone; index the articles")
        return 2, 0
