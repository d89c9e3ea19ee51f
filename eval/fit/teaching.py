"""What the reader is taught with: questions about a passage, and which of its sentences answer.

`written_lessons` are those of ../shared/data/written and of lessons/ (facts, paraphrases, near misses, …, written by
reading each passage), `public_lessons` those of SQuAD 2.0, XQuAD and QED, whose annotated answers also say which words
of a sentence answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

from eval.public import HELD_BACK, PublicQuestion, PublicSet, in_half, read_qed, read_squad, title_hash
from rag.read.signals import evidence
from rag.text.sentences import sentence_spans
from rag.types import Article

OWN = Path(__file__).with_name("lessons")
HELD_OUT = 10  # every so many-th written passage is fitted and measured on, never trained on
TRAIN, FIT, REPORT = "train", "fit", "report"
Span = tuple[int, int, int]  # number of the sentence, first and last character in it


@dataclass(frozen=True)
class Lesson:
    """A question about one passage: `right` are the numbers of the sentences that answer, none where none does.

    `words` are the places of the annotated answer, where there is one; `tempting` the sentences that nearly do.
    """

    question: str
    passage: int
    right: frozenset[int]
    words: tuple[Span, ...]
    tempting: frozenset[int]
    kind: str


@dataclass(frozen=True)
class Taught:
    """A passage: its article's headline and day, if known, and its sentences."""

    title: str
    day: str | None
    sentences: tuple[str, ...]

    def evidence(self, number: int) -> str:
        """One of its sentences as the cross-encoder reads it."""
        return evidence(self.sentences[number], self.title, self.sentences[number - 1] if number else "")


@dataclass
class Lessons:
    """Passages, and the questions about them."""

    passages: list[Taught]
    lessons: list[Lesson]

    def take(self, others: Lessons) -> None:
        """Take in the others' passages and questions."""
        first = len(self.passages)
        self.passages += others.passages
        self.lessons += [replace(each, passage=first + each.passage) for each in others.lessons]


def written_lessons(folder: Path) -> tuple[Lessons, Lessons]:
    """The written questions of that folder and those of lessons/: to train on, and, by passage, held out."""
    kept, held_out = Lessons([], []), Lessons([], [])
    files = [(folder / f"{name}passages.jsonl", folder / f"{name}questions.jsonl") for name in ("", "invented_")]
    files += [(path.with_name("passages.jsonl"), path) for path in sorted(OWN.glob("*/questions.jsonl"))]
    for passages, questions in files:
        places: dict[int, tuple[Lessons, int]] = {}
        for row in _rows(passages):
            lessons = kept if row["id"] % HELD_OUT else held_out
            places[row["id"]] = (lessons, len(lessons.passages))
            lessons.passages.append(Taught(row["title"], row.get("date"), tuple(row["sentences"])))
        for row in _rows(questions):
            if row.get("language", "en") == "en":  # the others are for a reader of other languages
                lessons, passage = places[row["passage"]]
                lessons.lessons.append(_lesson(row, passage, lessons.passages[passage]))
    return kept, held_out


def _lesson(row: Mapping[str, Any], passage: int, shown: Taught) -> Lesson:
    right = [number - 1 for number in row.get("answered_by") or ()]
    start = shown.sentences[right[0]].find(row["words"]) if right and row.get("words") else -1
    words = ((right[0], start, start + len(row["words"])),) if start >= 0 else ()
    tempting = row.get("tempting") or []
    numbers = tempting if isinstance(tempting, list) else [tempting]
    nearly = frozenset(number - 1 for number in numbers)
    return Lesson(row["question"], passage, frozenset(right), words, nearly, row["kind"])


def held_out_set(folder: Path) -> PublicSet:
    """All written passages as articles, and the held-out questions on them."""
    kept, held_out = written_lessons(folder)
    articles = [*_articles(kept, "kept"), *_articles(held_out, "held out")]
    return PublicSet("written", tuple(articles), tuple(_questions(held_out, "held out")))


def foreign_set() -> PublicSet:
    """The passages of lessons/ that questions in other languages are about, and these; their kind is the language."""
    found = Lessons([], [])
    for questions in sorted(OWN.glob("*/*questions.jsonl")):
        rows = [row for row in _rows(questions) if row.get("language", "en") != "en"]
        if rows:
            shown = list(_rows(questions.with_name("passages.jsonl")))
            places = {row["id"]: number for number, row in enumerate(shown)}
            passages = [Taught(row["title"], row.get("date"), tuple(row["sentences"])) for row in shown]
            asked = [_lesson(row, places[row["passage"]], passages[places[row["passage"]]]) for row in rows]
            named = [replace(one, kind=row["language"]) for one, row in zip(asked, rows, strict=True)]
            found.take(Lessons(passages, named))
    return PublicSet("tongues", tuple(_articles(found, "")), tuple(_questions(found, "")))


def _articles(lessons: Lessons, name: str) -> Iterator[Article]:
    for number, passage in enumerate(lessons.passages):
        source, text = f"{name} {number}", f"{passage.title}\n\n{' '.join(passage.sentences)}"
        day = date.fromisoformat(passage.day.replace("/", "-")) if passage.day else None
        yield Article(source, "", passage.title, None, day, None, text, (), source)


def _questions(lessons: Lessons, name: str) -> Iterator[PublicQuestion]:
    """The answer of a question is the middle of its sentence: an index may cut sentences otherwise."""
    for lesson in lessons.lessons:
        passage = lessons.passages[lesson.passage]
        ends = list(accumulate((len(sentence) + 1 for sentence in passage.sentences), initial=len(passage.title) + 2))
        middles = [
            (ends[number] + len(passage.sentences[number]) // 4, ends[number + 1] - len(passage.sentences[number]) // 4)
            for number in sorted(lesson.right)
        ]
        yield PublicQuestion(lesson.question, f"{name} {lesson.passage}", tuple(middles), kind=lesson.kind)


def part_of(title: str) -> str:
    """The part that a public article belongs to, the same in every set that has it."""
    if in_half(title, HELD_BACK):
        return REPORT
    return FIT if title_hash(title) % 8 == 0 else TRAIN


def public_lessons(data: Path, part: str = TRAIN) -> Lessons:
    """The public questions on articles of one part."""
    found = Lessons([], [])
    squad = read_squad(data / "squad2_dev10" / "dev10.json")
    known = {article.title for article in squad.articles}
    for collection in (
        squad,
        read_squad(data / "xquad" / "xquad.en.json"),
        read_qed(data / "qed" / "qed-dev.jsonlines"),
    ):
        without = set() if collection is squad else known
        found.take(_public(collection, part, without))
    return found


def _public(collection: PublicSet, part: str, without: set[str]) -> Lessons:
    found, places = Lessons([], []), dict[str, tuple[int, list[tuple[int, int]]]]()
    for article in collection.articles:
        if part_of(article.title) != part or article.title in without:
            continue
        body = len(article.title) + 2 if article.title else 0
        spans = [(body + start, body + end) for start, end in sentence_spans(article.text[body:])]
        places[article.source] = (len(found.passages), spans)
        sentences = tuple(article.text[start:end] for start, end in spans)
        found.passages.append(Taught(article.title, None, sentences))
    for question in collection.questions:
        if question.source not in places:
            continue
        passage, spans = places[question.source]
        words = tuple(
            (number, first - start, last - start)
            for first, last in question.answers
            for number, (start, end) in enumerate(spans)
            if start <= first and last <= end
        )
        if bool(words) == bool(question.answers):  # a few answers reach over the end of a sentence
            right = frozenset(number for number, _, _ in words)
            found.lessons.append(Lesson(question.question, passage, right, words, frozenset(), collection.name))
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
