"""Questions that nothing answers, made from questions that something answers.

Users meet near misses as the right fact about another year, person or place, as another question about a known
fact, or with the roles exchanged. SQuAD's impossible questions were written to have a plausible answer beside them,
which is harder and rarer; a confidence fitted on those alone takes a missing name or year too lightly.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from rag.models.encoders import Encoder
from rag.text.words import FUNCTION_WORDS, terms

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_YEAR = re.compile(r"\b(1\d\d\d|20\d\d)\b")
_WORD = re.compile(r"(?<![\w'-])[a-z]{4,}(?![\w'-])")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b")
_SYMMETRIC = re.compile(r"\b(?:between|and|or|with|than)\b")
# Another kind of thing is asked of the same fact.
_ASKED_INSTEAD = (("When ", "Why "), ("Where ", "Why "), ("Why ", "Where "), ("How many ", "What percentage of "))
# Cosine of the two words: below, they have nothing to do with each other; above, they mean the same.
RELATED = (0.3, 0.62)
MOST_WORDS = 6000


def names_in(texts: Sequence[str]) -> list[str]:
    """The names in texts, to swap in."""
    return sorted({match.group() for text in texts for match in _NAME.finditer(text)})


def near_misses(question: str, names: Sequence[str], seed: int) -> Iterator[str]:
    """The question about another year, another ordinal, another name, and asking for another kind of thing.

    Only those changes that the question has room for; the same for the same seed.

    >>> list(near_misses("When did the first ship reach Callao?", ["Oslo"], 1))  # doctest: +NORMALIZE_WHITESPACE
    ['When did the third ship reach Callao?', 'When did the first ship reach Oslo?',
     'Why did the first ship reach Callao?']
    """
    chance = random.Random(seed)
    if match := _YEAR.search(question):
        year = int(match.group()) + chance.choice((-7, -4, -2, 2, 5, 9))
        yield _swap(question, match, str(year))
    if match := _ORDINAL.search(question):
        other = chance.choice([ordinal for ordinal in _ORDINALS if ordinal != match.group()])
        yield _swap(question, match, other)
    if changed := other_name(question, names, seed):
        yield changed
    for asked, instead in _ASKED_INSTEAD:
        if question.startswith(asked):
            yield instead + question[len(asked) :]


def other_name(question: str, names: Sequence[str], seed: int) -> str | None:
    """The question about another of the names; None where it has no name.

    >>> other_name("When did the ship reach Callao?", ["Callao", "Oslo"], 1)
    'When did the ship reach Oslo?'
    """
    chance = random.Random(seed)
    matches = list(_NAME.finditer(question))
    others = [name for name in names if not any(word in question for word in name.split())]
    return _swap(question, chance.choice(matches), chance.choice(others)) if matches and others else None


def exchanged_roles(question: str) -> str | None:
    """The question with its first two names in each other's place; None where that may ask the same.

    >>> exchanged_roles("When did the king of Spain visit Peru?")
    'When did the king of Peru visit Spain?'
    """
    matches = list(_NAME.finditer(question))
    if len(matches) < 2 or matches[0].group() == matches[1].group() or _SYMMETRIC.search(question):
        return None
    first, second = matches[:2]
    return _swap(_swap(question, second, first.group()), first, second.group())


class RelatedWords:
    """Exchanges one content word of a question for a related one: "economy minister" for "defence minister"."""

    def __init__(self, texts: Sequence[str], encoder: Encoder) -> None:
        counts = Counter(word for text in texts for word in set(_WORD.findall(text)) - FUNCTION_WORDS)
        self._words = [word for word, count in counts.most_common(MOST_WORDS) if count > 1]
        self._vectors = encoder.encode(self._words)
        self._place = {word: place for place, word in enumerate(self._words)}

    def change(self, question: str, seed: int) -> str | None:
        """The question with another word of the same ending; None where no word has a relative."""
        chance = random.Random(seed)
        matches = [match for match in _WORD.finditer(question) if match.group() not in FUNCTION_WORDS]
        chance.shuffle(matches)
        for match in matches:
            if relatives := self._relatives(match.group()):
                return _swap(question, match, chance.choice(relatives))
        return None

    def _relatives(self, word: str) -> list[str]:
        if word not in self._place:
            return []
        similarity = self._vectors @ self._vectors[self._place[word]]
        nearest = [self._words[place] for place in np.argsort(-similarity)[1:200]]
        low, high = RELATED
        return [
            other
            for other in nearest
            if low < similarity[self._place[other]] < high and other[-2:] == word[-2:] and terms(other) != terms(word)
        ][:15]


def _swap(question: str, match: re.Match[str], other: str) -> str:
    return question[: match.start()] + other + question[match.end() :]
