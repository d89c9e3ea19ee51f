"""Answers of earlier runs, kept by content, so that a run over unchanged things is quick.

One SQLite file in the user's cache folder, which can be deleted at any time. (diskcache was looked at: it
pickles, and has had no release since 2023.) An answer is found again only for the same question and history,
settings, index content, code and libraries.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from platformdirs import user_cache_path
from pydantic import TypeAdapter

import rag
from eval.data import EvalQuestion
from rag.disk.private import private_file, private_folder
from rag.errors import RAGError
from rag.settings import Settings
from rag.types import Answer

DEFAULT_CACHE = user_cache_path("rag-news") / "answers.sqlite"
MOST_ANSWERS = 20_000  # the newest are kept: about 200 MB
# Settings of the chat and of indexing, by which no answer differs.
NO_MATTER = {
    "index", "feedback", "read_only", "max_added_mb", "allowed_hosts", "trusted_proxies", "max_waiting_questions",
    "max_file_mb", "parse_seconds", "parse_memory_mb",
}  # fmt: skip
_LIBRARIES = ("chromadb", "numpy", "onnxruntime", "sentencex", "snowballstemmer", "symspellpy", "tokenizers")


@dataclass(frozen=True)
class Attempt:
    """What the service made of a question: its answer, and the ids of retrieved chunks, best first.

    `by_hand` are those for the follow-up rewritten by hand; None where the question has no rewrite.
    """

    answer: Answer
    retrieved: tuple[str, ...]
    by_hand: tuple[str, ...] | None


_ATTEMPT = TypeAdapter(Attempt)


class AnswerCache:
    """Attempts by key; use it in a `with` statement.

    Raises:
        RAGError: the file cannot be opened or written; it says how to do without.
    """

    def __init__(self, path: Path = DEFAULT_CACHE) -> None:
        self._path = path
        try:
            private_folder(path.parent)
            private_file(path)  # what SQLite puts beside it has the same mode
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")  # no waiting for the disk after every answer
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS attempts (key TEXT UNIQUE NOT NULL, value BLOB NOT NULL)"
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def __enter__(self) -> AnswerCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with closing(self._connection):
            self._connection.execute(
                "DELETE FROM attempts WHERE rowid <= (SELECT max(rowid) FROM attempts) - ?", (MOST_ANSWERS,)
            )

    def get(self, key: str) -> Attempt | None:
        """The attempt of an earlier run, if there is one."""
        try:
            row = self._connection.execute("SELECT value FROM attempts WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return _ATTEMPT.validate_json(row[0]) if row else None

    def put(self, key: str, attempt: Attempt) -> None:
        """Keep an attempt."""
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO attempts VALUES (?, ?)", (key, _ATTEMPT.dump_json(attempt))
            )
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> RAGError:
        return RAGError(f"the answer cache {self._path} cannot be used ({error}); delete it, or give --no-cache")


def key(question: EvalQuestion, settings: Settings, generation: str) -> str:
    """What an attempt depends on; the places of index and feedback, and what is expected of the answer, are not."""
    parts = {
        "question": question.question,
        "history": question.messages,
        "standalone": question.standalone,
        "settings": settings.model_dump(mode="json", exclude=NO_MATTER),
        "generation": generation,
        "program": program(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1)
def program() -> str:
    """A digest of the code and data files of the package `rag`, and of the libraries that its answers depend on."""
    folder = Path(rag.__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    contents = [f"{path.relative_to(folder)}\0".encode() + path.read_bytes() for path in files]
    versions = [f"{name} {importlib.metadata.version(name)}".encode() for name in _LIBRARIES]
    return hashlib.sha256(b"\0".join(contents + versions)).hexdigest()
