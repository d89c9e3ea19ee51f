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
from rag.ingest.clean import paragraphs
from rag.ingest.paragraph import Paragraph
from rag.text.facts import Fact, facts, runs
from rag.text.sentences import leans, sentence_spans

_ALIKE = 0.4  # share of a sentence's pairs of words that its counterpart has; .25 to .5 do the same
_MOST_REPLACED = 2  # words of a sentence that the other text lacks, as "parking lot" for "car park"
_LETTERS = 4  # of a word: colo(u)r, cent(re), orga(nise)
_FEWEST_WORDS = 3  # of a sentence that says something
_MOST_PLACES = 20  # sentences remembered for a pair of words: bounds the work on texts that repeat themselves

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W\d_\u2e80-\u9fff\uf900-\ufaff]+"
)
_SEPARATORS = str.maketrans("", "", ".,")
# Ahead of a sentence: what stands in brackets or between rows of marks, or nothing but capitals and figures in front of
# a dash, bar or colon.
_DATELINE = re.compile(
    r"^(?:[<>*=]{2,}[^<>*=\n]{2,60}[<>*=]{2,}|[(\[][^()\[\]\n]{2,40}[)\]](?:\s?[-–—:]+)?|"
    r"(?:\(?[A-ZÀ-Ý\d/][\w.'’/)-]*,?\s){0,7}?\(?[A-ZÀ-Ý\d/][\w.'’/)-]*(?:\s?[-–—]+|\s?\||:))\s"
)
# Behind a figure and its unit, the same in another one: "400 metres (1,312 ft)".
_CONVERSION = re.compile(r"(?<=\d)((?: ?[a-z%°]+){1,2}) \((?:about |some |roughly )?[$£€]?\d[^()\n]{0,25}\)")
_SPEECH = re.compile(r"[“\"„«‘][^”\"“»’]{25,}|\b(?:said|says|told)\b")  # a quotation is longer than a title


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a line that is none; its words and facts are without its dateline."""

    text: str
    heading: bool  # of the headline
    length: float  # of its paragraph, as a multiple of what is usual in its text

    @cached_property
    def bare(self) -> str:
        return _CONVERSION.sub(r"\1", self.text if self.text.isupper() else _DATELINE.sub("", self.text))

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tokens(self.bare)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(_facts(self.bare))

    @cached_property
    def runs(self) -> list[tuple[frozenset[str], list[Fact]]]:
        """Its facts, neighbouring names together, each with its keys."""
        return [(frozenset(fact.key for fact in run), run) for run in runs(self.facts)]

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(fact.key for fact in self.facts)

    @cached_property
    def auxiliaries(self) -> Counter[str]:
        """Its "will", "has", "was" and the like."""
        forms = ((word, word.removesuffix("not"), word.removesuffix("n")) for word in self.words)  # cannot, hadn't
        return Counter(form for each in forms for form in dict.fromkeys(each) if form in furniture.AUXILIARIES)

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Its content words, those in letters cut to what British and American spelling share, and its figures."""
        return tuple(fact.key if fact.kind in ("number", "date") else fact.key[:_LETTERS] for fact in self.facts)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Its pairs of neighbouring content words."""
        return frozenset(pairwise(self.stems)) or frozenset({self.stems})

    @cached_property
    def tells(self) -> bool:
        """Whether it is a whole sentence, with a word in small letters, and not the headline."""
        end = self.text.rstrip(furniture.CLOSERS)[-1:]
        if self.heading or end not in furniture.ENDS or end in "?!？！" or len(self.words) < _FEWEST_WORDS:
            return False
        return any(not word[0].isupper() for word in furniture.WORD.findall(self.text))

    def foreign(self, other: Text) -> bool:
        """Whether it is likely the publisher's: a short paragraph that shares no word with the other text.

        With a word of publishers it may share one and be longer. A sentence with a speaker, or with a pronoun for
        something said before, is the article's.
        """
        words = furniture.WORD.findall(self.text.casefold())
        published = not (furniture.PUBLISHING | furniture.ADDRESSING).isdisjoint(words)
        pronoun = leans(self.text) and not self.text.startswith("This")  # "this text"
        if self.length > (1 if published else 0.5) or pronoun or _SPEECH.search(self.text):
            return False
        said = {fact.key for fact in self.facts if fact.kind in ("word", "opening", "name")}
        return len(said & other.keys) <= published


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
            for pair in () if sentence.heading else sentence.pairs:
                if len(found[pair]) < _MOST_PLACES:
                    found[pair].append(number)
        return dict(found)


@dataclass(frozen=True)
class Difference:
    """What one text has that another has not."""

    shared: float  # share of its words in sentences that the other has too
    changed: bool  # one of these says something else
    edited: bool  # one of these has other words, as in another spelling, or there are lines beside them
    own: Sequence[Sentence]  # sentences that the other lacks, or has without a fact or a clause
    aside: Sequence[Sentence]  # the same of those that are likely the publisher's
    lines: Sequence[Sentence]  # the same of headlines and of other lines that are no sentences


def tokens(text: str) -> tuple[str, ...]:
    """Its words without differences of case, punctuation and number separators; ideographs stand alone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(word.translate(_SEPARATORS) for word in _TOKEN.findall(plain))


@lru_cache(maxsize=50)
def read(content: str, title: str) -> Text:
    """The sentences of an article that have words, and the lines that are none."""
    page = paragraphs(list(enumerate(content.split("\n"))))
    usual = sum(paragraph.size**2 for paragraph in page) / max(1, sum(paragraph.size for paragraph in page))
    found = list[Sentence]()
    for paragraph in page:
        headline = not paragraph.prose and paragraph.text.strip("#*_ ") in title
        texts = (paragraph.text[start:end] for start, end in sentence_spans(paragraph.text))
        found += [Sentence(text, headline, paragraph.size / max(1, usual)) for text in texts]
    return Text(tuple(sentence for sentence in found if sentence.words))


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
    """What the first text, which has words, says that the other does not."""
    names = text.names | other.names
    shared, changed, edited = 0, False, False
    own, aside, lines = list[Sentence](), list[Sentence](), list[Sentence]()
    for sentence in text.sentences:
        if sentence.words in other.exact:
            shared += len(sentence.words)
        elif not sentence.heading and (place := _place(sentence, other)) is not None:
            shared += len(sentence.words)
            edited = edited or not set(sentence.words) <= set(other.sentences[place].words)
            if not (Paragraph(((0, sentence.text),)).imprint and sentence.text[-1] not in furniture.ENDS):
                longer = _adds(sentence, other, place, names)
                whole = longer and set(other.sentences[place].words) <= set(sentence.words)
                if (longer and not whole) or _changed(sentence, other, place, names):
                    changed = True
                    break  # two articles, whatever else they share
                own += [sentence] if whole else []
        elif not sentence.tells or not set(sentence.stems) - other.stems:  # a summary has no word of its own
            lines.append(sentence)
        else:
            (aside if sentence.foreign(other) else own).append(sentence)
    return Difference(shared / len(text.words), changed, edited or bool(aside or lines), own, aside, lines)


def _place(sentence: Sentence, other: Text) -> int | None:
    """Where the other text has this sentence, or one that it is a part of or made of."""
    votes = Counter(number for pair in sentence.pairs for number in other.places.get(pair, ()))
    best = min(votes, key=lambda number: (-votes[number], number), default=None)
    if best is None:
        return None
    there = other.sentences[best]
    size = min(len(sentence.pairs), len(there.pairs))
    stems = set(sentence.stems), set(there.stems)
    alike = votes[best] >= max(min(2, size), _ALIKE * size) or 5 * len(stems[0] & stems[1]) >= 3 * max(map(len, stems))
    return best if alike else None


def _changed(sentence: Sentence, other: Text, place: int, names: frozenset[str]) -> bool:
    """Whether a sentence has a name, figure, date or words in the place of others, a denial or another tense."""
    there = other.sentences[place]
    near = _beside(other, place)
    for kind in ("name", "number", "date"):
        own, others = _named(sentence, kind, names), _named(there, kind, names)
        keys = frozenset[str]().union(*own)
        for run in own:
            new = run - near - {"#1"}  # "one" is no number
            if same := [name for name in others if name & run]:  # a name may get longer
                replaced = bool(new - other.keys) and any(not name <= keys for name in same)
            else:
                replaced = bool(new) and any(not fact & keys for fact in others)
            if replaced:
                return True
        turned = kind == "number" and keys == frozenset[str]().union(*others)
        if turned and list(dict.fromkeys(own)) != list(dict.fromkeys(others)):
            return True
    stems, other_stems = set(sentence.stems), set(there.stems)
    alike = sentence.tells and there.tells and max(len(stems - other_stems), len(other_stems - stems)) < 2
    return (
        ("not" in sentence.keys and "not" not in near)
        or (alike and sentence.auxiliaries != there.auxiliaries)  # "will" became "has"
        or min(len(stems - other.stems), len(other_stems - stems)) > _MOST_REPLACED
    )


def _adds(sentence: Sentence, other: Text, place: int, names: frozenset[str]) -> bool:
    """Whether a sentence has a name, figure or date that the other text has nowhere, or a clause more."""
    known = _named(other.sentences[place], "name", names)
    runs = [run for kind in ("name", "number", "date") for run in _named(sentence, kind, names)]
    new = any(run - other.keys - {"#1"} and not any(run & name for name in known) for run in runs)
    return new or len(set(sentence.stems) - other.stems) > _MOST_REPLACED


def _beside(text: Text, place: int) -> frozenset[str]:
    return frozenset[str]().union(*(each.keys for each in text.sentences[max(0, place - 1) : place + 2]))


def _named(sentence: Sentence, kind: str, names: frozenset[str]) -> list[frozenset[str]]:
    """The keys of a kind, those of neighbouring names together; a first word is a name where it is one elsewhere."""
    return [
        keys
        for keys, run in sentence.runs
        if any(kind == ("name" if fact.kind == "opening" and fact.key in names else fact.kind) for fact in run)
    ]
