"""Make a follow-up question stand alone, as far as that goes without a language model.

For now: a question that leans on what was said (a pronoun, or hardly a word of its own) is searched
together with the last question before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import QuestionError

_LEANING = re.compile(
    r"\b(he|him|his|she|her|hers|it|its|they|them|their|theirs|this|that|these|those|there|then|one|ones|"
    r"same|former|latter|else)\b|^(and|but|so|what about|how about|why\W*$|when\W*$|where\W*$|who\W*$)\b",
    re.IGNORECASE,
)
# "How many ships will Chancay take in its first year?": whose it is stands in the question itself.
_OWN = re.compile(r"(?<=\s)[A-Z]\w+\b[^.?!]*?\b(?:his|her|its|their)\s+(?=\w)")
_SHORT = 3  # words: "and in 2024?" says nothing by itself


def condense(question: str, history: Sequence[Mapping[str, Any]]) -> str:
    """The question to search for.

    Args:
        history: earlier messages, oldest first, `{"role": …, "content": …}`; content is a string or, as
            Gradio has it, a list of blocks `{"type": "text", "text": …}`.

    Raises:
        QuestionError: a message is not of that form.

    >>> condense("When was it opened?", [{"role": "user", "content": "Who built the bridge?"}])
    'Who built the bridge? When was it opened?'
    >>> condense("How many ships will Chancay take in its first year?", [{"role": "user", "content": "Who is Xi?"}])
    'How many ships will Chancay take in its first year?'
    """
    earlier = [text_of(message) for message in history if role_of(message) == "user"]
    earlier = [text for text in earlier if text and text != question]
    leans = _LEANING.search(_OWN.sub(" ", question)) or len(question.split()) <= _SHORT
    return f"{earlier[-1]} {question}" if earlier and leans else question


def role_of(message: Mapping[str, Any]) -> str:
    """Who said a message of the history.

    Raises:
        QuestionError: it has no role.
    """
    try:
        return str(message["role"])
    except (KeyError, TypeError):
        raise QuestionError(
            f"history message {message!r:.80} has no role; give {{'role': 'user', 'content': '…'}}"
        ) from None


def text_of(message: Mapping[str, Any]) -> str:
    """What a message of the history says, whichever form its content has.

    Raises:
        QuestionError: it has no text.
    """
    content = message.get("content")
    if isinstance(content, str):
        return content.strip()
    if isinstance(content, Mapping):
        content = [content]
    if isinstance(content, Sequence):
        blocks = [block if isinstance(block, str) else block.get("text", "") for block in content]
        return " ".join(str(block).strip() for block in blocks if block)
    raise QuestionError(f"history message {message!r:.80} has no text; give {{'role': 'user', 'content': '…'}}")
