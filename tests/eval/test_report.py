"""The report of an evaluation run: one safe file, and a page that can be searched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eval.bench.support import RESULT
from eval.report import write_report
from eval.run import Run, read_run, write_baseline
from rag import RAGError
from rag.text.languages import ABSTENTION

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCRIPT = "<script>window.hit = 1</script>"
IMAGE = '<img src="https://evil.example/x" onerror="window.hit = 2">'
CLOSING = "</script></details></table><svg onload=window.hit=3>"
QUOTED = '" onmouseover="window.hit=4" autofocus onfocus="window.hit=5'
ABOUT = {
    "created": "2026-01-02T03:04:05",
    "settings": {"model": "extractive", "min_confidence": None},
    "index": "abc123",
    "answers from the cache": 2,
    "questions": f"mine{SCRIPT}.jsonl",
    "split": "report",
}


def row(number: int, kind: str, confidence: float, *, answerable: bool, right: bool, **more: Any) -> dict[str, Any]:
    """A row as eval/run.py makes it; what is not right was answered, unless `answered` says otherwise."""
    answered = more.pop("answered", answerable or not right)
    quote = {
        "marker": 1,
        "source": "a.txt",
        "title": f"Title {IMAGE}",
        "publisher": "Xinhua",
        "published": "2024-06-28",
        "quote": f"Ten boats left. {CLOSING}",
        "start": 0,
        "end": 9,
        "republished_in": ["b.txt"],
    }
    scores = {"right": right, "refused": not answered, "unanswerable": not answerable, "confidence": confidence}
    scores |= {"attempt": right and answerable, "seconds": 0.25}
    if answerable:
        scores |= {"contains": right, "cited": right, "recall@4": 1, "ndcg@10": 0.5}
    if answered:
        scores |= {"citation recall": 1, "citation precision": 1, "verbatim": 1, "words": 3}
    expected = {"any": ["ten boats"], "sources": ["b.txt", "a.txt"], "answerable": True}
    asked = {"id": f"q-{number}", "question": f"Question {number}?", "kind": kind, "language": "en", "history": []}
    return {
        **(asked | more),
        "expected": expected if answerable else {"answerable": False},
        "answer": {
            "text": f"Ten boats left. {SCRIPT} [1]" if answered else ABSTENTION,
            "answered": answered,
            "confidence": confidence,
            "citations": [quote] if answered else [],
            "closest": [] if answered else [quote],
        },
        "scores": {name: float(value) for name, value in scores.items()},
        "why": "" if right else f"other words were chosen {IMAGE}",
    }


@pytest.fixture
def run() -> Run:
    history = [{"role": "user", "content": f"Before {SCRIPT}"}, {"role": "assistant", "content": "Earlier."}]
    return Run(
        ABOUT,
        [
            row(1, "fact", 0.9, answerable=True, right=True, question=f"How many boats? {SCRIPT}"),
            row(2, "fact", 0.7, answerable=True, right=False, question=CLOSING, history=history),
            row(3, "fact", 0.2, answerable=True, right=False, answered=False, language="es", question=IMAGE),
            row(4, QUOTED, 0.6, answerable=False, right=False),
            row(5, "$x^ 船 <b>", 0.1, answerable=False, right=True, language=QUOTED),
        ],
    )


def test_the_same_run_gives_the_same_file_and_the_file_needs_no_other(run: Run, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_report(run, tmp_path / name)
    page = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert page == (tmp_path / "two.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:link|img|iframe|object|embed|base|form)\b|@import|<\?xml|<metadata", page)
    tags = re.findall(r"<[a-z][^>]*>", page)
    assert not [tag for tag in tags if re.search(r"\b(?:src|href|action)\s*=\s*[\"']?[^\"'#]", tag)]
    assert page.count("<script") == 1 and page.count("<svg") == 3
    identifiers = re.findall(r"<[a-z][^>]* id=\"([^\"]*)\"", page, re.IGNORECASE)
    assert len(identifiers) == len(set(identifiers))


def test_a_baseline_and_an_unwritable_place_are_refused(run: Run, tmp_path: Path) -> None:
    write_baseline(run, tmp_path / "baseline.json")
    with pytest.raises(RAGError, match="has no answers to show; "):
        write_report(read_run(tmp_path / "baseline.json"), tmp_path / "report.html")
    with pytest.raises(RAGError, match="cannot write"):
        write_report(run, tmp_path / "missing" / "report.html")


def test_a_run_without_facts_or_with_one_question_has_a_report(run: Run, tmp_path: Path) -> None:
    for number in range(5):
        write_report(Run({}, run.rows[number : number + 1]), tmp_path / "report.html")
    assert "not known" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.fixture(params=[1200, 390])
def page(request: pytest.FixtureRequest, browser: Browser, run: Run, tmp_path: Path) -> Iterator[Page]:
    """The report opened from its file; afterwards, nothing else was asked for, no script of the run's words ran."""
    write_report(run, tmp_path / "report.html")
    address = (tmp_path / "report.html").as_uri()
    page = browser.new_page(viewport={"width": request.param, "height": 800})
    requested: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    assert page.evaluate("window.hit") is None
    assert requested == [address]
    assert errors == []
    assert page.evaluate("document.documentElement.scrollWidth") == request.param
    page.close()


def shown(page: Page) -> list[str]:
    """The ids of the questions in sight; the page must count as many."""
    rows = page.locator(".questions tbody tr").filter(visible=True)
    names = [name.strip() for name in rows.locator("td:first-child").all_inner_texts()]
    assert page.get_by_role("status").inner_text() == f"{len(names)} of 5 shown"
    return names


@pytest.mark.browser
def test_filters_show_the_questions_they_name(page: Page) -> None:
    assert shown(page) == ["q-1", "q-2", "q-3", "q-4", "q-5"]
    choices = {
        "all failures": ["q-2", "q-3", "q-4"],
        "right": ["q-1", "q-5"],
        "wrong answer": ["q-2"],
        "wrongly refused": ["q-3"],
        "wrongly answered": ["q-4"],
    }
    for outcome, expected in choices.items():
        page.get_by_label("Outcome", exact=True).select_option(label=outcome)
        assert shown(page) == expected
    page.get_by_label("Outcome", exact=True).select_option(label="all")
    page.get_by_label("Kind", exact=True).select_option(label=QUOTED)
    assert shown(page) == ["q-4"]
    page.get_by_label("Kind", exact=True).select_option(label="fact")
    page.get_by_label("Language", exact=True).select_option(label="en")
    assert shown(page) == ["q-1", "q-2"]
    page.get_by_label("Search", exact=True).fill(" HOW many boats? <script> ")
    assert shown(page) == ["q-1"]
    page.get_by_label("Search", exact=True).press("Enter")
    page.get_by_label("Search", exact=True).fill("nothing of the kind")
    assert shown(page) == []


@pytest.mark.browser
def test_a_question_opens_by_keyboard_and_shows_its_words_as_text(page: Page) -> None:
    details = page.locator(".questions details")
    page.get_by_label("Outcome", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert details.first.get_attribute("open") is not None
    answered = details.first.inner_text()
    for words in (f"Ten boats left. {SCRIPT} [1]", f"[1] Title {IMAGE}", f"Ten boats left. {CLOSING}", "ten boats"):
        assert words in answered
    assert "Xinhua · 2024-06-28 · a.txt · also in b.txt" in answered
    for number, expected in ((1, f"Before {SCRIPT}"), (2, "closest words"), (3, "no answer in the articles")):
        details.nth(number).locator("summary").click()
        assert expected in details.nth(number).inner_text()
        assert f"other words were chosen {IMAGE}" in details.nth(number).inner_text()
    assert page.locator("img, main script, details svg").count() == 0


@pytest.mark.browser
def test_the_summary_has_the_figures(page: Page, run: Run) -> None:
    head = page.locator("header").inner_text()
    for words in (
        "2026-01-02, 03:04:05",
        f"5 from mine{SCRIPT}.jsonl",
        "abc123",
        "model = extractive",
        "2 of 5 answers",
    ):
        assert words in head
    figures = page.locator(".sections tr").filter(has=page.get_by_role("rowheader", name="right", exact=True))
    assert figures.locator("td").all_inner_texts()[::2] == ["40.0%", "5"]
    judged = json.loads(RESULT.read_text(encoding="utf-8"))["MTRAG"]["supported"]
    refuses = f"of {judged['n']} supported sentences it refuses {1 - judged['accepted']:.1%}"
    assert refuses in page.locator(".sections .note").inner_text()
    fact = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="fact", exact=True))
    cells = [cell.split("\n")[0] for cell in fact.locator("td").all_inner_texts()]
    assert cells == ["3", "33.3%", "33.3%", "33.3%", "100.0%", "50.0%"]
    brier = run.summary["all"]["Brier score"].value
    assert f"Brier score {brier:.3f}" in page.locator(".plot").first.inner_text()
    names = [page.get_by_role("img", name=name).count() for name in ("Reliability", "Risk-coverage", "Right by kind")]
    assert names == [1, 1, 1]
