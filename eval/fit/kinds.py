"""Fit which kind a question is of: rag/questions/kinds.json.

Learned from invented questions (lessons/kinds.jsonl) and from the plain ones of the tuning parts of the project's own.
The threshold is chosen by cross validation, where a plain question taken for another kind counts as `MISLED` errors:
another kind taken for a plain one is still quoted for.

    python -m eval.fit.kinds
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from rag.questions.kinds import KINDS, features, signals
from rag.questions.shapes import Shape

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "rag" / "questions" / "kinds.json"
STRENGTH = 0.6  # the inverse of the regularisation
FOLDS = 10
MISLED = 5  # what a plain question taken for another kind costs, beside any other error
THRESHOLDS = (0.0, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
PLAIN = ("fact", "paraphrase", "near-miss", "date")  # kinds of the project's questions that are plain


def lessons() -> Iterator[tuple[str, str]]:
    """Questions and their kinds."""
    for line in Path(__file__).with_name("lessons").joinpath("kinds.jsonl").read_text("utf-8").splitlines():
        lesson = json.loads(line)
        yield lesson["question"], lesson["kind"]
    for path in (ROOT / "eval" / "questions.jsonl", *sorted((ROOT / "eval/bench/collections").glob("*/*.jsonl"))):
        for line in path.read_text("utf-8").splitlines():
            asked = json.loads(line) if line else {}
            plain = asked.get("split") == "tune" and asked["kind"] in PLAIN and asked.get("language", "en") == "en"
            if plain and not Shape.of(asked["question"]).letters.startswith(("X", "M")):
                yield asked["question"], "plain"


def main() -> None:
    """Fit, print what is wrong of what was not seen, write."""
    questions, kinds = zip(*dict(lessons()).items(), strict=True)
    rows = np.array([features(question) for question in questions])
    labels = np.array([KINDS.index(kind) for kind in kinds])
    print(Counter(kinds))
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    chances = cross_val_predict(model, rows, labels, cv=folds, method="predict_proba")
    best, sure = chances.argmax(axis=1), chances.max(axis=1)
    costs = {}
    for threshold in THRESHOLDS:
        taken = np.where(sure >= threshold, best, 0)
        wrong, misled = int(sum(taken != labels)), int(sum((taken != 0) & (labels == 0)))
        costs[threshold] = wrong + (MISLED - 1) * misled
        print(f"{threshold}: {wrong} of {len(labels)} wrong, {misled} of {sum(labels == 0)} plain ones")
    threshold = min(costs, key=lambda each: (costs[each], -each))
    for question, label, kind, chance in zip(questions, labels, best, sure, strict=True):
        if label == 0 and kind and chance >= threshold:
            print(f"  plain, not {KINDS[kind]} ({chance:.2f}): {question}")
    model.fit(rows, labels)
    weights = model.coef_.T.round(2).tolist()
    names = list(signals(""))
    fitted = {
        "threshold": threshold,
        "bias": model.intercept_.round(2).tolist(),
        "signals": dict(zip(names, weights, strict=False)),
        "vector": weights[len(names) :],
    }
    text = json.dumps(fitted).replace("], ", "],\n").replace('"signals": {', '"signals": {\n')
    WEIGHTS.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
