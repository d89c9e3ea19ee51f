"""The command `rag eval`: what its options mean, and in which order things happen."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from eval.benchmarks import beir_scores, figures, paragraph_scores, reading_scores, service
from eval.cache import AnswerCache
from eval.compare import comparison, gate
from eval.data import QUESTIONS, read_questions
from eval.feedback import as_lines, draft_question, write_new
from eval.public import read_beir, read_squad
from eval.run import Run, evaluate, read_run, write_baseline, write_run
from eval.show import lines
from rag.desk.feedback import read
from rag.errors import RAGError
from rag.index.store import has_index, no_index
from rag.ingest.build import SEEDS, Progress, ingest
from rag.ingest.progress import ProgressBar
from rag.pipeline import build_rag
from rag.settings import DEFAULT_INDEX, Settings

BELOW_BASELINE = 1
STANDARD_OUTPUT = Path("-")


def evaluation(options: argparse.Namespace, settings: Settings) -> int:
    """Run what the options ask for; returns the exit status, 1 where the gate fails.

    Raises:
        RAGError: with one line that says what to do.
    """
    _check(options)
    if options.from_feedback:
        return _from_feedback(options.from_feedback, settings)
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


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot come to a good end before anything is asked."""
    questions_only = ("questions", "report", "json", "baseline", "update_baseline")
    given = [name for name in questions_only if getattr(options, name)]
    if (options.beir or options.squad or options.from_feedback) and given:
        raise RAGError(
            f"--{given[0].replace('_', '-')} does not go with --beir, --squad or --from-feedback; leave it out"
        )
    for path in (options.report, options.json, options.update_baseline):
        if path and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise RAGError(f"cannot write {path}: it is a folder, or its folder is missing; name a file in a folder")


def _questions(options: argparse.Namespace, settings: Settings, progress: Progress) -> Run:
    path = options.questions or QUESTIONS
    questions = read_questions(path, options.split)
    if not options.questions and settings.index == DEFAULT_INDEX:
        # The default index is the user's own; the questions on the seeds are asked of the seeds.
        settings = settings.model_copy(update={"index": DEFAULT_INDEX.with_name("seeds")})
        ingest([SEEDS], settings, progress=progress)
    if not has_index(settings.index):
        raise no_index(settings.index)
    rag = build_rag(settings)
    try:
        with _cache(options) as cache:
            return evaluate(rag, questions, cache, progress, {"questions": path.name, "split": options.split})
    finally:
        rag.close()


def _cache(options: argparse.Namespace) -> AbstractContextManager[AnswerCache | None]:
    """The cache of answers; none where it is not wanted, or there is no place for it."""
    if options.no_cache:
        return nullcontext()
    try:
        return AnswerCache()
    except RAGError as error:
        print(f"rag: going on without it: {error}", file=sys.stderr)
        return nullcontext()


def _from_feedback(path: Path, settings: Settings) -> int:
    """Print draft questions, or write them to a new file."""
    questions = [draft_question(rating) for rating in read(settings.feedback)]
    if path == STANDARD_OUTPUT:
        print(as_lines(questions), end="")
    else:
        write_new(path, questions)
        print(f"written: {path}")
    drafts = sum("draft" in question for question in questions)
    print(f"{len(questions)} questions, {drafts} of them drafts to be completed by hand", file=sys.stderr)
    return 0


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
    unknown = f", {collection.unknown} judgements of what is not there" if collection.unknown else ""
    _print(f"{len(collection.articles)} documents, {len(collection.relevant)} queries{unknown}", figures(scores))
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
