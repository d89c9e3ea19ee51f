"""Files become documents with what their format declares, or an error that names the remedy."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LoadError
from rag.ingest.load import FORMATS, SUFFIXES, find_files, load_document
from rag.ingest.load.markdown import without_marks
from tests.conftest import ROOT

PARAGRAPHS = [
    "The port of Chancay opened on Thursday, and the presidents of both countries watched by video link.",
    "He was 84.",
    "Work began in 2021 and cost 1.3 billion dollars in its first phase, the operator said on Thursday.",
]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pdf(*pages: str, info: str = "") -> bytes:
    """A small PDF with one text line for each line of a page."""
    shown = (" ".join(f"({line}) Tj 0 -14 Td" for line in page.split("\n")) for page in pages)
    return pdf_of(*(f"BT /F1 11 Tf 50 750 Td {page} ET" for page in shown), info=info)


def pdf_of(*streams: str, info: str = "", fields: Sequence[str] = ()) -> bytes:
    """A small PDF of pages of 600 by 800 points, each as its stream draws it, in Helvetica as /F1.

    `info` are entries of its information, `fields` objects that are the form on its first page.
    """
    form = " ".join(f"{4 + 2 * len(streams) + number} 0 R" for number in range(len(fields)))
    fonts = "/Font << /F1 3 0 R >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{form}] /DR << {fonts} >> /NeedAppearances true >> >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for stream in streams:
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        own = f"/Contents {len(objects)} 0 R" + ("" if kids else f" /Annots [{form}]")
        objects.append(f"<< /Type /Page /Parent 2 0 R /Resources << {fonts} >> {own} >>")
        kids.append(f"{len(objects)} 0 R")
    objects += fields
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} /MediaBox [0 0 600 800] >>"
    objects.append(f"<< {info} >>")
    body, offsets = "%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{item}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer << /Size {size} /Root 1 0 R /Info {len(objects)} 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode("latin-1")


def test_a_folder_is_walked_without_hidden_entries_and_other_suffixes(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.MD", "a/d.html", ".hidden.txt", ".git/e.txt", "f.exe", "g.pdf"):
        write(tmp_path / name, "text")
    assert [source for _, source in find_files([tmp_path])] == ["a/c.MD", "a/d.html", "b.txt", "g.pdf"]


def test_sources_of_several_paths_are_relative_to_their_common_folder(tmp_path: Path) -> None:
    one, two = write(tmp_path / "news/x/a.txt", "text"), write(tmp_path / "news/y/b.txt", "text")
    assert [source for _, source in find_files([one.parent, two])] == ["x/a.txt", "y/b.txt"]
    assert find_files([one]) == [(one, "a.txt")]
    assert [source for _, source in find_files([one, one.parent])] == ["a.txt"]


def test_paths_that_cannot_be_indexed(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="No such file"):
        find_files([tmp_path / "absent"])
    with pytest.raises(LoadError, match=r"suffix.*\.pdf"):
        find_files([write(tmp_path / "a.exe", "text")])
    with pytest.raises(LoadError, match="holds no article"):
        find_files([tmp_path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_or_file_without_permission(tmp_path: Path) -> None:
    file = write(tmp_path / "sub/a.txt", "text")
    file.chmod(0)
    with pytest.raises(LoadError, match="permission"):
        load_document(file, "a.txt")
    file.parent.chmod(0)
    with pytest.raises(LoadError, match="cannot be read"):
        find_files([tmp_path])
    file.parent.chmod(0o700)


def test_an_unreadable_nested_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.txt", "text")
    write(tmp_path / "sub/b.txt", "text")
    scandir = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(LoadError, match="sub cannot be read: Permission denied"):
        find_files([tmp_path])


def test_text_keeps_its_characters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufeffCafé “x”\r\n\r\nOld Mac\rline\x07 end\u2028ﬁn½ Ｃ\n")
    document = load_document(path, "a.txt")
    assert document.page_content == "Café “x”\n\nOld Mac\nline end\nﬁn½ Ｃ\n"
    assert document.metadata == {
        "source": "a.txt",
        "title": None,
        "publisher": None,
        "published": None,
        "updated": None,
        "author": None,
        "notes": (),
        "sections": (),
        "removed": (),
        "left_out": (),
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t \n", "empty"),
        ("a.txt", b"\x00\x01PK", "binary"),
        ("a.txt", b"\x01\x02", "no text"),
        ("a.pdf", b"%PDF-1.4 nonsense", "damaged"),
        ("a.pdf", pdf(""), "no text"),
        ("a.html", b"<html><body><script>go()</script></body></html>", "no text"),
    ],
)
def test_files_without_readable_text(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        load_document(write(tmp_path / name, content), name)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)


def test_a_vanished_file(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="vanished"):
        load_document(tmp_path / "a.txt", "a.txt")


def test_an_encrypted_pdf(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(write(tmp_path / "plain.pdf", pdf("Hello"))))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(LoadError, match="encrypted"):
        load_document(tmp_path / "locked.pdf", "locked.pdf")


@pytest.mark.parametrize(("source", "publisher"), [("Marren Gazette", "Marren Gazette"), ("https://a.b/c", None)])
def test_the_source_of_front_matter_is_its_publisher_unless_an_address(
    tmp_path: Path, source: str, publisher: str | None
) -> None:
    document = load_document(write(tmp_path / "a.md", f"---\nsource: {source}\n---\n# Head\n"), "a.md")
    assert document.metadata["publisher"] == publisher


def test_markdown_front_matter_is_metadata(tmp_path: Path) -> None:
    text = "---\ntitle: 'Night trains: a list'\nauthor: [Ann Lee, Bo Ek]\n"
    text += "date: 2023-05-26\nlastmod: 2023-06-02\nsite: Slow Track\n---\n# Head\n"
    document = load_document(write(tmp_path / "a.md", text), "a.md")
    assert document.page_content == "# Head\n"
    assert document.metadata["title"] == "Night trains: a list"
    assert document.metadata["author"] == "Ann Lee, Bo Ek"
    assert document.metadata["published"] == "2023-05-26"
    assert document.metadata["updated"] == "2023-06-02"
    assert document.metadata["publisher"] == "Slow Track"


def test_markdown_is_read_without_the_marks_of_its_words(tmp_path: Path) -> None:
    text = (
        "# Port *opens*\n\n> It is the **first** of [its kind](https://a.b/c), said `Ann` _Lee_.\n\n"
        "| Ship | **Year** |\n|---|---|\n| *Lark* | 1911 |\n\n- [Home](/) [World](/w)\n\na_b_c &amp; 2 * 3\\*\n"
    )
    document = load_document(write(tmp_path / "a.md", text), "a.md")
    assert document.page_content == (
        "# Port opens\n\n> It is the first of its kind, said Ann Lee.\n\n"
        "\n\nShip: Lark; Year: 1911\n\n- [Home](/) [World](/w)\n\na_b_c & 2 * 3*\n"
    )


@given(st.text(st.sampled_from("ab *_`[]()!<>&#-|\\\n1."), max_size=80))
def test_no_line_of_markdown_is_lost(text: str) -> None:
    assert without_marks(text).count("\n") == text.count("\n")
    assert len(without_marks(text)) <= len(text)


@pytest.mark.parametrize("text", ["---\nA rule, then text.\n---\nMore.\n", "---\n[: broken\n---\nMore.\n"])
def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path, text: str) -> None:
    assert load_document(write(tmp_path / "a.md", text), "a.md").page_content == text


GREAT = "Great article, well worth reading, thanks a lot for it!"
HTML = f"""<!doctype html><html><head><meta charset="{{charset}}"><title>Port opens in Chancay | Lima Herald</title>
<meta property="og:site_name" content="Lima Herald"><meta name="author" content="Ana Ruiz">
<meta property="article:published_time" content="2024-11-14T10:00:00Z"></head><body>
<nav><a href="/">Home</a> <a href="/w">World</a></nav>
<header><h1>Port opens in Chancay</h1><p>Leaders cut the ribbon – señores</p></header>
<article><p>{PARAGRAPHS[0]}</p><h2>A long road</h2><p>{PARAGRAPHS[1]}</p><p>{PARAGRAPHS[2]}</p>
<p>One.<br>It <b>was</b> <i>late</i>.</p><table><tr><td>Ships</td><td>12</td></tr></table>
<ul><li>One million containers</li></ul></article>
<section class="comments"><h3>Comments</h3><p>{GREAT}</p></section>
<footer>© 2024 Lima Herald</footer></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252"])
def test_html_gives_headline_text_and_declared_metadata(tmp_path: Path, charset: str) -> None:
    page = HTML.format(charset=charset).encode(charset)
    document = load_document(write(tmp_path / "a.html", page), "a.html")
    lines = document.page_content.split("\n")
    assert lines[:2] == ["Port opens in Chancay", "Leaders cut the ribbon – señores"]
    assert [line for line in lines if line in PARAGRAPHS] == PARAGRAPHS
    assert "A long road" in lines
    assert "One million containers" in lines
    assert "It was late." in lines
    assert "Ships | 12" in lines
    assert "World" not in document.page_content
    assert "Great article" not in document.page_content
    assert document.metadata == {
        "source": "a.html",
        "title": "Port opens in Chancay",
        "publisher": "Lima Herald",
        "published": "2024-11-14",
        "updated": None,
        "author": "Ana Ruiz",
        "notes": (),
        "sections": (),
        "removed": (),
        "left_out": ((0, "Home World"), (10, "Comments"), (10, GREAT), (10, "© 2024 Lima Herald")),
    }


ARTICLE = '"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Port opens"'
BOTH = '"datePublished": "2024-05-01T23:30:00-05:00", "dateModified": "2024-05-02"'
PAGE = '{"@type": "WebPage", "dateModified": "2024-05-02"}'
COMMENT = '{"@type": "Comment", "datePublished": "2024-05-09"}'
FAIR = '{"@type": "NewsArticle", "headline": "Fair", "datePublished": "2024-05-07"}'
BOAT = FAIR.replace("Fair", "Boat").replace("07", "08")
EVENT = "<div itemscope itemtype='https://schema.org/Event'><i itemprop='datePublished'>2024-05-01</i></div>"
TIME = "<time datetime='2024-05-03'>3 May 2024</time>"


@pytest.mark.parametrize(
    ("declared", "published", "updated"),
    [
        ('<meta property="article:modified_time" content="2024-05-02">', None, "2024-05-02"),
        ('<meta http-equiv="last-modified" content="Thu, 02 May 2024 08:00:00 GMT">', None, "2024-05-02"),
        ('<meta name="date" content="2024-05-01">', "2024-05-01", None),
        ('<meta name="date" content="2024-06-01"><meta name="DC.issued" content="2024-05-01">', "2024-05-01", None),
        ('<meta name="unpublish_date" content="2024-05-01"><meta name="event.date" content="2024-05-02">', None, None),
        (f"{{{ARTICLE}, {BOTH}}}", "2024-05-01", "2024-05-02"),
        (f'{{"@graph": [{PAGE}]}}', None, "2024-05-02"),
        (f'{{"@graph": [{PAGE}, {{{ARTICLE}}}]}}', None, None),
        (f'{{{ARTICLE}, "dateCreated": "2024-05-01", "comment": [{COMMENT}]}}', None, None),
        (f'[{{{ARTICLE}, "datePublished": "2024-05-01"}}, {FAIR}, {COMMENT}]', "2024-05-01", None),
        (f"[{FAIR}, {BOAT}]", None, None),
        (f'{{"@type": "ItemList", "itemListElement": [{FAIR}]}}', None, None),
        ('{"@type": "Event", "startDate": "2024-05-03", "datePublished": "2024-05-01"}', None, None),
        ("[" * 100_000, None, None),
    ],
)
def test_only_what_is_called_published_dates_a_page(
    tmp_path: Path, declared: str, published: str | None, updated: str | None
) -> None:
    head = declared if "<" in declared else f'<script type="application/ld+json">{declared}</script>'
    assert days_of(tmp_path, head=head) == (published, updated)


@pytest.mark.parametrize(
    ("place", "shown", "published", "updated"),
    [
        ("above", EVENT, None, None),
        ("above", EVENT.replace("Event", "NewsArticle"), "2024-05-01", None),
        ("above", f"<p>By Ana Ruiz, {TIME}</p>", "2024-05-03", None),
        ("above", f"<p>Updated {TIME}</p>", None, "2024-05-03"),
        ("above", TIME.replace("<time", "<time class='entry-date updated'"), "2024-05-03", None),
        ("above", TIME.replace("<time", "<time class='updated'"), None, "2024-05-03"),
        ("below", f"<section><h3>Events</h3>{TIME} Fair</section>", None, None),
        ("below", f"<ol><li>Wil: {TIME.replace('<time', '<time class=published')} At last!</li></ol>", None, None),
        ("below", f"<div class='related'><a href='/f'>Fair</a> {TIME}</div>", None, None),
        ("below", "<footer>Updated 5 May 2024 · © 2024</footer>", None, None),
    ],
)
def test_a_date_below_the_article_is_anothers(
    tmp_path: Path, place: str, shown: str, published: str | None, updated: str | None
) -> None:
    assert days_of(tmp_path, **{place: shown}) == (published, updated)


def days_of(folder: Path, head: str = "", above: str = "", below: str = "") -> tuple[str | None, str | None]:
    words = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    page = f"<html><head><title>Port opens</title>{head}</head><body><article><h1>Port opens</h1>{above}{words}"
    found = load_document(write(folder / "a.html", f"{page}</article>{below}</body></html>"), "a.html").metadata
    return found["published"], found["updated"]


def test_html_keeps_subheads_lists_and_boxes_of_the_article(tmp_path: Path) -> None:
    box = "<aside><h3>In brief</h3><ul><li>640 cushions</li></ul></aside>"
    names = "<ul><li>Ek, <a href='/t'>Tarkowski</a></li></ul>"
    related = "<aside><h3>Related</h3><ul><li><a href='/l'>Lichens are old</a></li></ul></aside>"
    latest = "<div><ul><li><a href='/m'>Moths are young</a></li></ul></div>"
    hidden = "<div style='position:absolute; left:-9999px'><h2>Pills</h2><ul><li>cheap pills</li></ul></div>"
    body = f"<p>{PARAGRAPHS[0]}</p>{related}{latest}{hidden}<h2>Not in the genes</h2><p>{PARAGRAPHS[2]}</p>{box}{names}"
    page = f"<html><body><h1>Port opens</h1><article>{body}<p>{PARAGRAPHS[0][4:]}</p></article></body></html>"
    text = load_document(write(tmp_path / "a.html", page), "a.html").page_content
    lines = ["Not in the genes", PARAGRAPHS[2], "In brief", "640 cushions", "Ek, Tarkowski", PARAGRAPHS[0][4:]]
    assert text.split("\n")[-6:] == lines
    assert not any(word in text for word in ("Lichens", "Moths", "Related", "ills"))


@pytest.mark.parametrize(
    "window", ["El Faro de Ribadumar: {}", "{} - El Faro de Ribadumar", "{} | News | El Faro de Ribadumar"]
)
@pytest.mark.parametrize("foot", ["El Faro de Ribadumar, S.A.", "Contacto"])
def test_html_window_titles_name_the_paper_if_the_page_does(tmp_path: Path, window: str, foot: str) -> None:
    headline = "Una escuela con dos alumnos pide un tercero"
    rows = "<br><br>".join(PARAGRAPHS)
    page = f"<html><head><title>{window.format(headline)}</title></head><body><table><tr><td><b>Servicios</b>"
    page += f"<br>Mareas</td><td><h2>{headline}</h2>{rows}</td></tr></table><div>{foot}</div></body></html>"
    document = load_document(write(tmp_path / "a.html", page), "a.html")
    assert document.metadata["title"] == headline
    assert document.metadata["publisher"] == (None if foot == "Contacto" else "El Faro de Ribadumar")
    assert [line for line in document.page_content.split("\n") if line in PARAGRAPHS] == PARAGRAPHS


def test_html_is_in_the_form_of_texts_and_keeps_what_joins_letters(tmp_path: Path) -> None:
    headline = "کتاب‌های تازه در کتاب‌خانه"
    persian = "مردم شهر می‌خواهند کتاب‌های تازه را بخوانند و کتاب‌خانه از امروز باز می‌شود، شهردار گفت."
    written = (
        "The li&shy;brar&shy;ian, Jose&#769; Mu&ntilde;oz, said that 4&#8203;00 read&#x200d;ers came on the fi­rst day."
    )
    page = f"<html><head><title>{headline}</title></head><body><article><h1>{headline}</h1><p>{persian}</p>"
    path = write(tmp_path / "a.html", f"{page}<p>{written}</p><p>{persian[::-1]}</p></article></body></html>")
    document = load_document(path, "a.html")
    assert document.metadata["title"] == headline
    assert document.page_content.split("\n") == [
        headline,
        persian,
        "The librarian, José Muñoz, said that 400 readers came on the first day.",
        persian[::-1],
    ]


def test_html_that_extraction_loses_falls_back_to_its_visible_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trafilatura

    monkeypatch.setattr(trafilatura, "bare_extraction", lambda *args, **options: None)
    path = write(tmp_path / "a.html", HTML.format(charset="utf-8"))
    document = load_document(path, "a.html")
    assert all(paragraph in document.page_content for paragraph in PARAGRAPHS)
    assert "World" not in document.page_content


def test_every_format_is_told_by_its_suffixes() -> None:
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(set(suffixes)) == len(suffixes) and set(suffixes) == set(SUFFIXES)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)


def test_a_listing_of_formats_loads_none_of_their_libraries() -> None:
    libraries = {
        "trafilatura",
        "lxml",
        "pypdf",
        "pypdfium2",
        "yaml",
        "markdown_it",
        "langchain_core",
        "chardet",
        "webencodings",
    }
    program = f"import sys, rag.ingest.load; print({libraries} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
