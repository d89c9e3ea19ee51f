"""Who wrote, published or is named in the articles that remain, and in how many."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.questions.asking import Asking
from rag.questions.collection.lines import counted, entries, number
from rag.questions.collection.narrow import authors_of, bare
from rag.questions.collection.words import words
from rag.text.people import in_full
from rag.types import Entry, Listed


def names(asking: Asking, asked: str, rows: Sequence[Listed], question: str) -> tuple[str, list[Entry]]:
    """Who wrote, published or is named in articles, and in how many."""
    if asked == "people":
        return _people(asking, rows, question)
    found: dict[str, list[Listed]] = {}
    for row in rows:
        for name in authors_of(row) if asked == "authors" else [row.publisher] if row.publisher else []:
            found.setdefault(bare(name), []).append(row)
    shown = {key: _shown(asked, own[0], key) for key, own in found.items()}
    single = {row.original for row in rows}
    if len(single) == 1:
        verb = "is by" if asked == "authors" else "is of"
        none = "names no author" if asked == "authors" else "names no publisher"
        by = f"{verb} {' and '.join(shown.values())}" if shown else none
        return f"“{rows[0].title}” {by}.", entries(rows)
    if not found:
        return f"No article names its {'author' if asked == 'authors' else 'publisher'}.", []
    kept = _kept({key: len(own) for key, own in found.items()}, question)
    what = "author" if asked == "authors" else "publisher"
    lines = [Entry(f"{shown[key]}: {counted(found[key])}", tuple(row.source for row in found[key])) for key in kept]
    lacking = sum(not (row.author if asked == "authors" else row.publisher) for row in rows)
    without = f"; {number(lacking, 'article')} without one" if lacking else ""
    return f"{number(len(kept), what)}{without}:", lines


def _shown(asked: str, row: Listed, key: str) -> str:
    names = authors_of(row) if asked == "authors" else [row.publisher or ""]
    return next(name for name in names if bare(name) == key)


def _people(asking: Asking, rows: Sequence[Listed], question: str) -> tuple[str, list[Entry]]:
    """Who is named, by the number of articles, then of mentions."""
    named = asking.index.people({row.original for row in rows})
    fullest = in_full(name for _, name, _ in named)
    sources: dict[str, dict[str, int]] = {}
    for source, name, count in named:
        own = sources.setdefault(fullest.get(name, name), {})
        own[source] = own.get(source, 0) + count
    if not sources:
        return "No names of people were found.", []
    mentions = {name: sum(own.values()) for name, own in sources.items()}
    order = sorted(sources, key=lambda name: (-len(sources[name]), -mentions[name], name))
    often = max(order, key=lambda name: mentions[name])
    several = "1 person" if len(order) == 1 else f"{len(order):,} people"
    lead = f"{several}, by the number of articles that name them:"
    if re.search(words("of")["most"], question):
        first = order[0]
        lead = f"{first} is named in most articles, {len(sources[first])}"
        lead += ":" if often == first else f", and {often} most often, {mentions[often]} times:"
    return lead, [
        Entry(f"{name}: {number(len(own), 'article')}, {number(mentions[name], 'mention')}", tuple(own))
        for name, own in ((name, sources[name]) for name in order)
    ]


def _kept(counts: dict[str, int], question: str) -> list[str]:
    """The names that are meant, most articles first: all, those of several articles, or that of most."""
    order = sorted(counts, key=lambda name: (-counts[name], name))
    if re.search(words("of")["several"], question):
        return [name for name in order if counts[name] > 1]
    if re.search(words("of")["most"], question):
        return [name for name in order if counts[name] == counts[order[0]]]
    return order
