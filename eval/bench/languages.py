"""Questions in Spanish and Chinese about English articles: `python -m eval.bench.languages [DATA]`.

DATA (default ../shared/data) holds xquad, the same questions in three languages: they are asked of the English
paragraphs of the articles held back, all indexed together, and questions of the other articles are to be refused.
Then the seed questions in other languages, of the report part. Search and seeds are also measured with the default
embedding model; the table in docs/evaluation.md is rewritten.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from eval.bench.quality import PAGE, rewrite, value
from eval.benchmarks import paragraph_scores, reading_scores, service
from eval.data import read_questions
from eval.metrics import Array
from eval.public import HELD_BACK, PublicSet, data_folder, in_half, read_squad
from eval.run import evaluate
from rag.ingest.build import SEEDS, Progress, ingest
from rag.ingest.progress import ProgressBar
from rag.models.encoders import MULTILINGUAL_EMBEDDING_MODEL
from rag.pipeline import build_rag
from rag.settings import DEFAULT_EMBEDDING_MODEL, Settings
from rag.text.languages import language_of

LANGUAGES = {"en": "English", "es": "Spanish", "zh": "Chinese"}
MODELS = (MULTILINGUAL_EMBEDDING_MODEL, DEFAULT_EMBEDDING_MODEL)
BEGIN, END = "<!-- languages: written by python -m eval.bench.languages -->", "<!-- languages: end -->"
EVERY = 4  # so many questions of the other articles make one that has no answer
Scores = Mapping[str, Array]  # by what is measured


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write the table."""
    data = data_folder(arguments)
    with ProgressBar() as progress:
        columns = [{**public_scores(data, model, progress), **seed_scores(model, progress)} for model in MODELS]
    columns[0] |= recognized(data)
    rows = [
        f"| {what} | {len(scores)} | {value(scores)} | {value(columns[1][what]) if what in columns[1] else ''} |"
        for what, scores in columns[0].items()
    ]
    table = "\n".join((f"| what | n | {' | '.join(MODELS)} |", "|---|---|---|---|", *rows))
    print(table)
    rewrite(PAGE, BEGIN, END, table)
    return 0


def cross_lingual(data: Path, language: str, half: int) -> PublicSet:
    """English paragraphs of one half of the articles, the questions about them in a language, spans in the English."""
    english, other = (read_squad(data / "xquad" / f"xquad.{code}.json") for code in ("en", language))
    pairs = [
        replace(asked, question=translated.question)
        for asked, translated in zip(english.questions, other.questions, strict=True)
        if in_half(_title(asked.source), half)
    ]
    articles = tuple(article for article in english.articles if in_half(_title(article.source), half))
    return PublicSet(f"XQuAD {LANGUAGES[language]}", articles, tuple(pairs))


def _title(source: str) -> str:
    return source.rsplit("/", 1)[0]


def public_scores(data: Path, model: str, progress: Progress) -> Scores:
    """Retrieval of the articles held back in each language, and with the multilingual model reading in the others."""
    scores: dict[str, Array] = {}
    paragraphs = cross_lingual(data, "en", HELD_BACK).articles
    with service(paragraphs, Settings(embedding_model=model), None, progress) as rag:
        for code in LANGUAGES:
            held = cross_lingual(data, code, HELD_BACK)
            found = paragraph_scores(rag, held, progress)
            for name in ("paragraph recall@1", "paragraph recall@5"):
                scores[f"{held.name}: {name}"] = found[name]
            if code == "en" or model != MULTILINGUAL_EMBEDDING_MODEL:
                continue
            read = reading_scores(rag, held, progress)
            for name in ("without abstention", "with abstention"):
                scores[f"{held.name}: answer quoted, {name}"] = read[f"answer in the returned sentences, {name}"]
            others = cross_lingual(data, code, 1 - HELD_BACK).questions[::EVERY]
            foreign = tuple(replace(question, answers=()) for question in others)
            refused = reading_scores(rag, replace(held, questions=foreign), progress)["refused"]
            scores[f"{held.name}: of other articles, refused"] = refused
    return scores


def seed_scores(model: str, progress: Progress) -> Scores:
    """The seed questions in other languages, of the report part."""
    questions = [question for question in read_questions(split="report") if question.language != "en"]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=Path(folder), embedding_model=model)
        ingest([SEEDS], settings)
        rag = build_rag(settings)
        rows = evaluate(rag, questions, None, progress, {}).rows
        rag.close()
    scores: dict[str, Array] = {}
    for code in ("es", "zh"):
        for score, name in (("recall@4", "recall@4"), ("cited", "right and rightly cited")):
            scores[f"seeds, {LANGUAGES[code]}: {name}"] = _column(rows, code, score)
        refused = [row for row in rows if row["scores"]["unanswerable"]]
        scores[f"seeds, {LANGUAGES[code]}: without an answer, refused"] = _column(refused, code, "refused")
    return scores


def _column(rows: Sequence[Mapping[str, object]], language: str, score: str) -> Array:
    chosen = [row["scores"] for row in rows if row["language"] == language]
    return np.array([scores[score] for scores in chosen if score in scores])  # type: ignore[operator, index]


def recognized(data: Path) -> Scores:
    """The share of questions whose language is recognized: XQuAD's, SQuAD 2.0's and the seeds'."""
    asked: dict[str, list[tuple[str, str]]] = {}
    for code, name in LANGUAGES.items():
        questions = read_squad(data / "xquad" / f"xquad.{code}.json").questions
        asked[f"XQuAD {name}"] = [(question.question, code) for question in questions]
    squad = read_squad(data / "squad2_dev10" / "dev10.json").questions
    asked["SQuAD 2.0"] = [(question.question, "en") for question in squad]
    asked["seeds"] = [(question.question, question.language) for question in read_questions()]
    return {
        f"{name}: language recognized": np.array([float(language_of(text).code == code) for text, code in questions])
        for name, questions in asked.items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
