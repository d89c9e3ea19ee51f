"""The words by which articles label their date, source and author: labels.toml, a table a language."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path


@cache
def _words() -> dict[str, str]:
    """By what they say (published, source, role …), the words of every language as one pattern."""
    found: dict[str, list[str]] = defaultdict(list)
    for table in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).values():
        for name, words in table.items():
            found[name] += [" ".join(word.split()) for word in words.split(",")]
    return {name: "|".join(sorted(words, key=len, reverse=True)) for name, words in found.items()}


@cache
def labelled(pattern: str) -> re.Pattern[str]:
    """A pattern without regard to case, in which {name} stands for one of the words of that name.

    >>> bool(labelled(r"{source}:").match("Fuente: El Faro"))
    True
    """
    return re.compile(re.sub(r"\{([a-z_]+)\}", lambda name: f"(?:{_words()[name[1]]})", pattern), re.IGNORECASE)
