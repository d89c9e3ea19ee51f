"""The shape of a sentence: the classes of its words, a letter each, by which questions are taken apart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

TOKEN = re.compile(r"[\w’'-]*\w|[,;]|[:–—]|(?<=\s)-(?=\s)")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)['‘][^'’]*['’](?!\w)")

# Patterns of shapes: a letter a word, by its class in parts.toml; "N" is capitalized, "w" any other.
NAMED = "[SDN]"
ASKING = rf"(?:P?[AWKH]|[XM]{NAMED})"
BEGINS = re.compile(rf"(?:^|[,:])C*(?:{ASKING}|I)")


@dataclass(frozen=True)
class Shape:
    """The classes of a sentence's words, a letter each, and where in the sentence they stand."""

    sentence: str
    letters: str
    places: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, sentence: str) -> Shape:
        classes = word_list().classes
        quoted = [match.span() for match in _QUOTED.finditer(sentence)]
        tokens = list(TOKEN.finditer(sentence))
        letters = []
        for token in tokens:
            word = token[0].lower().replace("’", "'")
            inside = any(start <= token.start() < end for start, end in quoted)
            letters.append("w" if inside else classes.get(word) or ("N" if token[0][0].isupper() else "w"))
        return cls(sentence, "".join(letters), tuple(token.span() for token in tokens))

    def text(self, start: int, end: int) -> str:
        """The words from one token to another, the last with what ends the sentence."""
        stop = len(self.sentence) if end == len(self.places) else self.places[end - 1][1]
        return self.sentence[0 if start == 0 else self.places[start][0] : stop]


@dataclass(frozen=True)
class Words:
    """What parts.toml lists."""

    talk: re.Pattern[str]
    ahead: re.Pattern[str]
    behind: re.Pattern[str]
    correction: re.Pattern[str]
    instruction: frozenset[str]
    form: frozenset[str]
    wanted: frozenset[str]
    classes: Mapping[str, str]


@lru_cache(maxsize=1)
def word_list() -> Words:
    listed = tomllib.loads(files("rag.questions").joinpath("parts.toml").read_text(encoding="utf-8"))
    thanks = "|".join(listed["thanks"])
    talk, between = rf"(?:{'|'.join(listed['talk'])}|{thanks})\b", r"[\s,.!;:–-]"
    classes = {",": ",", ";": ",", ":": ":", "–": ":", "—": ":", "-": ":"}
    asks = "who|what|when|where|which|how|why|tell|can"
    return Words(
        talk=re.compile(rf"{talk}(?:{between}+{talk})*{between}*[?]?", re.IGNORECASE),
        ahead=re.compile(rf"^(?:{talk}(?:\s*[,.!;:–-]+\s+|\s+(?=(?:{asks})\b)))+(?=\w)", re.IGNORECASE),
        behind=re.compile(rf"(?:[\s,.!;–-]+(?:{thanks}))+[.!]*(?P<end>\??)$", re.IGNORECASE),
        correction=re.compile(rf"\A.*\b(?:{'|'.join(listed['correction'])})\b[\s,:–.…-]*(?=\w)", re.IGNORECASE),
        instruction=frozenset(listed["instruction"].split()),
        form=frozenset(listed["form"].split()),
        wanted=frozenset(listed["wanted"].split()),
        classes={**classes, **{word: letter for letter, words in listed["shape"].items() for word in words.split()}},
    )


def is_talk(sentence: str) -> bool:
    """Whether it is a greeting, thanks or the like, and nothing else."""
    return bool(word_list().talk.fullmatch(sentence.strip()))
