"""Front matter holds plain values of bounded length; what a file declares of itself is short, wherever it stands."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Settings
from rag.errors import LoadError
from rag.ingest.build import ingest
from rag.ingest.load.front_matter import LONGEST, front_matter
from rag.ingest.parser import Parser
from tests.ingest.test_load import pdf

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{below}'] * 9)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)
PROSE = "The harbour opened on Monday, and it is an article.\n"


def test_front_matter_that_grows_leaves_the_file_out(articles: Path, tmp_path: Path) -> None:
    (articles / "bomb.md").write_text(f"---\n{LAUGHS}title: *i\n---\n\n{PROSE}", encoding="utf-8")
    settings = Settings(index=tmp_path / "index")
    with pytest.raises(LoadError, match=r"bomb\.md has an anchor \(&a\) in its front matter; leave plain .*"):
        ingest([articles], settings, strict=True)
    report = ingest([articles], settings)
    assert report.articles == 3
    assert [line.count("\n") for line in report.skipped] == [0]


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ("title: *a", "an alias"),
        ("title: &a Port", "an anchor"),
        ("title: !!binary aGFsbG8=", "a tag"),
        ("title: !!python/object/apply:os.system [ls]", "a tag"),
        ("title: " + "[" * 4000 + "]" * 4000, "lists within lists"),
        ("title: " + "[" * 9000, "lists within lists"),
        ("\n".join(" " * depth + "a:" for depth in range(130)), "lists within lists"),
        ("\n".join(f"key{number}: value" for number in range(100_000)), f"more than {LONGEST:,} characters"),
    ],
)
def test_more_than_plain_values_is_refused_in_one_line(block: str, what: str) -> None:
    started = time.monotonic()
    with pytest.raises(LoadError) as caught:
        front_matter(f"---\n{block}\n---\n{PROSE}")
    assert str(caught.value).startswith(what) and len(str(caught.value)) < 60
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
        ("1_000", "1_000"),
        ("2023-02-31", "2023-02-31"),
        ("yes", "yes"),
        ("'# 1'", "# 1"),
        ("~", None),
        ("null", None),
        ("", None),
        ("[~, '', Ann]", "Ann"),
        ("[[a, b], {other: c}]", None),
    ],
)
def test_values_are_the_words_that_stand_there(tmp_path: Path, value: str, title: str | None) -> None:
    from rag.ingest.load import load_document

    path = tmp_path / "a.md"
    path.write_text(f"---\nTitle: first\ntitle: {value}\n---\n{PROSE}", encoding="utf-8")
    assert load_document(path, "a.md").metadata["title"] == title


@pytest.mark.parametrize(
    "head",
    [
        "LONDON: the port\nopened on Monday.",
        "*Emphasis* is here",
        "Note: *bold* words",
        "- one\n- two",
        "title: 'never closed",
        "? [a, b]\n: c",
        "a: b\n--- c",
        "\n",
        "[" * 9000,
        "Port: opens\n\nIt opened, and ships came.\n" * 500,
    ],
)
def test_a_text_that_begins_with_a_rule_stays_a_text(head: str) -> None:
    text = f"---\n{head}\n---\n{PROSE}"
    assert front_matter(text) == ({}, text)


@given(st.text(st.sampled_from("ab:-*&![]{}?|>'\"#%~,@` \n\t0."), max_size=120))
def test_any_head_is_fields_a_text_or_one_line(head: str) -> None:
    text = f"---\n{head}\n---\n{PROSE}"
    try:
        fields, rest = front_matter(text)
    except LoadError as error:
        assert "\n" not in str(error)
    else:
        assert text.endswith(rest) and all(isinstance(name, str) for name in fields)


def declaring(value: str) -> dict[str, bytes]:
    """Files that declare a value as title, author and publisher, and one that begins with it."""
    page = (
        f'<html><head><title>{value}</title><meta property="og:title" content="{value}">'
        f'<meta property="og:site_name" content="{value}"><meta name="author" content="Ann {value}">'
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "' + value + '", "publisher": '
        '{"name": "' + value + '"}, "author": {"name": "' + value + '"}}</script></head>'
        f"<body><h1>{value}</h1>{f'<p>{PROSE}</p>' * 5}</body></html>"
    )
    return {
        "a.html": page.encode(),
        "a.md": f"---\ntitle: {value}\nauthor: {value}\npublisher: {value}\n---\n{PROSE}".encode(),
        "a.pdf": pdf(PROSE.strip(), info=f"/Title ({value}) /Author ({value})"),
        "a.txt": f"{value}\nBy Ann Lee\n\n{PROSE}".encode(),
    }


@pytest.mark.parametrize("value", ["Harbour opens again " * 150, "x" * 3000])
def test_titles_authors_and_publishers_are_short(tmp_path: Path, value: str) -> None:
    with Parser(Settings()) as parser:
        for name, data in declaring(value).items():
            path = tmp_path / name
            path.write_bytes(data)
            article = parser.articles(path, name).articles[0]
            values = [each for each in (article.title, article.author, article.publisher) if each]
            assert max(map(len, values)) <= 300, name
            assert article.title.endswith("…") or article.title in PROSE
            assert " " not in value or not article.title.endswith(("Harb…", " …"))


def test_a_text_of_figures_has_a_title(tmp_path: Path) -> None:
    (tmp_path / "12.txt").write_text("12345\n\n67890\n")
    with Parser(Settings()) as parser:
        assert parser.articles(tmp_path / "12.txt", "old/12.txt").articles[0].title == "12.txt"
