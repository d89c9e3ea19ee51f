"""The line below the quotes which says that articles differ, and the check that it says so truly."""

from __future__ import annotations

from collections.abc import Sequence

from rag.text.times import dated
from rag.types import Citation, Conflict, Sentence

TITLE_WORDS = 5
_OPENING = "The articles differ: "


def remark(conflicts: Sequence[Conflict], citations: Sequence[Citation]) -> str:
    """Each value with its publisher, date and marker, and which is the newest where all dates are known."""
    by_marker = {citation.marker: citation for citation in citations}
    values = "; ".join(
        f"{' '.join(conflict.value.split())} {_origin(by_marker[conflict.marker])}" for conflict in conflicts
    )
    return f"{_OPENING}{values}.{_newest([by_marker[conflict.marker] for conflict in conflicts])}"


def checked(line: str, citations: Sequence[Citation]) -> Sentence:
    """A remark held against the quotes: each value is in the quote of its marker, origin and newest are right."""
    rest, cited, wrong = line.removeprefix(_OPENING), list[Citation](), ""
    places = sorted((line.find(_origin(citation)), citation.marker, citation) for citation in citations)
    for _, _, citation in places:
        value, origin, behind = rest.partition(f" {_origin(citation)}")
        if origin:
            value, rest = value.removeprefix("; "), behind
            cited.append(citation)
            if value not in " ".join(citation.quote.split()):
                wrong = wrong or f"{value!r} is not in the cited words"
    if not (line.startswith(_OPENING) and len(cited) > 1 and rest == f".{_newest(cited)}"):
        wrong = wrong or "it does not say what the cited articles state"
    return Sentence(line, tuple(citation.marker for citation in cited), not wrong, wrong)


def newest_of(citations: Sequence[Citation]) -> Citation | None:
    """The newest of them; None where a date is unknown, or the latest is that of several."""
    dates = [citation.published for citation in citations if citation.published]
    newest = [citation for citation in citations if dates and citation.published == max(dates)]
    return newest[0] if len(dates) == len(citations) and len(newest) == 1 else None


def named_source(citation: Citation) -> str:
    """Publisher, else how the title begins, else the file."""
    title = citation.title.split()
    short = " ".join(title[:TITLE_WORDS]) + " …" * (len(title) > TITLE_WORDS)
    return citation.publisher or short or citation.source


def _newest(citations: Sequence[Citation]) -> str:
    newest = newest_of(citations)
    return f" The {'newer' if len(citations) == 2 else 'newest'} is [{newest.marker}]." if newest else ""


def _origin(citation: Citation) -> str:
    """Source and date in parentheses, and the marker."""
    day = dated(citation.published, citation.no_later_than) or "undated"
    return f"({named_source(citation)}, {day}) [{citation.marker}]"
