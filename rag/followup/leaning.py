"""Where a follow-up question leans on what was said before it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.phrases import (
    AUXILIARIES,
    BE,
    DEFINITE,
    POSSESSIVE_ENDINGS,
    POSSESSIVES,
    PREPOSITIONS,
    QUESTION_WORDS,
    RELATIONAL,
    VERB_FORMS,
    Parse,
    parse,
    stem,
    word_set,
)

LEANING_SIGNALS = (
    "bias",
    "content_words",  # logarithm of their number
    "few_content_words",
    "own_name",
    "own_number",
    "own_chain",
    "short_definite",  # "the risks", "the main themes"
    "long_phrase",
    "single_words",
    "relational",
    "relational_end",
    "indefinite_end",
    "definition",  # "What is anaemia?"
    "what_is",
    "there_is",
    "what_about",
    "and",
    "tell",
    "yes_no",
    "other",
    "said_before",  # share of its content words that were said before
    "new_words",
    "first_follow_up",
)
_KINDS = {
    "thing": "it its this that",
    "things": "they them their these those",
    "person": "he him his she her",
    "place": "there",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_OF_A_STATEMENT = word_set("say said do did does done doing think thinks mean means know before after since like")
_PART = word_set("one two three first second third last latter former both some most none either rest")
CONNECTING = word_set("and but so")
# "How long does it take to …": the word stands for what follows.
_EXPLETIVE = re.compile(r"\bit (?:\w+ )?(?:take|cost|mean|possible|true|better|important)\b.*\b(?:to|that|for)\b", re.I)


@dataclass(frozen=True)
class Slot:
    """The word of a question that leans: its kind and its token; kind "topic" where there is none."""

    kind: str
    place: int
    possessive: bool = False


def leaning_words(asked: Parse) -> list[Slot]:
    """The pronouns of a question that stand for something said before; of those of a kind, the first."""
    found: dict[str, Slot] = {}
    for place in range(len(asked.tokens)):
        slot = _slot(asked, place)
        if slot:
            found.setdefault(slot.kind, slot)
    return list(found.values())


def _slot(asked: Parse, place: int) -> Slot | None:
    word, before, after = asked.word(place), asked.word(place - 1), asked.word(place + 1)
    next_is_content = place + 1 < len(asked.tokens) and asked.tokens[place + 1].is_content
    before_is_content = place > 0 and asked.tokens[place - 1].is_content
    if word in ("one", "ones"):
        described = before_is_content and before not in VERB_FORMS and not next_is_content
        return Slot("one", place) if described else None
    kind = _KIND_OF.get(word)
    of_several = before == "of" and asked.word(place - 2) in _PART
    if kind is None or of_several or _has_own(asked, place):
        return None
    if word == "there" and (not place or before in AUXILIARIES | POSSESSIVE_ENDINGS or after in BE):
        return None
    if word in DEFINITE:
        introduces = word == "that" and (
            before_is_content or (after.isalpha() and after not in AUXILIARIES | PREPOSITIONS)
        )
        if not place or next_is_content or introduces or before in _OF_A_STATEMENT:
            return None
    if word == "it" and _EXPLETIVE.search(asked.text):
        return None
    return Slot(kind, place, word in POSSESSIVES and (word != "her" or next_is_content))


def points(asked: Parse, *, filled: bool) -> bool:
    """Whether a question leans on what no noun phrase can stand for: a statement, several things, all that was said."""
    for place in range(len(asked.tokens)):
        word, before, after = asked.word(place), asked.word(place - 1), asked.word(place + 1)
        if word == "such" or (word == "same" and after in ("", ".", "?")):
            return True
        if _KIND_OF.get(word) == "things" and before == "of" and asked.word(place - 2) in _PART:
            return True
        if not filled and word in ("this", "that") and before in _OF_A_STATEMENT and after in ("", ".", "?"):
            return True
    return not filled and asked.word(0) in CONNECTING


def _has_own(asked: Parse, place: int) -> bool:
    """Whether the question itself says what a pronoun stands for.

    In a sentence before, in what an "and" joins it to, or, whose something is, by a name.
    """
    if asked.word(place) in POSSESSIVES and any(token.text[0].isupper() for token in asked.tokens[1:place]):
        return True
    joints = [at for at in range(place) if asked.word(at) in (".", "?", "!", "and")]
    return any(phrase.last <= at for at in joints for phrase in asked.phrases)


def leaning_signals(asked: Parse, resolved: Sequence[str]) -> dict[str, float]:
    """What speaks for a question without pronouns to lean on what was said."""
    words = [token.lower for token in asked.tokens if token.text[0].isalnum()]
    content = [token for token in asked.tokens if token.is_content]
    said = {word for text in resolved for word in parse(text).stems}
    new = sum(stem(token.lower) not in said for token in content)
    simple = [phrase for phrase in asked.phrases if not phrase.is_chain]
    ends = bool(simple) and asked.end == simple[-1].tokens[-1].end
    opening = (*words, "", "")[:2]
    what_is = opening[0] in QUESTION_WORDS and opening[1] in BE
    signals = {
        "bias": True,
        "content_words": math.log(1 + len(content)),
        "few_content_words": len(content) <= 2,
        "own_name": any(token.text[0].isupper() for token in content if token.start),
        "own_number": any(character.isdigit() for character in asked.text),
        "own_chain": len(simple) < len(asked.phrases),
        "short_definite": any(phrase.article == "the" and len(phrase.words) <= 2 for phrase in simple),
        "long_phrase": any(len(phrase.words) >= 3 for phrase in simple),
        "single_words": bool(simple) and all(len(phrase.words) == 1 for phrase in simple),
        "relational": any(phrase.head in RELATIONAL for phrase in simple),
        "relational_end": ends and simple[-1].head in RELATIONAL,
        "indefinite_end": ends and not simple[-1].article,
        "definition": what_is
        and ends
        and len(asked.phrases) == 1
        and simple[0].first == 2
        and simple[0].article != "the",
        "what_is": what_is,
        "there_is": "there" in words,
        "what_about": opening[1] == "about",
        "and": opening[0] in CONNECTING,
        "tell": opening[0] in ("tell", "describe", "explain"),
        "yes_no": opening[0] in AUXILIARIES,
        "other": not {"other", "else", "another", "more", "different", "same", "similar"}.isdisjoint(words),
        "said_before": 1 - new / max(1, len(content)),
        "new_words": new,
        "first_follow_up": len(resolved) == 1,
    }
    return {name: float(signals[name]) for name in LEANING_SIGNALS}
