"""Words in a picture are read, or it is said that they are not, within the time that a file has."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.ingest.load import load_document, ocr

pytestmark = pytest.mark.slow
LINES = ["Bridge over the Arun opens", "It is 412 metres long, said Mayor Ortiz."]


@pytest.fixture
def picture() -> Any:
    pytest.importorskip("rapidocr")
    from PIL import Image, ImageDraw, ImageFont

    drawn = Image.new("RGB", (700, 200), "white")
    for number, line in enumerate(LINES):
        font = ImageFont.load_default(size=28)
        ImageDraw.Draw(drawn).text((40, 40 + 60 * number), line, font=font, fill="black")
    return np.array(drawn)


def test_lines_with_their_places(picture: Any) -> None:
    found = ocr.recognized(picture)
    assert found and [each.text for each in found] == LINES
    assert 30 < found[0].left < 50 and found[0].bottom <= found[1].top < found[1].bottom < 200
    assert ocr.recognized(np.full((100, 100, 3), 255, dtype=np.uint8)) == []


def test_a_scanned_page_of_a_pdf_is_read_and_named(picture: Any, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(picture).save(tmp_path / "scan.pdf", resolution=ocr.DOTS)
    document = load_document(tmp_path / "scan.pdf", "scan.pdf")
    assert "It is 412 metres long, said Mayor Ortiz." in document.page_content
    assert document.metadata["sections"] == ((0, "page 1"),)
    assert document.metadata["notes"] == ("page 1 was read by OCR, which mistakes letters and figures now and then",)


def test_a_page_is_not_begun_that_may_take_too_long(picture: Any) -> None:
    assert ocr.recognized(picture)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        assert ocr.recognized(picture)
        ocr._recognizer().slowest = 1000
        assert ocr.recognized(picture) is None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        ocr._recognizer.cache_clear()


def test_without_the_extra_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "find_spec", lambda name: None)
    assert ocr.recognized(np.zeros((9, 9, 3), dtype=np.uint8)) is None
