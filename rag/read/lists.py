"""Lists in the text of an article: a lead-in that ends with a colon, and the lines below it."""

from __future__ import annotations

import re

from rag.text.words import terms

MOST_ITEMS = 12
LONGEST_ITEM = 240  # characters
_MARKED = re.compile(r"\s*(?:[-–—•*·▪◦‣]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+\S")
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_PLURAL = re.compile(r"\b[a-z]{2,}s\b")
_ASKED = re.compile(  # "measures", but neither Paris nor a crisis
    r"(?i:\b(?:list|name (?:all|the|three|four|five)|what are|what were|who are|who were)\b)|"
    r"(?i:\b(?:which|what)(?: [\w-]+){0,3}?) (?!has\b|does\b)[a-z]{2,}(?<![siu])s\b"
)


def asks_for_list(question: str) -> bool:
    """Whether the question asks for several things.

    >>> asks_for_list("Which measures were agreed?"), asks_for_list("Who is the mayor?")
    (True, False)
    """
    return bool(_ASKED.search(question))


def list_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the list begins and ends that text[start:end] leads into or is an item of; unchanged where there is none.

    Items are the lines below a lead-in: those with a mark (a dash, bullet or number), or, where the lead-in has
    no blank line after it, unmarked ones up to the next blank line.
    """
    lines = [match.span() for match in _LINE.finditer(text)]
    here = next((number for number, (first, last) in enumerate(lines) if first <= start < last), None)
    if here is None:
        return start, end
    lead = here
    while lead >= 0 and here - lead <= MOST_ITEMS and not leads(text[slice(*lines[lead])]):
        if not _is_item(text, lines, lead):
            return start, end
        lead -= 1
    if lead < 0 or here - lead > MOST_ITEMS or (lead == here and end < lines[here][1] - 1):
        return start, end
    last = lead
    while last + 1 < len(lines) and last - lead < MOST_ITEMS and _is_item(text, lines, last + 1):
        last += 1
    return (lines[lead][0], lines[last][1]) if last > lead else (start, end)


def asked_list(text: str, question: str) -> tuple[int, int] | None:
    """Where a list begins and ends, with its lead-in, that has a plural of the question: "The measures are:".

    >>> text = "They agreed.\\n\\nThe measures are:\\n- cheaper tickets\\n- a second line"
    >>> asked_list(text, "Which measures were agreed?") == (text.index("The m"), len(text))
    True
    """
    plurals = {term for word in _PLURAL.findall(question.lower()) for term in terms(word)}
    for line in _LINE.finditer(text):
        if leads(line[0]) and not plurals.isdisjoint(terms(line[0])):
            start, end = list_around(text, *line.span())
            if end > line.end():
                return start, end
    return None


def leads(sentence: str) -> bool:
    """Whether a list is to follow."""
    return sentence.rstrip().endswith((":", "："))


def _is_item(text: str, lines: list[tuple[int, int]], number: int) -> bool:
    start, end = lines[number]
    if number == 0 or end - start > LONGEST_ITEM or leads(text[start:end]):
        return False
    blank = text[lines[number - 1][1] : start].count("\n") > 1
    return bool(_MARKED.match(text, start)) or not blank
