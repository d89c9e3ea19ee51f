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

from eval.public import PublicQuestion, in_half, read_qed, read_squad
from rag.figures import agree, comparable, figures
from rag.sentences import sentence_spans

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
        articles = {article.source: article for article in collection.articles}
        by_title: dict[str, list[str]] = {}
        for article in collection.articles:
            by_title.setdefault(article.title, []).append(article.text)
        asked: dict[str, list[PublicQuestion]] = {}
        for question in collection.questions:
            article = articles[question.source]
            if question.answers and in_half(article.title, half) and not _ASKS_FOR_OTHERS.search(question.question):
                start, end = question.answers[0]
                answer = article.text[start:end]
                if sum(figure.end - figure.start for figure in figures(answer)) > len(answer) / 2:
                    asked.setdefault(question.source, []).append(question)
        for source, questions in asked.items():
            article = articles[source]
            chance = random.Random(f"{seed} {source}")
            question = chance.choice(questions)
            others = [text for text in by_title[article.title] if text != article.text]
            found += _pairs(question, article.title, article.text, others, chance)
    return found


def _pairs(
    question: PublicQuestion, title: str, text: str, others: Sequence[str], chance: random.Random
) -> Iterator[Pair]:
    start, end = question.answers[0]
    sentence_start, sentence_end = _around(text, start, end)
    sentence = text[sentence_start:sentence_end]
    found = [f for f in figures(sentence) if f.start < end - sentence_start and f.end > start - sentence_start]
    if not found:
        return
    figure = found[0]
    value = sentence[figure.start : figure.end]
    edited = _edited(value, chance)
    if edited is None or edited == value:
        return
    if (before := figures(value)) and (after := figures(edited)) and agree(before[0], after[0]):
        return
    head = f"{title}\n\n" if title else ""
    body = text[len(head) :]

    def article(new_sentence: str, *, other_words: bool) -> str:
        sentences = [body[a:b] for a, b in sentence_spans(body)]
        sentences = [new_sentence if one == sentence else one for one in sentences]
        if new_sentence not in sentences:  # it runs over what the splitter takes for an end
            return head + body.replace(sentence, new_sentence)
        if not other_words:
            return head + body.replace(sentence, new_sentence)
        kept = [one for one in sentences if one == new_sentence or chance.random() < 0.6]
        chance.shuffle(kept)
        return head + " ".join(one if one == new_sentence else _reworded(one, chance) for one in kept)

    def replaced(new: str) -> str:
        return sentence[: figure.start] + new + sentence[figure.end :]

    def pair(kind: str, second: str, its: str = "") -> Pair:
        return Pair(kind, question.question, title, text, second, (value, its), its == edited)

    yield pair("one figure changed", article(replaced(edited), other_words=False), edited)
    new = _reworded(replaced(edited), chance, keep=edited)
    yield pair("figure changed, other words", article(new, other_words=True), edited)
    stated = _ASKED.sub(f"{edited} ", question.question.rstrip("?")) + "."
    if stated[:-1] != question.question.rstrip("?"):
        yield pair("question as a statement, figure changed", article(stated, other_words=True), edited)
        same = _ASKED.sub(f"{value} ", question.question.rstrip("?")) + "."
        yield pair("question as a statement", article(same, other_words=True), value)
    yield pair("other words", article(_reworded(sentence, chance, keep=value), other_words=True), value)
    if form := _other_form(value):
        yield pair(
            "figure in another form", article(_reworded(replaced(form), chance, keep=form), other_words=True), form
        )
    if others:
        yield pair("another paragraph", chance.choice(list(others)))
    years = [
        f for f in figures(sentence) if f.is_date and f != figure and re.search(r"\d{4}", sentence[f.start : f.end])
    ]
    if years and not figure.is_date:
        year = sentence[years[0].start : years[0].end]
        moved = replaced(edited).replace(year, _edited(year, chance) or year)
        yield pair("another year", article(_reworded(moved, chance, keep=edited), other_words=True))
    same_unit = [f for f in figures(sentence) if f != figure and comparable(f, figure) and not agree(f, figure)]
    if same_unit or others:
        rest = "".join(text[:sentence_start]) + text[sentence_end:]
        if len(rest.split()) > 40:
            yield pair("the paragraph without the answer", rest)


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
