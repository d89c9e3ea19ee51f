"""Questions about news that nobody has seen: `python -m eval.bench.news` prints the figures of the report part.

`--on unseen` asks the collections of eval/bench/unseen, which are kept for the end; `--on seeds` the seed questions.

Each folder of eval/bench/collections has six invented articles of one beat and 64 questions about them, written by
language models that were shown neither the code nor the seeds. Three folders are only reported on, the reader's weights
are fitted on the others; a whole folder is in one part, since its questions share their articles.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.data import EvalQuestion, read_questions
from eval.run import Run, evaluate
from eval.show import lines
from eval.summary import summarize
from rag.ingest.build import SEEDS, Progress, ingest
from rag.ingest.progress import ProgressBar
from rag.pipeline import RAG, build_rag
from rag.settings import Settings

FOLDER = Path(__file__).parent / "collections"
UNSEEN = Path(__file__).parent / "unseen"


def collections(split: str) -> list[Path]:
    """The folders whose questions are of a part, "tune" or "report"."""
    return sorted(path.parent for path in FOLDER.glob("*/questions.jsonl") if read_questions(path)[0].split == split)


@contextmanager
def indexed(folder: Path, settings: Settings, progress: Progress = lambda *_: None) -> Iterator[RAG]:
    """A service over the articles of a folder, from a temporary index."""
    with tempfile.TemporaryDirectory() as index:
        settings = settings.model_copy(update={"index": Path(index)})
        ingest([folder], settings, progress=progress)
        rag = build_rag(settings)
        try:
            yield rag
        finally:
            rag.close()


def run(sets: Sequence[tuple[Path, Sequence[EvalQuestion]]], progress: Progress) -> Run:
    """Questions with the folder of their articles, each asked from an index of its own."""
    rows: list[Mapping[str, Any]] = []
    for folder, questions in sets:
        with indexed(folder, Settings(), progress) as rag:
            rows += evaluate(rag, questions, None, progress, {}).rows
    return Run({"answers from the cache": 0}, rows)


def worth(run: Run) -> Iterator[str]:
    """What the reader's answers and its confidence are worth, near misses and answerable questions apart."""
    everything = {name: figure.value for name, figure in run.summary["all"].items()}
    answerable = [row for row in run.rows if not row["scores"]["unanswerable"]]
    close = summarize([*answerable, *(row for row in run.rows if row["kind"] == "near-miss")])["all"]
    figures = {
        "near misses against answerable, AUROC": close["AUROC"].value,
        "near misses not answered": 1 - run.summary["kind near-miss"]["answered"].value,
        **{f"{kind} answered and rightly cited": run.summary[f"kind {kind}"]["rightly cited"].value
           for kind in dict.fromkeys(row["kind"] for row in answerable)},
        "shown answers that are right": everything.get("right when answered"),
        "answerable refused or not sure": everything.get("answerable refused"),
        "right against wrong within shown answers, AUROC": everything.get("AUROC of right among answered"),
        "calibration error": everything.get("calibration error"),
    }  # fmt: skip
    for name, figure in figures.items():  # some are not defined where nothing, or nothing wrong, is shown
        yield f"{name:<50}{'–' if figure is None else f'{figure:.3f}':>7}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description="The figures of the questions about invented news.")
    parser.add_argument("--on", choices=("report", "tune", "unseen", "seeds"), default="report")
    options = parser.parse_args(arguments)
    if options.on == "seeds":
        sets = [(SEEDS, [each for each in read_questions(split="report") if each.language == "en"])]
    else:
        folders = sorted(UNSEEN.glob("*/")) if options.on == "unseen" else collections(options.on)
        sets = [(folder, read_questions(folder / "questions.jsonl")) for folder in folders]
    with ProgressBar() as progress:
        found = run(sets, progress)
    print("\n".join([*lines(found), "", *worth(found)]))


if __name__ == "__main__":
    main()
