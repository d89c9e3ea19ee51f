"""Who wrote an article, and in what role: the persons that a line of its head or foot names."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.ingest.dates import dates_of, without_dates
from rag.ingest.furniture import PAPERS, PLACES, SECTIONS
from rag.ingest.labels import labelled
from rag.ingest.paragraph import masthead

LONGEST_BYLINE = 160  # characters
_CAPITAL = "A-ZÀ-ÖØ-ÞŁŚŻŞİČŠŽĐА-ЯЁ"
_NAME = (
    rf"(?:[{_CAPITAL}][\w.'’-]*|d['’][A-Z][\w-]+|de|del|della|der|den|da|dos|das|di|du|la|le|van|von|"
    r"el|al|bin|ibn|y|e|ter|ten|zu)(?!\w)"
)
_NAMES = re.compile(
    rf"{_NAME}(?: {_NAME}){{1,5}}(?:(?:, {_NAME}(?: {_NAME}){{1,4}}){{0,3}}"
    rf"(?: and | & | y | et | und | e ){_NAME}(?: {_NAME}){{1,4}})?"
)
BY = r"^\W*(?:{by}\s?[:：]?|{credit}\s?[:：])\s+(?P<names>\S.*)$"
_WIDE_BY = (
    r"{wide_by}\s?[:：/／\s]\s*"
    r"(?P<names>[\u4e00-\u9fff·]{2,8}(?:[、\s][\u4e00-\u9fff·]{2,4}){0,3})(?=[\s|)）]|$)"
)
# Where and for whom: "in Leeds", "at the Fen Post", "special to The Larder".
OF = r"\b(?:{place}|{from}|{written_for})\s(?-i:(?:the\s)?(?P<name>[A-ZÀ-Ý][\w.&'’-]*(?:\s[A-ZÀ-Ý][\w.&'’-]*){0,4}))"
CELLS = re.compile(r"[,|·•()/\t]|\s(?:[–—-]|--)(?=\s|$)|\s{2,}")  # what separates the parts of a byline or a date line
# A role that nothing sets off from the name is in lower case: "Jane Doe Transport correspondent".
_SET_ON = re.compile(
    rf"(?P<names>{_NAME} {_NAME}(?: {_NAME})??) (?P<role>(?:[{_CAPITAL}][\w-]* (?:[\w-]+ )?)?[^\W\d_]+)"
)
_NO_PERSON = r"\b(?:{role}|{not_person})\b"


def is_role(text: str) -> bool:
    """Whether a text is a person's office: "Courts and Crime Reporter", "Redakteurin für Verkehr"."""
    return len(text.split()) <= 8 and bool(labelled(r"(?:.*[\s-])?{role}(?:\s.*)?").fullmatch(text))


@lru_cache(maxsize=4096)
def names_of(line: str) -> str | None:
    """The persons a byline names, without their role, place and date; None when it is none.

    >>> names_of("Jane Doe, Courts Reporter"), names_of("By Any Means Necessary")
    ('Jane Doe', None)
    """
    if len(line) > LONGEST_BYLINE:
        return None
    if wide := labelled(_WIDE_BY).search(line) if not line.isascii() else None:
        return wide["names"].strip()
    match = labelled(BY).match(line.strip("*_ "))
    if not match:
        return _name_alone(line.strip("*_ "))
    names = _NAMES.match(match["names"])
    if not names or labelled(_NO_PERSON).search(names[0]):
        return None
    following = match["names"][names.end() :].strip()
    # "By Any Means" goes on like a sentence; a byline ends, or goes on with an office, a place, a date.
    ends = re.match(r"$|[,|·•\-–—/(;:\d]|\S*@", following) or (
        labelled(OF).match(following) and len(following.split()) <= 9
    )
    return names[0].strip(" .") if ends else None


def _name_alone(line: str) -> str | None:
    """The persons ahead of a role, or of a bar and a date: "Jane Doe | 2 March 2024"; no section, paper or place."""
    names = _NAMES.match(line)
    if not names:
        return None
    person, rest = names[0], line[names.end() :]
    first, *others = (cell.strip() for cell in CELLS.split(without_dates(rest).strip(" ,|·–—-\t")))
    dated = re.match(r"\s?[|·]", rest) and any(len(rest[: day.start].split()) <= 2 for day in dates_of(rest))
    signed = re.match(r"\s?[,|·–—-]", rest) and is_role(first)
    fits = dated or (signed and all(not cell or is_role(cell) or masthead(cell) for cell in others))
    if (set_on := _SET_ON.fullmatch(line)) and set_on["role"].split()[-1].islower() and is_role(set_on["role"]):
        person, fits = set_on["names"], True
    words = person.replace(",", "").split()
    known = {word.casefold() for word in words} & (PAPERS | SECTIONS | PLACES)
    many = sum(word[0].isupper() for word in words) > (3 if " and " not in person else 7)
    return person if fits and not known and not many and not labelled(_NO_PERSON).search(person) else None
