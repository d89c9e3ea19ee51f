"""Questions that name a time, or ask for the latest: articles of that time are preferred, the answer says of which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from rag.dates import TimeExpression, day_of, no_later, resolve
from rag.types import Citation, Passage, Reading

# Of the highest score of a passage, 1: enough to decide between passages that are about equally good, too little for
# one of that time to pass a better one on the matter.
BONUS = 0.1
DEPTH = 3  # times as many passages are looked through as are kept
_LATEST = re.compile(r"\b(?:latest|newest|most recent(?:ly)?|current(?:ly)?|now|up[- ]to[- ]date)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Period:
    """The times that a question names; none where it asks for the latest."""

    times: tuple[TimeExpression, ...]

    def prefer(self, passages: Sequence[Passage], top_k: int) -> list[Passage]:
        """The best `top_k` passages once those of the time have their bonus, best first, with the new scores.

        A passage is of a time if its article is, or if its words speak of it. Of the latest, it is the more, the fewer
        of the passages' articles are newer.
        """
        days = sorted({day for passage in passages if (day := passage.day)})
        scored = [replace(each, score=(each.score + BONUS * self._fit(each, days)) / (1 + BONUS)) for each in passages]
        return sorted(scored, key=lambda passage: -passage.score)[:top_k]

    def in_order(self, reading: Reading) -> Reading:
        """The spans of the newest article first, where the latest is asked for."""
        if self.times:
            return reading
        spans = sorted(reading.spans, key=lambda span: span.passage.day or date.min, reverse=True)
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
        day = passage.day
        if not self.times:
            return (days.index(day) + 1) / len(days) if day else 0.0
        spoken = resolve(passage.text, passage.published)
        return float(
            bool(day and self._meets(day, day)) or any(self._meets(found.first, found.last) for found in spoken)
        )

    def _meets(self, first: date, last: date) -> bool:
        return any(first <= time.last and time.first <= last for time in self.times)


def asked_period(question: str) -> Period | None:
    """The time that a question names by its own words, or the latest; None where it asks for no time.

    >>> [time.when for time in asked_period("What fell in June 2024?").times], asked_period("Who is the latest?").times
    (['June 2024'], ())
    >>> asked_period("Who is the mayor?")
    """
    times = resolve(question, None)
    return Period(times) if times or _LATEST.search(question) else None


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
