"""Many articles in one file, each with fields of its own: tables (CSV, TSV) and lines of JSON.

What the fields are called is in fields.py; RAG_COLUMNS names others.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, Part, Row
from rag.ingest.load.encoding import decoded
from rag.ingest.load.fields import content_of, names_of, value_of
from rag.ingest.load.markup import looks_like_markup, text_of
from rag.text.characters import plain, said

_SEPARATORS = ",;\t|"
_MOST_NAMED = 12  # columns that an error names


def read_table(data: bytes, path: Path) -> Iterator[Part]:
    text, notes = decoded(data, path)
    text = text.lstrip("\ufeff\r\n").replace("\0", "")
    head = text.split("\n", 1)[0]
    csv.field_size_limit(len(text))
    rows = csv.reader(StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=head.count))
    number = 1  # as a spreadsheet counts them
    try:
        names = [name.strip().casefold() for name in next(rows, ())]
        for number, row in enumerate(rows, start=2):
            if any(map(str.strip, row)):
                yield _part(dict(zip(names, row, strict=False)), number, f"row {number:,}", () if number > 2 else notes)
    except csv.Error as error:
        raise LoadError(f"{said(path)} is damaged below row {number:,} ({error}); save it anew as CSV") from None


TABLE = Format("CSV", (".csv", ".tsv"), read_table, several=True)


def read_lines(data: bytes, path: Path) -> Iterator[Part]:
    text, notes = decoded(data, path)
    for number, line in enumerate(text.split("\n"), start=1):
        if not (line := line.strip("\ufeff\r\t ")):
            continue
        try:
            record = json.loads(line, strict=False)
        except (ValueError, RecursionError) as error:
            reason = " ".join(f"{error}".split())
            yield _bad(number, f"line {number:,} of {said(path)} is no JSON ({reason:.100}); mend it or leave it out")
            continue
        if isinstance(record, dict):
            fields = {str(name).strip().casefold(): value for name, value in record.items()}
            yield _part(fields, number, f"line {number:,}", () if number > 1 else notes)
        else:
            yield _bad(number, f'line {number:,} of {said(path)} is no article; write {{"title": …, "text": …}}')


LINES = Format("JSON lines", (".jsonl", ".ndjson"), read_lines, several=True)


def _part(fields: dict[str, Any], number: int, place: str, notes: tuple[str, ...]) -> Part:
    told = {
        name: str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
        for name, value in fields.items()
    }
    return Part(f"#{value_of(told, *names_of('id', {}), *names_of('url', {})) or number}", Row(told, place, notes))


def _bad(number: int, why: str) -> Part:
    return Part(f"#{number}", LoadError(why))


def article_of(row: Row, path: Path, columns: Mapping[str, str]) -> Content:
    """The article of a row; `columns` has the names of fields that are called otherwise than usual.

    Raises:
        LoadError: no field holds its text.
    """
    named = [each for each in names_of("text", columns) if each in row.fields]
    texts = [value for each in named if isinstance(value := row.fields[each], str) and value.strip()]
    if not named:
        there = plain(", ".join(islice(filter(None, row.fields), _MOST_NAMED)))
        raise LoadError(f"{said(path)} names no column for the text; name one of {there}, as RAG_COLUMNS=text=NAME")
    if not texts:
        raise LoadError(f"{said(path)} has no text in its column {plain(named[0])}; leave it out, or name another one")
    text = text_of(texts[0]) if looks_like_markup(texts[0]) else texts[0]
    return replace(content_of(row.fields, text, row.notes, columns), sections=((0, row.place),))
