"""Fit the reader of other languages and write rag/read/reader_multilingual.json: `python -m eval.fit.languages [DATA]`.

DATA (default ../shared/data) holds xquad: its Spanish and Chinese questions are asked of the English paragraphs of the
half of the articles that eval/bench/languages.py does not report on. Models and losses are those of
eval/fit/reader.py. Without an answer are questions whose answering sentences were taken out of the passages, questions
changed to another year or name, and questions asked of articles that are not theirs.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.bench.languages import cross_lingual
from eval.benchmarks import service
from eval.data import read_questions
from eval.fit.examples import OWN_WEIGHT, Example, example, hits, nothing, states
from eval.fit.near_misses import names_in, near_misses
from eval.fit.reader import Vector, fit, print_figures
from eval.public import HELD_BACK, PublicQuestion, data_folder
from rag.ingest.build import SEEDS, ingest
from rag.models.encoders import MULTILINGUAL_EMBEDDING_MODEL, profile
from rag.pipeline import RAG, build_rag
from rag.read.reader import ReaderByLanguage, Weights
from rag.settings import Settings

FITTED = ("es", "zh")
EVERY = 2  # so many questions of a language make one that is asked of other articles
REFUSED_KINDS = ("taken out", "changed", "foreign")
SETTINGS = Settings(embedding_model=MULTILINGUAL_EMBEDDING_MODEL)


def main(arguments: Sequence[str]) -> int:
    """Gather, fit, report, write."""
    data = data_folder(arguments)
    path = Path(__file__).resolve().parents[2] / "rag" / "read" / profile(MULTILINGUAL_EMBEDDING_MODEL).reader_weights
    shortlist = json.loads(path.read_text(encoding="utf-8"))["shortlist"]
    examples = [*public_examples(data), *seed_examples()]
    fitted = {"shortlist": shortlist, **fit(examples, ("xquad",), best_balanced)}
    print_figures(examples, Weights.from_dict(fitted))
    path.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    return 0


def best_balanced(answerable: Vector, right: NDArray[np.bool_], others: Mapping[str, Vector]) -> float:
    """The threshold of which two shares have the highest sum (Youden 1950): answerable ones answered, others refused.

    Those of `REFUSED_KINDS`, each kind alike.
    """
    places = np.unique(answerable)
    refused = np.mean([(others[kind] < places[:, None]).mean(axis=1) for kind in REFUSED_KINDS], axis=0)
    return float(places[np.argmax((answerable >= places[:, None]).mean(axis=1) + refused)])


def public_examples(data: Path) -> Iterator[Example]:
    """Questions of both languages and what was made of them, asked of half of the articles; and of the other half."""
    articles = cross_lingual(data, "en", 1 - HELD_BACK).articles
    titles = sorted({article.title for article in articles})
    for part in (titles[::2], titles[1::2]):
        indexed = [article for article in articles if article.title in part]
        sources = {article.source for article in indexed}
        with service(indexed, SETTINGS, None, lambda *_: None) as rag:
            rag = _multilingual(rag)
            for language in FITTED:
                questions = cross_lingual(data, language, 1 - HELD_BACK).questions
                names = names_in([question.question for question in questions])
                for number, question in enumerate(tqdm(questions, desc=language)):
                    if question.source in sources:
                        yield from _examples(rag, question, language, number, names)
                    elif number % EVERY == 0:
                        yield example(rag, question.question, nothing, False, "foreign")


def _examples(
    rag: RAG, question: PublicQuestion, language: str, number: int, names: Sequence[str]
) -> Iterator[Example]:
    yield example(rag, question.question, hits(question), True, f"xquad {language}")
    if number % 4 == 0:
        yield example(rag, question.question, hits(question), False, "taken out", take_out=True)
    for changed in near_misses(question.question, names, number):
        yield example(rag, changed, nothing, False, "changed")


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
    sys.exit(main(sys.argv[1:]))
