"""What a sentence says that can be compared: words, names, numbers, dates and denials, each in one form.

Spelled-out numbers are read by text2num, nationalities become their countries by countryinfo's table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rag.text.characters import folded
from rag.text.words import FUNCTION_WORDS, in_full, terms

_SMALL = {"two": 2, "three": 3, "first": 1, "second": 2, "third": 3, "twice": 2, "double": 2, "triple": 3, "dozen": 12}
SPELLED = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    "nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "": 1}
_PARTS = {"hal": 2, "thi": 3, "qua": 4, "fif": 5, "ten": 10}
_DECADES = dict(zip(("twe", "thi", "for", "fif", "six", "sev", "eig", "nin"), range(20, 100, 10), strict=True))
_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "bn": 1e9, "tn": 1e12, "hundred": 1e2, "thousand": 1e3,
           "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12}  # fmt: skip
_CONNECTIVES = frozenset(
    """
    however moreover therefore thus meanwhile instead overall furthermore nevertheless nonetheless yes besides hence
    indeed regarding
    """.split()  # noqa: SIM905 - easier to read
)
_CURRENCIES = {"$": "dollar", "USD": "dollar", "€": "euro", "EUR": "euro", "£": "pound", "GBP": "pound", "¥": "yen"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Units as they are written, one form each; a unit is never converted into another.
_UNITS = (
    (r"sq\.? ?(?:km|kilomet(?:er|re)s?)|km2|km²|square kilomet(?:er|re)s?", "square kilometre"),
    (r"sq\.? ?(?:m|met(?:er|re)s?)|m2|m²|square met(?:er|re)s?", "square metre"),
    (r"sq\.? ?(?:ft|feet)|square f(?:ee|oo)t", "square foot"),
    (r"km/h|kph|kmh|kilomet(?:er|re)s? (?:per|an) hour", "kph"),
    (r"mph|miles? (?:per|an) hour", "mph"),
    (r"km|kilomet(?:er|re)s?", "kilometre"),
    (r"cm|centimet(?:er|re)s?", "centimetre"),
    (r"mm|millimet(?:er|re)s?", "millimetre"),
    (r"m|met(?:er|re)s?", "metre"),
    (r"kg|kilos?|kilogram(?:me)?s?", "kilogram"),
    (r"g|grams?|grammes?", "gram"),
    (r"t|tons?|tonnes?|metric tons?", "tonne"),
    (r"lbs?|pounds?", "pound"),
    (r"ft|feet|foot", "foot"),
    (r"ha|hectares?", "hectare"),
    (r"l|lit(?:er|re)s?", "litre"),
    (r"°\s?C|degrees? (?:Celsius|centigrade)|C", "celsius"),
    (r"°\s?F|degrees? Fahrenheit|F", "fahrenheit"),
    (r"hrs?|hours?|h", "hour"),
    (r"mins?|minutes?", "minute"),
    (r"secs?|seconds|s", "second"),
    (r"MW|megawatts?", "megawatt"),
    (r"GW|gigawatts?", "gigawatt"),
    (r"kWh|kilowatt[- ]hours?", "kilowatthour"),
    (r"USD|dollars?", "dollar"),
    (r"EUR|euros?", "euro"),
    (r"GBP", "pound"),
)
_SEPARATORS = str.maketrans("", "", ", '")  # of thousands
_UNIT = re.compile(r"[ -]?(?:" + "|".join(rf"(?P<u{n}>(?:{unit})(?!\w))" for n, (unit, _) in enumerate(_UNITS)) + ")")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|"
    # "May" is a month beside a figure or after one of these words; else it may be a verb.
    r"(?:(?<=[Ii]n[ ])|(?<=[Oo]f[ ])|(?<=[Bb]y[ ])|(?<=last[ ])|"
    r"(?<=next[ ])|(?<=this[ ])|(?<=ince[ ])|(?<=\d[ ])|(?<=th[ ]))May|"
    r"May(?=,?[ ]\d))\b\.?"
)


@dataclass(frozen=True)
class Fact:
    """One compared piece of a sentence.

    `kind` is "word", "name", "opening" (a capitalized first word, which may be a name or not), "number", "date" or
    "not"; `key` is equal where two say the same; `text` is what the sentence had, for telling people.
    """

    kind: str
    key: str
    text: str


@lru_cache(maxsize=5_000)
def facts(sentence: str) -> tuple[Fact, ...]:
    """The pieces of a sentence in their order; function words are left out, a day follows its month.

    >>> [fact.key for fact in facts("Forty-five days, 12 percent and $1.3bn by 28 June")]
    ['#45', 'day', '#0.12', '#1300000000', 'dollar', '@month 6', '#28']
    """
    return tuple(_facts(_prepared(sentence)))


def runs(pieces: Iterable[Fact]) -> list[list[Fact]]:
    """The pieces in runs: neighbouring names are one."""
    found: list[list[Fact]] = []
    for piece in pieces:
        if found and piece.kind == "name" and found[-1][-1].kind in ("name", "opening"):
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def is_nationality(word: str) -> bool:
    """Whether a word is that of one country, "Chinese"; there are some that it does not know."""
    return _nationality().fullmatch(word) is not None


def _facts(sentence: str) -> Iterator[Fact]:
    place = 0
    while place < len(sentence):
        for pattern, make in _RULES:
            if match := pattern.match(sentence, place):
                yield from make(match)
                place = match.end()
                if make is _figure and (unit := _UNIT.match(sentence, place)):
                    yield Fact("word", _UNITS[int((unit.lastgroup or "")[1:])][1], unit.group().strip())
                    place = unit.end()
                break
        else:
            place += 1


def _numeric_date(match: re.Match[str]) -> Iterator[Fact]:
    yield _month(match["month"], match)
    if match["day"]:
        yield _number(match["day"], int(match["day"]))
    yield _number(match["year"], int(match["year"]))


def _day_and_month(match: re.Match[str]) -> Iterator[Fact]:
    yield _month(match["month"], match)
    if match["day"]:
        yield _number(match["day"], int(match["day"]))


def _month(text: str, match: re.Match[str]) -> Fact:
    number = int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1
    return Fact("date", f"@month {number}", match.group().strip())


def _weekday(match: re.Match[str]) -> Iterator[Fact]:
    yield Fact("date", f"@{match.group()[:3]}", match.group())


def _decade(match: re.Match[str]) -> Iterator[Fact]:
    name = match.group().lower()
    yield Fact("date", f"@{_DECADES[name[:3]] if name.endswith('ies') else name[-3:-1]}s", match.group())


def _clock(match: re.Match[str]) -> Iterator[Fact]:
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    late = half in ("p", "afternoon", "evening")
    hour += 12 if late and hour < 12 else -12 if half in ("a", "morning") and hour == 12 else 0
    yield Fact("date", f"@{hour:02}:{match['minute'] or '00'}", match.group())


def _noon(match: re.Match[str]) -> Iterator[Fact]:
    yield Fact("date", "@12:00" if match.group().lower() == "noon" else "@00:00", match.group())


def _part(match: re.Match[str]) -> Iterator[Fact]:
    count, size = (match["count"] or "").lower(), match["size"].lower()
    share = (_COUNTS.get(count) or int(count)) / (_PARTS.get(size[:3]) or int(size))
    scale = match["scale"]
    yield _number(match.group(), share * _SCALES[scale] if scale else round(share, 2))


def _figure(match: re.Match[str]) -> Iterator[Fact]:
    value = float(match["number"].translate(_SEPARATORS))
    if match["scale"]:
        value *= _SCALES.get(match["scale"].lower()) or int(match["scale"])
    if match["percent"]:
        value /= 100
    yield _number(match.group(), value)
    if currency := match["sign"] or match["code"]:
        yield Fact("word", _CURRENCIES[currency], currency)


def _number(text: str, value: float) -> Fact:
    return Fact("number", f"#{value:.12g}", text.strip().replace("-", " "))


def _denial(match: re.Match[str]) -> Iterator[Fact]:
    yield Fact("not", "not", match.group())


def _word(match: re.Match[str]) -> Iterator[Fact]:
    text = match.group()
    lower = text.lower().removesuffix("'s")
    if lower in _SMALL:
        yield _number(text, _SMALL[lower])
    elif lower not in FUNCTION_WORDS and lower not in _CONNECTIVES and not _is_adverb(match):
        for key in terms(text):
            yield Fact(_kind_of(match), key, text)


def _is_adverb(word: re.Match[str]) -> bool:
    """Whether it opens the sentence as a comment on it: "Additionally, …"."""
    return word.start() == 0 and word.group().endswith("ly") and word.string[word.end() :].startswith(",")


def _kind_of(word: re.Match[str]) -> str:
    text = word.group()
    if not text[0].isupper():
        return "word"
    followed = re.match(r"\s+[A-Z]", word.string[word.end() :])
    opening = not re.search(r"\w", word.string[: word.start()])
    return "opening" if opening and not followed and text[1:] == text[1:].lower() else "name"


# Tried in this order at each place; what none of them matches is passed over.
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Fact]]], ...] = tuple(
    (re.compile(pattern, re.VERBOSE), make)
    for pattern, make in (
        (r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\w)", _numeric_date),
        (r"(?P<month>\d\d?)/(?P<year>(?:19|20)\d\d)(?P<day>)(?!\w)", _numeric_date),
        (rf"(?:(?P<day>\d\d?)(?:st|nd|rd|th)?(?:[ ]of)?[ ])?{_MONTH}", _day_and_month),
        (r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:Mon|Tues?|Wed|Thur?s?|Fri|Sat|Sun)(?=[.,])", _weekday),
        (r"(?:\d\d|')?\d0s\b|(?i:(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)ies\b)", _decade),
        (r"(?P<hour>\d\d?)(?:[:.](?P<minute>\d\d))?[ ]?(?P<half>[aApP])\.?[mM]\b\.?", _clock),
        (
            r"""(?P<hour>\d\d?)(?:[:.](?P<minute>\d\d))?(?:[ ]o'clock)?
            [ ]in[ ]the[ ](?P<half>morning|afternoon|evening)\b""",
            _clock,
        ),
        (r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>\d\d)(?P<half>)\b", _clock),
        (r"(?i:noon|midnight)\b", _noon),
        (r"(?P<count>)(?P<size>(?i:half))\b(?:[ -](?:an?[ ])?(?P<scale>million|billion|trillion|dozen)\b)?", _part),
        (r"(?P<count>(?i:an?|one|two|three)|\d)[ -](?P<size>thirds?|quarters?|fifths?|tenths?)(?P<scale>)\b", _part),
        # "1 in 10", but not "9 in 2022"
        (r"(?P<count>(?i:one|two|three)|\d+)[ ](?:in|out[ ]of)[ ](?P<size>[1-9]\d{0,2})(?P<scale>)\b", _part),
        (
            r"""(?:(?:US|A|C|NZ|HK)?(?P<sign>[$€£¥])[ ]?|(?P<code>USD|EUR|GBP)[ ])?
            (?P<number>(?:\d{1,3}(?:[ ']\d{3})+(?![.,]?\d)|\d+(?:,\d{3})*)(?:\.\d+)?)(?:st|nd|rd|th)?
            (?:[ -]?(?P<scale>(?i:k|thousand|million|mn|mln|bn|billion|trillion|tn|hundred|dozen)|(?<=-)10{2,12}|
            (?(sign)m|(?!)))(?!\w))?
            (?P<percent>[ ]?%|[ -]per[ ]?cent\b|[ ]?pct?\b)?""",
            _figure,
        ),
        (
            r"""(?i:(?:no|not|never|none|nobody|nothing|neither|nor|without|cannot|den(?:y|ied|ies|ying)|
            reject(?:s|ed|ing)?|lack(?:s|ed|ing)?|unable|unlikely|
            refus(?:e|es|ed|ing|al)|(?:fail|decline)(?:s|d|ed|ing)?(?=[ ]to[ ]))\b|[a-z]+n't\b)""",
            _denial,
        ),
        (r"[^\W\d_]+(?:['.][^\W\d_]+)*", _word),
    )
)


SCALE = "hundred|thousand|million|billion|trillion|dozen"
_COMPOUND = re.compile(
    rf"\b({SPELLED}|{SCALE})-(?=[a-z])(?!(?:one|{SPELLED}|{SCALE}|(?:third|quarter|fifth|tenth)s?)\b)", re.IGNORECASE
)
_SCALED = re.compile(rf"(\d) ({SCALE})\b", re.IGNORECASE)


def _prepared(sentence: str) -> str:
    from text_to_num import alpha2digit

    plain = in_full(folded(unicodedata.normalize("NFKC", sentence)).replace("’", "'"))
    plain = _nationality().sub(lambda match: _countries()[match.group()], plain)
    plain = _COMPOUND.sub(r"\1 ", plain)  # text2num reads "ten minute", but no "ten-minute"
    plain = plain.replace("fortnight", "two weeks")
    # "1.3 million" stays together: text2num would make two numbers of it.
    return str(alpha2digit(_SCALED.sub(r"\1-\2", plain), "en"))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Country of each nationality; a nationality of several countries is left as it is."""
    from countryinfo import all_countries

    found: dict[str, set[str]] = {}
    for country in all_countries():
        for demonym in (country.demonym() or "").split(","):
            if demonym.strip():
                found.setdefault(demonym.strip(), set()).add(country.name())
    single = {demonym: next(iter(names)) for demonym, names in found.items() if len(names) == 1}
    return single | {"British": "Britain", "European": "Europe", "African": "Africa", "Asian": "Asia"}


@lru_cache(maxsize=1)
def _nationality() -> re.Pattern[str]:
    longest_first = sorted(_countries(), key=len, reverse=True)
    return re.compile(
        rf"(?<!\w)(?<!Latin )(?<!South )(?<!North )(?<!Central )(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
    )
