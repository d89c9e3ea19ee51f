"""Find republished copies: the same article under another headline, on another site, with other dirt.

A sketch of each text's smallest shingle hashes (Broder, "On the resemblance and containment of documents", 1997)
finds the candidates; the decision is then made on the sentences themselves (`rag.ingest.compare`), because it turns on
single names and figures. That is why this is not datasketch: its MinHash estimates a similarity, and an estimate can
tell a copy neither from an update that changed the number of the dead nor from the same notice of another town.
"""

from __future__ import annotations

import heapq
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag.index.draft import Draft, File
from rag.ingest.compare import Difference, Text, difference, read, tokens
from rag.ingest.metadata import page_date
from rag.types import Article

_SHINGLE, _LETTERS = 3, 4  # words, longer than three letters and cut to four: what style and spelling leave alone
_SKETCH = 64  # smallest hashes kept of each text; one of 25 words fits whole
_CANDIDATE = 1 / 4  # share of the smaller sketch in common; tuning copies of eval/bench/copies.jsonl have .66 at least
_RECENT = 20  # texts compared for one hash: bounds the work where thousands share a boilerplate paragraph
_AT_A_TIME = 5000  # texts whose neighbours are counted: bounds the memory where many share many hashes
# The bulk of both texts: a copy may lose paragraphs and gain dirt, while a long report that merely contains a short
# one, or two articles with a common background section, have most of one text unshared.
_SHARE_OF_SHORTER, _SHARE_OF_LONGER = 0.5, 0.3
_IN_MEMORY = 32  # articles, while they are compared
_FEWEST_WORDS = 20  # below, chance and formula rule, so only equal texts are copies


def file_of(article: Article) -> File:
    """What has to be known of an article to look for its copies, and to index it again."""
    shown = article.published or article.updated or page_date(article.removed)
    return File(
        source=article.source,
        digest=article.digest,
        published=article.published.isoformat() if article.published else None,
        shown=shown.isoformat() if shown else None,
        dirt=_dirt(article),
        length=len(article.text),
        instructed=bool(article.instructions),
        container=article.container,
        sketch=_sketch(article.text).tobytes(),
    )


def set_originals(draft: Draft) -> None:
    """Tell the draft what each article is a copy of, and by when an undated one was there, as it or a copy shows."""
    files = draft.files()
    article = lru_cache(maxsize=_IN_MEMORY)(draft.article)

    def compare(one: int, other: int) -> int | None:
        pair = files[one].source, files[other].source
        if known := draft.says(*pair):
            return known[0]
        draft.found(*pair, says := compared(*map(article, pair)))
        return says

    originals = group(files, compare)
    shown: dict[int, str] = {}  # by article, and by the original of a copy
    for number, (file, original) in enumerate(zip(files, originals, strict=True)):
        if day := file.shown:
            shown[number] = min(day, shown.get(number, day))
            shown[original] = min(day, shown.get(original, day))
    draft.set_originals(
        (file.source, files[original].source, None if file.published else shown.get(number))
        for number, (file, original) in enumerate(zip(files, originals, strict=True))
    )


def group(texts: Sequence[File], compare: Callable[[int, int], int | None]) -> list[int]:
    """For each text the index of its original: its own index when it is an article of its own.

    A copy has no name, figure or date that its original lacks. A text that lacks sentences of another is its copy, the
    end cut off; but if the longer one is later, its headline tells of them, or nothing else differs, it is an update,
    an article of its own. The original lacks nothing that a copy has; of such texts it is the earliest where the dates
    are known, else the one that carried less foreign matter, else the first by source.

    `compare` gives `compared` of two of them, by index; it is asked of candidates alone. The order of the texts makes
    no difference. About linear in their number.
    """
    order = sorted(range(len(texts)), key=lambda i: (-texts[i].length, texts[i].source))
    near = _near([np.frombuffer(texts[i].sketch, np.uint32) for i in order])
    leader: dict[int, int] = {}  # by text one that says all that it says; itself where it leads its group
    whole: dict[int, list[int]] = {}  # by the leader of a group, those that say as much as it

    def lead(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    for place, i in enumerate(order):
        leaders = dict.fromkeys(lead(order[j]) for j in near.get(place, ()))
        copies = ((j, more) for j in leaders if (more := compare(j, i)) is not None)
        first, more = next(copies, (i, 0))
        if first == i or more < 0:
            leader[first] = leader[i] = i
            whole[i] = [i]
        else:
            leader[i] = first
            whole[first] += [] if more else [i]
    originals = {i: _original(texts, whole[i]) for i in leader if leader[i] == i}
    return [originals[lead(i)] for i in range(len(texts))]


def _dirt(article: Article) -> int:
    """Characters that cleaning took out."""
    return sum(len(removal.text) for removal in article.removed)


def _original(texts: Sequence[File], members: Sequence[int]) -> int:
    """Of texts that say the same; an undated one may be older than any, so it competes by dirt."""
    earliest = min((day for i in members if (day := texts[i].published)), default=None)
    contenders = [i for i in members if not texts[i].published or texts[i].published == earliest]
    return min(contenders, key=lambda i: (texts[i].dirt, texts[i].source))


def _sketch(content: str) -> npt.NDArray[np.uint32]:
    """Hashes of runs of words, the same in every process; a text shorter than one run is one run."""
    every = tokens(content)
    words = [word[:_LETTERS] for word in every if len(word) >= _LETTERS or not word.isascii()] or every
    runs = range(max(1, len(words) - _SHINGLE + 1)) if words else range(0)
    hashes = {zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode("utf-8", "replace")) for i in runs}
    return np.array(heapq.nsmallest(_SKETCH, hashes), np.uint32)


def _near(sketches: Sequence[npt.NDArray[np.uint32]]) -> defaultdict[int, list[int]]:
    """By number of a text those ahead of it whose sketches have enough in common with its own, most first."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    if not sketches:
        return found
    sizes = np.array([len(sketch) for sketch in sketches])
    hashes, owners = np.concatenate(sketches), np.repeat(np.arange(len(sketches), dtype=np.int32), sizes)
    by_hash = np.lexsort((owners, hashes))
    hashes, owners = hashes[by_hash], owners[by_hash]
    for first in range(0, len(sketches), _AT_A_TIME):
        places = np.flatnonzero((owners >= first) & (owners < first + _AT_A_TIME))
        pairs, counts = [], []
        for lag in range(1, _RECENT + 1):
            places = places[places >= lag]
            same = places[hashes[places] == hashes[places - lag]]
            pair, count = np.unique(
                owners[same].astype(np.int64) * len(sketches) + owners[same - lag], return_counts=True
            )
            pairs.append(pair)
            counts.append(count)
        both, numbers = np.unique(np.concatenate(pairs), return_inverse=True)
        common = np.bincount(numbers, np.concatenate(counts), len(both))
        later, earlier = np.divmod(both, len(sketches))
        enough = common >= _CANDIDATE * np.minimum(sizes[later], sizes[earlier])
        for number in np.flatnonzero(enough)[np.argsort(-common[enough], kind="stable")]:
            found[int(later[number])].append(int(earlier[number]))
    return found


def compared(one: Article, other: Article) -> int | None:
    """Of a text and its copy, which says more: the first (1), the second (-1), neither (0); None for two articles."""
    text, other_text = _text(one), _text(other)
    if text.words == other_text.words:
        return 0
    if min(len(text.words), len(other_text.words)) < _FEWEST_WORDS:
        return None
    more = difference(text, other_text)
    if more.changed:
        return None
    less = difference(other_text, text)
    shares = sorted((more.shared, less.shared))
    if shares[0] < _SHARE_OF_LONGER or shares[1] < _SHARE_OF_SHORTER or less.changed or (more.own and less.own):
        return None
    weights = [(bool(each.own), sum(len(sentence.words) for sentence in each.aside)) for each in (more, less)]
    fuller, part, said, rest = (one, other, more, less) if weights[0] >= weights[1] else (other, one, less, more)
    later = bool(fuller.published and part.published and fuller.published > part.published)
    if said.own and (later or _made_of(fuller, part, said, rest)):
        return None
    return 0 if later or weights[0] == weights[1] else 1 if fuller is one else -1


def _text(article: Article) -> Text:
    """What an article says, without its lines on who wrote it, for whom and when: those are every copy's own."""
    text = article.text
    for start, end in reversed(article.imprint):
        text = text[:start] + text[end:]
    return read(text, article.title)


def _made_of(fuller: Article, part: Article, said: Difference, rest: Difference) -> bool:
    """Whether a text was made of another by adding what it says more, rather than the other cut out of it.

    It was if its headline tells of that, or that is all the difference: a copy that was cut also shows that it was
    republished, by a line of its own, its dirt or its spelling.
    """
    new = frozenset[str]().union(*(sentence.keys for sentence in said.own)) - _text(part).keys
    headed = any(new & line.keys for line in said.lines if line.heading)
    own_line = {*_imprint_lines(part)} - {*_imprint_lines(fuller)}
    return headed or not (rest.edited or own_line or _dirt(part) != _dirt(fuller))


def _imprint_lines(article: Article) -> list[str]:
    return [article.text[start:end] for start, end in article.imprint]
