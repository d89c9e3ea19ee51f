"""What is done outside of the file's own process takes time by the length of a text, not by its square.

The bounds of seconds are generous: on the code before, each of these took minutes or hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rag.followup.condense import condense
from rag.ingest.chunk import split
from rag.ingest.copies import compared, file_of
from rag.ingest.instructions import find_instructions, masked
from rag.ingest.load.flow import joined, paragraphs
from rag.ingest.load.layout import Glyph, blocks_of, lines_of
from rag.text.sentences import sentence_spans
from rag.types import Article

PATTERNS = [" ", "\t", "\u00a0", "`", "“", "'", "![", "[", "(", "#", "# ", "#  ", "*", "a ", "x", "7", ".", "\n", "x\n"]


def seconds(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
def test_long_lines_of_one_kind(pattern: str) -> None:
    text = (pattern * 200_000)[:200_000]
    article = Article("a.txt", "", "T", None, None, None, f"{text}.", (), "a.txt")
    for work in (
        lambda: sentence_spans(text),
        lambda: find_instructions(text),
        lambda: masked(text),
        lambda: split(article, lambda words: len(words) // 4, 256),
        lambda: file_of(article),
        lambda: compared(article, replace(article, text=f"{text}?")),
        lambda: list(
            joined(paragraphs(blocks_of(lines_of([Glyph(c, i, i + 1, 0, 9) for i, c in enumerate(text)], 1))))
        ),
    ):
        assert seconds(work) < 40


def test_a_long_line_is_cut_into_sentences_as_a_short_one_is() -> None:
    sentence = "The port of Chancay opened on Thursday, Mr. Lee said, and “nobody” was there. "
    spans = sentence_spans(sentence * 500)
    assert spans == [(start, start + len(sentence) - 1) for start in range(0, 500 * len(sentence), len(sentence))]
    words = "port " * 5000
    spans = sentence_spans(words)
    assert {words[start:end].strip("port ") for start, end in spans} == {""} and len(spans) < 200
    assert all(words[start:end].startswith("port") and words[start:end].endswith("port") for start, end in spans)


def test_a_long_question_of_a_history_is_shortened() -> None:
    history = [{"role": "user", "content": "port " * 100_000}] * 50
    assert len(condense("When?", history)) < 500
