"""The command `rag eval`: what its options mean, and in which order things happen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.benchmarks import beir_scores, figures, paragraph_scores, reading_scores, service
from eval.cache import AnswerCache
from eval.compare import comparison, gate
from eval.data import QUESTIONS, read_questions
from eval.public import read_beir, read_squad
from eval.run import Progress, Run, evaluate, read_run, write_baseline, write_run
from eval.show import lines
from rag.pipeline import build_rag
from rag.progress import ProgressBar
from rag.settings import Settings

BELOW_BASELINE = 1


def evaluation(options: argparse.Namespace, settings: Settings) -> int:
    """Run what the options ask for; returns the exit status, 1 where the gate fails.

    Raises:
        RAGError: with one line that says what to do.
    """
    with ProgressBar() as progress:
        if options.beir:
            return _beir(options.beir, options.index_folder, settings, progress)
        if options.squad:
            return _squad(options.squad, options.index_folder, settings, progress)
        baseline = read_run(options.baseline) if options.baseline else None  # before the questions are asked
        run = _questions(options, settings, progress)
    print("\n".join(lines(run)))
    if options.json:
        write_run(run, options.json)
        print(f"written: {options.json}")
    if options.report:
        from eval.report import write_report  # brings matplotlib

        write_report(run, options.report)
        print(f"written: {options.report}")
    if options.update_baseline:
        _update(run, options.update_baseline)
    return _gate(baseline, run) if baseline else 0


def compare(options: argparse.Namespace) -> int:
    """Print how the second run differs from the first."""
    print("\n".join(comparison(read_run(options.first), read_run(options.second))))
    return 0


def _questions(options: argparse.Namespace, settings: Settings, progress: Progress) -> Run:
    path = options.questions or QUESTIONS
    questions = read_questions(path, options.split)
    about = {"questions": path.name, "split": options.split}
    rag = build_rag(settings)
    try:
        if options.no_cache:
            return evaluate(rag, questions, None, progress, about)
        with AnswerCache() as cache:
            return evaluate(rag, questions, cache, progress, about)
    finally:
        rag.close()


def _update(run: Run, path: Path) -> None:
    """Show what changes, then write the new baseline."""
    if path.exists():
        print("\nagainst the old baseline:")
        print("\n".join(comparison(read_run(path), run)))
    write_baseline(run, path)
    print(f"baseline written: {path}")


def _gate(baseline: Run, run: Run) -> int:
    failures = list(gate(baseline, run))
    for failure in failures:
        print(f"BELOW THE BASELINE: {failure}")
    if not failures:
        print("no measure is below the baseline by more than its noise")
    return BELOW_BASELINE if failures else 0


def _beir(folder: Path, index: Path | None, settings: Settings, progress: Progress) -> int:
    collection = read_beir(folder)
    with service(collection.articles, settings, index, progress) as rag:
        scores = beir_scores(rag, collection, progress)
    _print(f"{len(collection.articles)} documents, {len(collection.relevant)} queries", figures(scores))
    return 0


def _squad(path: Path, index: Path | None, settings: Settings, progress: Progress) -> int:
    collection = read_squad(path)
    with service(collection.articles, settings, index, progress) as rag:
        found = figures(paragraph_scores(rag, collection, progress)) | figures(
            reading_scores(rag, collection, progress)
        )
    answerable = sum(bool(question.answers) for question in collection.questions)
    count = len(collection.questions)
    _print(f"{len(collection.articles)} paragraphs, {count} questions, {answerable} answerable", found)
    return 0


def _print(head: str, found: dict[str, float]) -> None:
    print(head, file=sys.stderr)
    for name, value in found.items():
        print(f"{name}: {value:.3f}")
