"""What the chat shows: nothing from a reader or an article becomes markup, and every marker leads to its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import RAG
from rag.events import CHECKING, READING, SEARCHING
from rag.text.languages import ABSTENTION
from rag.types import Conflict, Entry, Sentence, Statement
from tests.page import HOSTILE, QUOTE, Shown, answer, article, citation, squeezed
from ui.app import read_passage
from ui.conversation import Turn, to_markdown, to_text
from ui.render import (
    LONGEST_CLOSEST,
    PASSAGE,
    passage_address,
    read_question,
    render_answer,
    render_error,
    render_evidence,
    render_introduction,
    render_question,
    render_step,
    render_turn,
)

COST = citation(2, "It cost 38 million euros.", source="costs.txt", publisher=None, published=None)
ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]))


def said(html: str) -> str:
    """What an answer says, without what stands below it."""
    (text,) = re.findall('<p class="answer-text" dir="auto">(.*?)</p>', html)
    return Shown(text).text


# Answers


def test_an_answer_names_its_source_and_shows_its_quote_once() -> None:
    copies = ("copy.txt", "second copy.txt")
    shown = Shown(render_answer(answer(citation(republished_in=copies, place="page 3")))).text
    assert shown == (
        "The bridge is 412 metres long. [1]Very likely the answerSource[1] Bridge over the Arun opens "
        "Velden Post · 3 May 2021 · bridge.txt · page 3 · republished in copy.txt, second copy.txt"
        "Copy textCopy Markdown"
    )


def test_what_articles_differ_in_is_a_list_with_source_date_and_marker() -> None:
    hostile = citation(
        2, "It cost <b>51</b> million euros.", source="costs.txt", publisher="<i>Post</i>", published=None
    )
    conflicts = (Conflict("412 metres", 1, date(2021, 5, 3)), Conflict("<b>51</b> million euros", 2, None))
    remark = Sentence("The articles differ: …", (1, 2), True)
    html = render_answer(answer(citation(), hostile, remark=remark, conflicts=conflicts))
    assert remark.text not in Shown(html).text and "<b>" not in html and "<i>" not in html
    shown = Shown(html).text
    assert "The articles differ:412 metres [1] Velden Post · 3 May 2021" in shown
    assert "<b>51</b> million euros [2] <i>Post</i> · undated" in shown
    assert "newest" not in shown
    dated = (conflicts[0], replace(conflicts[1], published=date(2021, 6, 1)))
    later = replace(hostile, published=date(2021, 6, 1))
    html = render_answer(answer(citation(), later, remark=remark, conflicts=dated))
    assert "1 June 2021 · newest" in html and html.count("newest") == 1


def test_parts_of_an_answer_stand_under_their_headings() -> None:
    length, cost = (replace(each, heading=f"<b>{n}</b>") for n, each in enumerate(answer(citation(), COST).statements))
    unsaid = Statement("The articles do not say.", (), (), "Who built it?")
    html = render_answer(answer(citation(), COST, statements=(length, cost, unsaid), kind="several"))
    text = Shown(html).text
    assert text.startswith("<b>0</b>The bridge is 412 metres long. [1]<b>1</b>It cost 38 million euros. [2]Who built")
    assert "Who built it?The articles do not say.Sources" in text and "likely the answer" not in text


def test_a_list_of_the_collection_leads_to_its_articles() -> None:
    many = tuple(f"{letter}.txt" for letter in "abcdefgh")
    entries = (Entry("<i>A bridge</i> (Post)", ("bridge.txt",)), Entry("Ida Holm: 8 articles", many), Entry("none", ()))
    counted = (Statement("3 articles:", (), ()),)
    html = render_answer(answer(statements=counted, entries=entries, kind="collection", text=""))
    assert "<i>" not in html and PASSAGE in html
    assert [html.count(f"source={name}") for name in ("bridge.txt", "a.txt", "e.txt", "f.txt")] == [1, 1, 1, 0]
    assert Shown(html).text.startswith("3 articles:<i>A bridge</i> (Post)Ida Holm: 8 articles 2 3 4 5none")


def test_a_quote_that_the_answer_says_otherwise_is_shown_below() -> None:
    said = "412 metres is its length."
    html = render_answer(answer(citation(), sentences=(Sentence(said, (1,), True),)))
    assert f'<blockquote dir="auto">{QUOTE}</blockquote>' in html
    assert Shown(html).text.count(QUOTE) == 1
    assert "<blockquote" not in render_answer(answer(citation(quote="The bridge\n\nis long.")))


@pytest.mark.parametrize(
    ("publisher", "published", "line"),
    [
        ("Velden Post", None, "Velden Post · bridge.txt"),
        (None, date(2024, 6, 28), "28 June 2024 · bridge.txt"),
        (None, None, "bridge.txt"),
    ],
)
def test_what_is_unknown_is_left_out(publisher: str | None, published: date | None, line: str) -> None:
    html = render_answer(answer(citation(publisher=publisher, published=published)))
    assert re.findall('<span class="origin">(.*?)</span>', html) == [line]


def test_every_marker_stands_once_behind_its_words_and_once_at_its_source() -> None:
    html = render_answer(answer(citation(), COST))
    text, below = html.split('<p class="sources-label">')
    for each in (citation(), COST):
        address = passage_address(each.source, each.start, each.end).replace("&", "&amp;")
        assert text.count(f'<a class="marker" href="{address}" title="{each.quote}">[{each.marker}]</a>') == 1
        assert below.count(f'<a class="title" href="{address}">[{each.marker}] {each.title}</a>') == 1
    assert said(html) == f"{QUOTE} [1] {COST.quote} [2]"


def test_sentences_with_the_same_markers_have_them_once_behind_the_last() -> None:
    sentences = (Sentence("One.", (1, 2), True), Sentence("Two.", (1, 2), True), Sentence("Three.", (7,), True))
    html = render_answer(answer(citation(), COST, sentences=sentences))
    assert said(html) == "One. Two. [1] [2] Three.", "7 is no citation"


def test_the_words_that_answer_stand_out() -> None:
    start, end = QUOTE.index("412"), QUOTE.index(" long")
    html = render_answer(answer(citation(), sentences=(Sentence(QUOTE, (1,), True, answer=(start, end)),)))
    assert "<b>412 metres</b> long" in html and said(html) == f"{QUOTE} [1]"


def test_an_unsupported_sentence_says_so_in_words() -> None:
    sentences = (Sentence(QUOTE, (1,), True), Sentence("It is pink.", (), False, "it cites <nothing>"))
    html = render_answer(answer(citation(), sentences=sentences))
    assert "It is pink. [not supported: it cites <nothing>]" in Shown(html).text
    assert Shown(html).text.count("not supported") == 1


def test_an_abstention_shows_the_closest_passages_in_the_quiet_form() -> None:
    html = render_answer(answer())
    assert Shown(html).text == f"{ABSTENTION}Copy textCopy Markdown" and "closest" not in html
    closest = (citation(quote="Boats <left>."), citation(2, "They\ncame."))
    assert "closest" not in render_answer(answer(closest=closest)), "they are not worth a look"
    html = render_answer(answer(closest=closest, unsure=True))
    quiet = re.findall('<div class="closest">.*?</div>', html)
    assert len(quiet) == 1
    assert Shown(quiet[0]).text == (
        f"The closest passages, which need not answer it:{closest[0].title}: “Boats <left>.”"
        f"{closest[1].title}: “They came.”"
    )
    rest = Shown(html.replace(quiet[0], ""))
    assert "left" not in rest.text and {"a", "blockquote", "ol"}.isdisjoint(rest.tags)


def test_long_closest_passages_are_cut() -> None:
    html = render_answer(answer(closest=(citation(quote="word " * 1000),), unsure=True))
    assert len(Shown(html).text) < LONGEST_CLOSEST + 200 and "word …”" in html


def test_what_was_searched_for_is_shown_where_it_differs() -> None:
    assert "Searched for: Who <b>? When?" in Shown(render_answer(answer(standalone_question="Who <b>? When?"))).text
    assert "Searched for: When?" in Shown(render_answer(answer(citation(), standalone_question="When?"))).text
    for query in ("", answer().question):
        assert "Searched" not in render_answer(answer(citation(), standalone_question=query))


@pytest.mark.parametrize("given", [answer(citation(quote="<b>\n\"'"), COST), answer()])
def test_the_buttons_copy_what_they_say(given: object) -> None:
    html = render_answer(given)  # type: ignore[arg-type]
    copied = re.findall('<button class="copy" type="button">(.*?)</button><span class="copied">(.*?)</span>', html)
    assert [label for label, _ in copied] == ["Copy text", "Copy Markdown"]
    for (_, form), expected in zip(copied, (to_text(given), to_markdown(given)), strict=True):  # type: ignore[arg-type]
        assert Shown(form.replace("<br>", "\n")).text == expected


def test_a_real_answer_is_whole(seeds_rag: RAG) -> None:
    given = seeds_rag.answer("How many containers will Chancay handle in its first year?")
    html = render_answer(given)
    assert squeezed(said(html)) == squeezed(given.text)
    assert set(Shown(html).values("href")) == {
        passage_address(each.source, each.start, each.end) for each in given.citations
    }


# Markup


@pytest.mark.parametrize("words", HOSTILE)
def test_no_markup_gets_through(words: str) -> None:
    everywhere = citation(
        quote=words, title=words, publisher=words, source=words, republished_in=(words, f"other {words}")
    )
    known = article(words, title=words, publisher=words, author=words, source=words, original=f"other {words}")
    pages = (
        render_answer(answer(everywhere, question=words, standalone_question=words)),
        render_answer(answer(everywhere, sentences=(Sentence("Said otherwise.", (1,), True),))),
        render_answer(answer(citation(), sentences=(Sentence(words, (), False, words),))),
        render_answer(answer(text=words, standalone_question=words, closest=(everywhere,))),
        render_evidence(known, 1, 3, (words,)),
        render_error(f"It said: {words}"),
        render_introduction(words, 5),
        render_turn(Turn(question=words, error=words)),
    )
    for html in pages:
        assert squeezed(words).casefold() in squeezed(Shown(html).text).casefold(), "the words are there, as text"
        assert "\n" not in html, "a blank line would start Markdown"
    question = Shown(render_question(words))
    assert question.tags == [] and squeezed(question.text) == squeezed(words)


@pytest.mark.parametrize("words", HOSTILE)
def test_no_markup_gets_into_attributes(words: str) -> None:
    html = render_answer(answer(citation(quote=words, source=words)))
    (hint,) = Shown(html).values("title")
    assert squeezed(hint) == squeezed(words)
    for address in Shown(html).values("href"):
        source, _, end = read_passage(address.removeprefix(PASSAGE))
        assert (source, end) == (words.encode("utf-8", "replace").decode(), len(words))


@given(ENCODABLE.filter(bool), st.integers(0), st.integers(0))
def test_addresses_read_back(source: str, start: int, end: int) -> None:
    address = passage_address(source, start, end)
    assert read_passage(address.removeprefix(PASSAGE)) == (source, start, end)
    assert re.fullmatch(r"[\w#?=&%+.~*-]+", address, re.ASCII)


# Questions, steps, errors


@given(ENCODABLE.filter(lambda text: len(text) <= 4000))
def test_a_question_reads_back_as_it_was_typed(question: str) -> None:
    assert read_question(render_question(question)) == question.strip()


def test_a_question_keeps_its_lines_and_a_very_long_one_is_cut() -> None:
    assert render_question(" a\n  \"b\" & 'c' ") == "a\n  \"b\" &amp; 'c'"
    assert render_question("x" * 4000) == "x" * 4000
    assert render_question("word " * 100_000) == "word " * 799 + "word …"


def test_every_step_has_its_words() -> None:
    words = [render_step(step, late=False) for step in (SEARCHING, READING, CHECKING)]
    assert all(Shown(html).text.endswith(" …") for html in words) and len(set(words)) == 3
    assert words[0] == '<div class="pending">Searching the articles …</div>'
    assert render_step(SEARCHING, late=True) == '<div class="pending late">Searching the articles …</div>'


def test_a_turn_shows_what_came_of_it() -> None:
    assert render_turn(Turn(question="Q", answer=answer())) == render_answer(answer())
    assert render_turn(Turn(question="Q", error="oh")) == render_error("oh")
    assert render_turn(Turn(question="Q"), READING) == render_step(READING, late=False)
    assert Shown(render_turn(Turn(question="Q", stopped=True))).text == "Stopped."


@pytest.mark.parametrize(
    ("message", "shown"),
    [("port 1 is in use", "Port 1 is in use."), ("what now?", "What now?"), ("two\nlines", "Two lines."), ("", ".")],
)
def test_errors_are_one_sentence(message: str, shown: str) -> None:
    assert render_error(message) == f'<div class="error">{shown}</div>'


def test_the_introduction_counts_articles() -> None:
    assert render_introduction("Ask", 1).endswith("word for word against one article.</p>")
    assert render_introduction("Ask", 4).endswith("against 4 articles.</p>")
    assert render_introduction("Ask", 4, 1).endswith("against 4 articles and 1 republished copy.</p>")
    assert render_introduction("Ask", 4, 2).endswith("against 4 articles and 2 republished copies.</p>")
    assert render_introduction("Ask", None).endswith("against the articles.</p>")


# Evidence

TEXT = "Boats left at <dawn>.\n\n  They came back & stayed.\nNobody asked."


def marked(html: str) -> Iterator[str]:
    for words in re.findall("<mark>(.*?)</mark>", html):
        yield Shown(words).text


@given(st.integers(-5, len(TEXT) + 5), st.integers(-5, len(TEXT) + 5))
def test_exactly_the_cited_words_are_marked(start: int, end: int) -> None:
    html = render_evidence(article(TEXT), start, end)
    assert squeezed("".join(marked(html))) == squeezed(TEXT[max(0, start) : max(0, end)])
    assert squeezed(TEXT) in squeezed(Shown(html).text)


def test_evidence_says_where_it_is_from_and_what_is_not_stated() -> None:
    shown = Shown(render_evidence(article(), 0, 10))
    assert "Velden Post · 3 May 2021 · Ida Holm · bridge.txt" in shown.text and "Republished" not in shown.text
    shown = Shown(render_evidence(article(publisher=None, published=None, author=None), 0, 10))
    assert "publisher not stated · date not stated · bridge.txt" in shown.text
    assert "The cited article" in shown.values("aria-label")


def test_evidence_leads_to_copies_and_to_the_original() -> None:
    shown = Shown(render_evidence(article(), 0, 10, ("a&b.txt", "c.txt")))
    assert "Republished in a&b.txt, c.txt" in shown.text
    assert shown.values("href") == [passage_address("a&b.txt"), passage_address("c.txt")]
    shown = Shown(render_evidence(article(original="first.txt"), 0, 10))
    assert "Republished copy of first.txt" in shown.text and shown.values("href") == [passage_address("first.txt")]
