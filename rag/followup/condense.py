"""A follow-up question that the articles do not answer alone is searched for, and read, with the question before it.

A language model, where there is one, rewrites it instead, and is held to what was said.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import QuestionError
from rag.inputs import as_dict, readable, shown
from rag.text.facts import facts
from rag.text.words import name_terms, terms
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
SHORTEST_QUOTE = 30
LONGEST_BEFORE = 400  # of it that are searched for; a reader takes some 200 words
_THING = re.compile(r"(?<=\s)(?:[A-Z][\w’'-]*|(?:19|20)\d\d)(?: [A-Z][\w’'-]*| \d{4})*")  # names, months, years
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
    before = asked(history)
    return _joined(before[-1], question) if before else question


def contexts(question: str, history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The question together with the one before it and, where that goes on itself, with what it goes on from.

    Of one without a verb, "And Berin?", also the question before with its name in the place of the other.

    Raises:
        QuestionError: a message is not of the form that `condense` describes.

    >>> earlier = [{"role": "user", "content": text} for text in ("What did the mill cost?", "and when was it built?")]
    >>> contexts("Who owns it?", earlier)
    ['and when was it built? Who owns it?', 'What did the mill cost? Who owns it?']
    """
    before = asked(history)
    last = before[-1:]
    while len(before) > 1 and leaning(before[-1]) is Leaning.ON_SUBJECT:
        before = before[:-1]
    joined = [_joined(each, question) for each in dict.fromkeys((*last, *before[-1:]))]
    return [*joined, *filter(None, (exchanged(question, each) for each in last))]


def _joined(before: str, question: str) -> str:
    """Both, with what ends the first: a capital behind it would pass for a name."""
    before = before[:LONGEST_BEFORE].rstrip()
    return f"{before} {question}" if before.endswith((".", "?", "!", "？", "。", "！")) else f"{before}? {question}"


def asks_alone(question: str) -> bool:
    """Whether it can be asked without the one before: not "Why?", nor "And the cost?"."""
    words = _words()
    leans = leaning(question) is Leaning.ON_SUBJECT
    return bool(terms(question)) and not (leans and not words["asks"].search(words["instead"].sub("", question)))


class Leaning(Enum):
    """How much a question needs the one before."""

    NOT = 0
    PERHAPS = 1
    ON_SUBJECT = 2


def leaning(question: str) -> Leaning:
    """Whether it has a subject of its own, or a pronoun or hardly a word, and so that of the question before.

    >>> [leaning(each).name for each in ("And the cost?", "Who pays for it?", "Who opened the old mill of Aldo?")]
    ['ON_SUBJECT', 'ON_SUBJECT', 'NOT']
    """
    words = _words()
    rest = words["instead"].sub("", question, count=1)
    own = terms(rest)
    if words["pronoun"].search(words["empty"].sub(" ", question)) or len(own) <= 1:
        return Leaning.ON_SUBJECT
    if rest != question and not words["asks"].search(rest):
        return Leaning.ON_SUBJECT
    return Leaning.PERHAPS if len(own) <= 3 and not name_terms(question) else Leaning.NOT


def exchanged(question: str, before: str) -> str:
    """The question before with what a question without a verb names in the place of its like; "" where there is none.

    >>> exchanged("and in May?", "Which articles are from April?")
    'Which articles are from May?'
    >>> exchanged("what about the Valley Post?", "How many articles are of the Berin Mail?")
    'How many articles are of the Valley Post?'
    """
    words = _words()
    rest = words["instead"].sub("", question, count=1)
    new = _THING.findall(f" {rest}")
    old = _THING.findall(before)
    if rest == question or words["asks"].search(rest) or len(new) != 1 or not old:
        return ""
    head, _, tail = before.rpartition(old[-1])
    return f"{head}{new[0]}{tail}"


def changed(question: str) -> str:
    """The question without words that announce another subject; "" where it has none.

    >>> changed("Different thing: who built the mill?")
    'who built the mill?'
    """
    announced = _words()["change"].match(question)
    return question[announced.end() :] if announced and announced.end() else ""


@lru_cache(maxsize=1)
def _words() -> dict[str, re.Pattern[str]]:
    listed = tomllib.loads(Path(__file__).with_name("leaning.toml").read_text(encoding="utf-8"))
    bounded = {"pronoun", "empty", "asks"}
    return {
        name: re.compile(rf"\b(?:{pattern})\b" if name in bounded else pattern, re.IGNORECASE)
        for name, pattern in listed.items()
    }


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


def asked(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the user has asked, oldest first."""
    return [text for role, text in _said(history) if role == "user" and text]


def last_answer(history: Sequence[Mapping[str, Any]]) -> str:
    """The beginning of the last answer, "" where there is none."""
    return next((text[:LONGEST_BEFORE] for role, text in reversed(_said(history)) if role == "assistant"), "")


def quotes(answer: str, sentence: str) -> bool:
    """Whether an answer has the words of a sentence, which is not short."""
    words = " ".join(sentence.split())
    return len(words) >= SHORTEST_QUOTE and words in " ".join(answer.split())


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
