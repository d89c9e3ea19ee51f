"""The content words of a text: stems without function words, and those of names and of numbers."""

from __future__ import annotations

import re
import threading
from functools import lru_cache

from rag.text.characters import folded
from rag.text.sentences import sentence_spans

WORD = re.compile(r"\w+(?:['’]\w+)?")
_CAPITALIZED = re.compile(r"\b[A-Z][\w’'-]+|\b[A-Z]{2,}\b")
_FIGURE = re.compile(
    r"\b\w*\d\w*|\b(?:two|three|four|five|six|seven|eight|nine|ten|first|second|third|fourth|fifth|sixth|seventh|"
    r"eighth|ninth|tenth)\b",
    re.IGNORECASE,
)
# News writes these short, people ask for them in full; "US" would also pass for a pronoun.
_SHORT_NAMES = (
    (re.compile(r"\bU\.S\.A?\.?|\bUSA?\b"), "United States"),
    (re.compile(r"\bU\.K\.|\bUK\b"), "United Kingdom"),
    (re.compile(r"\bU\.N\.|\bUN\b"), "United Nations"),
    (re.compile(r"\bE\.U\.|\bEU\b"), "European Union"),
)
_STEMMING = threading.Lock()  # the stemmer keeps the word in itself, so two threads would mix theirs
FUNCTION_WORDS = frozenset(
    """
    a about above after again against all also am an and any are as at be because been before being below between
    both but by can could d did do does doing done down during each else ever few for from further had has have
    having he her here hers herself him himself his how i if in into is it its itself just ll m many may me might
    more most much must my myself no nor not now of off on once one only or other our ours out over own per please
    re s same say says said shall she should since so some such t tell than that the their theirs them themselves
    then there these they this those through to too under until up upon us ve very was we were what when where
    whether which while who whom whose why will with within without would yes yet you your yours according article
    articles
    """.split()  # noqa: SIM905 - a list of 180 strings would be harder to read
)


@lru_cache(maxsize=20_000)
def terms(text: str) -> tuple[str, ...]:
    """Stemmed content words in their order, without accents; function words are left out.

    >>> terms("The cafés were reopened")
    ('cafe', 'reopen')
    """
    words = (word.lower().replace("’", "'").removesuffix("'s") for word in WORD.findall(in_full(folded(text))))
    return tuple(_stem(word) for word in words if word not in FUNCTION_WORDS)


def in_full(text: str) -> str:
    """The text with the short names that news writes for a few countries and unions in full.

    >>> in_full("The U.S. and the UN")
    'The United States and the United Nations'
    """
    for short, full in _SHORT_NAMES:
        text = short.sub(full, text)
    return text


def name_terms(text: str) -> set[str]:
    """Terms of the capitalized words, those aside that begin a sentence and would be capitalized whatever they are.

    >>> sorted(name_terms("Who opened Velden's bridge? Cite your source."))
    ['velden']
    """
    text = folded(text)
    begins = {first.start() for start, end in sentence_spans(text) if (first := WORD.search(text, start, end))}
    names = {match.group() for match in _CAPITALIZED.finditer(text) if match.start() not in begins}
    return {term for name in names for term in terms(name)}


def number_terms(text: str) -> set[str]:
    """Terms of the figures, years, ordinals and small numbers in words, with the letters that are attached to them.

    >>> sorted(number_terms("Who won the 5km race of the 1990s?"))
    ['1990s', '5km']
    """
    return {term for figure in _FIGURE.findall(text) for term in terms(figure)}


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    with _STEMMING:
        return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Words that English has, and common names: those of symspellpy's list of frequencies, 82,765."""
    from importlib.resources import files

    listed = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return frozenset(listed.split()[::2])  # a word and its count a line
