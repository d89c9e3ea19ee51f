"""What we write on disk is for its owner alone, whatever the umask."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.cache import AnswerCache
from rag import RAG, Settings, build_rag
from rag.desk.collection import Collection
from rag.desk.feedback import LONGEST, read, record
from rag.errors import LoadError, StoreError
from rag.ingest.build import ingest
from rag.ingest.uploads import uploads
from tests.conftest import ROOT
from tests.page import answer


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(*places: Path) -> set[tuple[str, int]]:
    """Kinds and modes of all that is there."""
    found = [path for place in places for path in (place, *place.rglob("*"))]
    return {("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode)) for path in found}


def silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


def test_index_and_the_folders_above_it(umask: int, articles: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "data" / "news" / "index")
    seen = set()

    def look(step: str, done: int, total: int) -> None:
        # What lies deeper is behind these.
        seen.update(stat.S_IMODE(path.stat().st_mode) for path in (settings.index, *settings.index.glob("vectors*")))

    ingest([articles], settings, progress=look)
    (articles / "bakery.txt").unlink()
    ingest([articles], settings)
    rag = build_rag(settings)
    rag.answer("How long is the bridge over the Arun?")
    rag.close()
    assert modes(tmp_path / "data") == {("folder", 0o700), ("file", 0o600)}
    assert seen == {0o700}, "nor while it is being written"


def test_a_folder_that_is_there_keeps_its_mode(articles: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    ingest([articles], Settings(index=shared / "index"))
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755


def test_the_temporary_copy_that_asking_makes(indexed: Settings, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = (
        "import os, sys, stat; from pathlib import Path; from rag import Settings, build_rag\n"
        "os.umask(0); rag = build_rag(Settings(index=Path(sys.argv[1])))\n"
        "(view,) = Path(os.environ['TMPDIR']).iterdir()\n"
        "print(oct(stat.S_IMODE(view.stat().st_mode)), oct(stat.S_IMODE((view / 'chroma.sqlite3').stat().st_mode)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(indexed.index)], cwd=ROOT, env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["0o700", "0o600"], done.stderr
    assert list(temporary.iterdir()) == [], "it goes, also when nobody closes the service"


def test_feedback_and_cache(umask: int, tmp_path: Path) -> None:
    record(tmp_path / "data" / "deep" / "feedback.jsonl", answer(), [], True)
    with AnswerCache(tmp_path / "cache" / "deep" / "answers.sqlite") as cache:
        cache._connection.execute("INSERT INTO attempts VALUES ('a', 'b')")
        assert modes(tmp_path / "data", tmp_path / "cache") == {("folder", 0o700), ("file", 0o600)}


def test_feedback_has_a_longest_size(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    record(path, answer(), [], True)
    with path.open("r+b") as file:
        file.seek(LONGEST - 10)
        file.write(b"\n")
    size = path.stat().st_size
    with pytest.raises(StoreError, match=r"has reached 100 MB; move it away, or name another file with RAG_FEEDBACK"):
        record(path, answer(), [], True)
    assert path.stat().st_size == size
    path.rename(tmp_path / "old.jsonl")
    record(path, answer(), [], True)
    assert len(read(path)) == 1


@pytest.fixture
def rag(indexed: Settings) -> Iterator[RAG]:
    rag = build_rag(indexed.model_copy(update={"max_added_mb": 1}))
    yield rag
    rag.close()


@pytest.mark.slow
def test_copies_have_the_modes_of_their_originals_for_their_owner(rag: RAG, tmp_path: Path) -> None:
    files = []
    for number, mode in enumerate((0o644, 0o600, 0o440, 0o777)):
        files.append(tmp_path / f"{number}.txt")
        files[-1].write_text(f"Report {number}\n\nShip number {number} left port {number * 7} on its way north.\n")
        files[-1].chmod(mode)
    added = Collection(rag.settings, rag.store).add(files, silent, folder=files[0].parent)
    assert all(each.article for each in added)
    folder = uploads(rag.settings.index)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE((folder / path.name).stat().st_mode) for path in files] == [0o600, 0o600, 0o400, 0o600]


@pytest.mark.slow
def test_what_is_added_has_a_largest_total(rag: RAG, tmp_path: Path) -> None:
    collection = Collection(rag.settings, rag.store)
    files = []
    for number in range(2):
        files.append(tmp_path / f"{number}.txt")
        lines = "\n".join(f"Ship number {number * 20_000 + each} left the port." for each in range(100))
        files[-1].write_text(f"Report {number}\n\n{lines}\n" + "\n" * 600_000)
    assert collection.add(files[:1], silent, folder=files[0].parent)[0].article
    with pytest.raises(LoadError, match=r"would have 1\.2 MB, more than 1; remove some of them first, or raise RAG_"):
        collection.add(files[1:], silent, folder=files[1].parent)
    assert [path.name for path in uploads(rag.settings.index).iterdir()] == ["0.txt"]
    collection.remove(["added/0.txt"], silent)  # what the line says
    assert collection.add(files[1:], silent, folder=files[1].parent)[0].article
    shutil.rmtree(rag.settings.index)
