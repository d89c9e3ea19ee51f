"""Questions on the order of two events, answered from the dates of what the articles say of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.read.signals import Question
from rag.text.phrases import parse
from rag.text.sentences import sentence_spans
from rag.text.times import TimeExpression, resolve
from rag.text.words import name_terms, terms
from rag.types import Passage, Reader, Reading

_SHARE = 2 / 3  # of an event's content words, weighted by rarity, that its evidence must have
_QUESTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:did|was|were|had|has|have) (?P<one>.+?) (?P<order>before or after|before|after|earlier than|later than) "
        r"(?P<other>.+?)\W*$",
        r"(?:which|what|who)\b[^,:?]*? (?:first|earlier|sooner)\b[^,:?]*[,:–—] ?(?P<order>)(?P<one>.+?),? or "
        r"(?P<other>.+?)\W*$",
    )
)
# What is asked is no order where one side is no event, but what is asked for, or a word for something said before.
_NO_EVENT = re.compile(
    r"\b(?:any\w*|some\w*|say|tell|what|who|how|why)\b|^(?:it|that|this|then|him|her|them)?$", re.IGNORECASE
)
_HAPPENING = re.compile(r" (?:happen|take place|occur|come|held|start)(?:ed)?$", re.IGNORECASE)
# "This year it is a decade since …" dates the feast, "the mayor said on Friday that …" the saying.
_FEAST = re.compile(r"\banniversar|\b(?:years?|decades?|centur(?:y|ies)) since\b", re.IGNORECASE)
# What is planned or denied has not happened then, and an end is no beginning.
_NOT_HAPPENED = re.compile(
    r"\b(?:will|would|shall|(?-i:may)|might|could|not|never|cannot|(?:is|are|was|were) to|planned|scheduled|expected|"
    r"due|set to|postponed|delayed|cancelled|until|till)\b|n['’]t\b",
    re.IGNORECASE,
)
_BEFORE_OR_AFTER = re.compile(r"by|before|after|to", re.IGNORECASE)
# Where a clause ends: the time of "stolen in 1987 has been returned" is not that of the returning.
_CLAUSE = re.compile(
    r"[,;:–—]|\b(?:that|which|who|whom|whose|where|when|while|after|before|since|because|but|although)\b|"
    r"\band (?=\w+ed\b|(?:is|was|were|has|had)\b)",
    re.IGNORECASE,
)
_SAYING = re.compile(r"\b(?:said|says|told|announced|reported|added|confirmed|warned|stated)(?: [\w.]+){0,2} $")


def order_reading(question: str, retrieve: Callable[[str], Sequence[Passage]], reader: Reader) -> Reading | None:
    """What dates say of the order of two events: a span for each, the earlier first, and a conclusion.

    None where the question is of another kind. The reading does not answer unless both events have a sentence that
    names exactly one time, and neither time reaches into the other.
    """
    asked = next((match for pattern in _QUESTIONS if (match := pattern.match(question))), None)
    if not asked or any(_NO_EVENT.search(asked[side]) or _is_time(asked[side]) for side in ("one", "other")):
        return None
    found = [_evidence(_HAPPENING.sub("", asked[side]), retrieve, reader) for side in ("one", "other")]
    confidence = min(reading.confidence for reading, _ in found)
    spans = tuple(dict.fromkeys(reading.spans[0] for reading, _ in found if reading.spans))
    (_, one), (_, other) = found
    if one is None or other is None or len(spans) < 2 or not (one.last < other.first or other.last < one.first):
        return Reading(spans, confidence, answers=False)
    straight = one.first < other.first
    earlier, later = (one, other) if straight else (other, one)
    conclusion = f"{earlier.when} was before {later.when}."
    order = asked["order"].lower()
    if order not in ("", "before or after"):
        so = straight == (order in ("before", "earlier than"))
        conclusion = f"{'Yes' if so else 'The other way round'}: {conclusion}"
    return Reading(spans if straight else spans[::-1], confidence, answers=True, conclusion=conclusion)


def _is_time(words: str) -> bool:
    """Whether the words are a date and no event."""
    return any(len(time.text) + 4 > len(words) for time in resolve(f"in {words}", None))


def _evidence(
    event: str, retrieve: Callable[[str], Sequence[Passage]], reader: Reader
) -> tuple[Reading, TimeExpression | None]:
    """What the reader finds best among the dated sentences for an event, and its time if that is sure enough."""
    question = f"When was {event}?"
    dated: list[Passage] = []
    times: dict[str, TimeExpression] = {}  # by the id of the sentence
    passages = retrieve(question)
    for passage in passages:
        for start, end in sentence_spans(passage.text):
            time = _only_time(passage, start, end)
            if time and is_time_of(event, passage.text[start:end], time.start - start, time.end - start):
                sentence = replace(
                    passage,
                    id=f"{passage.id}-{start}",
                    text=passage.text[start:end],
                    start=passage.start + start,
                    end=passage.start + end,
                )
                times[sentence.id] = time
                dated.append(sentence)
    reading = reader.read(question, dated)
    if not reading.spans or not reading.answers:
        return reading, None
    best = reading.spans[0]
    covered = Question(event, passages).coverage({*terms(best.text), *terms(best.passage.title)})
    return reading, times[best.passage.id] if covered >= _SHARE else None


def is_time_of(event: str, sentence: str, start: int, end: int) -> bool:
    """Whether the time that a sentence names from `start` to `end` is that of an event, as far as its clause tells.

    >>> sentence = "A sketch that was stolen in 1987 has been returned to the museum."
    >>> [is_time_of(event, sentence, 28, 32) for event in ("the sketch stolen", "the sketch returned")]
    [True, False]
    """
    before = _CLAUSE.split(sentence[:start])[-1]
    after = next((part for part in _CLAUSE.split(sentence[end:]) if terms(part)), "")
    return not _telling(event).isdisjoint(terms(before) or terms(after))


def _telling(event: str) -> set[str]:
    """Terms that say what happened: "reopen" of "the Arun Bridge reopen", "talk" of "the talks of Xi and Boluarte"."""
    phrases, names = parse(event).phrases, name_terms(event)
    head = {*terms(phrases[0].head)} if phrases else set()
    return head - names or {*terms(event)} - names or {*terms(event)}


def _only_time(passage: Passage, start: int, end: int) -> TimeExpression | None:
    """The one time that a sentence of a passage names, sayings aside; of times within each other the narrowest."""
    if _FEAST.search(passage.text, start, end) or _NOT_HAPPENED.search(passage.text, start, end):
        return None
    found = [
        time
        for time in resolve(passage.text, passage.published, start, end)
        if not _SAYING.search(passage.text[start : time.start])
    ]
    for time in found:
        ahead = (*passage.text[start : time.start].split()[-1:], time.text.split()[0])
        if any(map(_BEFORE_OR_AFTER.fullmatch, ahead)):
            return None
    narrow = min(found, key=lambda time: time.last - time.first, default=None)
    around = all(narrow and time.first <= narrow.first and narrow.last <= time.last for time in found)
    return narrow if around else None
