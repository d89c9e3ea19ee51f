"""Follow the files of an index, and index what changes: one run at a time, once the files have been still."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import watchfiles

from rag.errors import RAGError
from rag.ingest.build import IngestReport, ingest
from rag.ingest.load import SUFFIXES
from rag.ingest.scope import read_scope
from rag.ingest.uploads import uploads
from rag.settings import Settings

STILL = 1.0  # seconds without a change after which a run begins: a folder that is copied has many
LONGEST = 30.0  # seconds of changes without a pause after which it begins nevertheless
AGAIN = 600.0  # seconds after which all is looked at even so: a disk of another machine tells nothing
_LOOK = 5.0  # seconds


def watch(settings: Settings, stop: threading.Event | None = None) -> Iterator[IngestReport | RAGError]:
    """What each run that changed something did, or why it could not; until Ctrl-C, or `stop` is set.

    Files that cannot be read are left out, and named in the report; folders that are gone are waited for.

    Raises:
        StoreError: there is no index to follow.
    """
    stop = stop or threading.Event()
    failed = ""
    places = (*read_scope(settings.index).paths, uploads(settings.index))
    while not stop.is_set():
        followed = [path for path in places if path.exists()]
        # Runs before the first change too: of what changed until it was followed nobody tells.
        for _ in _moments(followed, stop):
            try:
                report = ingest([], settings)
                failed = ""
                if report.added or report.changed or report.removed:
                    yield report
            except RAGError as error:
                if str(error) != failed:  # said once, not each time that it is tried again
                    failed = str(error)
                    yield error
            # A file that an editor replaced is another one from now on.
            if followed != [path for path in places if path.exists()] or not all(map(Path.is_dir, followed)):
                break


def _moments(places: list[Path], stop: threading.Event) -> Iterator[None]:
    """When to index: as soon as the places are followed, after changes there, and now and then."""
    due = 0.0
    if not places:
        stop.wait(_LOOK)
        return
    for found in watchfiles.watch(
        *places, watch_filter=_is_article, debounce=int(LONGEST * 1000), step=int(STILL * 1000),
        rust_timeout=int(_LOOK * 1000), yield_on_timeout=True, stop_event=stop,
    ):  # fmt: skip
        if found or time.monotonic() >= due:
            yield
            due = time.monotonic() + AGAIN


def _is_article(_: watchfiles.Change, name: str) -> bool:
    """Whether a change may be of an article, or of a folder, which has come or gone with all in it."""
    suffix = Path(name).suffix.lower()
    return suffix in SUFFIXES or not suffix
