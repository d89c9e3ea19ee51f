"""The wheel carries what the service needs, and works from a fresh environment and another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEEDS

GIVEN = ROOT.parent / "shared" / "seeds"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def test_the_wheel_has_every_module_and_every_data_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for top in ("rag", "ui", "eval", "seeds"):
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / top).rglob("*") if path.is_file()}
        assert {name for name in files if "__pycache__" not in name} <= names
    assert not any(name.startswith(("tests/", "docs/")) for name in names)


def test_the_seeds_are_the_given_bytes(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for path in SEEDS.glob("*.txt"):
        assert archive.read(f"seeds/{path.name}") == path.read_bytes()
    if not GIVEN.is_dir():
        pytest.skip(f"{GIVEN} is not here to compare with")
    assert {path.name: path.read_bytes() for path in GIVEN.iterdir()} == {
        path.name: path.read_bytes() for path in SEEDS.iterdir()
    }


@pytest.mark.slow
def test_a_fresh_environment_asks_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(fresh)], check=True, timeout=120)
    # The libraries are lent by this environment, since tests reach no network; our own packages are not.
    packages = sysconfig.get_path("purelib")
    (Path(sysconfig.get_path("purelib", vars={"base": str(fresh)})) / "lent.pth").write_text(packages)
    install = [str(fresh / "bin" / "pip"), "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    program = "import rag, ui, eval; print(rag.__file__, ui.__file__, eval.__file__)"
    where = subprocess.run(
        [str(fresh / "bin" / "python"), "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert where.stdout.count(str(fresh)) == 3, where
    for command, words in (
        (["ask", "How many containers will Chancay handle in its first year?"], "at least 1 million containers"),
        (["doctor"], "republished copy of 002_27fb3a5ff33fbf6b.txt"),
        (["chat", "--help"], "--port"),
    ):
        done = subprocess.run(
            [str(fresh / "bin" / "rag"), *command],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0 and words in done.stdout, done.stderr
