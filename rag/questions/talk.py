"""Greetings, thanks and questions about the service: one line, and questions that this collection answers."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from rag.questions.asking import Asking
from rag.questions.suggest import suggested
from rag.types import Answer, Entry

WANTED = 3
_TRIED = 5  # questions asked to find them: an answer takes a tenth of a second and more
_kept: dict[str, tuple[str, ...]] = {}  # of the index that was looked into last, by its generation


def talk(asking: Asking, question: str) -> Answer:
    """What is said to a message that asks nothing of the articles."""
    number, _ = asking.index.article_counts()
    articles = f"{number:,} article{'' if number == 1 else 's'}"
    found = next(text for pattern, text in _lines() if pattern.search(question))
    return Answer(
        question,
        (),
        0.0,
        (),
        (),
        asking.model,
        abstention=found.format(articles=articles),
        standalone_question=question,
        kind="talk",
        entries=tuple(Entry(each, ()) for each in _examples(asking)),
    )


def _examples(asking: Asking) -> tuple[str, ...]:
    """Questions that the collection answers; where they are too few, what its newest articles are about."""
    generation = asking.index.generation()
    found = _kept.get(generation)
    if found is None:
        articles = asking.index.articles()
        asked = suggested(articles, asking.plain, WANTED, _TRIED)
        newest = sorted(articles, key=lambda article: str(article.published or ""), reverse=True)
        titles = (f"What is “{each.title}” about?" for each in newest if each.title and each.original == each.source)
        found = tuple(dict.fromkeys([*asked, *titles]))[:WANTED]
        _kept.clear()
        _kept[generation] = found
    return found


@lru_cache(maxsize=1)
def _lines() -> tuple[tuple[re.Pattern[str], str], ...]:
    listed = tomllib.loads(files("rag.questions").joinpath("talk.toml").read_text(encoding="utf-8"))["line"]
    return tuple((re.compile(each["pattern"], re.IGNORECASE), each["text"]) for each in listed)
