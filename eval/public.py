"""Public question sets as articles and questions: each paragraph is an article of its own, under its headline.

The files are not part of this project; ../shared/data holds some where the project is developed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.catalog import Article

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@dataclass(frozen=True)
class PublicQuestion:
    """A question about one article; `answers` are spans (start, end) in its text, none where it has no answer."""

    question: str
    source: str
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class PublicSet:
    """Paragraphs to be indexed together, and the questions asked of them."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[PublicQuestion, ...]


def read_squad(path: Path, titles: set[str] | None = None) -> PublicSet:
    """A set in the SQuAD JSON form (Rajpurkar et al. 2018; XQuAD too), of these articles only if given."""
    articles: list[Article] = []
    questions: list[PublicQuestion] = []
    for entry in json.loads(path.read_text(encoding="utf-8"))["data"]:
        if titles is not None and entry["title"] not in titles:
            continue
        title = entry["title"].replace("_", " ")
        for number, paragraph in enumerate(entry["paragraphs"]):
            source = f"{entry['title']}/{number}"
            articles.append(_article(source, title, paragraph["context"]))
            for item in paragraph["qas"]:
                shift = _headline(title)
                spans = {_span(shift + answer["answer_start"], answer["text"]) for answer in item["answers"]}
                questions.append(PublicQuestion(item["question"], source, tuple(sorted(spans))))
    return PublicSet(path.stem, tuple(articles), tuple(questions))


def read_qed(path: Path) -> PublicSet:
    """Natural Questions with paragraphs, in QED's JSON lines (Lamm et al. 2020)."""
    articles: dict[str, Article] = {}
    questions: list[PublicQuestion] = []
    for item in _lines(path):
        text = item["paragraph_text"]
        source = f"{item['title_text']}/{zlib.crc32(text.encode()):08x}"
        articles[source] = _article(source, item["title_text"], text)
        shift = _headline(item["title_text"])
        parts = [part for answer in item["original_nq_answers"] for part in answer]
        spans = {(shift + part["start"], shift + part["end"]) for part in parts}
        questions.append(PublicQuestion(item["question_text"], source, tuple(sorted(spans))))
    return PublicSet(path.stem, tuple(articles.values()), tuple(questions))


def in_half(title: str, half: int) -> bool:
    """Whether an article belongs to half 0 or 1, by its title alone, the same in every set that has it."""
    return zlib.crc32(title.replace(" ", "_").encode()) % 2 == half


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _span(start: int, text: str) -> tuple[int, int]:
    return start, start + len(text)


def _article(source: str, title: str, text: str) -> Article:
    return Article(source, "", title, None, None, None, f"{title}\n\n{text}", (), source)


def _headline(title: str) -> int:
    """Characters that the headline takes above a paragraph."""
    return len(title) + 2
