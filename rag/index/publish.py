"""How a catalog changes: in one transaction it becomes what a draft says, or it is put in its place as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple
from pathlib import Path

from filelock import FileLock, Timeout

from rag.disk.files import remove
from rag.disk.private import FILE, private_file, private_folder
from rag.disk.storage import storage_explained, temporary_explained
from rag.errors import StoreError
from rag.index.catalog import (
    APPLICATION_ID,
    INDEX,
    TABLES,
    is_sealed_catalog,
    is_whole,
    lexical_row,
    open_database,
    seal_catalog,
    state_file,
)
from rag.index.store import LOCK, check_folder
from rag.types import Chunk

_LOG_MAY_HAVE, _LOG_SHARE = 4_000_000, 8  # bytes, and as a part of the catalog's, before it goes into the catalog
_BUSY = 1000  # milliseconds to wait for readers before the log goes into the catalog; else it does the next time


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the lock of an index folder; explain what goes wrong while writing."""
    check_folder(folder)
    still = "an index that was there still answers"
    with storage_explained(
        f"cannot write the index in {folder}",
        f"see that the disk works, or choose another folder with --index; {still}",
        full=f"see that there is space, or choose another folder with --index; {still}",
        denied=f"see that there is permission, or choose another folder with --index; {still}",
    ):
        private_folder(folder)
        try:
            lock = FileLock(folder / LOCK, blocking=False, mode=FILE).acquire()
        except Timeout:
            raise StoreError(f"another process is indexing into {folder}; wait until it has finished") from None
        with lock, temporary_explained(folder):
            yield


def publish(draft: Path, catalog: Path, gone: Sequence[str], manifest: Mapping[str, str], *, anew: bool) -> None:
    """Make a catalog what a draft says: `gone` go, and what the draft has comes; without change, do nothing.

    With `anew` the catalog is to have nothing else, whatever stands in its place.

    Raises:
        sqlite3.Error, OSError: nothing was published.
    """

    def change(connection: sqlite3.Connection, before: Mapping[str, str]) -> Mapping[str, str] | None:
        if anew:
            for name in ("lexical", "manifest", "articles", "files", "chunks", "compared"):
                connection.execute(f"DROP TABLE IF EXISTS {name}")
            _create(connection)
        for source in gone:
            _delete(connection, source)
        added = _add(draft, connection)
        return manifest if anew or gone or added or before != manifest else None

    if anew and not is_sound(catalog):
        new = catalog.with_name(f"{catalog.name}.new")
        remove(new)
        private_file(new)
        with closing(open_database(new, write=True)) as connection:
            for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "BEGIN"):
                connection.execute(statement)
            _create(connection)
            _add(draft, connection)
            _describe(connection, manifest, 1)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode=WAL")
        _put_in_place(new, catalog)
        return
    with _writing(catalog) as connection:
        _change(catalog, connection, change)
        with suppress(sqlite3.Error, OSError):  # all is published, and the next run tries again
            tidy_catalog(catalog, connection)


def publish_vectors(catalog: Path, vectors: str) -> None:
    """Change what a catalog keeps of vectors, and nothing else.

    Raises:
        sqlite3.Error, OSError: it cannot be written.
    """
    with _writing(catalog) as connection:
        _change(catalog, connection, lambda _, manifest: {**manifest, "vectors": vectors})


def _change(
    catalog: Path,
    connection: sqlite3.Connection,
    change: Callable[[sqlite3.Connection, Mapping[str, str]], Mapping[str, str] | None],
) -> None:
    """Publish another state in one transaction: `change` gets the manifest, and gives the new one, None to leave all.

    After an error the connection is closed, which takes back what was begun.
    """
    connection.execute("BEGIN IMMEDIATE")
    before = dict(connection.execute("SELECT key, value FROM manifest").fetchall())
    state = int(before.pop("state", "0"))
    manifest = change(connection, before)
    if manifest is None:
        connection.execute("ROLLBACK")
    else:
        state += 1
        _describe(connection, manifest, state)
        # Of the first page as it is in the log: so the file has no checksum should somebody else, as the sqlite3 shell
        # does on closing, take the log into it.
        connection.execute("PRAGMA user_version=0")
        connection.execute("COMMIT")
    with suppress(OSError):  # a state that is not written down is only not looked for
        _write_state(state_file(catalog), state)


def _write_state(path: Path, state: int) -> None:
    if not path.is_file() or path.read_bytes() != b"%d" % state:
        new = path.with_name(f"{path.name}.new")
        private_file(new)
        new.write_bytes(b"%d" % state)
        new.replace(path)


def _create(connection: sqlite3.Connection) -> None:
    for statement in f"{TABLES.format('main')}{INDEX}".split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _add(draft: Path, connection: sqlite3.Connection) -> int:
    """Put what is in a draft into a catalog; returns how many articles."""
    added = 0
    with closing(open_database(draft, write=False)) as drafted:
        for row in drafted.execute("SELECT * FROM articles ORDER BY source"):
            added += 1
            source, text = row[0], row[-1]
            _insert(connection, "articles", row)
            for chunk in _chunks_of(drafted, source):
                numbered = connection.execute(
                    "INSERT INTO chunks (id, source, start, end, header) VALUES (?,?,?,?,?)", astuple(chunk)
                )
                words = lexical_row(chunk, text)
                connection.execute(
                    "INSERT INTO lexical (rowid, header, body) VALUES (?,?,?)", (numbered.lastrowid, *words)
                )
        for table in ("files", "compared"):
            for row in drafted.execute(f"SELECT * FROM {table}"):
                _insert(connection, table, row)
    return added


def _insert(connection: sqlite3.Connection, table: str, row: Sequence[object]) -> None:
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(row))})", row)


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


def tidy_catalog(catalog: Path, connection: sqlite3.Connection) -> None:
    """Take the log into the catalog where it has grown, and seal that.

    Readers that are in the way are not waited for: the log stays, and the next run tries again.

    Raises:
        sqlite3.Error, OSError: no space is left; what is published stays readable.
    """
    log = catalog.with_name(f"{catalog.name}-wal").stat().st_size
    if is_sealed_catalog(catalog) and log <= max(_LOG_MAY_HAVE, catalog.stat().st_size // _LOG_SHARE):
        return
    connection.execute(f"PRAGMA busy_timeout={_BUSY}")
    # Its first page is the first to be written, and says from then on that the rest is not as it was sealed.
    connection.execute("PRAGMA user_version=0")
    ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if not busy:
        seal_catalog(catalog)


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
