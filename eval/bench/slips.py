"""Questions typed in haste: `python -m eval.bench.slips` asks each again with a slip, and without capitals.

A slip is one letter doubled, left out, replaced or swapped with the next one, never the first, in a word of five
letters at least; word, letter and kind are drawn by a fixed seed. Asked of the seeds and of the news in eval/news.
"""

from __future__ import annotations

import argparse
import random
import re
import string
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval.bench.news import collections, indexed
from eval.cache import Attempt
from eval.data import EvalQuestion, read_questions
from eval.judge import Relevance, judge
from rag.ingest.build import SEEDS, Progress
from rag.ingest.progress import ProgressBar
from rag.pipeline import RAG
from rag.settings import Settings
from rag.text.words import FUNCTION_WORDS

SEED = 4
_WORD = re.compile(r"(?<!\w)[^\W\d_]{5,}(?!\w)")
Counts = dict[str, list[int]]


def with_slip(question: str, chance: random.Random) -> str | None:
    """The question with one slip; None where no word is long enough.

    >>> with_slip("Who opened the bridge?", random.Random(1))
    'Who oppened the bridge?'
    """
    words = [match for match in _WORD.finditer(question) if match[0].lower() not in FUNCTION_WORDS]
    if not words:
        return None
    match = chance.choice(words)
    word, at = match[0], chance.randrange(1, len(match[0]) - 1)
    letter, following = word[at], word[at + 1]
    other = chance.choice([each for each in string.ascii_lowercase if each != letter.lower()])
    slips = (letter * 2 + following, following, other + following, following + letter)
    wrong = chance.choice([letters for letters in slips if letters != letter + following])
    return question[: match.start()] + word[:at] + wrong + word[at + 2 :] + question[match.end() :]


def measure(rag: RAG, questions: Iterable[EvalQuestion], chance: random.Random, counts: Counts) -> None:
    """Count by kind: asked; rightly cited as written, with the slip, without capitals; and answered, likewise."""
    relevance = Relevance(rag.store)
    for question in questions:
        wrong = with_slip(question.question, chance)
        if question.language != "en" or question.history or wrong is None:
            continue
        answers = [rag.answer(text) for text in (question.question, wrong, question.question.lower())]
        scores = [judge(question, Attempt(answer, (), None), relevance, rag).scores for answer in answers]
        cited = [int(question.answerable and bool(score["cited"])) for score in scores]
        row = [1, *cited, *(int(answer.answered) for answer in answers)]
        kind = question.kind if question.answerable else "unanswerable"
        counts[kind] = [sum(pair) for pair in zip(counts.get(kind, [0] * len(row)), row, strict=True)]


def run(split: str, progress: Progress) -> Counts:
    """Every collection of a part, each asked from an index of its own."""
    counts, chance = Counts(), random.Random(SEED)
    sets: list[tuple[Path, Sequence[EvalQuestion]]] = [(SEEDS, read_questions(split=split))]
    sets += [(folder, read_questions(folder / "questions.jsonl")) for folder in collections(split)]
    for folder, questions in sets:
        with indexed(folder, Settings(), progress) as rag:
            measure(rag, questions, chance, counts)
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description="What a slip or missing capitals cost.")
    parser.add_argument("--split", choices=("tune", "report"), default="report")
    options = parser.parse_args(arguments)
    with ProgressBar() as progress:
        counts = run(options.split, progress)
    print(f"{'as written, with a slip, in lower case':>43}   {'rightly cited':>13}   {'answered':>13}")
    for kind, (asked, *others) in counts.items():
        cited, answered = (" ".join(f"{count:4}" for count in part) for part in (others[:3], others[3:]))
        print(f"{kind:38} {asked:4}  {cited}  {answered}")


if __name__ == "__main__":
    main()
