"""The default reader: quote the sentences that answer, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.models.encoders import Encoder, Reranker, Vectors, encoder, profile, reranker
from rag.read.lists import asked_list, asks_for_list, leads, list_around
from rag.read.signals import SIGNALS, Candidate, Question, signals
from rag.settings import DEFAULT_EMBEDDING_MODEL
from rag.text.languages import language_of
from rag.text.sentences import leans
from rag.text.words import terms
from rag.types import Passage, Reader, Reading, Scored, Span

# What the chance that anything answers is computed from, besides the best sentence's lead: signals of that sentence,
# the highest of the shortlist, and the least.
OWN = ("context_similarity", "cross_encoder", "numbers_far", "kind_missing", "figure_missing")
HIGHEST = ("context_similarity", "cross_encoder")
LEAST = ("numbers_far", "kind_missing", "figure_missing")
ANSWER_FEATURES = (
    "lead", *OWN, *(f"highest {name}" for name in HIGHEST), *(f"least {name}" for name in LEAST)
)  # fmt: skip
FOUND_FEATURES = ("lead", "cross_encoder", "highest cross_encoder")  # the chance that it is the best sentence, if any
_FOUND = [ANSWER_FEATURES.index(name) for name in FOUND_FEATURES]
CONTEXT = SIGNALS.index("context_similarity")
CROSS = SIGNALS.index("cross_encoder")
_OWN, _HIGHEST, _LEAST = ([SIGNALS.index(name) for name in names] for names in (OWN, HIGHEST, LEAST))
# What a question says that may be answered by a byline or a date line.
_ASKS_OF_PAGE = re.compile(
    r"\b(?:publi|post|updat|modif|article|page|story|report|appear|newspaper|wr(?:ote|itten)\b|author)", re.IGNORECASE
)
# A wrong quotation costs as much as a right one is worth: it answers only where the chance is at least one half. Below
# `USELESS` even the nearest words are right less than one time in ten.
ANSWERS, USELESS = 0.5, 0.1
SURE = 0.5  # chance from which the words within the best sentence are marked
MOST_SENTENCES = 2  # shown, with one that a pronoun needs
MOST_LISTED = 3  # where a list is asked for
ROOM = 90  # words of an answer: the margin within which a further sentence is shown narrows evenly as they fill
MOST_VECTORS = 20_000  # kept between questions: 30 MB at 384 dimensions

Rows = NDArray[np.float64]


class ExtractiveReader:
    """Scores the sentences of the passages and keeps the one or two that answer best; a list's three, or the list.

    A logistic model on the signals of a sentence gives the odds that it answers; two others give the confidence, the
    chance that anything answers and that it is what is kept. They are fitted by eval/fit/reader.py, their weights in
    reader.json.

    For questions in other languages there is one with other encoders (one for questions, one for sentences), its own
    weights (reader_multilingual.json, by eval/fit/languages.py) and no cross-encoder, which reads English only.
    """

    def __init__(
        self,
        encoder: Encoder,
        sentence_encoder: Encoder,
        reranker: Reranker | None,
        weights: Weights,
        shortlist: int,
        min_confidence: float = ANSWERS,
    ) -> None:
        self._encoder = encoder
        self._sentence_encoder = sentence_encoder
        self._reranker = reranker
        self._vectors: dict[str, Vectors] = {}
        self._weights = weights
        self._shortlist = shortlist
        self._threshold = min_confidence

    @classmethod
    def with_model(cls, embedding_model: str, min_confidence: float = ANSWERS) -> ExtractiveReader:
        """The reader that sees with that model, and the weights that are fitted for it.

        Raises:
            SettingsError: there is no such model on this machine.
        """
        known = profile(embedding_model)
        return cls(
            encoder(embedding_model, "query"),
            encoder(embedding_model, "document"),
            reranker(known.reranker) if known.reranker else None,
            reader_weights(known.reader_weights),
            known.shortlist,
            min_confidence,
        )

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """The best spans, article by article in reading order; they answer from the least confidence on."""
        candidates, rows = self.shortlist(question, passages)
        if not candidates:
            return Reading((), 0.0, answers=False)
        scores = rows @ self._weights.sentence
        confidence = self._weights.confidence(rows, scores)
        most = MOST_LISTED if asks_for_list(question) else MOST_SENTENCES
        spans = in_reading_order(candidates, scores, self._weights.margin, most)
        best = candidates[int(np.argmax(scores))]
        spans = _with_lists(spans, best.span, question)
        ranking = _by_best_sentence(passages, candidates, scores)
        meanings = self._meanings(candidates)
        shortlist = tuple(
            Scored(each.span, float(score), meaning)
            for each, score, meaning in zip(candidates, scores, meanings, strict=True)
        )
        answers = confidence >= self._threshold
        return Reading(
            spans,
            confidence,
            answers,
            ranking,
            shortlist,
            words=self._words(question, best) if answers else None,
        )

    def _words(self, question: str, best: Candidate) -> Span | None:
        """The words of a sentence that answer, where it is surer of them than of all others together."""
        if not self._reranker:
            return None
        span = best.span
        start, end, chance = self._reranker.locate(question, best.as_evidence, len(span.text))
        return Span(span.passage, span.start + start, span.start + end) if chance >= SURE else None

    def shortlist(self, question: str, passages: Sequence[Passage]) -> tuple[list[Candidate], Rows]:
        """The sentences worth a closer look, best first, and their signals: shape (len(candidates), len(SIGNALS))."""
        candidates, rows, asked = self._all(question, passages)
        best = np.argsort(-(rows @ self._weights.shortlist), kind="stable")[: self._shortlist]
        candidates, rows = [candidates[number] for number in best], rows[best]
        if not candidates:
            return candidates, rows
        rows[:, CONTEXT] = self._encode([candidate.in_context for candidate in candidates]) @ asked
        if self._reranker:
            rows[:, CROSS] = self._reranker.score(question, [candidate.as_evidence for candidate in candidates])
        return candidates, rows

    def candidates(self, question: str, passages: Sequence[Passage]) -> tuple[list[Candidate], Rows]:
        """Every sentence that may answer, and those of its signals that cost little: the shortlist is made by them."""
        return self._all(question, passages)[:2]

    def _all(self, question: str, passages: Sequence[Passage]) -> tuple[list[Candidate], Rows, NDArray[np.float32]]:
        """`candidates`, and the question as a vector; nothing answers "Why?" by itself."""
        asked = self._encoder.encode([question])[0]
        found = find_candidates(passages) if terms(question) else []
        if not _ASKS_OF_PAGE.search(question):
            found = [each for each in found if not _is_imprint(each.span)]
        if not found:
            return [], np.zeros((0, len(SIGNALS))), asked
        similarity = self._encode([each.span.text for each in found]) @ asked
        return found, signals(Question(question, passages), found, similarity), asked

    def _meanings(self, candidates: Sequence[Candidate]) -> Sequence[Vectors | None]:
        """The vectors of the sentences in their context, for comparing them to each other.

        None of an encoder of passages only: multilingual E5's cosines lie between .7 and .9, whatever it compares.
        """
        if self._sentence_encoder is not self._encoder:
            return [None] * len(candidates)
        return list(self._encode([candidate.in_context for candidate in candidates]))

    def _encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of sentences, remembered: follow-up questions meet the same ones again."""
        known = self._vectors
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            # A new dict, not a change of the old one: another thread may be reading that.
            kept = known if len(known) + len(new) <= MOST_VECTORS else {}
            known = {**known, **dict(zip(new, self._sentence_encoder.encode(new), strict=True))}
            self._vectors = {**kept, **{text: known[text] for text in new}}
        return np.array([known[text] for text in texts])


class ReaderByLanguage:
    """Questions in English go to one reader, those in other languages to another."""

    def __init__(self, english: Reader, multilingual: Reader) -> None:
        self._english = english
        self.multilingual = multilingual

    def read(self, question: str, passages: Sequence[Passage]) -> Reading:
        """What the reader of the question's language makes of the passages."""
        reader = self._english if language_of(question).code == "en" else self.multilingual
        return reader.read(question, passages)


def build_reader(embedding_model: str, min_confidence: float = ANSWERS) -> Reader:
    """The reader of an index made with that model.

    English is always read with the default model, for which the weights are fitted.

    Raises:
        SettingsError: there is no such model on this machine.
    """
    english = ExtractiveReader.with_model(DEFAULT_EMBEDDING_MODEL, min_confidence)
    if profile(embedding_model).reader_weights == profile(DEFAULT_EMBEDDING_MODEL).reader_weights:
        return english
    return ReaderByLanguage(english, ExtractiveReader.with_model(embedding_model, min_confidence))


def find_candidates(passages: Sequence[Passage]) -> list[Candidate]:
    """Every sentence of the passages, with its neighbours; what has no letter or digit, such as "**", is none."""
    found: list[Candidate] = []
    for rank, passage in enumerate(passages, start=1):
        spans = [span for span in passage.spans if any(map(str.isalnum, span.text))]
        for number, span in enumerate(spans):
            found.append(
                Candidate(
                    span=span,
                    before=spans[number - 1].text if number else "",
                    after=spans[number + 1].text if number + 1 < len(spans) else "",
                    rank=rank,
                )
            )
    return found


def _is_imprint(span: Span) -> bool:
    """Whether it says no more than who wrote the article, for whom and when: no answer to what is told there."""
    return any(start <= span.start and span.end <= end for start, end in span.passage.imprint)


def _by_best_sentence(
    passages: Sequence[Passage], candidates: Sequence[Candidate], scores: Rows
) -> tuple[Passage, ...]:
    """The passages by their best sentence of the shortlist; those without one keep their order at the end."""
    best: dict[str, float] = {}
    for candidate, score in zip(candidates, scores, strict=True):
        name = candidate.span.passage.id
        best[name] = max(best.get(name, -np.inf), float(score))
    return tuple(sorted(passages, key=lambda passage: -best.get(passage.id, -np.inf)))


def _with_lists(spans: Sequence[Span], best: Span, question: str) -> tuple[Span, ...]:
    """Where several things are asked for, the whole list of a sentence; or the best one, and the list that has them.

    Else only a best sentence that leads into a list gets it; another one that does says nothing.
    """
    if not asks_for_list(question):
        led = {span: _whole_list(span) for span in spans if leads(span.text)}
        return tuple(led.get(span, span) for span in spans if span == best or led.get(span, span) == span)
    whole = tuple(dict.fromkeys(map(_whole_list, spans)))
    for passage in (span.passage for span in spans):
        if place := asked_list(passage.text, question):
            listed = Span(passage, passage.start + place[0], passage.start + place[1])
            return whole if listed in whole else (best, listed)
    return whole


def _whole_list(span: Span) -> Span:
    passage = span.passage
    start, end = list_around(passage.text, span.start - passage.start, span.end - passage.start)
    return Span(passage, passage.start + start, passage.start + end)


def answer_features(rows: Rows, scores: Rows) -> Rows:
    """What the confidence is computed from: shape (len(ANSWER_FEATURES),); `FOUND_FEATURES` are some of them."""
    order = np.argsort(-scores)
    lead = scores[order[0]] - scores[order[1]] if len(order) > 1 else 0.0
    return np.array([lead, *rows[order[0], _OWN], *rows[:, _HIGHEST].max(axis=0), *rows[:, _LEAST].min(axis=0)])


def in_reading_order(
    candidates: Sequence[Candidate], scores: Rows, margin: float, most: int = MOST_SENTENCES
) -> tuple[Span, ...]:
    """The best sentence and those within a margin of its log-odds, `most` in all; articles by their best first.

    The margin is `margin` for an answer of no words and nothing for one of `ROOM`: a short sentence costs the reader
    little, a long one has to be nearly as good. One that leans on the sentence before counts as two, unless that one is
    chosen too: both are shown.
    """
    order = sorted(range(len(candidates)), key=lambda number: -scores[number])
    chosen = order[:1]
    for number in order[1:most]:
        words = sum(len(candidates[one].span.text.split()) for one in (*chosen, number))
        close = scores[order[0]] - scores[number] <= margin * (1 - words / ROOM)
        if close and len(_shown(candidates[one] for one in (*chosen, number))) <= most:
            chosen.append(number)
    first_seen = {candidates[number].span.passage.source: place for place, number in reversed(list(enumerate(chosen)))}
    spans = [candidates[number].span for number in chosen]
    return tuple(sorted(spans, key=lambda span: (first_seen[span.passage.source], span.start)))


def _shown(chosen: Iterable[Candidate]) -> set[tuple[str, str]]:
    """The sentences that are shown with the chosen ones, with their articles."""
    return {
        (each.span.passage.source, text)
        for each in chosen
        for text in (each.span.text, *([each.before] if leans(each.span.text) else []))
    }


@dataclass(frozen=True)
class Weights:
    """The fitted weights; `shortlist` and `sentence` have shape (len(SIGNALS),).

    `answer` and `found` have that of `ANSWER_FEATURES` and `FOUND_FEATURES`, and their bias behind.
    """

    shortlist: Rows
    sentence: Rows
    answer: Rows
    found: Rows
    margin: float

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Weights:
        """Weights as they stand in reader.json: by name, so that the file can be read."""
        return cls(
            shortlist=np.array([raw["shortlist"].get(name, 0.0) for name in SIGNALS]),
            sentence=np.array([raw["sentence"][name] for name in SIGNALS]),
            answer=np.array([raw["answer"][name] for name in (*ANSWER_FEATURES, "bias")]),
            found=np.array([raw["found"][name] for name in (*FOUND_FEATURES, "bias")]),
            margin=raw["margin"],
        )

    def confidence(self, rows: Rows, scores: Rows) -> float:
        """Probability that what is shown answers: that anything does, times that it is this, if anything does."""
        features = answer_features(rows, scores)
        odds = (np.append(features, 1.0) @ self.answer, np.append(features[_FOUND], 1.0) @ self.found)
        return float(np.prod([1 / (1 + np.exp(-each)) for each in odds]))


@lru_cache
def reader_weights(file: str = "reader.json") -> Weights:
    """The weights that come with the package, of one reader."""
    return Weights.from_dict(json.loads((Path(__file__).parent / file).read_text(encoding="utf-8")))
