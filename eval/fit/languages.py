"""Fit the reader of other languages and write rag/read/reader_multilingual.json: `python -m eval.fit.languages [DATA]`.

Models and losses are those of eval/fit/reader.py. It sees the questions of eval/fit/lessons in five languages about
English passages, with their near misses, and from DATA (default ../shared/data) the Spanish and Chinese questions of
xquad on English paragraphs of the half of the articles that eval/bench/languages.py does not report on; those on the
other articles of that half have no answer.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from eval.bench.languages import cross_lingual
from eval.benchmarks import service
from eval.data import read_questions
from eval.fit.examples import OWN_WEIGHT, Example, example, gathered, hits, nothing, states
from eval.fit.reader import ablation, fit, options, print_figures, usable
from eval.fit.teaching import foreign_set
from eval.public import HELD_BACK, PublicQuestion
from rag.ingest.build import SEEDS, ingest
from rag.models.encoders import MULTILINGUAL_EMBEDDING_MODEL
from rag.pipeline import RAG, build_rag
from rag.read.reader import ReaderByLanguage, Weights, reader_weights
from rag.settings import Settings
from rag.types import Article

FITTED = ("es", "zh")
EVERY = 3  # so many questions of xquad make one that is asked: each takes about a second
WEIGHTS = Path(__file__).resolve().parents[2] / "rag" / "read" / "reader_multilingual.json"
SETTINGS = Settings(embedding_model=MULTILINGUAL_EMBEDDING_MODEL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Gather, fit, report, write."""
    chosen = options("Fit the weights of the reader of other languages.", arguments)
    examples = gathered("languages", lambda: _examples(chosen.data), again=not chosen.kept)
    weights = reader_weights(WEIGHTS.name)
    if chosen.ablate:
        for line in ablation(usable(examples), weights.margin):
            print(line, flush=True)
        return
    shortlist = json.loads(WEIGHTS.read_text(encoding="utf-8"))["shortlist"]
    fitted = {"shortlist": shortlist, **fit(examples, ("tongues", "xquad"))}
    print_figures(examples, Weights.from_dict(fitted))
    WEIGHTS.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")


def _examples(data: Path) -> Iterator[Example]:
    yield from seed_examples()
    yield from written_examples()
    yield from public_examples(data)


def written_examples() -> Iterator[Example]:
    """The questions of lessons/ in other languages."""
    asked = foreign_set()
    yield from _asked(asked.articles, [(question, f"tongues {question.kind}") for question in asked.questions], ())


def public_examples(data: Path) -> Iterator[Example]:
    """Questions of both languages asked of half of the articles, which do not answer those about the other half."""
    articles = cross_lingual(data, "en", 1 - HELD_BACK).articles
    titles = sorted({article.title for article in articles})
    for part in (titles[::2], titles[1::2]):
        indexed = [article for article in articles if article.title in part]
        sources = {article.source for article in indexed}
        questions, others = list[tuple[PublicQuestion, str]](), list[str]()
        for language in FITTED:
            for number, question in enumerate(cross_lingual(data, language, 1 - HELD_BACK).questions):
                if number % EVERY:
                    continue
                if question.source in sources:
                    questions.append((question, f"xquad {language}"))
                else:
                    others.append(question.question)
        yield from _asked(indexed, questions, others)


def _asked(
    articles: Sequence[Article], questions: Sequence[tuple[PublicQuestion, str]], others: Sequence[str]
) -> Iterator[Example]:
    with service(articles, SETTINGS, None, lambda *_: None) as rag:
        rag = _multilingual(rag)
        for question, group in tqdm(questions):
            yield example(rag, question.question, hits(question), bool(question.answers), group)
        for text in others:
            yield example(rag, text, nothing, False, "foreign")


def seed_examples() -> Iterator[Example]:
    """The seed questions of the tuning part in other languages."""
    with tempfile.TemporaryDirectory() as folder:
        settings = SETTINGS.model_copy(update={"index": Path(folder)})
        ingest([SEEDS], settings)
        rag = _multilingual(build_rag(settings))
        for question in read_questions(split="tune"):
            if question.language != "en":
                group = f"seeds {question.kind}"
                yield example(rag, question.question, states(question), question.answerable, group, OWN_WEIGHT)
        rag.close()


def _multilingual(rag: RAG) -> RAG:
    """The same service with the reader of other languages alone."""
    assert isinstance(rag.reader, ReaderByLanguage)
    return RAG(rag.settings, rag.store, rag.retriever, rag.reader.multilingual)


if __name__ == "__main__":
    main()
