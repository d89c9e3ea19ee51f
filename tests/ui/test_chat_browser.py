"""The chat as a reader meets it: the real command, the five articles, a real browser."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.text.languages import ABSTENTION, UNSURE
from tests.browsing import (
    CONTAINERS,
    DIFFER,
    OFF_TOPIC,
    PATIENCE,
    QUOTE,
    ROOT,
    SOURCE,
    ask,
    open_page,
    open_tab,
    serving,
    window,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service runs and keeps thumbs."""
    return tmp_path_factory.mktemp("chat")


@pytest.fixture(scope="module")
def address(browser: Browser, seeds_index: Path, folder: Path) -> Iterator[str]:
    """The chat over the five articles."""
    with serving(seeds_index, folder) as (address, _):
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with window(browser) as context:
        yield open_page(context, address)


# Reading evidence -----------------------------------------------------------------------------------------------------


def test_an_answer_has_its_marker_and_below_it_where_the_words_stand(page: Page) -> None:
    ask(page, CONTAINERS)
    answer = page.locator("#chat .answer")
    assert re.fullmatch(rf".*{re.escape(QUOTE)}\s+\[1\]", answer.locator(".answer-text").inner_text(), re.DOTALL)
    source = answer.locator(".sources li")
    assert source.locator(".title").inner_text() == (
        "[1] Cooperation between China and Peru achieves fruitful results: Xi"
    )
    assert source.locator(".origin").inner_text() == f"28 June 2024 · {SOURCE}"
    assert page.locator("#chat [data-testid=user]").inner_text().strip() == CONTAINERS
    assert page.get_by_label("Your question").input_value() == ""
    assert QUOTE in str(answer.locator(".marker").get_attribute("title"))


def assert_marked(page: Page) -> None:
    """The article is open at the quoted words, and they are in sight."""
    mark = page.locator(".evidence mark").last
    mark.wait_for()
    assert mark.inner_text().endswith(QUOTE)
    assert "28 June 2024" in page.locator(".evidence header").inner_text()
    assert "publisher not stated" in page.locator(".evidence header").inner_text()
    page.wait_for_function(
        """() => {
            const mark = document.querySelector('.evidence mark').getBoundingClientRect()
            const box = document.querySelector('.evidence .article').getBoundingClientRect()
            return mark.top >= box.top && mark.bottom <= box.bottom
        }"""
    )


def test_a_marker_opens_the_article_beside_the_answer(page: Page) -> None:
    ask(page, CONTAINERS)
    assert not page.locator("#evidence").is_visible()
    page.locator("#chat .marker").click()
    assert_marked(page)
    answer, evidence = page.locator("#chat .answer").bounding_box(), page.locator("#evidence").bounding_box()
    assert answer and evidence and answer["x"] + answer["width"] <= evidence["x"]
    with page.expect_download() as download:
        page.locator("#original").click()
    assert Path(download.value.path()).read_bytes() == (ROOT / "seeds" / SOURCE).read_bytes()
    page.get_by_role("button", name="Close the article").click()
    assert not page.locator("#evidence").is_visible()


def test_the_keyboard_reaches_the_quoted_words_and_comes_back(page: Page) -> None:
    ask(page, CONTAINERS)
    page.get_by_label("Your question").focus()
    for _ in range(15):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.className") == "marker":
            break
    page.keyboard.press("Enter")
    assert_marked(page)
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "article", "the text can be scrolled by keys"
    page.keyboard.press("Escape")
    assert not page.locator("#evidence").is_visible()
    assert page.evaluate("document.activeElement.className") == "marker"


def test_on_a_phone_the_article_opens_over_the_answer(browser: Browser, address: str) -> None:
    with window(browser, 390, 760, has_touch=True, is_mobile=True) as context:
        page = open_page(context, address)
        ask(page, CONTAINERS)
        page.locator("#chat .marker").tap()
        assert_marked(page)
        box = page.locator("#evidence").bounding_box()
        assert box and (box["x"], box["width"]) == (0, 390)
        arrow = page.locator("#chat .scroll-down-button-container").bounding_box()
        assert arrow, "the answer is longer than the window"
        middle = [arrow["x"] + arrow["width"] / 2, arrow["y"] + arrow["height"] / 2]
        assert page.evaluate("([x, y]) => Boolean(document.elementFromPoint(x, y).closest('#evidence'))", middle)
        page.get_by_role("button", name="Close the article").tap()
        assert page.locator("#chat .answer").is_visible()


def test_a_long_answer_is_read_from_its_beginning(browser: Browser, address: str) -> None:
    with window(browser, 390, 760) as context:
        page = open_page(context, address)
        chat, question = page.locator("#chat .bubble-wrap"), page.locator("#chat .user-row").last
        for _ in range(2):
            ask(page, DIFFER)
            height = chat.evaluate("element => element.clientHeight")
            assert page.locator("#chat .answer").last.evaluate("element => element.clientHeight") > height
            top = "element => element.getBoundingClientRect().top"
            page.wait_for_timeout(500)
            assert -1 < question.evaluate(top) - chat.evaluate(top) < height / 4  # pixels
        chat.hover()
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(500)
        assert question.evaluate(top) < chat.evaluate(top), "who reads on is not brought back"


def test_a_republished_copy_is_named_and_can_be_read(page: Page) -> None:
    ask(page, "When was the free trade agreement signed?")
    page.locator("#chat .sources a.title", has_text="Agreements").first.click()
    page.locator(".evidence").get_by_role("link", name="003_cfb1253bd829b792.txt").click()
    page.locator(".evidence h2", has_text="Peru looking to expand cooperation").wait_for()
    assert "Republished copy of 002_27fb3a5ff33fbf6b.txt" in page.locator(".evidence header").inner_text()


def test_what_is_not_sure_shows_the_closest_passages_smaller(page: Page) -> None:
    assert ask(page, OFF_TOPIC, by_button=True).startswith(ABSTENTION) and not page.locator("#chat .closest").count()
    words = ask(page, "What is the population of Peru?", by_button=True)
    assert words.startswith(UNSURE) and "which need not answer it" in words
    assert page.locator("#chat .sources").count() == 0
    size = "element => parseFloat(getComputedStyle(element).fontSize)"
    closest = page.locator("#chat .closest li").first
    assert closest.evaluate(size) < page.locator("#chat .answer-text").last.evaluate(size)
    closest.get_by_role("link").click()
    page.locator(".evidence mark").first.wait_for()


# Asking ---------------------------------------------------------------------------------------------------------------


def test_a_follow_up_says_what_was_searched_for(page: Page) -> None:
    first = ask(page, CONTAINERS)
    second = ask(page, "Why?")
    assert f"Searched for: {CONTAINERS} Why?" in second
    assert page.locator("#chat .answer").first.inner_text() == first
    assert "Searched for" not in first


def test_examples_come_from_the_collection_and_are_answered(page: Page) -> None:
    examples = page.locator("#examples button")
    examples.first.wait_for(timeout=PATIENCE)
    question = examples.first.inner_text()
    examples.first.click()
    page.locator("#chat .answer").wait_for(timeout=PATIENCE)
    assert page.locator("#chat [data-testid=user]").inner_text().strip() == question
    assert not page.locator("#examples").is_visible()


def test_an_empty_question_and_an_error_leave_the_page_usable(page: Page) -> None:
    page.get_by_label("Your question").press("Enter")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_timeout(500)
    assert page.locator("#chat .answer, #chat .error, #chat .pending").count() == 0
    assert "type a question in words" in ask(page, "???")
    assert page.get_by_label("Your question").input_value() == "???"
    assert "[1]" in ask(page, CONTAINERS)
    assert page.get_by_label("Your question").input_value() == ""


def test_a_question_can_be_edited_and_asked_again(page: Page) -> None:
    ask(page, 'Is 2 < 3 & "x"?')
    page.get_by_role("button", name="Edit").click()
    page.locator("#chat textarea").fill(CONTAINERS)
    page.locator("#chat").get_by_role("button", name="Submit").click()
    page.locator("#chat .answer").wait_for(timeout=PATIENCE)
    assert page.locator("#chat [data-testid=user]").all_inner_texts() == [CONTAINERS]
    page.locator("#chat").get_by_role("button", name="Retry").click()
    page.locator("#chat .answer").wait_for(state="detached")
    page.locator("#chat .answer").wait_for(timeout=PATIENCE)
    assert page.locator("#chat [data-testid=user]").all_inner_texts() == [CONTAINERS]


def test_an_answer_is_copied_with_its_citation(browser: Browser, address: str) -> None:
    with window(browser, permissions=["clipboard-read", "clipboard-write"]) as context:
        page = open_page(context, address)
        ask(page, CONTAINERS)
        page.get_by_role("button", name="Copy text").click()
        page.get_by_role("button", name="Copied").wait_for()
        text = page.evaluate("navigator.clipboard.readText()").splitlines()
        assert text[0].endswith(f"{QUOTE} [1]")
        assert text[2].startswith("[1] Cooperation between China and Peru") and f"2024-06-28, {SOURCE}" in text[2]
        page.get_by_role("button", name="Copy Markdown").click()
        page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('\\\\[1\\\\]'))")


@contextmanager
def served(rag: Any) -> Iterator[str]:
    """The page over a service of this process."""
    from ui.app import Page
    from ui.server import _listen, _server

    listening = _listen("127.0.0.1", 0)
    server = _server(Page(rag), listening, None, False)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def test_a_sentence_without_support_is_marked_by_words_and_line(browser: Browser, seeds_rag: Any) -> None:
    from rag.cite.support import unsupported
    from rag.events import Answered
    from rag.pipeline import RAG
    from rag.types import Sentence, Statement

    class Careless(RAG):
        def stream(self, question: str, **options: Any) -> Iterator[Any]:
            *steps, last = super().stream(question, **options)
            yield from steps
            said = "The port will handle 7 million containers."
            reason = unsupported(said, [last.answer.citations[0].quote])
            claim = Statement(said, (1,), (Sentence(said, (1,), reason is None, reason or ""),))
            yield Answered(replace(last.answer, statements=(*last.answer.statements, claim)))

    rag = Careless(seeds_rag.settings, seeds_rag.store, seeds_rag.retriever, seeds_rag.reader)
    with served(rag) as address, window(browser) as context:
        page = open_page(context, address)
        ask(page, CONTAINERS)
        claim = page.locator("#chat .unsupported")
        assert claim.all_inner_texts() == ["The port will handle 7 million containers."]
        assert "dashed" in claim.evaluate("element => getComputedStyle(element).textDecoration")
        assert page.locator("#chat .flag").inner_text().startswith("[not supported: the number '7 million'")
        page.close()


class Held:
    """A reader that reads on for one question only when it may; the page's example questions are not held up."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.go_on = threading.Event()

    def read(self, question: str, passages: Any) -> Any:
        assert question != CONTAINERS or self.go_on.wait(60)
        return self.reader.read(question, passages)


def test_a_slow_answer_says_what_is_done_and_can_be_stopped(browser: Browser, seeds_rag: Any) -> None:
    from rag.pipeline import RAG

    held = Held(seeds_rag.reader)
    rag = RAG(seeds_rag.settings, seeds_rag.store, seeds_rag.retriever, held)
    with served(rag) as address, window(browser) as context:
        page = open_page(context, address)
        page.get_by_label("Your question").fill(CONTAINERS)
        page.get_by_label("Your question").press("Enter")
        page.get_by_text("Reading what was found").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped.").wait_for()
        assert page.get_by_label("Your question").input_value() == CONTAINERS
        held.go_on.set()
        ask(page, OFF_TOPIC)
        assert page.locator("#chat .answer").count() == 0, "what was stopped does not come back"
        page.close()


def test_settings_hold_for_the_next_question(page: Page) -> None:
    ask(page, CONTAINERS)
    open_tab(page, "Settings")
    assert "undated ones are left out" in page.locator("#settings").inner_text()
    days = page.locator("#settings input.time")
    days.first.fill("2030-01-01")
    days.first.press("Enter")
    open_tab(page, "Ask")
    assert ask(page, CONTAINERS).startswith(ABSTENTION)


# History and feedback -------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


def test_conversations_outlive_the_service_and_stay_in_their_browser(
    browser: Browser, seeds_index: Path, tmp_path: Path
) -> None:
    port = free_port()
    with window(browser) as mine, window(browser) as other:
        with serving(seeds_index, tmp_path, port=port) as (address, _):
            page = open_page(mine, address)
            said = ask(page, CONTAINERS)
            page.close()
        with serving(seeds_index, tmp_path, port=port) as (address, _):
            page, foreign = open_page(mine, address), open_page(other, address)
            for one in (page, foreign):
                open_tab(one, "Conversations")
            assert page.locator("#saved .title").all_inner_texts() == [CONTAINERS]
            assert foreign.locator("#saved").inner_text() == "No conversation yet."
            assert foreign.locator("#chat .answer").count() == 0
            with page.expect_download() as download:
                page.locator("#saved").get_by_role("button", name="Export").click()
            exported = Path(download.value.path()).read_text(encoding="utf-8")
            assert exported.startswith(f"## {CONTAINERS}\n") and QUOTE in exported and "2024-06-28" in exported
            page.locator("#saved .title").click()
            page.locator("#chat .answer").wait_for()
            assert page.locator("#chat .answer").inner_text() == said
            page.locator("#chat .marker").click()
            assert_marked(page)
            page.get_by_label("Your question").fill("Typed already")
            page.get_by_role("button", name="New conversation").click()
            page.locator("#chat .answer").wait_for(state="detached")
            assert page.get_by_label("Your question").input_value() == "Typed already"
            open_tab(page, "Conversations")
            page.locator("#saved").get_by_role("button", name="Delete").click()
            assert page.locator("#saved").inner_text() == "No conversation yet."
            page.close()
            foreign.close()


def test_a_thumb_is_kept_in_a_file(page: Page, folder: Path) -> None:
    ask(page, CONTAINERS)
    page.locator("#chat").get_by_role("button", name="Like", exact=True).click()
    page.get_by_text("it is kept on this machine").wait_for()
    kept = [json.loads(line) for line in (folder / "feedback.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (kept[-1]["question"], kept[-1]["liked"]) == (CONTAINERS, True)


# Looks and access -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(390, 760), (667, 375), (1280, 800), (1920, 1080)])
def test_the_question_box_stays_in_its_place(browser: Browser, address: str, width: int, height: int) -> None:
    with window(browser, width, height) as context:
        page = open_page(context, address)
        page.locator("#examples button").first.wait_for(state="attached", timeout=PATIENCE)
        before = page.get_by_role("button", name="Ask", exact=True).bounding_box()
        for question in (CONTAINERS, OFF_TOPIC, CONTAINERS):
            ask(page, question)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("document.documentElement.scrollHeight") == height
        box = page.get_by_role("button", name="Ask", exact=True).bounding_box()
        assert box and box == before
        lowest = [box["x"] + box["width"] / 2, box["y"] + box["height"] - 2]
        assert page.evaluate("point => document.elementFromPoint(...point)?.innerText", lowest) == "Ask"


def test_light_and_dark_follow_the_machine(browser: Browser, address: str) -> None:
    seen = set()
    for scheme in ("light", "dark"):
        with window(browser, color_scheme=scheme) as context:
            page = open_page(context, address)
            seen.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


def problems(page: Page) -> list[str]:
    """What axe finds serious or worse."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, address: str, scheme: str) -> None:
    with window(browser, color_scheme=scheme) as context:
        page = open_page(context, address)
        page.locator("#examples button").first.wait_for(timeout=PATIENCE)
        assert problems(page) == []
        ask(page, CONTAINERS)
        ask(page, OFF_TOPIC)
        page.locator("#chat .marker").first.click()
        page.locator(".evidence mark").first.wait_for()
        assert problems(page) == []
        for tab in ("Articles", "Conversations", "Settings"):
            open_tab(page, tab)
            if tab == "Articles":
                page.locator("#table .choose").nth(3).click()
                page.locator(".difference del").first.wait_for()
            assert problems(page) == [], tab


def test_the_page_says_what_it_is(page: Page) -> None:
    assert page.title() == page.get_by_role("heading", level=1).inner_text() == "Ask the articles"
    assert "against 4 articles and 1 republished copy" in page.locator("#introduction").inner_text()
    assert page.locator("footer").filter(visible=True).count() == 0


# Safety ---------------------------------------------------------------------------------------------------------------

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=http://evil.example/a.png onerror=alert(2)>",
    "<svg onload=alert(3)></svg>",
    "<iframe src=javascript:alert(4)></iframe>",
    "<a href=javascript:alert(5)>link</a>",
    "![b](http://evil.example/b.png)",
    "[link](javascript:alert(6))",
    "$$\\href{javascript:alert(7)}{x}$$",
    "${alert(8)} {{value}} {{#each value}}{{this}}{{/each}} <%= alert(9) %>",
    "\"' onmouseover=alert(10) x='",
    "</p></div></section><h1>out</h1>",
    "&lt;b&gt;entities&lt;/b&gt;",
)
NAME = "<img src=x onerror=alert(11)> ${alert(12)} '\".txt"


def test_markup_is_shown_as_text_wherever_it_comes_from(browser: Browser, tmp_path: Path) -> None:
    from rag.ingest.build import ingest
    from rag.settings import Settings

    words = " ".join(PAYLOADS)
    article = tmp_path / NAME.replace("/", "")
    article.write_text(
        f"Keeper of the lighthouse {PAYLOADS[1]} retires\n\n"
        f"The Orla lighthouse is 41 metres tall and white {words} says its keeper Mara Lind, who looked after it.\n\n"
        "She will be followed by her daughter in the spring, the harbour office of Orla said on Friday.\n",
        encoding="utf-8",
    )
    ingest([article], Settings(index=tmp_path / "index"))
    with serving(tmp_path / "index", tmp_path) as (address, process), window(browser) as context:
        page = open_page(context, address)
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        shown = ask(page, "How many metres tall is the Orla lighthouse?")
        assert PAYLOADS[1] in shown and PAYLOADS[8] in shown
        question = f"How tall is it? {words}"
        ask(page, question)
        assert page.locator("#chat [data-testid=user]").last.inner_text().strip() == question
        page.locator("#chat .marker").first.click()
        page.locator(".evidence mark").first.wait_for()
        assert PAYLOADS[8] in page.locator(".evidence .article").inner_text()
        inside = "img, script, iframe, svg[onload], strong, em, .katex, h1, a:not([href^='#passage?'])"
        assert page.locator("#chat .message-content, .evidence").locator(inside).count() == 0
        open_tab(page, "Articles")
        page.locator("#table .choose").click()
        page.locator(".difference").wait_for()
        assert NAME in page.locator("#table").inner_text()
        open_tab(page, "Conversations")
        page.locator("#saved .title").wait_for()
        assert page.locator("#table, .difference, #saved").locator(inside).count() == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert (tmp_path / "stderr").read_text() == ""
        page.close()  # before it can complain that the service is gone
