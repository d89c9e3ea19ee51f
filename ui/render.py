"""What the chat shows: questions, answers, evidence and errors as safe HTML.

Everything that comes from a reader, an article or a person is escaped here. What goes into the conversation is one
block on one line, so that no Markdown is looked for inside it, and uses only tags and attributes that Gradio's
sanitizer keeps (it drops aria-* and data-*).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from rag.cite.remark import named_source, newest_of
from rag.events import CHECKING, READING, SEARCHING, WRITING
from rag.models.download import model_title
from rag.settings import EXTRACTIVE
from rag.text.times import dated, day_of
from rag.types import CLOSEST, Answer, Article, Citation, Entry, Sentence, Statement
from ui.conversation import Turn, encodable, to_markdown, to_text

STEPS = {
    SEARCHING: "Searching the articles …",
    READING: "Reading what was found …",
    WRITING: "Writing …",
    CHECKING: "Checking the words against the articles …",
}
PASSAGE = "#passage?"  # begins the address of quoted words within the page
LONGEST_HINT = 1000  # characters of a quote that are shown on hovering
LONGEST_CLOSEST = 240
MOST_LINKS = 5  # to articles, behind one name
_CLOSE = '<button class="close" type="button" aria-label="Close the article">Close</button>'
_SPACE = re.compile(r"\s+")


def render_introduction(title: str, articles: int | None, copies: int = 0) -> str:
    """The heading of the page and what it is; None when the articles cannot be counted."""
    scope = {None: "the articles", 1: "one article"}.get(articles, f"{articles} articles")
    if copies:
        scope += f" and {copies} republished {'copy' if copies == 1 else 'copies'}"
    return f"<h1>{escaped(title)}</h1><p>Every answer is checked word for word against {scope}.</p>"


def render_menu(shown: str, collections: Sequence[str]) -> str:
    """A menu of the collections, "" for the one without a name; nothing where there is but one.

    Their pages lie below that of the one without a name, see `ui.server`.
    """
    if len(collections) < 2:
        return ""
    up = "../../" if shown else ""
    here = ' aria-current="page"'
    links = [
        f'<li><a href="{f"{up}collections/{name}/" if name else up or "./"}"{here if name == shown else ""}>'
        f"{_collection(name)}</a></li>"
        for name in collections
    ]
    summary = f"<summary>Collection: {_collection(shown)}</summary>"
    return f'<details id="collections">{summary}<ul>{"".join(links)}</ul></details>'


def _collection(name: str) -> str:
    return escaped(name) or "the first one"


def render_question(question: str, longest: int = 4000) -> str:
    """The question as it was typed, line by line; beyond `longest` characters it is cut.

    Only what would be taken for markup is escaped: Gradio shows the same text when the question is edited.

    >>> render_question("Is 2 < 3?")
    'Is 2 &lt; 3?'
    """
    text = question.strip()
    if len(text) > longest:
        text = f"{text[:longest].rstrip()} …"
    return escape(encodable(text), quote=False)


def read_question(shown: str) -> str:
    """What was typed, out of what `render_question` made of it.

    >>> read_question("Is 2 &lt; 3 &amp;lt; 4?")
    'Is 2 < 3 &lt; 4?'
    """
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def render_turn(turn: Turn, step: str = "", *, late: bool = False) -> str:
    """What stands below a question: its answer, its error, or what is being done about it (`late`: for a while)."""
    if turn.answer:
        return render_answer(turn.answer)
    if turn.error:
        return render_error(turn.error)
    return render_step(step, late=late) if step else '<div class="stopped">Stopped.</div>'


def render_step(step: str, *, late: bool) -> str:
    """What is happening; it appears after half a second, or at once where that has passed already."""
    return f'<div class="pending{" late" if late else ""}">{escaped(STEPS[step])}</div>'


def render_answer(answer: Answer) -> str:
    """The answer with its markers, and below it where the quoted words stand.

    An abstention is its sentence and, where they are worth a look, smaller, the closest passages.
    """
    searched = ""
    if answer.standalone_question not in ("", answer.question):
        searched = f'<p class="searched" dir="auto">Searched for: {escaped(answer.standalone_question)}</p>'
    if not answer.answered:
        text = f'<p class="answer-text" dir="auto">{escaped(answer.abstention)}</p>{_entries(answer.entries)}'
        body = f"{text}{_notes(answer.notes)}{_closest(answer.nearest)}{_made(answer)}"
        return f'<div class="abstention">{searched}{body}{_copies(answer)}</div>'
    sources = _sources(answer)
    apart = answer.kind == "overview" and not answer.by_model
    text = "".join(_block(heading, said, answer.citations, apart=apart) for heading, said in answer.blocks)
    lead = f'<p class="lead" dir="auto">{escaped(answer.lead)}</p>' if answer.lead else ""
    return (
        f'<div class="answer">{searched}{_notes(answer.notes)}{lead}{text}{_entries(answer.entries)}'
        f"{_sureness(answer)}{_conflicts(answer)}{sources}{_made(answer)}{_copies(answer)}</div>"
    )


def _block(heading: str, statements: Sequence[Statement], citations: Sequence[Citation], *, apart: bool) -> str:
    """What stands under one heading, "" for none; `apart` each statement on a line of its own."""
    lines_of = [[each] for each in statements] if apart else [statements]
    above = f'<h3 class="part" dir="auto">{escaped(heading)}</h3>' if heading else ""
    lines = (_sentences([one for each in said for one in _said(each)], citations) for said in lines_of)
    return above + "".join(f'<p class="answer-text" dir="auto">{line}</p>' for line in lines)


def _said(statement: Statement) -> Sequence[Sentence]:
    """The sentences of a statement; one that quotes nothing says itself."""
    return statement.sentences or (Sentence(statement.text, statement.markers, True),)


def _entries(entries: Sequence[Entry]) -> str:
    """A list of articles or names, each a link to its article; one of several articles has a link to each behind it."""
    if not entries:
        return ""
    lines = []
    for entry in entries:
        first, *others = entry.sources or ("",)
        words = _link(first, escaped(entry.text)) if first else escaped(entry.text)
        behind = [_link(source, str(number)) for number, source in enumerate(others[: MOST_LINKS - 1], start=2)]
        lines.append(f'<li dir="auto">{" ".join((words, *behind))}</li>')
    return f'<ul class="entries">{"".join(lines)}</ul>'


def _sureness(answer: Answer) -> str:
    words = answer.sureness.capitalize()
    return f'<p class="sureness">{escaped(words)} the answer</p>' if words else ""


def render_draft(sentences: Sequence[Sentence], citations: Sequence[Citation]) -> str:
    """What a model has written so far, each sentence checked, and that it goes on."""
    text = _sentences(sentences, citations)
    return f'<div class="answer"><p class="answer-text" dir="auto">{text}</p>{render_step(WRITING, late=True)}</div>'


def render_error(message: str) -> str:
    """What went wrong, as a sentence.

    >>> render_error("the question has no words; type a question in words")
    '<div class="error">The question has no words; type a question in words.</div>'
    """
    text = " ".join(message.split())
    stop = "" if text.endswith((".", "?", "!")) else "."
    return f'<div class="error">{escaped(text[:1].upper() + text[1:] + stop)}</div>'


def render_evidence(article: Article, start: int, end: int, copies: Sequence[str] = ()) -> str:
    """The cleaned article, the words from `start` to `end` (characters) marked; `copies` are its republished ones."""
    heads = [f'<h2 tabindex="-1" dir="auto">{escaped(article.title)}</h2>', f'<p class="origin">{origin(article)}</p>']
    if article.original != article.source:
        heads.append(f'<p class="origin">Republished copy of {_link(article.original, escaped(article.original))}</p>')
    if copies:
        links = ", ".join(_link(copy, escaped(copy)) for copy in copies)
        heads.append(f'<p class="origin">Republished in {links}</p>')
    body, place = [], 0
    for line in article.text.split("\n"):
        if line.strip():
            body.append(f'<p dir="auto">{_marked(line, start - place, end - place)}</p>')
        place += len(line) + 1
    return (
        f'<section class="evidence" aria-label="The cited article"><header>{_CLOSE}{"".join(heads)}</header>'
        f'<div class="article" tabindex="0" role="region" aria-label="Text of the article">{"".join(body)}</div>'
        "</section>"
    )


def render_no_evidence(message: str) -> str:
    """In place of an article that cannot be shown, why."""
    note = f'<h2 tabindex="-1">The article cannot be shown</h2><div role="alert">{render_error(message)}</div>'
    return f'<section class="evidence" aria-label="The cited article"><header>{_CLOSE}{note}</header></section>'


def origin(article: Article) -> str:
    """Publisher, date, author and file, escaped; what the article does not state is said to be so."""
    publisher = escaped(article.publisher or "publisher not stated")
    published = dated(article.published, article.no_later_than) or "date not stated"
    updated = f"updated {day_of(article.updated)}" if article.updated else ""
    parts = [publisher, published, updated, escaped(article.author or ""), escaped(article.source)]
    return " · ".join(part for part in parts if part)


def passage_address(source: str, start: int = 0, end: int = 0) -> str:
    """The address of words of an article within the page, for a link.

    >>> passage_address("a b.txt", 3, 9)
    '#passage?source=a+b.txt&start=3&end=9'
    """
    return PASSAGE + urlencode({"source": source, "start": start, "end": end}, errors="replace")


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="note" dir="auto">{escaped(note)}</p>' for note in notes)


def _made(answer: Answer) -> str:
    """Which model wrote it, and what that took."""
    if answer.model == EXTRACTIVE or not answer.tokens_in:
        return ""
    parts = [escaped(model_title(answer.model)), f"{answer.tokens_in:,} tokens read, {answer.tokens_out:,} written"]
    if "first_sentence" in answer.timings:
        parts.append(f"first checked sentence after {answer.timings['first_sentence']:.1f} s")
    if answer.left_out:
        parts.append(f"{len(answer.left_out)} passages did not fit")
    return f'<p class="made">{" · ".join(parts)}</p>'


def _sentences(sentences: Sequence[Sentence], citations: Sequence[Citation]) -> str:
    """The sentences, each run with its markers behind it; one without support is underlined and says so."""
    known = {citation.marker: citation for citation in citations}
    shown: list[str] = []
    for number, sentence in enumerate(sentences):
        shown.append(_sentence(sentence))
        following = sentences[number + 1] if number + 1 < len(sentences) else None
        if following is None or following.markers != sentence.markers:
            shown += [_marker(known[marker]) for marker in sentence.markers if marker in known]
    return " ".join(shown)


def _sentence(sentence: Sentence) -> str:
    text = _marked(sentence.text, *(sentence.answer or (0, 0)), tag="b")
    if sentence.supported:
        return text
    flag = f'<span class="flag">[not supported: {escaped(sentence.reason)}]</span>'
    return f'<span class="unsupported">{text}</span> {flag}'


def _conflicts(answer: Answer) -> str:
    """What the cited articles state differently: each value with its source, date and marker."""
    if not answer.conflicts:
        return ""
    known = {citation.marker: citation for citation in answer.citations}
    newest = newest_of([known[conflict.marker] for conflict in answer.conflicts])
    entries = ""
    for conflict in answer.conflicts:
        citation = known[conflict.marker]
        published = dated(citation.published, citation.no_later_than) or "undated"
        about = f"{escaped(named_source(citation))} · {published}{' · newest' if citation is newest else ''}"
        entries += (
            f'<li dir="auto">{escaped(conflict.value)} {_marker(citation)} <span class="origin">{about}</span></li>'
        )
    return f'<div class="conflicts"><p>The articles differ:</p><ul>{entries}</ul></div>'


def _closest(citations: Sequence[Citation]) -> str:
    if not citations:
        return ""
    entries = "".join(
        f'<li dir="auto">{_link(each.source, escaped(each.title), each.start, each.end)}: '
        f"“{escaped(_cut(each.quote, LONGEST_CLOSEST))}”</li>"
        for each in citations
    )
    return f'<div class="closest"><p>{CLOSEST}</p><ul>{entries}</ul></div>'


def _sources(answer: Answer) -> str:
    if not answer.citations:
        return ""
    listed = "".join(_source(citation, answer.text) for citation in answer.citations)
    label = "Source" if len(answer.citations) == 1 else "Sources"
    return f'<p class="sources-label">{label}</p><ol class="sources">{listed}</ol>'


def _source(citation: Citation, text: str) -> str:
    """Where quoted words stand; the words too, unless the answer shows them itself."""
    day = dated(citation.published, citation.no_later_than)
    parts = [citation.publisher, day, citation.source, citation.place]
    if citation.republished_in:
        parts.append(f"republished in {', '.join(citation.republished_in)}")
    words = f"[{citation.marker}] {escaped(citation.title)}"
    title = _link(citation.source, words, citation.start, citation.end, "title")
    quote = " ".join(citation.quote.split())
    shown = "" if quote in text else f'<blockquote dir="auto">{escaped(quote)}</blockquote>'
    about = escaped(" · ".join(part for part in parts if part))
    return f'<li dir="auto">{title} <span class="origin">{about}</span>{shown}</li>'


def _marker(citation: Citation) -> str:
    hint = escaped(_cut(citation.quote, LONGEST_HINT))
    address = escape(passage_address(citation.source, citation.start, citation.end))
    return f'<a class="marker" href="{address}" title="{hint}">[{citation.marker}]</a>'


def _link(source: str, words: str, start: int = 0, end: int = 0, kind: str = "passage") -> str:
    return f'<a class="{kind}" href="{escape(passage_address(source, start, end))}">{words}</a>'


def _copies(answer: Answer) -> str:
    """Buttons that copy the answer, and what they copy; line breaks are written so that they stay on one line."""
    forms = (("Copy text", to_text(answer)), ("Copy Markdown", to_markdown(answer)))
    return (
        '<p class="actions">'
        + "".join(
            f'<button class="copy" type="button">{label}</button><span class="copied">{_lines(text)}</span>'
            for label, text in forms
        )
        + "</p>"
    )


def _lines(text: str) -> str:
    return "<br>".join(escaped(line) for line in text.split("\n"))


def _marked(line: str, start: int, end: int, tag: str = "mark") -> str:
    """The escaped line, its characters from start to end marked; both may lie outside."""
    first, last = max(0, start), min(len(line), end)
    if first >= last:
        return escaped(line)
    return f"{escaped(line[:first])}<{tag}>{escaped(line[first:last])}</{tag}>{escaped(line[last:])}"


def _cut(text: str, longest: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= longest else f"{words[:longest].rstrip()} …"


def escaped(text: str) -> str:
    """Escaped, on one line: a blank line would end the block of HTML, and Markdown would begin."""
    return escape(_SPACE.sub(" ", encodable(text)))
