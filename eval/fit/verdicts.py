"""What a local model's second opinion is worth: `python -m eval.fit.verdicts [FILE.gguf …]`.

Writes rag/write/verdicts.json.

For the files named, or those of `make local-model`. A model's line is found again by the size of its file.

Over the tuning part of the seed questions in English: for each weight tried, the highest threshold at which as many
facts and paraphrases are answered rightly as by the reader alone, so that what the model knows goes into refusing; of
the weights, the one that then refuses most unanswerable questions. It has to refuse more than the reader alone by more
than chance (McNemar's exact test, one-sided), else the model gets the weight 0: it is not asked.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from eval import metrics
from eval.data import EvalQuestion, read_questions
from eval.metrics import contains
from rag.followup.condense import condense
from rag.ingest.build import SEEDS, Progress, ingest
from rag.ingest.progress import ProgressBar
from rag.models.chat import LOCAL, ChatModel, chat_model
from rag.models.download import installed
from rag.pipeline import RAG, build_rag
from rag.settings import Settings
from rag.write.prompts import verdict_prompt
from rag.write.verdict import VERDICTS_FILE, Verdict

WEIGHTS = (0.5, 1.0)
CHANCE = 0.05  # p-value below which a difference is taken for more than chance


@dataclass(frozen=True)
class Case:
    """A question: whether the reader would answer, how sure it is, the model's word, whether the quotes are right."""

    question: EvalQuestion
    answered: bool
    confidence: float
    said: float
    right: bool


def main(arguments: Sequence[str]) -> int:
    """Ask, fit, print, and add the models to the file."""
    known = json.loads(VERDICTS_FILE.read_text(encoding="utf-8"))
    settings = Settings(index=Path("build") / "models")
    with ProgressBar() as progress:
        ingest([SEEDS], settings, progress=progress)
        rag = build_rag(settings)
        questions = [each for each in read_questions(split="tune") if each.language == "en"]
        for path in map(Path, arguments or installed()):
            chat = chat_model(f"{LOCAL}:{path}", settings)
            found = fit(cases(rag, chat, questions, progress))
            known[str(path.stat().st_size)] = {"model": path.stem, **asdict(found)}
            print(path.stem, found)
    VERDICTS_FILE.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    return 0


def cases(rag: RAG, chat: ChatModel, questions: Sequence[EvalQuestion], progress: Progress) -> list[Case]:
    """The questions for which the reader found something, with the model's word on it."""
    found = []
    for number, question in enumerate(questions, start=1):
        query = condense(question.question, question.messages)
        reading = rag.reader.read(query, rag.retriever.retrieve(query, rag.settings.top_k))
        quotes = [span.text for span in reading.spans]
        if quotes:
            said = chat.chance(verdict_prompt(query, quotes))
            right = question.answerable and contains(" ".join(quotes), question.required)
            found.append(Case(question, reading.answers, reading.confidence, said, right))
        progress("hearing the model", number, len(questions))
    return found


def fit(heard: Sequence[Case]) -> Verdict:
    """Weight and threshold, and a line on what they do."""
    unanswerable = np.array([not case.question.answerable for case in heard])
    right = np.array([case.right and case.question.kind in ("fact", "paraphrase") for case in heard])
    alone = np.array([case.answered for case in heard])
    refused: dict[Verdict, int] = {}
    for weight in WEIGHTS:
        scores = np.array([Verdict(weight, 0.0).score(case.confidence, case.said) for case in heard])
        threshold = max(t for t in scores if (right & (scores >= t)).sum() >= (right & alone).sum())
        won = int((unanswerable & alone & (scores < threshold)).sum())
        lost = int((unanswerable & ~alone & (scores >= threshold)).sum())
        area = float(metrics.auroc(scores, 1.0 - unanswerable))
        print(f"weight {weight}: AUROC {area:.3f}, {won} more unanswerable ones refused and {lost} no longer")
        if won and binomtest(won, won + lost, alternative="greater").pvalue < CHANCE:
            # Rounded down, so that the question that set it is still answered.
            refused[Verdict(weight, round(float(threshold) - 5e-4, 3))] = won - lost
    print(f"{(right & alone).sum()} facts and paraphrases right with the reader alone, which refuses", end=" ")
    print(f"{(unanswerable & ~alone).sum()} of {unanswerable.sum()}; more than by chance: {refused}")
    return max(refused, key=lambda verdict: refused[verdict], default=Verdict(0.0, 0.0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
