"""Pairs of articles that agree or differ, made of public paragraphs by editing figures and wording.

A pair is a question about a figure or date, the paragraph that answers it, and another article: the paragraph in other
words, with the figure changed (differs) or not, or something else of the same subject (agrees).
"""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.public import PublicQuestion, PublicSet, in_half, read_qed, read_squad
from rag.news.figures import Figure, agree, comparable, figures
from rag.text.sentences import sentence_spans
from rag.types import Article

_MONTHS = list(calendar.month_name)[1:]
_WEEKDAYS = list(calendar.day_name)
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_SYNONYMS = {
    "said": "stated", "about": "roughly", "approximately": "about", "began": "started", "built": "constructed",
    "large": "big", "largest": "biggest", "many": "numerous", "made": "produced", "also": "as well", "but": "yet",
    "started": "began", "used": "employed", "received": "got", "however": "still", "became": "turned into",
    "during": "in the course of", "until": "up to", "after": "following", "died": "passed away", "increased": "rose",
    "decreased": "fell", "people": "persons", "located": "situated", "founded": "established", "held": "kept",
    "established": "founded", "around": "about", "near": "close to", "won": "took", "city": "town", "area": "region",
    "children": "youngsters", "known": "called", "called": "named", "named": "called", "war": "conflict",
    "company": "firm", "killed": "slain", "created": "made", "led": "headed", "number": "count", "total": "sum",
    "population": "number of inhabitants", "often": "frequently", "most": "the bulk of",
}  # fmt: skip
_WORD = re.compile(r"\b[a-z]+\b")
_ASKED = re.compile(
    r"\b(?:(?:in |on |since |by )?(?:what|which) (?:year|date|day|month|percentage|percent|number|century|decade|time)|"
    r"how (?:many|much|long|old|far|tall|high|big|large)|when)\b(?: did| was| were| is| are| does| do)?",
    re.IGNORECASE,
)
_ASKS_FOR_OTHERS = re.compile(r"\b(?:who|whose|whom|where|why)\b", re.IGNORECASE)
_LEADING = re.compile(r"((?:In|On|By|Since|During|After|Before|Until) [^,]{3,40}), (.+?)([.!?]?)$", re.DOTALL)


@dataclass(frozen=True)
class Pair:
    """A question, two articles (headline, blank line, text), and whether they differ.

    `values` are the asked figure as it stands in each; the second is "" where that article does not state it.
    """

    kind: str
    question: str
    title: str
    first: str
    second: str
    values: tuple[str, str]
    differs: bool = False


def read_pairs(data: Path, half: int, seed: int = 7) -> list[Pair]:
    """The pairs of one half of the articles; the same every time."""
    found: list[Pair] = []
    for collection in (
        read_squad(data / "squad2_dev10" / "dev10.json"),
        read_squad(data / "xquad" / "xquad.en.json"),
        read_qed(data / "qed" / "qed-dev.jsonlines"),
    ):
        by_title: dict[str, list[str]] = {}
        for article in collection.articles:
            by_title.setdefault(article.title, []).append(article.text)
        for source, (article, questions) in _on_figures(collection, half).items():
            chance = random.Random(f"{seed} {source}")
            question = chance.choice(questions)
            others = [text for text in by_title[article.title] if text != article.text]
            if asked := _Asked.of(question, article, chance):
                found += _pairs(asked, others)
    return found


def _on_figures(collection: PublicSet, half: int) -> dict[str, tuple[Article, list[PublicQuestion]]]:
    """The articles of a half with the questions that a figure answers, by source."""
    articles = {article.source: article for article in collection.articles}
    asked: dict[str, tuple[Article, list[PublicQuestion]]] = {}
    for question in collection.questions:
        article = articles[question.source]
        if question.answers and in_half(article.title, half) and not _ASKS_FOR_OTHERS.search(question.question):
            start, end = question.answers[0]
            answer = article.text[start:end]
            if sum(figure.end - figure.start for figure in figures(answer)) > len(answer) / 2:
                asked.setdefault(question.source, (article, []))[1].append(question)
    return asked


@dataclass(frozen=True)
class _Asked:
    """A paragraph with the sentence whose figure is asked for, that figure, and another one to put in its place."""

    question: str
    title: str
    text: str
    sentence: str
    figure: Figure
    edited: str
    chance: random.Random

    @classmethod
    def of(cls, question: PublicQuestion, article: Article, chance: random.Random) -> _Asked | None:
        """None where the answer holds no figure, or none that can be changed into one that disagrees."""
        start, end = question.answers[0]
        first, last = _around(article.text, start, end)
        sentence = article.text[first:last]
        figure = next((f for f in figures(sentence) if f.start < end - first and f.end > start - first), None)
        if figure is None:
            return None
        value = sentence[figure.start : figure.end]
        edited = _edited(value, chance)
        if edited is None or edited == value:
            return None
        if (before := figures(value)) and (after := figures(edited)) and agree(before[0], after[0]):
            return None
        return cls(question.question, article.title, article.text, sentence, figure, edited, chance)

    @property
    def value(self) -> str:
        """The asked figure as it stands there."""
        return self.sentence[self.figure.start : self.figure.end]

    def pair(self, kind: str, second: str, its: str = "") -> Pair:
        """The paragraph beside a second article, which states `its`."""
        return Pair(kind, self.question, self.title, self.text, second, (self.value, its), its == self.edited)

    def replaced(self, new: str) -> str:
        """The sentence with another figure."""
        return self.sentence[: self.figure.start] + new + self.sentence[self.figure.end :]

    def updated(self) -> str:
        """The sentence as a later report has it: every figure but the dates is another one."""
        new = self.sentence
        for each in sorted(figures(self.sentence), key=lambda each: -each.start):
            words = new[each.start : each.end]
            changed = self.edited if each == self.figure else None if each.is_date else _edited(words, self.chance)
            new = new[: each.start] + (changed or words) + new[each.end :]
        return new

    def article(self, new_sentence: str) -> str:
        """The paragraph with another sentence in the place of this one."""
        head, body = self._parts()
        return head + body.replace(self.sentence, new_sentence)

    def in_other_words(self, new_sentence: str) -> str:
        """The same, some of its other sentences left out, the rest reworded and shuffled."""
        head, body = self._parts()
        sentences = [body[a:b] for a, b in sentence_spans(body)]
        sentences = [new_sentence if one == self.sentence else one for one in sentences]
        if new_sentence not in sentences:  # it runs over what the splitter takes for an end
            return self.article(new_sentence)
        kept = [one for one in sentences if one == new_sentence or self.chance.random() < 0.6]
        self.chance.shuffle(kept)
        return head + " ".join(one if one == new_sentence else _reworded(one, self.chance) for one in kept)

    def reworded(self, new: str) -> str:
        """The article in other words with another figure."""
        return self.in_other_words(_reworded(self.replaced(new), self.chance, keep=new))

    def stating(self, figure: str) -> str:
        """The question as a statement with a figure in the place of its question words; "" where it has none."""
        bare = self.question.rstrip("?")
        stated = _ASKED.sub(f"{figure} ", bare)
        return f"{stated}." if stated != bare else ""

    def _parts(self) -> tuple[str, str]:
        head = f"{self.title}\n\n" if self.title else ""
        return head, self.text[len(head) :]


def _pairs(asked: _Asked, others: Sequence[str]) -> Iterator[Pair]:
    value, edited, chance = asked.value, asked.edited, asked.chance
    yield asked.pair("one figure changed", asked.article(asked.replaced(edited)), edited)
    yield asked.pair("figure changed, other words", asked.reworded(edited), edited)
    if stated := asked.stating(edited):
        yield asked.pair("question as a statement, figure changed", asked.in_other_words(stated), edited)
        yield asked.pair("question as a statement", asked.in_other_words(asked.stating(value)), value)
    yield asked.pair("other words", asked.reworded(value), value)
    if form := _other_form(value):
        yield asked.pair("figure in another form", asked.reworded(form), form)
    if others:
        yield asked.pair("another paragraph", chance.choice(list(others)))
    if not asked.figure.is_date and (year := _other_year(asked)):
        moved = asked.replaced(edited).replace(year, _edited(year, chance) or year)
        yield asked.pair("another year", asked.in_other_words(_reworded(moved, chance, keep=edited)))
    near = [f for f in figures(asked.sentence) if f != asked.figure and comparable(f, asked.figure)]
    if others or not all(agree(one, asked.figure) for one in near):
        rest = asked.text.replace(asked.sentence, "", 1)
        if len(rest.split()) > 40:
            yield asked.pair("the paragraph without the answer", rest)
    if (updated := asked.updated()) != asked.replaced(edited):
        updated = _reworded(updated, chance, keep=edited)
        yield asked.pair("every count changed, other words", asked.in_other_words(updated), edited)


def _other_year(asked: _Asked) -> str:
    """A date with a year that stands beside the asked figure; "" where there is none."""
    dates = (f for f in figures(asked.sentence) if f.is_date and f != asked.figure)
    stated = (asked.sentence[date.start : date.end] for date in dates)
    return next((each for each in stated if re.search(r"\d{4}", each)), "")


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence that has text[start:end]."""
    spans = sentence_spans(text)
    first = max((a for a, _ in spans if a <= start), default=0)
    last = min((b for _, b in spans if b >= end), default=len(text))
    return first, last


def _edited(value: str, chance: random.Random) -> str | None:
    """The figure or date with one part of it changed; None where there is nothing to change."""
    places = list(re.finditer(r"\d+(?:,\d{3})*(?:\.\d+)?", value))
    names = (*_MONTHS, *_WEEKDAYS)
    words = [each for each in re.finditer(r"[A-Za-z]+", value) if each[0].lower() in _NUMBERS[2:] or each[0] in names]
    match = chance.choice([*places, *words]) if places or words else None
    if match is None:
        return None
    return value[: match.start()] + _changed(match[0], value[match.end() :], chance) + value[match.end() :]


def _changed(number: str, behind: str, chance: random.Random) -> str:
    for names in (_MONTHS, _WEEKDAYS):
        if number in names:
            return chance.choice([name for name in names if name != number])
    if number.lower() in _NUMBERS:
        new = chance.choice([each for each in _NUMBERS[2:] if each != number.lower()])
        return new.capitalize() if number[0].isupper() else new
    if re.fullmatch(r"(?:1\d|20)\d\d", number):
        return str(int(number) + chance.choice([-1, 1]) * chance.randint(1, 12))
    plain = float(number.replace(",", ""))
    decimals = len(number.partition(".")[2])
    changed = plain
    while f"{changed:.{decimals}f}" == f"{plain:.{decimals}f}":
        changed = plain * chance.choice([0.4, 0.6, 0.7, 0.8, 1.25, 1.4, 1.7, 2.2]) + chance.randint(0, 2)
        if re.match(r"(?:st|nd|rd|th|,? )?$", behind) is None and plain <= 31:
            changed = 1 + (plain + chance.randint(1, 20)) % 28
    return f"{changed:,.{decimals}f}" if "," in number else f"{changed:.{decimals}f}"


def _reworded(sentence: str, chance: random.Random, keep: str = "") -> str:
    """Words exchanged for others, what leads a sentence put at its end; `keep` stays as it is."""

    def other(match: re.Match[str]) -> str:
        inside = keep and sentence.find(keep) <= match.start() < sentence.find(keep) + len(keep)
        return match[0] if inside or chance.random() < 0.3 else _SYNONYMS.get(match[0], match[0])

    new = _WORD.sub(other, sentence)
    if match := _LEADING.fullmatch(new):
        new = f"{match[2][0].upper()}{match[2][1:]} {match[1][0].lower()}{match[1][1:]}{match[3]}"
    return new


def _other_form(value: str) -> str | None:
    """The same figure or date, written in another way."""
    if match := re.fullmatch(rf"({'|'.join(_MONTHS)}) (\d+)(?:, (\d{{4}}))?", value):
        return f"{match[2]} {match[1]}{' ' + match[3] if match[3] else ''}"
    if match := re.fullmatch(rf"(\d+) ({'|'.join(_MONTHS)})(?: (\d{{4}}))?", value):
        return f"{match[2]} {match[1]}{', ' + match[3] if match[3] else ''}"
    if match := re.match(r"(\d+)(?= |$)", value):
        number = int(match[1])
        if 2 <= number <= 12:
            return _NUMBERS[number] + value[match.end() :]
    if (match := re.match(r"([a-z]+)\b", value)) and match[1] in _NUMBERS[2:]:
        return str(_NUMBERS.index(match[1])) + value[match.end() :]
    if match := re.match(r"(\d{1,3}(?:,\d{3})+)\b", value):
        number = int(match[1].replace(",", ""))
        rounded = float(f"{number:.1e}")
        return f"about {rounded:,.0f}{value[match.end() :]}"
    if match := re.match(r"(\d+(?:\.\d+)?)%", value):
        return f"{match[1]} percent{value[match.end() :]}"
    if match := re.match(r"(\d+(?:\.\d+)?) (million|billion)\b", value):
        return f"{float(match[1]) * (1e6 if match[2] == 'million' else 1e9):,.0f}{value[match.end() :]}"
    return None
