"""The questions of a message, apart from what is said around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.questions.kinds import kind_of
from rag.questions.shapes import BEGINS, NAMED, TOKEN, Shape, is_talk, word_list
from rag.text.languages import language_of
from rag.text.sentences import sentence_spans
from rag.text.words import FUNCTION_WORDS

_MARK = re.compile(r"(?:^|(?<=\s))\(?(\d{1,2}|[a-h])[.):]\s+")
_ENDED = re.compile(r"(?<=[?!])\s+(?=[\w(])")
_BULLET = re.compile(r"^[-*•–]\s+")
_JOINED = re.compile(r"(?:(?:and|also|plus|but)[\s,]+)+", re.IGNORECASE)
# Kinds whose questions join what is one: "What came first, and what next?"; the second only by a pronoun.
_WHOLE, _WHOLE_BY_PRONOUN = ("timeline", "comparison", "overview"), "collection"

# Patterns of shapes.
# Left of a joint: a question with a word of its own behind what asks, and not in the middle of something.
_STANDS = re.compile(
    r"(?:^|[,:])C*(?!P?A[SD]|[AH]P)"
    rf"(?:(?P<introduced>[^AWKH,:]{{0,8}}I[SwN]?)?P?(?:[AW](?=[^,:])|[KH][wN]?+(?=[^,:]))|[XM]{NAMED}|I)"
    r".*[^AWKHDC,:]$"
)
_INVERTED = re.compile(rf"[XM]{NAMED}")
_JOINT = re.compile(r"(?P<alone>,)(?!C)|,?C+")
_CLAUSE = re.compile(r"P?(?:A[SDN]|[HK][SD])")  # "what it costs": no question of its own
_BEHIND_COMMA = re.compile(rf"P?(?:[AH]w?(?=$|[,C])|[AHK][wN]{{0,3}}[XM]{NAMED}|Hw|W)")
_BEHIND_AND = re.compile(rf"P?[AWKH]|[XM]{NAMED}")
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
        if sentence.endswith("?") or BEGINS.search(Shape.of(sentence).letters):
            first, *others = _questions(sentence)
            parts += [" ".join((*said, _JOINED.sub("", first) if parts else first)), *others]
            said = []
        else:
            said.append(sentence)
    if parts:
        return [*parts[:-1], " ".join((parts[-1], *said))]
    return [" ".join(said)] if said else []


def _corrected(message: str) -> str:
    return word_list().correction.sub("", message)


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
    words = word_list()
    if is_talk(sentence):
        return ""
    sentence = words.behind.sub(r"\g<end>", words.ahead.sub("", sentence))
    if (colon := re.match(r"([^:,]+)[:,]\s+", sentence)) and _is_instruction(colon[1]):
        return sentence[colon.end() :]
    return sentence


def _is_instruction(sentence: str) -> bool:
    """Whether it says nothing but in what form an answer is wanted."""
    listed = word_list()
    words = [word.lower().replace("’", "'") for word in TOKEN.findall(sentence) if word[0].isalnum()]
    asks = re.search("[AWKH]", Shape.of(sentence).letters)
    if asks or sentence.endswith("?") or not words or words[0] not in listed.instruction:
        return False
    content = {part for word in words for part in word.split("-") if part not in FUNCTION_WORDS and not part.isdigit()}
    return (bool(content) and content <= listed.form) or (words[0] in ("just", "only") and content <= listed.wanted)


def _questions(sentence: str) -> list[str]:
    """The questions that a sentence joins by a comma or "and", where each can stand; else the sentence alone."""
    shape = Shape.of(sentence)
    cuts: list[tuple[int, int]] = []
    begin = 0
    for joint in _JOINT.finditer(shape.letters):
        left, right = shape.letters[begin : joint.start()], shape.letters[joint.end() :]
        stands = _STANDS.search(left) if not cuts else re.search(r"[^PDC]$", left)
        if stands and _asks_anew(shape.letters[: joint.start()], right, bool(joint["alone"])):
            cuts.append((joint.start(), joint.end()))
            begin = joint.end()
    kind = kind_of(sentence) if cuts else ""
    if not cuts or kind in _WHOLE or (kind == _WHOLE_BY_PRONOUN and "S" in shape.letters[cuts[-1][1] :]):
        return [sentence]
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
