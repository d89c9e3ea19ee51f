"""Find republished copies: the same article under another headline, on another site, with other dirt.

A sketch of each text's smallest shingle hashes (Broder, "On the resemblance and containment of documents", 1997)
finds the candidates; the decision is then made on the sentences themselves, because it turns on single names and
figures. That is why this is not datasketch: its MinHash estimates a similarity, and an estimate can tell a copy neither
from an update that changed the number of the dead nor from the same notice of another town.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, pairwise

from langchain_core.documents import Document

from rag.ingest.paragraph import Paragraph
from rag.text.facts import Fact, facts
from rag.text.sentences import sentence_spans

_SHINGLE = 5  # words; long enough that two texts on one subject share few, short enough to survive edits
_SKETCH = 64  # smallest hashes kept of each text; one of 25 words fits whole
_CANDIDATE = 1 / 8  # share of the smaller sketch in common
_RECENT = 20  # texts remembered for one hash: bounds the work where thousands share a boilerplate paragraph
# The bulk of both texts: a copy may lose paragraphs and gain dirt, while a long report that merely contains a short
# one, or two articles with a common background section, have most of one text unshared.
_SHARE_OF_SHORTER = 0.7
_SHARE_OF_LONGER = 0.3
_FEWEST_WORDS = 20  # below, chance and formula rule, so only equal texts are copies
_ALIKE = 0.4  # share of a sentence's pairs of neighbouring words that its counterpart has
_MOST_ALIGNED, _FEWEST_PAIRS = 3, 3  # sentences that a counterpart is made of, and pairs of words that each adds

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W\d_\u2e80-\u9fff\uf900-\ufaff]+"
)
_NUMBER_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien mil deux trois quatre cinq sept huit
    neuf dix onze douze vingt trente cent mille zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig
    dreißig hundert tausend
        """,
    )
)
_SEPARATORS = str.maketrans("", "", ".,")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "dame"})
_DATELINE = re.compile(
    r"^(?:[A-ZÀ-Ý]{2}[A-ZÀ-Ý .'’-]*\b[^.!?\n]{0,40}?|[A-ZÀ-Ý][^.!?(\n]{1,50}\([^()]{2,30}\))\s?[-–—]+\s"
)


@dataclass(frozen=True)
class _Text:
    """An article's sentences, and the folded words of each: ideographs stand alone."""

    sentences: Sequence[str]
    words: Sequence[tuple[str, ...]]

    @cached_property
    def pairs(self) -> Sequence[frozenset[tuple[str, ...]]]:
        """The pairs of neighbouring words of each sentence."""
        return [frozenset(pairwise(words)) or frozenset({words}) for words in self.words]

    @cached_property
    def places(self) -> dict[tuple[str, ...], list[int]]:
        """The first sentences that have a pair."""
        found: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, pairs in enumerate(self.pairs):
            for pair in pairs:
                if len(found[pair]) < _RECENT:
                    found[pair].append(number)
        return found

    @cached_property
    def known(self) -> frozenset[str]:
        """All that it names."""
        return frozenset(fact.key for sentence in self.sentences for fact in facts(sentence))


def group_copies(documents: Sequence[Document]) -> list[int]:
    """For each document the index of its original: its own index when it is an article of its own.

    A copy has no name, figure or date that its original lacks; an article that has one, such as an update or the same
    notice of another town, is none. A text of which the end was cut off is a copy of the whole one, unless that came
    later. Takes cleaned documents with metadata: `source`, `published` (ISO date or None), and if known
    `removed_characters`, the amount of dirt that cleaning took out. The original is one that lacks nothing, of these
    the earliest where the dates are known, else the one that carried less foreign matter, else the first by source;
    the order of the documents makes no difference. About linear in the total text.
    """
    longest_first = sorted(
        range(len(documents)), key=lambda i: (-len(documents[i].page_content), _source(documents[i]))
    )
    groups: dict[int, list[int]] = {}  # by the longest, those that lack nothing of it
    leader: dict[int, int] = {}
    sizes: dict[int, int] = {}
    seen: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_RECENT))
    for i in longest_first:
        sketch = _sketch(documents[i].page_content)
        shared = Counter(j for value in sketch for j in seen[value])
        near = [j for j, count in shared.most_common() if count >= _CANDIDATE * min(len(sketch), sizes[j])]
        whole = {j: kept for j in near if (kept := _copies(documents[j], documents[i])) is not None}
        leader[i] = next(iter(whole), i)
        if whole.get(leader[i], True):
            groups.setdefault(leader[i], []).append(i)
        if leader[i] == i:
            sizes[i] = len(sketch)
            for value in sketch:
                seen[value].append(i)
    originals = {longest: _original(documents, members) for longest, members in groups.items()}
    return [originals[leader[i]] for i in range(len(documents))]


def _source(document: Document) -> str:
    return str(document.metadata.get("source") or "")


def _original(documents: Sequence[Document], members: Sequence[int]) -> int:
    """Of texts that say the same; an undated one may be older than any, so it competes by dirt."""
    dates = {i: documents[i].metadata.get("published") for i in members}
    earliest = min((str(value) for value in dates.values() if value), default=None)
    contenders = [i for i in members if not dates[i] or str(dates[i]) == earliest]
    return min(
        contenders, key=lambda i: (documents[i].metadata.get("removed_characters") or 0, _source(documents[i]))
    )


def _folded(text: str) -> tuple[str, ...]:
    """Its words without differences of case, punctuation and number separators."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return tuple(word.translate(_SEPARATORS) for word in _TOKEN.findall(folded))


def _sketch(content: str) -> list[int]:
    """Hashes of runs of words, the same in every process; a text shorter than one run is one run."""
    words = _folded(content)
    runs = range(max(1, len(words) - _SHINGLE + 1)) if words else range(0)
    hashes = {zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode("utf-8", "replace")) for i in runs}
    return heapq.nsmallest(_SKETCH, hashes)


@lru_cache(maxsize=1000)
def _read(content: str) -> _Text:
    sentences = [content[start:end] for start, end in sentence_spans(content)]
    lead = next((number for number, sentence in enumerate(sentences) if _DATELINE.match(sentence)), None)
    if lead is not None:
        sentences[lead] = _DATELINE.sub("", sentences[lead])
    worded = [(sentence, words) for sentence in sentences if (words := _folded(sentence))]
    return _Text([sentence for sentence, _ in worded], [words for _, words in worded])


def _copies(longer: Document, shorter: Document) -> bool | None:
    """Whether the shorter text, a copy, lacks nothing of the longer one; None where it is none."""
    one, other = _read(longer.page_content), _read(shorter.page_content)
    words = [list(chain.from_iterable(text.words)) for text in (one, other)]
    if words[0] == words[1]:
        return True
    if min(map(len, words)) < _FEWEST_WORDS:
        return None
    share, within, behind = _news(one, other)
    other_share, other_within, other_behind = _news(other, one)
    if max(share, other_share) < _SHARE_OF_SHORTER or min(share, other_share) < _SHARE_OF_LONGER:
        return None
    dates = [document.metadata.get("published") for document in (longer, shorter)]
    later = bool(dates[0] and dates[1] and dates[0] > dates[1])
    if within or other_within or other_behind or (behind and later):
        return None
    return not behind


def _news(one: _Text, other: _Text) -> tuple[float, bool, bool]:
    """The share of a text that another has, and whether it says something of its own: within, and behind all of it."""
    found = [_counterpart(pairs, other) for pairs in one.pairs]
    share = sum(len(words) for words, there in zip(one.words, found, strict=True) if there) / sum(map(len, one.words))
    last = max((number for number, there in enumerate(found) if there), default=-1)
    own = [number for number, there in enumerate(found) if _tells(one.sentences[number], there, other)]
    return share, any(number <= last for number in own), any(number > last for number in own)


def _counterpart(pairs: frozenset[tuple[str, ...]], text: _Text) -> list[int]:
    """The sentences of a text that one of another was made of, fewest first chosen by the pairs of words they add."""
    left, chosen = set(pairs), list[int]()
    while left and len(chosen) < _MOST_ALIGNED:
        votes = Counter(number for pair in left for number in text.places.get(pair, ()))
        best = min(votes, key=lambda number: (-votes[number], number), default=None)
        if best is None or votes[best] < min(_FEWEST_PAIRS, len(pairs)):
            break
        chosen.append(best)
        left -= text.pairs[best]
    return sorted(chosen) if len(left) <= (1 - _ALIKE) * len(pairs) else []


def _tells(sentence: str, there: Sequence[int], text: _Text) -> bool:
    """Whether a sentence has a name, figure or date that its counterpart in a text has not."""
    said = facts(sentence)
    if not there:
        return Paragraph(((0, sentence),)).ends and any(_kind(fact) in ("name", "number", "date") for fact in said)
    quoted = [fact for number in there for fact in facts(text.sentences[number])]
    for kind in ("name", "number", "date"):
        own, others = _groups(said, kind), _groups(quoted, kind)
        keys, other_keys = set(chain.from_iterable(own)), set(chain.from_iterable(others))
        if any(key not in other_keys | text.known for key in keys):
            return True
        lost = any(not keys & group for group in others)
        if lost and any(not other_keys & group for group in own):
            return True
    return any(fact.kind == "not" for fact in said) and not any(fact.kind == "not" for fact in quoted)


def _kind(fact: Fact) -> str:
    """Its kind; words of a script without capitals may be names, those of other languages numbers."""
    if fact.kind in ("word", "opening"):
        if fact.text.casefold() in _NUMBER_WORDS:
            return "number"
        return "name" if fact.kind == "word" and not fact.text.islower() else fact.kind
    return fact.kind


def _groups(said: Sequence[Fact], kind: str) -> list[set[str]]:
    """The keys of a kind, neighbouring names together; titles of persons and initials are no names."""
    groups: list[set[str]] = []
    before = ""
    for fact in said:
        if _kind(fact) == kind and fact.key not in _TITLES and len(fact.key) > 1:
            if kind == before == "name":
                groups[-1].add(fact.key)
            else:
                groups.append({fact.key})
            before = kind
        else:
            before = ""
    return groups
