"""Ask the questions, score the answers, and keep what came of it as one value: a Run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from eval.cache import AnswerCache, Attempt, key
from eval.data import EvalQuestion
from eval.judge import DEPTH, Relevance, Result, judge
from eval.summary import Figure, summarize
from rag.errors import RAGError
from rag.ingest.build import Progress
from rag.pipeline import RAG

FORMAT = 1


@dataclass(frozen=True)
class Run:
    """One evaluation.

    `about` says what was run: when, settings, index, questions. `rows` has a plain dict a question: id,
    question, kind, language, scores, and unless it was read from a baseline also history, expected, answer, why.
    """

    about: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]

    @cached_property
    def summary(self) -> dict[str, dict[str, Figure]]:
        """Figures by group and measure, see eval/summary.py."""
        return summarize(self.rows)


def evaluate(
    rag: RAG, questions: Sequence[EvalQuestion], cache: AnswerCache | None, progress: Progress, about: Mapping[str, Any]
) -> Run:
    """Ask every question, or take its answer from the cache, and score it.

    Raises:
        RAGError: the index lacks articles that the questions are about.
    """
    relevance = Relevance(rag.store)
    relevance.require(questions, rag.settings.index)
    generation = rag.store.generation()
    results, known = [], 0
    for number, question in enumerate(questions, start=1):
        name = key(question, rag.settings, generation)
        attempt = cache.get(name) if cache else None
        known += attempt is not None
        if attempt is None:
            attempt = _attempt(rag, question)
            if cache:
                cache.put(name, attempt)
        results.append(judge(question, attempt, relevance, rag))
        progress("asking", number, len(questions))
    facts = {
        "created": datetime.now().isoformat(timespec="seconds"),
        "settings": rag.settings.model_dump(mode="json", exclude={"feedback", "read_only"}),  # no answer depends on it
        "index": generation,
        "answers from the cache": known,
        **about,
    }
    return Run(facts, [_row(result) for result in results])


def _attempt(rag: RAG, question: EvalQuestion) -> Attempt:
    def retrieve(query: str) -> tuple[str, ...]:
        return tuple(passage.id for passage in rag.retriever.retrieve(query, DEPTH))

    answer = rag.answer(question.question, history=question.messages)
    retrieved = retrieve(answer.standalone_question)
    return Attempt(answer, retrieved, retrieve(question.standalone) if question.standalone else None)


def _row(result: Result) -> dict[str, Any]:
    question = result.question.model_dump(mode="json", exclude_defaults=True)
    question["sources"] = sorted(result.question.sources)
    asked = ("id", "question", "history", "kind", "language", "split")
    answer = result.answer.to_dict()
    for passage in answer["passages"]:
        del passage["text"]  # whole chunks; the quotes are in the citations
    return {
        **{name: getattr(result.question, name) for name in ("id", "question", "kind", "language", "split")},
        "history": question.get("history", []),
        "expected": {name: value for name, value in question.items() if name not in asked},
        "answer": answer,
        "scores": result.scores,
        "why": result.why,
    }


def write_run(run: Run, path: Path) -> None:
    """Everything there is to know of a run, as JSON.

    Raises:
        RAGError: the file cannot be written.
    """
    summary = {group: {name: asdict(figure) for name, figure in found.items()} for group, found in run.summary.items()}
    document = {"format": FORMAT, "about": run.about, "summary": summary, "rows": run.rows}
    write_text(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def write_baseline(run: Run, path: Path) -> None:
    """Only what a later run is compared with, a line a question, for a repository.

    Raises:
        RAGError: the file cannot be written.
    """
    rows = [
        {
            **{name: row[name] for name in ("id", "question", "kind", "language")},
            "scores": {name: round(value, 4) for name, value in row["scores"].items() if name != "seconds"},
        }
        for row in run.rows
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"format": FORMAT, "about": run.about}, ensure_ascii=False)[:-1]
    write_text(path, f'{head}, "rows": [\n{lines}\n]}}\n')


def read_run(path: Path) -> Run:
    """A run or baseline from its file.

    Raises:
        RAGError: it cannot be read, or is no such file.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise ValueError(f"format {raw['format']!r}")
        rows = [{**row, "scores": {name: float(value) for name, value in row["scores"].items()}} for row in raw["rows"]]
        if any(not isinstance(row[name], str) for row in rows for name in ("id", "question", "kind", "language")):
            raise ValueError("a row without id, question, kind or language")
        return Run(raw["about"], rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RAGError(f"{path} is not a file of `rag eval --json` ({error}); make one with that command") from error


def write_text(path: Path, text: str) -> None:
    """Write a file the user asked for.

    Raises:
        RAGError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RAGError(f"cannot write {path} ({error.strerror}); give another place") from error
