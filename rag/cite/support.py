"""Whether quoted words say what a sentence says.

A sentence that is not a quotation is aligned to the quoted sentences most like it, and what it says (rag/text/facts.py)
held against what they say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rag.cite.quotes import answer_place, attributed
from rag.text.facts import Fact, facts, runs
from rag.text.sentences import leans, sentence_spans
from rag.types import Citation, Passage, Sentence, Span, Statement

# Share of a sentence's content words that the cited words must have. On the tuning pairs of eval/bench/support.py 0.7
# catches more added facts and other claims than 0.6 and refuses no more rewordings; 0.75 does.
COVERAGE = 0.7
MOST_ALIGNED = 3  # quoted sentences that one sentence is held against
FEWEST_FACTS = 3  # content words of a sentence that can stand for itself
NEAR = 3  # words after a "not", and before it, that it stands by
# Small words that say something of their own.
_CLAIM = re.compile(r"\b(?:yes|no|before|after|until|since|because|only|than|already|if)\b")
_BY = re.compile(r"\bby\b")


def quotation(citation: Citation) -> Statement:
    """A quote as an answer shows it, under its marker, each of its sentences held against it."""
    text, markers = attributed(citation), (citation.marker,)
    first, last = answer_place(citation) or (-1, -1)
    sentences = []
    for start, end in sentence_spans(text):
        reason = unsupported(text[start:end], [text])
        answer = (first - start, last - start) if start <= first and last <= end else None
        sentences.append(Sentence(text[start:end], markers, reason is None, reason or "", answer))
    return Statement(text, markers, tuple(sentences))


def unsupported(sentence: str, quotes: Sequence[str]) -> str | None:
    """Why the quotes do not say what the sentence says, or None where they do.

    A sentence that stands word for word in a quote is supported. Another one is held against the few quoted
    sentences most like it: its figures, dates, names and most of its words must be there, a denial must stand by
    the same words, and no two of its names or figures may have changed places. It compares words, not meaning:
    eval/bench/support.py measures how often it is wrong.
    """
    if is_quoted(sentence, quotes):
        return None
    aligned = align(sentence, quotes)
    said, evidence = facts(sentence), [facts(text) for text in aligned]
    quoted = [fact for pieces in evidence for fact in pieces]
    passive = bool(_BY.search(sentence)) != bool(_BY.search(" ".join(aligned)))  # another order, the same meaning
    return (
        _missing(said, quoted)
        or _too_little(said, quoted)
        or _denial([said], evidence)
        or (None if passive else _exchanged(said, quoted))
    )


def is_quoted(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether a quote has the sentence word for word, whatever its capitals, spaces and quotation marks."""
    return any(_folded(sentence) in _folded(quote) for quote in quotes)


def nearly_quoted(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether one quoted sentence has all of its content words in their order, and no claim is added to them.

    A sentence that leans on another one, or says next to nothing, is none.

    >>> nearly_quoted("Ortiz opened the bridge.", ["On Monday Mayor Ortiz opened the new bridge over the Arun."])
    True
    >>> nearly_quoted("Yes, Ortiz opened the bridge.", ["On Monday Mayor Ortiz opened the new bridge over the Arun."])
    False
    """
    if is_quoted(sentence, quotes):
        return True
    own = [fact.key for fact in facts(sentence)]
    claims = set(_CLAIM.findall(sentence.casefold()))
    return (
        len(own) >= FEWEST_FACTS
        and not leans(sentence)
        and any(
            _in_order(own, [fact.key for fact in facts(quoted)]) and claims <= set(_CLAIM.findall(quoted.casefold()))
            for quote in quotes
            for quoted in (quote[start:end] for start, end in sentence_spans(quote))
        )
    )


def align(sentence: str, quotes: Sequence[str]) -> list[str]:
    """The quoted sentences most like this one, in their order: as few as have all of its pieces that are quoted.

    At most `MOST_ALIGNED`, chosen greedily by the pieces that they add.
    """
    quoted = [quote[start:end] for quote in quotes for start, end in sentence_spans(quote)]
    return [quoted[number] for number in _covering(sentence, quoted)]


def evidence(sentence: str, passages: Sequence[Passage], question: str = "") -> list[Span]:
    """The sentences of the passages most like this one, to be cited for it; chosen as `align` does, in order.

    Among sentences that have as much of it the one with most of the question is taken.
    """
    spans = [span for passage in passages for span in passage.spans]
    folded = _folded(sentence)
    for span in spans:
        if folded in _folded(span.text):
            return [span]
    return [spans[number] for number in _covering(sentence, [span.text for span in spans], question)]


def _covering(sentence: str, quoted: Sequence[str], question: str = "") -> list[int]:
    """Which quoted sentences have the pieces of this one, as few as possible."""
    wanted, asked = ({fact.key for fact in facts(text)} for text in (sentence, question))
    pieces = [{fact.key for fact in facts(text)} for text in quoted]
    chosen: list[int] = []
    while wanted and len(chosen) < MOST_ALIGNED:
        gains = [(len(wanted & there), len(asked & there)) for there in pieces]
        best = max(range(len(quoted)), key=gains.__getitem__, default=None)
        if best is None or not gains[best][0]:
            break
        chosen.append(best)
        wanted -= pieces[best]
    return sorted(chosen)


def _missing(said: Sequence[Fact], quoted: Sequence[Fact]) -> str | None:
    there = {fact.key for fact in quoted}
    keys = {fact.key for fact in said}
    replaced = any(fact.kind in ("name", "opening") and fact.key not in keys for fact in quoted)
    for fact in said:
        # A capitalized first word that is not quoted is taken for a name where it may stand in place of one.
        kind = "name" if fact.kind == "opening" and replaced else fact.kind
        if kind in ("number", "date", "name") and fact.key not in there:
            return f"the {kind} {fact.text!r} is not in the cited words"
    return None


def _too_little(said: Sequence[Fact], quoted: Sequence[Fact]) -> str | None:
    there = {fact.key for fact in quoted}
    own = {fact.key for fact in said if fact.kind != "not"}
    if not own:
        return "it has no word that could be checked"
    if len(own & there) < COVERAGE * len(own):
        return f"the cited words have {len(own & there)} of its {len(own)} content words"
    return None


def _denial(said: Sequence[Sequence[Fact]], quoted: Sequence[Sequence[Fact]]) -> str | None:
    """A denial on one side only: none on the other stands by one of the same words. A sentence is its facts."""
    for one, other, reason in ((said, quoted, "it is a denial, the cited words are not"),
                               (quoted, said, "the cited words are a denial")):  # fmt: skip
        known = {fact.key for sentence in other for fact in sentence if fact.kind != "not"}
        denied = [scope for sentence in other for scope in _denied(sentence, NEAR)]
        for sentence in one:
            for scope in _denied(sentence, NEAR if one is said else 0):
                enough = min(2, len(scope))
                if len(scope & known) >= enough and not any(len(scope & there) >= enough for there in denied):
                    return reason
    return None


def _denied(sentence: Sequence[Fact], before: int) -> list[set[str]]:
    """For each "not" of a sentence the words it stands by: up to `before` ahead of it, and `NEAR` after it."""
    return [
        {near.key for near in sentence[max(0, place - before) : place + NEAR + 1] if near.kind != "not"}
        for place, fact in enumerate(sentence)
        if fact.kind == "not"
    ]


def _exchanged(said: Sequence[Fact], quoted: Sequence[Fact]) -> str | None:
    """A name or figure that stands in another's place: exchanged with it, the words have the order of the quote."""
    there = {fact.key for fact in quoted}
    order = [fact.key for fact in quoted]
    own = [fact for fact in said if fact.key in there and fact.kind != "not"]
    if _in_order([fact.key for fact in own], order):
        return None
    for mine in runs(own):
        for other in runs(quoted):
            apart = _alike(mine[0], other[0]) and not {fact.key for fact in mine} & {fact.key for fact in other}
            if apart and _in_order(_with_exchanged(own, mine, other), order):
                return f"{_words(mine)!r} stands where the cited words have {_words(other)!r}"
    return None


def _with_exchanged(own: Sequence[Fact], mine: Sequence[Fact], other: Sequence[Fact]) -> list[str]:
    """Keys of the sentence with two groups in each other's place."""
    keys: list[str] = []
    for group in runs(own):
        part = other if group == mine else mine if {f.key for f in group} <= {f.key for f in other} else group
        keys += [fact.key for fact in part]
    return keys


def _alike(one: Fact, other: Fact) -> bool:
    kinds = {one.kind, other.kind}
    return kinds <= {"name", "opening"} or kinds in ({"number"}, {"date"})


def _words(group: Sequence[Fact]) -> str:
    return " ".join(fact.text for fact in group)


def _in_order(keys: Sequence[str], quoted: Sequence[str]) -> bool:
    """Whether the keys stand in the quote in this order, others between them."""
    rest = iter(quoted)
    return all(key in rest for key in keys)


def _folded(text: str) -> str:
    return " ".join(
        unicodedata.normalize("NFKC", text).replace("’", "'").replace("“", '"').replace("”", '"').casefold().split()
    )
