"""What a page declares of its article in JSON-LD, meta elements, microdata, and in the head of its body.

Not htmldate, which trafilatura asks: where nothing names a day of publication it takes any other date of the page, of a
change, an event, a comment or a related article.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rag.ingest.dates import parse_date
from rag.ingest.labels import labelled
from rag.ingest.load.content import is_paragraph

_ABOUT = ("@graph", "mainEntity", "mainEntityOfPage")  # of JSON-LD, what may hold the article itself
# How properties, meta elements and classes name the days.
_KINDS = {
    "published": re.compile(r"(?i)(?<!un)publi(?:sh(?!er)|cation)|pub[-_]?date|issued|^entry-date$"),
    "updated": re.compile(r"(?i)modif|updat|revis|lastmod"),
    "dated": re.compile(r"(?i)^(?:dc[.:]|dcterms[.:]|citation_|sailthru[.])?date$"),
}
_HEAD = 200  # elements behind the headline
_Named = Iterable[tuple[str, Any]]


@dataclass(frozen=True)
class Declared:
    """Days in ISO form, the publisher's name, the text, whether it is free; None where it declares none, or several."""

    published: str | None = None
    updated: str | None = None
    publisher: str | None = None
    body: str | None = None
    free: bool | None = None


def declared(page: Any) -> Declared:
    """What a page, as lxml has parsed it, declares: of the places to do so the first that names a day counts."""
    articles = _articles(page)
    properties = [each for article in articles for each in article.items()]
    places = [properties, list(_meta(page)), list(_items(page)), list(_times(page))]
    houses = [value for name, value in properties if name == "publisher"]
    houses = [each[0] if isinstance(each, list) and each else each for each in houses]
    names = {name for each in houses if isinstance(each, dict) and isinstance(name := each.get("name"), str)}
    return Declared(
        _day(places, "published") or _day(places, "dated"),
        _day(places, "updated"),
        names.pop() if len(names) == 1 else None,
        max(
            (value for name, value in properties if name == "articleBody" and isinstance(value, str)),
            key=len,
            default=None,
        ),
        False
        if any(name == "isAccessibleForFree" and str(value).casefold() == "false" for name, value in properties)
        else None,
    )


def _day(places: Iterable[_Named], kind: str) -> str | None:
    for place in places:
        values = (value for name, value in place if isinstance(value, str) and _kind(name) == kind)
        if days := {parse_date(value) for value in values} - {None}:
            return days.pop() if len(days) == 1 else None
    return None


def _kind(name: str) -> str:
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(name)), "")


def _articles(page: Any) -> list[dict[str, Any]]:
    """The articles that the page describes in JSON-LD, or else pages: those with its own headline, if any has it.

    Not those within others: a comment, a video, an entry of a list.
    """
    todo: list[Any] = []
    for script in page.xpath("//script[@type='application/ld+json']"):
        with suppress(ValueError, RecursionError):
            todo.append(json.loads(script.text or "", strict=False))
    found = []
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            found.append(node)
            node = [node.get(name) for name in _ABOUT]
        todo += node if isinstance(node, list) else []
    headings = " ".join(page.xpath("//h1//text() | //title//text()"))
    articles = _of_type(found, r"(?:Article|Posting|Report)\b") or _of_type(found, r"Page\b")
    return [each for each in articles if str(each.get("headline") or "\0") in headings] or articles


def _of_type(nodes: Iterable[dict[str, Any]], pattern: str) -> list[dict[str, Any]]:
    return [node for node in nodes if re.search(pattern, str(node.get("@type")))]


def _meta(page: Any) -> Iterator[tuple[str, Any]]:
    for meta in page.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("http-equiv")
        yield name or "", meta.get("content")


def _items(page: Any) -> Iterator[tuple[str, Any]]:
    """The properties of microdata, but those of an event, a comment, a product within the page."""
    for element in page.xpath("//*[@itemprop]"):
        kind = element.xpath("string(ancestor::*[@itemtype][1]/@itemtype)")
        if not kind or re.search(r"(?:Article|Posting|Report|Page)$", kind):
            yield element.get("itemprop"), element.get("content") or element.get("datetime") or element.text


def _times(page: Any) -> Iterator[tuple[str, Any]]:
    """The dates between the headline and the first paragraph: of the article, unless called something else."""
    headline = page.find(".//h1")
    for element in islice(headline.xpath("following::*"), _HEAD) if headline is not None else ():
        words, tail = (" ".join((text or "").split()) for text in (element.text_content(), element.tail))
        if element.tag in ("time", "abbr"):
            said = labelled(r"\b(?:{updated})\b").search("".join(element.xpath("preceding-sibling::text()")) + words)
            named = "updated" if said else "published" if element.get("datetime") else ""
            kinds = map(_kind, element.get("class", "").split())
            yield next(filter(None, kinds), named), element.get("datetime") or element.get("title") or words
        if (element.tag == "p" and is_paragraph(words)) or is_paragraph(element.text or "") or is_paragraph(tail):
            return
