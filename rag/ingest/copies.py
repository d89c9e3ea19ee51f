"""Find republished copies: the same article under another headline, on another site, with other dirt.

A sketch of each text's smallest shingle hashes (Broder, "On the resemblance and containment of documents", 1997)
finds the candidates; the decision is then made on the sentences themselves (`rag.ingest.compare`), because it turns on
single names and figures. That is why this is not datasketch: its MinHash estimates a similarity, and an estimate can
tell a copy neither from an update that changed the number of the dead nor from the same notice of another town.
"""

from __future__ import annotations

import heapq
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Sequence

from langchain_core.documents import Document

from rag.ingest.compare import Difference, Text, difference, folded, read

_SHINGLE = 5  # words; long enough that two texts on one subject share few, short enough to survive edits
_SKETCH = 64  # smallest hashes kept of each text; one of 25 words fits whole
_CANDIDATE = 1 / 4  # share of the smaller sketch in common; copies of eval/bench/copies.jsonl have .47 at least
_RECENT = 20  # texts remembered for one hash: bounds the work where thousands share a boilerplate paragraph
# The bulk of both texts: a copy may lose paragraphs and gain dirt, while a long report that merely contains a short
# one, or two articles with a common background section, have most of one text unshared.
_SHARE_OF_SHORTER, _SHARE_OF_LONGER = 0.7, 0.3
_FEWEST_WORDS = 20  # below, chance and formula rule, so only equal texts are copies


def group_copies(documents: Sequence[Document]) -> list[int]:
    """For each document the index of its original: its own index when it is an article of its own.

    A copy has no name, figure or date that its original lacks. A text that lacks sentences of another is its copy, the
    end cut off; but if the longer one is later, its headline tells of them, or nothing else differs, it is an update,
    an article of its own. The original lacks nothing that a copy has; of such texts it is the earliest where the dates
    are known, else the one that carried less foreign matter, else the first by source.

    Takes cleaned documents with metadata: `source`, `published` (ISO date or None), and if known
    `removed_characters`, the amount of dirt that cleaning took out. The order of the documents makes no difference.
    About linear in the total text.
    """
    leader: dict[int, int] = {}  # by text one that says all that it says; itself where it leads its group
    whole: dict[int, list[int]] = {}  # by the leader of a group, those that say as much as it

    def lead(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    sizes: dict[int, int] = {}
    seen: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_RECENT))
    for i in sorted(range(len(documents)), key=lambda i: (-len(documents[i].page_content), _source(documents[i]))):
        sketch = _sketch(documents[i].page_content)
        shared = Counter(j for value in sketch for j in seen[value]).most_common()
        near = dict.fromkeys(lead(j) for j, count in shared if count >= _CANDIDATE * min(len(sketch), sizes[j]))
        copies = ((j, lacking) for j in near if (lacking := _lacking(documents[j], documents[i])))
        first, (first_lacks, lacks) = next(copies, (i, (False, False)))
        if first == i or first_lacks:
            leader[first] = leader[i] = i
            whole[i], sizes[i] = [i], len(sketch)
            for value in sketch:
                seen[value].append(i)
        else:
            leader[i] = first
            whole[first] += [] if lacks else [i]
    originals = {i: _original(documents, whole[i]) for i in leader if leader[i] == i}
    return [originals[lead(i)] for i in range(len(documents))]


def _source(document: Document) -> str:
    return str(document.metadata.get("source") or "")


def _original(documents: Sequence[Document], members: Sequence[int]) -> int:
    """Of texts that say the same; an undated one may be older than any, so it competes by dirt."""
    dates = {i: documents[i].metadata.get("published") for i in members}
    earliest = min((str(value) for value in dates.values() if value), default=None)
    contenders = [i for i in members if not dates[i] or str(dates[i]) == earliest]
    dirt = {i: documents[i].metadata.get("removed_characters") or 0 for i in contenders}
    return min(contenders, key=lambda i: (dirt[i], _source(documents[i])))


def _sketch(content: str) -> list[int]:
    """Hashes of runs of words, the same in every process; a text shorter than one run is one run."""
    words = folded(content)
    runs = range(max(1, len(words) - _SHINGLE + 1)) if words else range(0)
    hashes = {zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode("utf-8", "replace")) for i in runs}
    return heapq.nsmallest(_SKETCH, hashes)


def _lacking(one: Document, other: Document) -> tuple[bool, bool] | None:
    """Of a text and its copy, whether either lacks sentences of the other; None where they are two articles."""
    words = [folded(document.page_content) for document in (one, other)]
    if words[0] == words[1]:
        return False, False
    if min(map(len, words)) < _FEWEST_WORDS:
        return None
    texts = [read(document.page_content, str(document.metadata.get("title"))) for document in (one, other)]
    differences = [difference(*texts), difference(*reversed(texts))]
    shares = sorted(each.shared for each in differences)
    changed = any(each.changed for each in differences) or all(each.own for each in differences)
    if shares[0] < _SHARE_OF_LONGER or shares[1] < _SHARE_OF_SHORTER or changed:
        return None
    for number, more in enumerate(differences):
        text, part = (texts[number], texts[1 - number])
        days = [str(document.metadata.get("published") or "") for document in (one, other)]
        later = all(days) and days[number] > days[1 - number]
        if more.own and (later or _updated(text, part, more)):
            return None
    return bool(differences[1].own), bool(differences[0].own)


def _updated(text: Text, part: Text, more: Difference) -> bool:
    """Whether a text that has more sentences than another was made of it: its headline tells of them, or the other
    is in it word for word, without a mark of having been republished."""
    new = {fact for sentence in more.own for fact in sentence.facts}
    keys = {fact.key for fact in new}.difference(*(sentence.keys for sentence in part))
    headed = any(keys & line.keys for line in more.lines if line.heading)
    verbatim = {sentence.words for sentence in part} <= {sentence.words for sentence in text}
    return headed or (verbatim and any(fact.kind in ("name", "number", "date") for fact in new))
