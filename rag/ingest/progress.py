"""Progress bars on stderr, by tqdm: one bar a step, shown only where it takes a moment."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

from tqdm import tqdm

LOGGED = 30.0  # seconds between two states of a bar that go to a file


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """A progress callback `(step, done, total)` that draws bars; use it in a `with` statement."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: tqdm[Any] = tqdm(disable=True)

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._bar.close()
            pause = 0.1 if sys.stderr.isatty() else LOGGED
            self._step, self._bar = step, tqdm(desc=step, total=total, file=sys.stderr, delay=0.5, mininterval=pause)
        self._bar.update(done - self._bar.n)

    def __exit__(self, *_: object) -> None:
        self._bar.close()
