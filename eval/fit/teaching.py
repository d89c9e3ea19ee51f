"""What the reader is taught with: questions about a passage, and which of its sentences answer.

`written_lessons` are those of ../shared/data/written and of lessons/ (facts, paraphrases, near misses, …, written by
reading each passage),
`public_lessons` those of SQuAD 2.0, XQuAD and QED, whose annotated answers also say which words of a sentence answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from eval.fit.examples import TRAIN, part_of
from eval.public import PublicQuestion, PublicSet, read_qed, read_squad
from rag.models.encoders import encoder
from rag.text.sentences import sentence_spans
from rag.types import Article

OWN = Path(__file__).with_name("lessons")
HELD_OUT = 10  # every so many-th written passage is measured on, never trained on
Span = tuple[int, int, int]  # number of the sentence, first and last character in it


@dataclass(frozen=True)
class Lesson:
    """A question about one passage: `right` are the numbers of the sentences that answer, none where none does.

    `words` are the places of the annotated answer, where there is one.
    """

    question: str
    passage: int
    right: frozenset[int]
    words: tuple[Span, ...]
    kind: str


@dataclass(frozen=True)
class Taught:
    """A passage as the reader sees it: what is known of its article, and its sentences."""

    about: str
    sentences: tuple[str, ...]


@dataclass
class Lessons:
    """Passages, and the questions about them."""

    passages: list[Taught]
    lessons: list[Lesson]

    def take(self, others: Lessons) -> None:
        """Take in the others' passages and questions."""
        first = len(self.passages)
        self.passages += others.passages
        self.lessons += [
            Lesson(each.question, first + each.passage, each.right, each.words, each.kind) for each in others.lessons
        ]


def written_lessons(folder: Path) -> tuple[Lessons, Lessons]:
    """The written questions of that folder and those of lessons/: to train on, and, by passage, held out."""
    kept, held_out = Lessons([], []), Lessons([], [])
    files = [(folder / f"{name}passages.jsonl", folder / f"{name}questions.jsonl") for name in ("", "invented_")]
    files += [(path, path.with_name("questions.jsonl")) for path in sorted(OWN.glob("*/passages.jsonl"))]
    for passages, questions in files:
        places: dict[int, tuple[Lessons, int]] = {}
        for row in _rows(passages):
            lessons = kept if row["id"] % HELD_OUT else held_out
            places[row["id"]] = (lessons, len(lessons.passages))
            day = f" {date.fromisoformat(row['date'].replace('/', '-')):%d %B %Y}" if row.get("date") else ""
            lessons.passages.append(Taught(f"{row['title']}{day}", tuple(row["sentences"])))
        for row in _rows(questions):
            if row.get("language", "en") == "en":  # the others are for a reader of other languages
                lessons, passage = places[row["passage"]]
                lessons.lessons.append(_lesson(row, passage, lessons.passages[passage]))
    return kept, held_out


def _lesson(row: Mapping[str, Any], passage: int, shown: Taught) -> Lesson:
    right = [number - 1 for number in row.get("answered_by") or ()]
    start = shown.sentences[right[0]].find(row["words"]) if right and row.get("words") else -1
    words = ((right[0], start, start + len(row["words"])),) if start >= 0 else ()
    return Lesson(row["question"], passage, frozenset(right), words, row["kind"])


def held_out_set(folder: Path) -> PublicSet:
    """All written passages as articles, and the held-out questions on them; an answer is the middle of its sentence."""
    kept, held_out = written_lessons(folder)
    articles, questions = [], list[PublicQuestion]()
    for name, lessons in (("kept", kept), ("held out", held_out)):
        for number, passage in enumerate(lessons.passages):
            source = f"{name} {number}"
            text = f"{passage.about}\n\n{' '.join(passage.sentences)}"
            articles.append(Article(source, "", passage.about, None, None, None, text, (), source))
    for lesson in held_out.lessons:
        passage = held_out.passages[lesson.passage]
        ends = list(accumulate((len(sentence) + 1 for sentence in passage.sentences), initial=len(passage.about) + 2))
        middles = [
            (ends[number] + len(passage.sentences[number]) // 4, ends[number + 1] - len(passage.sentences[number]) // 4)
            for number in sorted(lesson.right)
        ]
        questions.append(PublicQuestion(lesson.question, f"held out {lesson.passage}", tuple(middles)))
    return PublicSet("written", tuple(articles), tuple(questions))


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
        found.passages.append(Taught(article.title, tuple(article.text[start:end] for start, end in spans)))
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
            found.lessons.append(Lesson(question.question, passage, right, words, collection.name))
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def nearest_passages(lessons: Lessons, most: int, wanted: Callable[[Lesson], bool]) -> list[list[int]]:
    """For each wanted question the passages, other than its own, that an embedding finds most like it, best first."""
    encode = encoder("all-MiniLM-L6-v2", "document").encode
    passages = encode([f"{each.about} {' '.join(each.sentences)}" for each in tqdm(lessons.passages, desc="passages")])
    found: list[list[int]] = [[] for _ in lessons.lessons]
    for number, lesson in enumerate(tqdm(lessons.lessons, desc="questions")):
        if wanted(lesson):
            similarity = passages @ encode([lesson.question])[0]
            similarity[lesson.passage] = -1
            found[number] = np.argsort(-similarity)[:most].tolist()
    return found
