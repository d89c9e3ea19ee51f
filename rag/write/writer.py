"""What a language model writes, sentence by sentence, each checked before it is shown.

The model's own markers say where to look first. What counts are the quotes: a sentence is shown with the sentences of
an article that support it (cite.py), or as one that none supports.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag.cite.quotes import attributed, cite
from rag.cite.support import evidence, nearly_quoted, unsupported
from rag.errors import ModelError
from rag.text.languages import ABSTENTION
from rag.text.sentences import sentence_spans
from rag.types import Citation, Passage, Sentence
from rag.write.prompts import Message, answer_prompt, fit_passages, prompt_tokens, room_beside
from rag.write.verdict import is_small

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

WRITING = "writing"  # said with every piece that the model writes
LOOSE = "the cited words have its words, but not in one sentence and in this order, and the model is a small one"
MOST_SENTENCES = 12  # of an answer; a model that goes on is stopped
_MARKER = re.compile(
    r"\s*[\[【]\s*((?:passages?\s*)?\d{1,3}(?:\s*(?:,|;|and|&)\s*(?:passage\s*)?\d{1,3})*)\s*[\]】]", re.I
)
_TIDY = re.compile(r"((?:\s*\[\d+\])+)\s*([.!?。！？]+[\"”’)]*)")  # "in May [1]." becomes "in May. [1]"
_NAME = re.compile(r"\b[A-Z][\w-]+(?: [A-Z][\w-]+)+")
_LEADING = re.compile(r"^(?:\s*\[\d+\])+")
_PIECE = re.compile(r"([^\[]+(?:\[(?!\d+\])[^\[]*)*)((?:\s*\[\d+\])*)")
_BULLET = re.compile(r"^(?:[-*•]|\d+[.)])\s+|^(?:answer|a)\s*:\s*", re.IGNORECASE)
_ENDED = re.compile(r"[.!?:。！？…][\"”’')\]]*$")
# How models say that there is no answer, beside the sentence that they are told to write.
_ABSTAINS = re.compile(
    r"\b(?:articles?|passages?|texts?|sources?|documents?|information)\b[^.]{0,40}\b(?:do|does|did)(?: not|n['’]t)\b"
    r"[^.]{0,20}\b(?:say|mention|provide|contain|state|specify|include|answer|give|indicate|tell|have|address)|"
    r"\bI (?:do not|don['’]t|cannot|can['’]t) (?:know|answer|find|say|determine)\b|"
    r"\b(?:is|are|was|were) not (?:\w+ )?(?:mentioned|stated|specified|provided|given|said)\b[^.]*"
    r"\b(?:articles?|passages?|texts?)\b|"
    r"\bno (?:information|mention|answer)\b|\bunable to (?:answer|find|determine)\b",
    re.IGNORECASE,
)


@dataclass
class Draft:
    """What has been written and checked so far; markers in `sentences` are those of `citations`.

    `abstained`: the model says that the articles do not say; `repeats`: it says the same again. `left_out`: passages
    that its prompt had no room for.
    """

    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    left_out: list[Passage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    abstained: bool = False
    repeats: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    seen: int = 0  # sentences that the model has written, shown or not
    first_sentence: float | None = None  # when it was shown, by time.perf_counter

    def counted(self, model: ChatModel, prompt: Sequence[Message]) -> Generator[str, None, None]:
        """What a model writes, piece by piece; its tokens are added up, counted here where it does not report them."""
        written, reported = "", False
        stream = model.stream(prompt)
        try:
            for piece in stream:
                if usage := piece.usage_metadata:
                    reported = True
                    self.tokens_in += usage["input_tokens"]
                    self.tokens_out += usage["output_tokens"]
                written += piece.text
                yield piece.text
        finally:
            stream.close()
            if not reported:
                self.tokens_in += prompt_tokens(prompt, model.count)
                self.tokens_out += model.count(written)

    def chance(self, model: ChatModel, prompt: Sequence[Message]) -> float:
        """`ChatModel.chance`; its tokens, and the one of its word, are added up too."""
        self.tokens_in += prompt_tokens(prompt, model.count)
        self.tokens_out += 1
        return model.chance(prompt)

    @property
    def finished(self) -> bool:
        """Whether nothing that could still come would be shown."""
        return self.abstained or self.repeats or len(self.sentences) >= MOST_SENTENCES

    @property
    def supported(self) -> int:
        """How many sentences are supported."""
        return sum(sentence.supported for sentence in self.sentences)


class Writer:
    """Has a model write an answer from passages, and checks it against the articles."""

    def __init__(self, model: ChatModel, article_text: Callable[[str], str]) -> None:
        self.model = model
        self._article_text = article_text

    def write(self, question: str, passages: Sequence[Passage], draft: Draft) -> Iterator[str | Citation | Sentence]:
        """Fill the draft; each sentence is given as soon as it is checked, new citations before it.

        `WRITING` comes with each piece of text, so that the model can be stopped there: close the iterator.

        Raises:
            ModelError: the model failed before anything was checked; later, a note of the draft says so.
        """
        room = room_beside(answer_prompt(question, []), self.model.context, self.model.count)
        read, draft.left_out = fit_passages(passages, room, self.model.count)
        if not read:
            raise ModelError(f"{self.model.name} has no room for a passage; raise RAG_CONTEXT_TOKENS")
        text, interrupted = "", False
        pieces = draft.counted(self.model, answer_prompt(question, read))
        try:
            for piece in pieces:
                text += piece
                yield WRITING
                yield from self._check(split_sentences(text)[:-1], question, read, draft)
                if draft.finished:
                    break
        except ModelError as error:
            if not draft.sentences:
                raise
            interrupted = True
            draft.notes.append(f"The answer breaks off here: {error}.")
        finally:
            pieces.close()
        if not (draft.finished or interrupted):
            yield from self._check(split_sentences(text), question, read, draft)

    def _check(
        self, written: Sequence[tuple[str, list[int]]], question: str, passages: Sequence[Passage], draft: Draft
    ) -> Iterator[Citation | Sentence]:
        """Check the sentences that were not there the last time."""
        for text, markers in written[draft.seen :]:
            draft.seen += 1
            draft.repeats = any(text == earlier.text for earlier in draft.sentences)
            if not any(map(str.isalnum, text)):
                continue
            if abstains(text):
                draft.abstained = not draft.sentences
                if draft.sentences:
                    draft.notes.append(f"The model adds: {text}")
            elif not draft.finished:
                yield from self._checked(text, question, _sought(markers, passages), draft)
            if draft.finished:
                return

    def _checked(
        self, text: str, question: str, sought: Sequence[Sequence[Passage]], draft: Draft
    ) -> Iterator[Citation | Sentence]:
        """The sentence with citations of what supports it, or the reason why nothing does."""
        found, reason = self._supported_by(text, question, sought)
        markers = []
        for citation in found:
            known, new = _numbered(citation, draft.citations)
            if new:
                draft.citations.append(known)
                yield known
            markers.append(known.marker)
        sentence = Sentence(text, tuple(dict.fromkeys(markers)), supported=not reason, reason=reason)
        draft.first_sentence = draft.first_sentence or time.perf_counter()
        draft.sentences.append(sentence)
        yield sentence

    def _supported_by(
        self, text: str, question: str, sought: Sequence[Sequence[Passage]]
    ) -> tuple[Sequence[Citation], str]:
        """Citations of what supports a sentence; or none of them, and the reason.

        A small model is not trusted with other words than the articles': it combines them into what nobody said.
        """
        reasons = []
        for passages in sought:
            _, found = cite(evidence(text, passages, question), self._article_text)
            quotes = list(map(attributed, found))
            known_as = names_in_full(text, quotes, [self._article_text(citation.source) for citation in found])
            publishers = [citation.publisher for citation in found if citation.publisher]
            reason = unsupported(text, [*known_as, *quotes, *publishers]) if found else "no passage says it"
            if reason is None:
                return ((), LOOSE) if is_small(self.model) and not nearly_quoted(text, quotes) else (found, "")
            reasons.append(reason)
        return (), reasons[0]


def names_in_full(text: str, quotes: Sequence[str], articles: Sequence[str]) -> list[str]:
    """Names of a text that its quotes have in part, and an article in full: they say the same person.

    >>> names_in_full("President Lena Ortiz left.", ["Ortiz left."], ["President Ortiz came. Then Lena Ortiz left."])
    []
    >>> names_in_full("Mayor Ortiz left.", ["Ortiz left."], ["Mayor Lena Ortiz came. In the evening, Ortiz left."])
    ['Mayor Ortiz']
    """
    found = []
    for name in _NAME.findall(text):
        words = name.split()
        in_full = re.compile(r"\W+(?:\w+\W+)?".join(map(re.escape, words)))
        if any(word in quote for word in words for quote in quotes) and any(map(in_full.search, articles)):
            found.append(name)
    return found


def abstains(text: str) -> bool:
    """Whether a model says, in whatever words, that there is no answer."""
    return bool(_ABSTAINS.search(text)) or text.startswith(ABSTENTION.rstrip("."))


def split_sentences(text: str) -> list[tuple[str, list[int]]]:
    """The sentences of what a model wrote, each with the passages that it names; the last one may not be finished.

    A marker belongs to the sentence that it ends, or stands in.

    >>> split_sentences("Boats left in May [1]. They came back [passages 2 and 3].\\nAll of")
    [('Boats left in May.', [1]), ('They came back.', [2, 3]), ('All of', [])]
    """
    found: list[tuple[str, list[int]]] = []
    for line in text.splitlines():
        line = _MARKER.sub(lambda match: "".join(f" [{number}]" for number in re.findall(r"\d+", match[1])), line)
        line = _BULLET.sub("", _TIDY.sub(r"\2\1", _LEADING.sub("", line).strip()))
        open_words, open_markers = "", list[int]()
        for words, tail in _PIECE.findall(line):
            spans = sentence_spans(words)
            for start, end in spans:
                open_words = f"{open_words} {words[start:end]}".strip()
                if end == spans[-1][1]:
                    open_markers += map(int, re.findall(r"\d+", tail))
                if _ENDED.search(open_words):
                    found.append((open_words, open_markers))
                    open_words, open_markers = "", []
        if open_words:
            found.append((open_words, open_markers))
    return found


def _sought(markers: Sequence[int], passages: Sequence[Passage]) -> list[list[Passage]]:
    """Where the words of a sentence are looked for, one after the other: in what it cites, then in each passage."""
    cited = [passages[marker - 1] for marker in dict.fromkeys(markers) if 0 < marker <= len(passages)]
    others = [[passage] for passage in passages if [passage] != cited]
    return [cited, *others] if cited else others


def _numbered(citation: Citation, known: Sequence[Citation]) -> tuple[Citation, bool]:
    """The citation under its marker in the answer, and whether it is a new one."""
    for earlier in known:
        if (earlier.source, earlier.start, earlier.end) == (citation.source, citation.start, citation.end):
            return earlier, False
    return replace(citation, marker=len(known) + 1), True
