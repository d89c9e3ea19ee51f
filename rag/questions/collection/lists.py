"""What is said of the articles that remain: how many, which, the first of an order, those that lack something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.questions.asking import Asking
from rag.questions.collection.lines import counted, described, entries, newest_first, none, number, of_day
from rag.questions.collection.names import names
from rag.questions.collection.narrow import Narrowed
from rag.questions.collection.words import numbers
from rag.text.times import day_of
from rag.types import Answer, Entry, Listed, Statement

MOST = 10  # entries of a list
_LOOKED_INTO = 20  # the longest by characters, to find the longest by words
Said = tuple[str, list[Entry]]  # a sentence, and the lines below it


def answered(asking: Asking, question: str, asked: str, found: Narrowed) -> Answer:
    """The answer to what is asked of the articles that a question narrows to."""
    rows, lower = list(found.rows), question.lower()
    if not rows:
        said: Said = none(found), entries(found.near)
    elif asked == "count" and not _is_narrowed(found):
        said = f"{counted(rows)}.", []
    elif asked in ("newest", "oldest", "longest", "shortest"):
        said = _extreme(asking, asked, rows, _wanted(lower))
    elif asked in ("undated", "unsigned"):
        said = _lacking(asked, rows)
    elif asked in ("authors", "publishers", "people"):
        said = names(asking, asked, rows, lower)
    elif asked == "span":
        said = _span(rows)
    elif asked == "day" and len({row.original for row in rows}) == 1:
        first = rows[0]
        said = f"“{first.title}” is {of_day(first)}.", entries(rows)
    else:
        said = f"{described(found)}:", entries(rows if found.topic else newest_first(rows))
    sentence, lines = said
    if len(lines) > MOST + 1:
        lines = [*lines[:MOST], Entry(f"and {len(lines) - MOST} more", ())]
    answer = asking.quoted(
        question, (), kind="collection", entries=lines, notes=(*found.notes, *asking.filters.notes())
    )
    if not rows:
        return replace(answer, abstention=sentence, confidence=0.0)
    return replace(answer, statements=(Statement(sentence, (), ()),))


def _is_narrowed(found: Narrowed) -> bool:
    return bool(found.said or found.topic or found.titled)


def _wanted(question: str) -> int:
    """How many of an order are wanted: "the five newest"."""
    found = re.search(
        rf"\b(\d{{1,2}}|{'|'.join(numbers())})\b (?:\w+ )?(?:most|newest|latest|oldest|longest|shortest|last|first)",
        question,
    )
    return (numbers().get(found[1]) or int(found[1])) if found else 1


def _extreme(asking: Asking, asked: str, rows: Sequence[Listed], wanted: int) -> Said:
    """The first by day or length."""
    if asked in ("newest", "oldest"):
        days = [row for row in newest_first(rows) if row.day]
        if not days:
            return "No article shows its date.", entries(rows)
        ordered = days if asked == "newest" else days[::-1]
        last = ordered[min(wanted, len(ordered)) - 1].day
        first = [row for row in ordered if row.day and (row.day >= last if asked == "newest" else row.day <= last)]  # type: ignore[operator]
        behind = f"of {len(days):,} with a date" if first[0].published else "by when it was there at the latest"
    else:
        originals = [row for row in rows if row.source == row.original] or list(rows)
        by_length = sorted(originals, key=lambda row: row.length, reverse=asked == "longest")[: _LOOKED_INTO + wanted]
        lengths = {row.source: len(asking.index.text(row.source).split()) for row in by_length}
        first = sorted(by_length, key=lambda row: lengths[row.source], reverse=asked == "longest")[:wanted]
        behind = " and ".join(number(lengths[row.source], "word") for row in first[:1])
    lines = entries(first)
    return f"The {asked} {'article' if len(lines) == 1 else 'articles'}, {behind}:", lines


def _lacking(asked: str, rows: Sequence[Listed]) -> Said:
    """Those that show no date, or name no author."""
    lacking = [row for row in rows if (row.published is None if asked == "undated" else not row.author)]
    verb, what = ("shows", "date") if asked == "undated" else ("names", "author")
    if not lacking:
        return f"Every article {verb} its {what}.", []
    return f"{counted(lacking)} {verb if len(lacking) == 1 else verb[:-1]} no {what}:", entries(lacking)


def _span(rows: Sequence[Listed]) -> Said:
    days = sorted(row.published for row in rows if row.published)
    undated = len(rows) - len(days)
    if not days:
        return "No article shows its date.", []
    without = f"; {number(undated, 'article')} without a date" if undated else ""
    return f"From {day_of(days[0])} to {day_of(days[-1])}{without}.", []
