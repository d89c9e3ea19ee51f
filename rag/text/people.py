"""The people whom a text names, told by their first names and by what English writes around a person's name.

First names are those of Faker's lists, of some 50 languages. No model: 10,000 articles take seconds, and a name is
found for reasons that can be read.
"""

from __future__ import annotations

import calendar
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules

from rag.text.characters import folded
from rag.text.facts import is_nationality
from rag.text.sentences import sentence_spans
from rag.text.words import FUNCTION_WORDS

_LONGEST = 4  # words of a name; more are a headline, or a line of a table
_ENOUGH = 2  # points of evidence
_NAME_WORD = r"(?:[^\W\d_](?:\w|[’'-](?!s\b)\w)*)"
_TOKEN = re.compile(rf"{_NAME_WORD}\.?|\S")
_AGE = re.compile(r"[’']?,? (?:\(\d{1,2}\)|\d{1,2}[,.;)]|aged \d|an? \d{1,2}-year-old)")
_WHO = re.compile(r",? who(?:m|se)?\b")
_APPOSED = re.compile(r", (?:an?|the|its|their|his|her|[a-z]+(?: [a-z]+)? (?:of|at|for|in|with)) ")
_PLACED = frozenset(("the", "in", "at", "near", "across", "around", "outside"))  # ahead of other names than people's
_DATES = frozenset(name.lower() for name in (*calendar.month_name[1:], *calendar.day_name))


@dataclass(frozen=True)
class _Run:
    """Capitalised words side by side, and the points of evidence that they are a person's name."""

    words: tuple[str, ...]
    points: int
    is_called: bool  # whether the first word is a first name


def people(text: str, imprint: Sequence[tuple[int, int]] = ()) -> tuple[tuple[str, int], ...]:
    """The people of a text by their fullest names, and how often each is named, most first.

    A part of a name alone counts for the full name that the text has with it. What stands in its `imprint`, places in
    characters, does not count.

    >>> people("Ida Holm, the mayor, spoke. “It rains,” Holm said. Holm left for Port Avalon with President Xi.")
    (('Ida Holm', 3), ('Xi', 1))
    """
    for start, end in imprint:
        text = text[:start] + "\n" * (end - start) + text[end:]
    runs = [run for start, end in sentence_spans(text) for run in _runs(" ".join(text[start:end].split()))]
    lower = set(re.findall(r"\b[^\W\d_]+\b", text)) - {run.words[0] for run in runs}
    points = Counter[str]()
    for run in runs:
        common = run.words[0].lower() in lower  # "Will", "Rose"; or an article of another language
        points[" ".join(run.words)] += run.points + 2 * (len(run.words) > 1 and run.is_called and not common)
    alone = {run.words[0] for run in runs if len(run.words) == 1}
    named = {name for name, told in points.items() if told + (" " in name and name.split()[-1] in alone) >= _ENOUGH}
    written = Counter(" ".join(run.words) for run in runs)
    parts = (part for name in written for part in (name, name.partition(" ")[2]) if part and " " not in part)
    fullest = in_full([*named, *parts])
    counted = Counter[str]()
    for name, count in written.items():
        for part in (name, name.partition(" ")[2]):  # "Later Holm left."
            if part and (whole := fullest.get(part, part)) in named:
                counted[whole] += count
                break
    return tuple(counted.most_common())


def in_full(names: Iterable[str]) -> dict[str, str]:
    """For each name that is a part of another one, the longest that has its words; none where several people do.

    >>> in_full(["Holm", "Ida Holm", "Ida Maria Holm", "Bo", "Bo Lund", "Bo Berg"])
    {'Holm': 'Ida Maria Holm', 'Ida Holm': 'Ida Maria Holm'}
    """
    by_word: dict[str, list[tuple[str, ...]]] = {}
    listed = [tuple(name.split()) for name in dict.fromkeys(names)]
    for name in listed:
        for word in dict.fromkeys(name):
            by_word.setdefault(word, []).append(name)
    found = {}
    for name in listed:
        longer = [each for each in by_word[name[-1]] if set(name) < set(each)]
        ends = [each for each in longer if each[-1] == name[-1]] or longer
        if ends and len({(each[0], each[-1]) for each in ends}) == 1:
            found[" ".join(name)] = " ".join(max((len(each), each) for each in ends)[1])
    return found


def _runs(sentence: str) -> Iterator[_Run]:
    """The runs of capitalised words in a sentence that may be names of people."""
    tokens = list(_TOKEN.finditer(sentence))
    place = 0
    while place < len(tokens):
        end = _end_of_run(sentence, tokens, place)
        if end > place:
            yield from _told(sentence, tokens, place, end)
        place = max(end, place + 1)


def _end_of_run(sentence: str, tokens: list[re.Match[str]], first: int) -> int:
    """Behind the last word of the run that begins at a token; the token itself where none does."""
    end = place = first
    while place < len(tokens):
        word = tokens[place].group()
        gap = place > first and sentence[tokens[place - 1].end() : tokens[place].start()] != " "
        if gap or not (word[0].isupper() or (end > first and word in _words("within"))):
            break
        if word.endswith(".") and not (len(word) == 2 or word[:-1].lower() in _words("roles")):
            word = word[:-1]
            return place + 1
        place += 1
        if word[0].isupper():
            end = place
    return end


def _told(sentence: str, tokens: list[re.Match[str]], first: int, end: int) -> Iterator[_Run]:
    """The name in a run of words, without the roles ahead of it, and the points that speak for a person."""
    run = [token.group() for token in tokens[first:end]]
    run[-1] = run[-1] if len(run[-1]) == 2 else run[-1].removesuffix(".")
    before = [token.group() for token in tokens[max(first - 2, 0) : first]]
    ahead = before[-1].lower() if before else ""
    if (not before or not ahead[0].isalnum()) and len(run) > 1 and run[0].lower() in FUNCTION_WORDS:
        run = run[1:]
    roles = [n for n, word in enumerate(run) if word.lower().removesuffix(".") in _words("roles")]
    has_role = bool(roles) or ahead in _words("roles")
    name = run[roles[-1] + 1 :] if roles else run
    while name and (is_nationality(name[0]) or (len(name) > 2 and name[0] in _places())):
        name = name[1:]
    lower = [word.lower().removesuffix(".") for word in name]
    if not name or len(name) > _LONGEST or not _words("others").isdisjoint(lower) or not _DATES.isdisjoint(lower[-1:]):
        return
    if name[0][0].islower() or (len(name) == 1 and lower[0] in FUNCTION_WORDS):
        return
    behind = sentence[tokens[end - 1].end() :]
    points = 2 * has_role + 2 * bool(_AGE.match(behind)) + 2 * bool(_WHO.match(behind)) + bool(_APPOSED.match(behind))
    if len(name) > 1:
        says = (re.findall(r"\w+", behind[:15]) or [""])[0]
        points += says in _words("says") or ahead in _words("says")
        points -= 2 * (ahead in _PLACED and not has_role)
    elif not has_role:
        points = 0
    yield _Run(tuple(name), points, _is_first_name(name[0]))


@lru_cache(maxsize=10_000)
def _is_first_name(word: str) -> bool:
    none = _DATES | _words("others") | _words("within")
    return folded(word) in _first_names() and word.lower() not in none


@lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    """First names in Latin letters, without accents, less those that are countries' or capitals' as well."""
    import faker.providers.person as lists

    names = set[str]()
    for module in iter_modules(lists.__path__):
        provider = import_module(f"{lists.__name__}.{module.name}").Provider
        for key, value in vars(provider).items():
            if "first_name" in key and isinstance(value, (tuple, list, dict)):
                names.update(folded(each) for each in value if isinstance(each, str))
    return frozenset(name for name in names if name.isascii() and len(name) > 1) - _places()


@lru_cache(maxsize=1)
def _places() -> frozenset[str]:
    """Countries and their capitals."""
    from countryinfo import all_countries

    return frozenset(str(place) for country in all_countries() for place in (country.name(), country.capital()))


@lru_cache(maxsize=8)
def _words(kind: str) -> frozenset[str]:
    listed = tomllib.loads(files("rag.text").joinpath("people.toml").read_text(encoding="utf-8"))
    return frozenset(listed[kind].split())
