"""The questions of a message, apart from what is said around them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from rag.text.languages import language_of
from rag.text.sentences import sentence_spans
from rag.text.words import FUNCTION_WORDS

_TOKEN = re.compile(r"[\w’'-]*\w|[,;]|[:–—]|(?<=\s)-(?=\s)")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)['‘][^'’]*['’](?!\w)")
_MARK = re.compile(r"(?:^|(?<=\s))\(?(\d{1,2}|[a-h])[.):]\s+")
_ENDED = re.compile(r"(?<=[?!])\s+(?=[\w(])")
_BULLET = re.compile(r"^[-*•–]\s+")

_JOINED = re.compile(r"(?:(?:and|also|plus|but)[\s,]+)+", re.IGNORECASE)

# Patterns of shapes: a letter a word, by its class in parts.toml; "N" is capitalized, "w" any other.
_NAMED = "[SDN]"
_ASKING = rf"(?:P?[AWKH]|[XM]{_NAMED})"
_BEGINS = re.compile(rf"(?:^|[,:])C*(?:{_ASKING}|I)")
# Left of a joint: a question with a word of its own behind what asks, and not in the middle of something.
_STANDS = re.compile(
    rf"(?:^|[,:])C*(?!P?A[SD]|[AH]P)(?:(?P<introduced>[^AWKH,:]{{0,8}}I[SwN]?)?P?(?:[AW](?=[^,:])|[KH][wN]?+(?=[^,:]))|[XM]{_NAMED}|I)"
    r".*[^AWKHDC,:]$"
)
_INVERTED = re.compile(rf"[XM]{_NAMED}")
_JOINT = re.compile(r"(?P<alone>,)(?!C)|,?C+")
_CLAUSE = re.compile(r"P?(?:A[SDN]|[HK][SD])")  # "what it costs": no question of its own
_BEHIND_COMMA = re.compile(rf"P?(?:[AH]w?(?=$|[,C])|[AHK][wN]{{0,3}}[XM]{_NAMED}|Hw|W)")
_BEHIND_AND = re.compile(rf"P?[AWKH]|[XM]{_NAMED}")
_PLURAL = re.compile(r"Mw")  # "can dogs …": a question only behind another one, not "who won and can stay"


def parts_of(message: str) -> list[str]:
    """Each question of a message in its own words, without greetings, thanks and instructions; [] of talk alone.

    A statement belongs to the question behind it. Messages in other languages than English stay whole.

    >>> parts_of("Hi! Who built the mill and what did it cost? Answer in one sentence.")
    ['Who built the mill', 'what did it cost?']
    """
    if language_of(message).code != "en":
        return [message]
    parts: list[str] = []
    said: list[str] = []  # since the last question
    for sentence in map(_without_talk, _sentences(_corrected(message))):
        if not sentence or _is_instruction(sentence):
            continue
        if sentence.endswith("?") or _BEGINS.search(_Shape.of(sentence).letters):
            first, *others = _questions(sentence)
            parts += [" ".join((*said, _JOINED.sub("", first) if parts else first)), *others]
            said = []
        else:
            said.append(sentence)
    if parts:
        return [*parts[:-1], " ".join((parts[-1], *said))]
    return [" ".join(said)] if said else []


def _corrected(message: str) -> str:
    return _word_list().correction.sub("", message)


def _sentences(message: str) -> Iterator[str]:
    """Its sentences and the items of its list."""
    marks = list(_MARK.finditer(message))
    numbers = "".join(mark[1] for mark in marks)
    if len(marks) < 2 or not ("123456789".startswith(numbers) or "abcdefgh".startswith(numbers)):
        marks = []
    places = [(0, 0), *(mark.span() for mark in marks), (len(message), 0)]
    for (_, start), (end, _) in pairwise(places):
        item = message[start:end]
        for begin, stop in sentence_spans(item):
            yield from (_BULLET.sub("", each).strip() for each in _ENDED.split(item[begin:stop]))


def _without_talk(sentence: str) -> str:
    """A sentence without greeting, thanks and instruction ahead of what it asks, or behind; "" of those alone."""
    words = _word_list()
    if words.talk.fullmatch(sentence):
        return ""
    sentence = words.behind.sub(r"\g<end>", words.ahead.sub("", sentence))
    if (colon := re.match(r"([^:,]+)[:,]\s+", sentence)) and _is_instruction(colon[1]):
        return sentence[colon.end() :]
    return sentence


def _is_instruction(sentence: str) -> bool:
    """Whether it says nothing but in what form an answer is wanted."""
    listed = _word_list()
    words = [word.lower().replace("’", "'") for word in _TOKEN.findall(sentence) if word[0].isalnum()]
    asks = re.search("[AWKH]", _Shape.of(sentence).letters)
    if asks or sentence.endswith("?") or not words or words[0] not in listed.instruction:
        return False
    content = {part for word in words for part in word.split("-") if part not in FUNCTION_WORDS and not part.isdigit()}
    return (bool(content) and content <= listed.form) or (words[0] in ("just", "only") and content <= listed.wanted)


def _questions(sentence: str) -> list[str]:
    """The questions that a sentence joins by a comma or "and", where each can stand; else the sentence alone."""
    shape = _Shape.of(sentence)
    cuts: list[tuple[int, int]] = []
    begin = 0
    for joint in _JOINT.finditer(shape.letters):
        left, right = shape.letters[begin : joint.start()], shape.letters[joint.end() :]
        stands = _STANDS.search(left) if not cuts else re.search(r"[^PDC]$", left)
        if stands and _asks_anew(shape.letters[: joint.start()], right, bool(joint["alone"])):
            cuts.append((joint.start(), joint.end()))
            begin = joint.end()
    places = [0, *(place for cut in cuts for place in cut), len(shape.letters)]
    return [shape.text(start, end) for start, end in zip(places[::2], places[1::2], strict=True)]


def _asks_anew(left: str, right: str, comma: bool) -> bool:
    """Whether a question begins right of a joint."""
    if comma:
        return bool(_BEHIND_COMMA.match(right))
    stands = _STANDS.search(left)
    introduced = bool(stands and stands["introduced"])
    if _PLURAL.match(right):
        return bool(_INVERTED.search(left))
    return bool(_BEHIND_AND.match(right)) and (introduced or not _CLAUSE.match(right))


@dataclass(frozen=True)
class _Shape:
    """The classes of a sentence's words, a letter each, and where in the sentence they stand."""

    sentence: str
    letters: str
    places: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, sentence: str) -> _Shape:
        classes = _word_list().classes
        quoted = [match.span() for match in _QUOTED.finditer(sentence)]
        tokens = list(_TOKEN.finditer(sentence))
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
class _Words:
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
def _word_list() -> _Words:
    listed = tomllib.loads(files("rag.questions").joinpath("parts.toml").read_text(encoding="utf-8"))
    thanks = "|".join(listed["thanks"])
    talk, between = rf"(?:{'|'.join(listed['talk'])}|{thanks})\b", r"[\s,.!;:–-]"
    classes = {",": ",", ";": ",", ":": ":", "–": ":", "—": ":", "-": ":"}
    asks = "who|what|when|where|which|how|why|tell|can"
    return _Words(
        talk=re.compile(rf"{talk}(?:{between}+{talk})*{between}*[?]?", re.IGNORECASE),
        ahead=re.compile(rf"^(?:{talk}(?:\s*[,.!;:–-]+\s+|\s+(?=(?:{asks})\b)))+(?=\w)", re.IGNORECASE),
        behind=re.compile(rf"(?:[\s,.!;–-]+(?:{thanks}))+[.!]*(?P<end>\??)$", re.IGNORECASE),
        correction=re.compile(rf"\A.*\b(?:{'|'.join(listed['correction'])})\b[\s,:–.…-]*(?=\w)", re.IGNORECASE),
        instruction=frozenset(listed["instruction"].split()),
        form=frozenset(listed["form"].split()),
        wanted=frozenset(listed["wanted"].split()),
        classes={**classes, **{word: letter for letter, words in listed["shape"].items() for word in words.split()}},
    )
