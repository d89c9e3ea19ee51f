"""What articles are asked to be about or to mention, and which of them are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from rag.index.catalog import words_of
from rag.questions.asking import Asking
from rag.questions.collection.words import numbers, words
from rag.search.spelling import spell
from rag.text.people import in_full
from rag.text.words import FUNCTION_WORDS, english_words, terms
from rag.types import Listed

_SEGMENT = re.compile(r"[|?!;:,()]|\.(?=\s|$)|\s[-–—]\s|[“”\"]")
_QUOTED = re.compile(r"[“\"]([^“”\"|]{2,})[”\"]|(?<!\w)['‘]([^'’|]{2,})['’](?!\w)")
_CUE = re.compile(r"about|on|regarding|concerning|(?:mention|discuss|contain|cover|quot)(?:s|es|ed|ing)?")
_OFTEN = 2  # times at least that an article has what it is about, where its headline has not,
_WITHIN = 400  # and once in so many words
_LOOKED_INTO = 40  # texts, to tell what is about it from what mentions it
_NEAREST = 6  # passages
_NEAR = 1  # words between those of a name: "the port of Avalon" for "Avalon Port"


@dataclass(frozen=True)
class Found:
    """Originals that are about a topic, best first, and others that only mention it.

    `near` are those nearest in meaning where none has its words.
    """

    topic: str
    about: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def left_of(question: str) -> str:
    """The words of a question that say what is sought, without those by which English asks for articles.

    >>> left_of("In which of the articles does the port of Avalon come up?"), left_of("how many articles are there")
    ('port of Avalon', '')
    """
    quoted = _QUOTED.search(question)
    if quoted:
        return (quoted[1] or quoted[2]).strip()
    segments = [_trimmed(segment) for segment in _SEGMENT.split(question)]
    return max(segments, key=len, default="")


def _trimmed(segment: str) -> str:
    """A segment without words of asking at its ends; behind "about" and "mention" only an article goes."""
    tokens = segment.split()
    while tokens and _is_asking(tokens[0]):
        first, *tokens = tokens
        if _CUE.fullmatch(first.lower()) and not any(_CUE.fullmatch(token.lower()) for token in tokens):
            tokens = tokens[tokens[:1] in (["the"], ["a"], ["an"], ["any"]) :]
            break
    while tokens and _is_asking(tokens[-1]) and (tokens[-1][0].islower() or segment.isupper()):
        tokens = tokens[:-1]
    return " ".join(tokens)


@lru_cache(maxsize=5_000)
def _is_asking(token: str) -> bool:
    """Whether a word is one by which English asks for articles, also with a slip in it."""
    word = token.strip(".,'’").lower().replace("’", "'").removesuffix("'s")
    asking, articles = words("words")["other"].split(), words("words")["article"].split()
    known = word in asking or word in articles or word in FUNCTION_WORDS or word in numbers()
    if not word or known or re.fullmatch(words("topic")["mentions"], word):
        return True
    return word not in english_words() and bool(get_close_matches(word, articles, 1, cutoff=0.8))


def find(asking: Asking, topic: str, rows: Sequence[Listed]) -> Found:
    """The originals that have the words of a topic: a name as such, else each of its words somewhere."""
    spelling = spell(topic, asking.search(topic, _LOOKED_INTO))
    named = asking.index.people(asking.index.having(words_of(topic)[-1:])) if words_of(topic) else []
    read = next((name for _, name, _ in named if name.casefold() == topic.casefold()), spelling.question)
    titles = {row.original: row.title for row in rows}
    having, entitled = set[str](), set[str]()
    for alternative in re.split(r",? or (?:the )?", read):
        if wanted := set(terms(alternative)):
            having |= _having(asking, alternative) | _naming(alternative, named)
            alike = [source for source, title in titles.items() if all(each[:3] in title.lower() for each in wanted)]
            entitled |= {source for source in alike if wanted <= set(terms(titles[source]))}
    having = (having | entitled) & titles.keys()
    told = {source: terms(asking.index.text(source)) for source in having} if len(having) <= _LOOKED_INTO else {}
    counts = {source: min((words.count(term) for term in terms(read)), default=0) for source, words in told.items()}
    often = {source for source, count in counts.items() if count >= max(_OFTEN, len(told[source]) / _WITHIN)}
    best = sorted(having, key=lambda source: (source not in entitled, -counts.get(source, 0), source))
    about = tuple(source for source in best if source in entitled | often)
    mention = tuple(source for source in best if source not in about)
    near = () if having else _near(asking, read)
    return Found(read, about, mention, near, tuple(filter(None, [spelling.note])))


def _near(asking: Asking, topic: str) -> tuple[str, ...]:
    """The originals with a passage that is alike in meaning; none for a name, whose likes are other names."""
    if asking.alike is None or any(word[0].isupper() for word in topic.split()):
        return ()
    nearest = asking.index.nearest(asking.encode([topic])[0], _NEAREST, asking.filters)
    alike = asking.index.passages({chunk: score for chunk, score in nearest.items() if score >= asking.alike})
    return tuple(dict.fromkeys(passage.source for passage in alike))


def _having(asking: Asking, topic: str) -> set[str]:
    """The originals that have a topic's words side by side; those of a name near each other, others anywhere."""
    content = [word for word in words_of(topic) if word.lower() not in FUNCTION_WORDS]
    index = asking.index
    sources = index.having(words_of(topic))
    if len(content) > 1 and all(word[0].isupper() for word in content):
        return sources | index.having(content, _NEAR)
    if len(content) > 1:
        return sources | set.intersection(*(index.having([word]) for word in content))
    return sources


def _naming(topic: str, named: Sequence[tuple[str, str, int]]) -> set[str]:
    """The originals that name a person, also by a part of the name."""
    fullest = in_full(name for _, name, _ in named)
    meant = {fullest.get(name, name) for _, name, _ in named if name.casefold() == topic.casefold()}
    return {source for source, name, _ in named if fullest.get(name, name) in meant}
