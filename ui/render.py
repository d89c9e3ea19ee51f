"""What the page shows: questions, answers and errors as safe HTML.

Everything that comes from a reader or an article is escaped here. Each function returns one line of HTML in one
block, so that no Markdown is looked for inside it, and uses only tags and attributes that Gradio's sanitizer
keeps (it drops aria-* and data-*).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from html import escape

from rag.types import Answer, Citation

PENDING = '<div class="pending">Reading the articles …</div>'
_SPACE = re.compile(r"\s+")


def render_introduction(title: str, articles: int | None, copies: int = 0) -> str:
    """The heading of the page and what it is; None when the articles cannot be counted."""
    scope = {None: "the news articles", 1: "one news article"}.get(articles, f"{articles} news articles")
    if copies:
        scope += f" and {copies} republished {'copy' if copies == 1 else 'copies'}"
    return f"<h1>{_escape(title)}</h1><p>Every answer is quoted word for word from {scope}.</p>"


def render_question(question: str, longest: int = 2000) -> str:
    """The question as it was typed, line by line; beyond `longest` characters it is cut.

    >>> render_question("Is 2 < 3?")
    '<div class="question" dir="auto">Is 2 &lt; 3?</div>'
    """
    text = question.strip()
    if len(text) > longest:
        text = f"{text[:longest].rstrip()} …"
    return f'<div class="question" dir="auto">{"<br>".join(_escape(line) for line in text.splitlines())}</div>'


def render_answer(answer: Answer) -> str:
    """The answer with its markers, and below it the quoted words and where they stand.

    An abstention is its sentence and the headlines of the closest passages.
    """
    if not answer.answered:
        return f'<div class="abstention"><p dir="auto">{_escape(answer.text)}</p>{_closest(answer.closest)}</div>'
    sources = "".join(_source(citation) for citation in answer.citations)
    return (
        f'<div class="answer"><p class="answer-text" dir="auto">{_with_markers(answer.text, answer.citations)}</p>'
        f'<p class="sources-label">{"Source" if len(answer.citations) == 1 else "Sources"}</p>'
        f'<ol class="sources">{sources}</ol></div>'
    )


def render_error(message: str) -> str:
    """What went wrong, as a sentence.

    >>> render_error("the question is empty; type a question in words")
    '<div class="error">The question is empty; type a question in words.</div>'
    """
    text = " ".join(message.split())
    stop = "" if text.endswith((".", "?", "!")) else "."
    return f'<div class="error">{_escape(text[:1].upper() + text[1:] + stop)}</div>'


def _closest(citations: Sequence[Citation]) -> str:
    titles = dict.fromkeys(citation.title for citation in citations)
    if not titles:
        return ""
    entries = "".join(f'<li dir="auto">{_escape(title)}</li>' for title in titles)
    return f'<div class="closest"><p>The closest passages, which need not answer it, are in</p><ul>{entries}</ul></div>'


def _source(citation: Citation) -> str:
    origin = [citation.publisher, citation.published and _day(citation.published)]
    copies = f" · republished in {', '.join(citation.republished_in)}" if citation.republished_in else ""
    lines = [
        f'<p class="title" dir="auto">{_marker(citation.marker)} {_escape(citation.title)}</p>',
        f'<p class="origin">{_escape(" · ".join(part for part in origin if part))}</p>' if any(origin) else "",
        f'<blockquote dir="auto">{_escape(citation.quote)}</blockquote>',
        f'<p class="file">{_escape(citation.source + copies)}</p>',
    ]
    return f"<li>{''.join(lines)}</li>"


def _with_markers(text: str, citations: Sequence[Citation]) -> str:
    """The escaped text, its markers made visible; a "[1]" inside quoted words is the article's and stays as it is."""
    quotes = sorted({" ".join(citation.quote.split()) for citation in citations}, key=len, reverse=True)
    markers = {f"[{citation.marker}]": citation.marker for citation in citations}
    pattern = "|".join(re.escape(part) for part in (*quotes, *markers) if part)
    shown = []
    end = 0
    for match in re.finditer(pattern, text) if pattern else ():
        shown.append(_escape(text[end : match.start()]))
        found = match.group()
        shown.append(_marker(markers[found]) if found in markers else _escape(found))
        end = match.end()
    shown.append(_escape(text[end:]))
    return "".join(shown)


def _marker(number: int) -> str:
    return f'<b class="marker">[{number}]</b>'


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _escape(text: str) -> str:
    """Escaped, on one line: a blank line would end the block of HTML, and Markdown would begin."""
    encodable = text.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair cannot be sent
    return escape(_SPACE.sub(" ", encodable))
