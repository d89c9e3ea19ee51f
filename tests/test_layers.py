"""The packages of rag/ import downwards only, and each other by the modules that they name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

RAG = Path(__file__).resolve().parent.parent / "rag"
# From the ground up; a module imports what stands on its own line or below it. docs/architecture.md has the picture.
LAYERS = (
    ("errors", "privacy"),
    ("text",),
    ("inputs", "settings", "types", "events"),
    ("disk",),
    ("models",),
    ("index",),
    ("ingest",),
    ("search",),
    ("read",),
    ("cite",),
    ("write",),
    ("news",),
    ("followup",),
    ("questions",),
    ("pipeline",),
    ("desk",),
    ("cli", "terminal"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted(
    path for path in RAG.rglob("*.py") if path.name not in ("__main__.py",) and path != RAG / "__init__.py"
)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (
                [f"{node.module}.{each.name}" for each in node.names] if node.module == "rag" else [node.module]
            )
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(RAG)))
def test_imports_go_down(path: Path) -> None:
    own = path.relative_to(RAG).parts[0].removesuffix(".py")
    packages = {name.split(".")[1] for name in imported(path) if name.startswith("rag.")}
    above = {name for name in packages if name != own and LEVEL[name] >= LEVEL[own]}
    beside = {name for name in above if LEVEL[name] == LEVEL[own]}
    assert above == beside, f"{path.relative_to(RAG)} imports what stands above it"


CALLERS = [
    path
    for name in ("rag", "ui", "eval")
    for path in sorted((RAG.parent / name).rglob("*.py"))
    if "fit" not in path.parts
]


def test_a_package_is_used_by_the_modules_that_it_names() -> None:
    faces = {path.parent.name: _face(path) for path in RAG.glob("*/__init__.py")}
    used: dict[str, set[str]] = {name: set() for name in faces}
    for path in CALLERS:
        own = path.relative_to(RAG).parts[0] if path.is_relative_to(RAG) else ""
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "rag" and len(parts) > 2 and parts[1] in faces and parts[1] != own:
                used[parts[1]].add(parts[2])
    assert used == faces


def _face(path: Path) -> set[str]:
    """What stands in `__all__`."""
    (face,) = [node.value for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
    return set(ast.literal_eval(face))


@pytest.mark.parametrize("path", sorted((RAG.parent / "eval").glob("*.py")), ids=lambda path: path.name)
def test_what_a_user_runs_needs_neither_benchmarks_nor_fitting(path: Path) -> None:
    assert not [name for name in imported(path) if f"{name}.".startswith(("eval.bench.", "eval.fit."))]
