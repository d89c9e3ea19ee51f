"""Tokens are counted without a network, and passages are fitted whole."""

from __future__ import annotations

from dataclasses import replace

from rag.prompts import count_tokens, fit_passages
from rag.types import Passage

PASSAGE = Passage("1", "Boats left the port.", "a.txt", "Boats", None, None, 0, 20, 1.0)


def test_tokens_are_counted_in_any_text() -> None:
    assert count_tokens("Boats left the port.") == 6
    assert count_tokens("") == 0
    assert count_tokens("<|endoftext|>") > 1, "a marker in an article is only text"


def test_the_best_whole_passages_are_kept() -> None:
    long = replace(PASSAGE, id="2", text="Boats left the port. " * 50)
    other = replace(PASSAGE, id="3")
    assert fit_passages([PASSAGE, long, other], 12) == [PASSAGE, other]
    assert fit_passages([PASSAGE, long, other], 6) == [PASSAGE]
    assert fit_passages([PASSAGE], 0) == []
