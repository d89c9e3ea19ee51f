"""Turn chosen spans into text with markers, each checked against the article before it is shown.

`unsupported` judges a sentence that is not a quotation: whether cited words say what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.sentences import sentence_spans
from rag.signals import name_terms, number_terms, terms
from rag.types import Citation, Span

# Share of a sentence's content words that the cited words must have: the lowest at which under 1% of the
# sentences about other passages pass (tuning half of eval/support.py).
COVERAGE = 0.6
_NEGATION = re.compile(r"\b(?:no|not|never|none|nobody|nothing|neither|nor|without|cannot)\b|n['’]t\b", re.IGNORECASE)


def cite(spans: Sequence[Span], article_text: Callable[[str], str]) -> tuple[str, tuple[Citation, ...]]:
    """Answer text and citations of the spans, in their order.

    Spans with nothing but white space between them in one article become one quote. A span that is not word
    for word in its article at its offsets is left out. Markers are numbers from 1, one a quote; line breaks
    inside a quote are spaces in the text and stay as they are in the citation.
    """
    citations: list[Citation] = []
    for span in spans:
        article = article_text(span.passage.source)
        if not span.text or article[span.start : span.end] != span.text:
            continue
        last = citations[-1] if citations else None
        start = span.start
        if last and last.source == span.passage.source and last.end <= start and not article[last.end : start].strip():
            start = citations.pop().start
        citations.append(
            Citation(
                marker=len(citations) + 1,
                source=span.passage.source,
                title=span.passage.title,
                publisher=span.passage.publisher,
                published=span.passage.published,
                quote=article[start : span.end],
                start=start,
                end=span.end,
                republished_in=span.passage.republished_in,
            )
        )
    text = " ".join(f"{' '.join(citation.quote.split())} [{citation.marker}]" for citation in citations)
    return text, tuple(citations)


def unsupported(sentence: str, quotes: Sequence[str]) -> str | None:
    """Why the quotes do not say what the sentence says, or None where they do.

    A sentence that stands word for word in a quote is supported. Another one needs its names, figures and most
    of its content words in the quotes, and a "not" where the quoted sentence most like it has one. It compares
    words, not meaning: eval/support.py measures how often it is wrong.
    """
    if any(_folded(sentence) in _folded(quote) for quote in quotes):
        return None
    evidence = " ".join(quotes)
    there = set(terms(evidence))
    for kind, wanted in (("figure", number_terms(sentence)), ("name", name_terms(sentence))):
        if missing := sorted(wanted - there):
            return f"the {kind} {missing[0]!r} is not in the cited words"
    own = set(terms(sentence))
    if not own:
        return "it has no word that could be checked"
    if len(own & there) < COVERAGE * len(own):
        return f"the cited words have {len(own & there)} of its {len(own)} content words"
    nearest = max(
        (quote[start:end] for quote in quotes for start, end in sentence_spans(quote)),
        key=lambda quoted: len(own & set(terms(quoted))),
    )
    if bool(_NEGATION.search(sentence)) != bool(_NEGATION.search(nearest)):
        return "it is a denial, or the cited words are one"
    return None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
