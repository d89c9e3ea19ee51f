"""Sentences that together tell what articles say without telling it twice."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.models.encoders import Vectors
from rag.text.sentences import leans
from rag.text.words import terms
from rag.types import Passage, Span

LEAST_WORDS = 4  # content words of a sentence that tells something
HALF_LIFE = 12  # sentences down an article after which one is worth half
INSIDE = 0.5  # worth of a sentence within a paragraph, beside one that opens it
LEANING, SPOKEN = 0.6, 0.6  # worth of a sentence that needs the one before, and of one that opens with a quotation
RELEVANT = 0.6  # how much a sentence's own worth counts, beside how little it repeats
OF_ARTICLE = 0.5  # what the best article's being about the matter counts, beside a sentence that is
MOST_ENCODED = 60  # sentences whose vectors are made for one question: a third of a second
_OPENS_QUOTATION = re.compile(r"\W*[\"“„‘«]")
_STOPS = '.!?…。！？"”’»)'

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be quoted; `place` counts those of its article, from 0, `opens` a paragraph or not."""

    span: Span
    place: int
    opens: bool

    @property
    def prior(self) -> float:
        """What it is worth for its place and its form, 0 to 1."""
        form = LEANING if leans(self.span.text) else SPOKEN if _OPENS_QUOTATION.match(self.span.text) else 1.0
        return float(form * (1.0 if self.opens else INSIDE) * 0.5 ** (self.place / HALF_LIFE))


def candidates(passage: Passage, most: int | None = None) -> list[Candidate]:
    """The sentences of an article that tell something, in order: no headlines, bylines, headings or stray lines."""
    spans = [span for span in passage.spans if tells(span)]
    ended = [span for span in spans if span.text[-1] in _STOPS]  # none where a text has no full stops at all
    return [Candidate(span, place, _opens(span)) for place, span in enumerate((ended or spans)[:most])]


def tells(span: Span) -> bool:
    """Whether a sentence is told by its article: no headline, byline or word about itself, nor too short."""
    above = any(start <= span.start and span.end <= end for start, end in span.passage.imprint)
    of_itself = above or span.text == span.passage.title
    return not of_itself and len(terms(span.text)) >= LEAST_WORDS


def _opens(span: Span) -> bool:
    ahead = span.passage.text[: span.start - span.passage.start]
    return "\n" in ahead[len(ahead.rstrip()) :] or not ahead.strip()


def choose(
    found: Sequence[Candidate], vectors: Vectors, relevance: Weights, most: int, most_of_one: int | None = None
) -> list[int]:
    """Which candidates to quote, best first, by maximal marginal relevance (Carbonell & Goldstein 1998).

    A candidate is worth the more, the more relevant it is, the better its place, and the more like all the others;
    and the less, the more it is like one that is chosen. `vectors` have shape (len(found), dimensions) and unit length,
    `relevance` has shape (len(found),). At most `most` are chosen, and `most_of_one` of an article.
    """
    if not found:
        return []
    worth = relevance * np.array([each.prior for each in found], dtype=np.float32)
    alike = np.maximum(vectors @ vectors.T, 0.0)
    worth = worth * (alike @ worth)
    worth = worth / max(float(worth.max()), 1e-9)
    repeated = np.zeros(len(found), dtype=np.float32)
    left = {each.span.passage.source: most_of_one or most for each in found}
    chosen: list[int] = []
    while len(chosen) < min(most, len(found)):
        open_ = [n not in chosen and left[each.span.passage.source] > 0 for n, each in enumerate(found)]
        if not any(open_):
            break
        best = int(np.where(open_, RELEVANT * worth - (1 - RELEVANT) * repeated, -math.inf).argmax())
        chosen.append(best)
        left[found[best].span.passage.source] -= 1
        repeated = np.maximum(repeated, alike[best])
    return chosen


def shared(words: str, text: str) -> float:
    """Share of some words that a text has."""
    own = {*terms(words)}
    return len(own & {*terms(text)}) / max(len(own), 1)


def relevant(words: str, found: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that may have to do with some words, at most `MOST_ENCODED`, in their order."""
    worth = [shared(words, each.span.text) + each.prior for each in found]
    best = sorted(range(len(found)), key=lambda number: -worth[number])[:MOST_ENCODED]
    return [found[number] for number in sorted(best)]


def relevance_to(words: str, found: Sequence[Candidate], vectors: Vectors, asked: Vectors) -> Weights:
    """How much each candidate has to do with some words: by their vector `asked`, by those it has, by its article."""
    share = np.array([shared(words, each.span.text) for each in found], dtype=np.float32)
    of_article = np.array([each.span.passage.score for each in found], dtype=np.float32)
    return np.asarray(np.maximum(vectors @ asked, 0.0) + share + OF_ARTICLE * of_article, dtype=np.float32)
