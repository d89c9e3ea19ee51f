"""Dates as pages write them, and what they say they are the dates of."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from rag.ingest.labels import labelled

_MONTH = r"[^\W\d_]{3,12}\.?"
_DATE = re.compile(
    rf"(?<![\d.,/-])(?:\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?,?\s(?:de\s|of\s|d’|d')?{_MONTH},?\s(?:de\s|del\s)?\d{{4}}"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    r"|\d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]?"
    r"|\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4})(?![\d/]|[.-]\d)",
    re.IGNORECASE,
)
# What may stand beside a date: a time and its zone.
_TIME = re.compile(
    r"(?:\b(?i:at|um|alle|a las|às?|à)\s)?"
    r"\d{1,2}(?:\s?[:.hH時时点시]\s?\d{2}(?::\d{2}|\s?[分分])?|\s?(?=[aApP]\.?[mM]\b))"
    r"|\b(?i:[ap]\.?m\b\.?|uhr|hrs)|\b(?:[A-Z]{1,3}[SD]T|GMT|UTC|CET|ET|PT)\b"
)
# A label begins a line or a clause; between it and its date stand a name, prepositions, a weekday.
_STATED = (
    r"(?:^\W*|[^\w\s]\W*|{this}\s)(?:(?P<published>{published})|(?P<updated>{updated})|(?P<dated>{dated}))\b"
    r"(?:\W*(?:{by}|{place})\s[^\W\d_][^\d|·•]{1,40}?)?(?:\W*\b[^\W\d_]{1,3}\b){0,2}(?:\W*\b[^\W\d_]{3,12}(?:-feira)?)?\W*$"
)


@dataclass(frozen=True)
class Dated:
    """A date of a line, in ISO form or None where it is not plain which day it is; the characters from start to end.

    `kind` is what its label says: published, updated, dated ("Date:"), or nothing. `start` is that of the label.
    """

    day: str | None
    kind: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def dates_of(line: str) -> tuple[Dated, ...]:
    """The dates of a line, in its order.

    >>> [(each.day, each.kind) for each in dates_of("3 May 2022 (updated on Wednesday, 4 May 2022)")]
    [('2022-05-03', ''), ('2022-05-04', 'updated')]
    """
    dates, last = [], 0
    for found in _DATE.finditer(line):
        ahead = _TIME.sub(lambda time: " " * len(time[0]), line[last : found.start()])
        stated = labelled(_STATED).search(ahead)
        kind = (stated and stated.lastgroup) or ""
        start = last + stated.start(kind) if stated else found.start()
        dates.append(Dated(parse_date(found[0]), kind, start, found.end()))
        last = found.end()
    return tuple(dates)


def without_dates(line: str) -> str:
    """A line without its dates, their labels, times and zones; a tab stands for each date.

    >>> without_dates("By Jane Doe | Published: Jul 31, 2023 11:32 AM")
    'By Jane Doe | \\t '
    """
    for found in reversed(dates_of(line)):
        line = f"{line[: found.start]}\t{line[found.end :]}"
    return _TIME.sub("", line)


@lru_cache(maxsize=4096)
def parse_date(text: str) -> str | None:
    """Read the first full date in `text`, in ISO form; None for an ambiguous, impossible or future one.

    Month names are read in every language that dateparser knows.

    >>> parse_date("3 de marzo de 2024"), parse_date("03/04/2023"), parse_date("13/04/2023")
    ('2024-03-03', None, '2023-04-13')
    """
    phrase = _DATE.search(text)
    if not phrase:
        return None
    readings = _numeric_readings(phrase[0]) if len(re.findall(r"\d+", phrase[0])) == 3 else _named_readings(phrase[0])
    known = {reading for reading in readings if reading <= date.today() + timedelta(days=1)}
    return known.pop().isoformat() if len(readings) == 1 and known else None


def _numeric_readings(phrase: str) -> set[date]:
    first, second, third = (int(number) for number in re.findall(r"\d+", phrase))
    if first > 31:
        orders = [(first, second, third)]
    elif "." in phrase:  # Only languages that put the day first write dates with full stops.
        orders = [(third, second, first)]
    else:
        orders = [(third, second, first), (third, first, second)]
    readings = set()
    for year, month, day in orders:
        with suppress(ValueError):
            readings.add(date(year, month, day))
    return readings


def _named_readings(phrase: str) -> set[date]:
    moment = _moment(phrase)
    # A word that is no month can leave a date made of the remaining numbers.
    numbers = {int(number) for number in re.findall(r"\d+", phrase)}
    return {moment} if moment and {moment.year, moment.day} == numbers else set()


@lru_cache(maxsize=4096)
def reads_as_date(text: str) -> bool:
    """Whether a text is a date and nothing else: "Friday, 3 May 2024", "Le 5 juin 2024"."""
    return _moment(text) is not None


@lru_cache(maxsize=4096)
def _moment(phrase: str) -> date | None:
    import dateparser  # type: ignore[import-untyped]

    with suppress(ValueError, OverflowError, RecursionError):
        moment = dateparser.parse(phrase, settings={"STRICT_PARSING": True, "PARSERS": ["absolute-time"]})
        return moment.date() if moment else None
    return None
