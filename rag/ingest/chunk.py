"""Cut articles into chunks that fit the embedder, at sentence boundaries, with exact offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rag.text.sentences import sentence_spans
from rag.types import Article, Chunk

CHARACTERS_PER_TOKEN = 16  # more never fit real text: spares counting the tokens of an endless line
HEADER_SHARE = 4  # a header may take a quarter of the window; a longer title is cut there


def header(article: Article, count_tokens: Callable[[str], int], limit: int) -> str:
    """What is embedded above every chunk of the article but never quoted: title, publisher, date."""
    title = article.title
    while count_tokens(title) > limit // HEADER_SHARE and " " in title:
        title = title.rsplit(" ", 1)[0]
    title = title[: limit * 4]
    parts = [title, article.publisher, article.published]
    return " · ".join(str(part) for part in parts if part)


def split(article: Article, count_tokens: Callable[[str], int], window: int) -> list[Chunk]:
    """Chunks of an article, in order.

    Args:
        article: cleaned.
        count_tokens: the embedder's own count, special tokens included.
        window: the most tokens a header and its chunk may have together.

    Chunks are as few as fit: a sentence is added while header and chunk stay within the window. They do
    not overlap. A sentence longer than the window is cut between words.
    """
    text = article.text
    top = header(article, count_tokens, window)

    def fits(start: int, end: int) -> bool:
        short = end - start <= window * CHARACTERS_PER_TOKEN
        return short and count_tokens(f"{top}\n{text[start:end]}") <= window

    chunks: list[tuple[int, int]] = []
    pieces = (piece for span in _with_marks(text) for piece in _fitting(text, *span, fits))
    for start, end in pieces:
        if chunks and fits(chunks[-1][0], end):
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks.append((start, end))
    return [Chunk.of(article.source, article.no_later_than, start, end, top, text[start:end]) for start, end in chunks]


def _with_marks(text: str) -> Iterator[tuple[int, int]]:
    """The sentences, each with what stands before it: a mark of Markdown is no word of a sentence, but of the text."""
    last = 0
    for _, end in sentence_spans(text):
        between = text[last:end]
        yield last + len(between) - len(between.lstrip()), end
        last = end


def _fitting(text: str, start: int, end: int, fits: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    """The span itself, or, where it is too long, pieces of it cut between words."""
    while not fits(start, end):
        low, high = start + 1, end
        while low < high:  # the longest piece that fits, found by bisection
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(start, middle) else (low, middle - 1)
        space = text.rfind(" ", start, low + 1)
        cut = space if space > start else low
        yield start, cut
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield start, end
