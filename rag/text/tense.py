"""Of which time a sentence speaks: what is past, what is to come, or neither for sure.

The words decide, by tables of verbs; a tagger would need a model of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

# What a sentence's words say of the time they speak of. A word of one group takes its main verb along, so that the
# "held" of "will be held" is no past tense, nor the "closed" of "will stay closed".
_VERB = r"(?: (?!the\b|an?\b)(?:not|also|be|been|being|get|become|stay|remain|\w+ly))*(?: [a-z]+)?"
_FUTURE = (
    rf"(?:will|shall|won['’]t)\b{_VERB}|['’]ll\b{_VERB}|"
    r"(?:is|are) (?:\w+ly )?(?:to|set|due|expected|scheduled|planned|slated|forecast|going|about|likely|poised)"
    rf"(?: to| for)?\b{_VERB}|(?:plans?|intends?|aims?|hopes?|promises|expects?) to\b{_VERB}|"
    r"(?:opens|begins|starts|ends|closes|kicks off|comes out|takes place|comes into force|takes effect)\b|"
    r"(?<=s )(?:open|begin|start|end|close|kick off|come out|take place|come into force|take effect)\b"
)
_UNDECIDED = (
    rf"(?:was|were) (?:to|set|due|expected|scheduled|planned|supposed|going|about|likely)(?: to| for)?\b{_VERB}|"
    rf"(?:would|could|should|must|may|might|can|cannot|can['’]t)\b{_VERB}|"
    rf"(?:has|have|having|is|are|am|be|being|do|does|hasn['’]t|haven['’]t|isn['’]t|aren['’]t)\b{_VERB}|"
    # An infinitive has the time of nothing; some words behind a "to" are no verbs.
    r"to (?!the\b|an?\b|his\b|her\b|its\b|their\b|this\b|that\b|hospital|court|prison|jail|death|work|school|"
    r"police|parliament|reporters|journalists|lawmakers|traffic|visitors|business|safety|power|office|customers|"
    r"passengers|shore|town|voters|fans|members|investors|officials|students|residents|people|families|victims|life|"
    r"normal)[a-z]+|"
    r"(?:scheduled|due|planned|slated|expected)\b"
)
_PAST = (
    r"(?:declined|refused|failed|began|started|managed|continued|came|went|rushed) to [a-z]+|"
    r"(?:was|were|had|did|didn['’]t|wasn['’]t|weren['’]t|hadn['’]t)\b(?: (?:not|also|been|being|\w+ly))*(?: [a-z]+)?|"
    r"(?:said|told|met|won|lost|left|came|went|took|made|gave|found|began|became|held|brought|bought|built|caught|"
    r"chose|drew|drove|fell|felt|fought|flew|got|grew|heard|hit|kept|knew|laid|led|meant|paid|put|quit|ran|rang|"
    r"rose|sang|sank|sat|saw|sent|sold|shot|shut|sought|spent|spoke|stole|stood|struck|swept|swore|taught|thought|"
    r"threw|tore|understood|woke|wore|wrote|beat|broke|shook|sued|withdrew|overthrew|oversaw)\b|"
    r"(?!need|seed|speed|indeed|feed|breed|bleed|proceed|exceed|succeed|hundred|sacred|naked|hatred)[a-z]{2,}ed\b"
)
# Before a noun, a participle is an adjective: "the injured striker".
_SIGN = re.compile(
    rf"(?<![\w’'])(?:(?P<adjective>(?:an?|the|his|her|its|their|newly|recently) [a-z]+ed\b)|"
    rf"(?P<future>{_FUTURE})|(?P<undecided>{_UNDECIDED})|(?P<past>{_PAST}))"
)
_CLAUSE = re.compile(
    r"[,;:()–—]|\b(?:and|but|that|which|who|whom|whose|whether|when|while|after|before|because|if|as|where|since)\b"
)
_QUOTED = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)|^[^“]*”")
# An opening that moves the sentence to another time.
_STORY = re.compile(
    r"\W*(?:(?:back |early |late )?(?:in|by|during|around|until|from|before|after|since)\b[^,]{0,30}?"
    r"\b(?P<year>1\d\d\d|20\d\d)|"
    r"in those days|as an? (?:young|small|little|child|boy|girl|teenager|student)|at (?:that|the) time|back then|"
    r"(?:years|decades|centuries) (?:ago|earlier|before|later)|long ago|once\b)",
    re.IGNORECASE,
)
_ANOTHER_TIME = re.compile(
    r"\b(?:1\d\d\d|20\d\d|ago|last|earlier|former|late|once|then|at the time|when|diary|later)\b", re.IGNORECASE
)
_NO_EARLIER = re.compile(r"\b(?:at least|at the earliest|around|about|early|late|mid)\s*$")
_TENSES = {"past": -1, "future": 1, "undecided": 0}


def without_quotations(text: str) -> str:
    """The text with every quotation blank, as long as before."""
    return _QUOTED.sub(lambda match: " " * len(match.group()), text)


@dataclass(frozen=True)
class Sentence:
    """A sentence, the same with its quotations blank, the sentence before it, and the day of publication."""

    text: str
    unquoted: str
    before: str
    day: date | None

    @property
    def today(self) -> date:
        """The day of publication, where a rule is used that needs it."""
        assert self.day is not None
        return self.day

    def quotes(self, match: re.Match[str]) -> bool:
        """Whether the words stand in a quotation, which may have been said on another day."""
        return self.unquoted[match.start()] != self.text[match.start()]

    def tells(self, *, before: bool = True) -> bool:
        """Whether it, or the sentence before, opens with another time than that of publication."""
        openings = (_STORY.match(text) for text in ((self.unquoted, self.before) if before else (self.unquoted,)))
        return any(opening and opening["year"] != str(self.today.year) for opening in openings)

    def speaks_of_another_time(self) -> bool:
        """Whether a word outside its quotations says that they may be of another time."""
        return bool(_ANOTHER_TIME.search(self.unquoted))

    def tense(self, match: re.Match[str]) -> int:
        """-1 for the past, 1 for the future, 0 where the words beside the expression do not decide."""
        ahead = _NO_EARLIER.sub("", self.text[: match.start()].lower()).split()
        beside = {*ahead[-1:], *match.group().lower().split()[:1]}
        if "since" in beside:
            return -1
        tense = self._tense_of_verbs(match)
        return 0 if tense < 0 and beside & {"until", "till", "to", "by"} else tense  # adjourned to, open until

    def _tense_of_verbs(self, match: re.Match[str]) -> int:
        """That of the nearest verb ahead of the expression in its clause, else of the next one there.

        An expression that stands alone between two clauses has their tense, if they agree.
        """
        bounds = [0, *(end for clause in _CLAUSE.finditer(self.unquoted) for end in clause.span()), len(self.unquoted)]
        opening = max(bound for bound in bounds if bound <= match.start())
        closing = min(bound for bound in bounds if bound >= match.end())
        signs = list(_SIGN.finditer(self.unquoted))
        signs = [sign for sign in signs if sign.lastgroup != "adjective"]
        ahead = [sign for sign in signs if opening <= sign.start() < match.start()]
        behind = [sign for sign in signs if match.end() <= sign.start() < closing]
        if ahead or behind:
            return _TENSES[(ahead[-1:] or behind)[0].lastgroup or ""]
        between = self.unquoted[opening : match.start()].split()
        if len(between) > 1 and not between[0].endswith("ing"):
            return 0  # a clause with a verb that the tables do not know
        near = [sign for sign in signs if sign.start() < opening][-1:] + [s for s in signs if s.start() >= closing][:1]
        tenses = {_TENSES[sign.lastgroup or ""] for sign in near}
        return tenses.pop() if len(tenses) == 1 else 0
