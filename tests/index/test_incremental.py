"""An index that was changed again and again equals one that was made at once, and each change costs itself alone."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from eval.bench.incremental import RandomEncoder, Reading, write_article
from rag import Settings
from rag.desk.doctor import repair, report
from rag.desk.watch import watch
from rag.errors import StoreError
from rag.index import publish
from rag.index.catalog import open_database
from rag.index.check import problems
from rag.index.folder import Names
from rag.index.store import CATALOG, Store, open_catalog
from rag.ingest import build
from rag.ingest.build import IngestReport, ingest
from rag.types import Filters
from tests.conftest import ROOT

SIDE = np.ones(384, np.float32) / np.sqrt(384).astype(np.float32)


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Sixty articles that are taken as they are, with random vectors."""
    monkeypatch.setattr(build, "Parser", Reading)
    monkeypatch.setattr(build, "encoder", lambda *_: RandomEncoder())
    for number in range(60):
        write_article(tmp_path / "files", number)
    return tmp_path / "files"


def held(settings: Settings) -> tuple[object, ...]:
    """All that an index holds, and what it finds."""
    store = Store(settings)
    try:
        words = {word for chunk in store.chunks()[::7] for word in store.text(chunk.source)[:60].split()}
        return (
            store.articles(),
            store.chunks(),
            store.generation(),
            [list(store.lexical([word], 5, Filters()).items()) for word in sorted(words)],
            [round(score, 5) for score in store.nearest(SIDE, 20, Filters()).values()],
            list(store.nearest(SIDE, 20, Filters())),
        )
    finally:
        store.close()


def names(settings: Settings) -> Names:
    with closing(open_catalog(settings)) as catalog:
        return Names.read(catalog.manifest["vectors"])


def test_changes_one_after_the_other_make_what_is_made_at_once(invented: Path, tmp_path: Path) -> None:
    settings, chance = Settings(index=tmp_path / "index"), random.Random(3)
    ingest([invented], settings)
    shapes = set()
    for step in range(14):
        files = sorted(invented.rglob("*.txt"))
        for _ in range(chance.choice((1, 1, 2, 9))):
            other = chance.choice(files)
            kind = chance.choice(("new", "changed", "gone", "copy"))
            if kind == "gone" and other.exists() and len(files) > 30:
                other.unlink()
            elif kind == "copy" and other.exists():
                shutil.copy(other, invented / "0" / f"copy {step}.txt")
            else:
                write_article(invented, chance.randrange(60) if kind == "changed" else 100 + step, step)
        ingest([invented], settings)
        shapes.add(len(names(settings).files))
        assert list(problems(settings)) == []
    assert len(shapes) > 2, "vectors were both put beside the graph and into a new one"
    at_once = Settings(index=tmp_path / "at once")
    ingest([invented], at_once)
    assert held(settings) == held(at_once)


def test_a_change_writes_little_and_no_change_nothing(invented: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest([invented], settings)
    before = {path: path.stat().st_mtime_ns for path in settings.index.rglob("*") if path.suffix != ".sqlite-shm"}
    assert ingest([invented], settings).changed == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    graph = names(settings).graph
    write_article(invented, 7, 1)
    assert ingest([invented], settings).embedded == 1
    assert names(settings).graph == graph and len(names(settings).files) == 1
    assert (settings.index / CATALOG).stat().st_mtime_ns == before[settings.index / CATALOG], "it is in the log"


def test_what_is_no_longer_there_takes_no_place_among_the_nearest(invented: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest([invented], settings)
    store = Store(settings)
    first, *others = store.nearest(SIDE, 5, Filters())
    gone = next(chunk.source for chunk in store.chunks() if chunk.id == first)
    with store.snapshot() as old:
        (invented / gone).unlink()
        ingest([invented], settings)
        assert next(iter(old.nearest(SIDE, 5, Filters()))) == first, "who began before sees what was there"
        assert list(store.nearest(SIDE, 5, Filters()))[:4] == others
        assert len(store.nearest(SIDE, 5, Filters())) == 5
    store.close()


def test_the_log_goes_into_the_catalog_unless_it_is_read(
    invented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_LOG_MAY_HAVE", 0)
    monkeypatch.setattr(publish, "_LOG_SHARE", 1_000_000)
    settings = Settings(index=tmp_path / "index")
    ingest([invented], settings)
    store = Store(settings)
    log = settings.index / f"{CATALOG}-wal"
    with store.snapshot():
        write_article(invented, 7, 1)
        ingest([invented], settings)
        assert log.stat().st_size
    write_article(invented, 7, 2)
    ingest([invented], settings)
    assert not log.stat().st_size
    assert list(problems(settings)) == [] and len(store.articles()) == 60
    store.close()


def test_another_program_may_look_into_the_catalog(invented: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest([invented], settings)
    for version in (1, 2):
        write_article(invented, 7, version)
        ingest([invented], settings)
        with closing(open_database(settings.index / CATALOG, write=True)) as shell:  # which takes the log with it
            shell.execute("SELECT count(*) FROM articles").fetchone()
        assert not (settings.index / f"{CATALOG}-wal").exists()
        assert list(problems(settings)) == []
    assert "articles, chunks, words and vectors agree" in list(repair(settings, lambda *_: None))


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_log_is_no_older_state_without_a_word(damage: str, invented: Path, tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest([invented], settings)
    write_article(invented, 7, 1)
    ingest([invented], settings)
    log = settings.index / f"{CATALOG}-wal"
    held = bytearray(log.read_bytes())
    held[len(held) // 2] ^= 1
    log.write_bytes({"cut": held[:100], "flipped": held, "gone": b""}[damage])
    with pytest.raises(StoreError, match="has lost its last changes; build it anew"):
        Store(settings)
    assert list(repair(settings, lambda *_: None))[-1] == "built anew of 60 articles"
    assert list(problems(settings)) == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM chunks WHERE number = 5", "articles and their chunks do not agree, first at "),
        ("DELETE FROM files WHERE source = '0/7.txt'", "the files they were read from do not agree, first at 0/7.txt"),
        ("UPDATE articles SET text = replace(text, ' ', '_') WHERE source = '0/7.txt'", "0/7.txt does not say what"),
        ("INSERT INTO lexical (rowid, header, body) VALUES (999, 'a', 'b')", "words of the lexical index do not agree"),
        ("UPDATE chunks SET id = 'other' WHERE number = 5", "1 chunks have no vector"),
    ],
)
def test_doctor_finds_what_does_not_agree_and_mends_it(
    statement: str, what: str, invented: Path, tmp_path: Path
) -> None:
    settings = Settings(index=tmp_path / "index")
    ingest([invented], settings)
    assert "articles, chunks, words and vectors agree" in list(report(settings, cleaning=False))
    with closing(open_database(settings.index / CATALOG, write=True)) as connection:
        connection.execute("PRAGMA user_version=0")  # as if the log were about to go into it
        connection.execute(statement)
    lines = list(report(settings, cleaning=False))
    assert any(what in line for line in lines) and any("`rag doctor --repair" in line for line in lines)
    assert list(repair(settings, lambda *_: None))[-1] == "built anew of 60 articles"
    assert "articles, chunks, words and vectors agree" in list(report(settings, cleaning=False))


def test_what_is_watched_is_indexed(invented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.desk.watch.STILL", 0.1)
    monkeypatch.setattr("rag.desk.watch._LOOK", 0.1)
    settings, stop = Settings(index=tmp_path / "index"), threading.Event()
    ingest([invented], settings)
    write_article(invented, 7, 1)  # before it is followed
    runs: Iterator[object] = watch(settings, stop)

    def done() -> tuple[int, int, int]:
        run = next(runs)
        assert isinstance(run, IngestReport)
        return run.added, run.changed, run.removed

    assert done() == (0, 1, 0)
    threading.Timer(0.3, lambda: [write_article(invented, number) for number in range(200, 230)]).start()
    assert done() == (30, 0, 0), "a folder that is copied is one change"
    threading.Timer(0.3, lambda: (invented / "0" / "7.txt").unlink()).start()
    assert done() == (0, 0, 1)
    stop.set()
    assert list(runs) == []


@pytest.mark.slow
def test_kills_and_full_disks_leave_the_old_state_or_the_new_one() -> None:
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed: apt-get install gcc")
    command = [sys.executable, "-m", "eval.bench.crashes", "--kills", "6", "--every", "97"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count("wrong at []") == 12, done.stdout + done.stderr[-2000:]
