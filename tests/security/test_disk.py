"""Asking writes nothing into the index; damage, full and read-only disks are one line with the remedy that works."""

from __future__ import annotations

import json
import os
import pwd
import resource
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag import Settings, ask, build_rag
from rag.desk.doctor import report
from rag.disk.private import locked_folder, remove_abandoned, remove_locked
from rag.errors import StoreError
from rag.index.catalog import is_whole
from rag.index.flat import Flat
from rag.index.graph import Graph, is_sealed, write_graph
from rag.index.store import Store
from rag.index.vectors import known_of
from rag.ingest.build import ingest
from rag.ingest.scope import read_scope
from rag.types import Article, Filters
from tests.conftest import ROOT, Command

BRIDGE = "How long is the bridge over the Arun?"


@pytest.fixture
def settings(indexed: Settings) -> Settings:
    """Of an index of three small articles."""
    return indexed


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """All that is in a folder: modes, times of change and contents; but for the memory that SQLite's readers share."""
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *sorted(folder.rglob("*")))
        if not path.name.endswith("-shm")
    }


def vectors(settings: Settings) -> Path:
    (folder,) = settings.index.glob("vectors*")  # of three articles all vectors are in one
    return folder


# ------------------------------------------------------------------------------------------------- asking
def test_asking_leaves_the_index_as_it_is(settings: Settings) -> None:
    before = state(settings.index)
    rag = build_rag(settings)
    assert "412 metres" in rag.answer(BRIDGE).text
    assert list(report(settings, cleaning=False))
    rag.close()
    assert state(settings.index) == before


def many(folder: Path, number: int) -> Path:
    """A sealed folder of random vectors, enough for Chroma to write its graph to the disk."""
    values = np.random.default_rng(0).normal(size=(number, 16)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    known = known_of(Article("a", "", "A", None, date(2024, 5, 3), None, "A.", (), "a"))
    return write_graph(folder, [Flat([str(each) for each in range(number)], values, [known] * number)], set())


def test_a_persisted_graph_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    folder = many(tmp_path / "work", 2500)
    assert list(folder.glob("*/index_metadata.pickle"))
    before = state(folder)
    read = Graph(folder)
    assert len(read.nearest(np.ones(16, np.float32), 10, Filters())) == 10
    assert state(folder) == before and is_sealed(tmp_path, folder.name)
    shutil.rmtree(folder)  # an indexing run has published another one
    assert len(read.nearest(np.ones(16, np.float32), 10, Filters())) == 10
    assert len(read.similarities(np.ones(16, np.float32), ["0", "2499"])) == 2
    read.close()


def test_a_temporary_folder_that_another_process_took_for_abandoned_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made, make = list[str](), tempfile.mkdtemp

    def made_and_once_removed(**named: str) -> str:
        made.append(make(**named))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", made_and_once_removed)
    folder, lock = locked_folder("test-")
    assert len(made) == 2 and folder.is_dir()
    remove_abandoned("test-")
    assert folder.is_dir(), "it is locked"
    remove_locked(folder, lock)


def test_a_sealed_graph_has_every_vector_on_the_disk(tmp_path: Path) -> None:
    """What Chroma has not written yet, each reader would add to its graph again."""
    folder = many(tmp_path / "work", 900)
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as database:
        places = database.execute("SELECT seq_id FROM max_seq_id").fetchall()
    assert len(places) == 2 and len(set(places)) == 1, "those of the metadata and of the graph"


@pytest.fixture
def read_only(settings: Settings) -> Iterator[Settings]:
    """The index seen through a file system that is mounted read-only."""
    place = settings.index.with_name("read-only")
    place.mkdir()
    if subprocess.run(["mount", "--bind", settings.index, place], capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        yield Settings(index=place)
    finally:
        subprocess.run(["umount", place], check=True)


def test_an_index_on_a_read_only_disk_answers(read_only: Settings, rag_command: Command) -> None:
    with pytest.raises(OSError, match="Read-only"):
        (read_only.index / "lock").write_text("")
    rag = build_rag(read_only)
    assert "412 metres" in rag.answer(BRIDGE).text
    rag.close()
    assert any("3 articles" in line for line in report(read_only, cleaning=False))
    with pytest.raises(StoreError, match=r"Read-only.*see that there is permission, or choose another folder"):
        ingest([], read_only)


def test_an_index_that_came_to_a_read_only_disk_in_part_says_so(read_only: Settings, settings: Settings) -> None:
    (settings.index / "catalog.sqlite-shm").unlink()
    with pytest.raises(StoreError, match=r"without catalog\.sqlite-shm; copy all of the folder"):
        build_rag(read_only)


@pytest.mark.slow
def test_an_index_of_somebody_else_answers_if_it_may_be_read(settings: Settings) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become a user who may only read the folder")
    nobody = pwd.getpwnam("nobody")
    for path in (settings.index, *settings.index.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for folder in settings.index.parents:
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    before = state(settings.index)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from rag import Settings, build_rag; from rag.errors import StoreError\n"
        "settings = Settings(index=Path(sys.argv[1]))\n"
        f"rag = build_rag(settings); rag.answer({BRIDGE!r}); rag.close()\n"  # nobody may not read our venv
        f"os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})\n"
        f"rag = build_rag(settings); print(rag.answer({BRIDGE!r}).text); rag.close()\n"
        "sys.stdout.flush()\n"
        "for _ in sys.stdin:\n"
        "    try: build_rag(settings)\n"
        "    except StoreError as error: print(error, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(settings.index)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdin and "412 metres" in process.stdout.readline()
    assert state(settings.index) == before
    for path, mode in (
        (settings.index / "catalog.sqlite", 0o600),
        (vectors(settings) / "chroma.sqlite3", 0o600),
        (vectors(settings), 0o700),
        (settings.index, 0o700),
        (settings.index, 0o744),
        (settings.index.parent, 0o700),
    ):
        before_it = path.stat().st_mode
        path.chmod(mode)
        process.stdin.write("\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert "ermission" in line and "let this user read it" in line and "rebuild" not in line, (path, line)
        path.chmod(before_it)
    process.stdin.close()
    assert process.wait(60) == 0


def run(arguments: list[str], limit: Callable[[], None] | None = None, **environment: str) -> str:
    """What the command says on stderr: one line, after it was refused."""
    done = subprocess.run(
        [sys.executable, "-m", "rag", *arguments], cwd=ROOT, env={**os.environ, **environment}, preexec_fn=limit,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if "%|" not in line]  # the bar of indexing aside
    assert len(lines) == 1 and lines[0].startswith("rag: "), done.stderr
    return lines[0]


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 10_000])
def test_no_space_for_asking_names_tmpdir(size: int, settings: Settings, rag_command: Command) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    line = run(["ask", BRIDGE, "--index", str(settings.index)], limit)
    assert "make room" in line and "TMPDIR" in line and "rebuild" not in line


@pytest.mark.slow
def test_a_full_temporary_folder_names_tmpdir_and_another_one_helps(
    settings: Settings, tmp_path: Path, rag_command: Command
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        line = run(["ask", BRIDGE, "--index", str(settings.index)], TMPDIR=str(small))
        assert f"make room in {small}, or name another folder with TMPDIR" in line
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)
    done = rag_command("ask", BRIDGE, "--index", str(settings.index), TMPDIR=str(tmp_path))
    assert "412 metres" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("most", [6, 10, 12])
def test_too_many_open_files_names_ulimit(most: int, settings: Settings) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    done = subprocess.run(
        [sys.executable, "-m", "rag", "ask", BRIDGE, "--index", str(settings.index)],
        cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    last = done.stderr.splitlines()[-1]  # Chroma may complain on its own before
    assert done.returncode == 2 and "ulimit -n" in last and "rebuild" not in last and "TMPDIR" not in last


# ------------------------------------------------------------------------------------------------- damage
def remedy_of(line: str, articles: Path) -> list[str]:
    """The arguments of the command that a line offers."""
    command = line.split("`")[1]
    assert command.startswith("rag index PATHS --rebuild"), line
    return shlex.split(command.replace("PATHS", str(articles)))[1:]


def rebuilding(settings: Settings, articles: Path) -> list[str]:
    """The arguments of the command that builds the index anew."""
    return ["index", str(articles), "--rebuild", "--index", str(settings.index)]


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage!" * (path.stat().st_size // 8))


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def replaced_by_a_file(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.write_text("a text")


def sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        connection = sqlite3.connect(path)
        assert connection.execute(statement).rowcount
        connection.commit()
        connection.close()

    return change


DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    *(("catalog.sqlite", damage) for damage in (cut, garbage, flipped, emptied, replaced_by_a_file)),
    *(("vectors*/chroma.sqlite3", damage) for damage in (cut, garbage, flipped, emptied, os.remove)),
    *(("vectors*", damage) for damage in (replaced_by_a_file, shutil.rmtree)),
]
EDITS = [
    *(
        f"DELETE FROM manifest WHERE key = '{key}'"
        for key in ("format", "embedding_model", "chunk_tokens", "paths", "without", "vectors")
    ),
    *(
        f"UPDATE manifest SET value = '{value}' WHERE key = '{key}'"
        for key, value in (
            ("vectors", "../../etc"),
            ("vectors", "/etc"),
            ("vectors", ""),
            ("vectors", "."),
            ("paths", "not JSON"),
            ("paths", "{}"),
            ("paths", "[1]"),
            ("without", "null"),
            ("format", ""),
        )
    ),
    *(
        f"UPDATE {change}"
        for change in (
            "articles SET published = 'yesterday'",
            "articles SET no_later_than = '2024-02-31'",
            "articles SET removed = 'none'",
            "articles SET removed = '[1]'",
            "articles SET instructions = '{'",
            "articles SET title = ''",
            "chunks SET start = -5",
            "chunks SET end = 1000000",
            "chunks SET source = 'none.txt'",
        )
    ),
    "INSERT INTO manifest VALUES ('containers', '[]')",
    "DELETE FROM chunks",
    "DELETE FROM articles WHERE source = 'bridge.txt'",
]


@pytest.mark.parametrize("edit", EDITS)
def test_what_another_program_writes_into_the_catalog_is_said_in_one_line_or_does_no_harm(
    edit: str, settings: Settings, articles: Path
) -> None:
    sql(edit)(settings.index / "catalog.sqlite")
    uses = (
        lambda: ask(BRIDGE, settings=settings),
        lambda: list(report(settings, cleaning=False)),
        lambda: ingest([articles], settings),
        lambda: ingest([], settings),
    )
    for use in uses:
        try:
            use()
        except StoreError as refused:
            assert "\n" not in str(refused) and "rag index" in str(refused)
    ingest([articles], settings, rebuild=True)
    assert "412 metres" in ask(BRIDGE, settings=settings).text


@pytest.mark.parametrize("edit", ["articles SET text = x'ff'", "chunks SET start = 'first'"])
def test_the_catalog_holds_what_is_of_its_kind(edit: str, settings: Settings) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        sql(f"UPDATE {edit}")(settings.index / "catalog.sqlite")


@pytest.mark.parametrize(("victim", "damage"), DAMAGES)
def test_damage_is_one_line_that_names_its_remedy(
    victim: str, damage: Callable[[Path], None], settings: Settings, articles: Path
) -> None:
    (target,) = settings.index.glob(victim)
    damage(target)
    uses = (
        lambda: ask(BRIDGE, settings=settings),
        lambda: list(report(settings, cleaning=False)),
        lambda: ingest([articles], settings),
        lambda: ingest([], settings),
    )
    for use in uses:
        with pytest.raises(StoreError) as refused:
            use()
        assert "\n" not in str(refused.value) and "rag index" in str(refused.value)
        assert "--rebuild" in str(refused.value)
        if "`rag index PATHS" in str(refused.value):
            assert remedy_of(str(refused.value), articles) == rebuilding(settings, articles)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "damage"),
    [
        ("catalog.sqlite", garbage),
        ("catalog.sqlite", replaced_by_a_file),
        ("vectors*/chroma.sqlite3", garbage),
        ("vectors*/chroma.sqlite3", os.remove),
        ("vectors*", replaced_by_a_file),
        ("vectors*", shutil.rmtree),
    ],
)
def test_the_remedy_of_damage_works(
    victim: str, damage: Callable[[Path], None], settings: Settings, articles: Path
) -> None:
    """It reads nothing of the old index, so a file that is none stands for every wrong value in it."""
    from rag.cli import main

    (target,) = settings.index.glob(victim)
    damage(target)
    assert main(rebuilding(settings, articles)) == 0
    assert "412 metres" in ask(BRIDGE, settings=settings).text
    assert len(list(settings.index.glob("vectors*"))) == 1


@pytest.mark.parametrize("name", ["../outside/vectors-00000000", "vectors-00000000/../../outside", "outside"])
def test_vectors_outside_the_index_are_never_followed_or_deleted(
    name: str, settings: Settings, articles: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(vectors(settings), outside / "vectors-00000000")
    sealed = (outside / "vectors-00000000").rename(outside / vectors(settings).name)
    name = name.replace("vectors-00000000", sealed.name)
    kept = json.dumps({"graph": name, "vectors": 3})
    sql(f"UPDATE manifest SET value = '{kept}' WHERE key = 'vectors'")(settings.index / "catalog.sqlite")
    vectors(settings).rename(tmp_path / "elsewhere")
    (settings.index / "vectors-link").symlink_to(outside)
    with pytest.raises(StoreError, match="--rebuild"):
        build_rag(settings)
    assert not is_sealed(settings.index, name)
    ingest([articles], settings, rebuild=True)
    assert sealed.is_dir() and not (settings.index / "vectors-link").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", ["header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle"]
)
@pytest.mark.parametrize("damage", [cut, garbage, emptied, os.remove])
def test_damage_to_the_graph_is_seen_before_chroma_sees_it(
    file: str, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    """It would end the process, or find less without a word."""
    folder = many(tmp_path / "work", 900)
    (target,) = folder.glob(f"*/{file}")
    damage(target)
    assert not is_sealed(tmp_path, folder.name)


def test_paths_that_are_none_are_said_where_the_index_is_built_anew_without_any(
    settings: Settings, articles: Path
) -> None:
    for value in ("not JSON", "{}", "[1]"):
        sql(f"UPDATE manifest SET value = '{value}' WHERE key = 'paths'")(settings.index / "catalog.sqlite")
        with pytest.raises(StoreError, match="does not say what it was made of; build it anew with `rag index PATHS"):
            read_scope(settings.index)
        with pytest.raises(StoreError, match="`rag index PATHS --rebuild"):
            ingest([], settings, rebuild=True)
    ingest([articles], settings, rebuild=True)


def test_a_catalog_copied_with_its_folder_is_whole(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.index, tmp_path / "copy")
    assert is_whole(tmp_path / "copy" / "catalog.sqlite")
    store = Store(Settings(index=tmp_path / "copy"))
    assert len(store.articles()) == 3
    store.close()


def test_the_remains_of_an_interrupted_run_that_are_damaged_are_begun_anew(settings: Settings, articles: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(step: str, done: int, total: int) -> None:
        if step == "embedding" and done:
            raise StoppedError

    (articles / "tram.txt").write_text("Trams return\n\nTrams run again in Velden after sixty years of buses.\n")
    with pytest.raises(StoppedError):
        ingest([], settings, progress=stop)
    (work,) = settings.index.glob("vectors.*.new")
    (batch,) = work.iterdir()
    garbage(batch)
    assert ingest([], settings).embedded == 1
    assert "sixty years" in ask("Since when do trams run again in Velden?", settings=settings).text


def test_a_run_that_changes_nothing_copies_nothing(settings: Settings) -> None:
    before = vectors(settings)
    inode = before.stat().st_ino
    assert ingest([], settings).embedded == 0
    assert vectors(settings) == before and before.stat().st_ino == inode


@pytest.mark.slow
def test_a_full_disk_stops_indexing_and_the_old_index_answers(
    settings: Settings, articles: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    size = sum(path.stat().st_size for path in settings.index.rglob("*") if path.is_file())
    size += size // 3  # a copy of the vectors does not fit
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        index = small / "index"
        shutil.copytree(settings.index, index)
        (articles / "tram.txt").write_text("Trams return\n\nTrams run again in Velden after sixty years of buses.\n")
        line = run(["index", "--index", str(index)])
        assert "No space left" in line and "see that there is space" in line and "rebuild" not in line
        assert "412 metres" in ask(BRIDGE, settings=Settings(index=index)).text
        subprocess.run(["mount", "-o", "remount,size=20m", small], check=True)
        assert ingest([], Settings(index=index)).added == 1
    finally:
        subprocess.run(["umount", small], check=True)
