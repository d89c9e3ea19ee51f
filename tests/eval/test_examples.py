"""What the reader's models are taught and fitted with: parts, groups of sentences, and the two fitted models."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np

from eval.fit.cross_encoder import ALIKE, FIRST, FURTHER, Teacher, encode, pieces_of, tokenizer
from eval.fit.examples import Example
from eval.fit.reader import fit_confidence, fit_sentence, unseen_scores
from eval.fit.teaching import (
    FIT,
    HELD_OUT,
    REPORT,
    TRAIN,
    Lesson,
    Lessons,
    Taught,
    foreign_set,
    held_out_set,
    part_of,
    written_lessons,
)
from eval.public import in_half
from rag.read.reader import ANSWER_FEATURES, FOUND_FEATURES, find_candidates
from rag.read.signals import SIGNALS
from rag.types import Passage

TEXT = " ".join(f"Sentence number {number} is about boats." for number in range(10))
CANDIDATES = tuple(find_candidates([Passage("1", TEXT, "a.txt", "Boats", None, None, 0, len(TEXT), 1.0)]))
SENTENCES = ("A boat came to Velden.", "It sank on Monday.", "Nobody was hurt.", "The owner, Lena Ortiz, was ashore.")
BOATS = Taught("Boats", "2021-05-03", SENTENCES)
OTHERS = [Taught(f"Trains {n}", None, tuple(f"Train {n}{m} left the station." for m in range(6))) for n in range(3)]
LESSONS = Lessons(
    [BOATS, *OTHERS],
    [
        Lesson("When did the boat sink?", 0, frozenset({1}), ((1, 11, 17),), frozenset(), "fact"),
        Lesson("Why did the boat sink?", 0, frozenset(), (), frozenset({1}), "near-miss"),
    ],
)


def made(right: int | None, seed: int = 0) -> Example:
    """A question whose answer is the candidate `right`, which has the highest signals; None: it has no answer."""
    rows = np.random.default_rng(seed).random((len(CANDIDATES), len(SIGNALS)))
    gold = np.zeros(len(CANDIDATES), dtype=bool)
    if right is not None:
        gold[right] = True
        rows[right, : len(SIGNALS) // 2] += 1.0
    return Example(f"Who? {seed}", CANDIDATES, rows, gold, rows, gold, right is not None, "made")


def test_every_article_has_one_part_and_the_report_half_is_never_fitted_on() -> None:
    titles = [f"Article {number}" for number in range(400)]
    parts = [part_of(title) for title in titles]
    assert set(parts) == {TRAIN, FIT, REPORT}
    assert all((part == REPORT) == in_half(title, 1) for title, part in zip(titles, parts, strict=True))
    assert parts == [part_of(title.replace(" ", "_")) for title in titles]


def test_a_question_is_shown_with_the_right_sentence_first_and_the_tempting_one_among_the_wrong() -> None:
    teacher = Teacher(LESSONS)
    group = teacher.group(0, random.Random(1), FIRST)
    assert group.texts[0] == "It sank on Monday. [SEP] Boats | A boat came to Velden." and group.right == 1
    assert group.words is not None and "It sank on Monday."[slice(*group.words)] == "Monday"
    assert len(set(group.texts)) == len(group.texts) == 1 + ALIKE + 1 + 2
    assert sum("Trains" in text for text in group.texts) == 2, "two of other articles"
    nearly = teacher.group(1, random.Random(1), FIRST)
    assert nearly.right == 0 and nearly.texts[0].startswith("It sank on Monday.")
    assert sum("Trains" in text for text in nearly.texts) == 1
    hard = teacher.group(0, random.Random(1), FURTHER)
    assert hard.texts[0] == group.texts[0] and hard.right == 1 and len(hard.texts) < len(group.texts)
    assert sum("Trains" in text for text in hard.texts) == 1


def test_words_are_found_again_among_the_pieces() -> None:
    (encoding,) = encode(tokenizer(), "When did the boat sink?", [BOATS.evidence(1)])
    (piece,) = pieces_of(encoding, 11, 17)
    assert encoding.tokens[piece] == "monday"
    assert pieces_of(encoding, 40, 44) == [], "behind the sentence"


def test_the_models_find_what_tells_right_from_wrong() -> None:
    examples = [made(seed % 10 if seed % 2 else None, seed) for seed in range(60)]
    sentence = fit_sentence(examples)
    new = made(7, 1000)
    assert np.argmax(new.rows @ sentence) == 7
    scores = unseen_scores(examples)
    assert all(len(own) == len(CANDIDATES) for own in scores)
    answer, found = fit_confidence(examples, scores, 0.2)
    assert answer.shape == (len(ANSWER_FEATURES) + 1,) and found.shape == (len(FOUND_FEATURES) + 1,)


def test_whole_passages_are_held_out(tmp_path: Path) -> None:
    for name in ("", "invented_"):
        passages = [{"id": n, "title": f"{name}{n}", "date": "2021/05/03", "sentences": SENTENCES} for n in range(20)]
        asked = [{"passage": n, "kind": "fact", "question": f"When? {n}", "answered_by": [2]} for n in range(20)]
        for kind, rows in (("passages", passages), ("questions", asked)):
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (tmp_path / f"{name}{kind}.jsonl").write_text(lines, encoding="utf-8")
    kept, held_out = written_lessons(tmp_path)
    assert len([each for each in kept.lessons if each.question.startswith("When? ")]) == 2 * (20 - 20 // HELD_OUT)
    assert not {each.title for each in kept.passages} & {each.title for each in held_out.passages}
    asked_again = held_out_set(tmp_path)
    texts = {article.source: article.text for article in asked_again.articles}
    shown = [each for each in asked_again.questions if each.question.startswith("When? ")]
    assert len(shown) == 4
    for question in shown:
        ((start, end),) = question.answers
        assert texts[question.source][start:end] in SENTENCES[1]


def test_the_lessons_that_come_with_the_project_are_sound() -> None:
    asked = foreign_set()
    sources = {article.source for article in asked.articles}
    assert {"es", "zh", "fr", "de", "pt"} == {question.kind for question in asked.questions}
    assert all(question.source in sources for question in asked.questions)
