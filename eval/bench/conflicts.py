"""How often sources that differ are found: `python -m eval.bench.conflicts [DATA]`.

DATA (default ../shared/data) holds squad2_dev10, xquad and qed. Pairs of articles are made of the half of their
articles that nothing is fitted on (conflict_pairs.py). First each pair is read by itself; then pairs of
different paragraphs go into one index, through cleaning and the grouping of copies, and is asked as a user would ask.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from scipy.stats import binomtest

from eval.bench.conflict_pairs import Pair, read_pairs
from eval.public import HELD_BACK, data_folder
from rag.ingest.build import ingest
from rag.ingest.progress import ProgressBar
from rag.news.conflicts import differences
from rag.pipeline import build_rag
from rag.read.reader import ExtractiveReader
from rag.settings import DEFAULT_EMBEDDING_MODEL, Settings
from rag.types import Passage, Reading

PAIRS = 300  # read
ASKED = 80  # asked
FIRST, SECOND = "first.txt", "second.txt"
SAMPLE = 5  # seed
Judged = tuple[Pair, bool]  # whether it was said to differ


def readings(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Reading]]:
    """What the reader makes of the two articles of each pair, as its only passages."""
    reader = ExtractiveReader.with_model(DEFAULT_EMBEDDING_MODEL)
    with ProgressBar() as progress:
        for number, pair in enumerate(pairs, start=1):
            passages = [
                Passage(name, text, name, pair.title, None, None, 0, len(text), score)
                for name, text, score in ((FIRST, pair.first, 1.0), (SECOND, pair.second, 0.95))
            ]
            yield pair, reader.read(pair.question, passages)
            progress("reading pairs", number, len(pairs))


def sample(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """The same ones every time."""
    return random.Random(SAMPLE).sample(pairs, min(most, len(pairs)))


def asked(pairs: Sequence[Pair], folder: Path) -> list[Judged]:
    """Pairs of different paragraphs in one index; each pair's question."""
    by_paragraph = defaultdict(list)
    for pair in pairs:
        by_paragraph[pair.first].append(pair)
    chance = random.Random(SAMPLE)
    chosen = sample([chance.choice(each) for each in by_paragraph.values()], ASKED)
    articles = folder / "articles"
    articles.mkdir()
    for number, pair in enumerate(chosen):
        (articles / f"{number}-first.txt").write_text(pair.first, encoding="utf-8")
        (articles / f"{number}-second.txt").write_text(pair.second, encoding="utf-8")
    settings = Settings(index=folder / "index")
    with ProgressBar() as progress:
        ingest([articles], settings, progress=progress)
        rag = build_rag(settings)
        found = []
        for number, pair in enumerate(chosen, start=1):
            found.append((pair, bool(rag.answer(pair.question).conflicts)))
            progress("asking", number, len(chosen))
    rag.close()
    return found


def print_shares(name: str, judged: Sequence[Judged]) -> None:
    """By kind and for all: how many pairs there are, and the share said to differ, with its 95% Wilson interval."""
    print(f"{name}: share of the pairs said to differ")
    kinds = {pair.kind for pair, _ in judged}
    for differs in (True, False):
        said = [(pair.kind, found) for pair, found in judged if pair.differs == differs]
        for kind in ("all that differ" if differs else "all that agree", *sorted(kinds)):
            counted = [found for own, found in said if kind in (own, "all that differ", "all that agree")]
            if counted:
                interval = binomtest(sum(counted), len(counted)).proportion_ci(method="wilson")
                share = sum(counted) / len(counted)
                print(f"  {kind:<44}{len(counted):>5}  {share:.3f} ({interval.low:.3f}–{interval.high:.3f})")


def main(arguments: Sequence[str]) -> int:
    """Print both measurements of the half held back."""
    pairs = read_pairs(data_folder(arguments), HELD_BACK)
    read = [(p, r.answers and bool(differences(p.question, r))) for p, r in readings(sample(pairs, PAIRS))]
    print_shares("Two articles read", read)
    with tempfile.TemporaryDirectory() as folder:
        print_shares("Asked of one index", asked(pairs, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
