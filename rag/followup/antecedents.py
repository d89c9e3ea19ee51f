"""What a pronoun of a follow-up question may mean: the noun phrases of the conversation, and what speaks for each."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from rag.followup.leaning import Slot
from rag.text.phrases import (
    POSSESSIVE_ENDINGS,
    POSSESSIVES,
    PREPOSITIONS,
    RELATIONAL,
    Parse,
    Phrase,
    parse,
    stem,
    word_set,
)

ANTECEDENT_SIGNALS = (
    "recent",  # 1 / number of turns back
    "last_turn",
    "first_turn",
    "frequency",  # of its head: logarithm of the number of turns that have it
    "carried",  # the last turn had a pronoun for it
    "name",
    "full_name",  # nothing but capitalized words, at least two: often a person
    "agrees",  # in number, or in being a person or place
    "disagrees",
    "subject",  # the first phrase of its turn
    "whole",  # share of its turn's content words
    "after_of",
    "before_of",
    "owner",  # "Peru's …"
    "speaks",  # "Ortiz said"
    "after_about",
    "after_preposition",
    "name_after_preposition",
    "chain",
    "coordinate",
    "conjunct",
    "length",  # logarithm of its number of words
    "overlap",  # share of its words that the question has
    "indefinite",
    "bare",  # a common noun without article
    "asked",  # "which ships"
    "relational",  # "the effects": of what?
    "answered",  # a name of the last answer
)
_PERSON = re.compile(r".*(?:er|or|ist|ian|man|woman|king|queen|host|guest)")
_TITLES = word_set(
    """
    president minister ambassador general director secretary chairman chairwoman mayor governor senator judge pope
    ceo chief commander spokesman spokeswoman spokesperson professor dr mr mrs ms
    """
)
_ASIDE = PREPOSITIONS - {"of", "about", "by"}  # before names that are seldom what a sentence is about
_CALENDAR = word_set(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december
    """
)
# Of an answer: no "it" means the time of "What time are the fireworks?".
_KINDS = word_set("time year day date month week decade century percentage share proportion amount number")
_SPEECH = word_set("say says said think thinks thought want wants wanted tell tells told believe believes believed")
_ANSWER_READ = 600  # characters


@dataclass(frozen=True)
class Exchange:
    """An earlier question and what was answered, "" where that is not known."""

    asked: str
    answered: str = ""


@dataclass(frozen=True)
class Antecedent:
    """A noun phrase of the conversation, as it would be put in, with what speaks for its being meant."""

    phrase: Phrase
    text: str
    signals: Mapping[str, float]
    named: bool = False  # by the answer to a question that asks who, and not by the question


def antecedents(asked: Parse, resolved: Sequence[str], earlier: Sequence[Exchange]) -> list[Antecedent]:
    """The noun phrases of the earlier questions, as they were rewritten, and the names of the last answer."""
    turns = [parse(text) for text in resolved]
    found: dict[tuple[str, ...], Antecedent] = {}
    answer = parse(earlier[-1].answered[:_ANSWER_READ])
    asks_who = any(token.lower in ("who", "whom", "whose") for token in turns[-1].tokens)
    for phrase in map(_name_in, answer.phrases):
        opens = answer.word(phrase.first - 1) in ("", ".", "?", "!")
        told = phrase.is_name and not phrase.is_chain and _CALENDAR.isdisjoint(phrase.words)
        if told and not (opens and len(phrase.tokens) == 1):
            signals = _signals(asked, answer, phrase, turns, back=0)
            named = asks_who and turns[-1].stems.isdisjoint(map(stem, phrase.words))
            found[phrase.words] = Antecedent(phrase, phrase.text, signals, named)
    for back, turn, exchange in zip(range(len(turns), 0, -1), turns, earlier, strict=True):
        typed = parse(exchange.asked).stems
        for phrase in turn.phrases:
            kind_only = turn.word(phrase.first - 1) in ("what", "which") and _KINDS.issuperset(phrase.words)
            if phrase.words and not kind_only:
                signals = _signals(asked, turn, phrase, turns, back=back)
                signals["carried"] = float(back == 1 and not typed.issuperset(map(stem, phrase.words)))
                owned = turn.word(phrase.first - 1) in POSSESSIVES
                found[phrase.words] = Antecedent(phrase, f"the {phrase.text}" if owned else phrase.text, signals)
    return list(found.values())


def _name_in(phrase: Phrase) -> Phrase:
    """The name that a phrase of an answer begins with: a verb behind it, "Princess Helena cut", is taken for a noun."""
    capitals = len(list(takewhile(lambda token: token.text[0].isupper(), phrase.own)))
    if capitals < 2 or capitals == len(phrase.own):
        return phrase
    kept, end = phrase.tokens[:capitals], phrase.first + capitals
    return replace(phrase, text=phrase.text[: kept[-1].end - kept[0].start], tokens=kept, last=end, head_end=end)


def _signals(asked: Parse, turn: Parse, phrase: Phrase, turns: Sequence[Parse], *, back: int) -> dict[str, float]:
    words = {stem(word) for word in phrase.words}
    owned = turn.word(phrase.first - 1) in POSSESSIVES
    before, after = turn.word(phrase.first - 1 - owned), turn.word(phrase.last)
    signals: dict[str, float] = dict.fromkeys(ANTECEDENT_SIGNALS, 0.0)
    if back:
        signals |= {
            "recent": 1 / back,
            "last_turn": back == 1,
            "first_turn": back == len(turns),
            "subject": phrase is turn.phrases[0],
            "whole": len(words) / max(1, len(turn.stems)),
        }
    else:
        signals["recent"] = 1
    signals |= {
        "answered": not back,
        "frequency": math.log(sum(phrase.head in each.stems for each in turns) + 0.5),
        "name": phrase.is_name,
        "full_name": len(phrase.tokens) > 1 and all(token.text[0].isupper() for token in phrase.tokens),
        "after_of": before == "of",
        "before_of": after == "of",
        "owner": after in POSSESSIVE_ENDINGS,
        "speaks": after in _SPEECH or before in _SPEECH,
        "after_about": before == "about",
        "after_preposition": before in _ASIDE,
        "name_after_preposition": phrase.is_name and before in _ASIDE,
        "chain": phrase.is_chain,
        "coordinate": phrase.coordinate,
        "conjunct": "and" in (before, after),
        "length": math.log(len(words)),
        "overlap": len(words & asked.stems) / len(words),
        "indefinite": phrase.article in ("a", "an"),
        "bare": not (phrase.article or phrase.is_name or phrase.is_plural),
        "asked": before in ("what", "which", "many", "much"),
        "relational": phrase.head in RELATIONAL,
    }
    return {name: float(value) for name, value in signals.items()}


def possible(choices: Sequence[Antecedent], slot: Slot) -> list[Antecedent]:
    """Those that may be meant at all: a person where one is needed, no topic that the question has already.

    After "Who succeeded Frayne?" a person is whom the answer names, not Frayne.
    """
    if slot.kind == "person":
        people = [choice for choice in choices if _is_person(choice)]
        named = [choice for choice in people if choice.named]
        return named or people or [choice for choice in choices if choice.phrase.is_name and not choice.phrase.is_chain]
    if slot.kind == "place":
        names = [choice for choice in choices if choice.signals["name_after_preposition"]]
        return [choice for choice in names if not choice.phrase.is_chain] or list(choices)
    return [choice for choice in choices if slot.kind != "topic" or choice.signals["overlap"] < 1]


def signals_for(antecedent: Antecedent, slot: Slot) -> dict[str, float]:
    """What speaks for an antecedent in a slot: its signals, and whether the two agree."""
    phrase = antecedent.phrase
    agrees = {
        "thing": not phrase.is_plural and not _is_titled(phrase),
        "things": phrase.is_plural,
        "person": _is_titled(phrase) or antecedent.signals["speaks"] > 0,
        "place": phrase.is_name,
    }.get(slot.kind)
    if agrees is None:
        return dict(antecedent.signals)
    return {**antecedent.signals, "agrees": float(agrees), "disagrees": float(not agrees)}


def _is_person(choice: Antecedent) -> bool:
    phrase, signals = choice.phrase, choice.signals
    elsewhere = signals["name_after_preposition"] or signals["conjunct"] or phrase.article
    named = (signals["full_name"] and not elsewhere) or (phrase.is_name and signals["speaks"])
    return bool(named) or _is_titled(phrase) or _PERSON.fullmatch(phrase.own[-1].text) is not None


def _is_titled(phrase: Phrase) -> bool:
    return any(token.lower in _TITLES for token in phrase.own)
