"""Draft questions from the thumbs of the chat: a liked answer says what is right, a disliked one waits for a person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.metrics import contains
from rag.desk.feedback import Feedback
from rag.errors import RAGError

COMPLETE = "say what a right answer has (any, all or answers; sources) or that there is none (answerable: false)"


def draft_question(rating: Feedback) -> dict[str, Any]:
    """A question in the format of eval/data.py, which refuses it for as long as it has the key `draft`.

    The quotes of a liked answer are what a right answer has; a liked abstention says that there is none. A draft is
    what was disliked, or liked for words of its own or for its closest passages: the question must hold the very
    answer it comes from for right.
    """
    history = [asdict(message) for message in rating.history]
    digest = hashlib.sha256(json.dumps([rating.question, history, rating.text]).encode()).hexdigest()
    return {
        "id": f"feedback-{digest[:8]}",
        "question": rating.question,
        **({"history": history} if history else {}),
        "kind": "feedback",
        "split": "tune",
        **_expected(rating),
    }


def _expected(rating: Feedback) -> dict[str, Any]:
    if rating.liked and not rating.answered and not rating.unsure:
        return {"answerable": False}
    quotes = list(dict.fromkeys(citation.quote for citation in rating.citations))
    if rating.liked and quotes and contains(rating.text, [[quote] for quote in quotes]):
        return {"answerable": True, "all": quotes, "sources": sorted({one.source for one in rating.citations})}
    liked = "liked, though not shown as an answer" if rating.unsure else "liked, but has not its quotes word for word"
    verdict = liked if rating.liked else "disliked"
    return {"draft": f"“{' '.join(rating.text.split())}” was {verdict}; {COMPLETE}, then remove this key"}


def as_lines(questions: Iterable[dict[str, Any]]) -> str:
    """The questions as JSON lines."""
    return "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)


def write_new(path: Path, questions: Sequence[dict[str, Any]]) -> None:
    """Write the questions to a file that is not there yet: drafts in an older one may have been completed by hand.

    Raises:
        RAGError: it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(as_lines(questions))
    except FileExistsError:
        raise RAGError(f"{path} is there already, and its drafts may have been completed; name a new file") from None
    except OSError as error:
        raise RAGError(f"cannot write {path} ({error.strerror}); give another place") from error
