"""Questions for yes or no: what the articles say of it, and what another article or speaker says against that."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files

from rag.news.figures import comparable, figures, without_figures
from rag.questions.asking import Asking
from rag.questions.choosing import shared, tells
from rag.settings import EXTRACTIVE
from rag.types import Answer, Scored, Span

NEAR = 4  # sentences from a quoted one in which the other side may follow it, or go ahead
# Share of the question's words in a sentence and ahead of it: near a quoted one, elsewhere, of one that says "not".
LITTLE, SHARED, MOSTLY = 0.2, 0.34, 0.5
MARGIN = 8.0  # log-odds by which a sentence of the other side may answer less well than the best one
OTHER = "What is said on the other side"


def yes_no(asking: Asking, question: str) -> Answer | None:
    """The plain answer, and a sentence that speaks on the other side, if one does; None where a model weighs them."""
    if asking.model != EXTRACTIVE:
        return None
    plain = asking.plain(question)
    if not plain.answered and (other_figure := _with_another_figure(asking, question)):
        return other_figure
    quoted = plain.citations or plain.nearest[:1]
    if not quoted:
        return plain
    read = asking.reader.read(question, plain.passages)
    articles = {source: asking.index.whole(source) for source in {each.source for each in quoted}}
    main = [Span(articles[each.source], each.start, each.end) for each in quoted]
    other = _other_side(question, main, read.shortlist) if read.shortlist else None
    if not other or not (plain.answered or any(_words()["strongly"].search(each.text) for each in (*main, other))):
        return plain
    blocks = [("", main), (OTHER, [other])]
    return asking.quoted(
        question, blocks, kind="yes-no", passages=plain.passages, confidence=plain.confidence, notes=plain.notes
    )


def _with_another_figure(asking: Asking, question: str) -> Answer | None:
    """What the articles say of the matter where they have another figure than the question."""
    asked = figures(question)
    answer = asking.plain(" ".join(without_figures(question, asked).split())) if asked else None
    if not answer or not answer.answered:
        return None
    there = [figure for citation in answer.citations for figure in figures(citation.quote)]
    alike = any(comparable(one, other) for one in asked for other in there)
    return replace(answer, question=question, kind="yes-no") if alike else None


def _other_side(question: str, main: Sequence[Span], shortlist: Sequence[Scored]) -> Span | None:
    """The best sentence that speaks against what is quoted, or for it where that is a denial; None without one."""
    words = _words()
    quoted = [span for one in main for span in one.passage.spans if span.within(one)]
    denied = any(words["strongly"].search(span.text) for span in quoted)
    against = [bool(words["against"].search(span.text)) for span in quoted]
    if denied and any(words["claims"].search(s.text) and not a for s, a in zip(quoted, against, strict=True)):
        return None  # both are quoted
    scores = {each.span.text: each.score for each in shortlist}
    best = max(scores.values())
    found: list[tuple[float, Span]] = []
    for span, near in _candidates(main, shortlist):
        score = scores.get(span.text, best - MARGIN)
        if any(span.within(one) for one in main) or not tells(span) or score < best - MARGIN:
            continue
        of_it = shared(question, f"{_before(span)} {span.text}")
        strong = bool(words["strongly"].search(span.text))
        says_against = bool(words["against"].search(span.text))
        speaks = bool(words["claims"].search(span.text))
        if any(against):
            fits = (
                speaks
                and not says_against
                and not _goes_on(span, main)
                and of_it >= (LITTLE if denied and near else SHARED)
            )
        else:
            fits = says_against and of_it >= (LITTLE if near else SHARED) and (strong or (speaks and of_it >= MOSTLY))
        if fits:
            found.append((score + MARGIN * (of_it + strong + near / 2), span))
    return max(found, key=lambda each: each[0])[1] if found else None


def _goes_on(span: Span, main: Sequence[Span]) -> bool:
    """Whether it is a quotation that follows what is quoted: the words of who spoke there."""
    return span.text[0] in '"“‘«' and any(
        span.passage.source == one.passage.source and not span.passage.text[one.end : span.start].strip()
        for one in main
        if one.end <= span.start
    )


def _candidates(main: Sequence[Span], shortlist: Sequence[Scored]) -> list[tuple[Span, bool]]:
    """What the reader found, and the sentences around those that are quoted; whether they are such."""
    near: dict[tuple[str, int], Span] = {}
    for quoted in main:
        spans = quoted.passage.spans
        inside = [n for n, span in enumerate(spans) if quoted.start < span.end and span.start < quoted.end]
        for span in spans[max(0, inside[0] - NEAR) : inside[-1] + NEAR + 1] if inside else ():
            near[span.passage.source, span.start] = span
    others = [each.span for each in shortlist if (each.span.passage.source, each.span.start) not in near]
    return [(span, True) for span in near.values()] + [(span, False) for span in others]


def _before(span: Span) -> str:
    """The end of what stands ahead of a sentence."""
    end = span.start - span.passage.start
    return span.passage.text[max(0, end - 200) : end]


@lru_cache(maxsize=1)
def _words() -> dict[str, re.Pattern[str]]:
    listed = tomllib.loads(files("rag.questions").joinpath("yes_no.toml").read_text(encoding="utf-8"))
    return {name: re.compile(words, re.VERBOSE | re.IGNORECASE) for name, words in listed.items()}
