"""The time from which a question wants articles: "in June 2024", "before May", "since last week", "2022 only"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rag.questions.collection.words import numbers, words
from rag.text.times import TimeExpression, resolve, spelled

_MONTHS = [name.lower() for name in calendar.month_name[1:]]
_MONTH = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?)?(?P<month>{'|'.join(_MONTHS)})\b"
    r"(?: (?P<after>\d{1,2})(?:st|nd|rd|th)?\b)?(?P<year>,? \d{4})?",
    re.IGNORECASE,
)
# "March" and "may" are months where one of these stands ahead, or a figure beside them.
_DATED = re.compile(r"\b(?:in|of|on|from|since|before|after|until|till|by|and|between|to|early|late|during) $")
_AHEAD = re.compile(r"(?:\b(?:in|from|of|on|between|during|over)(?: the)?)?\s*$", re.IGNORECASE)
_PREPOSITION = re.compile(r"(?:in|on|from|by|until|till|since|before|after|for|during)(?: (?:early|late|mid))? ", re.I)
_YEAR = re.compile(r"(?<![\w-])(?:19|20)\d\d(?![\w-])")
_WEEK = re.compile(r"\b(?:the )?week (?:of|beginning|starting|from)(?: on)?(?: the)? $", re.IGNORECASE)
_RELATIVE = re.compile(r"\b(?:this|last|yesterday|today|ago)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:the )?(?:last|past) (?P<count>\w+) (?P<unit>day|week|month|year)s\b", re.IGNORECASE)
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_RANGE = re.compile(r"\s*(?:and|to|until|till|through|-|–)\s*(?:the )?(?:end of )?", re.IGNORECASE)


@dataclass(frozen=True)
class When:
    """Days from `first` to `last`, both included, as `said`, and where the question says so."""

    start: int
    end: int
    first: date
    last: date
    said: str


def when(question: str, days: Sequence[date]) -> When | None:
    """The time that a question names; a month or day without its year is of the newest of `days` that fits.

    >>> found = when("what came out before may 2024", [])
    >>> found.said, found.last
    ('from before May 2024', datetime.date(2024, 4, 30))
    >>> when("everything since 3 June", [date(2023, 6, 1)]).said
    'since 3 June 2023'
    """
    text = _MONTH.sub(_capitalised, question)
    times = _times(text, days)
    if not times:
        return None
    time, end = times[0], times[0].end
    first, last = time.first, time.last
    if len(times) > 1 and _RANGE.fullmatch(text[end : times[1].start]):
        end, last = times[1].end, max(last, times[1].last)
    start = time.start
    if week := _WEEK.search(text[:start]):
        start, first = week.start(), first - timedelta(first.weekday())
        last = first + timedelta(6)
    said = spelled(first, last)
    onwards = re.match(rf"\s*{words('time')['onwards']}", text[end:], re.IGNORECASE)
    for kind in ("before", "until", "after", "since"):
        ahead = re.search(rf"\b{words('time')[kind]}\s*$", text[:start], re.IGNORECASE)
        if ahead or (kind == "since" and onwards):
            end = onwards.end() + end if onwards else end
            start = ahead.start() if ahead else _AHEAD.search(text[:start]).start()  # type: ignore[union-attr]
            return {
                "before": When(start, end, date.min, first - timedelta(1), f"from before {said}"),
                "until": When(start, end, date.min, last, f"until {said}"),
                "after": When(start, end, last + timedelta(1), date.max, f"from after {said}"),
                "since": When(start, end, first, date.max, f"since {said}"),
            }[kind]
    start = _AHEAD.search(text[:start]).start()  # type: ignore[union-attr]
    return When(start, end, first, last, f"from {said}")


def _times(text: str, days: Sequence[date]) -> list[TimeExpression]:
    """The times that a question names, in its order, each where its own words stand."""
    today = date.today()
    found = [*resolve(text, None), *(time for time in resolve(text, today) if _RELATIVE.search(time.text))]
    found += [_month(match, text, days) for match in _MONTH.finditer(text) if match["month"][0].isupper()]
    for match in _PAST.finditer(text):
        if count := numbers().get(match["count"].lower()) or (match["count"].isdigit() and int(match["count"])):
            ago = min(count * _DAYS[match["unit"].lower()], 36_500)
            found.append(_at(match, today - timedelta(ago), today))
    found += [_at(match, date(int(match[0]), 1, 1), date(int(match[0]), 12, 31)) for match in _YEAR.finditer(text)]
    kept: list[TimeExpression] = []
    for time in found:
        if all(time.end <= other.start or other.end <= time.start for other in kept):
            ahead = _PREPOSITION.match(time.text)
            kept.append(replace(time, start=time.start + (ahead.end() if ahead else 0)))
    return sorted(kept, key=lambda time: time.start)


def _month(match: re.Match[str], text: str, days: Sequence[date]) -> TimeExpression:
    """A month, or a day of one, of the year that stands behind it, or of the newest that fits."""
    month, day = _MONTHS.index(match["month"].lower()) + 1, int(match["day"] or match["after"] or 0)
    behind = _YEAR.search(text, match.end())
    if behind and _RANGE.match(text, match.end()):
        year = int(behind[0])
    else:
        year = max((each.year for each in days if each.month == month), default=max(days, default=date.today()).year)
    length = calendar.monthrange(year, month)[1]
    return _at(match, date(year, month, min(day, length) or 1), date(year, month, min(day, length) or length))


def _at(match: re.Match[str], first: date, last: date) -> TimeExpression:
    return TimeExpression(match.start(), match.end(), match[0], first, last, relative=False)


def _capitalised(match: re.Match[str]) -> str:
    """A month with its capital, unless it may be a verb."""
    sure = match["day"] or match["after"] or match["year"] or _DATED.search(match.string[: match.start()].lower())
    doubtful = match["month"] in ("may", "march") and not sure
    return match[0] if doubtful else match[0].replace(match["month"], match["month"].title())
