"""What the page of the collection shows: every article as its file has it, and never as markup."""

from __future__ import annotations

import re
from datetime import date

import pytest

from rag.desk.collection import Added, Entry, Piece
from tests.page import HOSTILE, Shown, article, squeezed
from ui.render_collection import MOST_ROWS, render_added, render_articles, render_difference, render_note

BRIDGE = Entry(article(), 3, ("copy.txt", "other copy.txt"))
COPY = Entry(article(source="copy.txt", original="bridge.txt", title="Bridge (copy)"), 0, ())
BAKERY = Entry(article(source="bakery.txt", title="Bäckerei", publisher=None, published=None, removed=()), 1, ())
ENTRIES = (BAKERY, BRIDGE, COPY)


def rows(html: str) -> list[list[str]]:
    """The cells of the table, as words."""
    return [
        [Shown(cell).text for cell in re.findall("<t[hd](?: scope=.row.)?>(.*?)</t[hd]>", row)]
        for row in re.findall("<tr>(.*?)</tr>", html)[1:]
    ]


def test_the_table_has_a_row_for_every_article() -> None:
    html = render_articles(ENTRIES)
    head = [re.sub("<.*?>", "", cell) for cell in re.findall('<th scope="col">.*?</th>', html)]
    assert head == ["Title", "Publisher", "Date", "Copies", "Chunks", "Removed characters"]
    assert rows(html) == [
        ["Bäckereibakery.txt", "not stated", "not stated", "", "1", "0"],
        ["Bridge over the Arun opensbridge.txt", "Velden Post", "3 May 2021", "2", "3", "10"],
        ["Bridge (copy)copy.txt", "Velden Post", "3 May 2021", "a copy", "", "10"],
    ]
    assert Shown(html).values("value") == ["bakery.txt", "bridge.txt", "copy.txt"]
    assert "3 files" in html and "1 file<" in render_articles([BRIDGE]) and "0 files" in render_articles([])


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("  ", ["bakery.txt", "bridge.txt", "copy.txt"]),
        ("BÄCKEREI", ["bakery.txt"]),
        ("backerei", ["bakery.txt"]),
        ("ba\u0308cker", ["bakery.txt"]),
        ("velden copy", ["copy.txt"]),
        ("2021-05 bridge", ["bridge.txt", "copy.txt"]),
        ("3 may", ["bridge.txt", "copy.txt"]),
        ("none <b>", []),
    ],
)
def test_the_table_shows_what_has_every_word(search: str, found: list[str]) -> None:
    html = render_articles(ENTRIES, search)
    assert Shown(html).values("value") == found
    assert f"{len(found)} of 3 files" in html or not search.strip()


def test_the_chosen_article_says_so() -> None:
    assert Shown(render_articles(ENTRIES)).values("aria-pressed") == ["false"] * 3
    assert Shown(render_articles(ENTRIES, "", "bridge.txt")).values("aria-pressed") == ["false", "true", "false"]


def test_a_long_table_is_cut_and_says_so() -> None:
    entries = [Entry(article(source=f"{number}.txt"), 1, ()) for number in range(MOST_ROWS + 5)]
    html = render_articles(entries)
    assert len(rows(html)) == MOST_ROWS and f"{MOST_ROWS + 5} files; the first {MOST_ROWS} are shown" in html
    assert "are shown" not in render_articles(entries[:MOST_ROWS])


def test_what_cleaning_removed_is_struck_out_with_its_reason() -> None:
    lines = [(Piece("The bridge opened."), Piece("Share this", "a button")), (Piece("Advertisement", "an ad"),)]
    html = render_difference(BRIDGE, lines)
    assert re.findall("<del>(.*?)</del> <span class=.reason.>(.*?)</span>", html) == [
        ("Share this", "a button"),
        ("Advertisement", "an ad"),
    ]
    shown = Shown(html).text
    assert "The bridge opened." in shown and "Cleaning removed 2 pieces; struck out, with the reason." in shown
    assert "Ida Holm · bridge.txt · republished in copy.txt, other copy.txt" in shown
    assert "Cleaning removed one piece;" in render_difference(BRIDGE, lines[1:])
    kept = Shown(render_difference(COPY, [(Piece("Kept."),)]))
    assert "Cleaning removed nothing." in kept.text and "struck" not in kept.text and "del" not in kept.tags
    assert "republished copy of bridge.txt" in kept.text


def test_what_became_of_each_file() -> None:
    results = [
        Added("bridge.txt", article()),
        Added("copy.txt", COPY.article),
        Added("bad.txt", error="bad.txt has no text; add an article"),
    ]
    assert re.findall("<li>(.*?)</li>", render_added(results)) == [
        "<b>Added</b> bridge.txt: Bridge over the Arun opens",
        "<b>Added</b> copy.txt: Bridge (copy), a republished copy of bridge.txt",
        '<b class="bad">Not added</b> bad.txt has no text; add an article',
    ]
    assert render_added([]) == ""


def test_what_was_guessed_on_reading_is_told() -> None:
    guessed = article(notes=("read as KOI8-R, a guess", "1 character is lost"))
    assert "opens; read as KOI8-R, a guess; 1 character is lost<" in render_added([Added("bridge.txt", guessed)])
    assert " · read as KOI8-R, a guess; 1 character is lost" in Shown(render_difference(Entry(guessed, 1, ()), [])).text


def test_notes_are_told_and_errors_are_alarms() -> None:
    assert render_note("removed: a.txt") == '<p class="note" role="status">Removed: a.txt</p>'
    assert render_note("it is gone", error=True) == '<p class="error" role="alert">It is gone</p>'


@pytest.mark.parametrize("words", HOSTILE)
def test_no_markup_gets_through(words: str) -> None:
    known = article(
        words, title=words, publisher=words, published=date(2021, 5, 3), author=words, source=words, original="a"
    )
    entry = Entry(known, 1, (words,))
    pages = (
        render_articles([entry], "", words),
        render_difference(entry, [(Piece(words), Piece(words, words))]),
        render_added([Added(words, known), Added(words, error=words)]),
        render_note(f"it said {words}", error=True),
    )
    for html in pages:
        assert squeezed(words) in squeezed(Shown(html).text), "the words are there, as text"
    assert Shown(pages[0]).values("value") == [words.encode("utf-8", "replace").decode()]
    assert Shown(pages[0]).values("aria-pressed") == ["true"]
