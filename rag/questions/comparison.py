"""Things set side by side: what the articles say of each, under its name, and which has the highest figure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from rag.news.figures import Figure, far_apart, figures
from rag.questions.asking import Asking
from rag.questions.choosing import Candidate, choose, shared, tells
from rag.questions.topic import topic_words
from rag.text.words import terms
from rag.types import Answer, Entry, Span, Statement

FEWEST, MOST_THINGS = 2, 5
LONGEST = 5  # words of a thing's name
PASSAGES = 10  # that are read for each thing
MOST, MOST_OF_ONE = 6, 3  # sentences in all, and of one thing
MOST_READ = 20  # sentences of a thing whose vectors are made
MARGIN = 1.0  # by how much less a further sentence may have to do with a thing
LOG_ODDS = 4.0  # of answering that count as much
BESIDE = 5.0  # log-odds by which a sentence may answer less well than the best where no thing is named
RUNNERS = 5  # sentences of a thing in which a figure is sought
AHEAD = 250  # characters ahead of a sentence in which its thing may be named
UNLIKE = "These figures are not all of one kind, so none is called the highest or the lowest."


@dataclass(frozen=True)
class Compared:
    """The things that a question names, and what it asks of them."""

    things: tuple[str, ...]
    asked: str


def comparison(asking: Asking, question: str) -> Answer | None:
    """What the articles say of each thing that is named; of none, the sentences that bear on the question."""
    compared = things_of(question)
    if not compared:
        return _beside(asking, question)
    found = [_sentences(asking, thing, compared) for thing in compared.things]
    if not any(found):
        return None
    lowest = _asks_for("lowest", question)
    rows = _rows(found) if all(found) and (lowest or _asks_for("highest", question)) else []
    most = min(MOST_OF_ONE, MOST // len(found))
    chosen = [[span] for _, span in rows] or [_best(each, most) for each in found]
    entries = _table(compared.things, rows, lowest=lowest)
    asks = lowest or _asks_for("highest", question)
    answer = asking.quoted(
        question,
        list(zip(compared.things, chosen, strict=True)),
        kind="comparison",
        entries=entries,
        notes=[UNLIKE] if asks and not entries else [],
    )
    nothing = [
        Statement("The articles do not say.", (), (), thing)
        for thing, spans in zip(compared.things, chosen, strict=True)
        if not spans
    ]
    said = sorted((*answer.statements, *nothing), key=lambda each: compared.things.index(each.heading))
    return replace(answer, statements=tuple(said))


def things_of(question: str) -> Compared | None:
    """The two to five things that a question sets side by side; None where it names none.

    >>> things_of("Compare Arun and Velm on the price of water").things
    ('Arun', 'Velm')
    >>> things_of("Which cost more - the pool, the tram or the theatre?").things
    ('pool', 'tram', 'theatre')
    """
    words = _words()
    asked = question.strip().rstrip("?.! ")
    for form in words["forms"]:
        if not (match := re.fullmatch(form, asked, re.IGNORECASE)):
            continue
        parts = [part for part in re.split(words["between"], match["things"], flags=re.IGNORECASE) if part]
        if len(parts) == 1:
            parts = re.split(words["with_other"], match["things"], maxsplit=1, flags=re.IGNORECASE)
        things = tuple(re.sub(words["article"], "", part.strip(), flags=re.IGNORECASE) for part in parts)
        if FEWEST <= len(things) <= MOST_THINGS and all(map(_is_thing, things)):
            return Compared(things, topic_words(match["asked"] or "", "asking"))
    return None


def _is_thing(words: str) -> bool:
    clause = re.search(_words()["clause"], words, re.IGNORECASE)
    return bool(terms(words)) and len(words.split()) <= LONGEST and not clause


def _sentences(asking: Asking, thing: str, compared: Compared) -> list[tuple[float, Span]]:
    """The sentences that speak of one of the things, best first, with how much they have to do with what is asked."""
    others = {term for other in compared.things if other != thing for term in terms(other)}
    name = " ".join({*terms(thing)} - others) or thing
    words = f"{thing} {compared.asked}"
    passages = asking.search(words, PASSAGES)
    measured = next((asks for word, asks in _words()["asks"].items() if word in compared.asked.lower().split()), "")
    if measured:
        read = asking.reader.read(measured.replace("THING", thing), passages)
        found = [(each.score / LOG_ODDS, each.span) for each in read.shortlist if _is_of(each.span, name)]
    else:
        spans = {span.text: span for passage in passages for span in passage.spans if _is_of(span, name)}
        most = sorted(spans.values(), key=lambda span: -shared(words, span.text))[:MOST_READ]
        alike = asking.encode([span.text for span in most]) @ asking.encode([words])[0] if most else []
        found = [
            (float(cosine) + shared(name, span.text) + shared(compared.asked, span.text), span)
            for span, cosine in zip(most, alike, strict=True)
        ]
    return sorted(found, key=lambda each: -each[0])


def _is_of(span: Span, name: str) -> bool:
    """Whether a sentence tells something of what is named in it or shortly ahead of it."""
    return tells(span) and bool(shared(name, span.text) or shared(name, _ahead(span)) == 1)


def _best(found: Sequence[tuple[float, Span]], most: int) -> list[Span]:
    """The best sentences, article by article in reading order."""
    best = [span for score, span in found[:most] if score >= found[0][0] - MARGIN]
    return sorted(
        best, key=lambda span: (span.passage.source != best[0].passage.source, span.passage.source, span.start)
    )


def _ahead(span: Span) -> str:
    end = span.start - span.passage.start
    return span.passage.text[max(0, end - AHEAD) : end]


def _beside(asking: Asking, question: str) -> Answer | None:
    """The sentences that bear on a question which names no things, without repeating."""
    read = asking.reader.read(question, asking.search(question, PASSAGES))
    best = max((each.score for each in read.shortlist), default=0.0)
    shortlist = [each for each in read.shortlist if tells(each.span) and each.score >= best - BESIDE]
    if not shortlist:
        return None
    found = [Candidate(each.span, 0, opens=True) for each in shortlist]
    vectors = asking.encode([each.span.text for each in found])
    scores = np.array([each.score for each in shortlist])
    relevance = np.exp((scores - scores.max()) / 2).astype(np.float32)
    chosen = [found[number].span for number in choose(found, vectors, relevance, MOST)]
    return asking.quoted(question, [("", chosen)], kind="comparison")


def _asks_for(which: str, question: str) -> bool:
    return bool({*re.findall(r"\w+", question.lower())} & {*_words()[which].split()})


def _rows(found: Sequence[Sequence[tuple[float, Span]]]) -> list[tuple[Figure, Span]]:
    """A figure of each thing, all of one unit, each the only one of that unit in a sentence; or nothing."""
    of_things = []
    for sentences in found:
        of_thing: dict[str, tuple[Figure, Span]] = {}
        for _, span in sentences[:RUNNERS]:
            there = [each for each in figures(span.text) if not each.is_date and len(each.amounts) == 1]
            for figure in there:
                for unit in figure.unit:
                    if sum(unit in each.unit for each in there) == 1:
                        of_thing.setdefault(unit, (figure, span))
        of_things.append(of_thing)
    units = [unit for unit in of_things[0] if all(unit in each for each in of_things)]
    return [each[units[0]] for each in of_things] if units else []


def _table(things: Sequence[str], rows: Sequence[tuple[Figure, Span]], *, lowest: bool) -> list[Entry]:
    """A line a thing, the asked one first; none where two are first, or figures are too unlike to be of one matter."""
    amounts = [next(iter(figure.amounts))[1] for figure, _ in rows]
    order = sorted(range(len(rows)), key=lambda number: amounts[number] * (1 if lowest else -1))
    if not rows or amounts[order[0]] == amounts[order[1]] or far_apart(rows[order[0]][0], rows[order[-1]][0]):
        return []
    texts = [f"{things[n]}: {' '.join(rows[n][1].text[rows[n][0].start : rows[n][0].end].split())}" for n in order]
    texts[0] += f" – the {'lowest' if lowest else 'highest'} of these figures"
    return [Entry(text, (rows[n][1].passage.source,)) for text, n in zip(texts, order, strict=True)]


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    return tomllib.loads(files("rag.questions").joinpath("comparison.toml").read_text(encoding="utf-8"))
