"""Front matter: the fields at the head of a Markdown file, between two rules of dashes."""

from __future__ import annotations

import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from rag.errors import LoadError

LONGEST = 10_000  # characters between the rules: pages that hold more there than fields are not known
_DEEPEST = 4  # a field with a list of authors, each with a name, is three levels deep
_FENCED = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The fields at the head of a text, names in lower case, and the text behind them.

    Values are strings, and lists and mappings of them, whatever YAML would make of them. A text that merely begins
    with a rule of dashes has no fields.

    Raises:
        LoadError: they are more than plain values: long or deep, or with anchors, aliases or tags, by which few
            characters can stand for more than any memory holds.

    >>> front_matter("---\\ntitle: Port opens\\ntags: [ships]\\n---\\nIt opened.")
    ({'title': 'Port opens', 'tags': ['ships']}, 'It opened.')
    >>> front_matter("---\\nIt opened.\\n---\\nShips came.")
    ({}, '---\\nIt opened.\\n---\\nShips came.')
    """
    fenced = _FENCED.match(text)
    block = fenced[1] if fenced else ""
    try:
        refused = _refused(block[:LONGEST].rpartition("\n")[0] if len(block) > LONGEST else block)
        if refused is None or not fenced:
            return {}, text
        if refused or len(block) > LONGEST:
            raise LoadError(refused or f"more than {LONGEST:,} characters")
        fields = yaml.load(block, yaml.BaseLoader)
    except yaml.YAMLError:
        return {}, text
    return {str(key).lower(): value for key, value in fields.items()}, text[fenced.end() :]


def _refused(block: str) -> str | None:
    """What makes a mapping more than plain values, "" where nothing does; None for what is no mapping at all.

    Of YAML's events, which are no more than the text: values are built of them only if they are plain.
    """
    refused, depth, mapping = "", 0, False
    for event in yaml.parse(block, yaml.BaseLoader):
        if not depth and isinstance(event, yaml.NodeEvent):
            mapping = isinstance(event, yaml.MappingStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.NodeEvent) and not mapping:
            return None
        if depth > _DEEPEST:
            return "lists within lists"  # at once: the deeper, the longer each further event takes
        if isinstance(event, yaml.AliasEvent):
            refused = refused or f"an alias (*{event.anchor:.20})"
        elif getattr(event, "anchor", None):
            refused = refused or f"an anchor (&{event.anchor:.20})"
        elif getattr(event, "tag", None):
            refused = refused or "a tag (!)"
    return refused if mapping else None
