"""Proof that an index is whole: articles, chunks, words and vectors agree, and every chunk says what its id tells."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from rag.index.catalog import open_database
from rag.index.store import CATALOG, damage_explained, open_catalog, open_vectors
from rag.settings import Settings
from rag.types import Chunk

_AGREE = (
    ("articles and the files they were read from", "SELECT source FROM articles WHERE source NOT IN "
     "(SELECT source FROM files) UNION ALL SELECT source FROM files WHERE source NOT IN (SELECT source FROM articles)"),
    ("articles and their digests", "SELECT source FROM articles JOIN files USING (source) "
     "WHERE articles.digest != files.digest"),
    ("copies and their originals", "SELECT source FROM articles WHERE original NOT IN "
     "(SELECT source FROM articles WHERE source = original)"),
    ("articles and their chunks", "SELECT source FROM articles WHERE (source = original) != "
     "(source IN (SELECT source FROM chunks))"),
    ("chunks and their articles", "SELECT source FROM chunks WHERE source NOT IN (SELECT source FROM articles)"),
    ("chunks and the words of the lexical index", "SELECT source FROM chunks WHERE number NOT IN "
     "(SELECT id FROM lexical_docsize) UNION ALL SELECT id FROM lexical_docsize WHERE id NOT IN "
     "(SELECT number FROM chunks)"),
)  # fmt: skip


def problems(settings: Settings) -> Iterator[str]:
    """A line for each thing that does not agree; nothing where the index is whole. It is read from end to end.

    Raises:
        StoreError: it is damaged so that it is not read at all, or cannot be.
    """
    path = settings.index / CATALOG
    with damage_explained(settings.index), closing(open_catalog(settings)) as catalog:
        with closing(open_database(path, write=False)) as connection:
            connection.execute("BEGIN")
            yield from (
                f"the catalog is damaged: {line}"
                for (line,) in connection.execute("PRAGMA integrity_check(5)")
                if line != "ok"
            )
            for what, statement in _AGREE:
                if found := connection.execute(f"SELECT * FROM ({statement}) LIMIT 1").fetchone():
                    yield f"{what} do not agree, first at {found[0]}"
            yield from _wrong_chunks(connection)
        with closing(open_vectors(settings, catalog)) as vectors:
            without = catalog.chunk_ids() - vectors.ids()
        if without:
            yield f"{len(without):,} chunks have no vector"


def _wrong_chunks(connection: sqlite3.Connection) -> Iterator[str]:
    statement = (
        "SELECT id, source, start, end, header, no_later_than, substr(text, start + 1, end - start) "
        "FROM chunks JOIN articles USING (source)"
    )
    for row in connection.execute(statement):
        own, (latest, text) = Chunk(*row[:5]), row[5:]
        if own.id != Chunk.of(own.source, latest, own.start, own.end, own.header, text).id:
            yield f"{own.source} does not say what its chunks were made of"
            return
