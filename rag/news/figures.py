"""The figures and dates of a sentence, each with its place, its unit and the words beside it.

What they amount to is read by facts.py; what is added here is where one begins and ends, which ones are one range, and
when two of them agree.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.facts import SCALE, SPELLED, facts
from rag.text.words import FUNCTION_WORDS, terms

BESIDE = 6  # words on each side of a figure that tell which quantity it is
_ORDINAL = "second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_MONTH = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    "Nov(?:ember)?|Dec(?:ember)?"
)
_YEAR = r"(?:1\d|20)\d\d"
_FIGURE = re.compile(
    rf"""(?P<date>\d{{4}}-\d\d-\d\d\b
    |(?:\d\d?(?:st|nd|rd|th)?(?:[ ]of)?[ ])(?:{_MONTH})\b\.?(?:,?[ ]{_YEAR}\b)?
    |(?:{_MONTH})\b\.?[ ]\d\d?(?:st|nd|rd|th)?\b(?:[ ]?[-–][ ]?\d\d?\b|[ ](?:to|and)[ ]\d\d?\b)?(?:,?[ ]{_YEAR}\b)?
    |(?:{_MONTH})\b\.?,?[ ]{_YEAR}\b
    |(?:(?<=[Ii]n[ ])|(?<=[Bb]y[ ])|(?<=[Ss]ince[ ])|(?<=[Oo]f[ ])|(?<=until[ ])|(?<=early[ ])|(?<=late[ ]))
        (?:{_MONTH})\b
    |\d\d?(?::\d\d)?[ ]?[aApP]\.?[mM]\b\.?|\d\d?:\d\d\b
    |(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b
    |\b(?:1\d|20)\d0s\b
    |\b(?:\d\d?(?:st|nd|rd|th)|{_ORDINAL}|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|twenty-first)
        [ -]century\b
    |(?<![\d.,$€£¥])(?<![^\d\s]-){_YEAR}\b(?![.,]\d|[ ]?%|[ ](?:{SCALE}|per[ ]?cent)\b))
    |(?P<number>(?:(?:US|A|C|NZ|HK)?[$€£¥][ ]?|(?:USD|EUR|GBP)[ ])?
        (?:(?<![\w.])\d+(?:,\d{{3}})*(?:\.\d+)?(?:st|nd|rd|th)?(?:[ -]?(?:{SCALE}|bn|mn|tn|k|m)(?![\w]))?
        |\b(?:(?:an?|one)[ ](?:{SCALE})|(?:one|two|three)[ -](?:third|quarter|fifth)s?
            |(?:{SPELLED}|{_ORDINAL}|half|twice))\b
            (?:(?:[ -]|[ ]and[ ])(?:one|{SPELLED}|{_ORDINAL}|{SCALE})\b)*)
        (?:[ ]?%|[ -]per[ ]?cent\b)?)""",
    re.VERBOSE | re.IGNORECASE,
)
_LINK = re.compile(r"\s*(?:[-–—]|to|and|or|until|through|till)\s*", re.IGNORECASE)
_FAR_LINK = re.compile(r"[ -]([^\W\d]+) (?:to|until) (?:about |around |just )?", re.IGNORECASE)
_UNIT = re.compile(r"[ -]([^\W\d]+)(?:[ -]([^\W\d]+))?")
_ABOUT = re.compile(
    r"\b(?:about|around|nearly|almost|approximately|roughly|some|over|under|circa|c\.|more than|less than|fewer than|"
    r"at least|at most|up to|close to|an estimated)\s*[$€£¥]?$",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:()]|\b(?:and|while|but|as|after|when|where|in which)\b|\d")
_NO_COUNT = re.compile(r"\bage[ds]?(?: of)? $|-$")  # ahead of a figure
# What came to those who are counted: "12 people were killed" and "the toll has risen to 14" are one quantity.
HARMS = {
    "@dead": r"die[sd]?|dead|deaths?|kill(?:s|ed|ing)?|fatalit(?:y|ies)|toll|perished|drowned|"
    r"lost (?:his|her|their) li(?:fe|ves)",
    "@hurt": r"injur(?:ed|es|ing|ies|y)|hurt|wound(?:ed|ing|s)?",
    "@missing": r"missing|unaccounted",
    "@held": r"arrest(?:ed|s|ing)?|detain(?:ed|ing)?|custody",
    "@homeless": r"homeless|displaced|evacuated|fled|flee",
}
_HARM = re.compile("|".join(rf"(?P<{name[1:]}>\b(?:{words})\b)" for name, words in HARMS.items()), re.IGNORECASE)
NEAR = 0.1  # relative distance within which "about 200" agrees with another figure
FAR_APART = 100.0  # so many times another figure, it is no other account of the same
YEARS_APART = 25.0  # and neither is a date so much later: a dam is finished in 1963, its repair in 2026


@dataclass(frozen=True)
class Figure:
    """A figure, a date or a range of them: `sentence[start:end]`, its unit word included.

    `amounts` are the numbers, or a date's parts such as ("month", 6); `unit` the terms behind it, `beside` those near.
    """

    start: int
    end: int
    is_date: bool
    amounts: frozenset[tuple[str, float]]
    unit: frozenset[str]
    beside: frozenset[str]
    is_about: bool = False

    @property
    def harms(self) -> frozenset[str]:
        """What came to those whom it counts, of HARMS; nothing where it does not tell."""
        return self.unit & HARMS.keys()


def harms_named(text: str) -> frozenset[str]:
    """What a text says that came to people, of HARMS.

    >>> sorted(harms_named("How many were killed or hurt?"))
    ['@dead', '@hurt']
    """
    return frozenset(f"@{match.lastgroup}" for match in _HARM.finditer(text))


def figures(sentence: str) -> list[Figure]:
    """The figures and dates of a sentence in their order.

    >>> text = "From 45 days to 23 days, for $1.3bn, by 28 June 2024."
    >>> [text[figure.start : figure.end] for figure in figures(text)]
    ['45 days to 23 days', '$1.3bn', '28 June 2024']
    """
    found = [(match.start(), match.end(), bool(match["date"])) for match in _FIGURE.finditer(sentence)]
    read = [_figure(sentence, *place) for place in _ranges(sentence, found)]
    return [figure for figure in read if figure.amounts]  # none: words that may be a figure, as "May" may be a month


def without_figures(sentence: str, found: Sequence[Figure]) -> str:
    """The sentence with a blank in place of each figure."""
    places = [0, *itertools.chain.from_iterable((figure.start, figure.end) for figure in found), len(sentence)]
    return " ".join(sentence[start:end] for start, end in zip(places[::2], places[1::2], strict=True))


def comparable(one: Figure, other: Figure) -> bool:
    """Whether both are dates that state the same part, or both numbers of units that may be one."""
    if one.is_date or other.is_date:
        # A weekday is that of its article's week.
        return one.is_date == other.is_date and bool((_parts(one).keys() & _parts(other).keys()) - {"weekday"})
    if one.harms and other.harms and one.harms != other.harms:
        return False
    return one.unit & MEASURES == other.unit & MEASURES


def far_apart(one: Figure, other: Figure) -> bool:
    """Whether two are too unlike to be one matter told differently: 42 million pounds and 320 pounds, 1963 and 2026."""
    if one.is_date and other.is_date:
        years = [_parts(figure).get("year", set()) for figure in (one, other)]
        return all(years) and min(abs(a - b) for a, b in itertools.product(*years)) > YEARS_APART
    if one.is_date or other.is_date:
        return False
    smaller, larger = sorted(max(value for _, value in figure.amounts) for figure in (one, other))
    return larger > FAR_APART * smaller > 0


def agree(one: Figure, other: Figure) -> bool:
    """Whether two comparable figures may both be true of one thing: equal, one within the other, or one rounded."""
    if one.is_date:
        mine, others = _parts(one), _parts(other)
        return all(
            mine[part] <= others[part] or others[part] <= mine[part]
            for part in mine.keys() & others.keys() - {"weekday"}
        )
    mine_all, others_all = ({value for _, value in figure.amounts} for figure in (one, other))
    loose = one.is_about or other.is_about
    fewer, more = sorted((mine_all, others_all), key=len)
    if all(any(_rounded(a, b, loose) for b in more) for a in fewer):
        return True
    # "from 45 to 23 days" is 22 days less, "10 to 12 days" includes 11
    return len(fewer) == 1 and len(more) == 2 and _within(next(iter(fewer)), sorted(more))


def _within(value: float, ends: Sequence[float]) -> bool:
    return ends[0] <= value <= ends[1] or math.isclose(value, ends[1] - ends[0])


def _rounded(one: float, other: float, loose: bool) -> bool:
    """Whether the numbers are equal, or one is the other with fewer digits; `loose`: or near to it."""
    if math.isclose(one, other) or (loose and abs(one - other) <= NEAR * max(abs(one), abs(other))):
        return True
    digits = min(_digits(one), _digits(other))
    return digits >= 2 and math.isclose(_to_digits(one, digits), _to_digits(other, digits))


def _digits(value: float) -> int:
    """Significant digits, zeros at the end aside."""
    return len(f"{value:.12g}".replace(".", "").strip("0-")) or 1


def _to_digits(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def _parts(figure: Figure) -> dict[str, set[float]]:
    parts: dict[str, set[float]] = {}
    for part, value in figure.amounts:
        parts.setdefault(part, set()).add(value)
    return parts


def _ranges(sentence: str, found: Sequence[tuple[int, int, bool]]) -> list[tuple[int, int, bool]]:
    """Neighbouring figures that are the two ends of a range are one."""
    merged: list[tuple[int, int, bool]] = []
    for start, end, is_date in found:
        if merged and merged[-1][2] == is_date:
            between = sentence[merged[-1][1] : start]
            far = _FAR_LINK.fullmatch(between)
            if _LINK.fullmatch(between) or (far and re.match(rf"[ -]{far[1][:-1]}", sentence[end:])):
                merged[-1] = (merged[-1][0], end, is_date)
                continue
        merged.append((start, end, is_date))
    return merged


def _figure(sentence: str, start: int, end: int, is_date: bool) -> Figure:
    words = sentence[start:end]
    percent = re.search(r"%|per ?cent", words)
    if not (is_date or percent) and (unit := _UNIT.match(sentence, end)) and _is_unit(unit[1]):
        end = unit.end(2) if unit[2] and _is_unit(unit[2]) else unit.end(1)
    pieces = facts(sentence[start:end])
    century = sentence[:end].endswith("century")
    amounts = frozenset(
        _amount(fact.key, is_date=is_date, century=century) for fact in pieces if fact.kind in ("number", "date")
    )
    unit_terms = {fact.key for fact in pieces if fact.kind not in ("number", "date", "not")}
    if not (is_date or percent or unit_terms & MEASURES):
        unit_terms |= _harm(sentence, start, end)
    before, after = terms(sentence[:start])[-BESIDE:], terms(sentence[end:])[:BESIDE]
    return Figure(
        start,
        end,
        is_date,
        amounts,
        frozenset(unit_terms | ({"percent"} if percent else set())),
        frozenset((*before, *after, *unit_terms)),
        bool(_ABOUT.search(sentence[:start])),
    )


def _harm(sentence: str, start: int, end: int) -> set[str]:
    """What came to those whom the figure at these places counts, by the words of its clause behind and ahead of it."""
    if _NO_COUNT.search(sentence[:start]) or sentence[end : end + 4] == " of ":  # "two of them" are no toll
        return set()
    behind = _CLAUSE_END.split(sentence[end:], maxsplit=1)[0]
    ahead = _CLAUSE_END.split(sentence[:start])[-1]
    found = _HARM.search(sentence[start:end] + behind) or next(reversed([*_HARM.finditer(ahead)]), None)
    return {f"@{found.lastgroup}"} if found else set()


def _is_unit(word: str) -> bool:
    """Whether a word behind a figure may say what is counted; a name does not, "MW" does."""
    return word.lower() not in FUNCTION_WORDS and not (word[0].isupper() and word[1:].islower())


def _amount(key: str, *, is_date: bool, century: bool) -> tuple[str, float]:
    """A fact's key as the part of a date and its number: ("month", 6), ("day", 28), ("year", 2024), ("@Fri", 0)."""
    if key.startswith("#"):
        value = float(key[1:])
        part = "number" if not is_date else "year" if value >= 1000 else "century" if century else "day"
        return part, value
    name, _, number = key.removeprefix("@").partition(" ")
    return (name, float(number)) if number else _named(name)


def _named(name: str) -> tuple[str, float]:
    """A weekday, clock time or decade."""
    if name[:3] in _WEEKDAYS:
        return "weekday", float(_WEEKDAYS.index(name[:3]))
    if ":" in name:
        hour, minute = name.split(":")
        return "time", int(hour) + int(minute) / 60
    return "decade", float(re.sub(r"\D", "", name) or 0)


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Units that one figure has and its counterpart cannot lack.
TIMES = frozenset(("second", "minute", "hour", "day", "week", "month", "year", "centuri", "decad", "ago"))
MEASURES = TIMES | frozenset(
    """
    percent dollar euro pound yen kilometre metre mile foot kilogram tonne celsius fahrenheit kph mph megawatt gigawatt
    """.split()  # noqa: SIM905
)
