"""Several processes share a server of vectors, which is killed and started again in between."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.index.check import problems
from rag.ingest.build import ingest
from rag.pipeline import build_rag
from rag.settings import Settings
from tests.conftest import ROOT
from tests.index.test_engines import Server, program

BRIDGE = "How long is the bridge over the Arun?"
READER = """
import sys, time
from pathlib import Path
from rag import Settings, build_rag
from rag.errors import StoreError

rag = build_rag(Settings(index=Path(sys.argv[1]), store=sys.argv[2]))
while not Path(sys.argv[3]).exists():
    try:
        answer = rag.answer("How long is the bridge over the Arun?")
        print("right" if "412 metres" in answer.text else f"wrong: {answer.text}", flush=True)
    except StoreError as error:
        print(f"away: {error}", flush=True)
"""
WRITER = """
import sys
from pathlib import Path
from rag import Settings
from rag.errors import StoreError
from rag.ingest.build import ingest

settings = Settings(index=Path(sys.argv[1]), store=sys.argv[2])
whale, stop = Path(sys.argv[4]) / "whale.txt", Path(sys.argv[3])
number = 0
while not stop.exists():
    number += 1
    if whale.exists():
        whale.unlink()
    else:
        whale.write_text(f"Keeper finds a whale\\n\\nThe keeper of Skarv found whale number {number} on Sunday.\\n")
    try:
        ingest([], settings)
        print("right", flush=True)
    except StoreError as error:
        print(f"away: {error}", flush=True)
"""


@pytest.fixture(params=["chroma", "milvus"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, str]]:
    data, log = str(tmp_path / "data"), tmp_path / "log"
    if request.param == "chroma":
        started = Server(lambda port: [program("chroma"), "run", "--path", data, "--port", str(port)], log)
        store = f"http://127.0.0.1:{started.port}"
    else:
        pytest.importorskip("milvus_lite")
        started = Server(lambda port: [program("milvus-lite"), "server", "--data-dir", data, "--port", str(port)], log)
        store = f"milvus:http://127.0.0.1:{started.port}"
    yield started, store
    started.kill()


def reported(log: Path, words: str, after: int = 0) -> int:
    """Waits until a process has reported that, after a number of lines; returns how many there are."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        lines = log.read_text().splitlines()
        if any(line.startswith(words) for line in lines[after:]):
            return len(lines)
        time.sleep(0.1)
    raise AssertionError(f"no {words!r} in {log.name} after line {after}: {log.read_text()[-2000:]}")


@pytest.mark.slow
def test_processes_read_and_one_writes_while_the_server_is_killed_and_started_again(
    server: tuple[Server, str], articles: Path, tmp_path: Path
) -> None:
    running, store = server
    settings = Settings(index=tmp_path / "index", store=store)
    ingest([articles], settings)
    stop = tmp_path / "stop"
    arguments = [str(settings.index), store, str(stop), str(articles)]
    logs = [tmp_path / f"process{number}.log" for number in range(3)]
    processes = []
    for log, code in zip(logs, (READER, READER, WRITER), strict=True):
        with log.open("wb") as out:
            command = [sys.executable, "-c", code, *arguments]
            processes.append(subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT))
    try:
        for _ in range(2):
            seen = [reported(log, "right") for log in logs]
            running.kill()
            seen = [reported(log, "away", count) for log, count in zip(logs, seen, strict=True)]
            running.start()
            for log, count in zip(logs, seen, strict=True):
                reported(log, "right", count)
        stop.touch()
        assert [process.wait(timeout=120) for process in processes] == [0, 0, 0], [log.read_text() for log in logs]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for line in "".join(log.read_text() for log in logs).splitlines():
        assert line == "right" or (line.startswith("away: ") and "does not answer" in line and "RAG_STORE" in line), (
            line
        )
    ingest([], settings)
    assert list(problems(settings)) == []
    with closing(build_rag(settings)) as rag:
        assert "412 metres" in rag.answer(BRIDGE).text
