"""Several collections in one chat, in a real browser: the menu, and that each keeps to itself."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag.ingest.build import ingest
from tests.browsing import ask, open_page, open_tab, serving, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from rag.settings import Settings

pytestmark = pytest.mark.browser

BREAD = "Since when has the bakery of the Okafor family sold bread?"


def test_a_menu_leads_to_each_collection_which_keeps_to_itself(
    browser: Browser, indexed: Settings, articles: Path, tmp_path: Path
) -> None:
    ingest([articles / "bakery.txt"], indexed.of("bread"))
    broken = indexed.of("broken").index
    broken.mkdir()
    (broken / "catalog.sqlite").write_bytes(b"x" * 4096)
    with serving(indexed.index, tmp_path) as (address, _), window(browser) as context:
        page = open_page(context, address)
        assert "against 3 articles" in page.locator("#introduction").inner_text()
        menu = page.locator("#collections")
        assert menu.locator("summary").inner_text() == "Collection: the first one"
        assert "412 metres" in ask(page, "How long is the bridge over the Arun?")
        menu.locator("summary").click()
        assert menu.get_by_role("link").all_inner_texts() == ["the first one", "bread"], "a broken one is left out"
        menu.get_by_role("link", name="bread").click()
        page.wait_for_url("**/collections/bread/")
        page.get_by_label("Your question").wait_for()
        assert "against one article" in page.locator("#introduction").inner_text()
        assert page.locator("#collections summary").inner_text() == "Collection: bread"
        assert "1968" in ask(page, BREAD)
        page.locator("#chat a[href^='#passage?']").first.click()
        page.locator("#evidence mark").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="Original file").click()
        assert download.value.suggested_filename == "bakery.txt"
        assert "412" not in ask(page, "How long is the bridge over the Arun?")
        open_tab(page, "Conversations")
        page.locator("#saved .title").first.wait_for()
        assert page.locator("#saved .title").all_inner_texts() == [BREAD], "conversations are of their collection"
        open_tab(page, "Articles")
        page.locator("#table .choose").first.wait_for()
        page.get_by_label("Upload file").or_(page.locator("#upload input[type=file]")).first.set_input_files(
            {
                "name": "crust.txt",
                "mimeType": "text/plain",
                "buffer": b"Crust prize\n\nThe crust prize went to Ama Okafor.",
            }
        )
        page.locator("#table .choose", has_text="Crust prize").wait_for()
        assert (tmp_path / "index-collections" / "bread-added" / "crust.txt").is_file()
        page.locator("#collections summary").click()
        page.locator("#collections").get_by_role("link", name="the first one").click()
        page.wait_for_url(f"{address}/")
        page.get_by_label("Your question").wait_for()
        assert "against 3 articles" in page.locator("#introduction").inner_text()
        open_tab(page, "Conversations")
        assert page.locator("#saved .title").all_inner_texts() == ["How long is the bridge over the Arun?"]
        with urllib.request.urlopen(f"{address}/collections/bread") as redirected:
            assert redirected.url == f"{address}/collections/bread/"
        for path in ("other/", "bread/gradio_api/info", "bread/../bread/file=x"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{address}/collections/{path}")
            assert refused.value.code == 404
        page.close()
    assert "broken is left out" in (tmp_path / "stderr").read_text()


def test_a_chat_that_names_a_collection_has_it_alone(
    browser: Browser, indexed: Settings, articles: Path, tmp_path: Path
) -> None:
    ingest([articles / "bakery.txt"], indexed.of("bread"))
    with (
        serving(indexed.index, tmp_path, "--collection", "bread") as (address, _),
        window(browser) as context,
    ):
        page = open_page(context, address)
        assert "against one article" in page.locator("#introduction").inner_text()
        assert page.locator("#collections").count() == 0
        page.close()
