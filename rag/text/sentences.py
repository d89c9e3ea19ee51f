"""Sentence boundaries with exact offsets.

Found by sentencex (Wikimedia), which never alters the text, knows quotations, abbreviations and scripts
without spaces, and costs microseconds; pysbd and syntok were looked at and keep no exact offsets or are
no longer kept up.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from sentencex import get_sentence_boundaries

# Markdown's marks are no words. The quantifiers that give nothing back keep a line of spaces from taking for ever.
# A first word that stands for something said before; "It was in May that" and "this year" stand for themselves.
_PRONOUN = re.compile(
    r"[\"“'‘(]?(?:(?:But|And|So|Yet|Then),? )?"
    r"(?:(?:He|She|They|His|Her|Their|Its|Both|Such|The (?:latter|former|two))\b|"
    r"(?:This|That|These|Those)\b(?! (?:year|month|week|morning|evening|time|day)s?\b)|"
    r"It\b(?! (?:is|was) (?:in|on|at|during|the|only|not)\b))",
    re.IGNORECASE,
)
_LINE = re.compile(r"^(?:[ \t]*+(?:#{1,6}|>)[ \t]++)?(?P<words>[^\n]*\S[^\n]*)", re.MULTILINE)
_WINDOW = 5000  # characters that sentencex gets at a time: of many quotation marks its time is the square
_WRAP_COLUMNS = range(50, 101)  # texts are hard-wrapped between these widths; narrower lines are lists or verse
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 100  # words of a sentence that stays whole, as of a quotation in translated news; longer ones have no stops
_PIECE = range(15, 41)  # words of what they are cut into
# Two characters of a script without spaces count as a word.
_WORDS = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]{1,2}[，、；：。]?|[^\s\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]+"
)
_PAUSES = ((";", "；", ":", "：", "—", "–"), (",", "，", "、", "…"))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every sentence, in order, without the white space around it.

    A line break ends a sentence, as in headlines and lists, unless the file is hard-wrapped and the next
    line's first word would not have fitted on the line. A sentence of more than a hundred words, of a text without
    full stops, is cut into pieces of at most forty.

    >>> text = "Boats left. They came back."
    >>> [text[start:end] for start, end in sentence_spans(text)]
    ['Boats left.', 'They came back.']
    """
    language = "zh" if len(_CHINESE.findall(text[:2000])) > 200 else "en"
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(text):
        block = text[block_start:block_end]
        for begin, end in _boundaries(language, block):
            raw = block[begin:end]
            start = block_start + begin + len(raw) - len(raw.lstrip())
            if raw.strip():
                spans += _pieces(text, start, start + len(raw.strip()))
    return spans


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, or of one that is too long pieces that end where a speaker would pause."""
    words = list(_WORDS.finditer(text, start, end)) if end - start > 2 * _LONGEST else []
    if len(words) <= _LONGEST:
        yield start, end
        return
    openers = _clause_words(" ".join(word[0].lower() for word in words))
    while len(words) >= _PIECE.stop:
        most = min(_PIECE.stop, len(words) - _PIECE.start + 1)
        cut = max(range(_PIECE.start, most), key=lambda i: (_pause(text, words[i - 1], words[i], openers), i))
        yield words[0].start(), words[cut - 1].end()
        words = words[cut:]
    yield words[0].start(), words[-1].end()


def _pause(text: str, before: re.Match[str], word: re.Match[str], openers: Sequence[frozenset[str]]) -> int:
    """How much of a pause there is ahead of a word, 0 to 5."""
    if "\n" in text[before.end() : word.start()]:
        return 5
    kinds = [before[0].endswith(marks) for marks in _PAUSES] + [word[0].lower() in opening for opening in openers]
    return 4 - kinds.index(True) if True in kinds else 0


def _clause_words(words: str) -> Sequence[frozenset[str]]:
    """Those that begin a clause in the language that has most of these words."""
    own = frozenset(words.split())
    return max(_openers(), key=lambda openers: len(own & frozenset().union(*openers)))


@lru_cache(maxsize=1)
def _openers() -> tuple[tuple[frozenset[str], ...], ...]:
    listed = tomllib.loads(files("rag.text").joinpath("clauses.toml").read_text(encoding="utf-8"))
    return tuple(tuple(frozenset(row.split()) for row in rows) for rows in listed.values())


def _boundaries(language: str, block: str) -> Iterator[tuple[int, int]]:
    """What sentencex finds, window by window; each begins where the last whole sentence ended, or a word."""
    place = 0
    while place < len(block):
        window = block[place : place + _WINDOW]
        found = [(each["start_index"], each["end_index"]) for each in get_sentence_boundaries(language, window)]
        if place + len(window) < len(block):
            whole = found[:-1] or [(0, window.rfind(" ") + 1 or len(window))]
        else:
            whole = found or [(0, len(window))]
        yield from ((place + start, place + end) for start, end in whole)
        place += max(1, whole[-1][1])


def _blocks(text: str) -> list[tuple[int, int]]:
    """Lines, with hard-wrapped ones joined."""
    lines = [match.span("words") for match in _LINE.finditer(text)]
    column = max((end - start for start, end in lines), default=0)
    if column not in _WRAP_COLUMNS:
        return lines
    blocks = lines[:1]
    for (last_start, last_end), (start, end) in itertools.pairwise(lines):
        first_word = text[start:end].split(maxsplit=1)[0]
        if text[last_end:start] == "\n" and last_end - last_start + 1 + len(first_word) > column:
            blocks[-1] = (blocks[-1][0], end)
        else:
            blocks.append((start, end))
    return blocks


def leans(sentence: str) -> bool:
    """Whether it begins with a pronoun, so that it cannot be read without the sentence before.

    >>> leans("It has nine cranes."), leans("It was in May that ice came.")
    (True, False)
    """
    return bool(_PRONOUN.match(sentence))
