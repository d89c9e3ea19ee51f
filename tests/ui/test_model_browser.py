"""The chat with a language model behind it: the real command, a hosted model's protocol on loopback, a real browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browsing import CONTAINERS, PATIENCE, open_page, open_tab, serving, window
from tests.wire import Refuse, Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
TRUE = "At least 1 million containers will be handled by the port in the first year of operation."
FALSE = "The navy of Denmark will run the port from 2031."


def environment(server: Server) -> dict[str, str]:
    return {"RAG_MODEL": "openai:gpt-x", "OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "sk-test"}


def test_sentences_are_shown_checked_while_the_model_writes(
    browser: Browser, seeds_index: Path, tmp_path: Path
) -> None:
    go_on = threading.Event()
    with (
        Server([f"{TRUE} [1] {FALSE} [1] And", go_on, " so on. [1]"]) as server,
        serving(seeds_index, tmp_path, **environment(server)) as (address, _),
        window(browser) as context,
    ):
        page = open_page(context, address)
        page.get_by_label("Your question").fill(CONTAINERS)
        page.get_by_role("button", name="Ask", exact=True).click()
        shown = page.locator("#chat .answer-text")
        shown.wait_for(timeout=PATIENCE)
        page.wait_for_function("document.querySelector('#chat .flag')", timeout=PATIENCE)
        assert TRUE in shown.inner_text() and page.locator("#chat .pending").inner_text() == "Writing …"
        assert page.locator("#chat .unsupported").inner_text() == FALSE
        assert "not supported" in page.locator("#chat .flag").inner_text()
        page.locator("#chat .marker").first.click()
        page.locator("#evidence mark").first.wait_for(timeout=PATIENCE)
        go_on.set()
        page.locator("#chat .actions").wait_for(timeout=PATIENCE)
        page.close()


def test_stop_hangs_up_and_the_model_is_free(browser: Browser, seeds_index: Path, tmp_path: Path) -> None:
    never = threading.Event()
    slow = [f"{TRUE} [1] ", *(["And on it goes "] * 5), never]
    with (
        Server([*slow], [f"{TRUE} [1]"]) as server,
        serving(seeds_index, tmp_path, RAG_MODEL_CONCURRENCY="1", **environment(server)) as (address, _),
        window(browser) as context,
    ):
        page = open_page(context, address)
        page.get_by_label("Your question").fill(CONTAINERS)
        page.get_by_role("button", name="Ask", exact=True).click()
        page.locator("#chat .answer-text").wait_for(timeout=PATIENCE)
        page.get_by_role("button", name="Stop", exact=True).click()
        page.locator("#chat .stopped").wait_for(timeout=PATIENCE)
        never.set()
        page.get_by_role("button", name="Ask", exact=True).click()
        page.locator("#chat .actions").wait_for(timeout=PATIENCE)
        assert len(server.requests) == 2
        page.close()


def test_a_refused_key_and_another_model(browser: Browser, seeds_index: Path, tmp_path: Path) -> None:
    with (
        Server([Refuse(401)]) as server,
        serving(seeds_index, tmp_path, **environment(server)) as (address, _),
        window(browser) as context,
    ):
        page = open_page(context, address)
        page.get_by_label("Your question").fill(CONTAINERS)
        page.get_by_role("button", name="Ask", exact=True).click()
        error = page.locator("#chat .error")
        error.wait_for(timeout=PATIENCE)
        assert "OPENAI_API_KEY" in error.inner_text() and "sk-test" not in page.content()
        open_tab(page, "Settings")
        choice = page.get_by_label("Model")
        choice.click()
        page.get_by_role("option", name="Quote the articles").click()
        open_tab(page, "Ask")
        page.get_by_role("button", name="Ask", exact=True).click()
        page.locator("#chat .answer .actions").wait_for(timeout=PATIENCE)
        assert len(server.requests) == 1, "the quotations need no model"
        page.close()
