"""The words by which English asks for articles as such, from words.toml."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files


def words(table: str) -> dict[str, str]:
    """A table of patterns or words by their names."""
    return _read()[table]


def numbers() -> dict[str, int]:
    """The small numbers in words, from one."""
    return {word: number for number, word in enumerate(words("words")["numbers"].split(), start=1)}


@lru_cache(maxsize=1)
def _read() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("rag.questions.collection").joinpath("words.toml").read_text(encoding="utf-8"))
