"""Questions that nothing answers, made from questions that something answers.

Users meet near misses as the right fact about another year, person or place, or as another question about a
known fact. SQuAD's impossible questions were written to have a plausible answer beside them, which is harder
and rarer; a confidence fitted on those alone takes a missing name or year too lightly.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_YEAR = re.compile(r"\b(1\d\d\d|20\d\d)\b")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b")
# Another kind of thing is asked of the same fact.
_ASKED_INSTEAD = (("When ", "Why "), ("Where ", "Why "), ("Why ", "Where "), ("How many ", "What percentage of "))


def names_in(questions: Sequence[str]) -> list[str]:
    """The names in questions, to swap in."""
    return sorted({match.group() for question in questions for match in _NAME.finditer(question)})


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
    matches = list(_NAME.finditer(question))
    others = [name for name in names if name not in question]
    if matches and others:
        yield _swap(question, chance.choice(matches), chance.choice(others))
    for asked, instead in _ASKED_INSTEAD:
        if question.startswith(asked):
            yield instead + question[len(asked) :]


def _swap(question: str, match: re.Match[str], other: str) -> str:
    return question[: match.start()] + other + question[match.end() :]
