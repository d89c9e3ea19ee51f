"""How well follow-up questions find what they ask for: `python -m eval.bench.follow_ups`.

The seed questions' dialogues are measured by what is retrieved: for a question as it was typed, for it together with
the one before, as it is searched for, and for its rewriting by hand.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.data import read_questions
from eval.judge import Relevance
from eval.metrics import recall_at_k
from rag.followup.condense import condense
from rag.ingest.build import SEEDS, ingest
from rag.ingest.progress import ProgressBar
from rag.pipeline import build_rag
from rag.settings import Settings


def seeds_row(split: str, index: Path) -> str:
    """Recall@4 of the seed questions' follow-ups: as typed, as they are searched for, and as people rewrote them."""
    with ProgressBar() as progress:
        ingest([SEEDS], Settings(index=index), progress=progress)
    rag = build_rag(Settings(index=index))
    relevance = Relevance(rag.store)
    questions = [question for question in read_questions(split=split) if question.kind == "follow-up"]

    def recall(texts: Sequence[str]) -> float:
        found = [[passage.id for passage in rag.retriever.retrieve(text, 4)] for text in texts]
        relevant = [relevance.chunks(question) for question in questions]
        return float(np.mean([recall_at_k(*pair, 4) for pair in zip(found, relevant, strict=True)]))

    typed = recall([question.question for question in questions])
    ours = recall([condense(question.question, question.messages) for question in questions])
    by_hand = recall([question.standalone or question.question for question in questions])
    rag.close()
    return f"{len(questions)} | {typed:.3f} | {ours:.3f} | {by_hand:.3f} | {ours / by_hand:.0%}"


def main() -> int:
    """Print the table of docs/evaluation.md."""
    print("| seeds | n | recall@4 as typed | with the question before | by hand | share |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for split in ("tune", "report"):
            print(f"| {split} | {seeds_row(split, Path(folder))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
