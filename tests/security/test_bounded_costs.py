"""What is done outside of the file's own process takes time by the length of a text, not by its square.

The bounds of seconds are generous: on the code before, each of these took minutes or hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.documents import Document

from rag.followup.condense import condense
from rag.followup.rewrite import _LONGEST, rewrite
from rag.ingest.chunk import split
from rag.ingest.copies import group_copies
from rag.ingest.instructions import find_instructions, masked
from rag.ingest.load import _unwrapped
from rag.text.phrases import parse
from rag.text.sentences import sentence_spans

PATTERNS = [" ", "\t", "\u00a0", "`", "“", "'", "![", "[", "(", "#", "# ", "#  ", "*", "a ", "x", "7", ".", "\n", "x\n"]


def seconds(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
def test_long_lines_of_one_kind(pattern: str) -> None:
    text = (pattern * 200_000)[:200_000]
    document = Document(f"{text}.", metadata={"title": "T", "publisher": None, "published": None, "source": "a.txt"})
    for work in (
        lambda: sentence_spans(text),
        lambda: find_instructions(text),
        lambda: masked(text),
        lambda: split(document, lambda words: len(words) // 4, 256),
        lambda: group_copies([document, document]),
        lambda: _unwrapped([text or "x"]),
    ):
        assert seconds(work) < 40


def test_a_long_line_is_cut_into_sentences_as_a_short_one_is() -> None:
    sentence = "The port of Chancay opened on Thursday, Mr. Lee said, and “nobody” was there. "
    spans = sentence_spans(sentence * 500)
    assert spans == [(start, start + len(sentence) - 1) for start in range(0, 500 * len(sentence), len(sentence))]
    words = "port " * 5000
    spans = sentence_spans(words)
    assert {words[start:end].strip("port ") for start, end in spans} == {""} and len(spans) < 10
    assert all(words[start:end].startswith("port") and words[start:end].endswith("port") for start, end in spans)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", ["port and ", "port of ", "the port ", "port's ", "it ", "there ", "big one ", "x", " ["]
)
def test_long_questions_of_a_history(words: str) -> None:
    said = (words * 100_000)[:500_000]
    history = [{"role": "user", "content": said}, {"role": "assistant", "content": said}] * 50
    for question in (
        "When was it opened there by them and him?",
        said[:4000] or "x",
        "¿Y cuándo?",
        "a" * 3999 + " b c d",
    ):
        assert seconds(lambda question=question: condense(question, history)) < 60


def test_phrases_are_joined_so_far() -> None:
    few, many = (len(parse("port of " * number).phrases) for number in (100, 200))
    assert many - few == 100 * 8


def test_a_rewritten_question_does_not_grow_without_end() -> None:
    from rag.followup.antecedents import Exchange

    earlier = [Exchange(("the port of Chancay that it and they and he saw there, " * 20)[:_LONGEST])] * 12
    assert len(rewrite("When did it open there with them and him?", earlier)) <= 2 * _LONGEST
    long = "When did it open? " * 40
    assert rewrite(long, earlier) == long
