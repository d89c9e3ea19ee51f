"""How the command prints answers, articles and passages, and what it suggests for a word that it does not know."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from itertools import groupby
from typing import TYPE_CHECKING, Any, NoReturn

from rag.text.characters import plain, plain_lines
from rag.text.times import no_later

if TYPE_CHECKING:
    from datetime import date

    from rag.types import Answer, Citation, Entry, Listed, Passage, Statement

MOST_SOURCES = 3  # articles that are named behind an entry of a list


class Parser(argparse.ArgumentParser):
    """A parser that knows what a mistyped command or option may have meant."""

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and exit with 2."""
        super().error(plain(message))

    def refuse(self, unknown: Iterable[str]) -> NoReturn:
        """Say which arguments are unknown, and which options are meant."""
        words = list(unknown)
        options = [each for each in words if each.startswith("-")]
        meant = [_meant(each.partition("=")[0], self._option_string_actions) for each in options]
        self.error(f"unrecognized arguments: {' '.join(words)}{''.join(meant)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Python 3.14's `suggest_on_error`, which earlier ones lack."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += _meant(value, action.choices or ())
            raise


def _meant(word: str, known: Iterable[object]) -> str:
    near = get_close_matches(word, map(str, known), 1, 0.6)
    return f"; did you mean {near[0]}?" if near else ""


def answer_lines(answer: Answer, *, bold: bool) -> Iterator[str]:
    """An answer and its sources; headings and the words that answer in bold where a terminal shows that."""
    from rag.types import CLOSEST

    yield _text(answer, bold)
    if answer.answered and answer.sureness:
        yield f"({answer.sureness} the answer)"
    for note in answer.notes:
        yield plain(f"({note})")
    shown = answer.citations or answer.nearest
    if shown:
        yield "" if answer.answered else CLOSEST
    for _, same_article in groupby(shown, key=lambda citation: citation.source):
        yield from _source(list(same_article), answer.answered)


def _source(citations: list[Citation], answered: bool) -> Iterator[str]:
    first = citations[0]
    markers = " ".join(f"[{citation.marker}]" for citation in citations) if answered else "-"
    if not answered:
        yield from (plain(f"“{' '.join(citation.quote.split())}”") for citation in citations)
    places = filter(None, dict.fromkeys(citation.place for citation in citations))
    copies = f"republished in {', '.join(first.republished_in)}" if first.republished_in else ""
    file = ", ".join(filter(None, (first.source, *places, copies)))
    origin = _origin(first.title, first.publisher, first.published, first.no_later_than)
    yield plain(f"{markers} {origin} ({file})")


def _origin(title: str, publisher: str | None, published: date | None, latest: date | None) -> str:
    return " · ".join(filter(None, (title, publisher, str(published or no_later(latest)))))


def article_line(header: Listed) -> str:
    """Headline, publisher, day and source of an article, on one line."""
    return plain(f"{_origin(header.title, header.publisher, header.published, header.no_later_than)} ({header.source})")


def passage_lines(passage: Passage) -> Iterator[str]:
    """Score, article, place and words of a passage, and an empty line."""
    file = ", ".join(filter(None, (passage.source, passage.place(passage.start))))
    origin = _origin(passage.title, passage.publisher, passage.published, passage.no_later_than)
    yield plain(f"{passage.score:.2f}  {origin} ({file})")
    yield plain(" ".join(passage.text.split()))
    yield ""


def _text(answer: Answer, bold: bool) -> str:
    remark = answer.remark and replace(answer.remark, text=plain_lines(answer.remark.text))
    return replace(
        answer,
        statements=tuple(_statement(each, bold) for each in answer.statements),
        entries=tuple(map(_entry, answer.entries)),
        abstention=plain_lines(answer.abstention),
        lead=plain_lines(answer.lead),
        remark=remark,
    ).text


def _statement(statement: Statement, bold: bool) -> Statement:
    heading, text = plain(statement.heading), plain_lines(statement.text)
    if bold:
        for sentence in statement.sentences:
            if sentence.answer:
                first = statement.text.index(sentence.text)
                start, end = (first + place for place in sentence.answer)
                text = f"{text[:start]}{_bold(text[start:end])}{text[end:]}"
        heading = heading and _bold(heading)
    return replace(statement, heading=heading, text=text)


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def _entry(entry: Entry) -> Entry:
    """With the articles that it is of behind it."""
    named, more = entry.sources[:MOST_SOURCES], len(entry.sources) - MOST_SOURCES
    others = (f"{more:,} more",) if more > 0 else ()
    articles = f" ({', '.join((*named, *others))})" if named else ""
    return replace(entry, text=plain(f"{entry.text}{articles}"))
