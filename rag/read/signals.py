"""What speaks for a sentence being the answer: one row of numbers a candidate sentence.

Each signal reads only the question, the sentence and the passages that were retrieved, so the reader needs
no index. How much each one counts is fitted, not written here (eval/fit/reader.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.text.characters import folded
from rag.text.speaker import turn_at
from rag.text.words import WORD, number_terms, terms
from rag.types import Passage, Span

SIGNALS = (
    "similarity",  # cosine of question and sentence
    "context_similarity",  # cosine of question and sentence with headline and the sentence before
    "cross_encoder",  # log-odds that the sentence answers, read together with the question and its context
    "near_coverage",  # share of the question's terms, by rarity, in the sentence, its neighbours and the headline
    "passage_coverage",  # … in the passage and the headline
    "numbers_far",  # share of the question's numbers, years and ordinals that these lack
    "kind_found",  # the question asks for a kind of thing, and the sentence has a new one of that kind
    "kind_missing",  # … and it has none
    "figure_missing",  # the same of numbers, amounts and shares, which can be told for sure
    "rank",  # reciprocal rank of the passage
    "headline",  # the article's headline: it has the subject, seldom the answer
    "asks",  # the sentence is itself a question
)
# Signals that speak against an answer; the others speak for one.
AGAINST = ("numbers_far", "kind_missing", "figure_missing", "headline", "asks")
_NUMBER = (
    r"\d[\d.,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|"
    r"millions?|billions?|half|third|second|twice|decades?)\b"
)
_PERCENT = r"\d\s?%|\bper ?cent\b|\bpercentage points?\b|\b(?:half|thirds?|quarters?|fifths?|tenths?)\b"
_CURRENCY = (
    r"dollars?|euros?|pounds?|yuan|renminbi|yen|soles|pesos?|reais|francs?|crowns?|kron(?:er|or)|rupees?|rou?bles?|rand|"
    r"lira|zloty|shillings?|dirhams?|riyals?|baht|ringgit|cents?|pence"
)
_MONEY = (
    r"(?:[$€£¥₹₩₽₺₦]|\b(?:USD|EUR|GBP|CHF|RMB|NOK|SEK|DKK)\b)\s?\d[\d.,]*|"
    rf"(?:{_NUMBER})\s(?:(?:thousand|million|billion|trillion)\s)?(?:{_CURRENCY})\b"
)
_AGE = (
    r"\b\d{1,3}[- ](?:years?|months?)[- ]old\b|\baged?(?: of)? \d+|[,(] ?\d{1,3}(?=[,)])|\bborn\b|"
    r"\bturn(?:s|ed|ing)? \d+|\bbirthday\b|\bin (?:his|her|their) (?:\w+ )?(?:teens|\w+ties)\b|"
    r"\b(?:built|founded|opened|established|made|dat(?:es?|ed|ing))\b.{0,40}\b(?:1\d|20)\d\d\b|\bcentur(?:y|ies)\b|"
    r"\b(?:thousand|million|billion) years\b"
)
_FIGURES = (_NUMBER, _PERCENT, _MONEY, _AGE)
_MEASURE = (
    rf"(?:{_NUMBER})[ -]*(?:\w+[ -])?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|"
    r"met(?:er|re)s?|kilomet(?:er|re)s?|km|miles?|feet|foot|yards?|inch(?:es)?)\b"
)
_SCORE = rf"(?:{_NUMBER})(?: (?:votes?|goals?|points?|runs|seats))?(?: to |[-–])(?:{_NUMBER})"
_YEAR = r"\b(?:1\d|20)\d\d\b"
_DATE = (
    r"\b(?:1\d|20)\d\d\b|\b\d{1,2}:\d\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|"
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|century|decade|today|yesterday|tomorrow)\b|"
    r"\b(?:last|next|this) (?:year|month|week)\b"
)
_NAME = r"(?<!^)(?<![.!?:] )\b[A-Z][a-z]\w+"
_PLACE = r"\b(?:in|at|from|to|near|of|across|between)\s+(?:the\s+)?[A-Z]\w+"
_REASON = r"\b(?:because|since|due|so that|in order|as a result|owing|thanks|therefore|reason|to [a-z]+)\b"
# What a question can ask for (after Li & Roth 2002): how it asks, and what an answer of that kind looks like.
_KINDS = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(answer, 0 if answer in (_NAME, _PLACE) else re.IGNORECASE))
    for asked, answer in (
        (r"\b(?:what|which|from what|since what) year\b", _YEAR),
        (r"\bwhen\b|\b(?:what|which) (?:month|day|date|century|decade|time)\b", _DATE),
        (r"\bwhat (?:percent|percentage|share|proportion|fraction)\b", _PERCENT),
        (r"\bhow much (?:money|\b.*\b(?:cost|spend|spent|invest(?:ed)?|paid|pay|worth|raised?|earn(?:ed)?))\b", _MONEY),
        (
            r"\bwhat (?:is|was|are|were) (?:[\w'’]+ ){1,3}"
            r"(?:price|cost|salary|wage|fee|fine|turnover|revenue|rent)s?\b|\bhow expensive\b|"
            r"\bwhat (?:do|does|did|will|would|has|have) .*\bcost\b",
            _MONEY,
        ),
        (r"\bhow (?:long|far|tall|high|wide|deep)\b", _MEASURE),
        (
            r"\b(?:what was the|by what|with what|final|half-time) (?:final )?score\b|\bby (?:what|which) margin\b|"
            r"\b(?:result|outcome|tally)\b.*\b(?:vote|ballot|poll|referendum|match|game|final)\b",
            _SCORE,
        ),
        (r"\bhow old\b|\b(?:at|of) what age\b|\bwhat (?:is|was) (?:\w+ ){0,3}(?:age\b|\w+['’]s age\b)", _AGE),
        (r"\bhow (?:many|much|large|big|often|fast)\b|\bwhat (?:number|amount)\b", _NUMBER),
        (r"\bwho(?:m|se)?\b", _NAME),
        (
            r"\b(?:what|which) (?:person|people|minister|president|author|reporter|compan|firm|bank|newspaper|paper|"
            r"magazine|agency|ministry|organi[sz]ation|institut|university|party|team|club|conference|ship)",
            _NAME,
        ),
        (r"\bwhere\b|\b(?:what|which) (?:city|country|place|town|port|region|state)\b", _PLACE),
        (r"\bwhy\b|\bwhat (?:reason|caused?|led)\b", _REASON),
        # The same in Spanish, Chinese, French, German, Portuguese and Italian, asked of English text.
        (
            r"\bqué año\b|[哪什][一么]?年|\bquelle année\b|\bwelchem jahr\b|\bque ano\b|\b(?:quale|che) anno\b",
            _YEAR,
        ),
        (
            r"\bcuándo\b|\bqué (?:día|fecha|mes|siglo|década)|什么时[候间]|何时|[哪几]个?(?:天|月|世纪|年代)|星期几|"
            r"\b(?:quand|wann|quando)\b|\bquel(?:le)? (?:date|jour|mois|siècle)|"
            r"\bwelche[mnrs]? (?:tag|monat|jahrhundert)|"
            r"\b(?:que|qual|quale) (?:dia|data|mês|século|giorno|mese|secolo)\b",
            _DATE,
        ),
        (
            r"\bqué (?:porcentaje|proporción)|百分之|比例|\bquel pourcentage|\bwie viel prozent|"
            r"\bque (?:porcentagem|percentagem)|\b(?:quale|che) percentuale",
            _PERCENT,
        ),
        (
            r"\bcuánto (?:dinero|cuesta|costó|invirtió)|多少(?:钱|美元|资金|欧元)|\bcombien d.argent|\bwie viel geld|"
            r"\bquanto (?:dinheiro|custa|custou|costa)|\bquanto denaro",
            _MONEY,
        ),
        (r"\bcuánto (?:dura|duró|tarda|mide)|多[长远高久深宽]", _MEASURE),
        (r"\bcuánt[oa]s?\b|多少|几[个名位次座家艘种条岁]|多大|\bcombien\b|\bwie ?viele?\b|\bquant[oaie]s?\b", _NUMBER),
        (
            r"\bquién(?:es)?\b|谁|哪[一些两几]?位|\bqui (?:est|a|sont|était)\b|\b(?:wer|wem|wen)\b|\bquem\b|^chi\b",
            _NAME,
        ),
        (
            r"\bdónde\b|\bqué (?:ciudad|país|lugar|región|estado)\b|哪里|哪儿|何[处地]|在哪|"
            r"哪[一个座]*(?:城市|国家?|地方?|州|省)|"
            r"\boù\b|\bquel(?:le)? (?:ville|pays)|\b(?:wo|woher|wohin)\b|\bwelche[mnrs]? (?:stadt|land)|"
            r"\bonde\b|\bdove\b|\b(?:que|qual|quale) (?:cidade|país|città|paese)\b",
            _PLACE,
        ),
        (r"\bpor qué\b|为什么|为何|原因|\bpourquoi\b|\bwarum\b|\bpor que\b|\bperché\b", _REASON),
    )
)
_ASKING = re.compile(
    r"\bhow (?:long|far|old|large|big|high|tall|often|fast)\b|"
    r"\b(?:what|which) (?:year|month|day|date|century|decade|time|percent|percentage|share|proportion|number|amount|"
    r"city|country|place|town|region|state|person|reason)\b",
    re.IGNORECASE,
)


def evidence(sentence: str, title: str, before: str, speaker: str = "") -> str:
    """A sentence as the cross-encoder reads it: then the headline, who speaks, and what was said before.

    >>> evidence("It sank.", "Harbour", "A boat came.")
    'It sank. [SEP] Harbour | A boat came.'
    """
    said = f"{speaker}: " if speaker else ""
    return f"{sentence} [SEP] {title[:150]} | {said}{before[-250:]}"


@dataclass(frozen=True)
class Candidate:
    """A sentence of a retrieved passage, with its neighbours there (empty at the edges)."""

    span: Span
    before: str
    after: str
    rank: int  # of its passage, from 1

    @property
    def in_context(self) -> str:
        """The sentence as its readers met it: headline, sentence before, sentence."""
        return " ".join(part for part in (self.span.passage.title, self.before, self.span.text) if part)

    @property
    def as_evidence(self) -> str:
        """What the cross-encoder reads of it."""
        turn = turn_at(self.span.passage.turns, self.span.start)
        speaker = turn.speaker or "" if turn else ""
        return evidence(self.span.text, self.span.passage.title, self.before, speaker)

    @cached_property
    def near_terms(self) -> set[str]:
        """Content terms of the sentence, its neighbours, headline and date."""
        around = (self.span.text, self.before, self.after, self.span.passage.about)
        return {term for text in around for term in terms(text)}


class Question:
    """A question taken apart once, and weighed against the passages it retrieved."""

    def __init__(self, text: str, passages: Sequence[Passage]) -> None:
        # "How long", "which city": an answer has a length, a city, but not these words.
        self.terms = tuple(dict.fromkeys(terms(_ASKING.sub(" ", text))))
        self.passage_terms = {passage.id: {*terms(passage.about), *terms(passage.text)} for passage in passages}
        total = len(passages)
        # Rarity among what was retrieved: a term every passage has tells nothing, one that none has is missed most.
        self.weights = {
            term: math.log((total + 1) / (sum(term in found for found in self.passage_terms.values()) + 0.5))
            for term in self.terms
        }
        self.numbers = number_terms(text)
        self.answer_pattern = next((answer for asked, answer in _KINDS if asked.search(text)), None)
        self.asks_figure = self.answer_pattern is not None and self.answer_pattern.pattern in _FIGURES
        self.words = {word.lower() for word in WORD.findall(folded(text))}

    def coverage(self, found: Set[str]) -> float:
        """Share of the question's terms, by weight, that are among `found`; 0 where it has none."""
        total = sum(self.weights.values())
        return sum(weight for term, weight in self.weights.items() if term in found) / total if total else 0.0

    def kind_in(self, sentence: str) -> bool:
        """Whether the sentence has something of the asked kind that the question does not say already."""
        assert self.answer_pattern is not None
        found = (WORD.findall(match.group())[-1:] for match in self.answer_pattern.finditer(folded(sentence)))
        return any(not words or words[0].lower() not in self.words for words in found)


def signals(
    question: Question, candidates: Sequence[Candidate], similarity: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Signals of every candidate: shape (len(candidates), len(SIGNALS)); two of them are to be filled in later.

    `similarity` is the cosine of the question and each sentence alone, shape (len(candidates),). It stands in for the
    similarity in context, which costs three times as much; the column of the cross-encoder is 0.
    """
    rows = [_row(question, candidate) for candidate in candidates]
    others = np.array(rows, dtype=np.float64).reshape(len(candidates), len(SIGNALS) - 3)
    return np.column_stack([similarity, similarity, np.zeros(len(candidates)), others]).astype(np.float64)


def _row(question: Question, candidate: Candidate) -> tuple[float, ...]:
    sentence = candidate.span.text
    asked = question.answer_pattern is not None
    found = asked and question.kind_in(sentence)
    return (
        question.coverage(candidate.near_terms),
        question.coverage(question.passage_terms[candidate.span.passage.id]),
        _missing(question.numbers, candidate.near_terms),
        float(found),
        float(asked and not found and not question.asks_figure),
        float(asked and not found and question.asks_figure),
        1 / candidate.rank,
        float(sentence == candidate.span.passage.title),
        float(sentence.rstrip("\"'”’)»] ").endswith(("?", "？"))),
    )


def _missing(wanted: set[str], found: set[str]) -> float:
    """Share of the wanted terms that were not found; 0 where none is wanted."""
    return len(wanted - found) / len(wanted) if wanted else 0.0
