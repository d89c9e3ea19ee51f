"""Fit how likely a paragraph is furniture by its looks: rag/ingest/furniture.json.

Labels: the made-up pages of tests/articles (lines to keep and to drop), those of tests/layouts.py, the sentences of
tests/ingest/everyday.txt, which stay, and the articles of eval/bench/collections, which are articles and nothing else.
Two logistic regressions, one for sentences and one for other lines. Paragraphs that show by their shape what they
are take no part. What is printed was scored by a model that had not seen the page.

    python -m eval.fit.furniture
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from rag.ingest import furniture
from rag.ingest.clean import paragraphs
from rag.ingest.load import SUFFIXES, load_document
from rag.ingest.paragraph import Paragraph, features, proof, sign

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "rag" / "ingest" / "furniture.json"
# Above them a paragraph is removed wherever it stands, and outside the body.
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
    sys.path.insert(0, str(ROOT / "tests"))
    from layouts import LAYOUTS

    for name, page in LAYOUTS.items():
        for line in page.strip("\n").split("\n"):
            yield Example(Paragraph(((0, line[1:]),)), name, line.startswith("-"))
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
    blank = {**dict.fromkeys(features(Paragraph(((0, "a"),))), 0.0), "bias": -9.0}
    WEIGHTS.write_text(json.dumps({"proof": 2.0, "sign": 2.0, "weights": blank}), "utf-8")
    known = [example for example in examples() if example.paragraph.small and not (proof(example.paragraph, "") or sign(example.paragraph))]
    known = [example for example in known if not (example.furniture and plain(example.paragraph))]
    weights = fit([example for example in known if not example.paragraph.ends])
    fitted = {"proof": PROOF, "sign": SIGN, "weights": weights}
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
