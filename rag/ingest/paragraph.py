"""A paragraph of a page, measured by the tables of `rag.ingest.furniture`, and what it shows by itself.

`proof` says that it is furniture wherever it stands, `sign` that it is furniture above or below the article.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rag.ingest import furniture


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
        joined = furniture.PHRASAL.sub(lambda match: re.sub("[ -]", "", match[0]), self.text)  # "log in" is one word
        return [word.casefold() for word in furniture.WORD.findall(joined)]

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
    def core(self) -> int:
        return sum(word in furniture.CORE for word in self.words)

    @cached_property
    def soft(self) -> int:
        return sum(word in furniture.SOFT for word in self.words)

    @cached_property
    def interface_share(self) -> float:
        """Share of interface words among the words that are not mere function words."""
        wide = sum(len(match[0]) for match in furniture.WIDE_WORDS.finditer(self.text)) if self.small else 0
        letters = sum(map(len, self.words))
        content = sum(
            word in furniture.CORE or word in furniture.SOFT or word not in furniture.FUNCTION for word in self.words
        )
        return max(wide / letters if letters else 0.0, (self.core + self.soft) / content if content else 0.0)

    @cached_property
    def key(self) -> str:
        return " ".join(self.text.casefold().split())


# ------------------------------------------------------------------ what a paragraph shows by itself
def proof(paragraph: Paragraph, script: str) -> str | None:
    """Why a paragraph is none of the article's wherever it stands; None when that is not proved."""
    text, words = paragraph.text, paragraph.words
    if is_spam(paragraph, script):
        return furniture.Reason.SPAM_LINKS
    if not paragraph.small:
        return None
    if _is_credit(text, paragraph.size):
        return furniture.Reason.CAPTION
    if _is_pointer(paragraph):
        return furniture.Reason.POINTER
    if (furniture.RIGHTS.search(text) and not (paragraph.prose or paragraph.imprint)) or furniture.RIGHTS.match(text):
        return furniture.Reason.NOTICE
    if _is_promotion(paragraph):
        return furniture.Reason.PROMOTION
    if _is_links(text) or furniture.URL_ALONE.match(text):
        return furniture.Reason.LINKS
    if (furniture.TAGS.match(text) and not paragraph.ends) or furniture.HASHTAGS.match(text):
        return furniture.Reason.TAGS
    if not paragraph.ends and _is_player(paragraph):
        return furniture.Reason.PLAYER
    if (
        furniture.ADVERT_EDGE.match(text)
        and paragraph.size <= furniture.PROSE_WORDS
        and not (paragraph.ends or paragraph.quoted)
    ):
        return furniture.Reason.ADVERT
    if _is_control(paragraph):
        if furniture.COMMENTING.intersection(words):
            return furniture.Reason.COMMENTS
        return furniture.Reason.ADVERT if furniture.ADVERTISING.intersection(words) else furniture.Reason.CONTROL
    return furniture.Reason.APPEAL if _is_appeal(paragraph) else None


def sign(paragraph: Paragraph) -> str | None:
    """Why a paragraph is none of the article's given that it stands outside the body; else None."""
    text = paragraph.text
    if not paragraph.small or (paragraph.quoted and paragraph.ends):
        return None
    if paragraph.size <= 2 * furniture.PROSE_WORDS and furniture.COLOPHON.search(text) and not paragraph.imprint:
        return furniture.Reason.COLOPHON
    if paragraph.size <= 2 * furniture.PROSE_WORDS and furniture.ASIDE.search(text):
        return furniture.Reason.APPEAL
    cells = paragraph.cells
    row = len(cells) >= 3 and max(map(len, cells)) <= furniture.LONGEST_CELL
    if (paragraph.prose and not paragraph.core) and not row:
        return None
    shown = furniture.WEATHER.search(text) or furniture.SCORES.match(text)
    if not paragraph.ends and (shown or _is_ticker(paragraph)):
        return furniture.Reason.WIDGET
    if paragraph.imprint:
        return None
    if row or (not paragraph.ends and (len(cells) >= 3 or (len(cells) == 2 and paragraph.interface_share))):
        return furniture.Reason.MENU
    if furniture.HIDDEN_ADDRESS.search(text) or furniture.DOMAIN.match(text):
        return furniture.Reason.CONTACT
    if "©" in text:
        return furniture.Reason.NOTICE
    known, addressed = paragraph.core + paragraph.soft, bool(furniture.ADDRESS.intersection(paragraph.words))
    spoken = known >= 2 and (addressed or not paragraph.ends)
    if (spoken or (paragraph.core and addressed)) and paragraph.interface_share >= 0.5:
        return furniture.Reason.CONTROL
    icon = _is_icon(text) and not furniture.BULLET.match(text)
    return furniture.Reason.CONTROL if icon and not paragraph.ends else None


def _is_icon(text: str) -> bool:
    """Whether a line opens with an arrow or icon; a bar, > and + are marks of Markdown."""
    return not text[:1].isascii() and unicodedata.category(text[0]) in ("So", "Sm")


def is_spam(paragraph: Paragraph, script: str | None) -> bool:
    """Names of sites without a sentence around them, or the words of the trade in a line of keywords."""
    tokens = paragraph.text.split()
    others = [word for word in tokens if len(word) > 100 or not furniture.DOMAIN.match(word.lower().strip("|,;()"))]
    domains = len(tokens) - len(others)
    if domains >= 3 and 2 * domains > len(tokens):
        return True
    if paragraph.quoted or not tokens:
        return False
    if paragraph.small and furniture.PRIVATE_ADDRESS.search(paragraph.text):
        return len(furniture.SOLICITED.intersection(paragraph.words)) >= 2
    if paragraph.ends:
        return False
    words = [word.casefold() for word in furniture.WORD.findall(" ".join(others))]
    function = sum(word in furniture.FUNCTION for word in words) / max(1, len(words))
    spam = sum(word in furniture.SPAM for word in paragraph.words)
    spam += len(furniture.SPAM_WIDE.findall(paragraph.text[: furniture.LONGEST_FURNITURE]))
    traded = len(furniture.TRADE.intersection(paragraph.words))
    letters = scripts(paragraph.text)
    own = letters[script] / max(1, letters.total()) if script else 1.0
    if domains:
        named = re.search(r"[:：]\s*\S+\.\S+$", paragraph.text[-120:]) and not spam
        return function < 0.2 and (domains >= 2 or spam > 0 or traded > 0 or own < 0.8) and not named
    return (
        (spam >= 3 and 4 * spam >= len(paragraph.words))
        or (traded >= 2 and len(tokens) >= 6 and function < 0.2 and paragraph.text.islower())
        or ((spam >= 1 or traded >= 2) and own < 0.1)
        or ((spam >= 1 or traded >= 2) and own < 0.8 and len(tokens) >= 8 and function < 0.2)
    )


def _is_credit(text: str, size: int) -> bool:
    sentences = sum(text.count(end) for end in furniture.ENDS)
    return (
        size <= 5 * furniture.PROSE_WORDS
        and sentences <= 6
        and any(credit.search(text) for credit in furniture.CREDITS)
    )


def _is_player(paragraph: Paragraph) -> bool:
    playing = bool(furniture.DURATION.search(paragraph.text) and furniture.MEDIA.intersection(paragraph.words))
    counting = furniture.READING_TIME.match(paragraph.text) or furniture.COUNTER.search(paragraph.text)
    playing = playing or bool(furniture.BARE_PLAYER.match(paragraph.text))
    return bool(
        (playing and paragraph.size <= 2 * furniture.PROSE_WORDS)
        or (counting and paragraph.size <= furniture.PROSE_WORDS)
    )


def _is_pointer(paragraph: Paragraph) -> bool:
    """A label such as READ MORE in front of a headline."""
    text = paragraph.text
    if paragraph.size > 3 * furniture.PROSE_WORDS:
        return False
    quoted = furniture.QUOTES.search(text.lstrip("»› "))  # not by the arrow in front of the label
    if furniture.WIDE_POINTER.match(text) or (furniture.POINTER_LABEL.match(text) and not quoted):
        return True
    label, mark, rest = re.match(r"\W*([^:：|]{0,40})(\s?[:：|])?(.*)", text).groups()  # type: ignore[union-attr]
    words = [word.casefold() for word in furniture.WORD.findall(label)]
    if not words or not mark or not rest.strip():
        return False
    if label.isupper() and len(words) == 1 and words[0] in furniture.MEDIA and not paragraph.ends:
        return True
    known = [word for word in words if word in furniture.CORE or word in furniture.SOFT or word in furniture.POINTING]
    content = [word for word in words if word not in furniture.FUNCTION or word in known]
    return len(words) <= 5 and bool(furniture.POINTING.intersection(words)) and 4 * len(known) >= 3 * len(content)


def _is_promotion(paragraph: Paragraph) -> bool:
    """A call to buy, bet, give or vote at the end of a line, or the small print of one."""
    if paragraph.size > 3 * furniture.PROSE_WORDS or paragraph.imprint:
        return False
    called = not paragraph.ends and furniture.CALL.search(paragraph.text)
    return bool(called or (furniture.PROMOTION.search(paragraph.text) and not (paragraph.prose or paragraph.quoted)))


def _is_links(text: str) -> bool:
    linked = sum(len(match[0]) for match in furniture.MARKDOWN_LINK.finditer(text)) if "](" in text else 0
    return bool(linked) and not text.startswith("#") and 4 * linked >= 3 * len(text)


def _is_control(paragraph: Paragraph) -> bool:
    words, wide = paragraph.words, bool(furniture.WIDE_WORDS.search(paragraph.text[: furniture.LONGEST_FURNITURE]))
    if paragraph.size > furniture.PROSE_WORDS:
        return False
    if words and furniture.ADVERTISING.issuperset(words):
        return True
    if not (paragraph.ends or paragraph.quoted) and furniture.STANDING.match(paragraph.text):
        return True
    spaced = re.search(r"\S(?: {3,}|\t+)\S", paragraph.text)
    worded = not paragraph.quoted and not paragraph.imprint and paragraph.interface_share >= 0.7
    return bool((worded and (paragraph.core or wide)) or (spaced and paragraph.core + paragraph.soft))


def _is_appeal(paragraph: Paragraph) -> bool:
    """The site speaks to its reader: of cookies, subscriptions, newsletters, accounts, comments."""
    known = paragraph.core + paragraph.soft
    if paragraph.quoted or paragraph.size > 5 * furniture.PROSE_WORDS or known < 2:
        return False
    asked = bool(furniture.ASKED.intersection(paragraph.words))
    # A whole sentence that asks for nothing a site asks for is prose, in however common words.
    if (paragraph.ends and not asked) or not furniture.ADDRESS.intersection(paragraph.words):
        return False
    voice = bool(paragraph.core and (asked or furniture.SITE_VOICE.intersection(paragraph.words)))
    least = 0.3 if paragraph.size <= 2 * furniture.PROSE_WORDS else 0.4
    return paragraph.interface_share >= (least if voice else 0.6) and (voice or known >= 3)


def _is_ticker(paragraph: Paragraph) -> bool:
    tokens = paragraph.text.split()
    numbers = sum(any(map(str.isdigit, token)) for token in tokens)
    quotations = len(furniture.QUOTATION.findall(paragraph.text))
    moved = furniture.PRICE_MOVE.search(paragraph.text)
    return len(tokens) <= 2 * furniture.PROSE_WORDS and (
        bool(moved) or (quotations >= 2 and 3 * numbers >= len(tokens))
    )


def masthead(text: str) -> str | None:
    """The name in a line shaped like a masthead: some capitalised words, and maybe a motto behind them.

    >>> masthead("The Dale Observer — the valley's paper since 1903"), masthead("Observer quits")
    ('The Dale Observer', None)
    """
    name = furniture.MOTTO.split(text.strip("#*_ "), maxsplit=1)[0].strip(" +")
    words = name.split()
    named = (
        len(name) > 2
        and 1 <= len(words) <= 6
        and all(word[:1].isupper() or word.casefold() in furniture.FUNCTION for word in words)
    )
    return name if (named and words[-1][:1].isupper()) or furniture.WIDE_PAPER.match(name) else None


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
