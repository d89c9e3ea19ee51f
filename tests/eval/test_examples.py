"""What the reader's models are fitted on: parts, groups, and questions made unanswerable."""

from __future__ import annotations

import random

import numpy as np

from eval.fit.cross_encoder import WRONG, WRONG_UNANSWERABLE, groups
from eval.fit.examples import FIT, REPORT, TRAIN, Example, part_of
from eval.fit.near_misses import RelatedWords
from eval.fit.reader import fit_models
from eval.public import in_half
from rag.models.encoders import encoder
from rag.read.reader import ANSWER_FEATURES, find_candidates
from rag.read.signals import SIGNALS
from rag.types import Passage

TEXT = " ".join(f"Sentence number {number} is about boats." for number in range(10))
CANDIDATES = tuple(find_candidates([Passage("1", TEXT, "a.txt", "Boats", None, None, 0, len(TEXT), 1.0)]))


def made(right: int | None, seed: int = 0) -> Example:
    """A question whose answer is the candidate `right`, which has the highest signals; None: it has no answer."""
    rows = np.random.default_rng(seed).random((len(CANDIDATES), len(SIGNALS)))
    gold = np.zeros(len(CANDIDATES), dtype=bool)
    if right is not None:
        gold[right] = True
        rows[right, : len(SIGNALS) // 2] += 1.0
    return Example(f"Who? {seed}", CANDIDATES, rows, gold, (), right is not None, "made")


def test_every_article_has_one_part_and_the_report_half_is_never_fitted_on() -> None:
    titles = [f"Article {number}" for number in range(400)]
    parts = [part_of(title) for title in titles]
    assert set(parts) == {TRAIN, FIT, REPORT}
    assert all((part == REPORT) == in_half(title, 1) for title, part in zip(titles, parts, strict=True))
    assert parts == [part_of(title.replace(" ", "_")) for title in titles]


def test_a_group_has_the_right_sentence_first_and_wrong_ones_after() -> None:
    (question, texts, right), = groups([made(4)], random.Random(1))  # fmt: skip
    assert question == "Who? 0" and right == 1 and len(texts) == 1 + WRONG and len(set(texts)) == len(texts)
    assert texts[0] == CANDIDATES[4].as_evidence
    (_, texts, right), = groups([made(None)], random.Random(1))  # fmt: skip
    assert right == 0 and len(texts) == WRONG_UNANSWERABLE


def test_the_models_find_what_tells_right_from_wrong() -> None:
    examples = [made(seed % 10 if seed % 2 else None, seed) for seed in range(60)]
    sentence, answer = fit_models(examples)
    new = made(7, 1000)
    assert np.argmax(new.rows @ sentence) == 7
    assert len(answer) == len(ANSWER_FEATURES) + 1


def test_a_related_word_takes_the_place_of_another() -> None:
    texts = [
        "The defence minister and the economy minister met the ministers.",
        "A defence plan and an economy plan.",
    ] * 2
    words = RelatedWords(texts, encoder("all-MiniLM-L6-v2", "document"))
    changed = words.change("Who is the economy minister?", 1)
    assert changed is None or (changed != "Who is the economy minister?" and changed.startswith("Who is the "))
    assert words.change("Who?", 1) is None
