"""Who speaks in an interview: the label at the head of a turn holds for every sentence up to the next one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_LABEL = re.compile(r"^[ \t]*(?P<name>[^\W\d_][^\n:：?!,;]{0,40}?)\s?[:：](?=\s)", re.MULTILINE)
_LETTER = re.compile(r"(?:q|a|question|answer)\d*", re.IGNORECASE)
TURNS = 2  # a label is a speaker's from this many turns on


@dataclass(frozen=True)
class Turn:
    """A speaker's turn: it begins at `start` with the label, whose words end at `words`; offsets in characters."""

    start: int
    words: int
    speaker: str


def turns(text: str) -> tuple[Turn, ...]:
    """The turns of an interview, in order; none where a text is not one.

    An interview has two labels or more at the head of lines, each of them twice or more; a full name counts with the
    part of it that stands for it later, and is the speaker's. "Q" and "A" name nobody: their turns have the speaker "".

    >>> [turn.speaker for turn in turns("Ann: Why?\\nBo: Rain.\\nAnn: And now?\\nBo: Sun.")]
    ['Ann', 'Bo', 'Ann', 'Bo']
    """
    labels = list(_LABEL.finditer(text))
    written = [label["name"] for label in labels]
    in_full = [name for name in written if " " in name and all(part[0].isupper() for part in name.split())]
    full = {part: name for name in reversed(in_full) for part in name.split()}
    names = [full.get(name, name) for name in written]
    counts = Counter(names)
    speakers = {name for name, count in counts.items() if count >= TURNS}
    if len(speakers) < 2:
        return ()
    return tuple(
        Turn(label.start("name"), label.end(), "" if _LETTER.fullmatch(name) else name)
        for label, name in zip(labels, names, strict=True)
        if name in speakers
    )


def turn_at(all_turns: Sequence[Turn], place: int) -> Turn | None:
    """The turn that a place in the text belongs to; None ahead of the first one."""
    number = bisect_right(all_turns, place, key=lambda turn: turn.start)
    return all_turns[number - 1] if number else None
