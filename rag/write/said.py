"""The sentences of what a language model wrote, without what models write around an answer.

That is what they think first, a greeting, "According to Passage 1", marks of Markdown, citations in the form of another
program, a list of sources, or JSON. None of it is of the answer, so none of it is held against the articles.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.text.sentences import sentence_spans

_HABITS = tomllib.loads(Path(__file__).with_name("habits.toml").read_text("utf-8"))
_NUMBERS = r"\d{1,3}(?:\s*(?:,|;|and|&)\s*(?:passages?\s*|\^)?\d{1,3})*"
_WORD = r"(?:(?:passages?|sources?|articles?|doc(?:ument)?s?|ref(?:erence)?s?|citations?|excerpts?)\s*[:#.]?\s*)"
# [1], [passages 2 and 3], 【1†source】, [^1], [[1]](https://…), <sup>1</sup>
_MARKER = re.compile(
    rf"\s*(?:\[?[\[【]\s*[\^#]?({_WORD}?{_NUMBERS})(?:\s*[†:][^\]】]*)?\s*[\]】]\]?(?:\([^)\s]*\))?|<sup>\W*({_NUMBERS})\W*</sup>)",
    re.I,
)
# (1), (Passage 1), at the end of a clause
_ROUND = re.compile(
    rf"\s*[(（]\s*({_WORD}{_NUMBERS}|\d{{1,2}}(?:\s*,\s*\d{{1,2}})*)\s*[)）](?=\s*(?:[.!?,;。]|\[\d|$))", re.I
)
_RAISED = re.compile(r"(?<=[.!?,;\"”)])[⁰¹²³⁴-⁹]+")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_TIDY = re.compile(r"((?:\s*\[\d+\])+)\s*([.!?。！？]+[\"”’)]*)")  # "in May [1]." becomes "in May. [1]"
_LEADING = re.compile(r"^(?:\s*\[\d+\])+")
_PIECE = re.compile(r"([^\[]+(?:\[(?!\d+\])[^\[]*)*)((?:\s*\[\d+\])*)")
_BULLET = re.compile(r"^(?:[-*•+>]|\(?\d+[.)])\s+|^(?:(?:final|short|direct)\s+)?(?:answer|a)\s*:\s*", re.IGNORECASE)
_ENDED = re.compile(r"[.!?:。！？…][\"”’')\]]*$")
_THOUGHT = re.compile(r"<(think(?:ing)?|thought|reason(?:ing)?|reflection)>.*?(?:</\1>|\Z)", re.I | re.S)
_END_OF_THOUGHT = re.compile(r"</(?:think(?:ing)?|thought|reason(?:ing)?|reflection)>", re.I)
_BEGUN = re.compile(
    r"\s*(?:</?\w{0,10}|<sup>(?:(?!</sup>).){0,20}|[\[【(（][^\]】)）\n]{0,20})\Z"
)  # what may become such a tag, or a marker
_FENCE = re.compile(r"^\s*(?:```|~~~)\w*\s*$", re.M)
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,;:!?)\]])[*_](?!\w)")
_NOTE = re.compile(r"^\s*\[\^?\d+\]\s*:")  # a footnote of Markdown
_HEADING = re.compile(r"^\s*#{1,6}\s")
_RULE = re.compile(r"^[\s|:+=-]*$")
_SOURCES = re.compile(rf"^[\s#*_>-]*{_HABITS['sources']}[\s*_]*(?::[\s*_]*|$)", re.I)
_TALK = re.compile("|".join(_HABITS["talk"]), re.I)
_LEADS = re.compile("|".join(_HABITS["leads"]), re.I)
_NAMED = rf"{_HABITS['passage']}(?:\s*#?({_NUMBERS}))?\s*((?:\[\d+\]\s*)*)"
_BEFORE = re.compile(rf"^(?:{_HABITS['before']} {_NAMED}[,:]\s*|{_NAMED}{_HABITS['says']}\s+)(?=\S)", re.I)
_BEHIND = re.compile(rf",? \(?{_HABITS['before']} {_NAMED}\)?(?=\s*[.!?]?\s*$)", re.I)
_NO_ANSWER = {"quote", "quotes", "source", "sources", "title", "publisher", "date", "reasoning", "thought", "question"}


def begins_anew(text: str) -> int:
    """Where the answer begins behind thoughts whose beginning is not marked; 0 without such."""
    ends = [found.end() for found in _END_OF_THOUGHT.finditer(_THOUGHT.sub(lambda found: " " * len(found[0]), text))]
    return ends[-1] if ends else 0


def without_thoughts(text: str) -> str:
    """What a model says, without what it thinks; a thought that goes on still is left out.

    >>> without_thoughts("<think>The port?</think>Boats left."), without_thoughts("The port?</think>Boats left.")
    ('Boats left.', 'Boats left.')
    """
    return _THOUGHT.sub("", text[begins_anew(text) :])


def in_quotation(text: str) -> bool:
    """Whether a text ends within quotation marks, whose sentences are one with what follows them.

    >>> in_quotation('"We came. We'), in_quotation('"We came. We went," she said.')
    (True, False)
    """
    line = text.rpartition("\n")[2]
    return line.count('"') % 2 == 1 or line.count("“") > line.count("”")


def is_talk(sentence: str) -> bool:
    """Whether a sentence speaks to its reader, as in a greeting.

    >>> is_talk("Sure!"), is_talk("The wind farm is sure to grow.")
    (True, False)
    """
    return bool(_TALK.match(sentence))


def leads(sentence: str) -> bool:
    """Whether a sentence that nothing supports only leads to the answer, or is about it.

    >>> leads("The owners are:"), leads("Note: this is from 2024."), leads("It notes the cost.")
    (True, True, False)
    """
    return sentence.rstrip().endswith((":", "：")) or bool(_LEADS.match(sentence))


def split_sentences(text: str) -> list[tuple[str, list[int]]]:
    """The sentences of what a model wrote, each with the passages that it names; the last one may not be finished.

    A marker belongs to the sentence that it ends, or stands in.

    >>> split_sentences("Boats left in May [1]. They came back [passages 2 and 3].\\nAll of")
    [('Boats left in May.', [1]), ('They came back.', [2, 3]), ('All of', [])]
    >>> split_sentences("**According to Passage 2**, boats left【3†source】.\\n\\n## Sources:\\n[1] Arun Post")
    [('Boats left.', [3, 2])]
    """
    text = _FENCE.sub("", _BEGUN.sub("", without_thoughts(text))).strip()
    if text.startswith(("{", "[{")):
        return [sentence for words in _of_json(text) for sentence in split_sentences(words)]
    found: list[tuple[str, list[int]]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _SOURCES.match(line):
            break
        headed = number + 1 < len(lines) and "|" in line and "-" in lines[number + 1] and _RULE.match(lines[number + 1])
        if not (_HEADING.match(line) or _NOTE.match(line) or _RULE.match(line) or headed):
            found += _of_line(line)
    return found


def _of_line(line: str) -> Iterator[tuple[str, list[int]]]:
    if line.lstrip().startswith("|"):  # a row of a table
        line = ": ".join(filter(None, map(str.strip, line.split("|"))))
    line = _MARKS.sub("", line)
    for marker in (_MARKER, _ROUND):
        line = marker.sub(_as_marker, line)
    line = _RAISED.sub(lambda found: f" [{found[0].translate(_DIGITS)}]", line).strip()
    listed = _LEADING.match(line)
    line = _BULLET.sub("", _TIDY.sub(r"\2\1", _LEADING.sub("", line).strip()))
    if listed and not _ENDED.search(_LEADING.sub("", re.sub(r"(?:\s*\[\d+\])+$", "", line))):
        return  # the source of a marker
    open_words, open_markers = "", list[int]()
    for words, tail in _PIECE.findall(line):
        spans = sentence_spans(words)
        for start, end in spans:
            open_words = f"{open_words} {words[start:end]}".strip()
            if end == spans[-1][1]:
                open_markers += map(int, re.findall(r"\d+", tail))
            if _ENDED.search(open_words):
                yield _bare(open_words, open_markers)
                open_words, open_markers = "", []
    if open_words:
        yield _bare(open_words, open_markers)


def _as_marker(found: re.Match[str]) -> str:
    numbers = next(filter(None, found.groups()), "")
    return "".join(f" [{number}]" for number in re.findall(r"\d+", numbers))


def _bare(sentence: str, markers: list[int]) -> tuple[str, list[int]]:
    """The sentence without the passage that it says it has from, which counts as a marker."""
    named: list[int] = []

    def take(found: re.Match[str]) -> str:
        named.extend(int(number) for number in re.findall(r"\d+", " ".join(filter(None, found.groups()))))
        return ""

    bare = _BEFORE.sub(take, _BEHIND.sub(take, sentence))
    if bare != sentence and sentence[:1].isupper():
        bare = bare[:1].upper() + bare[1:]
    return bare, [*markers, *named]


def _of_json(text: str) -> Iterator[str]:
    """The sentences of an answer in JSON, each with the numbers beside it; none before it is whole."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return
    yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield each if isinstance(each, str) else "\n".join(_strings(each))
    elif isinstance(value, dict):
        numbers = [each for beside in value.values() for each in (beside if isinstance(beside, list) else [beside])]
        markers = "".join(f" [{each}]" for each in numbers if type(each) is int or str(each).isdigit())
        for key, each in value.items():
            if isinstance(each, str) and key.lower() not in _NO_ANSWER and not each.isdigit():
                yield f"{each}{markers}"
            elif isinstance(each, (list, dict)) and key.lower() not in _NO_ANSWER:
                yield from _strings(each)
