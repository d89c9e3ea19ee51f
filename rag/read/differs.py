"""What a question names that no passage has, and what the nearest words have in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.text.facts import facts
from rag.types import Passage, Span

MOST_OTHERS = 3
_WORD = re.compile(r"[\w'’.-]*\w")
_NAME = re.compile(r"[A-Z][\w'’-]+(?: (?:(?:de|del|la|da|van|von) )*[A-Z][\w'’-]+)*")
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
# Before a name: what tells that two of them may stand in each other's place.
_PLACE = frozenset({"in", "at", "near", "from", "to", "of", "for", "by", "with", "against"})


def difference(question: str, nearest: Sequence[Span], passages: Sequence[Passage]) -> str:
    """In a sentence, for the first year or name of the question that no passage has; "" where they have them all.

    What stands in its place is told where the nearest words have other years, or one other name behind the same word.
    """
    there = {fact.key for passage in passages for fact in facts(f"{passage.about}. {passage.text}")}
    words = " ".join(span.text for span in nearest)
    for year in dict.fromkeys(_YEAR.findall(question)):
        if f"#{year}" not in there:
            return _said(year, list(dict.fromkeys(_YEAR.findall(words))))
    for before, name in _names(question):
        own = [fact.key for fact in facts(f"x {name}") if fact.kind == "name"]
        if own and not there.intersection(own):
            others = {other for word, other in _names(words) if before and word == before and other not in question}
            return _said(name, sorted(others) if len(others) == 1 else [])
    return ""


def _said(asked: str, others: Sequence[str]) -> str:
    if not 0 < len(others) <= MOST_OTHERS:
        return f"No passage found speaks of {asked}."
    *first, last = others
    spoken = f"{', '.join(first)} and {last}" if first else last
    return f"The passages found speak of {spoken}, not of {asked}."


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Names, each behind the small word ahead of it, "" where there is none; the first word of a sentence is none."""
    for match in _NAME.finditer(text):
        ahead, name = text[: match.start()].rstrip(), match.group()
        if not ahead or ahead[-1] in '.?!:"“':
            ahead, _, name = name.partition(" ")
        last = _WORD.findall(ahead)[-1:]
        word = last[0].lower() if last and ahead.endswith(last[0]) else ""
        if name:
            yield word if word in _PLACE else "", name.removesuffix("'s").removesuffix("’s")
