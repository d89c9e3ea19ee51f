"""Turn chosen spans into text with markers, each checked against the article before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.types import Citation, Span


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
