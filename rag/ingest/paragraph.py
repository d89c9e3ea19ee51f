"""A paragraph of a page, measured by the tables of `rag.ingest.furniture`, and what it shows by itself.

`proof` says strongly that it is furniture, `sign` that it is if it stands above or below the article.
Spam, credits, pointers, notices and standing phrases are known by their shape. Any other line that is no sentence has a
score of its interface words, a logistic regression (furniture.json, fitted by `eval/fit/furniture.py`).
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from rag.ingest import furniture
from rag.ingest.furniture import Reason

_WIDE = 0.7
_EMPTY = furniture.FUNCTION - furniture.INTERFACE - furniture.SHARED


@dataclass(frozen=True)
class Paragraph:
    """A line, or the hard-wrapped lines of one paragraph; its features are computed once.

    `lines` are (line number on the page, text) pairs; `apart` tells of a blank line above.
    """

    lines: tuple[tuple[int, str], ...]
    apart: bool = False

    @cached_property
    def text(self) -> str:
        return " ".join(line.strip() for _, line in self.lines)

    @cached_property
    def words(self) -> list[str]:
        return [word.casefold() for word in furniture.WORD.findall(self.text)]

    @cached_property
    def size(self) -> int:
        """Length in words; two characters count as one where a script sets no spaces."""
        unspaced = sum(count for char, count in Counter(self.text).items() if _script(char) in _UNSPACED)
        return len(self.text.split()) + unspaced // 2

    @cached_property
    def small(self) -> bool:
        return len(self.text) <= furniture.LONGEST_FURNITURE

    @cached_property
    def ends(self) -> bool:
        """Whether it closes a sentence, quotes and brackets after the full stop allowed."""
        return furniture.SIGNED.sub("", self.text[-60:]).rstrip(furniture.CLOSERS)[-1:] in furniture.ENDS

    @cached_property
    def quoted(self) -> bool:
        return bool(furniture.QUOTES.search(self.text))

    @cached_property
    def truncated(self) -> bool:
        return bool(furniture.TRUNCATED.search(self.text[-12:]))

    @cached_property
    def sentence(self) -> bool:
        """Whether it may close a sentence: as `ends`, or in a script that has no full stop."""
        unstopped = any(_script(char) in _UNSTOPPED for char in self.text[-3:])
        return self.ends or (unstopped and self.size >= furniture.HEADING_WORDS)

    @cached_property
    def prose(self) -> bool:
        """Long enough to be a paragraph; one that does not close a sentence has to be much longer."""
        return not self.truncated and self.size >= (
            furniture.PROSE_WORDS if self.sentence else 4 * furniture.PROSE_WORDS
        )

    @cached_property
    def heading(self) -> bool:
        """Shaped like a headline, a subheading or a menu entry."""
        return bool(self.words) and not self.ends and self.size < 2 * furniture.PROSE_WORDS

    @cached_property
    def imprint(self) -> bool:
        """Whether it says who wrote the article, for whom or when."""
        return (
            not self.truncated
            and self.size <= 2 * furniture.PROSE_WORDS
            and bool(furniture.IMPRINT.search(self.text) or furniture.FULL_DATE.search(self.text))
        )

    @cached_property
    def cells(self) -> list[str]:
        """The entries of a row: a menu, a table, a byline with bars."""
        return [cell.strip() for cell in furniture.CELL.split(self.text.strip()) if cell.strip()] if self.small else []

    @cached_property
    def columns(self) -> int:
        """The columns of a row of a table, whose cells stand between bars or tabs; 0 for a line without."""
        bare = self.text.removeprefix("|").removesuffix("|")
        marks = bare.count("|") or bare.count("\t")
        return marks + 1 if marks and len(self.lines) == 1 else 0

    @cached_property
    def interface(self) -> int:
        """How many words are an interface's, and hardly an article's."""
        return sum(word in furniture.INTERFACE for word in self.words)

    @cached_property
    def known(self) -> int:
        """How many words are an interface's, those that articles use as well among them."""
        return sum(word in furniture.INTERFACE or word in furniture.SHARED for word in self.words)

    @cached_property
    def interface_share(self) -> float:
        """Share of interface words among the words that are not mere function words."""
        content = len(self.words) - sum(word in _EMPTY for word in self.words)
        return max(self.wide, self.known / content if content else 0.0)

    @cached_property
    def wide(self) -> float:
        """The same of the letters where a script sets few spaces; 0 below the share that a control has."""
        found = sum(len(match[0]) for match in furniture.WIDE_WORDS.finditer(self.text)) if self.small else 0
        share = found / max(1, sum(map(len, self.words)))
        return share if share >= _WIDE else 0.0

    @cached_property
    def key(self) -> str:
        return " ".join(self.text.casefold().split())


# ------------------------------------------------------------------ what a paragraph shows by itself
def proof(paragraph: Paragraph, script: str) -> Reason | None:
    """Why a paragraph is none of the article's around the body, and for some reasons within it; else None."""
    text = paragraph.text
    if is_spam(paragraph, script):
        return Reason.SPAM_LINKS
    if not paragraph.small:
        return None
    if paragraph.size <= 5 * furniture.PROSE_WORDS and any(credit.search(text) for credit in furniture.CREDITS):
        return Reason.CAPTION
    if _is_pointer(paragraph):
        return Reason.POINTER
    if furniture.OPENING_RIGHTS.match(text):
        return Reason.NOTICE
    if furniture.LINK_ALONE.match(text):
        return Reason.LINKS
    if paragraph.ends and not paragraph.truncated:
        return Reason.COLOPHON if _is_aside(paragraph) else Reason.APPEAL if _is_appeal(paragraph) else None
    if furniture.TAGS.match(text):
        return Reason.TAGS
    if mark := _mark(paragraph):
        return mark
    if score(paragraph) < _fitted()["proof"]:
        return None
    if furniture.COMMENTING.intersection(paragraph.words):
        return Reason.COMMENTS
    return Reason.ADVERT if paragraph.words[0] in furniture.ADVERTISING else Reason.CONTROL


def _mark(paragraph: Paragraph) -> Reason | None:
    """What a line that is no sentence shows to be by a phrase or a clock."""
    text, words = paragraph.text, frozenset(paragraph.words)
    if paragraph.size > 3 * furniture.PROSE_WORDS:
        return None
    advert = furniture.OPENING_ADVERT.match(text) or (words and words <= furniture.ADVERTISING)
    if advert and paragraph.size <= furniture.PROSE_WORDS and not paragraph.quoted:
        return Reason.ADVERT
    if paragraph.imprint:
        return None
    if furniture.CALL.search(text):
        return Reason.PROMOTION
    timed = furniture.MINUTES.match(text) and all(w.startswith("min") or w in furniture.READING for w in words)
    if timed or furniture.PLAYING.match(text):
        return Reason.PLAYER
    if paragraph.quoted or paragraph.size > furniture.PROSE_WORDS:
        return None
    return Reason.CONTROL if furniture.OPENING_CONTROL.match(text) else None


def sign(paragraph: Paragraph) -> Reason | None:
    """Why a paragraph is none of the article's given that it stands outside the body; else None."""
    text, cells = paragraph.text, paragraph.cells
    if not paragraph.small or (paragraph.quoted and paragraph.ends):
        return None
    if len(cells) >= 3 and max(map(len, cells)) <= furniture.LONGEST_CELL and not paragraph.imprint:
        return Reason.MENU
    if paragraph.ends:
        return None
    if furniture.WEATHER.search(text) or furniture.SCORES.match(text) or furniture.PRICE_MOVE.search(text):
        return Reason.WIDGET
    if paragraph.imprint:
        return None
    if furniture.DOMAIN.match(text):
        return Reason.CONTACT
    if furniture.COLOPHON.search(text) and paragraph.size <= furniture.PROSE_WORDS:
        return Reason.COLOPHON
    return Reason.CONTROL if score(paragraph) >= _fitted()["sign"] else None


def features(paragraph: Paragraph) -> dict[str, float]:
    """What the score weighs, each between 0 and 1."""
    addressed = bool(furniture.ADDRESSING.intersection(paragraph.words))
    wide = paragraph.wide > 0
    share = min(1.0, paragraph.interface_share)
    return {
        "interface share": share if paragraph.interface or wide else 0.0,
        "shared words' share": 0.0 if paragraph.interface or wide else share,
        "interface words": min(paragraph.interface, 2) / 2,
        "known words": min(paragraph.known, 4) / 4,
        "addressed in interface words": addressed * share,
        "wide": float(wide),
        "two cells": float(len(paragraph.cells) >= 2),
        "quoted": float(paragraph.quoted),
        "imprint": float(paragraph.imprint),
        "length": min(paragraph.size, 40) / 40,
    }


@cache
def _fitted() -> dict[str, Any]:
    return dict(json.loads(Path(__file__).with_name("furniture.json").read_text("utf-8")))


def score(paragraph: Paragraph) -> float:
    """How likely a line is furniture by its words, between 0 and 1; meant for lines that are no sentences."""
    alone = paragraph.known < 2 and len(paragraph.cells) < 2 and not (paragraph.interface or paragraph.wide)
    halves = paragraph.size <= furniture.HEADING_WORDS and furniture.HALVES.search(paragraph.text)
    clauses = paragraph.size > furniture.PROSE_WORDS and furniture.HALVES.search(paragraph.text)
    if alone or halves or clauses or furniture.RUNNING.search(paragraph.text):
        return 0.0
    weights = _fitted()["weights"]
    total = sum(weights[name] * value for name, value in features(paragraph).items()) + weights["bias"]
    return 1 / (1 + math.exp(-total))


def _is_aside(paragraph: Paragraph) -> bool:
    """The page speaks of itself, in one of its standing phrases and then shortly; nobody is said to have said it."""
    if paragraph.quoted or not furniture.OPENING_ASIDE.match(paragraph.text):
        return False
    first = re.split(r"[.!?]", paragraph.text, maxsplit=1)[0]
    return len(first.split()) <= furniture.HEADING_WORDS and "," not in first


def _is_appeal(paragraph: Paragraph) -> bool:
    """The site speaks to its reader: of cookies, subscriptions, newsletters, accounts, comments."""
    if paragraph.quoted or paragraph.size > 5 * furniture.PROSE_WORDS:
        return False
    addressed = furniture.ADDRESSING.intersection(paragraph.words)
    return bool(addressed and paragraph.interface) and paragraph.known >= 3 and paragraph.interface_share >= 0.5


def is_spam(paragraph: Paragraph, script: str | None) -> bool:
    """Names of sites without a sentence around them, or the words of the trade in a line of keywords."""
    tokens = paragraph.text.split()
    others = [word for word in tokens if len(word) > 100 or not furniture.DOMAIN.match(word.lower().strip("|,;()"))]
    domains = len(tokens) - len(others)
    if domains >= 3 and 2 * domains > len(tokens):
        return True
    if paragraph.quoted or not tokens:
        return False
    traded = sum(word in furniture.TRADE for word in paragraph.words)
    if paragraph.ends:
        return False
    if paragraph.small and furniture.PRIVATE_ADDRESS.search(paragraph.text):
        return traded >= 2
    words = [word.casefold() for word in furniture.WORD.findall(" ".join(others))]
    function = sum(word in furniture.FUNCTION for word in words) / max(1, len(words))
    wide = len(furniture.SPAM_WIDE.findall(paragraph.text[: furniture.LONGEST_FURNITURE]))
    letters = scripts(paragraph.text)
    own = letters[script] / max(1, letters.total()) if script else 1.0
    if domains:
        return function < 0.2 and (domains + traded + wide >= 2 or own < 0.8)
    many = len(tokens) >= 6 or 2 * traded > len(tokens)
    keywords = function < 0.2 and many and (paragraph.text.islower() or own < 0.8)
    return wide >= 2 or (traded >= 2 and (keywords or own < 0.1))


def _is_pointer(paragraph: Paragraph) -> bool:
    """A label such as READ MORE in front of a headline, which has no full stop."""
    text = paragraph.text
    if paragraph.size > 3 * furniture.PROSE_WORDS or (text.endswith((".", "。")) and not paragraph.truncated):
        return False
    if furniture.WIDE_POINTER.match(text):
        return True
    if furniture.POINTER_LABEL.match(text) and not furniture.QUOTES.search(text.lstrip("»› ")):
        return True
    label, mark, rest = re.match(r"\W*([^:：|]{0,40})(\s?[:：|])?(.*)", text).groups()  # type: ignore[union-attr]
    words = [word.casefold() for word in furniture.WORD.findall(label)]
    if not words or not mark or not rest.strip():
        return False
    if label.isupper() and len(words) == 1 and words[0] in furniture.MEDIA and not paragraph.ends:
        return True
    if len(words) == 1 and words[0] in furniture.SHARED - furniture.MEDIA:
        return False
    content = {word for word in words if word not in furniture.FUNCTION or word in furniture.POINTING}
    known = content & (furniture.INTERFACE | furniture.SHARED | furniture.POINTING)
    return len(words) <= 5 and bool(furniture.POINTING & content) and 4 * len(known) >= 3 * len(content)


def masthead(text: str) -> str | None:
    """The name in a line shaped like a masthead: some capitalised words, and maybe a motto behind them.

    >>> masthead("The Dale Observer — the valley's paper since 1903"), masthead("Observer quits")
    ('The Dale Observer', None)
    """
    name = furniture.MOTTO.split(text.strip("#*_ "), maxsplit=1)[0].strip(" +")
    words = name.split()
    capital = all(word[:1].isupper() or word.casefold() in furniture.FUNCTION for word in words)
    named = len(name) > 2 and 1 <= len(words) <= 6 and capital and words[-1][:1].isupper()
    return name if named or furniture.WIDE_PAPER.match(name) else None


def paper_name(text: str) -> str | None:
    """The name in a line shaped like a masthead if it sounds like a newspaper's or the like; else None.

    >>> paper_name("The Dale Observer"), paper_name("The Dale Bridge")
    ('The Dale Observer', None)
    """
    name = masthead(text)
    if not name or furniture.WIDE_PAPER.match(name):
        return name
    words = [word.casefold() for word in name.split()]
    known = len(words) > 1 and furniture.PAPERS.intersection((words[0], words[1], words[-1]))
    return name if known or furniture.PAPER_ENDING.search(words[-1]) else None


def behind_bar(line: str) -> tuple[str, str] | None:
    """The headline, and the name or section that a bar or a dash sets behind it.

    >>> behind_bar("Ferry stays in port | Ostra Weekly"), behind_bar("Sorry | not sorry")
    (('Ferry stays in port', 'Ostra Weekly'), None)
    """
    found = furniture.BAR.fullmatch(line)
    if not found or masthead(found["name"]) != found["name"] or len(found["headline"]) < 4:
        return None
    return found["headline"], found["name"]


def is_section(text: str) -> bool:
    """Whether a line is the name of a site's section: World News, Arts & Culture, Opinion."""
    words = [word.casefold() for word in furniture.WORD.findall(text)]
    return 0 < len(words) <= 4 and all(word in furniture.SECTIONS or word in furniture.FUNCTION for word in words)


_UNSTOPPED = frozenset({"THAI", "LAO", "KHMER"})
_UNSPACED = _UNSTOPPED | {"CJK", "HIRAGANA", "KATAKANA", "MYANMAR"}


@lru_cache(maxsize=65536)
def _script(char: str) -> str | None:
    """The script of a letter by its Unicode name, e.g. LATIN or CJK; None for what is no letter."""
    if not unicodedata.category(char).startswith("L"):
        return None
    return re.split(r"[ -]", unicodedata.name(char, "UNKNOWN"))[0]


def scripts(text: str) -> Counter[str]:
    """How many letters of each script a text has."""
    counts: Counter[str] = Counter()
    for char, count in Counter(text).items():
        if name := _script(char):
            # Japanese mixes its scripts within a word, and Chinese news set in both character sets.
            counts["CJK" if name in ("HIRAGANA", "KATAKANA") else name] += count
    return counts
