"""What an article says that another does not: sentences, and names, figures and dates within those that both have.

A sentence is found again by its pairs of neighbouring content words, and compared by what `rag.text.facts` reads in it,
so that titles, spelling, style of numbers and datelines make no difference. It compares words, not meaning: "approved"
in the place of "rejected" is no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from rag.ingest import furniture
from rag.ingest.paragraph import Paragraph
from rag.text.facts import Fact, facts, runs
from rag.text.sentences import sentence_spans

_ALIKE = 0.4  # share of a sentence's pairs of words that its counterpart has; .25 to .5 do the same
_LETTERS = 4  # of a word: colo(u)r, cent(re), orga(nise)
_FEWEST_WORDS = 3  # of a sentence that says something
_MOST_PLACES = 20  # sentences remembered for a pair of words: bounds the work on texts that repeat themselves

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W\d_\u2e80-\u9fff\uf900-\ufaff]+"
)
_SEPARATORS = str.maketrans("", "", ".,")
# Ahead of a sentence: "Q:", an agency in brackets, a place in capitals or with its agency.
_DATELINE = re.compile(
    r"^(?:[A-Z]:|\([^()\n]{2,40}\)(?:\s?[-–—:])?|"
    r"(?:[A-ZÀ-Ý]{2}[A-ZÀ-Ý .'’-]*\b[^.!?\n]{0,40}?|[A-ZÀ-Ý][^.!?(\n]{1,50}\([^()]{2,30}\))"
    r"(?:\s?[-–—]+|\s?\||,[^:\n]{2,30}:))\s"
)
_SPEECH = re.compile(r"[“\"„«‘][^”\"“»’]{25,}")  # a quotation, longer than a title


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a line that is none, without its dateline."""

    text: str
    heading: bool  # of the headline

    @cached_property
    def words(self) -> tuple[str, ...]:
        return folded(self.text)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(_facts(self.text))

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(fact.key for fact in self.facts)

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Its content words, those in letters cut to what British and American spelling share, and its figures."""
        return tuple(fact.key if fact.kind in ("number", "date") else fact.key[:_LETTERS] for fact in self.facts)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Its pairs of neighbouring content words."""
        return frozenset(pairwise(self.stems)) or frozenset({self.stems})

    def tells(self, known: frozenset[str]) -> bool:
        """Whether it is a sentence of an article, not a headline or a line of the publisher's.

        Such a line speaks of publishing, or offers something and names nothing that is `known`.
        """
        end = self.text.rstrip(furniture.CLOSERS)[-1:]
        words = furniture.WORD.findall(self.text)
        own = sum(not word[0].isupper() and word not in furniture.FUNCTION for word in words)
        if self.heading or end not in furniture.ENDS or end in "?!？！" or not own or len(self.words) < _FEWEST_WORDS:
            return False
        paper, offer = (
            sum(word.casefold() in of for word in words) for of in (furniture.PUBLISHING, furniture.OFFERING)
        )
        addressed = not furniture.ADDRESSING.isdisjoint(words)
        page = (paper and (addressed or 2 * (paper + offer) >= own)) or (paper + offer and known.isdisjoint(self.keys))
        return not (page or words[0].casefold() in furniture.ADVERTISING) or bool(_SPEECH.search(self.text))


@dataclass(frozen=True)
class Text:
    """An article's sentences, and its lines that are none, with what they are found again by."""

    sentences: tuple[Sentence, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @cached_property
    def exact(self) -> frozenset[tuple[str, ...]]:
        """The words of each sentence."""
        return frozenset(sentence.words for sentence in self.sentences)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Of all its facts."""
        return frozenset(key for sentence in self.sentences for key in sentence.keys)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem for sentence in self.sentences for stem in sentence.stems)

    @cached_property
    def names(self) -> frozenset[str]:
        """What is a name not only as the first word of a sentence."""
        return frozenset(fact.key for sentence in self.sentences for fact in sentence.facts if fact.kind == "name")

    @cached_property
    def places(self) -> Mapping[tuple[str, ...], Sequence[int]]:
        """The first sentences that have a pair of words."""
        found: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, sentence in enumerate(self.sentences):
            for pair in sentence.pairs:
                if len(found[pair]) < _MOST_PLACES:
                    found[pair].append(number)
        return dict(found)


@dataclass(frozen=True)
class Difference:
    """What one text has that another has not."""

    shared: float  # share of its words in sentences that the other has too
    changed: bool  # one of these has a name, figure, date or denial that the other lacks
    reworded: int  # words of these that the other lacks altogether
    own: Sequence[Sentence]  # sentences that the other lacks
    lines: Sequence[Sentence]  # the same of headlines and of what is the publisher's


def folded(text: str) -> tuple[str, ...]:
    """Its words without differences of case, punctuation and number separators; ideographs stand alone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return tuple(word.translate(_SEPARATORS) for word in _TOKEN.findall(folded))


@lru_cache(maxsize=200)
def read(content: str, title: str) -> Text:
    """The sentences of an article that have words, and the lines that are none."""
    texts = (_DATELINE.sub("", content[start:end]) for start, end in sentence_spans(content))
    return Text(tuple(Sentence(text, text in title) for text in texts if _TOKEN.search(text)))


def _facts(text: str) -> Iterator[Fact]:
    """What it says, without titles and initials.

    Words of other languages may be numbers, those of a script without capitals names.
    """
    for fact in facts(text):
        word = fact.text.casefold()
        if word in furniture.NUMBERS:
            yield replace(fact, kind="number")
        elif len(fact.key) > 1 and word not in furniture.TITLES:
            uncased = fact.kind == "word" and not fact.text.islower()
            yield replace(fact, kind="name") if uncased else fact


def difference(text: Text, other: Text) -> Difference:
    names = text.names | other.names
    shared, changed, reworded = 0, False, 0
    own, lines = list[Sentence](), list[Sentence]()
    for sentence in text.sentences:
        if sentence.words in other.exact:
            shared += len(sentence.words)
        elif counterpart := _counterpart(sentence, other):
            shared += len(sentence.words)
            reworded += len(set(sentence.stems) - other.stems)
            imprint = Paragraph(((0, sentence.text),)).imprint and sentence.text[-1] not in furniture.ENDS
            changed = changed or (not imprint and _changed(sentence.facts, counterpart, names, other.keys))
        else:
            (own if sentence.tells(other.keys) else lines).append(sentence)
    return Difference(shared / len(text.words), changed, reworded, own, lines)


def _counterpart(sentence: Sentence, other: Text) -> list[Fact]:
    """What the other text's sentence like this one says, with the next one that adds to it where a sentence was cut."""
    left, chosen, alike = set(sentence.pairs), set[int](), False
    for _ in range(2):
        votes = Counter(number for pair in left for number in other.places.get(pair, ()))
        best = min(votes, key=lambda number: (-votes[number], number), default=None)
        if best is None or votes[best] < min(2, len(sentence.pairs)):
            break
        chosen.add(best)
        left -= other.sentences[best].pairs
        alike = alike or votes[best] >= _ALIKE * len(other.sentences[best].pairs)
    alike = alike or len(left) <= (1 - _ALIKE) * len(sentence.pairs)
    return [fact for number in sorted(chosen) for fact in other.sentences[number].facts] if alike else []


def _changed(said: Sequence[Fact], quoted: Sequence[Fact], names: frozenset[str], known: frozenset[str]) -> bool:
    """Whether a sentence has a name, figure, date or denial that its counterpart has not.

    One that is known from elsewhere in the text may be added, but not put in the place of another.
    """
    for kind in ("name", "number", "date"):
        own, others = _named(said, kind, names), _named(quoted, kind, names)
        keys, there = set[str]().union(*own), set[str]().union(*others)
        exchanged = any(not there & group for group in own) and any(not keys & group for group in others)
        turned = kind == "number" and keys == there and list(dict.fromkeys(own)) != list(dict.fromkeys(others))
        if exchanged or turned or keys - there - known - {"#1"}:  # "one" is no number
            return True
    return any(fact.kind == "not" for fact in said) and not any(fact.kind == "not" for fact in quoted)


def _named(said: Sequence[Fact], kind: str, names: frozenset[str]) -> list[frozenset[str]]:
    """The keys of a kind, those of neighbouring names together; a first word is a name where it is one elsewhere."""
    return [
        frozenset(fact.key for fact in run)
        for run in runs(said)
        if any(kind == ("name" if fact.kind == "opening" and fact.key in names else fact.kind) for fact in run)
    ]
