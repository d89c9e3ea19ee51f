"""A small real world for the tests: the five articles, indexed once by the real embedder into a real Chroma folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from rag.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"

# Before anything of the package is imported: a developer's own settings and index stay out of the tests.
for name in [name for name in os.environ if name.startswith("RAG_") and name != "RAG_REQUIRE_BROWSER"]:
    del os.environ[name]


CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Without it these tests are skipped, or fail where RAG_REQUIRE_BROWSER=1."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing; `apt-get install chromium` brings it"
        if os.environ.get("RAG_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections leave this machine in no test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Makes a folder once a run, whichever of its parallel workers needs it first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                make(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def seeds_index(once: Once) -> Path:
    """An index of the five articles; not to be changed."""
    from rag.ingest.build import ingest
    from rag.settings import Settings

    return once("seeds-index", lambda folder: ingest([SEEDS], Settings(index=folder)))


@pytest.fixture(scope="session")
def pages_index(once: Once) -> Path:
    """An index of the five articles and of every page in tests/articles; not to be changed."""
    from rag.ingest.build import ingest
    from rag.settings import Settings

    return once("pages-index", lambda folder: ingest([SEEDS, ROOT / "tests" / "articles"], Settings(index=folder)))


@pytest.fixture(scope="session")
def seeds_rag(seeds_index: Path) -> Iterator:
    """The service over the five articles."""
    from rag import Settings, build_rag

    rag = build_rag(Settings(index=seeds_index))
    yield rag
    rag.close()


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def rag_command(tmp_path: Path) -> Command:
    """Runs `rag` as a process of its own, from an empty folder, with a home of its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rag", *arguments],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


ARTICLES = {
    "bridge.txt": "Bridge over the Arun opens\nPublished: May 3, 2021\nBy Ida Holm\n\n"
    "The new bridge over the river Arun was opened by Mayor Lena Ortiz on Monday. It is 412 metres long.\n\n"
    "Building it took four years and cost 38 million euros, the city of Velden said.\n\n"
    "Ferries that crossed the river since 1911 were stopped the same evening.\n",
    "bakery.txt": "A bakery that never closes\n\n"
    "The bakery of the Okafor family in Kumasi has sold bread every day since 1968, even during floods.\n\n"
    "Its owner, Ama Okafor, says the oven has been cold only once, when the chimney had to be rebuilt.\n",
    "orchard.md": "# Frost kills the apricot blossom\n\n"
    "Growers around Velden lost nine tenths of their apricot blossom to frost in April, their union said.\n\n"
    "Prices are expected to double, and many small orchards fear for their future.\n",
}


def write_articles(folder: Path) -> None:
    """Three small articles in a new folder."""
    folder.mkdir()
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder with three small articles."""
    write_articles(tmp_path / "articles")
    return tmp_path / "articles"


@pytest.fixture
def indexed(articles: Path, tmp_path: Path, once: Once) -> Settings:
    """Settings whose index in `tmp_path` has the three small articles.

    It is a copy of one that was made once, because reading and embedding take seconds, and is then told its own folder.
    """
    from rag.ingest.build import ingest
    from rag.settings import Settings

    def make(folder: Path) -> None:
        write_articles(folder.with_name("three-articles"))
        ingest([folder.with_name("three-articles")], Settings(index=folder))

    settings = Settings(index=tmp_path / "index")
    shutil.copytree(once("three-index", make), settings.index)
    ingest([articles], settings)
    return settings
