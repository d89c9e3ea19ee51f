"""A file costs no more than its limits: of size, time and memory, with real files, pipes, devices and processes."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from rag import Settings, build_rag
from rag.desk.collection import Collection
from rag.errors import LoadError, SettingsError
from rag.index.store import Store
from rag.ingest.build import IngestReport, ingest
from rag.ingest.load import find_files, read_file
from rag.ingest.parser import Parser
from rag.ingest.uploads import uploads
from rag.models.llama import load
from tests.conftest import ROOT, Command
from tests.ingest.test_load import pdf

PARAGRAPH = "<p>The port of Chancay opened on Thursday, and the presidents of both countries watched by video link.</p>"


def silent(*_: object) -> None:
    """Show no progress."""


def html(body: str) -> str:
    return f"<html><body><h1>Port opens</h1>{body}</body></html>"


def unpacking(text: bytes) -> bytes:
    """A PDF whose one page unpacks to a long line."""
    stream = zlib.compress(b"BT /F1 11 Tf 50 750 Td (" + text + b") Tj ET", 9)
    one = pdf("x")
    start, end = one.index(b"<< /Length"), one.index(b"endstream")
    head = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(stream)
    return one[:start] + head + stream + b"\n" + one[end:]  # pypdf finds the table anew


def given_up(path: Path, **limits: float) -> str:
    """The one line of a file that is given up; the next one is read all the same."""
    (path.parent / "good.txt").write_text("Port opens\n\nShips came.\n")
    with Parser(Settings(**limits)) as parser:
        with pytest.raises(LoadError) as caught:
            parser.articles(path, path.name).articles[0]
        assert parser.articles(path.parent / "good.txt", "good.txt").articles[0].title == "Port opens"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def children() -> set[str]:
    """The processes that this one has started and not ended."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.slow
def test_what_takes_too_long_is_given_up_and_the_others_go_in(articles: Path, tmp_path: Path) -> None:
    path = articles / "long.html"
    path.write_text(html(PARAGRAPH * 200_000))
    settings = Settings(index=tmp_path / "index", parse_seconds=3)
    report = ingest([articles], settings)
    assert report.articles == 3
    assert report.skipped == (f"gave up on {path} after 3 s; leave it out, or raise RAG_PARSE_SECONDS",)
    with pytest.raises(LoadError, match=r"gave up on .*long.html after 3 s; .*; or index without --strict"):
        ingest([articles], settings, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", html(PARAGRAPH * 300_000).encode()),
        ("c.txt", b"The port opened on Monday. " * 1_500_000),
    ],
)
def test_what_needs_too_much_memory_is_given_up(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    line = given_up(tmp_path / name, parse_memory_mb=256)
    assert line == (
        f"gave up on {tmp_path / name}: its parser needed more than 256 MB; leave it out, or raise RAG_PARSE_MEMORY_MB"
    )


def test_a_parser_that_crashes_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Port opens\n\nShips came.\n")
    before = children()  # of tests that this process ran before
    with Parser(Settings()) as parser:
        parser.articles(path, "a.txt").articles[0]
        (child,) = children() - before
        os.kill(int(child), signal.SIGSEGV)
        with pytest.raises(LoadError, match=r"gave up on .*a\.txt: its parser crashed; leave it out, or convert it"):
            parser.articles(path, "a.txt").articles[0]
        assert parser.articles(path, "a.txt").articles[0].title == "Port opens"
    assert children() <= before


def test_what_its_libraries_do_not_foresee_is_one_line(tmp_path: Path) -> None:
    # A library with a bug, on the child's own path of modules.
    (tmp_path / "trafilatura.py").write_text(
        "def bare_extraction(*_, **__):\n    print('noise')\n    raise KeyError('a\\nb')\n"
    )
    (tmp_path / "a.html").write_text(html(PARAGRAPH))
    program = (
        "import sys\nfrom pathlib import Path\nfrom rag.errors import LoadError\nfrom rag.ingest.parser import Parser\n"
        "from rag.settings import Settings\nsys.path.insert(0, sys.argv[1])\n"
        "try: Parser(Settings()).articles(Path(sys.argv[1], 'a.html'), 'a.html')\n"
        "except LoadError as error: print(error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    line = f"gave up on {tmp_path}/a.html: its parser failed (KeyError: 'a\\nb'); leave it out, or convert it to .txt\n"
    assert done.stdout == line


def test_a_text_that_a_file_unpacks_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(unpacking(b") Tj (".join([b"ships " * 5_000] * 10)))
    assert "has more than 0.1 MB of text; split it, or raise RAG_MAX_FILE_MB" in given_up(path, max_file_mb=0.1)


@pytest.mark.parametrize(
    "around",
    [f"<p {' '.join(f'a{number}=1' for number in range(40_000))}>x</p>", "<div>" * 3_000, "<div><b>" * 30_000],
    ids=["attributes", "nested", "nested deeply"],
)
def test_what_parsers_cannot_hold_takes_no_text_along(tmp_path: Path, around: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(html(f"{around}{PARAGRAPH * 5}"))
    with Parser(Settings(parse_seconds=30)) as parser:
        assert parser.articles(path, "a.html").articles[0].text.count("video link") == 5


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(10**12)  # a hole, which costs nothing
    assert f"{path} has more than 50 MB; split it, or raise RAG_MAX_FILE_MB" == given_up(path)


def test_a_file_is_read_up_to_its_limit_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 1000)
    assert len(read_file(path, 1000)) == 1000
    with pytest.raises(LoadError, match=r"has more than 0\.000999 MB"):
        read_file(path, 999)


def special_files(folder: Path) -> list[Path]:
    """A pipe that nobody writes to, a socket, and links to devices."""
    fifo, bound = folder / "fifo.txt", folder / "socket.txt"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(bound))
    links = [folder / "zero.txt", folder / "tty.txt", folder / "fifo-link.txt"]
    for link, target in zip(links, ("/dev/zero", "/dev/ptmx", str(fifo)), strict=True):
        link.symlink_to(target)
    return [fifo, bound, *links]


@pytest.mark.slow
def test_pipes_and_devices_named_outright_are_refused_at_once(tmp_path: Path, rag_command: Command) -> None:
    for path in special_files(tmp_path):
        done = rag_command("index", str(path), "--index", str(tmp_path / "index"))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"rag: {path} is no regular file; name a file that holds an article\n"


def test_what_becomes_a_pipe_or_device_meanwhile_is_not_waited_for(tmp_path: Path) -> None:
    for path in special_files(tmp_path):
        with pytest.raises(LoadError, match="it is no regular file"):
            read_file(path)
        with pytest.raises(SettingsError, match="it is no regular file"):
            load(path, 1024)
    with pytest.raises(SettingsError, match="it is no regular file"):
        load(tmp_path, 1024)
    with pytest.raises(SettingsError, match="cannot be read"):
        load(Path("a\0b.gguf"), 1024)


def vanishing(articles: Path, settings: Settings, step: int, *names: str, strict: bool = False) -> IngestReport:
    """An indexing run during which files are deleted, as the given file is read."""

    def progress(name: str, done: int, total: int) -> None:
        if name == "reading" and done == step:
            for each in names:
                (articles / each).unlink()

    return ingest([articles], settings, strict=strict, progress=progress)


@pytest.mark.parametrize("strict", [False, True])
def test_a_file_that_vanishes_is_left_out_and_named(articles: Path, indexed: Settings, strict: bool) -> None:
    report = vanishing(articles, indexed, 1, "bakery.txt", "orchard.md", strict=strict)
    assert (report.articles, report.removed) == (1, 2)
    assert report.skipped == tuple(
        f"{articles / name} has vanished; index again" for name in ("bakery.txt", "orchard.md")
    )


def test_a_bad_file_still_ends_a_run_in_which_another_vanishes(articles: Path, tmp_path: Path) -> None:
    (articles / "empty.txt").write_text("")
    with pytest.raises(LoadError, match=r"empty\.txt is empty; .* without --strict"):
        vanishing(articles, Settings(index=tmp_path / "index"), 1, "bakery.txt", strict=True)


def test_nothing_is_left_where_all_files_vanish(articles: Path, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"no file could be read: .* has vanished"):
        vanishing(articles, Settings(index=tmp_path / "index"), 1, *(path.name for path in articles.iterdir()))


def test_a_folder_that_vanishes_is_left_out(articles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sub = articles / "sub"
    sub.mkdir()
    scandir = os.scandir

    def late(path: str) -> object:
        if str(path) == str(sub) and sub.exists():
            sub.rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", late)
    assert len(find_files([articles])) == 3 and not sub.exists()


def test_unchanged_files_start_no_process(articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, before = Settings(index=tmp_path / "index"), children()
    ingest([articles], settings)
    assert children() <= before

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert ingest([articles], settings).changed == 0


@pytest.mark.slow
def test_the_child_ends_with_its_parent_and_has_none_of_its_sockets(tmp_path: Path) -> None:
    path = tmp_path / "long.html"
    path.write_text(html(PARAGRAPH * 200_000))
    program = (
        "import os, socket, sys\nfrom pathlib import Path\nfrom rag.ingest.parser import Parser\n"
        "from rag.settings import Settings\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "server.set_inheritable(True)\nparser = Parser(Settings(parse_seconds=float(sys.argv[2])))\n"
        "child = parser._started(Path(sys.argv[1]))\nparser._child = child\nprint(child.pid, flush=True)\n"
        "if sys.argv[3] == 'busy': parser.articles(Path(sys.argv[1]), 'long.html').articles[0]\nsys.stdin.read()\n"
    )
    for state, seconds in (("idle", "60"), ("busy", "4")):
        command = [sys.executable, "-c", program, str(path), seconds, state]
        parent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert parent.stdin and parent.stdout
        child = int(parent.stdout.readline())
        time.sleep(2)
        opened = [str(each.readlink()) for each in Path(f"/proc/{child}/fd").iterdir()]
        assert not any(each.startswith("socket:") for each in opened)
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 30
        while _runs(child) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not _runs(child), state


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_what_the_chat_adds_and_shows_has_the_same_limits(indexed: Settings, tmp_path: Path) -> None:
    settings = indexed.model_copy(update={"parse_memory_mb": 256})
    collection = Collection(settings, Store(settings))
    bad, good, gone = tmp_path / "bad.html", tmp_path / "whale.txt", tmp_path / "gone.txt"
    bad.write_text(html(PARAGRAPH * 300_000))
    good.write_text("Keeper finds a whale\n\nThe lighthouse keeper of Skarv found a stranded whale on Sunday.\n")
    results = collection.add([bad, good, gone], silent, folder=tmp_path)
    assert [bool(result.article) for result in results] == [False, True, False]
    assert results[0].error.startswith("gave up on bad.html: its parser needed more than 256 MB")
    assert results[2].error.startswith("gone.txt is no file that was uploaded")
    shown = collection.difference("added/whale.txt")
    assert "".join(piece.text for line in shown for piece in line).startswith("Keeper finds a whale")
    # In the process that indexes, a daemon, which may have no children of multiprocessing.
    (uploads(settings.index) / "late.html").write_text(html(PARAGRAPH * 300_000))
    report = collection.refresh(silent)
    assert len(report.skipped) == 1 and "late.html: its parser needed more than 256 MB" in report.skipped[0]
    assert build_rag(settings).answer("What did the lighthouse keeper find?").answered


def test_what_cannot_be_read_again_is_shown_from_the_index(articles: Path, indexed: Settings) -> None:
    collection = Collection(indexed, Store(indexed))
    whole = collection.difference("bridge.txt")
    digest = hashlib.sha256((articles / "bridge.txt").read_bytes()).hexdigest()
    assert collection.article("bridge.txt").digest == digest
    hurried = Collection(indexed.model_copy(update={"parse_seconds": 0.000001}), Store(indexed))
    assert [line[0].text for line in hurried.difference("bridge.txt")] == [line[0].text for line in whole]
