"""What the page of the collection shows: the articles, one of them as its file has it, and what became of new ones."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.desk.collection import Added, Entry, Piece
from rag.desk.doctor import counted
from rag.text.characters import folded
from rag.text.times import dated
from ui.conversation import encodable
from ui.render import escaped, origin

MOST_ROWS = 200
MOST_RESULTS = 50  # articles of uploaded files
_COLUMNS = ("Title", "Publisher", "Date", "Copies", "Chunks", "Removed characters")
_HEAD = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)


def render_articles(entries: Sequence[Entry], search: str = "", chosen: str = "") -> str:
    """A table of the articles with every word of `search` in title, publisher, date or file; the first of them only."""
    words = folded(search).casefold().split()
    found = [entry for entry in entries if all(word in _searched(entry) for word in words)]
    files = counted(len(entries), "file")
    note = f"{len(found)} of {files}" if words else files
    if len(found) > MOST_ROWS:
        note += f"; the first {MOST_ROWS} are shown, search to see others"
    rows = "".join(_row(entry, entry.article.source == chosen) for entry in found[:MOST_ROWS])
    return (
        f'<p class="note" role="status">{note}</p><div class="scroll" tabindex="0" role="region" aria-label="Articles">'
        f"<table><thead><tr>{_HEAD}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def render_difference(entry: Entry, lines: Sequence[Sequence[Piece]]) -> str:
    """One article as its file has it, what cleaning removed struck out, with the reason."""
    article = entry.article
    removed = sum(piece.reason is not None for line in lines for piece in line)
    kind = f"republished copy of {escaped(article.original)}" if article.original != article.source else ""
    copies = f"republished in {escaped(', '.join(entry.copies))}" if entry.copies else ""
    about = " · ".join(part for part in (origin(article), kind, copies, escaped("; ".join(article.notes))) if part)
    pieces = "one piece" if removed == 1 else f"{removed} pieces"
    note = f"Cleaning removed {pieces}; struck out, with the reason." if removed else "Cleaning removed nothing."
    body = "".join(f'<p dir="auto">{"".join(_piece(piece) for piece in line)}</p>' for line in lines)
    return (
        f'<section class="difference" aria-label="The chosen article"><h2 dir="auto">{escaped(article.title)}</h2>'
        f'<p class="origin">{about}</p><p class="note">{note}</p>'
        f'<div class="article scroll" tabindex="0" role="region" aria-label="What the file says">{body}</div></section>'
    )


def render_added(results: Sequence[Added]) -> str:
    """What became of each file, or of each article in it; the first of very many."""
    lines = "".join(f"<li>{_result(result)}</li>" for result in results[:MOST_RESULTS])
    if len(results) > MOST_RESULTS:
        lines += f"<li>and {len(results) - MOST_RESULTS:,} more</li>"
    return f'<ul class="results" role="status">{lines}</ul>' if results else ""


def render_note(message: str, *, error: bool = False) -> str:
    """One line on what was done or went wrong."""
    text = escaped(message[:1].upper() + message[1:])
    return f'<p class="{"error" if error else "note"}" role="{"alert" if error else "status"}">{text}</p>'


def _searched(entry: Entry) -> str:
    article = entry.article
    day = f"{article.published or ''} {dated(article.published, article.no_later_than)}"
    return folded(f"{article.title} {article.publisher or ''} {day} {article.source}").casefold()


def _row(entry: Entry, chosen: bool) -> str:
    article = entry.article
    cells = [
        escaped(article.publisher or "not stated"),
        dated(article.published, article.no_later_than) or "not stated",
        "a copy" if article.original != article.source else str(len(entry.copies) or ""),
        str(entry.chunks or ""),
        f"{sum(len(removal.text) for removal in article.removed):,}",
    ]
    title = (
        f'<button class="choose" type="button" value="{escape(encodable(article.source))}"'
        f' aria-pressed="{"true" if chosen else "false"}" dir="auto">{escaped(article.title)}</button>'
        f'<span class="origin">{escaped(article.source)}</span>'
    )
    return f'<tr><th scope="row">{title}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _piece(piece: Piece) -> str:
    if piece.reason is None:
        return escaped(piece.text)
    return f'<del>{escaped(piece.text)}</del> <span class="reason">{escaped(piece.reason)}</span>'


def _result(result: Added) -> str:
    if result.article is None:
        return f'<b class="bad">Not added</b> {escaped(result.error)}'
    article = result.article
    copy = f", a republished copy of {escaped(article.original)}" if article.original != article.source else ""
    told = "; ".join(("", *article.notes))
    return f"<b>Added</b> {escaped(result.name)}: {escaped(article.title)}{copy}{escaped(told)}"
