"""Questions of the collection as such: how many articles, from when, by whom, about what, and who is named in them.

What narrows (a headline, a publisher, an author, a time, a topic) and what is asked of the articles that remain are two
steps, so that each goes with each.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.questions.asking import Asking
from rag.questions.collection.lists import answered
from rag.questions.collection.narrow import TAKEN, Narrowed, narrowed
from rag.questions.collection.topic import find, left_of
from rag.questions.collection.words import words
from rag.types import Answer

_OF_ONE = (
    "authors",
    "publishers",
    "day",
)  # asked of one article, "the piece about …", or of what was said before, "it"
_ONE, _IT = r"\b(?:article|piece|story|text|report|item)\b", r"\bit\b"


def collection(asking: Asking, question: str) -> Answer | None:
    """What the catalog answers; None where the question turns out to be of what articles say."""
    question = _relevant(question)
    if _has(question, words("unanswered")["other"]):
        return None
    asked = _asked(question)
    found = narrowed(question, asking.index.listed(asking.filters))
    rest = re.sub(words("asked")[asked], TAKEN, found.rest) if asked in ("undated", "unsigned") else found.rest
    topic = left_of(rest)
    articles = _has(question, rf"\b(?:{'|'.join(words('words')['article'].split())})\b")
    if topic:
        if unknown := _unknown(found.rest, topic):
            return answered(asking, question, asked, found.keep("", unknown, lambda _: False))
        about, mention = _has(found.rest, words("topic")["about"]), _has(found.rest, words("topic")["mentions"])
        cued = about or mention or _has(found.rest, words("topic")["anything"])
        if _asks_for_others(question, topic) or not (cued or (articles and asked != "count")):
            return None
        if asked == "people" and not (about and articles):
            return None
        one = asked in _OF_ONE and _has(question, _ONE)
        found = _on(asking, topic, found, one=one, all_of=not one and (bool(mention) or asked in ("", "count")))
    elif not (articles or found.said or found.titled or (asked and not (asked in _OF_ONE and _has(question, _IT)))):
        return None
    return answered(asking, question, asked, found)


def _on(asking: Asking, topic: str, found: Narrowed, *, one: bool, all_of: bool) -> Narrowed:
    """Those about a topic and, for `all_of` them or where there is none about it, those that mention it."""
    those = find(asking, topic, found.rows)
    kept = (*those.about, *those.mention) if all_of or not those.about else those.about
    kept = kept[:1] if one else kept
    order = {source: place for place, source in enumerate(kept)}
    rows = sorted((row for row in found.rows if row.original in order), key=lambda row: order[row.original])
    more = len(those.about) + len(those.mention) - len(kept)
    notes = () if one or not more else (f"{more} more {'mentions' if more == 1 else 'mention'} it.",)
    near = tuple(row for row in found.rows if row.source in those.near)
    verb = "about" if kept and kept == those.about else "mention"
    notes = (*those.notes, *found.notes, *notes)
    return replace(found, rows=tuple(rows), topic=those.topic, verb=verb, near=near, notes=notes)


def _relevant(question: str) -> str:
    """The sentences of a question that ask for articles; all where none does."""
    sentences = re.split(r"(?<=[.?!])\s+", question)
    cues = (words("topic")["about"], words("topic")["mentions"])
    asking = [each for each in sentences if _asked(each) or any(_has(each, cue) for cue in cues)]
    return " ".join(asking or sentences)


def _asked(question: str) -> str:
    """What is asked of the articles that remain, "" for a list of them."""
    return next((kind for kind, cue in words("asked").items() if _has(question, cue)), "")


def _asks_for_others(question: str, topic: str) -> bool:
    """Whether it asks for something else than articles, people and papers: "Which cities come up?"."""
    which = re.match(
        r"\W*(?:in |from |of )?(?:which|what|how many) (?:of (?:the|these|your) )?(\w+)", question, re.IGNORECASE
    )
    none = {*words("words")["verbs"].split(), *words("words")["article"].split()}
    return bool(which and left_of(which[1])) or not none.isdisjoint(topic.lower().split())


def _unknown(rest: str, topic: str) -> str:
    """What is sought where it is a writer or a publisher whom the catalog does not know."""
    name = rf"(?:the )?{re.escape(topic)}"
    for kind, said in (("wrote", "by"), ("published", "of")):
        if re.search(rf"\b(?:{words('made')[kind].replace('NAME', name)})\b", rest, re.IGNORECASE):
            return f"{said} {topic}"
    return ""


def _has(text: str, cue: str) -> bool:
    return bool(re.search(cue, text.lower().replace("’", "'")))
