"""How well follow-up questions are made to stand alone: `python -m eval.follow_ups [DATA]`.

DATA (default ../shared/data) holds cast_2019_2020/rewrite_pairs.jsonl: turns of TREC CAsT's dialogues with a rewriting
by hand that stands alone (Dalton et al. 2020). There are no answers in its history. Dialogues fall into two parts by a
hash of their id: eval/fit_rewriter.py fits on one, the figures are of the other. Rewritings are compared by the F1 of
their words, in lower case. The seed questions' dialogues are measured by what is retrieved, beside their rewriting by
hand.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from eval.data import read_questions
from eval.judge import Relevance
from eval.metrics import mean, paired_difference, recall_at_k
from eval.public import data_folder
from rag.followup.antecedents import Exchange
from rag.followup.condense import condense
from rag.followup.rewrite import rewrite
from rag.ingest.build import SEEDS, ingest
from rag.ingest.progress import ProgressBar
from rag.pipeline import build_rag
from rag.settings import Settings

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class FollowUp:
    """A question with what was said before it; `resolved` are the earlier questions as people rewrote them."""

    dialogue: str
    question: str
    earlier: tuple[Exchange, ...]
    resolved: tuple[str, ...]
    rewrite: str

    @property
    def stands_alone(self) -> bool:
        """Whether people left it as it is."""
        return words(self.question) == words(self.rewrite)


def read_cast(data: Path) -> tuple[list[FollowUp], list[FollowUp]]:
    """The turns with history of CAsT 2019 and 2020: those to fit on, and those of the dialogues held back."""
    lines = (data / "cast_2019_2020" / "rewrite_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    rewritten = {(row["id"].rpartition("_")[0], len(row["history"])): row["rewrite"] for row in rows}
    parts: tuple[list[FollowUp], list[FollowUp]] = ([], [])
    for row in rows:
        if row["history"]:
            dialogue = row["id"].rpartition("_")[0]
            part = parts[int(sha256(dialogue.encode()).hexdigest(), 16) % 2]
            earlier = tuple(Exchange(text) for text in row["history"])
            resolved = tuple(rewritten.get((dialogue, turn), text) for turn, text in enumerate(row["history"]))
            part.append(FollowUp(dialogue, row["question"], earlier, resolved, row["rewrite"]))
    return parts


def words(text: str) -> list[str]:
    """Its words in lower case.

    >>> words("What are its symptoms?")
    ['what', 'are', 'its', 'symptoms']
    """
    return _WORD.findall(text.lower())


def word_f1(text: str, expected: str) -> float:
    """F1 of shared words, each as often as it stands in both.

    >>> round(word_f1("Is it treatable?", "Is throat cancer treatable?"), 2)
    0.57
    """
    found, wanted = Counter(words(text)), Counter(words(expected))
    return 2 * (found & wanted).total() / (found.total() + wanted.total())


def cast_row(turns: Sequence[FollowUp]) -> str:
    """F1 of copying and of the rewritings, their difference with its interval, and what was left as it was."""
    texts = [rewrite(turn.question, turn.earlier) for turn in turns]
    copied = np.array([word_f1(turn.question, turn.rewrite) for turn in turns])
    scores = np.array([word_f1(text, turn.rewrite) for text, turn in zip(texts, turns, strict=True)])
    gain, (low, high), _ = paired_difference(mean, [copied], [scores])
    alone = [words(text) == words(turn.question) for text, turn in zip(texts, turns, strict=True) if turn.stands_alone]
    dialogues = len({turn.dialogue for turn in turns})
    return (
        f"{dialogues} | {len(turns)} | {copied.mean():.3f} | {scores.mean():.3f} | "
        f"{gain:+.3f} ({low:+.3f} to {high:+.3f}) | {sum(alone)} of {len(alone)}"
    )


def seeds_row(split: str, index: Path) -> str:
    """Recall@4 of the seed questions' follow-ups: as they are, as they were rewritten, and as people rewrote them."""
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


def main(arguments: Sequence[str]) -> int:
    """Print both tables of docs/evaluation.md."""
    parts = zip(("fitted on", "held back"), read_cast(data_folder(arguments)), strict=True)
    print("| CAsT | dialogues | turns | F1 of copying | F1 | difference | standing-alone left as they are |")
    print("|---|---|---|---|---|---|---|")
    for part, turns in parts:
        for year in ("2019", "2020"):
            print(f"| {year}, {part} | {cast_row([turn for turn in turns if turn.dialogue.startswith(year)])} |")
    print("\n| seeds | n | recall@4 as typed | rewritten | by hand | share |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for split in ("tune", "report"):
            print(f"| {split} | {seeds_row(split, Path(folder))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
