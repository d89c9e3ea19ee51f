"""Words of the question that no passage has, where the passages have one that is spelled almost so.

A slip ("Boluare") is read as their word ("Boluarte"), since a name with one would find nothing. A word that English
has may be meant: where the passages have a name that is nearly it, an abstention says so. Both are always said, so
that nobody takes what is about one name for what is about another.

A question typed without capitals gets those of its names, since the reader knows names by them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.characters import folded
from rag.text.languages import language_of
from rag.text.words import FUNCTION_WORDS, english_words, terms
from rag.types import Passage

# Of five letters at least: shorter words are often one letter apart and different (Iran, Iraq).
_WORD = re.compile(r"(?<!\w)[^\W\d_]{5,}(?!\w)")
_ANY_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
_WITHIN = re.compile(r"(?<![.!?:“”\"] )(?<!^)(?<!\w)[^\W\d_]+(?!\w)")  # a sentence: there only names have capitals
_LONG = 8  # letters of a word in which two may be wrong


@dataclass(frozen=True)
class Spelling:
    """The question as the passages spell it, and a line that says which words were read otherwise, if any were."""

    question: str
    note: str = ""


def spell(question: str, passages: Sequence[Passage]) -> Spelling:
    """Read words that neither the passages nor English have as the passages' words that they are nearly.

    Only in English: in another language a word may be one that English has almost so. A question is often typed
    without capitals, so any of its words may be a name.
    """
    slips = [word for word in _words(question) if folded(word).lower() not in english_words()]
    read = _nearest(_unknown(slips, passages), passages)
    listed = ", ".join(f"“{word}” as “{theirs}”" for word, theirs in read.items())
    spelled = _WORD.sub(lambda match: read.get(match[0], match[0]), question)
    return Spelling(_with_capitals(spelled, passages), f"Read {listed}." if read else "")


def other_spellings(question: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """What an abstention has to say of English words: a line for each that is nearly a name of the passages."""
    near = _nearest(_unknown(_words(question), passages), passages)
    return tuple(
        f"No passage has “{word}”; some have “{theirs}”." for word, theirs in near.items() if theirs[0].isupper()
    )


def _with_capitals(question: str, passages: Sequence[Passage]) -> str:
    """An English question without a capital but its first: as the passages write the words that they always write so.

    A longer word that neither they nor English have is taken for a name too; a shorter one may be a slip ("yaer").
    """
    if question[1:] != question[1:].lower() or language_of(question).code != "en":
        return question
    common, names = set[str](), dict[str, str]()
    for form, _ in Counter(word for each in passages for word in _WITHIN.findall(each.text)).most_common():
        for term in terms(form):
            if form.islower():
                common.add(term)
            else:
                names.setdefault(term, form)

    def written(match: re.Match[str]) -> str:
        word = match[0]
        term = next(iter(terms(word)), "")
        unknown = term not in names
        if not term or term in common or (unknown and (not _WORD.fullmatch(word) or word.lower() in english_words())):
            return word
        form = names.get(term, "")
        return form if form.lower() == word.lower() else word.title()

    return _ANY_WORD.sub(written, question)


def _words(question: str) -> list[str]:
    """The longer content words of an English question."""
    if language_of(question).code != "en":
        return []
    return [word for word in dict.fromkeys(_WORD.findall(question)) if word.lower() not in FUNCTION_WORDS]


def _unknown(words: Sequence[str], passages: Sequence[Passage]) -> list[str]:
    """Those of the words that no passage has, whatever their endings."""
    if not words:  # as mostly: English has them all
        return []
    theirs = {word for passage in passages for word in _WORD.findall(_text(passage).lower())}
    absent = [word for word in words if word.lower() not in theirs]
    if not absent:  # names, as the passages spell them; stems take longer
        return []
    known = {term for passage in passages for term in terms(_text(passage))}
    return [word for word in absent if known.isdisjoint(terms(word))]


def _nearest(words: Sequence[str], passages: Sequence[Passage]) -> dict[str, str]:
    """For each word, if any, the passages' one that fewest slips make of it, of several the commonest.

    A slip is a letter too many, too few, wrong, or swapped with the next; the first letter is right.
    """
    if not words:
        return {}
    from symspellpy import SymSpell, Verbosity  # type: ignore[import-untyped]

    speller = SymSpell(max_dictionary_edit_distance=2)
    forms: dict[str, str] = {}
    for form, count in Counter(word for each in passages for word in _WORD.findall(_text(each))).most_common():
        forms.setdefault(folded(form).lower(), form)
        speller.create_dictionary_entry(folded(form).lower(), count)
    found = {}
    for word in words:
        bare = folded(word).lower()
        near = speller.lookup(bare, Verbosity.CLOSEST, max_edit_distance=2 if len(word) >= _LONG else 1)
        if theirs := next((item.term for item in near if item.distance and item.term[0] == bare[0]), None):
            found[word] = forms[theirs]
    return found


def _text(passage: Passage) -> str:
    return f"{passage.about} {passage.text}"
