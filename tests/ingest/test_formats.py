"""Every format gives its words, what it declares, and the places that a citation names; a file may hold several."""

from __future__ import annotations

import gzip
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from rag.errors import LoadError
from rag.ingest.load import FORMATS, Reading, articles_in, to_document
from rag.ingest.load.content import Content
from rag.ingest.load.fields import NAMES
from rag.settings import FIELDS, Settings
from tests import made
from tests.ingest.test_load import pdf
from tests.made import MORE, TITLE, WORDS

ADDRESS = "https://velden.example/bridge"


def contents(name: str, data: bytes, **columns: str) -> dict[str, Content]:
    """What each article of a file holds, by its name there."""
    found = articles_in(data, Path(name), Reading(columns=columns))
    return {each.name: each.read() for each in found}


def one(name: str, data: bytes) -> Content:
    (content,) = contents(name, data).values()
    return content


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_every_format_is_tried_here() -> None:
    tried = {Path(name).suffix for name in [*made.every_kind(), "a.txt", "a.md", "a.pdf", "a.srt"]}
    assert all(tried & set(each.suffixes) for each in FORMATS)


@pytest.mark.parametrize("name", list(made.every_kind()))
def test_words_and_what_is_declared(name: str) -> None:
    name, data = name, made.every_kind()[name]
    found = contents(name, data)
    text = "\n".join(content.text for content in found.values())
    assert WORDS in text
    first = next(iter(found.values()))
    title = None if name.endswith(("zip", "txt.gz")) else TITLE
    assert first.title == (TITLE if name.endswith("zip") else title)
    author = "Ida Holm" if name.split(".", 1)[1] in "docx odt rtf epub eml mbox atom csv jsonl" else None
    assert first.author == author
    assert not any(content.notes for content in found.values() if len(content.text) > 200)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("a.mbox", ["#bridge@velden.example", "#bridge@velden.example (2)"]),
        ("a.rss", ["#bridge", "#https://velden.example/cost"]),
        ("a.atom", ["#tag:velden,2021:1"]),
        ("a.csv", ["#b1", "#b2"]),
        ("a.jsonl", ["#b1", "#b2"]),
        ("a.warc.gz", [f"#{ADDRESS}"]),
        ("a.zip", ["/one.html", "/two/b.txt"]),
        ("a.txt.gz", ["/a.txt"]),
        ("a.docx", [""]),
    ],
)
def test_names_of_the_articles_in_a_file(name: str, names: list[str]) -> None:
    assert list(contents(name, made.every_kind()[name])) == names


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("a.docx", ["", "section The cost"]),
        ("a.odt", ["", "section The cost"]),
        ("a.epub", ["chapter Arrival", "chapter The cost"]),
        ("a.pptx", ["slide 1", "slide 2"]),
    ],
)
def test_places_that_a_citation_names(name: str, labels: list[str]) -> None:
    content = one(name, made.every_kind()[name])
    assert [label for _, label in content.sections] == labels
    assert content.text[content.sections[1][0] :].startswith("The cost\n")
    assert [each.sections for each in contents("a.csv", made.table()).values()] == [((0, "row 2"),), ((0, "row 3"),)]
    assert [each.sections for each in contents("a.jsonl", made.lines()).values()] == [
        ((0, "line 1"),),
        ((0, "line 2"),),
    ]


def test_dates_are_those_of_publication() -> None:
    assert one("a.atom", made.atom()).updated == "2021-05-05T10:00:00Z"
    document = to_document(made.email(), Path("a.eml"), "a.eml")
    assert (document.metadata["published"], document.metadata["updated"]) == ("2021-05-03", None)
    dated = '<item><title>A</title><description>B</description><d:date xmlns:d="http://purl.org/dc/elements/1.1/">'
    assert to_document(made.rss(f"{dated}2021-05-03</d:date></item>"), Path("a.rss"), "a").metadata["published"]
    assert one("a.docx", made.docx()).published is None


def test_word_documents_lose_nothing_that_is_shown() -> None:
    body = (
        f"<w:sdt><w:sdtContent><w:p>{run('In a control.')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p>{run('Before ')}<w:ins>{run('inserted ')}</w:ins>"
        f"<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        f"{run('after.')}<w:r><w:footnoteReference w:id='2'/></w:r></w:p><w:p><w:moveFrom>{run('Gone.')}</w:moveFrom>"
        f"<w:moveTo>{run('Moved.')}</w:moveTo><w:fldSimple w:instr='DATE'>{run('3 May')}</w:fldSimple></w:p>"
        "<w:p><w:r><a:AlternateContent xmlns:a='a'><a:Choice><w:txbxContent>"
        f"<w:p>{run('In a box.')}</w:p></w:txbxContent></a:Choice><a:Fallback><w:p>{run('Again.')}</w:p></a:Fallback>"
        "</a:AlternateContent></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>"
        f"<w:p><w:hyperlink>{run('A link')}</w:hyperlink><w:r><w:noBreakHyphen/><w:br/></w:r>{run('end.')}</w:p>"
        f"<w:tbl><w:tr><w:tc><w:p>{run('Year')}</w:p></w:tc><w:tc><w:p>{run('Cost')}</w:p></w:tc></w:tr></w:tbl>"
    )
    note = f"<w:footnotes><w:footnote w:id='2'><w:p>{run('A note.')}</w:p></w:footnote></w:footnotes>"
    assert one("a.docx", made.docx(body, footnotes=note)).text.splitlines() == [
        "In a control.", "Before inserted after.", "A note.", "Moved.3 May", "In a box.", "A link-", "end.",
        "Year | Cost",
    ]  # fmt: skip


def test_text_documents_have_their_notes_below() -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Below.</text:p></text:note-body>"
        "</text:note>"
    )
    body = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
        f"<text:p>A<text:s/>word{note} here<office:annotation><text:p>remark</text:p></office:annotation>.</text:p>"
        "<text:list><text:list-item><text:p>First</text:p></text:list-item></text:list><table:table><table:table-row>"
        "<table:table-cell><text:p>Year</text:p></table:table-cell><table:table-cell><text:p>Cost</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    assert one("a.odt", made.odt(body)).text.splitlines() == ["A word here.", "Below.", "First", "Year | Cost"]


def test_rich_text_in_its_code_page_with_notes_and_tables() -> None:
    body = (
        r"Caf\'e9 \u8212- \u-10179?\u-8704? word{\footnote Below.} more\par {\trowd\cellx1 A\cell B\cell\row}"
        r"{\field{\*\fldinst{HYPERLINK \"http://x\"}}{\fldrslt link}} end\par"
    )
    lines = [line for line in one("a.rtf", made.rtf(body)).text.splitlines() if line]
    assert lines == ["Café — 😀 word more", "A | B", "link end", " Below."]
    cyrillic = made.rtf().replace(b"ansicpg1252", b"ansicpg1251").replace(TITLE.encode(), "Мост".encode("cp1251"))
    assert "Мост" in one("a.rtf", cyrillic).text


def test_chapters_are_xhtml() -> None:
    book = made.epub("<h1>A<br/>B</h1><p>One&nbsp;two<a id='x'/> three.</p><script src='x'/><p>Four.</p>")
    assert one("a.epub", book).text == "A\nB\nOne two three.\nFour."
    locked = {"META-INF/encryption.xml": '<encryption><CipherReference URI="OEBPS/c 1.xhtml"/></encryption>'}
    with pytest.raises(LoadError, match="protected against copying"):
        one("a.epub", made.epub(**locked))
    fonts = {"META-INF/encryption.xml": '<encryption><CipherReference URI="OEBPS/a.otf"/></encryption>'}
    assert WORDS in one("a.epub", made.epub(**fonts)).text


def test_mail_takes_the_page_where_the_text_says_little_and_names_what_is_attached() -> None:
    mail = one("a.eml", made.email("See the page.", made.page(), report=b"%PDF-1.4"))
    assert MORE in mail.text and "See the page" not in mail.text
    assert mail.notes == ("what is attached is not read (report.pdf); save it and add it as files of its own",)
    assert one("a.eml", made.email(f"{WORDS}\n{MORE}", made.page())).text.startswith(WORDS)


def test_a_saved_page_is_read_in_the_encoding_that_it_was_sent_in() -> None:
    page = made.page(
        "Brücke offen", "Die Brücke über die Aar wurde am Montag eröffnet, sagte die Stadt Velden am Abend."
    )
    assert "Brücke über" in one("a.mhtml", made.mhtml(page, "iso-8859-1")).text
    sent = {ADDRESS: page.encode("iso-8859-1")}
    assert "Brücke über" in one("a.warc", made.warc(sent, kind="text/html; charset=ISO-8859-1")).text


def test_a_web_archive_gives_its_pages_and_papers() -> None:
    assert list(contents("a.warc", made.warc({ADDRESS: pdf(WORDS)}, kind="application/pdf"))) == [f"#{ADDRESS}"]
    assert contents("a.warc", made.warc({ADDRESS: b"\x89PNG"}, kind="image/png")) == {}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_by_any_separator(separator: str) -> None:
    found = contents("a.csv", made.table(separator=separator))
    assert (found["#b1"].text, found["#b1"].publisher, found["#b2"].text) == (WORDS, "Velden Post", MORE)


def test_columns_that_are_called_otherwise() -> None:
    rows = ({"Kicker": TITLE, "Story": WORDS, "Day": "2021-05-03", "text": "no"},)
    found = contents("a.csv", made.table(rows), text="Story", title="Kicker", date="Day")
    assert found["#2"] == Content(WORDS, title=TITLE, published="2021-05-03", sections=((0, "row 2"),))
    with pytest.raises(LoadError, match=r"names no column for the text; name one of kicker, day, as RAG_COLUMNS"):
        contents("a.csv", made.table(({"Kicker": TITLE, "Day": "x"},)))
    assert set(FIELDS) == set(NAMES)
    assert Settings(columns="text=Story, title = Kicker").column_names == {"text": "Story", "title": "Kicker"}


def test_a_bad_line_is_a_result_of_its_own() -> None:
    data = made.lines() + b'\n{"text": \n[1]\n' + b"[" * 100_000 + b"\n" + b'{"id": "b1", "text": "Again."}'
    found = list(articles_in(data, Path("a.jsonl"), Reading()))
    assert [each.name for each in found] == ["#b1", "#b2", "#3", "#4", "#5", "#b1 (2)"]
    for each, why in zip(found[2:5], ("line 3 .* no JSON", "line 4 .* no article", "line 5 .* no JSON"), strict=True):
        with pytest.raises(LoadError, match=why):
            each.read()
    assert found[5].read().text == "Again."


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", pdf(WORDS.split(".")[0]), "new bridge"),
        ("a.pdf", made.docx(), WORDS),
        ("a.html", made.mhtml(), WORDS),
        ("a.doc.docx", made.rtf(), WORDS),
        ("a.txt", made.page().encode(), WORDS),
        ("a.xml", made.page().encode(), WORDS),
        ("a.html", made.atom(), WORDS),
        ("a.docx", made.odt(), WORDS),
        ("a.zip", made.epub(), WORDS),
        ("a.gz", made.warc({ADDRESS: made.page()}), WORDS),
        ("a.docx", made.zipped({"one.txt": WORDS}), WORDS),
    ],
)
def test_a_wrong_suffix_does_not_matter(name: str, data: bytes, words: str) -> None:
    assert words in next(iter(contents(name, data).values())).text


def test_a_text_that_speaks_of_marks_stays_a_text() -> None:
    for text in ("<b>It</b> is a text", "From: Velden\nSubject: a bridge", "PK is a park", "WARC and RTF", "rss <rss>"):
        assert one("a.txt", text.encode()).text == text


def test_names_lead_nowhere_and_are_unique(tmp_path: Path) -> None:
    archive = made.zipped(
        {
            "../../etc/a.txt": "up", "/etc/a.txt": "root", "C:\\a.txt": "drive", "b\nc.txt": "line", "b?c.txt": "mark",
            ".hidden/a.txt": "no", "__MACOSX/a.txt": "no", "a.exe": "no", f"{'x' * 300}.txt": "long",
        }
    )  # fmt: skip
    found = contents("a.zip", archive)
    names = ["/etc/a.txt", "/etc/a.txt (2)", "/C:/a.txt", "/b?c.txt", "/b?c.txt (2)"]
    assert list(found)[:5] == names and [each.text for each in found.values()] == [
        "up",
        "root",
        "drive",
        "line",
        "mark",
        "long",
    ]
    assert len(list(found)[5]) < 220


def test_links_in_an_archive_are_no_articles() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("a.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert contents("a.zip", file.getvalue()) == {}


def refusal(name: str, data: bytes, longest: int = 50_000_000) -> str:
    with pytest.raises(LoadError) as caught:
        for each in articles_in(data, Path(name), Reading(longest)):
            each.read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def encrypted() -> bytes:
    data = bytearray(made.zipped({"a.txt": WORDS}))
    for place in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[place] |= 1
    return bytes(data)


def nested(times: int) -> bytes:
    data = made.zipped({"a.txt": WORDS})
    for _ in range(times):
        data = made.zipped({"b.zip": data})
    return data


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.zip", encrypted(), "a.zip/a.txt is encrypted; unpack it"),
        ("a.zip", made.zipped({"a.txt": WORDS})[:60], "damaged"),
        ("a.zip", made.zipped({"a.txt": WORDS}, 0).replace(b"bridge", b"brigde"), "cannot be unpacked"),
        ("a.zip", nested(3), "is an archive within 3 archives; unpack it"),
        ("a.zip", made.zipped({"a.txt": ""}), "a.zip/a.txt is empty"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(600), "has a password or is of an old program"),
        ("a.docx", b"no zip at all", "damaged"),
        ("a.docx", made.zipped({"word/document.xml": "<a"}), "damaged"),
        ("a.odt", made.zipped({"mimetype": "x", "content.xml": "<a/>"}), "no text document"),
        ("a.rtf", b"words", "no rich text"),
        ("a.eml", b"words", "no e-mail"),
        ("a.mbox", b"words", "no mailbox"),
        ("a.mhtml", b"From: a\nContent-Type: text/plain\n\nwords", "holds no page"),
        ("a.xml", b"<a/>", "no feed"),
        ("a.rss", made.rss("<x/>"), "holds no item"),
        ("a.rss", made.rss("<item><title>A</title></item>"), "has no text"),
        ("a.gz", gzip.compress(WORDS.encode(), mtime=0)[:-9], "damaged"),
        ("a.tar.gz", gzip.compress(b"x" * 600, mtime=0), "a.tar has a suffix that is not supported"),
        ("a.warc", b"WARC/1.0\r\nnonsense", "no article|damaged"),
        ("a.epub", made.zipped({"META-INF/container.xml": "<container/>"}), "no list of its chapters"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_read_says_why(name: str, data: bytes, why: str) -> None:
    import re

    if name == "a.warc":
        assert list(articles_in(data, Path(name), Reading())) == []
    else:
        assert re.search(why, refusal(name, data))


def test_bombs_are_given_up() -> None:
    zeros = b"0" * 3_000_000
    assert "a.zip/a.txt has more than 1 MB" in refusal("a.zip", made.zipped({"a.txt": zeros}), 1_000_000)
    many = made.zipped({f"{number}.txt": zeros[:900_000] for number in range(20)})
    assert "a.zip unpacks to more than 10 MB" in refusal("a.zip", many, 1_000_000)
    within = made.zipped({f"{number}.zip": many for number in range(20)})
    assert "unpacks to more than 10 MB" in refusal("a.zip", within, 1_000_000)
    assert "unpacks to more than 1 MB" in refusal("a.txt.gz", gzip.compress(zeros), 1_000_000)
    assert "has more than 1 MB" in refusal("a.warc", made.warc({ADDRESS: zeros}), 1_000_000)


ENTITIES = (
    "<!DOCTYPE x [<!ENTITY a 'Ten words'><!ENTITY b '" + "&a;" * 1000 + "'><!ENTITY f SYSTEM 'file:///etc/hostname'>]>"
)


@pytest.mark.parametrize("name", ["a.docx", "a.odt", "a.epub", "a.rss", "a.pptx"])
def test_entities_that_stand_for_much_are_refused(name: str) -> None:
    data = made.every_kind()[name]
    if name == "a.rss":
        data = made.rss(f"<item><title>A</title><description>&b;&f; {WORDS}</description></item>", head=ENTITIES)
    else:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = {each: archive.read(each) for each in archive.namelist()}
        for each, xml in entries.items():
            if each.endswith((".xml", ".opf")) and b"Content_Types" not in xml:
                xml = xml[xml.index(b"?>") + 2 :] if xml.startswith(b"<?xml") else xml
                entries[each] = ENTITIES.encode() + xml.replace(WORDS.encode(), f"&b;&f; {WORDS}".encode())
        data = made.zipped(entries)
    assert "declares entities" in refusal(name, data)


def test_entities_for_a_character_are_read() -> None:
    head = '<!DOCTYPE rss [<!ENTITY nbsp "&#160;"><!ENTITY city "Velden">]>'
    found = contents(
        "a.rss", made.rss("<item><title>A</title><description>In&nbsp;&city;.</description></item>", head=head)
    )
    assert [each.text for each in found.values()] == ["In\xa0Velden."]


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    slides = made.pptx()
    monkeypatch.setitem(sys.modules, "pptx", None)
    assert refusal("a.pptx", slides).endswith('run pip install "rag-news[pptx]"')
