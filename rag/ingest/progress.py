"""Progress bars on stderr, by tqdm: one bar a step, shown only where it takes a moment."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

from tqdm import tqdm


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """A progress callback `(step, done, total)` that draws bars; use it in a `with` statement."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: tqdm[Any] = tqdm(disable=True)

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._bar.close()
            self._step, self._bar = step, tqdm(total=total, desc=step, file=sys.stderr, delay=0.5)
        self._bar.update(done - self._bar.n)

    def __exit__(self, *_: object) -> None:
        self._bar.close()
