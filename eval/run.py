"""Run the questions and print what came of them, by kind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from eval.data import EvalQuestion, read_questions
from eval.metrics import Outcome, judge
from rag.errors import RAGError
from rag.pipeline import RAG

FLOORS = Path(__file__).parent / "floors.json"


def run(rag: RAG, split: str) -> int:
    """Ask every question of a split, print a table, and return 1 where a figure is below its floor, else 0.

    The floors hold for the report part: they are not judged on the other.

    Raises:
        RAGError: the index lacks articles that the questions are about.
    """
    questions = [question for question in read_questions() if split in (question.split, "all")]
    _require_articles(rag, questions)
    outcomes = [
        judge(question, rag.answer(question.question, history=question.history))
        for question in tqdm(questions, desc="asking", file=sys.stderr, delay=0.5)
    ]
    print(table(outcomes))
    figures = measure(rag, outcomes)
    failed = False
    for name, floor in json.loads(FLOORS.read_text(encoding="utf-8")).items():
        value, count = figures[name]
        low = split == "report" and value < floor
        failed |= low
        print(f"{name}: {value:.1%} of {count} (floor {floor:.0%}){'  BELOW ITS FLOOR' if low else ''}")
    return int(failed)


def measure(rag: RAG, outcomes: Sequence[Outcome]) -> dict[str, tuple[float, int]]:
    """The figures that have floors: name to (share, of how many)."""
    facts = [outcome for outcome in outcomes if outcome.question.kind == "fact"]
    # The default embedder knows English only: other languages are reported, not judged.
    answerable = [o for o in outcomes if o.question.answerable and o.question.language == "en"]
    unanswerable = [outcome for outcome in outcomes if not outcome.question.answerable]
    citations = [citation for outcome in outcomes for citation in outcome.answer.citations]
    verbatim = [rag.article(citation.source)[citation.start : citation.end] == citation.quote for citation in citations]
    return {
        "citations verbatim": (_share(verbatim), len(verbatim)),
        "facts answered": (_share([outcome.right for outcome in facts]), len(facts)),
        "facts rightly cited": (_share([outcome.cited for outcome in facts]), len(facts)),
        "unanswerable refused": (_share([outcome.right for outcome in unanswerable]), len(unanswerable)),
        "answerable not refused": (_share([outcome.answer.answered for outcome in answerable]), len(answerable)),
    }


def table(outcomes: Sequence[Outcome]) -> str:
    """One line a kind: count, recall@k, right, rightly cited, refused."""
    lines = [f"{'kind':<14}{'n':>5}{'recall@k':>10}{'right':>9}{'cited':>9}{'refused':>9}"]
    kinds = list(dict.fromkeys(outcome.question.kind for outcome in outcomes))
    groups: list[tuple[str, Callable[[Outcome], bool]]] = [
        *((kind, lambda outcome, kind=kind: outcome.question.kind == kind) for kind in kinds),
        ("answerable", lambda outcome: outcome.question.answerable),
        ("unanswerable", lambda outcome: not outcome.question.answerable),
    ]
    for name, belongs in groups:
        group = [outcome for outcome in outcomes if belongs(outcome)]
        if not group:
            continue
        found = [outcome.retrieved for outcome in group if outcome.retrieved is not None]
        lines.append(
            f"{name:<14}{len(group):>5}{_percent(found):>10}{_percent([outcome.right for outcome in group]):>9}"
            f"{_percent([outcome.cited for outcome in group]):>9}"
            f"{_percent([not outcome.answer.answered for outcome in group]):>9}"
        )
    return "\n".join(lines)


def _require_articles(rag: RAG, questions: Sequence[EvalQuestion]) -> None:
    there = {article.source for article in rag.store.articles()}
    missing = sorted({source for question in questions for source in question.sources} - there)
    if missing:
        raise RAGError(
            f"the index in {rag.settings.index} lacks {missing[0]}, which the questions are about; "
            "index the articles of seeds/ into a folder of their own: `rag index seeds --index DIR`"
        )


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def _percent(values: Sequence[bool]) -> str:
    return f"{_share(values):.0%}" if values else "-"
