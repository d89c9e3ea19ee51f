"""Find republished copies: the same article under another headline, on another site, with other dirt.

Two texts are compared by the shingles (runs of five folded words) that they share: Broder, "On the
resemblance and containment of documents", 1997. A sketch of each text's smallest shingle hashes finds the
candidates; the decision is then made on the texts themselves, because it turns on single figures. That is
why this is not datasketch: its MinHash estimates a similarity, and an estimate cannot tell a copy from an
update that changed the number of the dead.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from itertools import chain

from langchain_core.documents import Document

_SHINGLE = 5  # words; long enough that two texts on one subject share few, short enough to survive edits
_SKETCH = 64  # smallest hashes kept of each text; one of 25 words fits whole
_CANDIDATE = 1 / 4  # share of the smaller sketch in common; the shares below make it twice that or more
_RECENT = 20  # texts remembered for one hash: bounds the work where thousands share a boilerplate paragraph
# The bulk of both texts: a copy may lose a paragraph and gain dirt, while a long report that merely
# contains a short one, or two articles with a common background section, have most of one text unshared.
_SHARE_OF_SHORTER = 0.7
_SHARE_OF_LONGER = 0.5
_FEWEST_SHINGLES = 16  # below about 20 words chance and formula rule, so only equal texts are copies

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W\d_\u2e80-\u9fff\uf900-\ufaff]+"
)
_NUMBER_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty
    fifty sixty seventy eighty ninety hundred thousand million billion dos tres cuatro cinco
    seis siete ocho nueve diez once doce veinte
    treinta cien mil deux trois quatre cinq sept huit neuf dix onze douze vingt trente cent mille zwei drei
    vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig hundert tausend
        """,
    )
)
_SEPARATORS = str.maketrans("", "", ".,")


def group_copies(documents: Sequence[Document]) -> list[int]:
    """For each document the index of its canonical document: its own index when it is an original.

    Takes cleaned documents with metadata: `source`, `published` (ISO date or None), and if known
    `removed_characters`, the amount of dirt that cleaning took out. Copies of copies share one canonical.
    It is the earliest where the dates are known, else the one that carried less foreign matter, else the
    first by source; the order of the documents makes no difference. About linear in the total text.
    """
    order = sorted(range(len(documents)), key=lambda i: (_source(documents[i]), documents[i].page_content))
    leader = {i: i for i in order}

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    sizes: dict[int, int] = {}
    seen: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_RECENT))
    for i in order:
        sketch = _sketch(documents[i].page_content)
        sizes[i] = len(sketch)
        shared = Counter(j for value in sketch for j in seen[value])
        for j, count in shared.items():
            near = count >= _CANDIDATE * min(sizes[i], sizes[j]) and find(i) != find(j)
            if near and _are_copies(documents[i].page_content, documents[j].page_content):
                leader[find(i)] = find(j)
        for value in sketch:
            seen[value].append(i)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for i in order:
        groups[find(i)].append(i)
    canonical = {root: _canonical(documents, members) for root, members in groups.items()}
    return [canonical[find(i)] for i in range(len(documents))]


def _source(document: Document) -> str:
    return str(document.metadata.get("source") or "")


def _canonical(documents: Sequence[Document], members: Sequence[int]) -> int:
    """Of a group in source order; an undated member may be older than any, so it competes by dirt."""
    dates = {i: documents[i].metadata.get("published") for i in members}
    earliest = min((str(value) for value in dates.values() if value), default=None)
    contenders = [i for i in members if not dates[i] or str(dates[i]) == earliest]
    return min(contenders, key=lambda i: documents[i].metadata.get("removed_characters") or 0)


def _lines(content: str) -> list[list[str]]:
    """The folded words of each line: case, punctuation, number separators folded; ideographs stand alone."""
    folded = unicodedata.normalize("NFKC", content).casefold().split("\n")
    return [[word.translate(_SEPARATORS) for word in _TOKEN.findall(line)] for line in folded]


def _shingles(words: Sequence[str]) -> list[int]:
    """A hash for each run of words, the same in every process; a text shorter than one run is one run."""
    runs = range(max(1, len(words) - _SHINGLE + 1)) if words else range(0)
    return [zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode("utf-8", "replace")) for i in runs]


def _sketch(content: str) -> list[int]:
    return heapq.nsmallest(_SKETCH, set(_shingles(list(chain.from_iterable(_lines(content))))))


def _are_copies(content: str, other_content: str) -> bool:
    lines, other_lines = _lines(content), _lines(other_content)
    words, other_words = list(chain.from_iterable(lines)), list(chain.from_iterable(other_lines))
    if words == other_words:
        return True
    shingles, other_shingles = _shingles(words), _shingles(other_words)
    if min(len(shingles), len(other_shingles)) < _FEWEST_SHINGLES:
        return False
    common = set(shingles) & set(other_shingles)
    shares = [sum(value in common for value in values) / len(values) for values in (shingles, other_shingles)]
    if min(shares) < _SHARE_OF_LONGER or max(shares) < _SHARE_OF_SHORTER:
        return False
    inside, beside = _own_figures(lines, shingles, common, set(other_words))
    other_inside, other_beside = _own_figures(other_lines, other_shingles, common, set(words))
    return not (inside or other_inside or beside & other_beside)


def _own_figures(
    lines: Sequence[Sequence[str]], shingles: Sequence[int], common: set[int], others: set[str]
) -> tuple[bool, set[tuple[str, ...]]]:
    """Where a text has figures that the other lacks: between shared words of a line, and beside which.

    A figure at the edge of a line proves an update only where the other text has one of its own beside the
    same words; else it may be a dateline. One in a line without shared words may be a dropped paragraph,
    another headline, the date of the republication.
    """
    shared = [False] * sum(map(len, lines))
    for i, value in enumerate(shingles):
        if value in common:
            shared[i : i + _SHINGLE] = [True] * min(_SHINGLE, len(shared) - i)
    inside, beside, start = False, set[tuple[str, ...]](), 0
    for line in lines:
        places = [i for i in range(start, start + len(line)) if shared[i]]
        own = [i for i, word in enumerate(line, start) if not shared[i] and word not in others and _is_figure(word)]
        if places and own:
            inside |= any(places[0] < i < places[-1] for i in own)
            if own[0] < places[0]:
                beside.add(("before", *line[places[0] - start :][:_SHINGLE]))
            if own[-1] > places[-1]:
                beside.add(("after", *line[: places[-1] - start + 1][-_SHINGLE:]))
        start += len(line)
    return inside, beside


def _is_figure(word: str) -> bool:
    return word[0].isdigit() or word.isnumeric() or word in _NUMBER_WORDS
