"""Sentences of a length that can be quoted."""

from __future__ import annotations

import pytest

from rag.text.sentences import sentence_spans

SPOKEN = (
    "good evening and welcome to the harbour hour we talk about the new cable car with engineer ruben acosta who led "
    "the works so ruben how long is it well dana it is exactly two thousand three hundred and forty metres and it has "
    "nineteen cabins for eight people each and it cost thirty one million because the steel came from the old shipyard "
    "but the rock was loose so we drilled down forty metres instead of fifteen and the fishermen were angry about that "
    "because they had been told that it would all be over in a month but it took the whole of the summer and the autumn"
)


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_speech_without_full_stops_is_cut_ahead_of_clauses() -> None:
    found = pieces(SPOKEN)
    assert " ".join(found) == SPOKEN
    assert all(10 <= len(piece.split()) <= 40 for piece in found)
    assert {piece.split()[0] for piece in found[1:]} <= {"so", "how", "well", "because", "but", "who", "and"}
    assert any("two thousand three hundred and forty metres" in piece for piece in found)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (", ".join(["nobody knew why the boats had left the port"] * 12), ","),
        ("; ".join(["nobody, it was said, knew why the boats had left"] * 12), ";"),
        ("港口今天开放了船来了又走了，" * 20, "，"),
    ],
)
def test_a_long_sentence_is_cut_at_pauses(text: str, ends: str) -> None:
    found = pieces(text)
    assert len(found) > 1 and "".join("".join(found).split()) == "".join(text.split())
    assert all(piece.endswith(ends) for piece in found[:-1])


def test_a_sentence_of_a_hundred_words_stays_whole() -> None:
    sentence = "The ship, " * 49 + "which came."
    assert pieces(sentence) == [sentence]
    chinese = "港口今天开放了，船来了又走了。" * 30
    assert pieces(chinese) == ["港口今天开放了，船来了又走了。"] * 30
