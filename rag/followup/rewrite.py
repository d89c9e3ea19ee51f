"""A follow-up question is made to stand alone, without a language model.

Names take the place of pronouns ("When was it opened?"), a full name that of a short one ("the port"), the topic is
added where it was left out ("What are the risks?"), and a question of few words is completed by the last one ("why?",
"And in 2023?"). What is meant is chosen among the noun phrases of the conversation by a linear model, and another one
decides whether a question without a pronoun leans at all. eval/fit_rewriter.py fits both (rewriter.json).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from rag.followup.antecedents import Antecedent, Exchange, antecedents, possible, signals_for
from rag.followup.leaning import Slot, leaning_signals, leaning_words, points
from rag.text.phrases import (
    ARTICLES,
    AUXILIARIES,
    DEFINITE,
    MODALS,
    PREPOSITIONS,
    QUESTION_WORDS,
    RELATIONAL,
    VERB_FORMS,
    Parse,
    parse,
    stem,
)

_WHAT_ABOUT = re.compile(r"(?:and |but |so )?(?:what|how) about |(?:and|but|so) ", re.I)
_CONNECTED = re.compile(r"(?:and|but|so)\b[ ,]*", re.I)
_ENDED = re.compile(r"(?<=\?)\s+")
_BARE_LENGTH = 4  # words: "On what topics?", "since when exactly?"
_REMEMBERED = 12  # exchanges
_LONGEST = 600  # characters of a question that is rewritten, or looked into; a longer one says what it is about


@dataclass(frozen=True)
class Weights:
    """The fitted weights, by name of the signal; `leaning` is compared with the log-odds `threshold`."""

    pronoun: Mapping[str, float]
    topic: Mapping[str, float]
    leaning: Mapping[str, float]
    threshold: float


def rewrite(question: str, earlier: Sequence[Exchange], weights: Weights | None = None) -> str:
    """The question as it would be asked without what was said before; unchanged where it stands alone, or is very long.

    Args:
        earlier: oldest first; the last 12 are used.
        weights: by default those of rewriter.json.

    >>> rewrite("When was it opened?", [Exchange("Who built the Arun bridge?")])
    'When was the Arun bridge opened?'
    >>> rewrite("And in 2023?", [Exchange("How many ships called at Chancay in 2022?")])
    'How many ships called at Chancay in 2023?'
    """
    weights = weights or _fitted()
    earlier = [Exchange(exchange.asked.strip()[:_LONGEST], exchange.answered) for exchange in earlier[-_REMEMBERED:]]
    if len(question) > _LONGEST:
        return question
    resolved: list[str] = []
    for number, exchange in enumerate([*earlier, Exchange(question.strip())]):
        rewritten = _rewritten(exchange.asked, resolved, earlier[:number], weights)
        resolved.append(rewritten if len(rewritten) <= 2 * _LONGEST else exchange.asked)
    return resolved[-1]


def _rewritten(question: str, resolved: Sequence[str], earlier: Sequence[Exchange], weights: Weights) -> str:
    if not resolved:
        return question
    if completed := _completed(parse(question), parse(resolved[-1])):
        return completed
    choices = antecedents(parse(question), resolved, earlier)
    asked = parse(in_full(question, choices))
    slots = leaning_words(asked)
    if points(asked, filled=bool(slots)):
        return f"{_ENDED.split(resolved[-1])[0]} {question}"
    leans = _sum(leaning_signals(asked, resolved), weights.leaning) > weights.threshold
    if not slots and asked.text == question and leans:
        slots = [Slot("topic", len(asked.tokens))]
    return _filled(asked, slots, choices, weights)


def _filled(asked: Parse, slots: Sequence[Slot], choices: Sequence[Antecedent], weights: Weights) -> str:
    """The question with the best antecedent in each slot, and without an "and" at its beginning that joined it."""
    found: list[tuple[Slot, Antecedent]] = []
    for slot in slots:
        weighed = weights.topic if slot.kind == "topic" else weights.pronoun
        left = [choice for choice in choices if all(choice is not other for _, other in found)]
        if meant := possible(left, slot):
            found.append((slot, max(meant, key=lambda choice: _sum(signals_for(choice, slot), weighed))))
    text = asked.text
    for slot, antecedent in reversed(found):  # from the end, so that the places before it stay
        text = insert(text, asked, slot, antecedent)
    opening = _CONNECTED.match(text)
    return _capitalized(text[opening.end() :]) if found and opening else text


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


def _sum(signals: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return sum(weights[name] * value for name, value in signals.items())


def insert(text: str, asked: Parse, slot: Slot, antecedent: Antecedent) -> str:
    """The question with an antecedent in a slot; up to the slot, `text` is still as it was asked."""
    phrase = antecedent.phrase
    if slot.kind == "topic":
        return f"{text[: asked.end]} {_preposition(asked)} {antecedent.text}{text[asked.end :]}"
    token, words = asked.tokens[slot.place], antecedent.text
    if slot.kind == "one":
        words = " ".join(each.text for each in phrase.own if each.lower not in ARTICLES)
        words = words.removesuffix("s") if phrase.is_plural and token.lower == "one" else words
    elif slot.kind == "place" and asked.word(slot.place - 1) not in ("in", "from", "to", "near", "around"):
        words = f"in {words}"
    if slot.possessive:
        words += "'" if phrase.is_plural and words.endswith("s") else "'s"
    if not slot.place:
        words = _capitalized(words)
    return text[: token.start] + words + text[token.end :]


def _preposition(asked: Parse) -> str:
    """What ties a topic to a question: it has something, or there something happens."""
    opening, verb = asked.word(0), asked.word(1)
    happens = verb in MODALS or opening in QUESTION_WORDS - {"what", "which", "who"}
    return "in" if happens or asked.word(len(asked.tokens) - 2) in PREPOSITIONS else "of"


def in_full(question: str, choices: Sequence[Antecedent]) -> str:
    """The question with "the port" as "the Chancay port" and "Anne" as "Anne Bonny", if they were called so before."""
    stems = [{stem(word) for word in choice.phrase.words} for choice in choices]
    for phrase in reversed(parse(question).phrases):
        own = {stem(word) for word in phrase.words}
        if phrase.is_chain or phrase.head in RELATIONAL or not (phrase.article in DEFINITE or phrase.is_name):
            continue
        fuller = [
            choice
            for choice, words_of_it in zip(choices, stems, strict=True)
            if own < words_of_it
            and not (choice.phrase.is_chain or choice.phrase.coordinate)
            and (choice.phrase.head == phrase.head or (phrase.is_name and choice.signals["full_name"]))
        ]
        if fuller:
            words = max(fuller, key=lambda choice: choice.signals["recent"]).phrase.text
            longer = question[: phrase.tokens[0].start] + words + question[phrase.tokens[-1].end :]
            question = longer if len(longer) <= 2 * _LONGEST else question
    return question


def _completed(asked: Parse, last: Parse) -> str | None:
    """A question that is only a piece of one, with the rest taken from the last one."""
    opening = _WHAT_ABOUT.match(asked.text)
    piece = asked.text[opening.end() if opening else 0 : asked.end]
    words = [token.lower for token in parse(piece).tokens]
    said = VERB_FORMS | AUXILIARIES if not opening or len(opening[0].split()) == 1 else AUXILIARIES
    if not words or not said.isdisjoint(words):
        return None
    if not QUESTION_WORDS.isdisjoint(words):
        return _asked_of(piece, last) if _is_bare(words) else None
    if words[0] in PREPOSITIONS and (opening or len(words) <= _BARE_LENGTH):
        return _with_ending(piece, last)
    return _with_like(piece, last) if opening else None


def _is_bare(words: Sequence[str]) -> bool:
    """Whether a piece asks for one thing and says no more: "On what topics?", "since when?", but not "Who owns it?"."""
    asked = next(place for place, word in enumerate(words) if word in QUESTION_WORDS)
    more = [word for word in words[asked + 1 :] if word not in ("exactly", "else", "so", "not")]
    return (
        len(words) <= _BARE_LENGTH
        and (not more or words[asked] in ("what", "which", "how"))
        and ARTICLES.isdisjoint(words)
    )


def _asked_of(piece: str, last: Parse) -> str:
    """ "Why?" of "When did it open?": "Why did it open?"."""
    verb = next((place for place in range(len(last.tokens)) if last.word(place) in AUXILIARIES), None)
    if (
        verb is not None
        and last.word(0) in QUESTION_WORDS
        and not any(token.is_content for token in last.tokens[:verb])
    ):
        return f"{_capitalized(piece)} {last.text[last.tokens[verb].start :]}"
    return f"{last.text[: last.end]}, and {piece[0].lower()}{piece[1:]}?"


def _with_ending(piece: str, last: Parse) -> str:
    """ "And in 2023?" of "What did it cost in 2022?": "What did it cost in 2023?"."""
    preposition, number = parse(piece).word(0), any(character.isdigit() for character in piece)
    alike = [
        phrase
        for phrase in last.phrases
        if last.word(phrase.first - 1) == preposition and any(c.isdigit() for c in phrase.text) == number
    ]
    if not alike:
        return f"{last.text[: last.end]} {piece}{last.text[last.end :]}"
    return _exchanged(last, last.tokens[alike[-1].first - 1].start, alike[-1].tokens[-1].end, piece)


def _with_like(piece: str, last: Parse) -> str | None:
    """ "What about the drawbacks?" of "What are its uses?": "What are the drawbacks?"."""
    new = next(iter(parse(f"about {piece}").phrases), None)
    alike = [
        phrase
        for phrase in last.phrases
        if new
        and not phrase.is_chain
        and (phrase.head == new.head or {phrase.head, new.head} <= RELATIONAL or (phrase.is_name and new.is_name))
    ]
    if not alike:
        return None
    return _exchanged(last, alike[-1].tokens[0].start, alike[-1].tokens[-1].end, piece)


def _exchanged(last: Parse, start: int, end: int, piece: str) -> str:
    return last.text[:start] + piece + last.text[end:]


@lru_cache(maxsize=1)
def _fitted() -> Weights:
    return Weights(**json.loads(files("rag.followup").joinpath("rewriter.json").read_text(encoding="utf-8")))
