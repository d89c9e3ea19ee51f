"""What an index is to become, and the one transaction in which it becomes that.

A draft is a SQLite file beside the catalog: articles that are new or differ from the published ones, and their chunks.
Nobody but the run that makes the index reads it, and a run that was interrupted finds what it had read and cut.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

from rag.disk.files import remove
from rag.disk.private import private_file
from rag.index.catalog import (
    APPLICATION_ID,
    INDEX,
    TABLES,
    article_of,
    article_row,
    is_sealed_catalog,
    is_whole,
    lexical_row,
    open_database,
    seal_catalog,
    state_file,
)
from rag.types import Article, Chunk

_LOG_MAY_HAVE, _LOG_SHARE = 4_000_000, 8  # bytes, and as a part of the catalog's, before it goes into the catalog
_COMMIT_EVERY = 100  # articles of a draft
_CHUNK = "(id, source, start, end, header)"
_BUSY = 1000  # milliseconds to wait for readers before the log goes into the catalog; else it does the next time


@dataclass(frozen=True)
class File:
    """What indexing again needs to know of an article without reading it.

    `container` is the file that it lies in beside others, `shown` a day by which it was there, `dirt` the characters
    that cleaning took out, `sketch` what `rag.ingest.copies` finds candidates with.
    """

    source: str
    digest: str
    published: date | None
    shown: date | None
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

    # --------------------------------------------------------------------------------------------- articles
    def digests(self) -> dict[str, str]:
        """Digests of the published articles, by source."""
        return {row["source"]: row["digest"] for row in self._rows("SELECT source, digest FROM published.files")}

    def containers(self) -> dict[str, str]:
        """The file of each article that lies in one beside others, published or drafted, by source."""
        statement = "SELECT source, container FROM {}.files WHERE container IS NOT NULL"
        return {
            row["source"]: row["container"]
            for place in ("published", "main")
            for row in self._rows(statement.format(place))
        }

    def drafted(self) -> dict[str, str]:
        """Digests of the articles in the draft, by source."""
        return {row["source"]: row["digest"] for row in self._rows("SELECT source, digest FROM main.files")}

    def put(self, article: Article, file: File) -> None:
        """Put an article into the draft, in the place of one of its source."""
        self.withdraw([article.source])
        self._insert("main.articles", article_row(article))
        days = (day and day.isoformat() for day in (file.published, file.shown))
        self._insert(
            "main.files",
            (file.source, file.digest, *days, file.dirt, file.length, file.instructed, file.container, file.sketch),
        )
        self._keep_some()

    def _keep_some(self) -> None:
        """Commit now and then: what is kept is found by the next run, and takes no room twice."""
        self._waiting += 1
        if self._waiting >= _COMMIT_EVERY:
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN")
            self._waiting = 0

    def withdraw(self, sources: Iterable[str]) -> None:
        """Take articles out of the draft."""
        for source in sources:
            self._forget_chunks(source)
            for table in ("articles", "files"):
                self._connection.execute(f"DELETE FROM main.{table} WHERE source = ?", (source,))
            self._connection.execute("DELETE FROM main.compared WHERE one = ? OR other = ?", (source, source))

    def keep(self, sources: Iterable[str]) -> None:
        """Say which articles the index is to have; others that are published will go."""
        self._connection.execute("DROP TABLE IF EXISTS temp.kept")
        self._connection.execute("CREATE TEMP TABLE kept (source TEXT PRIMARY KEY) WITHOUT ROWID")
        self._connection.executemany("INSERT INTO temp.kept VALUES (?)", ((source,) for source in sources))

    def files(self) -> list[File]:
        """What is known of every article that the index is to have, by source."""
        statement = (
            "SELECT * FROM (SELECT * FROM main.files UNION ALL "
            "SELECT * FROM published.files WHERE source NOT IN (SELECT source FROM main.files)) "
            "WHERE source IN (SELECT source FROM temp.kept) ORDER BY source"
        )
        return [
            File(row["source"], row["digest"], _day(row["published"]), _day(row["shown"]), row["dirt"], row["length"],
                 bool(row["instructed"]), row["container"], row["sketch"])
            for row in self._rows(statement)
        ]  # fmt: skip

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
        self._insert("main.compared", (one, other, says))

    def set_originals(self, originals: Iterable[tuple[str, str, date | None]]) -> None:
        """Sources with the original of each, and by when it was there; those that had others go into the draft."""
        known: dict[str, tuple[str, str | None]] = {}
        for place in ("published", "main"):
            for row in self._rows(f"SELECT source, original, no_later_than FROM {place}.articles"):
                known[row["source"]] = row["original"], row["no_later_than"]
        drafted = self.drafted()
        for source, original, latest in originals:
            written = latest.isoformat() if latest else None
            if known[source] != (original, written):
                if source not in drafted:
                    self._insert_from("published", source)
                self._forget_chunks(source)
                statement = "UPDATE main.articles SET original = ?, no_later_than = ? WHERE source = ?"
                self._connection.execute(statement, (original, written, source))

    def _insert_from(self, place: str, source: str) -> None:
        for table in ("articles", "files"):
            self._connection.execute(
                f"INSERT OR REPLACE INTO main.{table} SELECT * FROM {place}.{table} WHERE source = ?", (source,)
            )

    # ----------------------------------------------------------------------------------------------- chunks
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
        self._insert("main.articles", article_row(article))
        self._connection.executemany(f"INSERT INTO main.chunks {_CHUNK} VALUES (?,?,?,?,?)", map(astuple, chunks))
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

    def has_changes(self) -> bool:
        """Whether the index is to have other articles than it has."""
        return bool(self._gone() or self._rows("SELECT 1 FROM main.files LIMIT 1"))

    def _gone(self) -> list[str]:
        """Published articles that go or change."""
        statement = (
            "SELECT source FROM published.files WHERE source NOT IN (SELECT source FROM temp.kept) "
            "OR source IN (SELECT source FROM main.files)"
        )
        return [row["source"] for row in self._rows(statement)]

    # -------------------------------------------------------------------------------------------- publishing
    def publish(self, manifest: Mapping[str, str]) -> None:
        """Make the catalog what the draft says, in one transaction, and end the draft; without change, do nothing.

        Raises:
            sqlite3.Error, OSError: nothing was published.
        """
        gone = self._gone()
        self.close()
        if self._anew and not is_sound(self._catalog):
            self._publish_new(manifest)
        else:
            with _writing(self._catalog) as connection:
                self._publish_in(connection, gone, manifest)
                with suppress(sqlite3.Error, OSError):  # all is published, and the next run tries again
                    tidy_catalog(self._catalog, connection)
        self._remove()

    def _publish_new(self, manifest: Mapping[str, str]) -> None:
        """A catalog in the place of none, or of one that nobody can read."""
        path = self._catalog.with_name(f"{self._catalog.name}.new")
        remove(path)
        private_file(path)
        with closing(open_database(path, write=True)) as connection:
            for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "BEGIN"):
                connection.execute(statement)
            self._fill(connection, manifest, 1)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode=WAL")
        _put_in_place(path, self._catalog)

    def _publish_in(self, connection: sqlite3.Connection, gone: Sequence[str], manifest: Mapping[str, str]) -> None:
        """Change the catalog in its place."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            old = dict(connection.execute("SELECT key, value FROM manifest").fetchall())
            state = int(old.pop("state", "0")) + 1
            if self._anew:
                for name in ("lexical", "manifest", "articles", "files", "chunks", "compared"):
                    connection.execute(f"DROP TABLE IF EXISTS {name}")
                self._fill(connection, manifest, state)
            else:
                for source in gone:
                    _delete(connection, source)
                added = self._add(connection)
                if not (gone or added) and old == dict(manifest):
                    connection.execute("ROLLBACK")
                    return
                _describe(connection, manifest, state)
            # Of the first page as it is in the log: so the file has no checksum should somebody else, as the sqlite3
            # shell does on closing, take the log into it.
            connection.execute("PRAGMA user_version=0")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        _note_state(self._catalog, state)

    def _fill(self, connection: sqlite3.Connection, manifest: Mapping[str, str], state: int) -> None:
        for statement in f"{TABLES.format('main')}{INDEX}".split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        self._add(connection)
        _describe(connection, manifest, state)

    def _add(self, connection: sqlite3.Connection) -> int:
        """Put what is in the draft into a catalog; returns how many articles."""
        added = 0
        with closing(open_database(self._file, write=False)) as draft:
            for row in draft.execute("SELECT * FROM articles ORDER BY source"):
                added += 1
                source, text = row[0], row[-1]
                connection.execute(f"INSERT INTO articles VALUES ({_places(row)})", row)
                for chunk in _chunks_of(draft, source):
                    numbered = connection.execute(f"INSERT INTO chunks {_CHUNK} VALUES (?,?,?,?,?)", astuple(chunk))
                    words = lexical_row(chunk, text)
                    connection.execute(
                        "INSERT INTO lexical (rowid, header, body) VALUES (?,?,?)", (numbered.lastrowid, *words)
                    )
            for table in ("files", "compared"):
                for row in draft.execute(f"SELECT * FROM {table}"):
                    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({_places(row)})", row)
        return added

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def _insert(self, table: str, row: Sequence[object]) -> None:
        self._connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({_places(row)})", row)

    def _forget_chunks(self, source: str) -> None:
        self._connection.execute("DELETE FROM main.chunks WHERE source = ?", (source,))


def _places(row: Sequence[object]) -> str:
    return ",".join("?" * len(row))


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _chunks_of(connection: sqlite3.Connection, source: str) -> list[Chunk]:
    statement = "SELECT id, source, start, end, header FROM chunks WHERE source = ? ORDER BY start"
    return [Chunk(*row) for row in connection.execute(statement, (source,))]


def _delete(connection: sqlite3.Connection, source: str) -> None:
    """Take an article out of a catalog. The lexical index keeps no texts, so it is told what it had."""
    ((text,),) = connection.execute("SELECT text FROM articles WHERE source = ?", (source,))
    for chunk in _chunks_of(connection, source):
        ((number,),) = connection.execute("DELETE FROM chunks WHERE id = ? RETURNING number", (chunk.id,)).fetchall()
        connection.execute(
            "INSERT INTO lexical (lexical, rowid, header, body) VALUES ('delete',?,?,?)",
            (number, *lexical_row(chunk, text)),
        )
    connection.execute("DELETE FROM articles WHERE source = ?", (source,))
    connection.execute("DELETE FROM files WHERE source = ?", (source,))
    connection.execute("DELETE FROM compared WHERE one = ? OR other = ?", (source, source))


def _describe(connection: sqlite3.Connection, manifest: Mapping[str, str], state: int) -> None:
    connection.execute("DELETE FROM manifest")
    connection.executemany("INSERT INTO manifest VALUES (?, ?)", {**manifest, "state": str(state)}.items())


@contextmanager
def _writing(catalog: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes a catalog; its log stays when it is closed, since another one is still open then."""
    keeper, connection = open_database(catalog, write=False), open_database(catalog, write=True)
    with closing(keeper), closing(connection):  # the last one is closed first
        connection.execute("PRAGMA wal_autocheckpoint=0")
        for each in (connection, keeper):
            each.execute("SELECT 1 FROM sqlite_master").fetchone()
        yield connection


def _put_in_place(new: Path, catalog: Path) -> None:
    seal_catalog(new)
    for end in ("-wal", "-shm", ".state"):
        remove(catalog.with_name(catalog.name + end))
    if catalog.is_dir():
        remove(catalog)
    new.replace(catalog)
    with _writing(catalog):
        pass  # so that it has a log, which those who may only read cannot make


def copy_catalog(catalog: Path, new: Path) -> None:
    """Write the newest state of a catalog into a new file, without a log; it is small, and not sealed.

    Raises:
        sqlite3.Error, OSError: it cannot be read or written.
    """
    remove(new)
    private_file(new)
    with closing(open_database(catalog, write=False)) as connection:
        connection.execute("VACUUM INTO ?", (str(new),))


def adopt_catalog(new: Path, catalog: Path, vectors: str) -> None:
    """Put a copy in the place of a catalog, or of none, with what it is to keep of vectors.

    Raises:
        sqlite3.Error, OSError: it cannot be written.
    """
    with closing(open_database(new, write=True)) as connection:
        connection.execute("UPDATE manifest SET value = ? WHERE key = 'vectors'", (vectors,))
        connection.execute("PRAGMA journal_mode=WAL")
    _put_in_place(new, catalog)


def publish_vectors(catalog: Path, vectors: str) -> None:
    """Change what a catalog keeps of vectors, and nothing else.

    Raises:
        sqlite3.Error, OSError: it cannot be written.
    """
    with _writing(catalog) as connection:
        connection.execute("BEGIN IMMEDIATE")
        manifest = dict(connection.execute("SELECT key, value FROM manifest").fetchall())
        state = int(manifest.pop("state", "0")) + 1
        _describe(connection, {**manifest, "vectors": vectors}, state)
        connection.execute("COMMIT")
        _note_state(catalog, state)


def _note_state(catalog: Path, state: int) -> None:
    """Write down the number of a state that was published; one that is not written down is only not looked for."""
    path = state_file(catalog)
    new = path.with_name(f"{path.name}.new")
    with suppress(OSError):
        private_file(new)
        new.write_text(str(state), "ascii")
        new.replace(path)


def tidy_catalog(catalog: Path, connection: sqlite3.Connection, *, always: bool = False) -> bool:
    """Take the log into the catalog where it has grown, and seal that; returns whether the catalog is sealed.

    Readers that are in the way are not waited for: the log stays, and the next run tries again.

    Raises:
        sqlite3.Error, OSError: no space is left; what is published stays readable.
    """
    log = catalog.with_name(f"{catalog.name}-wal").stat().st_size
    sealed = is_sealed_catalog(catalog)
    if sealed and not always and log <= max(_LOG_MAY_HAVE, catalog.stat().st_size // _LOG_SHARE):
        return True
    connection.execute(f"PRAGMA busy_timeout={_BUSY}")
    # Its first page is the first to be written, and says from then on that the rest is not as it was sealed.
    connection.execute("PRAGMA user_version=0")
    ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        return is_sealed_catalog(catalog)
    seal_catalog(catalog)
    return True


def is_sound(catalog: Path) -> bool:
    """Whether a catalog is there that SQLite finds no fault with, of whatever version."""
    try:
        if not catalog.is_file() or not is_whole(catalog):
            return False
        with closing(open_database(catalog, write=False)) as connection:
            ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
            return bool(ours and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except (sqlite3.Error, OSError):
        return False
