"""How large an index may become: `python -m eval.bench.scale [ARTICLES …] [--folder DIR] [--plot FILE]`.

For each number of articles (default 1,000 10,000 100,000), each of about 150 words and so one chunk, a process of its
own indexes them and then asks. Shown are seconds, those of the processor (other jobs make no difference to them), and
by these the articles a second in the second and in the last tenth, over all steps that go through the articles; the
most memory that the process had above its start, and in which step; the size of the index; and the median time in which
a question of four words finds its passages, in all and of the processor. With the fewest a run is also killed in the
midst of its vectors and begun again: how many articles were read and embedded in both is shown.

As in `eval.bench.incremental` reading is not measured, nor is embedding: vectors are random ones, which are the hardest
for a graph. What is left is the store's own work. Words are as frequent as in a language (the n-th most frequent of
50,000 has 1/n of the first one's share); questions have words as articles do, but none of the 150 most frequent, which
in a language are function words.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from eval.bench.incremental import VOCABULARY, RandomEncoder, Reading, write_article
from rag.index import chroma, draft, folder, publish
from rag.index.store import Store
from rag.ingest import build
from rag.search.retrieve import HybridRetriever
from rag.settings import Settings

QUESTIONS, WARM = 200, 20
DENSE_WEIGHT = 0.5
WORDS = random.Random(0).sample([f"{one}{other}" for one in VOCABULARY for other in VOCABULARY], 50_000)
SHARES = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(WORDS))))
FUNCTION_WORDS = 150
KILLED_AT = 500  # articles embedded
# By the step that a user sees: what is called in it for each article, and what is called once.
COUNTED: Mapping[str, tuple[Any, str, Callable[..., int]]] = {
    "read": (draft.Draft, "put", lambda *_: 1),
    "cut": (draft.Draft, "cut", lambda *_: 1),
    "embed": (folder.FolderWriter, "add", lambda _, chunks, *__: len(chunks)),
    "graph": (chroma.Rows, "add", lambda _, batch: len(batch.ids)),
    "catalog": (publish, "lexical_row", lambda *_: 1),
}
STEPS = (
    (build._Reading, "read"), (build, "set_originals"), (build, "_cut"), (build, "_embed"),
    (folder.FolderWriter, "publish"), (draft.Draft, "publish"),
)  # fmt: skip


class Watch:
    """When each article had passed each step, and the memory of the process meanwhile."""

    def __init__(self) -> None:
        self.times: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self.memory: defaultdict[str, float] = defaultdict(float)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._step, self._over = "start", threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Between these lines."""
        sampler = threading.Thread(target=self._sample)
        with ExitStack() as patches:
            for step, (owner, name, counted) in COUNTED.items():
                patches.enter_context(patch.object(owner, name, self._counting(step, getattr(owner, name), counted)))
            for owner, name in STEPS:
                patches.enter_context(patch.object(owner, name, self._timing(name, owner, getattr(owner, name))))
            sampler.start()
            try:
                yield
            finally:
                self._over.set()
                sampler.join()

    def rate(self, count: int, begin: float) -> float:
        """Articles a second of the processor in the tenth that begins at a share of them, over all steps."""
        first, last = begin * count, (begin + 0.1) * count
        seconds = 0.0
        for passed in self.times.values():
            there = [each for each in passed if first <= each[0] <= last]
            if len(there) > 1:  # a step of few large batches has none in a small tenth
                (low, start), (high, end) = there[0], there[-1]
                seconds += (end - start) * (last - first) / (high - low)
        return 0.1 * count / seconds

    def _sample(self) -> None:
        while not self._over.wait(0.05):
            self.memory[self._step] = max(self.memory[self._step], resident())

    def _counting(self, step: str, action: Callable[..., Any], counted: Callable[..., int]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            result = action(*values, **named)
            passed = self.times[step]
            passed.append(((passed[-1][0] if passed else 0) + counted(*values), time.process_time()))
            return result

        return call

    def _timing(self, name: str, owner: Any, action: Callable[..., Any]) -> Callable[..., Any]:
        what = f"{owner.__name__.rpartition('.')[2]}.{name}"

        def call(*values: Any, **named: Any) -> Any:
            before, self._step, started = self._step, what, time.process_time()
            try:
                return action(*values, **named)
            finally:
                self._step = before
                self.seconds[what] += time.process_time() - started

        return call


def resident() -> float:
    """Megabytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def run(files: Path, index: Path) -> dict[str, Any]:
    """Index, ask, and what that took."""
    start, cpu, watch = resident(), time.process_time(), Watch()
    encoder = patch.object(build, "encoder", lambda *_: RandomEncoder())
    with patch.object(build, "Parser", Reading), encoder, watch.watching():
        report = build.ingest([files], Settings(index=index))
    top = max(watch.memory, key=lambda step: watch.memory[step])
    return {
        "articles": report.articles,
        "chunks": report.chunks,
        "seconds": report.seconds,
        "cpu_s": time.process_time() - cpu,
        "rate_after_10": watch.rate(report.articles, 0.1),
        "rate_after_90": watch.rate(report.articles, 0.9),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6 - start,
        "most_in": top,
        "disk_mb": sum(path.stat().st_size for path in index.rglob("*") if path.is_file()) / 1e6,
        "steps_s": {step: round(seconds, 1) for step, seconds in watch.seconds.items()},
        "steps_mb": {step: round(memory - start) for step, memory in watch.memory.items()},
        "read": len(watch.times["read"]),
        "embedded": report.embedded,
    }


def ask(index: Path) -> dict[str, Any]:
    """The median times of questions, in milliseconds, and the memory of a process that asks."""
    settings, start = Settings(index=index), resident()
    chance, times, own = random.Random(1), list[float](), list[float]()
    with closing(Store(settings)) as store:
        retriever = HybridRetriever(store, RandomEncoder(), settings.candidates, DENSE_WEIGHT)
        asked, shares = WORDS[FUNCTION_WORDS:], SHARES[FUNCTION_WORDS:]
        shares = [share - SHARES[FUNCTION_WORDS - 1] for share in shares]
        for _ in range(WARM + QUESTIONS):
            question = " ".join(chance.choices(asked, cum_weights=shares, k=4))
            started, cpu = time.perf_counter(), time.process_time()
            retriever.retrieve(question, settings.top_k)
            times.append(1000 * (time.perf_counter() - started))
            own.append(1000 * (time.process_time() - cpu))
    median = statistics.median
    return {"question_ms": median(times[WARM:]), "question_cpu_ms": median(own[WARM:]), "asking_mb": resident() - start}


def die(files: Path, index: Path) -> None:
    """Index, and be killed in the midst of it."""
    add = folder.FolderWriter.add
    done = 0

    def counted(writer: folder.FolderWriter, chunks: Sequence[Any], *values: Any) -> None:
        nonlocal done
        add(writer, chunks, *values)
        done += len(chunks)
        if done >= KILLED_AT:
            print(json.dumps({"embedded": done}), flush=True)
            os._exit(9)

    with patch.object(folder.FolderWriter, "add", counted):
        run(files, index)


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Index time, question time, memory and disk against the number of chunks."""
    import matplotlib
    from matplotlib.figure import Figure

    from eval.plots import DARK

    drawing = Figure(figsize=(8, 5), layout="constrained")
    panels = (
        ("seconds", "index time (s)"), ("question_cpu_ms", "question, processor (ms, median)"),
        ("memory_mb", "memory of indexing above start (MB)"), ("disk_mb", "disk (MB)"),
    )  # fmt: skip
    for axes, (key, label) in zip(drawing.subplots(2, 2).flat, panels, strict=True):
        axes.plot([row["chunks"] for row in rows], [row[key] for row in rows], "o-", color=DARK)
        axes.set(xscale="log", yscale="log", xlabel="chunks", title=label)
        axes.title.set_fontsize(10)
        axes.spines[["top", "right"]].set_visible(False)
        for row in rows:
            axes.annotate(f"{row[key]:,.0f}", (row["chunks"], row[key]), (0, 5), textcoords="offset points", ha="right")
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "scale"}):
        drawing.savefig(path, metadata=dict.fromkeys(("Creator", "Date")))


def main() -> int:
    """Make the folders, run, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("articles", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, help="keep files and index there, and take them up again")
    parser.add_argument("--plot", type=Path, help="draw the figures into this SVG file")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step, files, index = options.step[0], *map(Path, options.step[1:])
        if step == "die":
            die(files, index)
        print(json.dumps(ask(index) if step == "ask" else run(files, index)))
        return 0

    def measured(step: str, files: Path, index: Path) -> dict[str, Any]:
        command = [sys.executable, "-m", "eval.bench.scale", "--step", step, str(files), str(index)]
        made = subprocess.run(command, stdout=subprocess.PIPE, check=step != "die")
        return dict(json.loads(made.stdout.splitlines()[-1]))

    rows = list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as name:
        for count in options.articles:
            place = (options.folder or Path(name)) / f"{count}"
            files, index, result = place / "files", place / "index", place / "figures.json"
            if not files.exists():
                for number in range(count):
                    write_article(files, number, words=WORDS, cumulated=SHARES)
            if not result.exists():
                result.write_text(json.dumps(measured("run", files, index)))
            rows.append({**json.loads(result.read_text()), **measured("ask", files, index)})
            print(json.dumps(rows[-1]), flush=True)
            if count == min(options.articles):
                shutil.rmtree(place / "killed", ignore_errors=True)
                killed, after = (measured(step, files, place / "killed") for step in ("die", "run"))
                print(
                    f"killed with {killed['embedded']} of {count} embedded; the next run read {after['read']} "
                    f"and embedded {after['embedded']}, {after['chunks']} chunks in all"
                )
    if options.plot:
        plot(rows, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
