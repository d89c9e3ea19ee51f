"""The index equals the files, whatever happens on the way."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from rag import RAG, RAGError, Settings, build_rag
from rag.errors import LoadError, StoreError
from rag.index.flat import Flat
from rag.index.store import LOCK, open_catalog, open_vectors
from rag.ingest.build import ingest
from tests.conftest import ROOT, SEEDS, Command

BRIDGE = "How long is the bridge over the Arun?"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(index=tmp_path / "index")


def says(rag: RAG, question: str, words: str) -> bool:
    return words in rag.answer(question).text


def vectors_in(settings: Settings) -> int:
    """How many chunks of the published state have a vector."""
    with closing(open_catalog(settings)) as catalog, closing(open_vectors(settings, catalog)) as vectors:
        ids = sorted(catalog.chunk_ids())
        return len(vectors.similarities(np.ones(384, np.float32), ids))


def waiting_in(settings: Settings) -> int:
    """How many vectors an interrupted run has left for the next."""
    return sum(len(Flat.read(path).ids) for path in settings.index.glob("vectors.*.new/*.npz"))


def test_indexing_twice_changes_nothing(articles: Path, settings: Settings) -> None:
    first = ingest([articles], settings)
    second = ingest([articles], settings)
    assert (first.articles, first.copies, first.added) == (3, 0, 3)
    assert first.embedded == first.chunks == vectors_in(settings)
    assert (second.added, second.changed, second.removed, second.embedded) == (0, 0, 0, 0)
    assert second.chunks == first.chunks


def test_a_changed_file_replaces_its_chunks_and_a_removed_one_goes(articles: Path, indexed: Settings) -> None:
    bridge = articles / "bridge.txt"
    bridge.write_text(bridge.read_text(encoding="utf-8").replace("412 metres", "530 metres"), encoding="utf-8")
    (articles / "bakery.txt").unlink()
    report = ingest([], indexed)  # the paths of the last time
    assert (report.added, report.changed, report.removed, report.articles) == (0, 1, 1, 2)
    rag = build_rag(indexed)
    assert says(rag, BRIDGE, "530 metres") and not says(rag, BRIDGE, "412 metres")
    assert not rag.answer("Who owns the bakery in Kumasi?").answered
    assert vectors_in(indexed) == report.chunks
    with pytest.raises(StoreError, match=r"bakery\.txt"):
        rag.article("bakery.txt")


@pytest.mark.slow
def test_a_running_service_sees_what_another_process_indexed(
    articles: Path, indexed: Settings, rag_command: Command
) -> None:
    rag = build_rag(indexed)
    assert not says(rag, "What did the lighthouse keeper find?", "whale")
    (articles / "lighthouse.txt").write_text(
        "Keeper finds a whale\n\nThe lighthouse keeper of Skarv found a stranded whale below his door on Sunday.\n"
    )
    done = rag_command("index", str(articles), "--index", str(indexed.index))
    assert done.returncode == 0, done.stderr
    assert says(rag, "What did the lighthouse keeper find?", "whale")
    assert says(rag, BRIDGE, "412 metres")
    done = rag_command("index", str(articles), "--rebuild", "--index", str(indexed.index))
    assert done.returncode == 0, done.stderr
    assert says(rag, "What did the lighthouse keeper find?", "whale")
    assert len(list(indexed.index.glob("vectors*"))) == 1


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_old_index_and_resumes(articles: Path, indexed: Settings) -> None:
    before = vectors_in(indexed)
    more = articles / "more"
    more.mkdir()
    for number in range(100):
        (more / f"{number}.txt").write_text(f"Report {number}\n\nShip number {number} left port {number * 7}.\n")

    class StoppedError(Exception):
        pass

    def stop(step: str, done: int, total: int) -> None:
        if step == "embedding" and done:
            raise StoppedError

    with pytest.raises(StoppedError):
        ingest([articles], indexed, progress=stop)
    rag = build_rag(indexed)
    assert says(rag, BRIDGE, "412 metres")
    assert {passage.source for passage in rag.answer("Which ship left?").passages} <= {
        "bridge.txt", "bakery.txt", "orchard.md",
    }  # fmt: skip
    done_already = waiting_in(indexed)
    assert done_already > 0
    report = ingest([articles], indexed)
    assert report.added == 100
    assert report.embedded == report.chunks - before - done_already
    assert vectors_in(indexed) == report.chunks


@pytest.mark.slow
def test_a_killed_first_run_is_taken_up_again(tmp_path: Path, settings: Settings) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(400):
        (many / f"{number}.txt").write_text(f"Report {number}\n\nShip number {number} left port {number * 7}.\n" * 3)
    command = [sys.executable, "-m", "rag", "index", str(many), "--index", str(settings.index)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(settings.index.glob("vectors.*.new/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if not (settings.index / "catalog.sqlite").exists():
        with pytest.raises(RAGError, match="rag index"):
            build_rag(settings)
    assert ingest([many], settings).articles == 400
    assert vectors_in(settings) == 400


def test_a_second_writer_is_told_to_wait(articles: Path, settings: Settings) -> None:
    settings.index.mkdir()
    with FileLock(settings.index / LOCK), pytest.raises(StoreError, match="another process is indexing"):
        ingest([articles], settings)


def test_other_settings_are_refused_and_the_rebuild_is_offered(articles: Path, indexed: Settings) -> None:
    other = Settings(index=indexed.index, chunk_tokens=64)
    with pytest.raises(StoreError, match=r"chunk_tokens 256.*64.*rag index --rebuild"):
        build_rag(other)
    with pytest.raises(StoreError, match="--rebuild"):
        ingest([articles], other)
    assert says(build_rag(indexed), BRIDGE, "412 metres")
    ingest([], other, rebuild=True)
    assert says(build_rag(other), BRIDGE, "412 metres")


def test_a_bad_file_is_left_out_or_changes_nothing(articles: Path, indexed: Settings) -> None:
    (articles / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe")
    (articles / "new.txt").write_text("Trams return\n\nTrams run again in Velden after sixty years of buses.\n")
    (articles / "void.txt").write_bytes(b"")
    with pytest.raises(LoadError, match=r"picture\.txt.*void\.txt.*--strict"):
        ingest([articles], indexed, strict=True)
    rag = build_rag(indexed)
    assert says(rag, BRIDGE, "412 metres") and not says(rag, "What runs again in Velden?", "Trams")
    report = ingest([articles], indexed)
    assert report.added == 1 and "picture.txt" in report.skipped[0] and "void.txt" in report.skipped[1]
    assert says(rag, "What runs again in Velden?", "Trams")


@pytest.mark.slow
def test_a_full_disk_is_explained_and_the_old_index_answers(articles: Path, indexed: Settings) -> None:
    for path in SEEDS.glob("*.txt"):
        shutil.copy(path, articles)
    chroma = next(indexed.index.glob("vectors-*/chroma.sqlite3")).stat().st_size
    for room in (20_000, chroma + 8192):  # no file may grow beyond: not even a catalog fits, Chroma's file cannot grow

        def limit(size: int = room) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        done = subprocess.run(
            [sys.executable, "-m", "rag", "index", str(articles), "--index", str(indexed.index)],
            cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        errors = [line for line in done.stderr.splitlines() if line.startswith("rag: ")]
        assert len(errors) == 1 and "see that there is space" in errors[0], done.stderr
        assert says(build_rag(indexed), BRIDGE, "412 metres")
    assert ingest([articles], indexed).added == 5


def test_a_copy_is_retrieved_once_and_cited_as_the_original(seeds_rag: RAG) -> None:
    answer = seeds_rag.answer("How many times has Xi visited Peru in eight years?")
    assert not [passage for passage in answer.passages if passage.source.startswith("003")]
    cited = [citation for citation in answer.citations or answer.closest if citation.source.startswith("002")]
    assert cited and cited[0].republished_in == ("003_cfb1253bd829b792.txt",)
    assert "Must read" not in seeds_rag.article("003_cfb1253bd829b792.txt")


def test_subfolders_give_relative_sources(articles: Path, settings: Settings) -> None:
    (articles / "2021" / "may").mkdir(parents=True)
    (articles / "bridge.txt").rename(articles / "2021" / "may" / "bridge.txt")
    ingest([articles], settings)
    citation = build_rag(settings).answer(BRIDGE).citations[0]
    assert citation.source == "2021/may/bridge.txt"
    assert citation.published is not None and citation.published.isoformat() == "2021-05-03"


def test_an_index_that_vanishes_under_a_running_service_is_explained(articles: Path, indexed: Settings) -> None:
    rag = build_rag(indexed)
    assert says(rag, BRIDGE, "412 metres")
    shutil.rmtree(indexed.index)
    with pytest.raises(StoreError, match="there is no index"):
        rag.answer(BRIDGE)
    ingest([articles], indexed)
    assert says(rag, BRIDGE, "412 metres")
