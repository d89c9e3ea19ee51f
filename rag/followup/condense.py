"""A follow-up question that the articles do not answer alone is searched for, and read, with the question before it.

A language model, where there is one, rewrites it instead, and is held to what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import QuestionError
from rag.inputs import as_dict, readable, shown
from rag.text.facts import facts
from rag.text.words import terms
from rag.write.prompts import rewrite_prompt, room_beside, trim_history
from rag.write.said import without_thoughts

if TYPE_CHECKING:
    from rag.models.chat import ChatModel
    from rag.types import Span

_MARKER = re.compile(r"(?:(?<!\s)\s+)?\[(?:\d+|not supported)\]")
_SPEAKERS, _NO_SPEAKERS = ("user", "assistant"), ("system", "developer", "tool")
_HISTORY = "[{'role': 'user', 'content': '…'}, {'role': 'assistant', 'content': '…'}]"
_LOOKED_AT = 60  # messages: more than any use of them remembers
LONGEST_QUESTION = 4000  # characters of an earlier one that are looked at
LONGEST_ANSWER = 10_000
LONGEST_BEFORE = 400  # of it that are searched for; a reader takes some 200 words
_KEPT = 0.6  # share of the question's content words that its rewriting has


def condense(question: str, history: Sequence[Mapping[str, Any]]) -> str:
    """The question together with the one before it, where there is one.

    Args:
        history: earlier messages, oldest first, `{"role": …, "content": …}`; content is a string or, as
            Gradio has it, a list of blocks `{"type": "text", "text": …}`.

    Raises:
        QuestionError: a message is not of that form.

    >>> condense("When was it opened?", [{"role": "user", "content": "Who built the bridge?"}])
    'Who built the bridge? When was it opened?'
    """
    asked = [text for role, text in _said(history) if role == "user" and text]
    return f"{asked[-1][:LONGEST_BEFORE]} {question}" if asked else question


def continues(question: str, together: str, spans: Sequence[Span]) -> bool:
    """Whether what was found for it together with the question before has a word of this one, if it brings in any.

    Otherwise it answers the question before: after "Who built the bridge?" comes "How do I bake bread?".
    """
    new = set(terms(question)).difference(terms(together.removesuffix(question)))
    return not new or any(not new.isdisjoint(terms(span.text)) for span in spans)


def standalone(question: str, history: Sequence[Mapping[str, Any]], chat: ChatModel | None) -> str:
    """The question as the model rewrites it, where there is one.

    A rewriting that brings in a name, figure or date that nobody mentioned, or drops one of the question's, is not
    taken.

    Raises:
        QuestionError: a message of the history is not of the form that `condense` describes.
        ModelError: the model failed.
    """
    said = [{"role": role, "content": text} for role, text in _said(history) if text]
    if chat is None or not said:
        return question
    room = room_beside(rewrite_prompt(question, []), chat.context, chat.count)
    text = "".join(piece.text for piece in chat.stream(rewrite_prompt(question, trim_history(said, room, chat.count))))
    rewritten = " ".join(without_thoughts(text).strip().split("\n")[0].split())
    return rewritten if keeps(rewritten, question, [message["content"] for message in said]) else question


def keeps(rewritten: str, question: str, said: Sequence[str]) -> bool:
    """Whether a rewritten question still asks what was asked, and is about nothing that was not mentioned.

    >>> keeps("When was the Arun bridge opened?", "When was it opened?", ["Who built the Arun bridge?"])
    True
    >>> keeps("When was the Elbe bridge opened in 1998?", "When was it opened?", ["Who built the Arun bridge?"])
    False
    """
    own, new = facts(question), facts(rewritten)
    mentioned = {fact.key for text in (question, *said) for fact in facts(text)}
    there = {fact.key for fact in new}
    telling = {"number", "date", "name"}
    invented = any(fact.kind in telling and fact.key not in mentioned for fact in new)
    dropped = any(fact.kind in telling and fact.key not in there for fact in own)
    words = {fact.key for fact in own}
    return bool(there) and not invented and not dropped and len(words & there) >= _KEPT * len(words)


def _said(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The messages as they are read here, without the markers of their citations."""
    return [(role, _MARKER.sub("", readable(text)).strip()) for role, text in messages(history)]


def messages(history: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Role and words of what user and assistant said lately; what is there for a model only is left out.

    Of a history of any length so many messages, and so many characters of each, as no use is without: what is made of
    them takes time by the square.

    Raises:
        QuestionError: a message is not of the form that `condense` describes.
    """
    if not isinstance(history, list | tuple):
        raise QuestionError(f"the history is a {type(history).__name__}, not a list of messages; give {_HISTORY}")
    for each in history[-_LOOKED_AT:]:
        message = as_dict(each)
        role = _role_of(message, each)
        if message and role in _SPEAKERS:
            longest = LONGEST_QUESTION if role == "user" else LONGEST_ANSWER
            yield role, _text_of(message)[:longest]


def _role_of(message: Mapping[str, Any] | None, given: Any) -> str:
    role = message.get("role") if message else None
    if not isinstance(role, str) or role not in (*_SPEAKERS, *_NO_SPEAKERS):
        told = "no role" if role is None else f"the role {shown(role)}"
        raise QuestionError(f"history message {shown(given)} has {told}; give {_HISTORY}")
    return role


def _text_of(message: Mapping[str, Any]) -> str:
    """What a message says, whichever form its content has."""
    content = message.get("content")
    if isinstance(content, str):
        return content.strip()
    blocks = list(content) if isinstance(content, list | tuple) else [content]
    texts = [
        block if isinstance(block, str) else (as_dict(block) or {"text": None}).get("text", "") for block in blocks
    ]
    if not all(isinstance(text, str) for text in texts):
        raise QuestionError(f"history message {shown(message)} has no text; give {_HISTORY}")
    return " ".join(text.strip() for text in texts if text)
