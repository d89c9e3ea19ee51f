"""Public question sets as articles and questions: each paragraph is an article of its own, under its headline.

The files are not part of this project; ../shared/data holds some where the project is developed.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import RAGError
from rag.types import Article

HELD_BACK = 1  # the half of the articles that nothing is fitted on
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@dataclass(frozen=True)
class PublicQuestion:
    """A question about one article; `answers` are spans (start, end) in its text, none where it has no answer.

    `kind` is what its set calls it, "" where it does not.
    """

    question: str
    source: str
    answers: tuple[tuple[int, int], ...]
    kind: str = ""


@dataclass(frozen=True)
class PublicSet:
    """Paragraphs to be indexed together, and the questions asked of them."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[PublicQuestion, ...]


@dataclass(frozen=True)
class BeirSet:
    """Documents, queries by id, and for each query its relevant documents with their gain (above 0).

    `unknown` counts judgements of a query or document that is not there; such a document counts as not found.
    """

    articles: tuple[Article, ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, float]]
    unknown: int


def read_beir(folder: Path) -> BeirSet:
    """A set in BEIR's form (Thakur et al. 2021): corpus.jsonl, queries.jsonl, and qrels/*.tsv.

    Of several files of judgements test.tsv is taken, as BEIR does; without it, all of them together.

    Raises:
        RAGError: a file is missing or cannot be read; it is named, with the line.
    """
    articles = []
    for document in _json_lines(folder / "corpus.jsonl", "_id", "text"):
        articles.append(_article(document["_id"], document.get("title") or "", document["text"]))
    queries = {query["_id"]: query["text"] for query in _json_lines(folder / "queries.jsonl", "_id", "text")}
    files = sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        raise RAGError(
            f"{folder / 'qrels'} holds no .tsv file; a BEIR folder has corpus.jsonl, queries.jsonl and qrels/"
        )
    sources = {article.source for article in articles}
    relevant: dict[str, dict[str, float]] = {}
    unknown = 0
    for path in [path for path in files if path.stem == "test"] or files:
        for query, source, gain in _judgements(path):
            unknown += query not in queries or source not in sources
            if gain > 0 and query in queries:
                relevant.setdefault(query, {})[source] = gain
    if not relevant:
        raise RAGError(f"{folder / 'qrels'} judges none of the queries in queries.jsonl; the ids must be the same")
    return BeirSet(tuple(articles), queries, relevant, unknown)


def _judgements(path: Path) -> Iterator[tuple[str, str, float]]:
    """query-id, corpus-id and score of every line below the header."""
    with _explained(path), path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if not row or (number == 1 and not _is_number(row[-1])):
                continue
            if len(row) < 3 or not _is_number(row[2]):
                raise RAGError(f"{path}, line {number}: give query-id, corpus-id and score, with tabs between")
            yield row[0], row[1], float(row[2])


def _is_number(text: str) -> bool:
    return text.strip().lstrip("-").replace(".", "", 1).isdigit()


def _json_lines(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    """JSON objects with these keys, all of them strings."""
    with _explained(path), path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line) if line.strip() else None
            except ValueError as error:
                raise RAGError(f"{path}, line {number}: {error}; give one JSON object a line") from None
            if row is not None:
                if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in keys):
                    raise RAGError(f"{path}, line {number}: give an object with the strings {' and '.join(keys)}")
                yield row


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Errors of a file in one line."""
    try:
        yield
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RAGError(f"cannot read {path} ({reason}); docs/evaluation.md names the forms that are read") from error


def read_squad(path: Path, titles: set[str] | None = None) -> PublicSet:
    """A set in the SQuAD JSON form (Rajpurkar et al. 2018; XQuAD too), of these articles only if given.

    Raises:
        RAGError: the file cannot be read, or is not of that form.
    """
    with _explained(path):
        collection = _squad(path, titles)
    if not collection.questions:
        raise RAGError(f"{path} has no question; SQuAD's form has data, paragraphs and qas")
    return collection


def _squad(path: Path, titles: set[str] | None) -> PublicSet:
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


def read_chunking(folder: Path) -> PublicSet:
    """The corpora and questions of Chroma's chunking report (Smith & Troynikov 2024), spans as its references."""
    articles = tuple(
        Article(
            path.stem,
            "",
            path.stem.replace("_", " "),
            None,
            None,
            None,
            path.read_text(encoding="utf-8"),
            (),
            path.stem,
        )
        for path in sorted(folder.glob("*.md"))
    )
    with (folder / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        questions = tuple(
            PublicQuestion(
                row["question"],
                row["corpus_id"],
                tuple((part["start_index"], part["end_index"]) for part in json.loads(row["references"])),
            )
            for row in csv.DictReader(file)
        )
    return PublicSet("chunking_evaluation", articles, questions)


def data_folder(arguments: Sequence[str]) -> Path:
    """The folder of public sets: the first argument of a script, else DATA.

    Raises:
        SystemExit: it is not there; says what is needed.
    """
    folder = Path(arguments[0]) if arguments else DATA
    if not (folder / "squad2_dev10").is_dir():
        raise SystemExit(
            f"{folder} does not hold the public sets (squad2_dev10, xquad, qed, mtrag_un, chunking_evaluation); "
            "they are no part of this project: name a folder that has them"
        )
    return folder


def in_half(title: str, half: int) -> bool:
    """Whether an article belongs to half 0 or 1, by its title alone, the same in every set that has it."""
    return title_hash(title) % 2 == half


def title_hash(title: str) -> int:
    """A number by the title alone, which puts an article into its part."""
    return zlib.crc32(title.replace(" ", "_").encode())


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _span(start: int, text: str) -> tuple[int, int]:
    return start, start + len(text)


def _article(source: str, title: str, text: str) -> Article:
    return Article(source, "", title, None, None, None, f"{title}\n\n{text}" if title else text, (), source)


def _headline(title: str) -> int:
    """Characters that the headline takes above a paragraph."""
    return len(title) + 2 if title else 0
