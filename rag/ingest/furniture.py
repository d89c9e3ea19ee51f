"""What the page around an article is made of: why a line goes, and the words and phrases by language.

The tables are in `rag/ingest/tables`, a file a language: `[words]` are looked up one by one, `[phrases]` at a place
that their kind tells. To teach the service a language or a new kind of page furniture, add to the tables; patterns
that are of no language, of an address or of a row of a menu, are below.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

# Longer paragraphs are prose or garbage, never page furniture; not looking closer keeps the time linear.
LONGEST_FURNITURE = 700  # characters
PROSE_WORDS = 12  # fewest words of a paragraph that shows by itself where the body is
LONGEST_CELL = 40  # characters of an entry of a menu or of a line of results
HEADING_WORDS = 7  # most words of a subheading, which must not be taken for a teaser


class Reason(StrEnum):
    """Why a piece of a page is no part of the article, in plain English."""

    ADVERT = "advertising mark"
    PROMOTION = "promotion"
    SPAM_LINKS = "link spam"
    POINTER = "pointer to another article"
    LIST = "list of other articles"
    CAPTION = "photo caption and credit"
    LINKS = "links or image"
    TAGS = "list of tags"
    PLAYER = "reading time or media player"
    WIDGET = "weather or market widget"
    COMMENTS = "comment form or comments"
    CONTROL = "page control"
    MENU = "menu or row of controls"
    APPEAL = "appeal to the reader"
    CONTACT = "contact line"
    ADDRESS = "obfuscated e-mail address"
    NOTICE = "copyright notice"
    COLOPHON = "notice of the publisher"
    TITLE_BAR = "page title"
    MASTHEAD = "masthead"
    HEADER = "page header"
    TAIL = "after the end of the article"
    OUTSIDE = "of the page around the article"


# What no article says: all that goes amid its prose, where it is no sign that the article is over.
CERTAIN = frozenset({Reason.ADVERT, Reason.SPAM_LINKS, Reason.POINTER, Reason.CAPTION, Reason.LINKS})


# ---------------------------------------------------------------------------------------------- tables
@cache
def _tables() -> tuple[dict[str, Any], ...]:
    files = sorted(Path(__file__).with_name("tables").glob("*.toml"))
    return tuple(tomllib.loads(file.read_text("utf-8")) for file in files)


def words(kind: str) -> frozenset[str]:
    """The words of a kind in every language."""
    return frozenset(word for table in _tables() for word in table.get("words", {}).get(kind, "").split())


def any_of(kind: str) -> str:
    """A pattern of the phrases of a kind: `#` is a number, and where a script sets spaces words end whole.

    >>> re.findall(any_of("agency"), "dpa and dpas, getty images")
    ['dpa', 'getty images']
    """
    found = {phrase for table in _tables() for phrase in table.get("phrases", {}).get(kind, ())}
    return f"(?:{'|'.join(sorted(map(_phrase, found), key=len, reverse=True))})"


def _phrase(phrase: str) -> str:
    pattern = re.escape(phrase).replace(r"\#", r"\d+").replace(r"\ ", r"[ \u00a0]").replace("'", "['’]")
    return pattern + (r"(?![^\W\d_])" if phrase[-1].isalpha() and phrase[-1] < "\u0e00" else "")


def _pattern(*parts: str) -> re.Pattern[str]:
    """One pattern of several alternatives, in any case."""
    return re.compile("|".join(parts), re.IGNORECASE)


INTERFACE = words("interface")  # hardly occur in an article's headings
SHARED = words("shared")  # interface words that articles use as well, so they only add up
ADDRESSING = words("addressing")  # in which a site speaks of itself and to its reader
COMMENTING = words("commenting")
ADVERTISING = words("advertising")
MEDIA = words("media")
LISTING = words("listing")  # head a list of other articles
POINTING = words("pointing")  # of the label in front of a pointer to another article
READING = words("reading") | words("function")  # beside the minutes that an article takes
FUNCTION = words("function")  # say nothing of a line's kind
TRADE = words("trade")  # what spam sells, and what offers of loans and profits speak of
SECTIONS = words("sections")  # of a news site, which stand above a headline
PUBLISHING = words("publishing")  # in which a publisher speaks of articles, of itself and of what it sells
AUXILIARIES = words("auxiliaries")  # verbs that tell of which time a sentence speaks
TITLES = words("titles")  # of persons, which a name may stand without
NUMBERS = words("numbers")  # that rag.text.facts, which reads English, does not know
PLACES = words("places")  # with which names of places begin, to tell them from persons
PAPERS = words("papers")  # with which names of newspapers, magazines and agencies end or begin

# ------------------------------------------------------------------------------------------- phrases
OPENING_ADVERT = _pattern(rf"^\W*{any_of('advert')}")
OPENING_CONTROL = _pattern(rf"^\W*{any_of('control')}")
OPENING_ASIDE = _pattern(rf"^\W*{any_of('aside')}")  # the page about itself
POINTER_LABEL = _pattern(rf"^\W*{any_of('pointer')}[^:：|.!?]{{0,25}}\s?[:：|]\s?\S")
# Chinese, Japanese and Korean set few spaces: a label is a run of words.
WIDE_POINTER = _pattern(rf"^\W?{any_of('listed')}(?:\s?{any_of('inside')}){{0,4}}\s?[:：]")
WIDE_WORDS = _pattern(any_of("inside"))
SPAM_WIDE = _pattern(any_of("spam_inside"))
TAGS = _pattern(rf"^\W*{any_of('tags')}\s?[:：]", r"^(?:[#＃][^\s#]+[\s,]*){2,}$")
# A call to buy, give or vote ends a line, set off from what it is for.
CALL = _pattern(rf"[-–—|.!?➜→…»\[]\W{{0,3}}{any_of('call')}[^.!?,。]{{0,40}}\W*$")
# Words that go on after it tell of other rights.
_RIGHTS = rf"(?:{any_of('rights')}(?!\s[^\W\d_]{{2}}))"
OPENING_RIGHTS = _pattern(
    rf"^\W{{0,3}}(?:©|\(c\)\s|copyright\s?(?:©|\(c\)|\d{{4}}(?!,?\s(?-i:[a-zß-ÿ]))|by\s(?=(?-i:[A-ZÀ-Ý])))|{any_of('forbidding')}|{_RIGHTS})"
)
# What a house says of itself at the foot of its page; an article may say it of another house.
COLOPHON = _pattern(rf"(?<!\w){any_of('colophon')}")
# Lines that tell who wrote the article, for whom and when: read by rag.ingest.metadata, so kept.
IMPRINT = _pattern(rf"^\W*{any_of('imprint')}(?:[\s:：/]|$)")
BYLINE = re.compile(rf"(?i:{any_of('by')})\s(?=[A-ZÀ-Ý])|文[:：/／]|作者|记者")
SCORES = _pattern(rf"^\W*{any_of('live')}\s?[:：|]\D{{0,40}}\d{{1,3}}\s?[-–x×:]\s?\d{{1,3}}\b")
PAPER_ENDING = _pattern(rf"\w{{3}}{any_of('paper_ending')}$")
WIDE_PAPER = re.compile(rf"^[\u3400-\u9fff]{{1,6}}{any_of('paper_ending')}$")

_CREDIT = rf"(?i:{any_of('credit')})"
_AGENCY = rf"(?i:{any_of('agency')})"
_NAME = r"(?=\W*[^\Wa-zß-ÿ])(?:\b[A-ZÀ-Ý]\.|[^.!?。！？:：\n]){2,70}[)）\]]?[.*_]{0,2}$"
# Photo credits: a short name after its label, an agency in brackets or with its photographer after a slash.
CREDITS = (
    re.compile(
        rf"(?:^(?!{_CREDIT}:\s[!-.0-\u024f]+$)|[.!?…。！？\"”»(\[（|/–—]\s{{0,3}}|\s\s|^[*_]{{1,2}}){_CREDIT}\s?"
        rf"(?:[:：|©]|/(?=\S)|(?i:{any_of('by')})(?=\s)(?!.*\s[a-zß-ÿ]{{4}}))\s?{_NAME}"
    ),
    re.compile(
        rf"[(（\[](?:[^()（）\[\]]{{0,60}}/\s?{_AGENCY}|[^()（）\[\]]{{2,60}} via {_AGENCY}|"
        rf"{_AGENCY}\s?/[^()（）\[\]]{{2,60}}|{_CREDIT}\s?[/:：][^()（）\[\]]{{2,60}})[)）\]]\.?$"
    ),
    re.compile(rf"(?:[.”»]\s\||©)\s?(?:[^.!?|©]{{2,40}}/)?{_AGENCY}[^.!?|]{{0,40}}$|^(?:{_CREDIT},\s)?{_AGENCY}$"),
    re.compile(
        rf"(?:(?:^|[.!?”»]\s+){_AGENCY}\s?/\s?|[.!?”»]\s+[A-Z][A-Za-z]{{1,12}}\s?/\s?(?=\S+ ))"
        r"[A-ZÀ-Ý][\w.'’-]{0,20}(?: [A-ZÀ-Ý][\w.'’-]{0,20}){0,3}$"
    ),
    re.compile(r"[.!?”»]\s[A-ZÀ-Ý][A-ZÀ-Ý .'’-]{3,40}\s?[(（][^()（）]{2,30}[)）]$"),
    re.compile(
        rf"{_CREDIT}\s?=|(?:^|[。\s])\S{{2,8}}\s?[摄攝]$|(?:^|[。！？\s])(?:文/)?[图圖]\s?[/／:：]\s?\S{{2,12}}$"
    ),
    re.compile(rf"^{_CREDIT}:\s?{_AGENCY}[^.!?]{{0,60}}$"),
)

# ------------------------------------------------------------------------------- marks of no language
# How sentences end, and what may follow the end: quotes, brackets, initials or an agency in brackets.
ENDS = frozenset(".!?…。！？؟۔।॥።")
CLOSERS = " \"'”’»›)]}）】」』*_^†‡↩"
SIGNED = re.compile(r"\s*[(（\[][^()（）\[\]]{1,30}[)）\]]\W*$")
QUOTES = re.compile(r"[\"“”„«»「」『』《》]|(?<!\w)['‘]|['’](?!\w)")
WORD = re.compile(r"[^\W\d_]+")
BULLET = re.compile(r"^\s*(?:[-*+•·▪◦–—‣●■]|\d{1,3}[.)、])\s+")
# Markdown, without a number: one that counts comments is the page's.
MARKED_HEADING = re.compile(r"^#{1,6}\s(?!.*\d)")
# A numbered step, a line of verse; two halves of a short sentence.
RUNNING = re.compile(r"^\W*(?:\d{1,3}[.)、]|[^\W\d_]{2,8}\s\d{1,2}\s?[:：.])\s|[,，;；]$")
HALVES = re.compile(r"[,，]\s[a-zß-ÿ]")
# What separates the entries of a menu.
CELL = re.compile(r"[ \t\u00a0]{2,}|\t|\s?[|¦]\s?|(?:^|\s)[•·›»→☰▾▸](?:\s|$)|\s(?:>|/|->)\s")
WALL = _pattern(rf"(?<!\w){any_of('wall')}")  # where an article goes on for those who pay or sign in
TRUNCATED = re.compile(r"(?:\.\.\.|…|\[(?:\.\.\.|…)\])\W{0,3}$")
DOMAIN = re.compile(r"^[a-z0-9][a-z0-9-]{1,60}(?:\.[a-z0-9-]{2,60}){0,3}\.[a-z]{2,12}(?:/\S*)?$|^https?://\S+$")
PRIVATE_ADDRESS = _pattern(r"@(?:gmail|yahoo|hotmail|outlook|proton\w*|mail|yandex)\.[a-z]{2,3}\b", r"\bt\.me/")
# What is left of an e-mail address that a page hides from robots.
MAIL_MARK = _pattern(rf"[\[(<]\s?{any_of('hidden')}\s?[\])>]")
URL_ALONE = re.compile(r"^(?:https?://|www\.)\S+$")
LINK_ALONE = re.compile(rf"{URL_ALONE.pattern}|^!?\[[^\]]{{0,300}}\]\([^)]{{0,500}}\)$")
# What stands between the name in a masthead and its motto or menu.
MOTTO = re.compile(r"\s[-–—:/]\s|\s?[|•·]\s?|\s{2,}")
# Behind a headline: "Ferry stays in port | Ostra Weekly".
BAR = re.compile(r"(?P<headline>.*\S)(?P<bar>\s?[|¦]\s?|\s[·•–—-]\s)(?P<name>[^|¦]{2,40})")
PLAYING = _pattern(
    r"^\W*\d{1,2}:\d{2}(?::\d{2})?\s?/\s?\d{1,2}:\d{2}",
    r"^\S{0,8}(?:[读讀読]\S{0,6}|\s[约約])\s?\d{1,3}\s?分[钟鐘]?\S{0,4}$",
)
MINUTES = re.compile(r"^\D{0,40}\d{1,3}(?:[-–]\d{1,3})?[ -]?min[^\d]{0,40}$", re.IGNORECASE)
WEATHER = re.compile(r"°|℃|℉|[☀-☄☁⛅🌀-🌬]|^\W*[-−]?\d{1,3}(?:[.,]\d)?\s?[CF]\W*$")
PRICE_MOVE = re.compile(r"[▲▼△▽]\s?[-+]?\d|\d\s?[▲▼△▽]")
FULL_DATE = re.compile(
    r"\b(?:\d{1,2}(?:\.|st|nd|rd|th|er|º)?,?\s(?:de\s|of\s)?[^\W\d_]{3,12}\.?,?\s(?:de\s)?\d{4}"
    r"|[^\W\d_]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\b"
    r"|\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}"
)
