"""A kill in the middle of adding leaves all of an article or nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag import Settings
from rag.index.store import Store
from rag.ingest.build import ingest
from rag.ingest.scope import read_scope
from rag.ingest.uploads import STAGED, uploads
from tests.conftest import ARTICLES, ROOT

pytestmark = pytest.mark.slow
WHALE = "Keeper finds a whale\n\nThe lighthouse keeper of Skarv found a stranded whale on Sunday.\n"
PROGRAM = """
import os, signal, sys
from pathlib import Path
import rag.ingest.build
from rag import Settings
from rag.desk.collection import Collection
from rag.index.draft import Draft
from rag.index.store import Store

index, file, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
settings = Settings(index=index)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def step(name, done, total):
    steps.append(name)
    if point == f"{name}:{steps.count(name)}":
        die()

steps = []
if point.startswith("in the run: "):  # the process that indexes is killed, there before or after a function
    when, name = point.removeprefix("in the run: ").split()
    owner = Draft if name == "publish" else rag.ingest.build
    done = getattr(owner, name)

    def killed(*arguments, **named):
        if when == "before":
            die()
        done(*arguments, **named)
        die()

    setattr(owner, name, killed)
    rag.ingest.build.ingest([], settings, added={file.name: file})
else:
    Collection(settings, Store(settings)).add([file], step, folder=file.parent)
"""
IN_THE_RUN = [f"in the run: {place}" for place in ("before _Reading", "before publish", "after publish")]


@pytest.mark.parametrize(
    ("point", "then"),
    [
        *((point, "refresh") for point in ("reading:1", "reading:4", "embedding:2", *IN_THE_RUN)),
        *((point, "rebuild") for point in IN_THE_RUN),
    ],
)
def test_nothing_unannounced_appears_after_a_kill(
    point: str, then: str, articles: Path, indexed: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "whale.txt"
    file.write_text(WHALE)
    command = [sys.executable, "-c", PROGRAM, str(indexed.index), str(file), point]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    published = sources(indexed)
    if "publish" in point or "_Reading" in point:
        assert [path.name for path in (uploads(indexed.index) / STAGED).iterdir()] == ["whale.txt"]
        assert ("added/whale.txt" in published) == ("after" in point)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # the child of the killed process ends at its next step
        try:
            ingest([], indexed, rebuild=then == "rebuild")
            break
        except Exception as error:
            assert "another process is indexing" in str(error)
            time.sleep(0.2)
    there = "added/whale.txt" in sources(indexed)
    assert sources(indexed) == {*ARTICLES, "added/whale.txt"} if there else sources(indexed) == {*ARTICLES}
    if point.startswith("in the run"):
        assert there == ("after" in point)
    folder = uploads(indexed.index)
    left = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    assert left == ([folder / "whale.txt"] if there else [])
    # The index can be deleted and built again from the folder.
    before = sources(indexed)
    (indexed.index / "catalog.sqlite").unlink()
    ingest([articles], indexed)
    assert sources(indexed) == before


def sources(settings: Settings) -> set[str]:
    store = Store(settings)
    try:
        return {article.source for article in store.articles()}
    finally:
        store.close()


def test_a_copy_of_what_the_index_has_under_that_name_with_another_content_is_no_article(
    articles: Path, indexed: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "whale.txt"
    file.write_text(WHALE)
    ingest([], indexed, added={"whale.txt": file})
    assert hashlib.sha256((uploads(indexed.index) / "whale.txt").read_bytes()).digest()
    (uploads(indexed.index) / STAGED).mkdir()
    (uploads(indexed.index) / STAGED / "whale.txt").write_text("Another\n\nA text that nobody was told of.\n")
    ingest([], indexed)
    assert (uploads(indexed.index) / "whale.txt").read_text() == WHALE
    assert not (uploads(indexed.index) / STAGED).exists()
    assert read_scope(indexed.index).paths == (articles,)
