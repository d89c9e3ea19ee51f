"""How well copies are told from updates and other articles: `python -m eval.bench.copies [SPLIT]`.

copies.jsonl, beside this file, has 200 pairs of invented articles, written by people who had not seen the code: a
republished copy, an update that says something new, or another article of one template, series or event. The pairs of
`tune` (odd numbers) were developed on, those of `report` were looked at only as figures. All texts of a split become
files of one folder and articles as `rag index` makes them; a pair counts as copies if both have one original.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from rag.ingest.copies import compared, file_of, group
from rag.ingest.parser import Parser
from rag.settings import Settings

PAIRS = Path(__file__).with_suffix(".jsonl")


def written_pairs(split: str) -> list[dict[str, Any]]:
    """The pairs of a split, with `label` (copy, update, other), `why`, `first` and `second`."""
    rows = map(json.loads, PAIRS.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["split"] == split]


def grouped(pairs: Sequence[dict[str, Any]]) -> list[bool]:
    """For each pair whether its texts are taken for copies, all being articles of one folder."""
    sources = [f"{pair['id']}-{side}.txt" for pair in pairs for side in ("first", "second")]
    texts = [pair[side] for pair in pairs for side in ("first", "second")]
    with tempfile.TemporaryDirectory() as folder, Parser(Settings()) as parser:
        for source, text in zip(sources, texts, strict=True):
            (Path(folder) / source).write_text(text, encoding="utf-8")
        articles = [parser.articles(Path(folder) / source, source).articles[0] for source in sources]
    originals = group(list(map(file_of, articles)), lambda one, other: compared(articles[one], articles[other]))
    return [one == other for one, other in zip(originals[::2], originals[1::2], strict=True)]


def main(arguments: Sequence[str]) -> int:
    """Print precision and recall with their 95% Wilson intervals, and which pairs of `tune` are wrong."""
    for split in arguments or ("tune", "report"):
        pairs = written_pairs(split)
        found = grouped(pairs)
        copies = [pair["label"] == "copy" for pair in pairs]
        right = sum(map(min, found, copies))
        for name, of in (("precision", found), ("recall", copies)):
            low, high = binomtest(right, sum(of)).proportion_ci(method="wilson")
            print(f"{split}: {name} {right / sum(of):.3f} ({low:.3f}–{high:.3f}), {right} of {sum(of)}")
        wrong = [pair for pair, ours, theirs in zip(pairs, found, copies, strict=True) if ours != theirs]
        if split == "tune":
            print("\n".join(f"  {pair['id']} {pair['label']}: {pair['why']}" for pair in wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
