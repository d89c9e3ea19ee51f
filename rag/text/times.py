"""The time expressions of news prose, resolved against the day an article was published.

Own tables, because dateparser is made for commands and forms: it takes "may", "sat" and "ten years old" for dates, and
knows neither tense, quotations nor calendar weeks (docs/evaluation.md has it measured).
A wrong date is worse than none, so whatever is not decided by the words stays unresolved.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rag.text.sentences import sentence_spans
from rag.text.tense import Sentence, without_quotations

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
           "nine": 9, "ten": 10}  # fmt: skip
_LONGEST_AGO = {"day": 31, "week": 8, "month": 11, "year": 10}  # what is further back is often a round figure
_WEEKDAY = r"(?P<weekday>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b"
_MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December|"
    r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?![\w%:/–-]|[.,]\d)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_TO = r"(?:\s?[–-]\s?| to | and )(?P<to>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_OUTSIDE = r"(?<![\w$€£¥#.,:/–-])"
_PREPOSITION = r"(?:(?i:on|from|by|until|till|since|before|after|for) )?"
_PART = r"(?: (?:morning|afternoon|evening|night))?"
_IN = r"(?i:in|since|by|until|till|from|during)(?: (?i:early|late|mid))?[ -]"

_PARAGRAPH = re.compile(r"(?<=[.!?:;”\"'’)])[^\S\n]*\n|\n\s*\n")
_ANY_YEAR = r"\b(?:1[5-9]|20)\d\d\b"
_BEFORE_YEAR = re.compile(
    r"(?:\b(?:in|since|by|of|from|until|till|to|before|after|during|early|late|mid|the|year|and|between|through|than|that|"
    r"for|around|an?|his|her|its|their)[ -]|[(,] ?|^)$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r" (?:people|persons|men|women|children|workers|jobs|homes|houses|met(?:er|re)s?|feet|miles|kilomet(?:er|re)s?|km|"
    r"ton(?:ne)?s|kg|hours|days|years|dollars|euros|pounds|yuan|GMT|UTC|percent|per cent|million|billion)\b"
)
_ROUGHLY = re.compile(
    r"\b(?:more than|less than|fewer than|over|under|nearly|almost|about|around|some|at least|roughly|up to|or|to|and|"
    r"within|every) $",
    re.IGNORECASE,
)
_HALF_A_YEAR = 183  # days
Days = tuple[date, date]


@dataclass(frozen=True)
class TimeExpression:
    """Words that name a time: `text[start:end]`, and the days from `first` to `last`, both included.

    `relative`: the words alone do not tell; they were read from the day of publication.
    """

    start: int
    end: int
    text: str
    first: date
    last: date
    relative: bool

    @property
    def when(self) -> str:
        """The days as people write them.

        >>> TimeExpression(0, 9, "last week", date(2024, 6, 17), date(2024, 6, 23), True).when
        '17 to 23 June 2024'
        """
        return spelled(self.first, self.last)


def spelled(first: date, last: date) -> str:
    """A day, a month, a year or a span of days as people write it.

    >>> spelled(date(2024, 6, 1), date(2024, 6, 30)), spelled(date(2023, 1, 1), date(2023, 12, 31))
    ('June 2024', '2023')
    >>> spelled(date(2024, 12, 30), date(2025, 1, 5))
    '30 December 2024 to 5 January 2025'
    """
    end = day_of(last)
    if first == last:
        return end
    if (first, last) == _year(first.year):
        return str(first.year)
    if (first, last) == _month(first.year, first.month):
        return f"{first:%B %Y}"
    same_year, same_month = first.year == last.year, (first.year, first.month) == (last.year, last.month)
    return f"{first.day}{'' if same_month else f' {first:%B}'}{'' if same_year else f' {first:%Y}'} to {end}"


def day_of(day: date) -> str:
    """A day as people write it.

    >>> day_of(date(2021, 5, 3))
    '3 May 2021'
    """
    return f"{day.day} {day:%B %Y}"


def no_later(day: date | None) -> str:
    """What is said of an undated article where a republished copy shows a day; empty where none does.

    >>> no_later(date(2024, 11, 14))
    'no later than 14 November 2024'
    """
    return f"no later than {day_of(day)}" if day else ""


def dated(published: date | None, no_later_than: date | None) -> str:
    """When an article was published, as far as it or a copy of it shows; empty where neither does.

    >>> dated(date(2024, 6, 28), None), dated(None, None)
    ('28 June 2024', '')
    """
    return day_of(published) if published else no_later(no_later_than)


def resolve(
    text: str,
    day: date | None,
    start: int = 0,
    end: int | None = None,
    sentences: Sequence[tuple[int, int]] | None = None,
) -> tuple[TimeExpression, ...]:
    """The time expressions from `start` to `end` whose days are certain, in their order.

    `day` is when the text was published; without it only what names its year is resolved. What stands around `start`
    and `end` in the same paragraphs is read for tense and quotation marks. Weeks begin on Monday. `sentences` are
    those of the text, offsets there, where they are known.

    >>> [(found.text, found.when) for found in resolve("Sales fell on Friday, the union said.", date(2024, 6, 29))]
    [('on Friday', '28 June 2024')]
    >>> resolve("That year the shop closed on Friday.", None)
    ()
    """
    end = len(text) if end is None else end
    breaks = [0, *(match.end() for match in _PARAGRAPH.finditer(text)), len(text)]
    opening = max(place for place in breaks if place <= start)
    paragraphs = text[opening : min(place for place in breaks if place >= end)]
    if sentences is None:
        spans = sentence_spans(paragraphs)
    else:
        inside = ((max(first - opening, 0), min(last - opening, len(paragraphs))) for first, last in sentences)
        spans = [(first, last) for first, last in inside if first < last]
    found = _resolved(paragraphs, spans, day, opening)
    return tuple(time for time in found if start <= time.start and time.end <= end)


def resolve_by(
    days: Sequence[date],
    text: str,
    start: int = 0,
    end: int | None = None,
    sentences: Sequence[tuple[int, int]] | None = None,
) -> tuple[TimeExpression, ...]:
    """What `resolve` makes of a text by each of the days on which it may have been written, where all of them agree."""
    first, *others = (resolve(text, day, start, end, sentences) for day in days or (None,))
    return tuple(time for time in first if all(time in other for other in others))


def without_year(text: str) -> tuple[tuple[int, int | None], ...]:
    """Month and day of what names no year, the day None where a month is all that is named.

    >>> without_year("What fell on 12 April, and what in May?"), without_year("What fell in May 2024?")
    (((4, 12), (5, None)), ())
    """
    matches = (match for pattern in _WITHOUT_YEAR for match in pattern.finditer(text))
    found = ((_MONTHS.index(m["month"][:3].lower()) + 1, m.groupdict().get("day")) for m in matches)
    return tuple((month, int(day) if day else None) for month, day in found)


def _resolved(
    text: str, sentences: Sequence[tuple[int, int]], day: date | None, offset: int
) -> Iterator[TimeExpression]:
    flat = re.sub(r"\s", " ", text)  # a line may be broken, or a space unbreakable, within an expression
    unquoted = without_quotations(flat)
    before = ""
    for start, end in sentences:
        sentence = Sentence(flat[start:end], unquoted[start:end], before, day)
        for match, (first, last), relative in _readings(sentence):
            opening, closing = start + match.start(), start + match.end()
            words = text[opening:closing]
            yield TimeExpression(offset + opening, offset + closing, words, first, last, relative)
        before = unquoted[start:end]


def _readings(sentence: Sentence) -> list[tuple[re.Match[str], Days, bool]]:
    """What each rule finds, in the order of the text; words that a rule has taken are not read by a later one."""
    taken: list[tuple[re.Match[str], Days | None, bool]] = []
    for pattern, read, relative in _RULES:
        for match in pattern.finditer(sentence.text):
            if all(match.end() <= other.start() or other.end() <= match.start() for other, _, _ in taken):
                known = read is not None and (sentence.day or not relative)
                taken.append((match, read(sentence, match) if read and known else None, relative))
    return sorted(((m, days, relative) for m, days, relative in taken if days), key=lambda one: one[0].start())


def _full_date(sentence: Sentence, match: re.Match[str]) -> Days | None:
    return _span_of_days(int(match["year"]), match)


def _span_of_days(year: int, match: re.Match[str]) -> Days | None:
    month, first = _MONTHS.index(match["month"][:3].lower()) + 1, int(match["day"])
    last = int(match["to"] or first)
    if not first <= last <= calendar.monthrange(year, month)[1]:
        return None
    return date(year, month, first), date(year, month, last)


def _iso(sentence: Sentence, match: re.Match[str]) -> Days | None:
    try:
        day = date.fromisoformat(match.group())
    except ValueError:
        return None
    return day, day


def _month_of_year(sentence: Sentence, match: re.Match[str]) -> Days:
    return _month(int(match["year"]), _MONTHS.index(match["month"][:3].lower()) + 1)


def _year_alone(sentence: Sentence, match: re.Match[str]) -> Days | None:
    announced = _BEFORE_YEAR.search(sentence.text[: match.start()])
    counted = _COUNTED.match(sentence.text[match.end() :])
    return _year(int(match["year"])) if announced and not counted else None


def _partial(sentence: Sentence, match: re.Match[str]) -> Days | None:
    today, tense = sentence.today, sentence.tense(match)
    if sentence.quotes(match) or sentence.tells() or (tense < 0 and _names_another_year(sentence, match)):
        return None
    years = {-1: (today.year, today.year - 1), 1: (today.year, today.year + 1), 0: ()}[tense]
    spans = [days for year in years if (days := _span_of_days(year, match))]
    if match["weekday"]:
        spans = [days for days in spans if days[0].weekday() == _DAYS.index(match["weekday"].lower())]
    days = next((days for days in spans if (days[0] <= today if tense < 0 else days[1] >= today)), None)
    # Of another year than this one only if it is nearer than the same day of this year: else the year would be named.
    return days if days and (days[0].year == today.year or abs((days[0] - today).days) <= _HALF_A_YEAR) else None


def _month_alone(sentence: Sentence, match: re.Match[str]) -> Days | None:
    today, month = sentence.today, _MONTHS.index(match["month"][:3].lower()) + 1
    if sentence.quotes(match) or sentence.tells() or _names_another_year(sentence, match):
        return None
    tense = sentence.tense(match)
    if tense < 0:
        return _month(today.year - (month > today.month), month)
    if tense > 0 and month != today.month:
        return _month(today.year + (month < today.month), month)
    return None


def _named_month(sentence: Sentence, match: re.Match[str]) -> Days | None:
    """ "Last June", said in October, may be this year's or the last one's."""
    today, month = sentence.today, _MONTHS.index(match["month"][:3].lower()) + 1
    if sentence.quotes(match) or sentence.tells():
        return None
    which = match["which"].lower()
    if (which == "last" and month < today.month) or (which == "next" and month > today.month):
        return None
    return _month(today.year + {"last": -1, "this": 0, "next": 1}[which], month)


def _names_another_year(sentence: Sentence, match: re.Match[str]) -> bool:
    """Whether another year stands ahead of the words: "in 2003 they met, in May they signed"."""
    return any(year != str(sentence.today.year) for year in re.findall(_ANY_YEAR, sentence.text[: match.start()]))


def _weekday(sentence: Sentence, match: re.Match[str]) -> Days | None:
    today, wanted = sentence.today, _DAYS.index(match["weekday"].lower())
    if sentence.quotes(match) or sentence.tells():
        return None
    tense = sentence.tense(match)
    ahead = (wanted - today.weekday()) % 7
    if tense < 0:
        day = today - timedelta((-ahead) % 7)
    elif tense > 0 and ahead:  # "will meet on Friday", published on a Friday: today, or in a week
        day = today + timedelta(ahead)
    else:
        return None
    return day, day


def _weekday_of_a_week(sentence: Sentence, match: re.Match[str]) -> Days | None:
    """ "Last Friday", said on a Saturday, may be yesterday or a week ago: the nearest one counts in another week."""
    today, wanted = sentence.today, _DAYS.index(match["weekday"].lower())
    if sentence.quotes(match) or sentence.tells():
        return None
    monday = today - timedelta(today.weekday())
    weeks = {"last": -7, "this": 0, "next": 7}[match["which"].lower()]
    same_week = wanted < today.weekday() if weeks < 0 else weeks > 0 and wanted > today.weekday()
    if same_week and not match["week"]:
        return None
    day = monday + timedelta(weeks + wanted)
    return day, day


def _weekend(sentence: Sentence, match: re.Match[str]) -> Days | None:
    today, which = sentence.today, match["which"].lower()
    if sentence.quotes(match) or sentence.tells():
        return None
    saturday = today + timedelta(5 - today.weekday())
    tense = sentence.tense(match)
    if which == "last" or (which in ("this", "the") and tense < 0 and today < saturday):
        saturday -= timedelta(7)
    elif which == "next":
        saturday += timedelta(7)
    elif not tense and today < saturday:
        return None
    return saturday, saturday + timedelta(1)


def _unit(sentence: Sentence, match: re.Match[str]) -> Days | None:
    unit, steps = match["unit"].lower(), {"last": -1, "this": 0, "next": 1}[match["which"].lower()]
    if sentence.quotes(match):
        # Years are safe within a quotation, unless it is one from another time.
        return None if unit != "year" or sentence.speaks_of_another_time() else _shifted(sentence, unit, steps)
    return None if unit != "year" and sentence.tells(before=False) else _shifted(sentence, unit, steps)


def _ago(sentence: Sentence, match: re.Match[str]) -> Days | None:
    unit, word = match["unit"].lower(), match["count"].lower()
    count = _COUNTS.get(word) or int(word)
    if _ROUGHLY.search(sentence.text[: match.start()]) or count > _LONGEST_AGO[unit] or sentence.tells(before=False):
        return None
    if sentence.quotes(match) and (unit != "year" or sentence.speaks_of_another_time()):
        return None
    return _shifted(sentence, unit, -count)


def _shifted(sentence: Sentence, unit: str, steps: int) -> Days:
    """The day, week, month or year that lies so many steps from that of publication."""
    today = sentence.today
    if unit == "year":
        return _year(today.year + steps)
    if unit == "month":
        years, month = divmod(today.month - 1 + steps, 12)
        return _month(today.year + years, month + 1)
    if unit == "week":
        monday = today + timedelta(7 * steps - today.weekday())
        return monday, monday + timedelta(6)
    return today + timedelta(steps), today + timedelta(steps)


def _near_day(sentence: Sentence, match: re.Match[str]) -> Days | None:
    """ "Today" may mean these days, and "tomorrow" the future: their sentence must have a tense."""
    words = match.group().lower()
    tense = sentence.tense(match) if words in ("today", "tomorrow") else -1
    if sentence.text[: match.start()].endswith("ago "):
        return None
    if sentence.quotes(match) or sentence.tells(before=False) or not tense or (words == "tomorrow" and tense < 0):
        return None
    return _shifted(sentence, "day", {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(words, 0))


def _month(year: int, month: int) -> Days:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _year(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)


_WHICH = r"(?P<which>(?i:last|this|next))"
_A_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_BEHIND = (
    r"(?=\s*(?:[.,;:)]|$)|\s(?:in|at|on|for|to|after|that|and|with|by|from|as|when|he|she|it|they|the|against|over|"
    r"near|before|because|while|but)\b)"
)
_YEAR_BEHIND = r"(?!\w|,? \d)"
_WITHOUT_YEAR = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_DAY} (?:of )?{_MONTH}{_YEAR_BEHIND}",
        rf"\b{_MONTH} {_DAY}{_YEAR_BEHIND}",
        rf"\b{_IN}{_MONTH}{_YEAR_BEHIND}",
    )
)
_Read = Callable[[Sentence, re.Match[str]], Days | None]
# Tried in this order; what a rule has taken, a later one does not read. Those without a function take away what looks
# like a time and is none, or none that can be told.
_RULES: tuple[tuple[re.Pattern[str], _Read | None, bool], ...] = tuple(
    (re.compile(pattern), read, relative)
    for pattern, read, relative in (
        (rf"\b{_DAY}(?:{_TO})? (?:of )?{_MONTH},? {_YEAR}", _full_date, False),
        (rf"\b{_MONTH} {_DAY}(?:{_TO})?,? {_YEAR}", _full_date, False),
        (r"(?<![\w-])(?:1[5-9]|20)\d\d-\d\d-\d\d(?![\w-])", _iso, False),
        (rf"\b{_MONTH},? {_YEAR}", _month_of_year, False),
        (rf"{_OUTSIDE}{_YEAR}", _year_alone, False),
        (rf"{_PREPOSITION}(?:{_WEEKDAY},? (?:the )?)?\b{_DAY}(?:{_TO})? (?:of )?{_MONTH}\b(?! \d)", _partial, True),
        (rf"{_PREPOSITION}(?:{_WEEKDAY},? )?\b{_MONTH} {_DAY}(?:{_TO})?(?![\w:%]|[.,]\d)", _partial, True),
        (rf"\b(?:Good|Black|Bloody|Super|Ash|Palm|Easter|Cyber|Whit|Holy|Maundy|Shrove|Giving|Sheffield) {_A_DAY}",
         None, True),
        (rf"\b(?i:every|each|any|same|following|previous|preceding|that|one|another|alternate|first|second|third|"
         rf"fourth|other|the|an?)(?: (?!on\b)\w+)?? {_A_DAY}", None, True),
        (rf"{_A_DAY}(?: to | through | until |\s?[–-]\s?){_A_DAY}|\bweek (?:on|from) {_A_DAY}|"
         rf"{_A_DAY}(?: week\b|['’]s)", None, True),
        (rf"{_PREPOSITION}\b{_WEEKDAY}(?P<week>(?: of|,)? {_WHICH} week)\b", _weekday_of_a_week, True),
        (rf"\b{_WHICH}(?P<week> week,? on)? {_WEEKDAY}", _weekday_of_a_week, True),
        (rf"\b(?i:on|from|by|until|till|since) {_WEEKDAY}{_PART}", _weekday, True),
        (rf"\b{_WEEKDAY}{_PART}{_BEHIND}", _weekday, True),
        (r"\b(?:(?i:at|over|on) )?(?P<which>(?i:last|this|next|the)) weekend\b", _weekend, True),
        (r"\b(?i:the|these|those|that|every|each) (?i:last|next|past) (?:week|month|year)|"
         r"\b(?i:last|next) (?:week|month|year) of", None, True),
        (rf"\b{_WHICH} (?P<unit>(?i:week|month|year))\b", _unit, True),
        (rf"\b(?P<count>(?i:{'|'.join(_COUNTS)}|\d{{1,2}})) (?P<unit>day|week|month|year)s? ago\b", _ago, True),
        (rf"\b{_WHICH} {_MONTH}\b(?! \d)", _named_month, True),
        (rf"\b{_IN}{_MONTH}\b(?! \d)", _month_alone, True),
        (r"\b(?i:today|yesterday|tomorrow)['’]s", None, True),
        (r"\b(?i:today|yesterday|tomorrow|tonight|this (?:morning|afternoon|evening)|last night)\b", _near_day, True),
    )
)  # fmt: skip
