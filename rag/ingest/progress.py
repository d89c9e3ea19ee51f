"""Progress bars on stderr, by tqdm: one bar a step, shown only where it takes a moment."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from tqdm import tqdm


class ProgressBar:
    """A progress callback `(step, done, total)` that draws bars; use it in a `with` statement."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step or self._bar is None:
            self._close()
            self._step = step
            self._bar = tqdm(total=total, desc=step, file=sys.stderr, delay=0.5)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
