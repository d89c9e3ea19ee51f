"""What narrows a question of the collection: a headline, a publisher, an author, a time, as the catalog has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rag.questions.collection.when import when
from rag.questions.collection.words import words
from rag.types import Listed

TAKEN = " | "  # stands where words of the question were understood


@dataclass(frozen=True)
class Narrowed:
    """The articles and copies that remain, what they are said to be, and the question without what said so.

    `said` are parts such as "by Ida Holm", "from June 2024"; `verb` is "about" or "mention", ahead of the `topic`, if
    they were narrowed to one; `near` are those nearest to it in meaning, if none has it; `notes` are what has to be
    said of all this.
    """

    rows: tuple[Listed, ...]
    rest: str
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    titled: bool = False
    topic: str = ""
    verb: str = ""
    near: tuple[Listed, ...] = ()

    def keep(self, rest: str, said: str, wanted: Callable[[Listed], bool]) -> Narrowed:
        """What remains of the wanted ones."""
        return replace(self, rest=rest, said=(*self.said, said), rows=tuple(filter(wanted, self.rows)))


def narrowed(question: str, rows: Sequence[Listed]) -> Narrowed:
    """The articles that a question names by headline, publisher, author and time; all where it names none."""
    found = Narrowed(tuple(rows), question)
    for narrow in (_by_title, _by_publisher, _by_author, _by_time):
        found = narrow(found)
    return found


def _by_title(found: Narrowed) -> Narrowed:
    """Those whose headline stands in the question, of three words or more."""
    asked = found.rest.casefold()
    titles = {row.title for row in found.rows if row.title.casefold() in asked and len(row.title.split()) > 2}
    for title in sorted(titles, key=len, reverse=True):
        if match := _named(title, found.rest):
            kept = found.keep(_without(found.rest, match), "", lambda row, title=title: row.title == title)  # type: ignore[misc]
            return replace(kept, titled=True, said=())
    return found


def _by_publisher(found: Narrowed) -> Narrowed:
    names = {row.publisher for row in found.rows if row.publisher}
    matches = {name: match for name in names if (match := _named(bare(name), found.rest))}
    if not matches:
        matches = {name: match for name in names if (match := _by_end(name, found.rest))}
    matches = {name: match for name, match in matches.items() if not _is_topic(found.rest, match)}
    if not matches:
        return found
    meant = set(map(bare, matches))
    rest = found.rest
    for match in sorted(set(matches.values()), key=lambda one: one.start(), reverse=True):
        rest = _without(rest, match)
    written = {bare(name): name for name in sorted(names, key=len, reverse=True)}  # without "The" where some are
    said = " or ".join(sorted(written[name] for name in meant))
    return found.keep(rest, f"of {said}", lambda row: bool(row.publisher) and bare(row.publisher or "") in meant)


def _by_end(publisher: str, text: str) -> re.Match[str] | None:
    """Where a publisher is named by the end of its name: "the Post", "the evening post"."""
    name = publisher.split()
    for first in range(1, len(name)):
        end = re.escape(" ".join(name[first:]))
        written = end if first == len(name) - 1 else f"(?i:{end})"  # "the post" may be another one
        if found := re.search(rf"\b[Tt]he {written}\b(?! [A-Z])", text):
            return found
    return None


def _by_author(found: Narrowed) -> Narrowed:
    asked = set(re.findall(r"\w+", found.rest.casefold()))
    names = {name for row in found.rows for name in authors_of(row) if _last(name).casefold() in asked}
    for name in sorted(names, key=len, reverse=True):
        match = _named(name, found.rest)
        if match is None and " " in name:
            last = re.escape(_last(name))
            match = re.search(
                rf"\b(?:by|did|has|from) (?:\w+ )?{last}\b|\b{last} (?:wrote|has written|write)\b",
                found.rest,
                re.IGNORECASE,
            )
        if match and not _is_topic(found.rest, match):
            return found.keep(
                _without(found.rest, match),
                f"by {name}",
                lambda row, name=name: name in authors_of(row),  # type: ignore[misc]
            )
    return found


def _last(name: str) -> str:
    return str(re.findall(r"\w+", name)[-1])


def _by_time(found: Narrowed) -> Narrowed:
    time = when(found.rest, [row.published for row in found.rows if row.published])
    if time is None:
        return found

    def within(row: Listed) -> bool:
        if row.published:
            return time.first <= row.published <= time.last
        return bool(row.no_later_than) and time.first == date.min and (row.no_later_than or date.max) <= time.last

    undated = sum(row.published is None and not within(row) for row in found.rows)
    notes = (f"{undated} {'article has' if undated == 1 else 'articles have'} no date.",) if undated else ()
    rest = found.rest[: time.start] + TAKEN + found.rest[time.end :]
    return replace(found.keep(rest, time.said, within), notes=notes)


def _is_topic(text: str, match: re.Match[str]) -> bool:
    """Whether it is what articles are asked to be about, and not where they are from."""
    ahead = text[: match.start()].lower().rstrip()
    return bool(re.search(rf"(?:{words('topic')['about']}|{words('topic')['mentions']})(?: the)?$", ahead))


def _named(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w)(?:the )?{re.escape(name)}(?:['’]s)?(?!\w)", text, re.IGNORECASE)


def _without(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + TAKEN + text[match.end() :]


def bare(publisher: str) -> str:
    """A publisher's name in one form.

    >>> bare("The Brenik Gazette") == bare("Brenik gazette")
    True
    """
    return " ".join(publisher.casefold().split()).removeprefix("the ")


def authors_of(row: Listed) -> list[str]:
    """The names of an article's authors.

    >>> authors_of(Listed("a", "A", None, None, "IDA HOLM and Bo Lund", "a", None, None, 1))
    ['Ida Holm', 'Bo Lund']
    """
    names = re.split(r",\s*|\s+(?:and|&)\s+", row.author or "")
    return [name.title() if name.isupper() else name for name in names if re.search(r"\w", name)]
