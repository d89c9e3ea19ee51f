"""Fit how likely a line is furniture by its interface words: rag/ingest/furniture.json.

Labels: the made-up pages of tests/articles (lines to keep and to drop), those of tests/layouts.py, the sentences of
tests/ingest/everyday.txt, which stay, and the articles of eval/bench/collections, which are articles and nothing else.
Sentences take no part, nor what shows by its shape. The two thresholds are set by hand, above what a model that has not
seen the page gives to lines of articles.

    python -m eval.fit.furniture
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from rag.ingest import furniture
from rag.ingest.clean import paragraphs
from rag.ingest.load import SUFFIXES, load_document
from rag.ingest.paragraph import Paragraph, features, proof, sign

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "rag" / "ingest" / "furniture.json"
# Above the first a line weighs against the body going on there, above the second it goes if it stands outside the body.
PROOF, SIGN = 0.9, 0.76
STRENGTH = 1.0  # the inverse of the regularisation
SEED = 0


@dataclass(frozen=True)
class Example:
    """A paragraph, the page that it is from, and whether it is furniture."""

    paragraph: Paragraph
    page: str
    furniture: bool


def examples() -> Iterator[Example]:
    """Every labelled paragraph of the repository; those that are on no list are left out."""
    for path in sorted((ROOT / "tests" / "articles").iterdir()):
        if path.suffix not in SUFFIXES:
            continue
        gold = json.loads(path.with_suffix(".gold.json").read_text("utf-8"))
        keep, drop = ({" ".join(line.split()) for line in gold[key]} for key in ("keep", "drop"))
        either = {" ".join(line.split()) for line in gold["either"]}
        for paragraph in _cut(load_document(path, path.name).page_content):
            text = " ".join(paragraph.text.split())
            if text not in either and (text in keep) != (text in drop):
                yield Example(paragraph, path.stem, text in drop)
    layouts = runpy.run_path(str(ROOT / "tests" / "layouts.py"))["LAYOUTS"]
    for name, page in layouts.items():
        for line in page.strip("\n").split("\n"):
            yield Example(Paragraph(((0, line[1:]),)), name, line[0] in "-~")
    for path in sorted((ROOT / "eval" / "bench" / "collections").glob("*/*.txt")):
        for paragraph in _cut(path.read_text("utf-8")):
            yield Example(paragraph, str(path), False)
    for i, line in enumerate((ROOT / "tests" / "ingest" / "everyday.txt").read_text("utf-8").splitlines()):
        yield Example(Paragraph(((0, line),)), f"everyday {i}", False)


def _cut(text: str) -> list[Paragraph]:
    return paragraphs([(i, line.rstrip()) for i, line in enumerate(text.split("\n"))])


def plain(paragraph: Paragraph) -> bool:
    """Whether nothing in a paragraph tells of furniture: another article's headline, which only its place betrays."""
    return not paragraph.known and not furniture.WIDE_WORDS.search(paragraph.text)


def fit(known: list[Example]) -> dict[str, float]:
    """The weights of one of the two models; prints what it gets wrong on pages that it has not seen."""
    names = list(features(known[0].paragraph))
    values = np.array([list(features(example.paragraph).values()) for example in known])
    labels = np.array([example.furniture for example in known])
    model = LogisticRegression(C=STRENGTH, random_state=SEED, max_iter=1000)
    folds = GroupKFold(10)
    unseen = cross_val_predict(
        model, values, labels, groups=[example.page for example in known], cv=folds, method="predict_proba"
    )[:, 1]
    for least in (SIGN, PROOF):
        found, wrong = int(sum(labels[unseen >= least])), int(sum(~labels[unseen >= least]))
        print(f"{len(labels)} lines, furniture {sum(labels)}; at {least} {found} found, {wrong} wrongly")
    for chance, example in zip(unseen, known, strict=True):
        if chance >= SIGN and not example.furniture:
            print(f"  {chance:.2f} {example.page}: {example.paragraph.text[:100]}")
    model.fit(values, labels)
    weights = dict(zip(names, model.coef_[0].round(2).tolist(), strict=True))
    return {**weights, "bias": round(float(model.intercept_[0]), 2)}


def main() -> None:
    """Fit, print what a model that had not seen the page gets wrong, write."""
    with patch("rag.ingest.paragraph.score", return_value=0.0):  # what shows by its shape takes no part
        known = [
            example
            for example in examples()
            if example.paragraph.small
            and not example.paragraph.ends
            and not (proof(example.paragraph, "") or sign(example.paragraph))
            and not (example.furniture and plain(example.paragraph))
        ]
    fitted = {"proof": PROOF, "sign": SIGN, "weights": fit(known)}
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
