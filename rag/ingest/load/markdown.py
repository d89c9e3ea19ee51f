"""Markdown, with front matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.ingest.load.content import Content, Format, plain_characters
from rag.ingest.load.encoding import decoded
from rag.ingest.load.fields import content_of
from rag.ingest.load.tables import labelled_row
from rag.text.characters import said

if TYPE_CHECKING:
    from markdown_it.token import Token

_WORDS = ("text", "text_special", "code_inline")
_BREAKS = ("softbreak", "hardbreak")


def read(data: bytes, path: Path) -> Content:
    from rag.ingest.load.front_matter import front_matter

    text, notes = decoded(data, path)
    try:
        fields, text = front_matter(plain_characters(text))
    except LoadError as error:
        raise LoadError(f"{said(path)} has {error} in its front matter; leave plain names and values there") from None
    return content_of(fields, without_marks(text), notes)


FORMAT = Format("Markdown", (".md", ".markdown"), read)


def without_marks(markdown: str) -> str:
    """The text without the marks of emphasis, links, pictures and code (CommonMark), line by line.

    Marks at the head of lines stay: they tell headlines and items. So do lines of links or pictures alone: cleaning
    tells by them what is a menu. Rows of a table have the heads of their columns (`labelled_row`).

    >>> without_marks("# Port *opens*\\n\\nIt is [**new**](/new).\\n\\n- [Home](/)")
    '# Port opens\\n\\nIt is new.\\n\\n- [Home](/)'
    """
    from markdown_it import MarkdownIt

    lines = markdown.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    for token in tokens:
        if token.type != "inline" or not token.map:
            continue
        written, seen = token.content.split("\n"), _seen(token).split("\n")
        if len(written) == len(seen):
            for number, old, new in zip(range(token.map[0], token.map[1]), written, seen, strict=False):
                lines[number] = lines[number].replace(old, new, 1)
    for number, line in _rows(tokens).items():
        lines[number] = line
    return "\n".join(lines)


def _rows(tokens: Sequence[Token]) -> dict[int, str]:
    """The rows of tables by the number of their line, with the heads of their columns; of the head itself nothing."""
    rows: dict[int, str] = {}
    heads: list[str] = []
    cells: list[str] = []
    line = 0
    for token in tokens:
        if token.type == "table_open":
            heads = []
        elif token.type == "tr_open" and token.map:
            cells, line = [], token.map[0]
        elif token.type == "inline":
            cells.append(" ".join(_seen(token).split()))
        elif token.type == "tr_close" and heads:
            rows[line] = labelled_row(heads, cells)
        elif token.type == "thead_close":
            heads = cells
            rows |= {line: "", line + 1: ""}
    return rows


def _seen(inline: Token) -> str:
    """What is seen of a paragraph, a headline or a cell; all that is written where it has links or pictures alone."""
    text, outside, depth = "", False, 0
    for token in inline.children or ():
        depth += token.nesting if token.type.startswith("link_") else 0
        outside = outside or (not depth and any(map(str.isalnum, token.content)) and token.type in _WORDS)
        text += token.content if token.type in _WORDS else "\n" if token.type in _BREAKS else ""
    return text if outside else inline.content
