"""Chosen spans become quotes with markers, each checked against the article before it is shown."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import files

from rag.text.sentences import leans
from rag.text.speaker import turn_at
from rag.text.times import resolve_by
from rag.text.words import FUNCTION_WORDS
from rag.types import Citation, Passage, Span

LONGEST_BEFORE = 400  # characters of a sentence that is taken along
_FIRST_PERSON = re.compile(r"(?:(\w+) )?\b(I|[Ww]e|[Oo]ur|[Mm]y)\b(?!-)")
_QUOTED = re.compile(r"[\"“„][^\"”“]*[\"”“]|‘.*?’(?!\w)|«[^»]*»", re.DOTALL)
_MARK = re.compile(r"[\"“”„‘«»]")


def cite(spans: Sequence[Span], article_text: Callable[[str], str], words: Span | None = None) -> tuple[Citation, ...]:
    """Citations of the spans, in their order; `words` are those of one of them that answer.

    A span that begins with a pronoun, or answers the sentence before it ("But …", "She denied it."), takes that along;
    one that its article ascribes to somebody outside the span has the name ahead of it where it is shown. Spans with
    nothing but white space between them in one article become one quote. A span that is not word for word in its
    article at its offsets is left out. Markers are numbers from 1, one a quote.
    """
    articles = {source: article_text(source) for source in dict.fromkeys(span.passage.source for span in spans)}
    quotes: list[Span] = []
    for span in spans:
        article = articles[span.passage.source]
        if not span.text or article[span.start : span.end] != span.text:
            continue
        last = quotes[-1] if quotes else None
        start, end = _readable_from(article, span), span.end
        if (
            last
            and last.passage.source == span.passage.source
            and last.start <= start
            and not article[last.end : start].strip()
        ):
            start, end = quotes.pop().start, max(last.end, end)
        quotes.append(Span(span.passage, start, end))
    return tuple(
        _citation(marker, quote, articles[quote.passage.source], words) for marker, quote in enumerate(quotes, start=1)
    )


def _citation(marker: int, quote: Span, article: str, answer: Span | None) -> Citation:
    passage, words = quote.passage, article[quote.start : quote.end]
    times = resolve_by(passage.written, article, quote.start, quote.end, passage.sentences)
    return Citation(
        marker=marker,
        source=passage.source,
        title=passage.title,
        publisher=passage.publisher,
        published=passage.published,
        quote=words,
        start=quote.start,
        end=quote.end,
        republished_in=passage.republished_in,
        speaker=_speaker(words, quote.start, passage),
        times=tuple(time for time in times if time.relative),
        no_later_than=passage.no_later_than,
        answer=(answer.start, answer.end) if answer and answer.within(quote) else None,
        updated=passage.updated,
        place=passage.place(quote.start),
    )


def attributed(citation: Citation) -> str:
    """The quote on one line, after its speaker and before its dates, where it has them."""
    quote = " ".join(citation.quote.split())
    times = ", ".join(dict.fromkeys(f"{' '.join(time.text.split())} ({time.when})" for time in citation.times))
    said = f"{_speaks(citation)}{quote}"
    return f"{said} – {times}" if times else said


def answer_place(citation: Citation) -> tuple[int, int] | None:
    """Where the words that answer stand in what `attributed` gives."""
    if citation.answer is None:
        return None
    ahead = " ".join(f"{citation.quote[: citation.answer[0] - citation.start]}|".split())[:-1]
    start = len(_speaks(citation)) + len(ahead)
    return start, start + len(citation.answer_words)


def _speaks(citation: Citation) -> str:
    return f"{citation.speaker}: " if citation.speaker else ""


def _readable_from(article: str, span: Span) -> int:
    """Where the quote begins: at the sentence before, if it needs that one's noun and the speaker is the same."""
    start = span.start
    if not leans(span.text) and not answers_before(span.text):
        return start
    number = bisect_left(span.passage.sentences, (start,))
    if not number:
        return start
    place, stop = span.passage.sentences[number - 1]
    if stop > start or article[stop:start].strip() or start - place > LONGEST_BEFORE:
        return start
    if article[stop - 1].isalnum():  # a headline or a byline, not a sentence
        return start
    return place if turn_at(span.passage.turns, place) == turn_at(span.passage.turns, start) else start


def answers_before(sentence: str) -> bool:
    """Whether it opens with "But", or denies what is not said in itself.

    >>> [answers_before(sentence) for sentence in ("But the pool stayed shut.", "Reed denied it.", "It denied a loan.")]
    [True, True, False]
    """
    opens, denies = _words()
    return bool(opens.match(sentence.lstrip("\"“'‘(")) or denies.search(sentence))


@lru_cache(maxsize=1)
def _words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    listed = tomllib.loads(files("rag.cite").joinpath("denials.toml").read_text(encoding="utf-8"))
    return re.compile(listed["opens"]), re.compile(listed["denies"], re.VERBOSE | re.IGNORECASE)


def _speaker(quote: str, start: int, passage: Passage) -> str | None:
    """Who says the quote, if the quote's own words do not tell: the turn's speaker, or the author of an "I" or "we"."""
    turn = turn_at(passage.turns, start)
    if turn:
        return turn.speaker if turn.speaker and start >= turn.words else None
    return passage.author if _in_first_person(quote) else None


def _in_first_person(quote: str) -> bool:
    """Whether its own words speak of their author; a quotation mark without the other leaves open whose they are.

    >>> _in_first_person("I saw it."), _in_first_person("‘I saw it,’ she said."), _in_first_person("World War I ended.")
    (True, False, False)
    """
    own = _QUOTED.sub("", quote)
    if _MARK.search(own):
        return False
    return any(
        word != "I" or not ahead or ahead[0].islower() or ahead.lower() in FUNCTION_WORDS
        for ahead, word in _FIRST_PERSON.findall(own)
    )
