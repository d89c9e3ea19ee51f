"""Retake the pictures of README and docs: `make screenshots`. Same chat, same browser and same waiting as the tests."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eval.data import read_questions  # noqa: E402
from eval.report import write_report  # noqa: E402
from eval.run import evaluate  # noqa: E402
from rag.ingest import ingest  # noqa: E402
from rag.pipeline import build_rag  # noqa: E402
from rag.settings import Settings  # noqa: E402
from tests.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.test_chat_browser import CONTAINERS, OFF_TOPIC, ask, serving  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PICTURES = {"chat": (CONTAINERS, 780), "abstention": (OFF_TOPIC, 420)}  # question, height of the window
WIDTH = 960
SCALE = 1.25  # 1200 pixels wide, and still readable in the width of a README


def main() -> None:
    """Index the five articles, ask, and write docs/images."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ingest([ROOT / "seeds"], Settings(index=folder / "index"))
        with serving(folder / "index", folder) as (address, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for picture, (question, height) in PICTURES.items():
                take(browser, address, question, height, IMAGES / f"{picture}.png")
            take_report(browser, folder, IMAGES / "report.png")
            browser.close()


def take(browser: Browser, address: str, question: str, height: int, target: Path) -> None:
    """One question in a new window, and a picture of it."""
    viewport = {"width": WIDTH, "height": height}
    page = browser.new_page(viewport=viewport, device_scale_factor=SCALE, color_scheme="light")  # type: ignore[arg-type]
    page.goto(address)
    page.get_by_label("Your question").wait_for()
    ask(page, question)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(500)  # scrolling comes to rest
    page.screenshot(path=target)
    print(target.relative_to(ROOT))
    page.close()


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
