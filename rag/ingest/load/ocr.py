"""Words in pictures, by RapidOCR, whose models come in its package; an extra, and a page takes it seconds."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOTS = 200  # an inch, at which a page is best handed in
_LEAST = 0.5  # confidence of a line, 0 to 1, below which it is noise
_MARGIN = 3  # times as long as the slowest page so far, which has to be left for the next one


@dataclass(frozen=True)
class Printed:
    """A line in a picture, and its place there in dots from the left and the top."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class _Recognizer:
    """The models, loaded once a process, and how long the slowest picture took them, in seconds."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        self.engine: Any = RapidOCR(params={"Global.log_level": "critical"})
        self.slowest = 0.0


def recognized(picture: NDArray[np.uint8]) -> list[Printed] | None:
    """The lines in a picture (height, width, 3 colours), from top to bottom as they were found.

    None where OCR is not installed, or what is left of the time for this file (`rag.ingest.parser`) may be too short:
    then the page is to be named as one that was not read.
    """
    if not is_installed():
        return None
    recognizer = _recognizer()
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    if left and left < _MARGIN * recognizer.slowest:
        return None
    started = time.monotonic()
    found = recognizer.engine(picture)
    recognizer.slowest = max(recognizer.slowest, time.monotonic() - started)
    if found.boxes is None:
        return []
    return [
        Printed(text, min(xs), min(ys), max(xs), max(ys))
        for text, score, box in zip(found.txts, found.scores, found.boxes.tolist(), strict=True)
        for xs, ys in [zip(*box, strict=True)]
        if score >= _LEAST and text.strip()
    ]


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("rapidocr") is not None


@lru_cache(maxsize=1)
def _recognizer() -> _Recognizer:
    return _Recognizer()
