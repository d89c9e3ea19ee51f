"""Measure everything and rewrite the table in docs/evaluation.md: `make quality` (python -m eval.bench.quality [DATA]).

DATA (default ../shared/data) holds the public sets. Weights and threshold were fitted on one half of their
articles and the tuning part of the seed questions: reading is reported on the other half and the report part.
Nothing of the search was fitted but its defaults, so all of a set counts there.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval import metrics
from eval.bench.baselines import with_bm25, with_dense, with_plain_reader
from eval.benchmarks import figures, paragraph_scores, reading_scores, service
from eval.data import read_questions
from eval.judge import DEPTH
from eval.metrics import Array, recall_at_k
from eval.public import HELD_BACK, PublicSet, data_folder, in_half, read_chunking, read_qed, read_squad
from eval.run import evaluate
from eval.summary import MEASURES
from rag.ingest.build import SEEDS, Progress, ingest
from rag.ingest.progress import ProgressBar
from rag.pipeline import RAG, build_rag
from rag.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"
BEGIN, END = "<!-- quality: written by make quality -->", "<!-- quality: end -->"
Search = Callable[[RAG, PublicSet, Progress], dict[str, Array]]  # scores of retrieval by metric
KINDS = ("fact", "paraphrase", "two-articles", "differ", "follow-up", "language", "near-miss", "bait", "off-topic")


@dataclass(frozen=True)
class Row:
    """A line of the table: ours with its interval, and the plain baselines with a p-value each, where they apply."""

    what: str
    n: int
    ours: str
    bm25: str = ""
    dense: str = ""
    sentence: str = ""

    def markdown(self) -> str:
        """The line."""
        return f"| {self.what} | {self.n} | {self.ours} | {self.bm25} | {self.dense} | {self.sentence} |"


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write the table."""
    data = data_folder(arguments)
    rows: list[Row] = []
    with ProgressBar() as progress:
        for part in (seed_rows(progress), *(public_rows(*one, progress) for one in public_sets(data))):
            for row in part:
                print(row.markdown(), flush=True)
                rows.append(row)
    head = "| what | n | rag | BM25 alone | dense alone | most similar sentence |\n|---|---|---|---|---|---|\n"
    rewrite(PAGE, BEGIN, END, head + "\n".join(row.markdown() for row in rows))
    return 0


def public_sets(data: Path) -> Iterator[tuple[PublicSet, Search, bool]]:
    """Each set under its name in the table, how its retrieval is scored, and whether its questions are read too."""
    squad = read_squad(data / "squad2_dev10" / "dev10.json")
    yield replace(squad, name="SQuAD 2.0"), paragraph_scores, True
    for language, name in (("en", "English"), ("es", "Spanish"), ("zh", "Chinese")):
        xquad = read_squad(data / "xquad" / f"xquad.{language}.json")
        yield replace(xquad, name=f"XQuAD {name}"), paragraph_scores, language == "en"
    yield replace(read_qed(data / "qed" / "qed-dev.jsonlines"), name="QED"), paragraph_scores, True
    yield read_chunking(data / "chunking_evaluation"), span_scores, False


def public_rows(collection: PublicSet, search: Search, reading: bool, progress: Progress) -> Iterator[Row]:
    """Rows of one public set: retrieval on all of it by `search`, reading, if wanted, on the articles held back."""
    with service(collection.articles, Settings(), None, progress) as rag:
        found = [search(one, collection, progress) for one in (rag, with_bm25(rag), with_dense(rag))]
        for name in found[0]:
            ours, bm25, dense = (scores[name] for scores in found)
            yield Row(f"{collection.name}: {name}", len(ours), value(ours), _against(ours, bm25), _against(ours, dense))
        if reading:
            titles = {article.source: article.title for article in collection.articles}
            held = tuple(q for q in collection.questions if in_half(titles[q.source], HELD_BACK))
            rest = replace(collection, questions=held)
            plain = reading_scores(with_plain_reader(rag), rest, progress)
            yield from _reading_rows(collection.name, reading_scores(rag, rest, progress), plain)


def span_scores(rag: RAG, collection: PublicSet, progress: Progress) -> dict[str, Array]:
    """Retrieval of the chunks that overlap a reference, and the share of its characters in the first five."""
    chunks = rag.store.chunks()
    rows = []
    for number, question in enumerate(collection.questions, start=1):
        passages = rag.retriever.retrieve(question.question, DEPTH)
        relevant = {
            chunk.id: 1.0
            for chunk in chunks
            if chunk.source == question.source
            and any(chunk.start < end and start < chunk.end for start, end in question.answers)
        }
        wanted = {place for start, end in question.answers for place in range(start, end)}
        covered = {
            place
            for passage in passages[:5]
            if passage.source == question.source
            for place in range(passage.start, passage.end)
        }
        rows.append((metrics.ndcg_at_k([p.id for p in passages], relevant, 10), len(wanted & covered) / len(wanted),
                     recall_at_k([p.id for p in passages], relevant, 5)))  # fmt: skip
        progress("searching", number, len(collection.questions))
    names = ("chunk nDCG@10", "characters recalled in 5 chunks", "chunk recall@5")
    return dict(zip(names, np.array(rows).T, strict=True))


def seed_rows(progress: Progress) -> Iterator[Row]:
    """Rows of the report part of the seed questions, overall and by kind, beside the plain reader."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(index=Path(folder))
        ingest([SEEDS], settings)
        rag = build_rag(settings)
        questions = read_questions(split="report")
        ours, plain, words, meaning = (
            evaluate(one, questions, None, progress, {}).rows
            for one in (rag, with_plain_reader(rag), with_bm25(rag), with_dense(rag))
        )
        rag.close()
    for measure in MEASURES:
        if measure.name in ("recall@4", "nDCG@10", "follow-up recall@4"):
            found = [measure.of([row["scores"] for row in rows])[0] for rows in (ours, words, meaning)]
            against = [_against(found[0], other) for other in found[1:]]
            yield Row(f"seeds: {measure.name}", len(found[0]), value(found[0]), *against)
    for kind in KINDS:
        rows = [[row["scores"]["right"] for row in rows if row["kind"] == kind] for rows in (ours, plain)]
        right, other = (np.array(row) for row in rows)
        yield Row(f"seeds: {kind} right", len(right), value(right), sentence=_against(right, other))
    names = ("words shown", "answerable refused", "abstention F1", "AUROC", "Brier score")
    for measure in (one for one in MEASURES if one.name in names):
        columns, others = (measure.of([row["scores"] for row in rows]) for rows in (ours, plain))
        yield Row(f"seeds: {measure.name}", len(columns[0]), _figure(measure.statistic, columns),
                  sentence=f"{float(measure.statistic(*others)):.3f}")  # fmt: skip


def _reading_rows(name: str, ours: dict[str, Array], plain: dict[str, Array]) -> Iterator[Row]:
    mean, other = figures(ours), figures(plain)
    for key in mean:
        if key in ours:
            same = len(ours[key]) == len(plain[key])  # the plain reader gives no short answer
            beside = _against(ours[key], plain[key]) if same else ""
            yield Row(f"{name}: {key}", len(ours[key]), value(ours[key]), sentence=beside)
        else:
            yield Row(f"{name}: {key}", len(ours["answerable"]), f"{mean[key]:.3f}", sentence=f"{other[key]:.3f}")


def value(values: Array) -> str:
    """The mean with its 95% bootstrap interval."""
    return _figure(metrics.mean, (values,))


def _figure(statistic: metrics.Statistic, columns: Sequence[Array]) -> str:
    interval = metrics.bootstrap_interval(statistic, *columns)
    around = f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""
    return f"{float(statistic(*columns)):.3f}{around}"


def _against(ours: Array, other: Array) -> str:
    """The baseline's mean, marked ≈ where a paired randomization test shows no difference from ours."""
    p = metrics.paired_difference(metrics.mean, [ours], [other]).p
    return f"{other.mean():.3f}{' ≈' if p >= 0.05 else ''}"


def rewrite(page: Path, begin: str, end: str, table: str) -> None:
    """Put a table between two marks of a page, in place of the one that is there."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
