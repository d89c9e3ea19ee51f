"""What a question is about, apart from how it asks, and the articles that are about it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

from rag.questions.asking import Asking
from rag.search.retrieve import lexical_terms
from rag.search.spelling import spell
from rag.text.words import FUNCTION_WORDS, WORD, name_terms, terms
from rag.types import Passage

MOST_ARTICLES = 40  # that are looked at for one question
PASSAGES = 60  # that are searched for them
LEAST_SCORE = 0.38  # of the best article's, of one that is about the same


@dataclass(frozen=True)
class Topic:
    """What is asked about, in the question's words ("" for everything), and the articles about it.

    `articles` are whole, the best first and scored up to 1, or the newest of everything; `count` is how many there are.
    """

    words: str
    articles: tuple[Passage, ...]
    count: int


def topic_words(question: str, *frames: str) -> str:
    """The words of a question that are neither small nor of the frames of topic.toml; names stay.

    >>> topic_words("Could you sum up what the articles say about the Story Bridge?", "asking")
    'Story Bridge'
    """
    names = name_terms(question) if not question.isupper() else set()
    own = set(FUNCTION_WORDS).union(*(frame(name) for name in frames))
    return " ".join(
        word
        for word in WORD.findall(question)
        if word.lower().removesuffix("'s").removesuffix("’s") not in own
        or (word[0].isupper() and names & {*terms(word)})
    )


def topic_of(asking: Asking, words: str) -> Topic:
    """The articles about something, or all of them where `words` are none; without articles if none has such a word."""
    if not words:
        sources = [each.source for each in asking.index.listed(asking.filters) if each.source == each.original]
        return Topic("", tuple(map(asking.index.whole, sources[:MOST_ARTICLES])), len(sources))
    passages = asking.search(words, PASSAGES)
    spelled = spell(words, passages).question
    if spelled != words:
        words, passages = spelled, asking.search(spelled, PASSAGES)
    scores: dict[str, float] = {}
    for passage in passages:
        scores.setdefault(passage.source, passage.score)
    asked = {*terms(words)}
    highest = max(scores.values(), default=0.0) or 1.0
    best = [source for source, score in scores.items() if score >= LEAST_SCORE * highest][:MOST_ARTICLES]
    articles = tuple(replace(asking.index.whole(source), score=scores[source] / highest) for source in best)
    if not any(asked & {*terms(f"{each.title} {each.text}")} for each in articles):
        return Topic(words, (), 0)
    with_all = asking.index.listed(asking.filters, lexical_terms(words))
    return Topic(words, articles, len({*(each.source for each in articles), *(each.source for each in with_all)}))


def one_article(topic: Topic) -> Passage | None:
    """The article that the words mean: the only one, or the one whose headline has more of them than any other's."""
    if len(topic.articles) == 1 and topic.count == 1:
        return topic.articles[0]
    asked = {*terms(topic.words)}
    shared = [len(asked & {*terms(each.title)}) for each in topic.articles]
    best = max(shared, default=0)
    return topic.articles[shared.index(best)] if best and shared.count(best) == 1 else None


@lru_cache(maxsize=8)
def frame(name: str) -> frozenset[str]:
    """The words of one frame."""
    listed = tomllib.loads(files("rag.questions").joinpath("topic.toml").read_text(encoding="utf-8"))
    return frozenset(listed[name].split())
