"""Sources that differ: the same matter in another article, with another figure or date.

For each figure of a quoted sentence its counterpart is sought in every other article: the figure that stands for the
same quantity, whatever it amounts to. How likely two figures are counterparts is a logistic model on readable
features, fitted by eval/fit/conflicts.py; its weights are in conflicts.json. Counterparts that cannot both be true
differ.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from rag.cite.quotes import cite
from rag.cite.remark import checked, remark
from rag.news.figures import (
    MEASURES,
    TIMES,
    Figure,
    agree,
    comparable,
    far_apart,
    figures,
    harms_named,
    without_figures,
)
from rag.read.signals import Question
from rag.text.words import name_terms, terms
from rag.types import Citation, Conflict, Reading, Scored, Sentence, Span

FEATURES = (
    "wording",  # share of the shorter sentence's words, figures aside, that the other has
    "beside",  # share of the words near one figure that are near the other
    "unit",  # the words behind both have one in common
    "unit_apart",  # both have some, none in common
    "lead",  # by how much the other sentence answers the question less well, in log-odds, up to MOST_LEAD
    "names_apart",  # share of the names of one sentence that the other, which has some, and its headline have not
    "figures_apart",  # share of the other figures, tolls aside, that the other contradicts, having some of that unit
    "years_apart",  # each sentence names a year, beside these figures, that the other has not
    "date",  # they are dates
)
MOST_LEAD = 10.0  # log-odds
MOST_DIFFERENT = 4  # articles that are shown to differ
# Another sentence is on the matter if it has this share of what the quoted one has of the question, or this share of
# words in common with it. Without, two amounts of money in one collection were taken for counterparts.
OF_THE_QUESTION, ALIKE = 0.3, 0.5
# And if the cosine of the two, each with its headline and the sentence before, is at least this: "The cost has risen"
# to so much for a dam in one article, for a tram in another. Of counterparts that were to be found 3% have less.
LEAST_ALIKE = 0.6
LEAST_WORDS = 2  # of a sentence that is about something; "Published: 3 May 2021" is not
# Sentences that are looked at where the quoted ones differ from none: so many, within these log-odds of the best.
NEXT_BEST, NEXT_MARGIN = 4, 3.0
_COUNTED = re.compile(r"\bhow many (\w+(?: \w+){0,2})", re.IGNORECASE)
# What no figure of time answers, and what no figure at all.
_SIZE = re.compile(r"\bhow (?:far|tall|high|wide|deep|heavy|large|big)\b", re.IGNORECASE)
_NAMED = re.compile(r"\bname\b|\bcalled\b", re.IGNORECASE)
# A question for yes or no asks for no figure, unless one is in it.
_YES_OR_NO = re.compile(
    r"(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)\b",
    re.IGNORECASE,
)
# What is asked for is no other account of what came of it: a fine, a rise in pay.
_WANTED = re.compile(
    r"\b(?:asks?|asked|asking|calls?|called|calling|sought|seeks?|applied|applies) for\b[^,;]*$|"
    r"\b(?:demand|propos|request)(?:s|ed|es|ing)?\b[^,;]*$",
    re.IGNORECASE,
)
# A question that asks for a number, or for a date, has a pattern of answers that is found here.
_NUMBERS, _DATES = "5%, $5 million, two metres, aged 5, 3-1", "1999"


@dataclass(frozen=True)
class Differing:
    """What other articles state differently: quotes that an answer lacks, what differs, and the line that says so."""

    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remark: Sentence | None = None


def differing(
    question: str, reading: Reading, citations: Sequence[Citation], article_text: Callable[[str], str]
) -> Differing:
    """What other articles than those cited state differently of what was asked; empty where nothing differs.

    Markers of the new quotes go on from those of `citations`.
    """
    found = differences(question, reading)
    missing = [each.sentence for each in found if not _quoting(each.value, citations)]
    new = [replace(each, marker=len(citations) + n) for n, each in enumerate(cite(missing, article_text), start=1)]
    cited = [*citations, *new]
    conflicts = tuple(
        Conflict(each.value.text, citation.marker, citation.published)
        for each in found
        if (citation := _quoting(each.value, cited))
    )
    if len(conflicts) < 2:
        return Differing()
    return Differing(tuple(new), conflicts, checked(remark(conflicts, cited), cited))


@dataclass(frozen=True)
class Difference:
    """What one article states of the matter: the sentence, and the words of it that differ from the others'."""

    sentence: Span
    value: Span


@dataclass(frozen=True)
class Claim(Scored):
    """A sentence of an article, as the reader scored it, with what is compared of it."""

    @classmethod
    def of(cls, scored: Scored) -> Claim:
        """The same sentence."""
        return cls(scored.span, scored.score, scored.meaning)

    @cached_property
    def figures(self) -> list[Figure]:
        """Its figures and dates."""
        return figures(self.span.text)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its terms, figures aside."""
        return frozenset(terms(without_figures(self.span.text, self.figures)))

    @cached_property
    def names(self) -> frozenset[str]:
        """Terms of its names."""
        return frozenset(name_terms(self.span.text)) & self.words

    @cached_property
    def names_above(self) -> frozenset[str]:
        """Terms of the names in its article's headline."""
        return frozenset(name_terms(self.span.passage.title))

    def difference(self, start: int, end: int) -> Difference:
        """With the words from `start` to `end` of the sentence as its value."""
        first = self.span.start
        return Difference(self.span, Span(self.span.passage, first + start, first + end))

    def speaks_of(self, other: Claim) -> bool:
        """Whether both may be on one matter, as far as their vectors tell."""
        if self.meaning is None or other.meaning is None:
            return True
        return float(self.meaning @ other.meaning) >= LEAST_ALIKE

    def names_apart(self, other: Claim) -> float:
        """Share of the names of either that the other and its headline lack, the lower one; 0 where one has none."""
        if not self.names or not other.names:
            return 0.0
        shares = (_share(one.names, two.names | two.names_above) for one, two in ((self, other), (other, self)))
        return 1 - max(shares)

    def is_of_another_thing(self, other: Claim) -> bool:
        """Whether each speaks of what its headline names, and the other's article does not name it.

        Police counted so many burglaries in one town, and so many in another: both are true.
        """
        return self._names_alone(other) and other._names_alone(self)

    def _names_alone(self, other: Claim) -> bool:
        subject = self.names & self.names_above
        return bool(subject) and subject.isdisjoint((*terms(other.span.passage.text), *other.names_above))

    def wants(self, figure: Figure) -> bool:
        """Whether somebody only asks for so much."""
        return bool(_WANTED.search(self.span.text[: figure.start]))

    def others(self, figure: Figure) -> list[Figure]:
        """Its figures but for one."""
        return [each for each in self.figures if each != figure]


def differences(question: str, reading: Reading) -> tuple[Difference, ...]:
    """What the articles state differently of what the question asks, that of a quoted sentence first; or nothing."""
    if len({each.span.passage.source for each in reading.shortlist}) < 2:
        return ()
    asked = Question(question, reading.ranking)
    statements = [
        Claim.of(each)
        for each in sorted(reading.shortlist, key=lambda each: -each.score)
        if each.span.text != each.span.passage.title or each.span.text.endswith(".")  # a headline states nothing
    ]
    chosen = [each for each in statements if any(each.span.within(span) for span in reading.spans)]
    weights = conflict_weights()
    next_best = [each for each in statements[:NEXT_BEST] if each.score >= statements[0].score - NEXT_MARGIN]
    least = weights.threshold if asked.answer_pattern else weights.sure
    # The quoted sentences first; else those that came next, which may have what the quotes miss.
    for looked_at, enough in ((chosen, least), (next_best, weights.sure)):
        found = [
            (chance, [quoted.difference(figure.start, figure.end), *others])
            for quoted in looked_at
            for figure in _asked_for(asked, question, quoted)
            for chance, others in [_contradicting(quoted, figure, on_the_matter(asked, quoted, statements), enough)]
            if others
        ]
        if found:
            best = max(found, key=lambda each: each[0])[1]
            shown = [each.span for each in (*chosen, *statements)]
            return tuple(sorted(best, key=lambda each: shown.index(each.sentence)))
    return ()


def on_the_matter(question: Question, quoted: Claim, statements: Sequence[Claim]) -> list[Claim]:
    """The statements that speak of what the quoted one does, as far as meaning and words tell."""
    least = OF_THE_QUESTION * question.coverage(quoted.words)
    return [
        each
        for each in statements
        if quoted.speaks_of(each)
        and not quoted.is_of_another_thing(each)
        and (shared := quoted.words & each.words)
        and (question.coverage(shared) >= least or _share(quoted.words, each.words) >= ALIKE)
    ]


def _asked_for(question: Question, words: str, quoted: Claim) -> list[Figure]:
    """The figures of a sentence that the question may ask for: of the kind or unit it names, if any; not its own."""
    own, counted = figures(words), {*terms(" ".join(_COUNTED.findall(words)))}
    kind = question.answer_pattern
    numbers, dates = kind is None or kind.search(_NUMBERS), kind is None or kind.search(_DATES)
    if not (numbers or dates) or _NAMED.search(words) or (kind is None and not own and _YES_OR_NO.match(words)):
        return []
    new = [each for each in quoted.figures if not any(_agreeing(each, one) for one in own)]
    if kind:
        new = [each for each in new if (dates and not numbers if each.is_date else numbers)] or (new if numbers else [])
        new = [each for each in new if kind.search(quoted.span.text[each.start : each.end])] or new
    if harms := harms_named(words):
        new = [each for each in new if each.harms <= harms]
    if named := [each for each in new if each.unit & counted]:
        return named
    others = MEASURES if counted else TIMES if _SIZE.search(words) else frozenset()
    return [each for each in new if not each.unit & others]


def _contradicting(
    quoted: Claim, figure: Figure, statements: Sequence[Claim], least: float
) -> tuple[float, list[Difference]]:
    """The counterparts of a figure that differ from it and each other, one an article, and the chance of the best."""
    found: list[tuple[float, Claim, Figure]] = []
    for source in dict.fromkeys(each.span.passage.source for each in statements):
        there = [each for each in statements if each.span.passage.source == source]
        best = None if source == quoted.span.passage.source else _counterpart(quoted, figure, there)
        if best and best[0] >= least and not any(_agreeing(best[2], one) for one in (figure, *(f for *_, f in found))):
            found.append(best)
    found = sorted(found, key=lambda each: -each[0])[: MOST_DIFFERENT - 1]
    others = [statement.difference(its.start, its.end) for _, statement, its in found]
    return (found[0][0] if found else 0.0), others


def _counterpart(quoted: Claim, figure: Figure, others: Sequence[Claim]) -> tuple[float, Claim, Figure] | None:
    """The figure of other statements that most likely stands for the same quantity, and how likely that is.

    None where there is none, or where it is rather a counterpart of another figure of the quoted sentence.
    """

    def chance(mine: Figure, other: Claim, its: Figure) -> float:
        return conflict_weights().chance(features(quoted, other, mine, its))

    found = [
        (chance(figure, other, its), other, its)
        for other in others
        for its in other.figures
        if comparable(figure, its) and not far_apart(figure, its)
        if quoted.wants(figure) == other.wants(its)
        if min(len(quoted.words), len(other.words)) >= LEAST_WORDS
    ]
    if not found:
        return None
    best = max(found, key=lambda each: each[0])
    rivals = [each for each in quoted.others(figure) if comparable(each, best[2])]
    return None if any(chance(each, *best[1:]) > best[0] for each in rivals) else best


def features(quoted: Claim, other: Claim, mine: Figure, its: Figure) -> tuple[float, ...]:
    """What speaks for two comparable figures being counterparts: a value for each of FEATURES."""
    rest, its_rest = quoted.others(mine), other.others(its)
    said = [
        any(agree(each, one) for one in there)
        for each, others in (*((each, its_rest) for each in rest), *((each, rest) for each in its_rest))
        if not (mine.harms & its.harms or each.harms)  # tolls are reported together and rise together
        if (there := [one for one in others if comparable(each, one) and (each.is_date or each.unit & one.unit)])
    ]
    years = [{n for each in there for part, n in each.amounts if part == "year"} for there in (rest, its_rest)]
    return (
        _share(quoted.words, other.words),
        _share(mine.beside, its.beside),
        float(bool(mine.unit & its.unit)),
        float(bool(mine.unit and its.unit and not mine.unit & its.unit)),
        min(max(quoted.score - other.score, 0.0), MOST_LEAD),
        quoted.names_apart(other),
        said.count(False) / len(said) if said else 0.0,
        float(all(years) and not years[0] & years[1]),
        float(mine.is_date),
    )


def _agreeing(one: Figure, other: Figure) -> bool:
    return comparable(one, other) and agree(one, other)


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the smaller set that is in the other."""
    return len(one & other) / max(min(len(one), len(other)), 1)


def _quoting(value: Span, citations: Sequence[Citation]) -> Citation | None:
    """The citation whose quote has these words."""
    for citation in citations:
        if citation.source == value.passage.source and citation.start <= value.start and value.end <= citation.end:
            return citation
    return None


@dataclass(frozen=True)
class Weights:
    """The fitted model: `weights` in the order of FEATURES; figures are counterparts from the chance `threshold` on.

    Where the question does not say that it asks for a figure, or the sentence is not quoted, from `sure` on.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float
    sure: float

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Weights:
        """Weights as they stand in conflicts.json: by name, so that the file can be read."""
        return cls(tuple(raw["weights"][name] for name in FEATURES), raw["bias"], raw["threshold"], raw["sure"])

    def chance(self, values: Sequence[float]) -> float:
        """Probability that two figures with these features are counterparts."""
        odds = sum(weight * value for weight, value in zip(self.weights, values, strict=True))
        return 1 / (1 + math.exp(-self.bias - odds))


@lru_cache(maxsize=1)
def conflict_weights() -> Weights:
    """The weights that come with the package."""
    return Weights.from_dict(json.loads((Path(__file__).parent / "conflicts.json").read_text(encoding="utf-8")))
