"""Asking and indexing open no connection."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag.privacy import SWITCHES
from tests.conftest import ROOT

PROGRAM = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        print("CONNECTION", event, arguments, file=sys.stderr)
sys.addaudithook(watch)
from rag.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, traced: bool) -> str:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    if traced:  # sees what compiled libraries do as well
        command = ["strace", "-f", "-qq", "-e", "trace=connect,sendto", *command]
    # Some libraries keep still where they see a CI machine: a user's machine is not one.
    environment = {name: value for name, value in os.environ.items() if name != "CI" and name not in SWITCHES}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("traced", [False, True])
def test_no_connection_is_opened(traced: bool, seeds_index: Path, articles: Path, tmp_path: Path) -> None:
    if traced and not shutil.which("strace"):
        pytest.skip("strace is not installed: apt-get install strace")
    asked = run("ask", "Where is the port?", "--index", str(seeds_index), traced=traced)
    indexed = run("index", str(articles), "--index", str(tmp_path / "index"), traced=traced)
    assert "CONNECTION" not in asked + indexed
    assert not re.search(r"(connect|sendto)\(.*AF_INET", asked + indexed)


def test_the_watch_sees_a_connection() -> None:
    program = PROGRAM.split("from rag")[0] + "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "CONNECTION socket.connect" in done.stderr
