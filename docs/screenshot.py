"""Retake the pictures of README and docs: `make screenshots`. Same chat, same browser and same waiting as the tests."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eval.data import read_questions  # noqa: E402
from eval.report import write_report  # noqa: E402
from eval.run import evaluate  # noqa: E402
from rag.ingest.build import ingest  # noqa: E402
from rag.models.download import installed  # noqa: E402
from rag.pipeline import build_rag  # noqa: E402
from rag.settings import Settings  # noqa: E402
from tests.browsing import DIFFER, ask, open_page, open_tab, serving  # noqa: E402
from tests.conftest import CHROMIUM, FLAGS  # noqa: E402

IMAGES = ROOT / "docs" / "images"
WINDOWS = (("desktop", (1200, 780), "light"), ("desktop-dark", (1200, 780), "dark"), ("phone", (390, 780), "light"),
           ("phone-dark", (390, 780), "dark"))  # fmt: skip
NEAR_MISS = "What is the population of Peru?"
OPENS = "When does the Chancay port open?"
HUB = "In which waters do Peruvian authorities want the Chancay port to become a hub?"
SCALE = 1.25  # and still readable in the width of a README


def main() -> None:
    """Index the five articles, ask, and write docs/images."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ingest([ROOT / "seeds"], Settings(index=folder / "index"))
        with serving(folder / "index", folder) as (address, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for name, size, scheme in WINDOWS:
                with opened(browser, address, size, scheme) as page:
                    take_all(page, name)
            models = sorted(installed(), key=lambda path: path.stat().st_size)
            if models:  # of `make local-model`
                take_written(browser, folder, models[-1])
            take_report(browser, folder, IMAGES / "report.png")
            browser.close()


@contextmanager
def opened(browser: Browser, address: str, size: tuple[int, int], scheme: str) -> Iterator[Page]:
    """The chat in a new window."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, device_scale_factor=SCALE, color_scheme=scheme)  # type: ignore
    yield open_page(context, address)
    context.close()


def take_all(page: Page, name: str) -> None:
    """An answer with its evidence, an abstention, sources that differ, the collection with what cleaning removed."""
    ask(page, OPENS)
    page.locator("#chat .marker").click()
    page.locator(".evidence mark").first.wait_for()
    take(page, f"answer-{name}")
    page.get_by_role("button", name="Close the article").click()
    page.get_by_role("button", name="New conversation").click()
    page.locator("#chat .answer").wait_for(state="detached")
    ask(page, NEAR_MISS)
    take(page, f"abstention-{name}")
    page.get_by_role("button", name="New conversation").click()
    page.locator("#chat .abstention").wait_for(state="detached")
    ask(page, DIFFER)
    page.locator("#chat .conflicts").scroll_into_view_if_needed()
    take(page, f"differ-{name}")
    open_tab(page, "Articles")
    page.locator("#table .choose", has_text="Peru looking to expand cooperation").click()
    page.locator(".difference del").first.wait_for()
    take(page, f"collection-{name}")


def take_written(browser: Browser, folder: Path, model: Path) -> None:
    """An answer that a language model in the service wrote."""
    with (
        serving(folder / "index", folder, RAG_MODEL=f"llamacpp:{model}") as (address, _),
        opened(browser, address, (1200, 780), "light") as page,
    ):
        page.set_default_timeout(300_000)
        ask(page, HUB)
        page.locator("#chat .marker").first.click()
        page.locator(".evidence mark").first.wait_for()
        take(page, "model-desktop")


def take(page: Page, name: str) -> None:
    """A picture, once everything has come to rest."""
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(800)
    target = IMAGES / f"{name}.png"
    page.screenshot(path=target)
    print(target.relative_to(ROOT))


def take_report(browser: Browser, folder: Path, target: Path) -> None:
    """The report of a run over the five articles: its plots, and the questions that failed."""
    rag = build_rag(Settings(index=folder / "index"))
    about = {"questions": "questions.jsonl", "split": "report"}
    write_report(evaluate(rag, read_questions(split="report"), None, lambda *_: None, about), folder / "report.html")
    rag.close()
    page = browser.new_page(viewport={"width": 1200, "height": 1000}, color_scheme="light")
    page.goto((folder / "report.html").as_uri())
    page.get_by_role("heading", name="Plots").evaluate("element => element.scrollIntoView()")
    page.screenshot(path=target)
    print(target.relative_to(ROOT))
    page.close()


if __name__ == "__main__":
    main()
