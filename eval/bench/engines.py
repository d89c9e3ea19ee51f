"""What an engine of vectors costs: `RAG_STORE=… python -m eval.bench.engines [VECTORS]` (default 10,000).

So many random vectors of 384 numbers are added, each with a chunk of 40 invented words, then one article changes. Shown
are vectors added a second, milliseconds of a search by meaning and of what a question searches for altogether (the
median of 50, 100 hits each), and seconds until the change is published.

With `--fusion` it compares instead our fusion of meaning and words with that of the engine, over the articles and
questions of the seeds and of eval/bench/collections: how often the first passage, or one of the first eight, has what a
right answer must have.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from eval.bench.incremental import VOCABULARY
from eval.bench.news import FOLDER
from eval.data import QUESTIONS, EvalQuestion, read_questions
from rag.index.catalog import Catalog
from rag.index.draft import Draft
from rag.index.store import CATALOG, Store, built_with, write_vectors
from rag.ingest.build import SEEDS, ingest
from rag.ingest.copies import file_of
from rag.models.encoders import Vectors
from rag.pipeline import build_rag
from rag.search.retrieve import HybridRetriever
from rag.settings import Settings
from rag.types import Article, Chunk, Filters, Passage

DIMENSIONS, BATCH, TIMES, HITS = 384, 1000, 50, 100


class Random:
    """Stands in for an encoder."""

    name, window = "random", 256

    def __init__(self) -> None:
        self._numbers = np.random.default_rng(0)

    def encode(self, texts: list[str]) -> Vectors:
        """Unit vectors, shape (len(texts), DIMENSIONS)."""
        vectors = self._numbers.normal(size=(len(texts), DIMENSIONS)).astype(np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Not asked for here."""
        raise NotImplementedError


def publish(settings: Settings, articles: list[Article], encoder: Random) -> None:
    """Make the index have these articles, each with one chunk."""
    path, kept = settings.index / CATALOG, ""
    if path.exists():
        with closing(Catalog(path)) as catalog:
            kept = catalog.manifest["vectors"]
    with (
        closing(Draft(path, built_with(settings), anew=False)) as draft,
        closing(write_vectors(settings, kept)) as store,
    ):
        for each in articles:
            draft.put(each, file_of(each))
        for each in draft.uncut():
            draft.cut(each, [Chunk.of(each.source, None, 0, len(each.text), each.title, each.text)])
        draft.keep(each.source for each in articles)
        for batch in draft.chunks_among(store.missing(draft.unpublished_ids()), BATCH):
            store.add([chunk for chunk, _ in batch], encoder.encode([""] * len(batch)), [each for _, each in batch])
        kept = store.publish(draft.chunk_ids())
        draft.publish({**built_with(settings), "vectors": kept})
        store.tidy()


def median(work: Callable[[], object]) -> float:
    """Milliseconds of the median run."""
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def compare() -> None:
    """Print a line for each way of fusing."""
    folders = sorted(path.parent for path in FOLDER.glob("*/questions.jsonl"))
    questions = [
        each
        for path in (QUESTIONS, *(folder / "questions.jsonl" for folder in folders))
        for each in read_questions(path)
        if each.answerable and each.language == "en" and not each.history
    ]
    with tempfile.TemporaryDirectory() as place:
        for store in ("", Settings().store or f"milvus:{place}/vectors.db"):
            settings = Settings(index=Path(place, store[:6] or "folder"), store=store)
            ingest([SEEDS, *folders], settings)
            with closing(build_rag(settings)) as rag:
                ranks = [_rank(each, rag.retriever.retrieve(each.question, 8)) for each in questions]
            first, found = ranks.count(0), len(ranks) - ranks.count(8)
            print(f"{store or 'folder'}: of {len(ranks)} questions {first} first, {found} among eight")


def _rank(question: EvalQuestion, passages: list[Passage]) -> int:
    """The first passage that has all that a right answer must have; 8 if none has."""
    for rank, passage in enumerate(passages):
        text = passage.text.casefold()
        if all(any(each.casefold() in text for each in group) for group in question.required):
            return rank
    return 8


def main() -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors", nargs="?", type=int, default=10_000)
    parser.add_argument("--fusion", action="store_true")
    options = parser.parse_args()
    if options.fusion:
        compare()
        return
    number = options.vectors
    words, encoder = random.Random(0), Random()
    articles = [
        Article(f"{each}.txt", "1", f"Title {each}", None, None, None, " ".join(words.choices(VOCABULARY, k=40)), (),
                f"{each}.txt")
        for each in range(number)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=Path(folder))
        began = time.perf_counter()
        publish(settings, articles, encoder)
        rate = number / (time.perf_counter() - began)
        with closing(Store(settings)) as store:
            by_meaning = median(lambda: store.nearest(encoder.encode([""])[0], HITS, Filters()))
            retriever = HybridRetriever(store, encoder, HITS, 0.4)  # type: ignore[arg-type]
            altogether = median(lambda: retriever.retrieve(" ".join(words.choices(VOCABULARY, k=5)), 8))
        articles[0] = Article("0.txt", "2", "Title 0", None, None, None, "Something else.", (), "0.txt")
        began = time.perf_counter()
        publish(settings, articles, encoder)
        change = time.perf_counter() - began
    print(
        f"{settings.store or 'folder'}: {number:,} vectors, {rate:,.0f} added a second, "
        f"{by_meaning:.1f} ms by meaning, {altogether:.1f} ms altogether, {change:.1f} s for one change"
    )


if __name__ == "__main__":
    main()
