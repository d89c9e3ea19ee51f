"""What is let go while the chat runs: what nobody waits for, closed pages, uploads that were never taken in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ui.guard import files_below

if TYPE_CHECKING:
    import gradio as gr
    from gradio.state_holder import StateHolder

    from ui.app import Page
    from ui.places import Presence

PLENTY = 100  # pages; of more than that those that are no longer open are forgotten
ABANDONED = 60  # seconds after which what a page without a listener was sent goes
FORGOTTEN = 600  # seconds after which uploads go that were never taken in
TIDY_EVERY = 10  # seconds


async def tidy(app: gr.Blocks, page: Page, uploads: Path) -> None:
    """Forget what nobody waits for: events of pages that do not listen, and files that were never taken in."""
    queue, since = app._queue, dict[str, float]()
    while True:
        await asyncio.sleep(TIDY_EVERY)
        now = time.monotonic()
        alone = [
            session
            for session in {*queue.pending_messages_per_session, *queue.pending_event_ids_session}
            if session not in page.presence
        ]
        since = {session: since.get(session, now) for session in alone}
        for session in [session for session, began in since.items() if now - began > ABANDONED]:
            await queue.clean_events(session_hash=session)
            queue.pending_messages_per_session.pop(session, None)
            queue.pending_event_ids_session.pop(session, None)
        _forget_pages(app.state_holder, page.open_pages)
        await asyncio.to_thread(_forget, files_below(uploads))
        app.upload_file_set.clear()


def _forget_pages(states: StateHolder, open_pages: Presence) -> None:
    """Let go of what is kept for pages that are not open, where there are many."""
    long_ago = datetime.now() - timedelta(seconds=ABANDONED)
    with states.lock:
        closed = [session for session in states.session_data if session not in open_pages]
        for session in closed if len(states.session_data) > PLENTY else ():
            if states.time_last_used.get(session, long_ago) <= long_ago:
                states.session_data.pop(session)
                states.time_last_used.pop(session, None)


def _forget(files: Iterator[tuple[Path, int, float]]) -> None:
    for path, _, changed in files:
        if time.time() - changed > FORGOTTEN:
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()
