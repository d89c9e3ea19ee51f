"""Measure what is made of saved pages against their known text: ours, and trafilatura's alone in each of its modes.

FOLDER holds pages, NAME.html with NAME.txt: the article's exact text, a paragraph a line. The measure is that of the
article extraction benchmark of Scrapinghub: shingles of four words, counted; the F1 of the mean is that of the mean
precision and the mean recall. Ours is measured without its headline as well, which not every text begins with.

    python -m eval.bench.extraction FOLDER
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from rag.ingest.clean import clean
from rag.ingest.load import load_document

SHINGLE = 4  # words


class Score(NamedTuple):
    """How much of what was taken is the article's, and how much of the article was taken, both between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def ours(page: Path) -> str:
    """The article's text as it is indexed."""
    return clean(load_document(page, page.name)).document.page_content


def body(page: Path) -> str:
    """The same without its headline, where that is its first line."""
    document = load_document(page, page.name)
    first, _, rest = clean(document).document.page_content.partition("\n")
    return rest if first == document.metadata["title"] else f"{first}\n{rest}"


def loaded(page: Path) -> str:
    """What cleaning is given of it."""
    return load_document(page, page.name).page_content


def library(page: Path, precision: bool = False, recall: bool = False) -> str:
    """What trafilatura extracts by itself."""
    import trafilatura

    html = page.read_bytes()
    found = trafilatura.extract(html, include_comments=False, favor_precision=precision, favor_recall=recall)
    return found or ""


def baseline(page: Path) -> str:
    """What trafilatura falls back on."""
    import trafilatura

    return str(trafilatura.baseline(page.read_bytes())[1])


WAYS: dict[str, Callable[[Path], str]] = {
    "ours": ours,
    "without headline": body,
    "before cleaning": loaded,
    "default": library,
    "recall": partial(library, recall=True),
    "precision": partial(library, precision=True),
    "baseline": baseline,
}


def score(text: str, gold: str) -> Score:
    """Shingles of a text against those of the article.

    >>> score("Ada sold her boat to Bo. Share this", "Ada sold her boat to Bo.")
    Score(precision=0.6, recall=1.0)
    """
    taken, known = shingles(text), shingles(gold)
    both = (taken & known).total()
    return Score(both / taken.total() if taken else 0.0, both / known.total() if known else 1.0)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """How often each run of four words stands there; a shorter text is one run."""
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1)) if words)


def main(arguments: Sequence[str]) -> None:
    """Print each page, and the mean of them."""
    pages = [page for page in sorted(Path(arguments[0]).glob("*.html")) if page.with_suffix(".txt").exists()]
    scores: dict[str, list[Score]] = {way: [] for way in WAYS}
    print(f"{'F1 (precision recall)':30}", *(f"{way:>20}" for way in WAYS))
    for page in pages:
        gold = page.with_suffix(".txt").read_text("utf-8")
        for way, extract in WAYS.items():
            scores[way].append(score(extract(page), gold))
        print(f"{page.stem:30.30}", *(shown(found[-1]) for found in scores.values()), flush=True)
    means = (
        Score(mean(each.precision for each in found), mean(each.recall for each in found)) for found in scores.values()
    )
    print(f"{f'{len(pages)} pages':30}", *map(shown, means))


def shown(found: Score) -> str:
    """A score in a column."""
    return f"{f'{found.f1:.3f} ({found.precision:.3f} {found.recall:.3f})':>20}"


if __name__ == "__main__":
    main(sys.argv[1:])
