"""How articles are written in a line: how many, which they are, who wrote and published one and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.questions.collection.narrow import Narrowed, authors_of
from rag.text.times import dated, day_of
from rag.types import Entry, Listed


def none(found: Narrowed) -> str:
    """That no article is so.

    >>> none(Narrowed((), "", ("by Ida Holm",))), none(Narrowed((), "", topic="bees", verb="mention"))
    ('No article is by Ida Holm.', 'No article mentions “bees”.')
    """
    said = " ".join(found.said)
    if not found.topic:
        return f"No article is {said}." if said else "There is no article."
    nearest = "; nearest in meaning:" if found.near else "."
    return f"No article {said} mentions “{found.topic}”{nearest}".replace("  ", " ")


def described(found: Narrowed) -> str:
    """How many articles remain, and what they are: "2 articles by Ida Holm from June 2024"."""
    parts = [counted(found.rows), *found.said]
    if found.topic:
        one = len(found.rows) == 1
        verb = ("is about" if one else "are about") if found.verb == "about" else ("mentions" if one else "mention")
        parts.append(f"{verb} “{found.topic}”")
    return " ".join(parts)


def counted(rows: Sequence[Listed]) -> str:
    """How many articles and copies.

    >>> counted([])
    '0 articles'
    """
    copies = sum(row.source != row.original for row in rows)
    articles = number(len(rows) - copies, "article")
    if not copies:
        return articles
    made = "1 republished copy" if copies == 1 else f"{copies:,} republished copies"
    return f"{articles} and {made}, {len(rows):,} in all" if len(rows) > copies else made


def number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def entries(rows: Iterable[Listed]) -> list[Entry]:
    """A line for each article, its copies with it."""
    together: dict[str, list[Listed]] = {}
    for row in rows:
        together.setdefault(row.original, []).append(row)
    lines = []
    for original, own in together.items():
        first, *others = sorted(own, key=lambda row: row.source != original)
        copied = [f"republished{_where(each)}" for each in others]
        kind = [] if first.source == original else ["a republished copy"]
        text = f"{first.title} ({'; '.join(filter(None, [_facts(first), *kind, *copied]))})".removesuffix(" ()")
        lines.append(Entry(text, tuple(row.source for row in (first, *others))))
    return lines


def _facts(row: Listed) -> str:
    """Publisher, author and day, as far as they are known."""
    return ", ".join(filter(None, [row.publisher, *authors_of(row), dated(row.published, row.no_later_than)]))


def _where(row: Listed) -> str:
    by = f" by {row.publisher}" if row.publisher else ""
    day = dated(row.published, row.no_later_than)
    return f"{by}, {day}" if day else by


def of_day(row: Listed) -> str:
    return f"of {day_of(row.published)}" if row.published else dated(None, row.no_later_than) or "without a date"


def newest_first(rows: Iterable[Listed]) -> list[Listed]:
    return sorted(
        rows, key=lambda row: (row.day is not None, row.day, row.source) if row.day else (False,), reverse=True
    )
