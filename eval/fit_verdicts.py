"""What a local model's second opinion is worth: python -m eval.fit_verdicts [FILE.gguf …] writes rag/verdicts.json.

For the files named, or those of `make local-model`. A model's line is found again by the size of its file.

Over the tuning part of the seed questions in English: of the weights tried, the one with the best AUROC between
answerable and unanswerable questions; of the thresholds, the highest at which as many facts and paraphrases are
answered rightly as by the reader alone. So what the model knows goes into refusing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eval import metrics
from eval.data import EvalQuestion, read_questions
from eval.metrics import contains
from rag.chat_model import LOCAL, ChatModel, chat_model
from rag.condense import condense
from rag.ingest import SEEDS, Progress, ingest
from rag.local_model import installed
from rag.pipeline import RAG, build_rag
from rag.progress import ProgressBar
from rag.prompts import verdict_prompt
from rag.settings import Settings
from rag.verdict import VERDICTS_FILE, Verdict

WEIGHTS = (0.0, 0.5, 1.0)


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
    answerable = np.array([float(case.question.answerable) for case in heard])
    scores = {weight: _scores(heard, Verdict(weight, 0.0)) for weight in WEIGHTS}
    weight = max(WEIGHTS, key=lambda one: float(metrics.auroc(scores[one], answerable)))
    right = np.array([case.right and case.question.kind in ("fact", "paraphrase") for case in heard])
    alone = np.array([case.answered for case in heard])
    best = max(t for t in scores[weight] if (right & (scores[weight] >= t)).sum() >= (right & alone).sum())
    refused = [int(((answerable == 0) & ~kept).sum()) for kept in (scores[weight] >= best, alone)]
    print(f"AUROC { ({w: round(float(metrics.auroc(s, answerable)), 3) for w, s in scores.items()}) }; ", end="")
    print(f"unanswerable refused {refused[0]} of {int((answerable == 0).sum())}, without it {refused[1]}; ", end="")
    print(f"facts and paraphrases right {(right & alone).sum()} with and without")
    return Verdict(weight, round(float(best), 3))


def _scores(heard: Sequence[Case], verdict: Verdict) -> metrics.Array:
    return np.array([verdict.score(case.confidence, case.said) for case in heard])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
