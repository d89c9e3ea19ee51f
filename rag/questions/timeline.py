"""What happened when: dated sentences about something, in the order of what they tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from rag.questions.asking import Asking
from rag.questions.choosing import Candidate, candidates, choose, relevance_to, relevant, shared
from rag.questions.topic import topic_of, topic_words
from rag.text.times import TimeExpression, day_of, resolve_by
from rag.types import Answer, Passage, Span

MOST = 8  # sentences of a timeline
AHEAD, NEAR = 600, 0.4  # characters ahead of a sentence, and what words there count
LEAST_RELEVANT = 0.2  # of the most relevant sentence's relevance
VAGUE = 0.5  # worth of a time that is a year told from today, or only bounds what is told
LEAD = 3  # sentences in which an article says when its news was
LONGEST_LEAD = 500  # characters
# What goes before a time that bounds what is told, or is compared with it.
_BOUND = re.compile(r"\b(?:since|than|until|till|from|by|before|after|against)(?: [^,.;]{0,15})?$", re.IGNORECASE)


@dataclass(frozen=True)
class Dated:
    """A sentence and when what it tells was or will be."""

    candidate: Candidate
    first: date
    last: date
    when: str
    worth: float = 1.0


def timeline(asking: Asking, question: str) -> Answer | None:
    """At most eight dated sentences, each under its day; None where no article has one of the matter."""
    topic = topic_of(asking, topic_words(question, "asking", "ordering"))
    by_span = {each.candidate.span: each for article in topic.articles for each in _dated(article)}
    found = relevant(topic.words, [each.candidate for each in by_span.values()])
    if not found:
        return None
    vectors = asking.encode([each.span.text for each in found])
    relevance = relevance_to(topic.words, found, vectors, asking.encode([topic.words or question])[0])
    relevance += NEAR * np.array([shared(topic.words, _ahead(each.span)) for each in found])
    relevance *= np.array([by_span[each.span].worth for each in found])
    about = [number for number, each in enumerate(relevance) if each >= LEAST_RELEVANT * relevance.max()]
    chosen = choose([found[number] for number in about], vectors[about], relevance[about], MOST)
    told = sorted(
        (by_span[found[about[number]].span] for number in chosen),
        key=lambda each: (each.first, each.last, each.candidate.span.passage.source, each.candidate.span.start),
    )
    blocks = [(each.when, [each.candidate.span]) for each in told]
    return asking.quoted(question, blocks, kind="timeline", passages=topic.articles)


def _dated(article: Passage) -> Iterator[Dated]:
    """Its sentences with a time of their own; its first one without goes with the next that has one, or its own day."""
    times = resolve_by(article.written, article.text, sentences=article.sentences)
    lead: Candidate | None = None
    for each in candidates(article):
        span = each.span
        own = [time for time in times if span.start <= time.start and time.end <= span.end]
        if not own and each.place == 0 and article.published:
            lead = each
        if lead and each.place < LEAD and own and article.published:
            time = next((time for time in own if _near(time, article.published)), None)
            if time and span.end - lead.span.start <= LONGEST_LEAD:
                both = replace(lead, span=Span(article, lead.span.start, span.end))
                yield Dated(both, time.first, time.last, time.when)
                lead, own = None, []
        if lead and each.place == LEAD - 1:
            day = lead.span.passage.published
            assert day
            yield Dated(lead, day, day, f"Reported on {day_of(day)}")
            lead = None
        if own:
            time = next((time for time in own if not _bounds(article.text, time)), own[0])
            a_year = time.relative and time.last - time.first > timedelta(31)
            worth = VAGUE if a_year or _bounds(article.text, time) else 1.0
            yield Dated(each, time.first, time.last, time.when, worth)


def _ahead(span: Span) -> str:
    return span.passage.text[max(0, span.start - AHEAD) : span.start]


def _near(time: TimeExpression, day: date) -> bool:
    """Whether it is a day of the week in which an article was published."""
    return time.first == time.last and abs(time.first - day) <= timedelta(7)


def _bounds(text: str, time: TimeExpression) -> bool:
    return bool(_BOUND.search(text[max(0, time.start - 30) : time.start]) or _BOUND.match(time.text.split()[0]))
