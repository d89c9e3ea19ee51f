"""What the browser tests and docs/screenshot.py share: the real command in a process, a window, and a question."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

ROOT = Path(__file__).resolve().parent.parent
CONTAINERS = "How many containers will Chancay handle in its first year?"
QUOTE = "at least 1 million containers will be handled by the port in the first year of operation."
SOURCE = "004_a97b5fc439998a1f.txt"
DIFFER = "By how many days will the Chancay port shorten the journey to China?"
OFF_TOPIC = "Who won the football World Cup in 2022?"
AFTER_UPLOADS = "Method not implemented."  # Gradio's own client logs it when a file has come
PATIENCE = 60_000  # milliseconds; the first answer waits for the embedding model


@contextmanager
def serving(
    index: Path, folder: Path, *arguments: str, port: int = 0, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`rag chat` (on a free port): its address and its process, whose stderr goes to folder/stderr."""
    given = {"HOME": str(folder), "PYTHONPATH": str(ROOT), "RAG_FEEDBACK": str(folder / "feedback.jsonl")}
    with (folder / "stderr").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "rag", "chat", "--index", str(index), "--port", str(port), *arguments],
            cwd=folder,
            env={**os.environ, **given, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    deadline = threading.Timer(120, process.kill)
    deadline.start()
    assert process.stdout
    try:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address, f"no address in {line!r}: {(folder / 'stderr').read_text()}"
        deadline.cancel()
        yield address.group(), process
    finally:
        deadline.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def window(browser: Browser, width: int = 1280, height: int = 800, **options: Any) -> Iterator[BrowserContext]:
    """A browser of somebody's own; afterwards, it must have asked this machine alone, and no page logged an error."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    requested: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: requested.append(request.url))
    context.on("console", lambda said: errors.append(said.text) if _is_error(said) else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    hosts = {urlsplit(url).hostname for url in requested if not url.startswith(("data:", "blob:"))}
    assert hosts <= {"127.0.0.1"}, hosts
    assert errors == [], errors
    context.close()


def _is_error(said: ConsoleMessage) -> bool:
    return said.type in ("error", "warning") and said.text != AFTER_UPLOADS


def open_page(context: BrowserContext, address: str) -> Page:
    """The chat, ready for a question."""
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Your question").wait_for()
    return page


def ask(page: Page, question: str, *, by_button: bool = False) -> str:
    """Type a question, send it, and wait for what the page says to it."""
    replies = page.locator("#chat .answer, #chat .abstention, #chat .error")
    before = replies.count()
    page.get_by_label("Your question").fill(question)
    if by_button:
        page.get_by_role("button", name="Ask", exact=True).click()
    else:
        page.get_by_label("Your question").press("Enter")
    replies.nth(before).wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Ask", exact=True).wait_for()
    assert replies.count() == before + 1
    return replies.nth(before).inner_text()


def open_tab(page: Page, name: str) -> None:
    """Turn to one of the tabs."""
    page.get_by_role("tab", name=name).click()
    page.locator(f"#{name.lower()}").wait_for()
