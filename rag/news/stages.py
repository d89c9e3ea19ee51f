"""How far something is: planned, under way, concluded, signed, open, stopped."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 12  # words that are given of a stage
_STATE_ASKED = re.compile(
    r"\b(?:state|status|stage|progress) (?:of|in|with)\b|\bwh(?:at|ich) stage\b|"
    r"\bhow (?:far|advanced)\b(?!.*\b(?:away|from)\b)|"
    r"\b(?:where|how) (?:do|does|did) .* stand\b|"
    r"^(?:is|are|was|were|has|have|had)\b.*\b(?:finished|completed?|signed|open(?:ed)?|concluded|built|started|begun|"
    r"ready|in force|agreed|ratified|approved|operational|under way|under construction|closed|cancell?ed)\b",
    re.IGNORECASE,
)
# How far something is: words of one row say the same.
_STAGES = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        r"suspended|halted|cancell?ed|scrapped|delayed|postponed|abandoned|stalled|shelved",
        r"opened|(?:in|into|entered) force|took effect|operational|"
        r"inaugurat(?:ed|ion)|in (?:operation|use|service)",
        r"(?:was|were|been|is|are|has|have|had) (?:\w+ly )?(?:signed|ratified)|signing of|signed",
        r"conclu(?:ded|sion)|completed|(?<!timely )completion|finali[sz]ed|finished|approved|agreed on|"
        r"reached (?:an? )?\w+",
        r"(?:close|near) to|nearing|about to|on the verge of|almost",
        r"negotiating|in negotiations?|under negotiation|negotiations? (?:on|over|for)|under way|underway|in progress|"
        r"under construction|being \w+|working on|talks (?:on|over|about)|began|begun|started",
        r"plan(?:s|ned|ning)?(?= to| for)|propos(?:ed?|al)|intends? to|"
        r"expected to|scheduled|due to|to be \w+ed|timely",
    )
)
_STATE_WORDS = re.compile(
    r"\b(?:still|already|yet|state|status|stage|progress|open|closed?|built|ready|complete|under|way|far)\b",
    re.IGNORECASE,
)
_ONCE = re.compile(r"\b(?:once|when|if|until|before|after)\b[^,;]*$", re.IGNORECASE)  # no stage that is reached
_CLAUSE = re.compile(r"(?:(?! (?:and|but|because|which|while|who)\b)[^,;:.()\"“”—–])*")


@dataclass(frozen=True)
class Stage:
    """A stage that a sentence names: `row` is the same where two say the same; sentence[start:end] its words."""

    row: int
    start: int
    end: int


def asks_for_state(question: str) -> bool:
    """Whether a question asks how far something is.

    >>> asks_for_state("How far along is the tunnel?"), asks_for_state("How far is the tunnel from the port?")
    (True, False)
    """
    return bool(_STATE_ASKED.search(question))


def without_stage(question: str) -> str:
    """The question without its words for a stage: what it is about.

    >>> without_stage("Is the tunnel still under construction?")
    'Is the tunnel ?'
    """
    for pattern in (*_STAGES, _STATE_WORDS):
        question = pattern.sub("", question)
    return " ".join(question.split())


def stage_in(sentence: str) -> Stage | None:
    """The stage that a sentence names first, with the words behind it to the end of the clause.

    >>> text = "They are close to signing the treaty, he said."
    >>> stage = stage_in(text)
    >>> text[stage.start : stage.end]
    'close to signing the treaty'
    """
    found = [
        (match.start(), row, match.end())
        for row, stage in enumerate(_STAGES)
        if (match := stage.search(sentence)) and not _ONCE.search(sentence[: match.start()])
    ]
    if not found:
        return None
    start, row, behind = min(found)
    end = max(_CLAUSE.match(sentence, behind).end(), behind)  # type: ignore[union-attr]  # it matches nothing, too
    last = list(re.finditer(r"\S+", sentence[start:end]))[:LONGEST][-1]
    return Stage(row, start, start + last.end())
