"""Which blocks of a page are its article: those that two of three extractors take.

trafilatura knows what sites call the parts of their pages, readability finds the element that holds most of the prose,
justext judges paragraph by paragraph. They fail on different pages, so a majority beats each of them (Bevendorff et
al., "An empirical comparison of web content extraction algorithms", SIGIR 2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import cache
from itertools import accumulate, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.ingest.load.content import is_paragraph
from rag.ingest.load.page import ENTRY, HIDDEN, OUTSIDE, SUBHEAD, Block, visible_page

# Of justext: characters of a paragraph that is judged by itself, shares of stop words and of links.
_SHORT, _LONG, _FEW_STOPWORDS, _MANY_STOPWORDS, _MOST_LINKED = 50, 150, 0.1, 0.2, 0.25
_NEAR_HEADING = 150  # characters
_MOST_PARAGRAPHS = 2_000  # its time is quadratic in short ones: 8,000 took it more than half a minute
_MOST_OF_IT = 0.75  # share of what two agree on
_LONGEST_LEAD = 8  # blocks between paragraphs of it
_Held = NDArray[np.bool_]  # of each block of a page


def article_blocks(html: str, extracted: Sequence[str], blocks: Sequence[Block]) -> list[bool]:
    """For each block of a page whether it is the article's; none of them where no extractor finds one.

    `extracted` are the lines that trafilatura took from it; where the others are of two minds, it decides. Where it
    took most of what two agree on, it has found the article, and what it left out is a box with a telling name.
    """
    if not blocks:
        return []
    folded = [_folded([block.text]) for block in blocks]
    votes = np.array([_held(lines, folded) for lines in (extracted, *_other_extractions(html))])
    own, voters = votes[0], votes[votes.any(axis=1)]
    outside, hidden = (np.array([block.kind == kind for block in blocks]) for kind in (OUTSIDE, HIDDEN))
    sizes = np.array([len(block.text) for block in blocks])
    held = (2 * voters.sum(axis=0) + own > len(voters)) & ~outside
    if sizes[held & own].sum() >= _MOST_OF_IT * sizes[held].sum():
        held &= own
    if 2 * sizes[held & hidden].sum() < sizes[held].sum():  # else a script shows what is hidden
        held &= ~hidden
    return _completed(held, np.asarray(votes.any(axis=0)), own, blocks)


def covers(blocks: Iterable[str], lines: Sequence[str]) -> bool:
    """Whether blocks hold at least half of what was taken from a page; else that comes from a script, say."""
    return 2 * len(_folded(blocks)) >= len(_folded(lines))


def share_missing(body: Iterable[str], blocks: Sequence[Block]) -> float:
    """The share of a text's lines, by length, that is nowhere among the blocks."""
    shown, lines = _folded(block.text for block in blocks), [_folded([line]) for line in body]
    return sum(len(line) for line in lines if line not in shown) / (sum(map(len, lines)) or 1)


def _other_extractions(html: str) -> Iterator[list[str]]:
    """The lines that readability and justext take, without the comments that would outweigh an article."""
    from justext.core import (  # type: ignore[import-untyped]
        ParagraphMaker,
        classify_paragraphs,
        revise_paragraph_classification,
    )
    from lxml.html import tostring  # type: ignore[import-untyped]
    from trafilatura import load_html
    from trafilatura.baseline import basic_cleaning
    from trafilatura.external import try_readability
    from trafilatura.htmlprocessing import prune_unwanted_nodes
    from trafilatura.xpaths import OVERALL_DISCARD_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

    tree: Any = load_html(html)
    if tree is None:
        return
    tree = prune_unwanted_nodes(tree, REMOVE_COMMENTS_AND_LISTS_XPATH)
    readable = try_readability(copy(tree))
    yield [block.text for block in visible_page(tostring(readable, encoding="unicode")).blocks] if len(readable) else []
    # Without what sites name a newsletter's box, an advertisement: its prose is as good as the article's.
    tree = basic_cleaning(prune_unwanted_nodes(tree, OVERALL_DISCARD_XPATH, with_backup=True))
    paragraphs = ParagraphMaker.make_paragraphs(tree)
    if len(paragraphs) > _MOST_PARAGRAPHS:
        return
    for long in (_LONG, _SHORT):  # it needs a long paragraph to start from, which some articles do not have
        classify_paragraphs(
            paragraphs, _stopwords(), _SHORT, long, _FEW_STOPWORDS, _MANY_STOPWORDS, _MOST_LINKED, no_headings=True
        )
        revise_paragraph_classification(paragraphs, _NEAR_HEADING)
        if taken := [paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate]:
            break
    yield taken


@cache
def _stopwords() -> frozenset[str]:
    from justext.utils import get_stoplist, get_stoplists  # type: ignore[import-untyped]

    return frozenset(word for language in get_stoplists() for word in get_stoplist(language))


def _completed(held: _Held, taken: _Held, own: _Held, blocks: Sequence[Block]) -> list[bool]:
    """Add what is the article's as well where two extractors do not agree on it.

    Above the first paragraph these are the paragraphs that any extractor has `taken`, as each of them loses leads, and
    amid the article those that trafilatura took for its `own`; among these also subheads and entries of lists and
    boxes, which are too short for extractors, and behind the last one its own lines. A subhead above nothing that is
    kept heads a list of links.
    """
    kept: list[bool] = held.tolist()
    plain = [not block.linked and block.kind in ("", ENTRY) for block in blocks]
    prose = [plain[i] and not block.kind and is_paragraph(block.text) for i, block in enumerate(blocks)]
    found = [i for i, block in enumerate(blocks) if kept[i] and is_paragraph(block.text)]
    if not found:
        return kept
    first, last = found[0], found[-1]
    while above := [i for i in range(max(0, first - _LONGEST_LEAD), first) if prose[i] and taken[i]]:
        first = above[0]
    for i in reversed(range(first, last)):
        kept[i] = kept[i] or blocks[i].may_be(ENTRY) or (blocks[i].may_be(SUBHEAD) and kept[i + 1])
        kept[i] = kept[i] or (prose[i] and bool((taken if i < found[0] else own)[i]))
    for i in range(last + 1, len(blocks)):
        if not (kept[i] or (plain[i] and own[i])):
            break
        kept[i] = True
    return kept


def _held(extracted: Sequence[str], folded: Sequence[str]) -> list[bool]:
    """For each folded block whether it is a line of an extraction, or several lines in a row."""
    text = _folded(extracted)
    bounds = {0, *accumulate(len(_folded([line])) for line in extracted)}
    held, position = [], 0
    for block in folded:
        # Blocks mostly follow one another, so the place after the last one is tried first.
        at = position if text.startswith(block, position) else text.find(block)
        while at >= 0 and not (at in bounds and at + len(block) in bounds):
            at = text.find(block, at + 1)
        held.append(at >= 0 and bool(block))
        position = at + len(block) if at >= 0 else position
    if 10 * sum(map(len, compress(folded, held))) >= 9 * len(text):
        return held
    # A table for layout comes as one long row of all its paragraphs.
    return [bool(block) and block in text for block in folded]


def _folded(lines: Iterable[str]) -> str:
    """The bare text: without white space, invisible characters, and the marks of lists and tables from trafilatura."""
    bare = "".join("".join(line.removeprefix("- ").replace("\\|", "").replace("|", "").split()) for line in lines)
    return bare if bare.isascii() else "".join(filter(str.isprintable, bare))  # trafilatura leaves out what is not
