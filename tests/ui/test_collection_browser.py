"""The page of the collection in a real browser: looking, adding, removing, indexing anew."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browsing import ask, open_page, open_tab, serving, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

    from rag.settings import Settings

pytestmark = pytest.mark.browser

CRANE = (
    "Crane falls in Velden harbour\nPublished: June 7, 2021\n\n"
    "A crane fell into the harbour of Velden on Monday evening, and nobody was hurt, the harbour master said.\n\n"
    "It had stood there for 83 years and weighed 95 tonnes, according to the museum of the town.\n"
)


@pytest.fixture
def page(browser: Browser, indexed: Settings, tmp_path: Path) -> Iterator[Page]:
    """The chat over three small articles, at the tab of the collection."""
    with serving(indexed.index, tmp_path) as (address, _), window(browser) as context:
        page = open_page(context, address)
        open_tab(page, "Articles")
        page.locator("#table .choose").first.wait_for()
        yield page
        page.close()


def titles(page: Page) -> list[str]:
    return page.locator("#table .choose").all_inner_texts()


def test_the_list_shows_each_article_and_what_cleaning_removed(
    browser: Browser, seeds_index: Path, tmp_path: Path
) -> None:
    with serving(seeds_index, tmp_path) as (address, _), window(browser) as context:
        page = open_page(context, address)
        open_tab(page, "Articles")
        page.locator("#table .choose", has_text="Peru looking to expand cooperation").click()
        difference = page.locator(".difference")
        difference.locator("del").first.wait_for()
        assert "link spam" in difference.locator(".reason").first.inner_text()
        assert "1xbet" in difference.locator("del").first.inner_text()
        assert "republished copy of 002_27fb3a5ff33fbf6b.txt" in difference.inner_text()
        row = page.locator("#table tr", has_text="Cooperation between China and Peru").locator("td")
        assert row.all_inner_texts()[:2] == ["not stated", "28 June 2024"]
        page.get_by_label("Search the list").fill("june 2024")
        page.locator("#table .note", has_text="1 of 5 files").wait_for()


def test_files_are_added_while_questions_are_answered(page: Page, tmp_path: Path) -> None:
    good, bad = tmp_path / "crane.txt", tmp_path / "broken.pdf"
    good.write_text(CRANE, encoding="utf-8")
    bad.write_bytes(b"no pdf at all")
    page.locator("#upload input[type=file]").set_input_files([good, bad])
    open_tab(page, "Ask")
    assert "Lena Ortiz" in ask(page, "Who opened the bridge over the river Arun?")
    open_tab(page, "Articles")
    results = page.locator(".results li")
    results.first.wait_for(timeout=90_000)
    assert results.all_inner_texts()[0] == "Added crane.txt: Crane falls in Velden harbour"
    assert results.all_inner_texts()[1].startswith("Not added broken.pdf")
    assert str(tmp_path) not in page.locator("#articles").inner_text()
    assert "Crane falls in Velden harbour" in titles(page)
    open_tab(page, "Ask")
    assert "95 tonnes" in ask(page, "How many tonnes did the crane in Velden harbour weigh?")


def test_another_version_of_a_file_takes_its_place_after_asking(page: Page, tmp_path: Path) -> None:
    file, chooser = tmp_path / "crane.txt", page.locator("#upload input[type=file]")
    answers = iter((False, True))
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if next(answers) else dialog.dismiss()

    page.on("dialog", answer)
    file.write_text(CRANE, encoding="utf-8")
    chooser.set_input_files(file)
    page.locator(".results li", has_text="Added crane.txt: Crane falls").wait_for(timeout=90_000)
    file.write_text(CRANE.replace("95 tonnes", "97 tonnes"), encoding="utf-8")
    chooser.set_input_files(file)
    page.locator(".results li", has_text="was not to be replaced").wait_for(timeout=90_000)
    chooser.set_input_files(file)
    page.locator(".results li", has_text="Added crane.txt: Crane falls").wait_for(timeout=90_000)
    assert asked == ["In the collection with another content: crane.txt. Replace?"] * 2
    assert titles(page).count("Crane falls in Velden harbour") == 1
    open_tab(page, "Ask")
    assert "97 tonnes" in ask(page, "How many tonnes did the crane in Velden harbour weigh?")


def test_a_file_can_be_dropped(page: Page) -> None:
    data = page.evaluate_handle(
        """encoded => {
            const transfer = new DataTransfer()
            const bytes = Uint8Array.from(atob(encoded), character => character.charCodeAt(0))
            transfer.items.add(new File([bytes], 'crane.txt', { type: 'text/plain' }))
            return transfer
        }""",
        base64.b64encode(CRANE.encode()).decode(),
    )
    page.locator("#upload button").first.dispatch_event("drop", {"dataTransfer": data})
    page.locator(".results li", has_text="Added crane.txt").wait_for(timeout=90_000)


def test_an_article_is_removed_after_asking_and_its_file_stays(page: Page, articles: Path) -> None:
    answers = iter((False, True))
    page.on("dialog", lambda dialog: dialog.accept() if next(answers) else dialog.dismiss())
    page.locator("#table .choose", has_text="A bakery").click()
    page.get_by_role("button", name="Remove from the collection").click()
    page.get_by_role("button", name="Index changed files").click()  # which has its turn behind what came before
    page.get_by_text("0 added, 0 changed, 0 removed").wait_for(timeout=90_000)
    assert any("bakery" in title for title in titles(page)), "it was not meant"
    page.get_by_role("button", name="Remove from the collection").click()
    page.locator("#table .note", has_text="2 files").wait_for(timeout=90_000)
    assert not any("bakery" in title for title in titles(page))
    assert (articles / "bakery.txt").exists()


def test_changed_files_are_indexed_again(page: Page, articles: Path) -> None:
    (articles / "crane.txt").write_text(CRANE, encoding="utf-8")
    page.get_by_role("button", name="Index changed files").click()
    page.get_by_text("1 added, 0 changed, 0 removed").wait_for(timeout=90_000)
    page.locator("#introduction", has_text="4 articles").wait_for()
    assert "Crane falls in Velden harbour" in titles(page)


def test_read_only_shows_the_list_alone(browser: Browser, seeds_index: Path, tmp_path: Path) -> None:
    with serving(seeds_index, tmp_path, RAG_READ_ONLY="1") as (address, _), window(browser) as context:
        page = open_page(context, address)
        open_tab(page, "Articles")
        page.locator("#table .choose").first.click()
        page.locator(".difference").wait_for()
        assert page.get_by_role("button", name="Remove from the collection").count() == 0
        assert page.get_by_role("button", name="Index changed files").count() == 0
        assert page.locator("#upload").count() == 0
