"""Start-up and first page of the chat, beside a bare Gradio page: `python -m eval.bench.startup [ROUNDS]`.

Both are started in turn, ROUNDS times (default 3), and opened in Debian's Chromium with an empty cache. Shown are
medians: seconds until the page is answered, seconds from there until it can be used, and its bytes and requests.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tqdm import tqdm

from rag.ingest.build import SEEDS, ingest
from rag.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
BARE = """
import sys, gradio as gr
with gr.Blocks(analytics_enabled=False) as app:
    chat = gr.Chatbot()
    box = gr.Textbox(label="Your question")
    box.submit(lambda question: [{"role": "assistant", "content": question}], box, chat)
app.launch(server_port=int(sys.argv[1]), quiet=True)
"""
COLUMNS = ("seconds until it answers", "seconds until it can be used", "kilobytes", "requests")


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table."""
    from playwright.sync_api import sync_playwright

    rounds = int(arguments[0]) if arguments else 3
    found: dict[str, list[tuple[float, ...]]] = {"this chat": [], "bare Gradio": []}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        index = Path(name) / "index"
        ingest([SEEDS], Settings(index=index))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        for number in tqdm(range(2 * rounds), desc="starting"):
            kind = list(found)[number % 2]
            port = _free_port()
            ours = ["-m", "rag", "chat", "--index", str(index), "--port", str(port)]
            command = ours if kind == "this chat" else ["-c", BARE, str(port)]
            found[kind].append(_measure(browser, command, port))
        browser.close()
    print(f"| {rounds} rounds, medians | " + " | ".join(COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS))
    for kind, rows in found.items():
        medians = [statistics.median(column) for column in zip(*rows, strict=True)]
        print(f"| {kind} | {medians[0]:.1f} | {medians[1]:.1f} | {medians[2]:,.0f} | {medians[3]:.0f} |")
    return 0


def _measure(browser: Any, command: Sequence[str], port: int) -> tuple[float, ...]:
    """One start, one page: a value a column."""
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _answers(port):
            time.sleep(0.02)
        up = time.perf_counter()
        context = browser.new_context()
        page = context.new_page()
        sizes: list[int] = []
        page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_label("Your question").wait_for()
        usable = time.perf_counter()
        context.close()
        return up - started, usable - up, sum(sizes) / 1000, float(len(sizes))
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
