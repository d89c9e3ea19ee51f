"""Questions about news that nobody has seen: python -m eval.bench.news prints the figures of the report part.

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

from eval.data import read_questions
from eval.run import Run, evaluate
from eval.show import lines
from rag.ingest.build import Progress, ingest
from rag.ingest.progress import ProgressBar
from rag.pipeline import RAG, build_rag
from rag.settings import Settings

FOLDER = Path(__file__).parent / "collections"


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


def run(split: str, progress: Progress) -> Run:
    """All collections of a part, each asked from an index of its own."""
    rows: list[Mapping[str, Any]] = []
    for folder in collections(split):
        with indexed(folder, Settings(), progress) as rag:
            rows += evaluate(rag, read_questions(folder / "questions.jsonl"), None, progress, {}).rows
    return Run({"answers from the cache": 0}, rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description="The figures of the questions about invented news.")
    parser.add_argument("--split", choices=("tune", "report"), default="report")
    options = parser.parse_args(arguments)
    with ProgressBar() as progress:
        found = run(options.split, progress)
    print("\n".join(lines(found)))


if __name__ == "__main__":
    main()
