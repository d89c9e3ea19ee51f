"""A question reads one state of the index from its beginning to its end, whatever is indexed meanwhile."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import RAG, Settings, build_rag
from rag.events import READING, Answered, StepBegun
from rag.ingest.build import ingest
from tests.conftest import ARTICLES, ROOT

BRIDGE = "How long is the bridge over the Arun?"
WHALE = "What did the lighthouse keeper of Skarv find?"
WHALES = "Keeper finds a whale\n\nThe lighthouse keeper of Skarv found a stranded whale below his door on Sunday.\n"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def rag(indexed: Settings, temporary: Path) -> Iterator[RAG]:
    rag = build_rag(indexed)
    yield rag
    rag.close()


def test_an_article_removed_between_two_steps_is_still_quoted_whole(rag: RAG, articles: Path) -> None:
    steps = rag.stream(BRIDGE)
    assert next(step for step in steps if step == StepBegun(READING))
    (articles / "bridge.txt").unlink()
    ingest([], rag.settings)
    *_, answer = steps
    assert isinstance(answer, Answered) and "412 metres" in answer.answer.text
    assert {passage.source for passage in answer.answer.passages} == set(ARTICLES)
    assert not rag.answer(BRIDGE).answered, "the next question reads the new state"


@pytest.mark.parametrize("end", ["closed", "collected", "finished"])
def test_a_state_goes_with_the_last_question_that_reads_it(end: str, rag: RAG, articles: Path, temporary: Path) -> None:
    steps = rag.stream(BRIDGE)
    assert next(step for step in steps if step == StepBegun(READING))
    (old,) = temporary.iterdir()
    (articles / "bakery.txt").unlink()
    ingest([], rag.settings)
    assert rag.answer(BRIDGE).answered and len(list(temporary.iterdir())) == 2
    assert len(list(rag.settings.index.glob("vectors*"))) == 1, "no reader keeps the run from tidying up"
    if end == "closed":
        steps.close()  # type: ignore[attr-defined]
    elif end == "collected":
        del steps
        gc.collect()
    else:
        list(steps)
    assert not old.exists() and len(list(temporary.iterdir())) == 1
    rag.close()
    assert list(temporary.iterdir()) == []


def test_a_service_that_is_closed_answers_the_question_it_is_at(rag: RAG, temporary: Path) -> None:
    steps = rag.stream(BRIDGE)
    assert next(step for step in steps if step == StepBegun(READING))
    rag.close()
    *_, answer = steps
    assert isinstance(answer, Answered) and "412 metres" in answer.answer.text
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_questions_are_answered_while_another_process_indexes_again_and_again(rag: RAG, articles: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rag import Settings; from rag.ingest.build import ingest\n"
        "articles, settings = Path(sys.argv[1]), Settings(index=Path(sys.argv[2]))\n"
        "for number in range(12):\n"
        "    if number % 2: (articles / 'whale.txt').unlink()\n"
        f"    else: (articles / 'whale.txt').write_text({WHALES!r})\n"
        "    ingest([], settings, rebuild=number % 3 == 2)\n"
    )
    command = [sys.executable, "-c", program, str(articles), str(rag.settings.index)]
    other = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    seen = set()
    while other.poll() is None:
        answer = rag.answer(BRIDGE)
        assert "412 metres" in answer.text
        found = rag.answer(WHALE)
        there = "whale.txt" in {passage.source for passage in found.passages}
        assert found.answered == there and ("whale" in found.text) == there
        seen.add(there)
    assert other.stderr and other.wait() == 0, other.stderr.read()
    assert seen == {True, False}
    assert not rag.answer(WHALE).answered


@pytest.mark.slow
def test_what_a_killed_process_left_in_the_temporary_folder_is_removed_by_the_next(
    rag: RAG, temporary: Path, tmp_path: Path
) -> None:
    program = (
        "import os, signal, sys, tempfile; from pathlib import Path; from rag import Settings, build_rag\n"
        "tempfile.tempdir = sys.argv[2]\n"
        "rag = build_rag(Settings(index=Path(sys.argv[1])))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (mine,) = temporary.iterdir()
    subprocess.run([sys.executable, "-c", program, str(rag.settings.index), str(temporary)], cwd=ROOT, check=False)
    (left,) = set(temporary.iterdir()) - {mine}
    assert left.stat().st_mode & 0o777 == 0o700
    other = build_rag(rag.settings)
    assert mine.exists() and not left.exists()
    other.close()
    assert "412 metres" in rag.answer(BRIDGE).text
