"""Chunks are exact pieces of the article that fit the embedder."""

from __future__ import annotations

from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.ingest.chunk import split
from rag.models.encoders import encoder
from rag.text.sentences import sentence_spans
from rag.types import Article, Chunk
from tests.conftest import SEEDS

COUNT = encoder("all-MiniLM-L6-v2", "document").count_tokens
WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
TEXTS = st.lists(
    st.one_of(WORDS, st.sampled_from([". ", "! ", "\n", "\n\n", "。", '." "', " Mr. "])), max_size=400
).map(" ".join)


def chunks_of(text: str, window: int, title: str = "A headline") -> list[Chunk]:
    return split(Article("a", "", title, None, date(2024, 6, 28), None, text, (), "a"), COUNT, window)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(32, 256))
@example("> 0", 32)
@example("# Boats left\n\n> They came back", 32)
def test_every_chunk_is_cut_exactly_fits_and_nothing_is_lost(text: str, window: int) -> None:
    position = 0
    for chunk in chunks_of(text, window):
        words = text[chunk.start : chunk.end]
        assert words and COUNT(f"{chunk.header}\n{words}") <= window
        assert not text[position : chunk.start].strip(), "words between two chunks"
        position = chunk.end
    assert not text[position:].strip()


def test_chunks_end_where_sentences_end() -> None:
    for path in SEEDS.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        ends = {end for _, end in sentence_spans(text)}
        chunks = chunks_of(text, 256)
        assert len(chunks) > 2
        assert {chunk.end for chunk in chunks} <= ends


def test_a_chunk_is_as_long_as_the_window_allows() -> None:
    text = " ".join(f"Boat number {number} left the port." for number in range(200))
    chunks = chunks_of(text, 128)
    sizes = [COUNT(f"{chunk.header}\n{text[chunk.start : chunk.end]}") for chunk in chunks]
    assert min(sizes[:-1]) > 100


def test_a_sentence_longer_than_the_window_is_cut_between_words() -> None:
    text = "word " * 5000
    chunks = chunks_of(text, 64)
    assert all(text[: chunk.end].endswith("word") for chunk in chunks)
    assert sum(text[chunk.start : chunk.end].count("word") for chunk in chunks) == 5000


def test_an_endless_line_without_spaces_is_cut_quickly() -> None:
    assert sum(chunk.end - chunk.start for chunk in chunks_of("x" * 200_000, 256)) == 200_000


def test_the_header_has_what_is_known_and_a_long_title_is_cut() -> None:
    chunk = chunks_of("Boats left.", 64, title="Very long headline " * 30)[0]
    assert chunk.header.endswith(" · 2024-06-28")
    assert COUNT(chunk.header) < 40


def test_hard_wrapped_lines_are_one_sentence() -> None:
    text = (
        "The bridge that the city had promised for more than twenty years was\n"
        "opened on Monday by the mayor, who crossed it on a borrowed bicycle in\n"
        "the rain. Nobody else had come to see it, because of the rain and also\n"
        "of the football.\n\nA second paragraph."
    )
    sentences = [" ".join(text[start:end].split()) for start, end in sentence_spans(text)]
    assert len(sentences) == 3
    assert sentences[0].startswith("The bridge") and sentences[0].endswith("in the rain.")


def test_lines_of_a_list_stay_apart() -> None:
    text = "Results\nNorth 3\nSouth 1\nEast 0"
    assert [text[start:end] for start, end in sentence_spans(text)] == text.split("\n")
