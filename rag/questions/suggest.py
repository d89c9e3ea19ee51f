"""Example questions from the collection itself: what somebody says, who that is; only what the service can answer.

They are made by pattern, around names, since a name needs no grammar. The patterns are narrow: a question that is not
made is no loss, an odd one is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product

from rag.errors import RAGError
from rag.text.facts import facts, is_nationality
from rag.text.sentences import sentence_spans
from rag.text.words import FUNCTION_WORDS
from rag.types import Answer, Article

MOST_ARTICLES = 40  # looked into, spread over the collection
MOST_TRIED = 12  # questions asked to find those that are answered
MOST_OF_ONE = 2  # of them made of one article

_WORD = r"[A-Z](?:\w|[’'-](?!s\b)\w)+"
_PERSON = rf"{_WORD}(?: (?:[A-Z]\. )?{_WORD}){{0,5}}"
_THING = rf"{_WORD}(?:(?: (?:of|and|de|du|van|von))?(?: the)? {_WORD}){{0,5}}"
# A name is over where it does not describe the next word, as in "Peruvian exports".
_OVER = rf"(?=[’']s\b|[,;:!?)”\"]|\.(?! ?\w)|$| (?:{'|'.join(sorted(FUNCTION_WORDS - {'and', 'or'}))})\b)"
_SAYS = re.compile(
    rf"\b(?P<before>(?:[Tt]he )?{_PERSON})(?P<role>, [a-z][^;:]{{2,150}},)? (?:said|says|told|added|argued|argues)\b"
    rf"|\b(?:said|says|added) (?P<after>(?:the )?{_PERSON}){_OVER}(?P<described>, [a-z])?"
)
_PREPOSITION = r"(?i:about|across|at|between|for|from|in|into|near|of|on|over|to|with)"
_ABOUT = re.compile(rf"\b{_PREPOSITION} (?P<name>(?:the )?{_THING}|the {_THING} [a-z]+){_OVER}")


def suggested(
    articles: Sequence[Article], answer: Callable[[str], Answer], wanted: int = 3, tries: int = MOST_TRIED
) -> list[str]:
    """At most `wanted` questions, of different articles, each answered from the article that it was made of."""
    originals = [article for article in articles if article.original == article.source]
    few = min(len(originals), MOST_ARTICLES)
    spread = [originals[number * len(originals) // few] for number in range(few)]
    newest_first = sorted(spread, key=lambda article: str(article.published or ""), reverse=True)
    chosen: dict[str, str] = {}  # source to question
    tried: set[str] = set()
    for make, article in product((about_speakers, about_names), newest_first):  # the second are vague: only if need be
        for question in make(article.text)[:MOST_OF_ONE]:
            if len(chosen) == wanted or len(tried) == tries:
                return list(chosen.values())
            if article.source not in chosen and question not in tried:
                tried.add(question)
                if _is_from(answer, question, article.source):
                    chosen[article.source] = question
    return list(chosen.values())


def about_speakers(text: str) -> list[str]:
    """What somebody says about something, and who that is.

    >>> about_speakers("“The rail stays open,” said Ida Holm, the mayor.")
    ['Who is Ida Holm?']
    """
    quoted, who = [], []
    for sentence in _sentences(text):
        says = _SAYS.search(sentence)
        if says and (speaker := _speaker(says, text)):
            ahead, behind = sentence[: says.start()], sentence[says.end() :]
            said = behind if says["before"] and re.search(r"\w", behind) else ahead
            quoted += [f"What did {speaker} say about {topic}?" for topic in _topics(said, text)]
            if " " in speaker and (says["role"] or says["described"]):
                who.append(f"Who is {speaker}?")
    return list(dict.fromkeys([*quoted[:1], *who]))


def about_names(text: str) -> list[str]:
    """What is said of a name of several words."""
    topics = (topic for sentence in _sentences(text) for topic in _topics(sentence, text))
    names = dict.fromkeys(topic for topic in topics if " " in topic.removeprefix("the "))
    return [f"What do the articles say about {name}?" for name in names]


def _sentences(text: str) -> list[str]:
    return [" ".join(text[start:end].split()) for start, end in sentence_spans(text)]


def _is_from(answer: Callable[[str], Answer], question: str, source: str) -> bool:
    try:
        return any(citation.source == source for citation in answer(question).citations)
    except RAGError:
        return False


def _speaker(says: re.Match[str], text: str) -> str:
    """The name that is said to speak; empty where it is none, or not a whole one ("Ambassador to | China Lee said")."""
    name = re.sub("^The ", "the ", says["before"] or says["after"])
    ahead = (says.string[: says.start()].split() or [""])[-1]
    if says["before"] and re.fullmatch(rf"[A-Z].*|.*[’']s?|{_PREPOSITION}", ahead):
        return ""
    first, _, others = name.partition(" ")
    if others:
        return "" if first.lower() in FUNCTION_WORDS - {"the"} else name
    # A sentence's first word may be any: a name is capitalized elsewhere, too, and everywhere.
    elsewhere = re.search(rf"[a-z,;] {re.escape(name)}\b", text)
    return name if elsewhere and not re.search(rf"\b{re.escape(name.lower())}\b", text) else ""


def _topics(part: str, text: str) -> Iterator[str]:
    """Names after a preposition that the article has again; no dates, no nationalities."""
    for match in _ABOUT.finditer(part):
        name = match["name"]
        recurs = text.count(name.removeprefix("the ")) > 1
        if recurs and not is_nationality(name.split()[-1]) and all(fact.kind != "date" for fact in facts(name)):
            yield name
