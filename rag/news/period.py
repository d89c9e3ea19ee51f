"""Questions that name a time, or ask for the latest: articles of that time are preferred, the answer says of which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from rag.text.times import TimeExpression, day_of, no_later, resolve, resolve_by, without_year
from rag.types import Citation, Passage, Reading, Span

# Of the highest score of a passage, 1: enough to decide between passages that are about equally good, too little for
# one of that time to pass a better one on the matter.
BONUS = 0.1
DEPTH = 3  # times as many passages are looked through as are kept
NEARLY = 2.0  # log-odds: sentences of which the reader can hardly say which answers better
_LATEST = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|current(?:ly)?|now|up[- ]to[- ]date)\b(?: (?=\w))?", re.IGNORECASE
)


@dataclass(frozen=True)
class Period:
    """The times that a question names; none where it asks for the latest.

    `question` is what is asked of that time: the question without "latest" and the like, which articles may have in
    another sense ("the current level"). `any_year` are months and days of which it does not name the year.
    """

    question: str
    times: tuple[TimeExpression, ...]
    any_year: tuple[tuple[int, int | None], ...] = ()

    def prefer(self, passages: Sequence[Passage], top_k: int) -> list[Passage]:
        """The best `top_k` passages once those of the time have their bonus, best first, with the new scores.

        A passage is of a time if its article is, or if its words speak of it. Of the latest, it is the more, the fewer
        of the passages' articles are newer.
        """
        days = sorted({day for passage in passages if (day := passage.day)})
        scored = [replace(each, score=(each.score + BONUS * self._fit(each, days)) / (1 + BONUS)) for each in passages]
        return sorted(scored, key=lambda passage: -passage.score)[:top_k]

    def in_order(self, reading: Reading) -> Reading:
        """A sentence of the time first, if one is nearly as good as the best; of the latest, the newest article's."""
        best = max((each.score for each in reading.shortlist), default=0.0)
        near = [each for each in reading.shortlist if each.score >= best - NEARLY]
        spans = sorted(reading.spans, key=self._order, reverse=True)
        first = max(near, key=lambda each: (self._order(each.span), each.score)).span if near else None
        if first and self._order(first) > self._order(spans[0]):
            spans = [first, *spans[:1]]
        return replace(reading, spans=tuple(spans))

    def notes(self, citations: Sequence[Citation]) -> tuple[str, ...]:
        """Of which time the quotes speak, in a line: the asked one, else the days of their articles."""
        if not citations:
            return ()
        spoken = [found for citation in citations for found in (*citation.times, *resolve(citation.quote, None))]
        of_time = dict.fromkeys(found.when for found in spoken if self._meets(found.first, found.last))
        if of_time:
            return (f"This speaks of {_listed(list(of_time))}.",)
        days = dict.fromkeys(
            f"of {day_of(citation.published)}" if citation.published else no_later(citation.no_later_than) or "undated"
            for citation in citations
        )
        return (f"The {'articles are' if len(days) > 1 else 'article is'} {_listed(list(days))}.",)

    def _fit(self, passage: Passage, days: Sequence[date]) -> float:
        if self._asks_latest:
            return (days.index(passage.day) + 1) / len(days) if passage.day else 0.0
        return float(self._is_of(passage.text, passage))

    def _order(self, span: Span) -> int:
        """Larger for what is to be shown first."""
        return (span.passage.day or date.min).toordinal() if self._asks_latest else self._is_of(span.text, span.passage)

    @property
    def _asks_latest(self) -> bool:
        return not self.times and not self.any_year

    def _is_of(self, text: str, passage: Passage) -> bool:
        """Whether words of a passage speak of the time, or stand in an article of it."""
        spoken = resolve_by(passage.written, text)
        return bool(passage.day and self._meets(passage.day, passage.day)) or any(
            self._meets(found.first, found.last) for found in spoken
        )

    def _meets(self, first: date, last: date) -> bool:
        of_year = first.year == last.year and any(
            first.month == month == last.month and (day is None or first.day == day == last.day)
            for month, day in self.any_year
        )
        return of_year or any(first <= time.last and time.first <= last for time in self.times)


def asked_period(question: str) -> Period | None:
    """The time that a question names by its own words, or the latest; None where it asks for no time.

    >>> [time.when for time in asked_period("What fell in June 2024?").times]
    ['June 2024']
    >>> asked_period("What fell on 12 June?").any_year
    ((6, 12),)
    >>> asked_period("Who is the current president?").question
    'Who is the president?'
    >>> asked_period("Who is the mayor?")
    """
    times, any_year = resolve(question, None), without_year(question)
    if times or any_year:
        return Period(question, times, any_year)
    return Period(_LATEST.sub("", question), ()) if _LATEST.search(question) else None


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
