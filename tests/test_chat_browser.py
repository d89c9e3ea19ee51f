"""The chat as a reader meets it: the real command, the five articles, a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from rag.prompts import ABSTENTION

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent
CONTAINERS = "How many containers will Chancay handle in its first year?"
QUOTE = "at least 1 million containers will be handled by the port in the first year of operation."
OFF_TOPIC = "Who won the football World Cup in 2022?"
PATIENCE = 60_000  # milliseconds; the first answer waits for the embedding model


@contextmanager
def serving(index: Path, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`rag chat` on a free port: its address and its process, whose stderr goes to folder/stderr."""
    with (folder / "stderr").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "rag", "chat", "--index", str(index), "--port", "0"],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "PYTHONPATH": str(ROOT)},
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


@pytest.fixture(scope="module")
def chat_address(browser: Browser, seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The chat over the five articles."""
    with serving(seeds_index, tmp_path_factory.mktemp("chat")) as (address, _):
        yield address


@contextmanager
def opened(browser: Browser, address: str, width: int = 1200, height: int = 800) -> Iterator[Page]:
    """The page in a window of its own; afterwards, it must have asked this machine alone and logged no error."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    requested: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("websocket", lambda websocket: requested.append(websocket.url))
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.goto(address)
    page.get_by_label("Your question").wait_for()
    yield page
    hosts = {urlsplit(url).hostname for url in requested if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert errors == []
    context.close()


@pytest.fixture
def page(browser: Browser, chat_address: str) -> Iterator[Page]:
    with opened(browser, chat_address) as page:
        yield page


def ask(page: Page, question: str, *, by_button: bool = False) -> str:
    """Type a question, send it, and wait for what the page says to it."""
    replies = page.locator("#chat .answer, #chat .abstention, #chat .error")
    before = replies.count()
    page.get_by_label("Your question").fill(question)
    if by_button:
        page.get_by_role("button", name="Ask").click()
    else:
        page.get_by_label("Your question").press("Enter")
    replies.nth(before).wait_for(timeout=PATIENCE)
    assert replies.count() == before + 1
    return replies.nth(before).inner_text()


def test_an_answer_has_its_marker_and_below_it_the_quoted_words_and_their_source(page: Page) -> None:
    ask(page, CONTAINERS)
    answer = page.locator("#chat .answer")
    assert answer.locator(".answer-text").inner_text().endswith(f"{QUOTE} [1]")
    source = answer.locator(".sources li")
    assert (
        source.locator(".title").inner_text() == "[1] Cooperation between China and Peru achieves fruitful results: Xi"
    )
    assert "28 June 2024" in source.locator(".origin").inner_text()
    assert source.locator("blockquote").inner_text().endswith(QUOTE)
    assert source.locator(".file").inner_text() == "004_a97b5fc439998a1f.txt"
    assert page.locator("#chat .question").inner_text() == CONTAINERS
    assert page.get_by_label("Your question").input_value() == ""
    above, below = answer.locator(".answer-text").bounding_box(), source.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"]


def test_an_abstention_names_the_closest_articles_and_quotes_nothing(page: Page) -> None:
    words = ask(page, OFF_TOPIC, by_button=True)
    assert words.startswith(ABSTENTION) and "closest passages" in words
    assert page.locator("#chat .closest li").count() > 0
    assert page.locator("#chat blockquote").count() == 0
    assert page.locator("#chat .sources").count() == 0


def test_a_follow_up_is_answered_below_the_first_answer(page: Page) -> None:
    first = ask(page, CONTAINERS)
    ask(page, "And how long will the transportation take?")
    assert page.locator("#chat .question").all_inner_texts() == [
        CONTAINERS,
        "And how long will the transportation take?",
    ]
    assert page.locator("#chat .answer").first.inner_text() == first


def test_an_empty_question_and_an_error_leave_the_page_usable(page: Page) -> None:
    page.get_by_label("Your question").press("Enter")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_timeout(500)
    assert page.locator("#chat .question, #chat .error, #chat .pending").count() == 0
    assert "type a question in words" in ask(page, "???")
    assert page.get_by_label("Your question").input_value() == "???"
    assert "[1]" in ask(page, CONTAINERS)
    assert page.get_by_label("Your question").input_value() == ""


def test_markup_in_a_question_is_shown_as_text(page: Page) -> None:
    question = '<img src="http://evil.example/a.png" onerror="alert(1)"> ![b](http://evil.example/b.png) $$c$$ **d**'
    ask(page, question)
    assert page.locator("#chat .question").inner_text() == question
    assert page.locator("#chat").locator("img, script, strong, a, .katex").count() == 0


def test_the_page_says_what_it_is_and_nothing_else(page: Page) -> None:
    assert page.title() == page.get_by_role("heading", level=1).inner_text() == "Ask the articles"
    assert "from 4 news articles and 1 republished copy" in page.locator("#introduction").inner_text()
    assert page.get_by_role("button").all_inner_texts() == ["Ask"]
    assert page.get_by_role("link").count() == 0
    assert page.locator("footer").filter(visible=True).count() == 0


@pytest.mark.parametrize(("width", "height"), [(390, 760), (667, 375), (1200, 800)])
def test_the_question_box_stays_in_sight(browser: Browser, chat_address: str, width: int, height: int) -> None:
    with opened(browser, chat_address, width, height) as page:
        for question in (CONTAINERS, OFF_TOPIC, CONTAINERS, CONTAINERS):
            ask(page, question)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("document.documentElement.scrollHeight") == height
        box = page.get_by_role("button", name="Ask").bounding_box()
        assert box
        lowest = [box["x"] + box["width"] / 2, box["y"] + box["height"] - 2]
        assert page.evaluate("point => document.elementFromPoint(...point)?.innerText", lowest) == "Ask"


HOSTILE = (
    "Keeper of the Orla lighthouse retires\n\n"
    "The Orla lighthouse is 41 metres tall <img src=x onerror=alert(1)> and **white**, says [its](http://evil.example) "
    "keeper Mara Lind <script>alert(2)</script> who has looked after it for thirty years.\n\n"
    "She will be followed by her daughter in the spring, the harbour office of Orla said on Friday.\n"
)


def test_markup_in_an_article_is_shown_as_text_and_ctrl_c_ends_the_service(browser: Browser, tmp_path: Path) -> None:
    from rag.ingest import ingest
    from rag.settings import Settings

    article = tmp_path / "orla.txt"
    article.write_text(HOSTILE, encoding="utf-8")
    ingest([article], Settings(index=tmp_path / "index"))
    with serving(tmp_path / "index", tmp_path) as (address, process), opened(browser, address) as page:
        shown = ask(page, "How many metres tall is the Orla lighthouse?")
        assert shown.count("41 metres tall <img src=x onerror=alert(1)> and **white**") == 2
        assert page.locator("#chat").locator("img, script, strong, a").count() == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert (tmp_path / "stderr").read_text() == ""
        page.close()  # before it can complain that the service is gone
