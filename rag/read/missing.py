"""What a question names that no passage has, and what the nearest words have in its place."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence

from rag.text.characters import folded
from rag.text.words import in_full
from rag.types import Passage, Span

MOST_OTHERS = 3
BEGINS = 5  # letters by which words are taken for forms of one: Argentina, Argentine
_WORD = re.compile(r"[\w'’.-]*\w")
_CAPITAL = f"[{''.join(filter(str.isupper, map(chr, range(0x530))))}]"  # of Latin, Greek and Cyrillic
_PART = rf"(?:d['’])?{_CAPITAL}[\w'’-]+"
_NAME = re.compile(rf"(?<![\w'’-]){_PART}(?: (?:(?:de|del|la|da|van|von) )*{_PART})*")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_IN_YEAR = re.compile(rf"\b(?:in|since|until|from|of|and|to|during|before|after)\s+({_YEAR.pattern})")
# Behind these stand places; two of them may stand in each other's place.
_BEFORE_PLACES = frozenset({"in", "at", "near"})
_TIMES = frozenset((*calendar.month_name, *calendar.day_name))


def missing(question: str, nearest: Sequence[Span], passages: Sequence[Passage]) -> str:
    """In a sentence, the first year or name of the question that no passage has; "" where they have them all.

    What stands in its place is told where the nearest words have other years, or one other place. A name counts as
    there by any of its words, in another form or by its initials: rather nothing is said than something untrue.
    """
    text = in_full("\n".join(f"{passage.about}. {passage.text}" for passage in passages))
    words = " ".join(span.text for span in nearest)
    for year in dict.fromkeys(_YEAR.findall(question)):
        if year not in text:
            others = list(dict.fromkeys(_IN_YEAR.findall(words)))
            return _spoken_of(others, year) or f"No passage found speaks of {year}."
    said = _WORD.findall(text)
    for before, name in _names(question):
        if not _has(said, name):
            places = {other for word, other in _names(words) if word == before and other not in question}
            others = sorted(places - _TIMES) if before in _BEFORE_PLACES else []
            return (_spoken_of(others, name) if len(others) == 1 else "") or f"No passage found has the name {name}."
    return ""


def _spoken_of(others: Sequence[str], asked: str) -> str:
    if not 0 < len(others) <= MOST_OTHERS:
        return ""
    *first, last = others
    spoken = f"{', '.join(first)} and {last}" if first else last
    return f"The passages found speak of {spoken}, not of {asked}."


def _has(words: Sequence[str], name: str) -> bool:
    """Whether words of a text are of the name, begin as it does, are its initials, or what these stand for."""
    own = _WORD.findall(in_full(name))
    initials = "".join(word[0] for word in words if word[0].isupper())
    return (
        not {_beginning(word) for word in own}.isdisjoint(map(_beginning, words))
        or (name.isupper() and name in initials)
        or (len(own) > 1 and "".join(word[0] for word in own) in words)
    )


def _beginning(word: str) -> str:
    plain = folded(word).casefold().replace("’", "'")
    return plain.removesuffix("'s").removeprefix("d'")[:BEGINS]


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Names, each behind the word ahead of it, "" where there is none; the first word of a sentence is none."""
    for match in _NAME.finditer(text):
        ahead, name = text[: match.start()].rstrip(), match.group()
        if not ahead or ahead[-1] in '.?!:"“':
            ahead, _, name = name.partition(" ")
        last = _WORD.findall(ahead)[-1:]
        word = last[0].lower() if last and ahead.endswith(last[0]) else ""
        if name:
            yield word, name.removesuffix("'s").removesuffix("’s")
