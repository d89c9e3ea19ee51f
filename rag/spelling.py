"""A name that no passage has, where the passages have one that is spelled almost so: "Zamorra", "Zamora"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from rag.languages import language_of
from rag.signals import FUNCTION_WORDS, terms
from rag.types import Passage

ALIKE = 0.82  # of difflib's ratio, twice the letters in common by all letters: one letter of six may be another
# Of five letters at least: shorter names are often one letter apart and different (Iran, Iraq).
_WORD = re.compile(r"[^\W\d_]{5,}")
_NAME = re.compile(r"(?<=[^\W\d_] )[A-ZÀ-Þ][^\W\d_]{4,}")  # not a sentence's first word, which may be any


def other_spellings(question: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """What an abstention has to say about names of the question: a line for each that may be misspelled.

    A question is often typed without capitals, so any of its words may be such a name; in another language than
    English it may also be a word that English has almost so.
    """
    if language_of(question).code != "en":
        return ()
    known = {term for passage in passages for term in terms(f"{passage.title} {passage.text}")}
    names = sorted({name for passage in passages for name in _NAME.findall(passage.text)})
    unknown = [word for word in _WORD.findall(question) if word.lower() not in FUNCTION_WORDS]
    found = {word: _nearest(word, names) for word in unknown if not known.intersection(terms(word))}
    return tuple(f"No passage has “{word}”; some have “{name}”." for word, name in found.items() if name)


def _nearest(word: str, names: Sequence[str]) -> str | None:
    """The name most like the word that begins as it does, if one is like it."""
    matcher = SequenceMatcher(b=word.lower(), autojunk=False)
    likeness: dict[str, float] = {}
    for name in names:
        if name[0].lower() == word[0].lower():
            matcher.set_seq1(name.lower())
            likeness[name] = matcher.ratio()
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= ALIKE else None
