"""Texts and questions are in one form, and compared without accents; no character that means something goes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.index.catalog import words_of
from rag.inputs import readable
from rag.text.characters import INVISIBLE, folded, normalized
from rag.text.facts import facts
from rag.text.words import name_terms, terms

ODD = st.text(
    st.one_of(
        st.sampled_from([*map(chr, sorted(INVISIBLE)), *"\u0301\u0308\u0323\ufe0f\n é가がکष्👩🏽☃Å﨑"]),
        st.characters(exclude_categories=["Cs"]),
    )
)
# Where joiners mean something: Persian, Hindi, Sinhala, Malayalam, Bengali, families, flags.
JOINED = ("می‌خواهم", "ه‍.ش", "क्‍ष", "श्‌र", "ශ්‍රී", "ന്‍", "র‌্য", "👩‍💻", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🏴‍☠️", "❤️‍🔥")
# Chinese, Japanese, Korean and others, whose marks and variants make another letter.
UNLIKE = (
    "がか",
    "パバハ",
    "ｶﾞ",
    "髙高",
    "﨑崎",
    "①⑴",
    "㈱",
    "Ａ",
    "葛\U000e0100城",
    "각가",
    "हिन्दी",
    "ก่ก้",
    "ﬁ",
    "½",
    "m²",
)


@given(ODD)
def test_the_stored_form_is_stable_and_canonical(text: str) -> None:
    once = normalized(text)
    assert normalized(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not set("\u00ad\u200b\u2060\ufeff") & set(once)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=list(map(chr, INVISIBLE)))))
def test_nothing_else_is_changed(text: str) -> None:
    assert normalized(text) == unicodedata.normalize("NFC", text)


@given(ODD)
def test_all_forms_of_a_text_are_compared_as_one(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, normalized(text))) == folded(normalized(text))
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize("text", [*JOINED, *UNLIKE])
def test_what_means_something_stays(text: str) -> None:
    assert normalized(f"a {text} b") == f"a {text} b"
    assert readable(f"a {text} b") == f"a {text} b"


@pytest.mark.parametrize("text", ["がはばぱ", "パバハ", "각가", "के कु क़", "ก่ก้", "שָׁלוֹם", "﨑崎", "①½m²"])
def test_letters_of_other_scripts_are_not_made_alike(text: str) -> None:
    assert folded(normalized(text)) == normalized(text)


@pytest.mark.parametrize("mark", sorted(map(chr, INVISIBLE)), ids=lambda mark: f"{ord(mark):04x}")
@pytest.mark.parametrize(
    "word", ["elec{}tric", "Mün{}chen", "Мос{}ква", "Αθή{}να", "北{}京", "トウ{}キョウ", "서{}울", "{}A{}"]
)
def test_marks_in_words_go(word: str, mark: str) -> None:
    assert normalized(word.format(mark, mark)) == word.format("", "")
    assert readable(word.format(mark, mark)) == word.format("", "")


def test_a_word_divided_at_the_end_of_a_line_is_one() -> None:
    assert normalized("a hydro\u00ad \n  gen bus\nand\u00ad\n\nmore\n") == "a hydrogen\nbus\nand\n\nmore\n"


ALIKE = (
    ("Café Müller", "Cafe Muller"),
    ("Cafe\u0301 Mu\u0308ller", "Café Müller"),
    ("Łódź", "Lodz"),
    ("Tromsø", "Tromso"),
    ("Straße", "Strasse"),
    ("Đorđević", "Dordevic"),
    ("Æsir Œuvre Þór", "Aesir Oeuvre Thor"),
    ("İstanbul Diyarbakır", "Istanbul Diyarbakir"),
    ("Ọ̀yọ́", "Oyo"),
    ("Nguyễn Thị Ánh", "Nguyen Thi Anh"),
    ("Αθήνα", "Αθηνα"),
    ("Влади\u0301мир Королёв", "Владимир Королев"),
    ("می‌خواهم", "میخواهم"),
    ("\u212bngström", "Angstrom"),
)


@pytest.mark.parametrize(("written", "typed"), ALIKE)
def test_they_meet_typed_without_accents(written: str, typed: str) -> None:
    assert folded(written) == folded(typed)
    assert terms(written) == terms(typed)
    assert [folded(word) for word in words_of(normalized(written))] == [folded(word) for word in words_of(typed)]
    assert [fact.key for fact in facts(written)] == [fact.key for fact in facts(typed)]
    assert name_terms(f"Who saw {written}?") == name_terms(f"Who saw {typed}?")


def test_words_that_differ_in_more_than_accents_do_not_meet() -> None:
    assert not set(terms("Müller Peña")) & set(terms("Miller Mueller Penna"))
