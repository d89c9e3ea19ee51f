"""What broken files, folders and names do: one line that says what is wrong, and never a word less without a word."""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from rag import RAGError, Settings, ask, build_rag
from rag.cli import main
from rag.desk.doctor import report
from rag.errors import LoadError, StoreError
from rag.ingest.build import ingest
from rag.ingest.load import find_files, load_document, to_document
from tests.conftest import ROOT
from tests.ingest.test_load import pdf

PROSE = "The harbour opened on Monday, and it is an article.\n"
PAGES = pdf("One page.", "Two pages.", "Three pages.")
UNSHOWN = "\\ud800\\udfff\\0\\e[31m\\u202e\\u2066"  # as YAML writes it


def test_characters_that_cannot_be_stored_or_shown_leave_the_metadata(articles: Path, tmp_path: Path) -> None:
    fields = "".join(f'{name}: "{name.title()}{UNSHOWN} of it"\n' for name in ("title", "publisher", "author"))
    (articles / "odd\x1b\n\u202e.md").write_text(f"---\n{fields}---\n\n{PROSE}", encoding="utf-8")
    settings = Settings(index=tmp_path / "index")
    ingest([articles], settings)
    rag = build_rag(settings)
    (odd,) = (each for each in rag.store.articles() if each.source.startswith("odd"))
    rag.close()
    assert odd.source == "odd???.md"
    assert (odd.title, odd.publisher, odd.author) == ("Title [31m of it", "Publisher [31m of it", "Author [31m of it")


def deep(folder: Path) -> None:
    """Put an article below folders whose path is longer than the system opens."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    with os.fdopen(os.open("deep.txt", os.O_CREAT | os.O_WRONLY, dir_fd=here), "w") as file:
        file.write(PROSE)
    os.close(here)


def test_a_path_that_is_too_long_is_said_or_left_out(articles: Path, tmp_path: Path) -> None:
    deep(articles)
    settings = Settings(index=tmp_path / "index")
    with pytest.raises(LoadError, match=r"cannot be read: File name too long; .*--strict") as refused:
        ingest([articles], settings, strict=True)
    assert len(str(refused.value)) < 400
    report = ingest([articles], settings)
    assert report.articles == 3
    (line,) = report.skipped
    assert "too long" in line and len(line) < 400


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
def test_a_folder_that_cannot_be_read_is_said_or_left_out(mode: int, articles: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become a user who may not read the folder")
    closed = articles / "closed"
    (closed / "below").mkdir(parents=True)
    (closed / "one.txt").write_text(PROSE)
    closed.chmod(mode)
    for folder in articles.parents:
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    left_out: list[str] = []
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with pytest.raises(LoadError, match=r"closed cannot be read: Permission denied; grant access .*--strict"):
            find_files([articles])
        found = find_files([articles], left_out)
    finally:
        os.seteuid(0)
        closed.chmod(0o755)
    assert len(found) == 3
    assert len(left_out) == 1 and "closed cannot be read: Permission denied" in left_out[0]


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-32"])
def test_front_matter_is_read_in_another_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(f"---\ntitle: Port opens\n---\n\n{PROSE}".encode(encoding))
    document = load_document(path, "a.md")
    assert document.metadata["title"] == "Port opens" and PROSE.strip() in document.page_content


def compressed() -> bytes:
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=BytesIO(PAGES))
    for page in writer.pages:
        page.compress_content_streams()
    writer.write(written := BytesIO())
    return written.getvalue()


def second_stream(change: Callable[[bytes], bytes]) -> bytes:
    """The compressed pages, the stream of the second one changed, not in length."""
    data = compressed()
    found = list(re.finditer(rb"/FlateDecode.*?stream\n(.*?)\nendstream", data, re.DOTALL))[1]
    changed = change(found[1])
    assert len(changed) == len(found[1]) and changed != found[1]
    return data[: found.start(1)] + changed + data[found.end(1) :]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (second_stream(lambda stream: b"zz" + stream[2:]), "page 2 of"),
        (second_stream(lambda stream: stream[:20] + b"\xff" * (len(stream) - 20)), "page 2 of"),
        (PAGES.replace(b"/Contents 6 0 R", b"/Contents 66 0 R"), "page 2 of"),
        (re.sub(rb"6 0 obj.*?endobj", b"6 0 obj null endobj", PAGES, flags=re.DOTALL), "page 2 of"),
        (PAGES.replace(b"[5 0 R 7 0 R", b"[5 0 R 77 0 R"), "1 of 3 pages of"),
        (re.sub(rb"7 0 obj.*?endobj", b"7 0 obj <<>> endobj", PAGES, flags=re.DOTALL), "1 of 3 pages of"),
        (PAGES.replace(b"/Count 3", b"/Count 5"), "2 of 5 pages of"),
    ],
)
def test_a_pdf_is_not_read_in_part(data: bytes, what: str) -> None:
    assert data not in (PAGES, compressed())
    with pytest.raises(LoadError, match=f"^{what} x.pdf cannot be read; "):
        to_document(data, Path("x.pdf"), "x.pdf")


@pytest.mark.parametrize("contents", [b"/Contents 6 0 R", b"", b"/Contents null", b"/Contents []"])
def test_a_whole_pdf_goes_in_also_with_an_empty_page(contents: bytes) -> None:
    for data in (PAGES.replace(b"/Contents 6 0 R", contents), compressed()):
        assert "Three pages." in to_document(data, Path("x.pdf"), "x.pdf").page_content


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def elsewhere(path: Path) -> None:
    (index,) = (folder for folder in path.parents if folder.name == "index")
    path.symlink_to(path.rename(index.with_name("moved")))


@pytest.mark.slow
@pytest.mark.parametrize("damage", [pipe, endless, elsewhere])
@pytest.mark.parametrize("victim", ["vectors*/chroma.sqlite3", "vectors*/*/*"])
def test_vectors_that_are_no_regular_files_are_lost(
    victim: str, damage: Callable[[Path], None], articles: Path, indexed: Settings
) -> None:
    for target in list(indexed.index.glob(victim))[:1] or [next(indexed.index.glob("vectors*")) / "new"]:
        target.touch()
        damage(target)
    for use in (
        lambda: ask("How long is the bridge over the Arun?", settings=indexed),
        lambda: list(report(indexed, cleaning=False)),
        lambda: ingest([articles], indexed),
    ):
        with pytest.raises(StoreError, match="has lost its vectors; build it anew with `rag index PATHS --rebuild"):
            use()
    assert ingest([articles], indexed, rebuild=True).articles == 3
    assert "412 metres" in ask("How long is the bridge over the Arun?", settings=indexed).text


@pytest.mark.slow
@pytest.mark.parametrize("what", [os.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["catalog.sqlite", "catalog.sqlite.new"])
def test_what_stands_in_the_place_of_the_catalog_is_said_and_a_rebuild_removes_it(
    name: str, what: Callable[[Path], None], articles: Path, indexed: Settings
) -> None:
    path = indexed.index / name
    path.unlink(missing_ok=True)
    what(path)
    if name == "catalog.sqlite":
        for use in (lambda: list(report(indexed, cleaning=False)), lambda: ingest([articles], indexed)):
            with pytest.raises(StoreError, match=r"catalog\.sqlite is no regular file; build it anew .*--rebuild"):
                use()
    assert main(["index", str(articles), "--rebuild", "--index", str(indexed.index)]) == 0
    assert "412 metres" in ask("How long is the bridge over the Arun?", settings=indexed).text


def test_wrong_values_are_refused_in_one_line(indexed: Settings) -> None:
    rag = build_rag(indexed)
    values: list[Any] = ["\ud800", "\0", "x" * 10_000, [], None, 5, {}, b"bridge.txt", object()]
    for value in values:
        for use in (rag.article, rag.chat_model, *(() if value is None else (build_rag,))):
            with pytest.raises(RAGError) as refused:
                use(value)
            assert str(refused.value).isprintable() and len(str(refused.value)) < 300
    rag.close()


@pytest.mark.parametrize("arguments", [["index", ""], ["index", "--index", ""], ["doctor", "--index", ""]])
def test_an_empty_path_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and "an empty path" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_prints_no_control_characters(
    articles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (articles / "bridge.txt").rename(articles / "a\nb\x1b[2J\u202e.txt")
    (articles / "c\nd\x1b.pdf").write_text("no PDF")
    place = ["--index", str(tmp_path / "index")]
    question = "How long is the bridge over the Arun?"
    assert main(["index", str(articles), "--strict", *place]) == 2
    assert main(["index", str(articles), *place]) == 0
    assert main(["ask", question, *place]) == main(["doctor", *place]) == main(["doctor", "--cleaning", *place]) == 0
    said = capsys.readouterr()
    assert "skipped: " in said.err and "(a?b?[2J?.txt)" in said.out
    bad = [line for line in said.err.splitlines() if "%|" not in line and not line.startswith(("rag: ", "skipped: "))]
    assert not [line for line in bad if line.strip()]
    for line in said.out.split("\n"):
        assert not set(line) & {"\x1b", "\u202e", "\x00"}
    assert main(["ask", question, "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["citations"][0]["source"] == "a?b?[2J?.txt"


@pytest.mark.slow
@pytest.mark.parametrize("filled", [False, True])
def test_a_full_temporary_folder_names_tmpdir_while_indexing(filled: bool, articles: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        if filled:
            subprocess.run(["dd", "if=/dev/zero", f"of={small / 'fill'}"], capture_output=True, check=False)
        done = subprocess.run(
            [sys.executable, "-m", "rag", "index", str(articles), "--index", str(tmp_path / "index")],
            cwd=ROOT, env={**os.environ, "TMPDIR": str(small)}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    finally:
        subprocess.run(["umount", small], check=True)
    line = done.stderr.splitlines()[-1]
    assert done.returncode == 2 and f"make room in {small}, or name another folder with TMPDIR" in line
    assert "cannot write the index" not in line
