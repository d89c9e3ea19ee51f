"""What the articles say in a few sentences: of all of them, of those about something, or of one."""

from __future__ import annotations

from datetime import date

import numpy as np

from rag.questions.asking import Asking
from rag.questions.choosing import Candidate, candidates, choose, relevance_to, relevant
from rag.questions.topic import Topic, frame, one_article, topic_of, topic_words
from rag.text.words import WORD
from rag.types import Answer, Passage

MOST = 5  # sentences of an overview of all articles, one each
MOST_ON = 8  # on one matter
MOST_OF_ONE = 5  # of one article
LEADS = 2  # sentences of each of many articles that are looked at
FEW = 8  # articles that are read as a whole


def overview(asking: Asking, question: str) -> Answer | None:
    """A few sentences that cover what there is, newest article first; None where no article has to do with it."""
    topic = topic_of(asking, topic_words(question, "asking"))
    if not topic.articles:
        return None
    asks_of_one = any(word.lower() in frame("article") for word in WORD.findall(question))
    only = one_article(topic) if asks_of_one or len(topic.articles) == 1 else None
    return _of_one(asking, question, only) if only else _of_many(asking, question, topic)


def _of_one(asking: Asking, question: str, article: Passage) -> Answer:
    found = relevant("", candidates(article))
    vectors = asking.encode([each.span.text for each in found])
    chosen = choose(found, vectors, np.ones(len(found), dtype=np.float32), MOST_OF_ONE)
    spans = sorted((found[number].span for number in chosen), key=lambda span: span.start)
    return asking.quoted(question, [("", spans)], kind="overview", passages=[article])


def _of_many(asking: Asking, question: str, topic: Topic) -> Answer:
    leads = None if topic.words and len(topic.articles) <= FEW else LEADS
    found = [each for article in topic.articles for each in candidates(article, leads)]
    found = relevant(topic.words, found)
    vectors = asking.encode([each.span.text for each in found])
    relevance = np.ones(len(found), dtype=np.float32)
    if topic.words:
        relevance = relevance_to(topic.words, found, vectors, asking.encode([topic.words])[0])
    most = MOST_ON if topic.words else MOST
    most_of_one = -(-most // len(topic.articles))
    chosen = [found[number] for number in choose(found, vectors, relevance, most, most_of_one)]
    chosen.sort(key=lambda each: (-_day(each), each.span.passage.source, each.span.start))
    told = {each.span.passage.source for each in chosen}
    notes = [f"From {len(told)} of {topic.count:,} articles."] if topic.count > len(told) else []
    return asking.quoted(
        question, [("", [each.span for each in chosen])], kind="overview", passages=topic.articles, notes=notes
    )


def _day(each: Candidate) -> int:
    return (each.span.passage.day or date.min).toordinal()
