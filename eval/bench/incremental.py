"""What it costs to index a folder again: `python -m eval.bench.incremental [ARTICLES …] [--folder DIR]`.

For each number of articles (default 1,000 10,000): a folder of invented articles of about 150 words is indexed, indexed
again unchanged, and again after one article has changed, each in a process of its own. Shown are seconds, the most
memory that the process had, megabytes written to the disk, and the functions of rag/ that took longest.

Reading is not measured, nor is embedding: articles are taken as they are, and the vectors are random ones. What is left
is the store's own work, and files are still found, read and compared.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import pstats
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np

from rag.ingest import build
from rag.ingest.load import read_file
from rag.ingest.parser import Parsed
from rag.models.encoders import Vectors
from rag.settings import Settings
from rag.types import Article

WORDS, DIMENSIONS, SHOWN = 150, 384, 8
VOCABULARY = [f"{first}{second}{third}" for first in "bdfgklmnprst" for second in ("a", "en", "ilo", "ur", "oste")
              for third in ("", "mar", "rin", "tak", "vel", "dos", "zin")]  # fmt: skip


class Reading:
    """Takes files as they are, in place of `Parser`."""

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None: ...

    def read(self, path: Path) -> tuple[bytes, str]:
        """The bytes of a file, and their digest."""
        data = read_file(path)
        return data, hashlib.sha256(data).hexdigest()

    def parse(self, data: bytes, path: Path, source: str, known: Mapping[str, str]) -> Parsed:
        """The article of a file."""
        title, _, body = data.decode().partition("\n\n")
        digest = hashlib.sha256(data).hexdigest()
        return Parsed((Article(source, digest, title, "Bench Post", None, None, body, (), source),))


class RandomEncoder:
    """Unit vectors that depend on the text alone."""

    window = 256

    def count_tokens(self, text: str) -> int:
        """A token and a third a word."""
        return 4 * text.count(" ") // 3 + 2

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), DIMENSIONS)."""
        seeds = (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts)
        values = np.stack([np.random.default_rng(seed).normal(size=DIMENSIONS) for seed in seeds]).astype(np.float32)
        return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))


def write_article(
    folder: Path, number: int, version: int = 0, words: Sequence[str] = VOCABULARY, cumulated: list[float] | None = None
) -> None:
    """An invented article of those words, with those cumulated weights, the same for the same numbers."""
    chance = random.Random(f"{number} {version}")
    sentences = [
        f"{' '.join(chance.choices(words, cum_weights=cumulated, k=12))} {chance.randrange(10_000)}.".capitalize()
        for _ in range(WORDS // 13)
    ]
    path = folder / f"{number // 1000}" / f"{number}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"Report {number}\n\n{' '.join(sentences)}\n")


def run(files: Path, index: Path, step: str) -> None:
    """One indexing run, and a line on it."""
    profile = cProfile.Profile()
    written, started = _written(), time.perf_counter()
    with patch.object(build, "Parser", Reading), patch.object(build, "encoder", lambda *_: RandomEncoder()):
        if step.endswith("profiled"):
            profile.enable()
        report = build.ingest([files], Settings(index=index))
        profile.disable()
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = f"{report.articles:>8,} {step:<20} {seconds:8.2f} s {memory:7.0f} MB {(_written() - written) / 1e6:9.1f} MB"
    print(f"{line} written, {report.embedded} embedded, {report.changed} changed", flush=True)
    if step.endswith("profiled"):
        stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
        ours = [
            (took, name, Path(file).name) for (file, _, name), (_, _, _, took, _) in stats.items() if "/rag/" in file
        ]
        for took, name, file in sorted(ours, reverse=True)[:SHOWN]:
            print(f"{'':>12}{took:8.2f} s {file}:{name}")


def _written() -> int:
    """Bytes that this process has caused to be written."""
    found = re.search(r"^write_bytes: (\d+)", Path("/proc/self/io").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def main() -> int:
    """Make the folders, run the steps, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("articles", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--folder", type=Path, help="keep files and index there, and take them up again")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(Path(options.run[0]), Path(options.run[1]), options.run[2])
        return 0
    with tempfile.TemporaryDirectory() as name:
        for count in options.articles:
            folder = (options.folder or Path(name)) / f"{count}"
            files, index = folder / "files", folder / "index"
            if not files.exists():
                for number in range(count):
                    write_article(files, number)
            steps = ["first"] if not index.exists() else []
            for step in (*steps, "unchanged", "unchanged, profiled", "changed", "changed, profiled"):
                if step.startswith("changed"):
                    write_article(files, count // 2, time.time_ns())
                arguments = [sys.executable, "-m", "eval.bench.incremental", "--run", str(files), str(index), step]
                subprocess.run(arguments, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
