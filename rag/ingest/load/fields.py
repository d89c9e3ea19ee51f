"""What fields of an article are called where they have names: in front matter, columns of a table, keys of JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rag.ingest.load.content import Content

# Of each field its usual names, in lower case and apart by spaces; the first that has a value counts.
NAMES = {
    "text": "text body content article articlebody article_body full_text maintext story",
    "title": "title headline",
    "publisher": "publisher publication site outlet",
    "date": "published date pubdate publication_date date_published datepublished published_at",
    "updated": "updated modified lastmod last_modified last_updated date_modified datemodified updated_at",
    "author": "author authors byline creator",
    "url": "url link source_url",
    "id": "id guid uuid",
}
_NO_VALUE = frozenset({"", "~", "null", "Null", "NULL"})
_ADDRESS = re.compile(r"://|^www\.")


def content_of(
    fields: Mapping[str, Any], text: str, notes: tuple[str, ...] = (), columns: Mapping[str, str] = MappingProxyType({})
) -> Content:
    """An article whose text is this, with what the fields, their names in lower case, tell of it.

    `columns` has the name of a field where it is none of the usual ones.
    """
    source = value_of(fields, "source")  # its address, or its publisher
    named = None if source is None or _ADDRESS.search(source) else source
    told = {field: value_of(fields, *names_of(field, columns)) for field in NAMES}
    return Content(
        text=text,
        title=told["title"],
        publisher=told["publisher"] or named,
        published=told["date"],
        updated=told["updated"],
        author=told["author"],
        notes=notes,
    )


def names_of(field: str, columns: Mapping[str, str] = MappingProxyType({})) -> Sequence[str]:
    """What a field may be called."""
    return [columns[field].casefold()] if field in columns else NAMES[field].split()


def value_of(fields: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that has a value, as one line; of a list or of mappings the names."""
    for name in names:
        value = fields.get(name)
        parts = value if isinstance(value, list) else [value]
        named = [part.get("name") if isinstance(part, dict) else part for part in parts]
        told = [" ".join(part.split()) for part in named if isinstance(part, str) and part not in _NO_VALUE]
        if joined := ", ".join(told):
            return joined
    return None
