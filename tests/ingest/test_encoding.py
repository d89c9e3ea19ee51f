"""Text comes back from every encoding that a browser or an editor writes; a guess and a loss are said."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import webencodings
from hypothesis import assume, example, given
from hypothesis import strategies as st
from webencodings.labels import LABELS

from rag.errors import LoadError
from rag.ingest.load import load_document
from rag.ingest.load.encoding import _codec, _text, decoded

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATH = Path("old.txt")
# Invented news, and the encodings of the web and of editors that have all of its letters.
SENTENCES = {
    "English": (
        "“We couldn’t wait any longer”, harbour master Ines Dahl said – the repairs cost €4.2 million… and £300 a day.",
        "windows-1252 utf-8",
    ),
    "German": (
        "Die Straße über den Fluss wurde am Montag eröffnet, sagte Bürgermeister Jürgen Höß der „Morgenpost“.",
        "windows-1252 iso-8859-1 macintosh",
    ),
    "Spanish": ("El señor Núñez, dueño del café del puerto, dijo que habrá más barcos en otoño.", "iso-8859-1 latin1"),
    "French": ("La préfète a annoncé mardi la réouverture du cœur de la forêt brûlée l’été dernier.", "windows-1252"),
    "Finnish": ("Pormestari sanoi, että silta avataan keväällä ja maksaa 4 miljoonaa €.", "iso-8859-15"),
    "Polish": ("Władze miasta ogłosiły w środę, że most zostanie otwarty, powiedział Łukasz Żak.", "windows-1250"),
    "Czech": ("Starosta oznámil, že most přes řeku bude otevřen příští měsíc; náklady činí 4 miliony.", "iso-8859-2"),
    "Russian": (
        "Мэр города сообщил в понедельник, что мост через реку откроют в следующем месяце.",
        "windows-1251 koi8-r ibm866 iso-8859-5 x-mac-cyrillic",
    ),
    "Ukrainian": ("Міський голова повідомив, що міст через річку відкриють наступного місяця.", "windows-1251 koi8-u"),
    "Greek": ("Ο δήμαρχος ανακοίνωσε ότι η γέφυρα θα ανοίξει τον επόμενο μήνα.", "windows-1253 iso-8859-7"),
    "Turkish": ("Belediye başkanı köprünün gelecek ay açılacağını söyledi; işçiler dokuz ay çalıştı.", "windows-1254"),
    "Hebrew": ("ראש העיר הודיע כי הגשר ייפתח בחודש הבא לאחר תשעה חודשי עבודה.", "windows-1255"),
    "Arabic": ("أعلن رئيس البلدية أن الجسر سيفتح في الشهر المقبل بعد تسعة أشهر من العمل.", "windows-1256 iso-8859-6"),
    "Lithuanian": (
        "Pirmadienį meras atidarė naują tiltą per upę. Darbai užtruko dvejais metais ilgiau, nei planuota.",
        "windows-1257",
    ),
    "Thai": ("นายกเทศมนตรีกล่าวว่าสะพานจะเปิดในเดือนหน้า", "windows-874 tis-620"),
    "Chinese": ("镕州市长陶喆周二宣布，跨越青河的新桥正式通车，全长四百一十二米。", "gb2312 gbk gb18030"),
    "Traditional Chinese": ("市長週二宣布，跨越青河的新橋正式通車，全長四百一十二米。", "big5"),
    "Japanese": (
        "①市長の髙橋氏は月曜日、川にかかる新しい橋が来月開通すると発表した。工事は九か月かかった。",
        "shift_jis x-sjis",
    ),
    "Japanese of the mail": ("市長は月曜日、川にかかる新しい橋が来月開通すると発表した。", "euc-jp iso-2022-jp"),
    "Korean": ("시장은 월요일 강을 가로지르는 새 다리가 다음 달 개통된다고 밝혔다. 펲", "euc-kr ks_c_5601-1987"),
}  # fmt: skip
LABELLED = [(text, label) for text, labels in SENTENCES.values() for label in labels.split()]
MARKED = ("utf-8-sig", "utf-16", "utf-32")
UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), min_size=1)


def codec_of(label: str) -> str:
    """Python's codec with which programs wrote what browsers read by this label."""
    ours = {"gb2312": "gb18030", "gbk": "gb18030"}
    return ours.get(label) or webencodings.lookup(label).codec_info.name


@pytest.mark.parametrize(("text", "label"), LABELLED, ids=lambda value: value if len(value) < 20 else "")
def test_a_label_is_read_as_browsers_read_it(text: str, label: str) -> None:
    assert decoded(text.encode(codec_of(label)), PATH, label) == (text, ())


@pytest.mark.parametrize(("text", "label"), LABELLED, ids=lambda value: value if len(value) < 20 else "")
def test_without_a_label_it_is_guessed_and_said(text: str, label: str) -> None:
    read, notes = decoded(text.encode(codec_of(label)), PATH)
    assert read == text
    assert [("a guess" in note) for note in notes] == ([] if label in ("utf-8", "iso-2022-jp") else [True])


@pytest.mark.parametrize("encoding", UNMARKED)
@pytest.mark.parametrize("text", [text for text, _ in SENTENCES.values()], ids=SENTENCES)
def test_wide_characters_without_a_mark(text: str, encoding: str) -> None:
    text = f"{text}\n\n{text}\n"
    read, notes = decoded(text.encode(encoding), PATH)
    assert read == text
    assert len(notes) == 1 and "a guess" in notes[0]


@given(PLAIN, st.sampled_from([*MARKED, "utf-8"]))
@example("It wasn\ufffdt there.", "utf-8")
def test_unicode_comes_back_whatever_it_is(text: str, encoding: str) -> None:
    read, notes = decoded(text.encode(encoding), PATH, "windows-1252")
    assert read == text
    assert notes == () or "\ufffd" in text


@cache
def repertoire(label: str) -> str:
    """The characters of an encoding."""
    codec = codec_of(label)
    units = [bytes([one]) for one in range(0x20, 0x100) if one != 0x7F]
    if label in ("gb2312", "big5", "euc-jp", "shift_jis", "euc-kr"):
        units += [bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF)]
    found = {unit.decode(codec, "ignore") for unit in units}
    return "".join(sorted(one for one in found if len(one) == 1 and unicodedata.category(one) not in ("Cc", "Co")))


WRITTEN = sorted(set(LABELS.values()) - {"replacement", "x-user-defined", "iso-2022-jp", "gbk", "gb18030"})


@given(st.sampled_from([*(name for name in WRITTEN if not name.startswith("utf-")), "gb2312"]), st.data())
def test_what_is_encoded_is_read_by_its_label(label: str, data: st.DataObject) -> None:
    text = data.draw(st.text(repertoire(label), min_size=1))
    written = text.encode(codec_of(label), "ignore")
    try:
        written.decode()
    except UnicodeDecodeError:
        assert decoded(written, PATH, label) == (written.decode(codec_of(label)), ())
    else:  # which no text of more than a word is
        assert decoded(written, PATH, label) == (written.decode(), ())


@given(
    st.sampled_from([text for text, _ in SENTENCES.values()]), st.integers(0, 200), st.sampled_from(b"\x80\x92\xe9\xff")
)
def test_a_bad_byte_costs_one_character(text: str, place: int, byte: int) -> None:
    before, behind = text[:place], text[place:]
    assume(behind and not (byte == 0xE9 and not behind[0].isascii()))  # it would begin a character
    read, notes = decoded(before.encode() + bytes([byte]) + behind.encode(), PATH, "utf-8")
    assert read == f"{before}\ufffd{behind}"
    assert len(notes) == 1 and "1 character" in notes[0]


def test_a_truncated_file_loses_its_last_character_alone() -> None:
    text = SENTENCES["Chinese"][0]
    for encoding, label in (("utf-8", None), ("utf-16", None), ("gb18030", "gbk"), ("cp949", "euc-kr")):
        text = SENTENCES["Korean" if label == "euc-kr" else "Chinese"][0]
        read, notes = decoded(text.encode(encoding)[:-1], PATH, label)
        assert read == f"{text[:-1]}\ufffd" and len(notes) == 1


def test_utf_8_is_read_whatever_the_label_says() -> None:
    text = SENTENCES["German"][0]
    assert decoded(text.encode(), PATH, "iso-8859-1") == (text, ())


@pytest.mark.parametrize("label", ["utf-8", "utf-16", "no-such-encoding", "iso-2022-kr", "shift_jis"])
def test_a_wrong_label_is_no_help(label: str) -> None:
    text = SENTENCES["English"][0]
    read, notes = decoded(text.encode("cp1252"), PATH, label)
    assert read == text
    assert len(notes) == 1 and "Windows-1252, a guess" in notes[0]


def test_the_euro_of_gbk() -> None:
    assert decoded("票价".encode("gbk") + b"\x80" + "三元".encode("gbk"), PATH, "gb2312") == ("票价€三元", ())


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff", bytes(range(256)) * 4, b"\x1f\x8b\x08\0\0\0\xff\xfe"]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(LoadError, match="binary"):
        decoded(data, PATH)


def test_control_characters_are_no_reason_to_refuse_a_text() -> None:
    assert decoded(b"The pier\0 is open \x1b[1magain\x1b[0m.", PATH) == ("The pier\0 is open \x1b[1magain\x1b[0m.", ())


PAGE = "<html><head>{}<title>{}</title></head><body><article><h1>{}</h1><p>{}</p><p>{}</p></article></body></html>"


@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="{}">',
        "<META CHARSET = '{}' >",
        '<meta http-equiv=Content-Type content="text/html; charset={}">',
        "<!-- <meta charset=utf-8> --><script>" + "let a = 1; " * 2000 + "</script><meta charset={}/>",
    ],
)
@pytest.mark.parametrize("language", ["English", "Russian", "Chinese", "Japanese", "Korean"])
def test_the_head_of_a_page_names_its_encoding(tmp_path: Path, head: str, language: str) -> None:
    text, labels = SENTENCES[language]
    label = labels.split()[0]
    page = PAGE.format(head.format(label), text[:20], text[:20], text, text[::-1])
    path = tmp_path / "a.html"
    path.write_bytes(page.encode(codec_of(label)))
    document = load_document(path, "a.html")
    assert document.page_content.split("\n") == [text[:20].strip(), text, text[::-1]]
    assert document.metadata["notes"] == ()


def test_an_xml_declaration_names_it_too(tmp_path: Path) -> None:
    text = SENTENCES["Czech"][0]
    page = PAGE.format("", "Most", "Most", text, text[::-1])
    path = tmp_path / "a.html"
    path.write_bytes(f'<?xml version="1.0" encoding="iso-8859-2"?>{page}'.encode("iso-8859-2"))
    assert text in load_document(path, "a.html").page_content.split("\n")


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-16-be", "utf-8-sig"])
def test_every_format_of_text_is_read_in_them(tmp_path: Path, suffix: str, encoding: str) -> None:
    text = SENTENCES["English"][0]
    path = tmp_path / f"a{suffix}"
    path.write_bytes((PAGE.format("", "Pier", "Pier", text, text[3:]) if suffix == ".html" else text).encode(encoding))
    document = load_document(path, path.name)
    assert text in document.page_content.split("\n")
    assert bool(document.metadata["notes"]) == (encoding in ("windows-1252", "utf-16-be"))


def test_control_characters_of_latin_1_are_what_they_stood_for(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\x93It\x92s \x804m\x85\x94".decode("latin-1").encode())  # converted by the wrong table
    assert load_document(path, "a.txt").page_content == "“It’s €4m…”"


OF_TWO_BYTES = ("big5", "euc-jp", "euc-kr", "gb18030", "gbk", "shift_jis")
# How many characters at most are others in Python: variants of a sign, and rare ones of Hong Kong and Guangzhou.
OTHERS = {"big5": 207, "euc-jp": 6, "gb18030": 20, "gbk": 20, "koi8-u": 2, "windows-1255": 1}


@pytest.mark.browser
def test_tables_are_those_of_a_browser(browser: Browser) -> None:
    names = [name for name in WRITTEN if not name.startswith("utf-")] + ["gb18030", "gbk"]
    page = browser.new_page()
    tables = page.evaluate(
        """([names, ofTwoBytes]) => names.map(name => {
            const decoder = new TextDecoder(name), found = [];
            const read = (...unit) => found.push(decoder.decode(Uint8Array.from(unit)));
            for (let lead = 128; lead < 256; lead++) read(lead);
            if (ofTwoBytes.includes(name))
                for (let lead = 129; lead < 255; lead++)
                    for (let trail = 64; trail < 255; trail++) read(lead, trail);
            return found.join("\\0");
        })""",
        [names, OF_TWO_BYTES],
    )
    page.close()
    for name, table in zip(names, tables, strict=True):
        units = [bytes([lead]) for lead in range(0x80, 0x100)]
        if name in OF_TWO_BYTES:
            units += [bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF)]
        differ = [
            (unit, ours, theirs)
            for unit, theirs in zip(units, table.split("\0"), strict=True)
            if (ours := _text(unit, _codec(name) or "")) != theirs
            and not any(one == "\ufffd" or "\x80" <= one <= "\x9f" for one in theirs)
        ]
        assert len(differ) <= OTHERS.get(name, 0), (name, differ[:5])
