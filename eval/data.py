"""The evaluation questions: one JSON object a line, checked on reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import RAGError

QUESTIONS = Path(__file__).parent / "questions.jsonl"
SPLITS = ("tune", "report")


@dataclass(frozen=True)
class EvalQuestion:
    """One question and what a right answer must have.

    `required` holds groups of alternatives: a right answer contains at least one string of every group.
    `sources` are the articles that support it; both are empty where the articles do not answer.
    """

    id: str
    question: str
    kind: str
    split: str
    language: str
    answerable: bool
    required: tuple[tuple[str, ...], ...]
    sources: frozenset[str]
    history: tuple[Mapping[str, str], ...]


def read_questions(path: Path = QUESTIONS) -> list[EvalQuestion]:
    """All questions of a file.

    Raises:
        RAGError: names the line that cannot be used, and why.
    """
    questions: list[EvalQuestion] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RAGError(f"cannot read the questions in {path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
            if any(question.id == other.id for other in questions):
                raise ValueError(f"id {question.id!r} is used twice")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise RAGError(f"{path}, line {number}: {reason}; see docs/evaluation.md for the format") from error
        questions.append(question)
    return questions


def _question(raw: Mapping[str, Any]) -> EvalQuestion:
    groups = [raw["any"]] if "any" in raw else raw.get("all", ())
    required = tuple((group,) if isinstance(group, str) else tuple(group) for group in groups)
    if raw["answerable"] != bool(required) or raw["answerable"] != bool(raw["sources"]):
        raise ValueError("an answerable question has sources and 'any' or 'all', another one has none of them")
    if raw["split"] not in SPLITS:
        raise ValueError(f"split {raw['split']!r} is neither tune nor report")
    return EvalQuestion(
        id=raw["id"],
        question=raw["question"],
        kind=raw["kind"],
        split=raw["split"],
        language=raw["language"],
        answerable=raw["answerable"],
        required=required,
        sources=frozenset(raw["sources"]),
        history=tuple(raw.get("history", ())),
    )
