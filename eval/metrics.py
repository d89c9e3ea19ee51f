"""What is measured of one answer, and its sums by kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from eval.data import EvalQuestion
from rag.types import Answer, Citation

_FOLDED = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " "})


@dataclass(frozen=True)
class Outcome:
    """One answered question. A copy counts as its original wherever sources are compared.

    Attributes:
        retrieved: some passage is of a supporting article (None where the question has no answer).
        right: answered, and the text has what a right answer must contain.
        cited: right, and every required string stands in a quote from a supporting article.
    """

    question: EvalQuestion
    answer: Answer
    retrieved: bool | None
    right: bool
    cited: bool


def judge(question: EvalQuestion, answer: Answer) -> Outcome:
    """Compare an answer with what the question expects."""
    if not question.answerable:
        return Outcome(question, answer, None, right=not answer.answered, cited=not answer.answered)
    right = answer.answered and contains(answer.text, question.required)
    supporting = [citation for citation in answer.citations if sources_of(citation) & question.sources]
    quoted = " ".join(citation.quote for citation in supporting)
    retrieved = any(({passage.source} | set(passage.republished_in)) & question.sources for passage in answer.passages)
    return Outcome(question, answer, retrieved, right, cited=right and contains(quoted, question.required))


def sources_of(citation: Citation) -> set[str]:
    """The article of a citation and its copies."""
    return {citation.source, *citation.republished_in}


def contains(text: str, required: Sequence[Sequence[str]]) -> bool:
    """Whether `text` has one string of every group; case, white space and kinds of quotes and dashes aside."""
    folded = fold(text)
    return all(any(fold(string) in folded for string in group) for group in required)


def fold(text: str) -> str:
    """Text made comparable.

    >>> fold("Peru’s  Port")
    "peru's port"
    """
    without_markers = re.sub(r" \[\d+\]", "", text)
    return " ".join(unicodedata.normalize("NFKC", without_markers).translate(_FOLDED).casefold().split())
