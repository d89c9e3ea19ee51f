"""What an index is to become: articles that are new or differ from the published ones, and their chunks.

A draft is a SQLite file beside the catalog. Nobody but the run that makes the index reads it, and a run that was
interrupted finds what it had read and cut.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from rag.disk.files import remove
from rag.disk.private import private_file
from rag.index.catalog import TABLES, article_of, article_row, open_database
from rag.index.publish import publish
from rag.types import Article, Chunk

_COMMIT_EVERY = 100  # articles of a draft
# What is known of each article as it is now.
_NOW = (
    "(SELECT * FROM main.files UNION ALL "
    "SELECT * FROM published.files WHERE source NOT IN (SELECT source FROM main.files))"
)


@dataclass(frozen=True)
class File:
    """What indexing again needs to know of an article without reading it, as the table of files has it.

    Days are in ISO form. `container` is the file that it lies in beside others, `shown` a day by which it was there,
    `dirt` the characters that cleaning took out, `sketch` what `rag.ingest.copies` finds candidates with.
    """

    source: str
    digest: str
    published: str | None
    shown: str | None
    dirt: int
    length: int
    instructed: bool
    container: str | None
    sketch: bytes


class Draft:
    """Everything that indexing reads and writes of catalogs; for one writer at a time.

    With `anew` it begins without what is published, which stays until `publish`.

    Raises:
        sqlite3.Error, OSError: it cannot be written.
    """

    def __init__(self, catalog: Path, made: Mapping[str, str], *, anew: bool) -> None:
        self._catalog, self._file = catalog, catalog.with_name(f"{catalog.name}.draft")
        self._made, self._anew = dict(made), anew or not catalog.is_file()
        self._waiting = 0
        if anew:
            self._remove()
        try:
            self._connection = self._opened()
        except sqlite3.DatabaseError:  # it is of another version, or damaged
            self._remove()
            self._connection = self._opened()
        # What an interrupted run found out of unchanged articles, from others that may have changed since, is found
        # anew.
        for row in self._rows("SELECT source FROM main.files JOIN published.files USING (source, digest)"):
            self._withdraw(row["source"])

    def _opened(self) -> sqlite3.Connection:
        if self._file.exists() and not self._file.is_file():
            remove(self._file)
        private_file(self._file)
        connection = open_database(self._file, write=True)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=OFF")  # a power cut may cost the draft
            connection.execute("PRAGMA temp_store=MEMORY")
            written = json.dumps(self._made, sort_keys=True)
            tables = connection.execute("SELECT count(*) FROM main.sqlite_master").fetchone()[0]
            if not tables:
                connection.executescript(f"BEGIN; {TABLES.format('main')} CREATE TABLE made (how TEXT);")
                connection.execute("INSERT INTO made VALUES (?)", (written,))
                connection.execute("COMMIT")
            elif [row["how"] for row in connection.execute("SELECT how FROM made")] != [written]:
                raise sqlite3.DatabaseError("the draft was made with other settings")
            connection.execute("PRAGMA quick_check(1)").fetchone()
            # Of what is published nothing else is read than what the writer's lock keeps as it is.
            if self._anew:
                connection.execute("ATTACH ':memory:' AS published")
                connection.executescript(TABLES.format("published"))
            else:
                connection.execute("ATTACH ? AS published", (f"{self._catalog.absolute().as_uri()}?mode=ro",))
            connection.execute("BEGIN")
        except BaseException:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for end in ("", "-journal"):
            remove(self._file.with_name(self._file.name + end))

    def close(self) -> None:
        """Keep what was put so far for the next run, and let go."""
        with suppress(sqlite3.Error):
            self._connection.execute("COMMIT")
        self._connection.close()

    def known(self) -> dict[str, dict[str, str]]:
        """Digests of the articles that are published or drafted, as they are now, by source, of each file."""
        found: dict[str, dict[str, str]] = {}
        for row in self._rows(f"SELECT coalesce(container, source) AS file, source, digest FROM {_NOW}"):
            found.setdefault(row["file"], {})[row["source"]] = row["digest"]
        return found

    def drafted(self) -> set[str]:
        """Sources of the articles in the draft."""
        return {row["source"] for row in self._rows("SELECT source FROM main.files")}

    def put(self, article: Article, file: File) -> None:
        """Put an article into the draft, unless it is published as it is, in the place of one of its source."""
        self._withdraw(article.source)
        if self._rows("SELECT 1 FROM published.files WHERE source = ? AND digest = ?", (file.source, file.digest)):
            return
        self._insert("articles", article_row(article))
        self._insert("files", astuple(file))
        self._keep_some()

    def _keep_some(self) -> None:
        """Commit now and then: what is kept is found by the next run, and takes no room twice."""
        self._waiting += 1
        if self._waiting >= _COMMIT_EVERY:
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN")
            self._waiting = 0

    def _withdraw(self, source: str) -> None:
        for table in ("chunks", "articles", "files"):
            self._connection.execute(f"DELETE FROM main.{table} WHERE source = ?", (source,))
        self._connection.execute("DELETE FROM main.compared WHERE one = ? OR other = ?", (source, source))

    def keep(self, sources: Iterable[str]) -> None:
        """Say which articles the index is to have; others go from the draft, and will from what is published."""
        self._connection.execute("CREATE TEMP TABLE kept (source TEXT PRIMARY KEY) WITHOUT ROWID")
        self._connection.executemany("INSERT INTO temp.kept VALUES (?)", ((source,) for source in sources))
        for row in self._rows("SELECT source FROM main.files WHERE source NOT IN (SELECT source FROM temp.kept)"):
            self._withdraw(row["source"])

    def files(self) -> list[File]:
        """What is known of every article that the index is to have, by source."""
        statement = f"SELECT * FROM {_NOW} WHERE source IN (SELECT source FROM temp.kept) ORDER BY source"
        return [File(*row) for row in self._rows(statement)]

    def article(self, source: str) -> Article:
        """An article that the index is to have."""
        for place in ("main", "published"):
            for row in self._rows(f"SELECT * FROM {place}.articles WHERE source = ?", (source,)):
                return article_of(row)
        raise KeyError(source)

    def says(self, one: str, other: str) -> tuple[int | None] | None:
        """What was found of two articles as they are now, None where they have not been compared."""
        for row in self._rows("SELECT says FROM main.compared WHERE one = ? AND other = ?", (one, other)):
            return (row["says"],)
        statement = (
            "SELECT says FROM published.compared WHERE one = ? AND other = ? AND NOT EXISTS (SELECT 1 FROM main.files "
            "JOIN published.files AS old USING (source) WHERE source IN (one, other) AND files.digest != old.digest)"
        )
        for row in self._rows(statement, (one, other)):
            return (row["says"],)
        return None

    def found(self, one: str, other: str, says: int | None) -> None:
        """Remember what was found of two articles."""
        self._insert("compared", (one, other, says))

    def set_originals(self, originals: Iterable[tuple[str, str, str | None]]) -> None:
        """Sources with the original of each, and by when it was there; those that had others go into the draft."""
        known: dict[str, tuple[str, str | None]] = {}
        for place in ("published", "main"):
            for row in self._rows(f"SELECT source, original, no_later_than FROM {place}.articles"):
                known[row["source"]] = row["original"], row["no_later_than"]
        drafted = self.drafted()
        for source, original, latest in originals:
            if known[source] == (original, latest):
                continue
            for table in ("articles", "files") if source not in drafted else ():
                self._connection.execute(
                    f"INSERT INTO main.{table} SELECT * FROM published.{table} WHERE source = ?", (source,)
                )
            self._connection.execute("DELETE FROM main.chunks WHERE source = ?", (source,))
            statement = "UPDATE main.articles SET original = ?, no_later_than = ? WHERE source = ?"
            self._connection.execute(statement, (original, latest, source))

    def uncut(self) -> Iterator[Article]:
        """The originals in the draft that have no chunks yet."""
        statement = (
            "SELECT source FROM main.articles WHERE original = source AND source NOT IN "
            "(SELECT source FROM main.chunks) ORDER BY source"
        )
        for row in self._rows(statement):
            yield self.article(row["source"])

    def cut(self, article: Article, chunks: Iterable[Chunk]) -> None:
        """Give an original its sentences, turns and chunks."""
        self._insert("articles", article_row(article))
        self._connection.executemany(
            "INSERT INTO main.chunks (id, source, start, end, header) VALUES (?,?,?,?,?)", map(astuple, chunks)
        )
        self._keep_some()

    def unpublished_ids(self) -> list[str]:
        """Ids of the chunks that are not published."""
        statement = (
            "SELECT id FROM main.chunks WHERE id NOT IN (SELECT id FROM published.chunks) ORDER BY source, start"
        )
        return [row["id"] for row in self._rows(statement)]

    def chunks_among(self, ids: set[str], most: int) -> Iterator[list[tuple[Chunk, Article]]]:
        """Chunks of these ids, so many at a time, each with its article."""
        batch: list[tuple[Chunk, Article]] = []
        article: Article | None = None
        for row in self._connection.execute(
            "SELECT id, source, start, end, header FROM main.chunks ORDER BY source, start"
        ):
            if row["id"] in ids:
                if article is None or article.source != row["source"]:
                    article = self.article(row["source"])
                batch.append((Chunk(*row), article))
                if len(batch) == most:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def chunk_ids(self) -> set[str]:
        """Ids of every chunk that the index is to have."""
        statement = (
            "SELECT id FROM main.chunks UNION ALL SELECT id FROM published.chunks WHERE source IN "
            "(SELECT source FROM temp.kept) "
            "AND source NOT IN (SELECT source FROM main.files)"
        )
        return {row["id"] for row in self._rows(statement)}

    def notes(self) -> list[tuple[str, tuple[str, ...]]]:
        """Sources and notes of the articles that are new or changed."""
        statement = (
            "SELECT source, notes FROM main.articles AS new WHERE notes != '[]' AND digest IS NOT "
            "(SELECT digest FROM published.files WHERE source = new.source) ORDER BY source"
        )
        return [(row["source"], tuple(json.loads(row["notes"]))) for row in self._rows(statement)]

    def counts(self) -> tuple[int, int, int]:
        """Number of articles that are new, that differ from those published, and that go."""
        statement = (
            "SELECT (SELECT count(*) FROM main.files WHERE source NOT IN (SELECT source FROM published.files)), "
            "(SELECT count(*) FROM main.files JOIN published.files USING (source)), "
            "(SELECT count(*) FROM published.files WHERE source NOT IN (SELECT source FROM temp.kept))"
        )
        new, changed, gone = self._rows(statement)[0]
        return new, changed, gone

    def publish(self, manifest: Mapping[str, str]) -> None:
        """Make the catalog what the draft says, in one transaction, and end the draft; without change, do nothing.

        Raises:
            sqlite3.Error, OSError: nothing was published.
        """
        gone = self._gone()
        self.close()
        publish(self._file, self._catalog, gone, manifest, anew=self._anew)
        self._remove()

    def _gone(self) -> list[str]:
        """Published articles that go or change."""
        statement = (
            "SELECT source FROM published.files WHERE source NOT IN (SELECT source FROM temp.kept) "
            "OR source IN (SELECT source FROM main.files)"
        )
        return [row["source"] for row in self._rows(statement)]

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def _insert(self, table: str, row: Sequence[object]) -> None:
        self._connection.execute(f"INSERT OR REPLACE INTO main.{table} VALUES ({','.join('?' * len(row))})", row)
