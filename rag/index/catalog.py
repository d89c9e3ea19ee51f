"""One SQLite file: articles, chunks, the lexical index (FTS5) and what the index was built with.

It is changed in place, in one transaction (`rag.index.draft`), through SQLite's write-ahead log: a reader has the state
that was newest when it began, a full disk or a killed process leaves the old one. The log goes into the file only when
it has grown, and the file then gets a checksum of its bytes; until the next time nothing in it changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import QuestionError, StoreError
from rag.text.characters import folded
from rag.text.speaker import Turn
from rag.types import Article, Chunk, Filters, Instruction, Listed, Passage, Removal

_LISTED = "(SELECT value FROM json_each(?))"  # any number of values in one variable
_PATIENCE = 60.0  # seconds to wait for another process at what cannot be done at once
CONTAINERS = "containers"  # key in the manifest
NAMED = 5  # publishers that are named to who asks for one that is not there
APPLICATION_ID = 0x52414731  # "RAG1": tells our file from other people's SQLite files
_CHECKSUM = slice(60, 64)  # bytes of the file's head that SQLite leaves to us, as `user_version`
_UNSEALED = bytes(4)
# `files` has what is needed to index again, apart from the long rows of `articles`; `compared` what copies.py found of
# two texts. Of a draft (rag/index/draft.py) the same tables, without the lexical index, have what is to come.
TABLES = """
CREATE TABLE {0}.articles (
    source TEXT PRIMARY KEY, digest TEXT NOT NULL, title TEXT NOT NULL, publisher TEXT, published TEXT,
    author TEXT, original TEXT NOT NULL, no_later_than TEXT, turns TEXT NOT NULL, sentences BLOB NOT NULL,
    updated TEXT, imprint BLOB NOT NULL, container TEXT,
    instructions TEXT NOT NULL, removed TEXT NOT NULL, notes TEXT NOT NULL, sections TEXT NOT NULL,
    people TEXT NOT NULL, text TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX {0}.articles_original ON articles (original, no_later_than);
CREATE TABLE {0}.files (
    source TEXT PRIMARY KEY, digest TEXT NOT NULL, published TEXT, shown TEXT, dirt INTEGER NOT NULL,
    length INTEGER NOT NULL, instructed INTEGER NOT NULL, container TEXT, sketch BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE {0}.chunks (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, source TEXT NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, header TEXT NOT NULL
) STRICT;
CREATE INDEX {0}.chunks_source ON chunks (source, start);
CREATE TABLE {0}.compared (one TEXT, other TEXT, says INTEGER, PRIMARY KEY (one, other)) WITHOUT ROWID, STRICT;
CREATE INDEX {0}.compared_other ON compared (other);
"""
INDEX = """
CREATE TABLE main.manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE main.lexical USING fts5(header, body, content='', tokenize='porter unicode61');
"""
_PAIR = struct.Struct("<II")  # start and end of a sentence or a line: of a long article JSON takes longer than its text
_WORD = re.compile(r"\w[\w\u0300-\u036f\u200c\u200d]*")  # with the accents and joiners that `folded` takes off
# Scripts written without spaces: unicode61 would index a whole run of them as one word.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")


def checksum(file: BinaryIO, start: int = 0) -> int:
    """CRC-32 of the rest of a file, on top of that of what came before."""
    while block := file.read(1_000_000):
        start = zlib.crc32(block, start)
    return start


def seal_catalog(path: Path) -> None:
    """Give a catalog whose log is empty the checksum of its bytes.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("r+b") as file:
        own = _own_checksum(bytearray(file.read(_CHECKSUM.stop)), file)
        file.seek(_CHECKSUM.start)
        file.write(own)
        file.flush()
        os.fsync(file.fileno())


def is_sealed_catalog(path: Path) -> bool:
    """Whether a catalog has a checksum; it lacks one while its log goes into it."""
    with path.open("rb") as file:
        return file.read(_CHECKSUM.stop)[_CHECKSUM] != _UNSEALED


def is_whole(path: Path) -> bool:
    """Whether a catalog is to the byte as it was sealed: then nothing in it is missing or of another kind.

    One that is not sealed is taken for whole. What its log holds has checksums of SQLite's own, after the first bad one
    of which it ends, and the number of the state, which is also in a file beside it.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = bytearray(file.read(_CHECKSUM.stop))
        if head[_CHECKSUM] in (_UNSEALED, _own_checksum(head, file)):
            return True
    with path.open("rb") as file:  # the log may just have begun to go into it
        return len(head) == _CHECKSUM.stop and file.read(_CHECKSUM.stop)[_CHECKSUM] != head[_CHECKSUM]


def _own_checksum(head: bytearray, rest: BinaryIO) -> bytes:
    """What a catalog has as its checksum: that of its bytes without it."""
    return (checksum(rest, zlib.crc32(head[: _CHECKSUM.start])) or 1).to_bytes(4, "big")


def state_file(path: Path) -> Path:
    """The file that has the number of a catalog's newest state, so that a log that lost its end is known."""
    return path.with_name(f"{path.name}.state")


class Catalog:
    """The read side: one state, from `begin` (at first the opening) to `end`; safe for threads.

    Raises:
        StoreError: the file is not one of ours.
        sqlite3.Error, OSError: it is damaged, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:  # says what is in the way, where SQLite only says that it cannot
            if not file.read(1):
                raise sqlite3.DatabaseError("the file is empty")
            self.inode = os.fstat(file.fileno()).st_ino
        self._path = path
        self._connection = open_database(path, write=False)
        self._connection.row_factory = sqlite3.Row
        try:
            found = self._connection.execute("PRAGMA application_id").fetchone()[0]
            if found != APPLICATION_ID:
                raise StoreError(f"{path} was not written by this program; choose another folder with --index")
            self.manifest: dict[str, str] = {}
            self.begin()
        except BaseException as error:
            self._connection.close()
            shared = path.with_name(f"{path.name}-shm")
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CANTOPEN and not shared.exists():
                raise StoreError(
                    f"{path} cannot be read where nothing may be written, without {shared.name}; "
                    "copy all of the folder, or run `rag doctor` once where it may be written"
                ) from error
            raise

    def begin(self) -> None:
        """From now on read the newest state."""
        self._connection.execute("BEGIN")
        state = self._rows("SELECT value FROM manifest WHERE key = 'state'")
        if not self.manifest or not state or state[0]["value"] != self.manifest.get("state"):
            self.manifest = {row["key"]: row["value"] for row in self._rows("SELECT key, value FROM manifest")}

    def end(self) -> None:
        """Hold no state any more; else the log of the catalog could not be cleared."""
        self._connection.execute("ROLLBACK")

    def is_current(self) -> bool:
        """Whether the file is still the one that stands in its place."""
        try:
            return self._path.stat().st_ino == self.inode
        except OSError:
            return False

    def has_lost_changes(self) -> bool:
        """Whether a newer state than the newest that can be read was there: its log is damaged."""
        if not self._is_behind():
            return False
        self.end()
        self.begin()  # it may have been published meanwhile
        return self._is_behind()

    def _is_behind(self) -> bool:
        try:
            return int(self.manifest.get("state", "")) < int(state_file(self._path).read_text("ascii"))
        except FileNotFoundError:
            return False
        except ValueError:
            return True

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def articles(self) -> list[Article]:
        """Every article and copy, by source."""
        return [article_of(row) for row in self._rows("SELECT * FROM articles ORDER BY source")]

    def article(self, source: str) -> Article | None:
        """The article of that source, if there is one."""
        rows = self._rows("SELECT * FROM articles WHERE source = ?", (source,))
        return article_of(rows[0]) if rows else None

    def digests(self) -> dict[str, str]:
        """The digest of each file, by its source."""
        alone = self._rows("SELECT source, digest FROM files WHERE container IS NULL")
        return {row["source"]: row["digest"] for row in alone} | {
            file: digest for file, (digest, _) in self.containers().items()
        }

    def file_digest(self, article: Article) -> str | None:
        """The digest of the file that an article was read from."""
        return self.containers().get(article.container, (None,))[0] if article.container else article.digest

    def containers(self) -> dict[str, tuple[str, bool]]:
        """Of the files that hold several articles the digest, and whether all of these are in the index."""
        try:
            kept = json.loads(self.manifest.get(CONTAINERS, "{}"))
            return {file: (digest, whole) for file, (digest, whole) in kept.items()}
        except (ValueError, TypeError, AttributeError):  # then they are looked through again
            return {}

    def copies(self, source: str) -> tuple[str, ...]:
        """Sources of the republished copies of an article."""
        statement = "SELECT source FROM articles WHERE original = ? AND source != original ORDER BY source"
        return tuple(row["source"] for row in self._rows(statement, (source,)))

    def chunks(self) -> list[Chunk]:
        """Every chunk, in the order of the articles."""
        statement = "SELECT id, source, start, end, header FROM chunks ORDER BY source, start"
        return [Chunk(*row) for row in self._rows(statement)]

    def chunk_ids(self) -> set[str]:
        """The id of every chunk."""
        return {row["id"] for row in self._rows("SELECT id FROM chunks")}

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those ids that are of chunks: others may be of an earlier or a coming state."""
        return {row["id"] for row in self._rows(f"SELECT id FROM chunks WHERE id IN {_LISTED}", _list(ids))}

    def article_counts(self) -> tuple[int, int]:
        """Number of originals, and of republished copies."""
        row = self._rows("SELECT count(*) AS articles, total(original != source) AS copies FROM articles")[0]
        return row["articles"] - int(row["copies"]), int(row["copies"])

    def listed(self, filters: Filters, words: Sequence[str] = ()) -> list[Listed]:
        """What a list says of every article and copy, newest first, those without a day last.

        With words of `words_of`, of those articles alone that have all of them in a passage.
        """
        condition, values = _where(filters)
        if words:
            condition += (
                " AND source IN (SELECT chunks.source FROM lexical JOIN chunks ON chunks.number = lexical.rowid "
                "WHERE lexical MATCH ?)"
            )
            values.append(" AND ".join(f'"{word}"' for word in dict.fromkeys(map(folded, words))))
        rows = self._rows(
            "SELECT source, title, publisher, articles.published, author, original, no_later_than, updated, "
            "files.length, coalesce(articles.published, no_later_than) AS day "
            f"FROM articles JOIN files USING (source) WHERE true {condition} ORDER BY day IS NULL, day DESC, source",
            values,
        )
        return [
            Listed(row["source"], row["title"], row["publisher"], _date(row["published"]), row["author"],
                   row["original"], _date(row["no_later_than"]), _date(row["updated"]), row["length"])
            for row in rows
        ]  # fmt: skip

    def having(self, words: Sequence[str], near: int = 0) -> set[str]:
        """The originals that have these words, of `words_of`, side by side, or with at most `near` others between."""
        match = " ".join(map(folded, words))
        match = (
            f"NEAR({' '.join(f'{chr(34)}{word}{chr(34)}' for word in match.split())}, {near})" if near else f'"{match}"'
        )
        rows = self._rows(
            "SELECT DISTINCT source FROM lexical JOIN chunks ON chunks.number = lexical.rowid WHERE lexical MATCH ?",
            (f"body : {match}",),
        )
        return {row["source"] for row in rows}

    def people(self, sources: Iterable[str]) -> list[tuple[str, str, int]]:
        """Whom these originals name: the source, the name, and how often."""
        rows = self._rows(
            "SELECT source, people FROM articles WHERE source IN (SELECT value FROM json_each(?))",
            (json.dumps(list(sources)),),
        )
        return [(row["source"], name, count) for row in rows for name, count in json.loads(row["people"])]

    def instructed(self) -> int:
        """Number of articles and copies with words that look like an instruction to a language model."""
        return int(self._rows("SELECT count(*) AS articles FROM files WHERE instructed")[0]["articles"])

    def generation(self) -> str:
        """A digest of what can be retrieved and how it is shown; equal content has equal generations."""
        digest = hashlib.sha256()
        for statement in (
            "SELECT id FROM chunks ORDER BY source, start",
            "SELECT source, title, publisher, published, original, no_later_than, sections FROM articles "
            "ORDER BY source",
        ):
            for row in self._rows(statement):
                digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()[:16]

    def chunk_count(self) -> int:
        """Number of chunks."""
        return int(self._rows("SELECT count(*) AS chunks FROM chunks")[0]["chunks"])

    def chunk_counts(self) -> dict[str, int]:
        """Number of chunks by source."""
        rows = self._rows("SELECT source, count(*) AS chunks FROM chunks GROUP BY source")
        return {row["source"]: row["chunks"] for row in rows}

    def lexical(self, words: Sequence[str], limit: int, filters: Filters) -> dict[str, float]:
        """Chunk ids and their BM25 score (FTS5's, k1 1.2 and b 0.75) for words of `words_of`, best first."""
        if not words:
            return {}
        condition, values = _where(filters)
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(map(folded, words)))
        join = "JOIN chunks ON number = lexical.rowid JOIN articles USING (source)" if condition else ""
        found = self._rows(
            f"SELECT lexical.rowid, -bm25(lexical) FROM lexical {join} WHERE lexical MATCH ? {condition}",
            (match, *values),
        )
        # Of equal scores the first by source, whatever their numbers. Only the best are looked up: to look up all that
        # have a frequent word takes ten times as long as their scores.
        least = min(nlargest(limit, (score for _, score in found)), default=0.0)
        scores = {number: score for number, score in found if score >= least}
        rows = self._rows(f"SELECT number, id, source, start FROM chunks WHERE number IN {_LISTED}", _list(scores))
        rows.sort(key=lambda row: (-scores[row["number"]], row["source"], row["start"]))
        return {row["id"]: scores[row["number"]] for row in rows[:limit]}

    def as_written(self, filters: Filters) -> Filters:
        """The filters with publishers spelled as the articles do; case, accents and "The" make no difference.

        Raises:
            QuestionError: no article has one of the publishers.
        """
        if filters.publishers is None:
            return filters
        rows = self._rows("SELECT DISTINCT publisher FROM articles WHERE publisher IS NOT NULL ORDER BY publisher")
        known = [str(row["publisher"]) for row in rows]
        wanted = set(map(_bare, filters.publishers))
        found = frozenset(name for name in known if _bare(name) in wanted)
        if wanted and not found:
            asked = " or ".join(sorted(filters.publishers))
            alike = get_close_matches(asked, known, NAMED, cutoff=0.0)
            there = f"there is {', '.join(alike)}" if alike else "none states its publisher"
            raise QuestionError(f"filter publisher: no article is from {asked}; {there}")
        return replace(filters, publishers=found)

    def passages(self, scores: Mapping[str, float]) -> list[Passage]:
        """The passages of those chunk ids, with their scores, in the same order; unknown ids are dropped."""
        rows = self._rows(
            "SELECT chunks.id, chunks.source, start, end, substr(text, start + 1, end - start) AS words, title, "
            "publisher, published, updated, author, no_later_than, sentences, imprint, sections, turns, "
            "(SELECT json_group_array(source) FROM (SELECT source FROM articles AS copies "
            "WHERE original = chunks.source AND source != original "
            "ORDER BY source)) AS copies "
            f"FROM chunks JOIN articles USING (source) WHERE id IN {_LISTED}",
            _list(scores),
        )
        by_id = {row["id"]: row for row in rows}
        return [_passage(by_id[chunk_id], score) for chunk_id, score in scores.items() if chunk_id in by_id]

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()


def open_database(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection without transactions of its own, for any thread.

    One that only reads leaves the log as it is; one that writes has to be closed while another is open, else SQLite
    would take the log into the file.
    """
    address = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}"
    return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, timeout=_PATIENCE)


def words_of(query: str) -> list[str]:
    """The words of a query as the lexical index has them; a character is one in scripts without spaces."""
    return _WORD.findall(_spaced(query))


def _bare(publisher: str) -> str:
    return folded(publisher).strip().casefold().removeprefix("the ")


def _where(filters: Filters) -> tuple[str, list[str]]:
    conditions, values = [], []
    if filters.publishers is not None:
        conditions.append(f"AND publisher IN ({','.join('?' * len(filters.publishers))})")
        values += sorted(filters.publishers)
    if filters.date_from is not None:
        conditions.append("AND articles.published >= ?")
        values.append(filters.date_from.isoformat())
    if filters.date_to is not None:
        conditions.append("AND coalesce(articles.published, no_later_than) <= ?")
        values.append(filters.date_to.isoformat())
    return " ".join(conditions), values


def _spaced(text: str) -> str:
    return _UNSPACED.sub(r" \1 ", text)


def _list(values: Iterable[object]) -> tuple[str]:
    """What fills `_LISTED`."""
    return (json.dumps(list(values)),)


def lexical_row(chunk: Chunk, text: str) -> tuple[str, str]:
    """Header and body of a chunk as the lexical index has them, of an article with that text."""
    return _spaced(folded(chunk.header)), _spaced(folded(text[chunk.start : chunk.end]))


def article_row(article: Article) -> tuple[str | bytes | None, ...]:
    return (
        article.source,
        article.digest,
        article.title,
        article.publisher,
        article.published.isoformat() if article.published else None,
        article.author,
        article.original,
        article.no_later_than.isoformat() if article.no_later_than else None,
        json.dumps([astuple(turn) for turn in article.turns], ensure_ascii=False),
        b"".join(_PAIR.pack(*span) for span in article.sentences),
        article.updated.isoformat() if article.updated else None,
        b"".join(_PAIR.pack(*span) for span in article.imprint),
        article.container,
        json.dumps([[found.text, found.reason] for found in article.instructions], ensure_ascii=False),
        json.dumps([[removal.text, removal.reason] for removal in article.removed], ensure_ascii=False),
        json.dumps(article.notes, ensure_ascii=False),
        json.dumps(article.sections, ensure_ascii=False),
        json.dumps(article.people, ensure_ascii=False),
        article.text,  # last, since whatever stands behind a long text is read through it
    )


def _passage(row: sqlite3.Row, score: float) -> Passage:
    return Passage(
        id=row["id"],
        text=row["words"],
        start=row["start"],
        end=row["end"],
        score=score,
        republished_in=tuple(json.loads(row["copies"])),
        article_sentences=_places(row["sentences"]),
        **_facts_of(row),
    )


def article_of(row: sqlite3.Row) -> Article:
    return Article(
        digest=row["digest"],
        text=row["text"],
        removed=tuple(Removal(text, reason) for text, reason in json.loads(row["removed"])),
        original=row["original"],
        instructions=tuple(Instruction(text, reason) for text, reason in json.loads(row["instructions"])),
        sentences=_places(row["sentences"]),
        notes=tuple(json.loads(row["notes"])),
        container=row["container"],
        people=tuple((name, count) for name, count in json.loads(row["people"])),
        **_facts_of(row),
    )


def _facts_of(row: sqlite3.Row) -> dict[str, Any]:
    """What a passage brings along of its article."""
    return {
        "source": row["source"],
        "title": row["title"],
        "publisher": row["publisher"],
        "published": _date(row["published"]),
        "author": row["author"],
        "no_later_than": _date(row["no_later_than"]),
        "turns": _turns(row["turns"]),
        "updated": _date(row["updated"]),
        "imprint": _places(row["imprint"]),
        "sections": _sections(row["sections"]),
    }


@lru_cache(maxsize=32)  # the passages of a question are of a few articles
def _places(packed: bytes) -> tuple[tuple[int, int], ...]:
    return tuple(_PAIR.iter_unpack(packed))


@lru_cache(maxsize=16)
def _sections(written: str) -> tuple[tuple[int, str], ...]:
    return tuple((start, label) for start, label in json.loads(written))


@lru_cache(maxsize=16)
def _turns(written: str) -> tuple[Turn, ...]:
    return tuple(Turn(*turn) for turn in json.loads(written))


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
