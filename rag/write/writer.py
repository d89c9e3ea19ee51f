"""What a language model writes, sentence by sentence, each checked before it is shown.

The model's own markers say where to look first. What counts are the quotes: a sentence is shown with the sentences of
an article that support it (rag/cite/support.py), or as one that none supports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.cite.quotes import attributed, cite
from rag.cite.support import evidence, nearly_quoted, unsupported
from rag.errors import ModelError
from rag.events import WRITING, Checked, Cited, Event, StepBegun
from rag.text.languages import ABSTENTION
from rag.types import Citation, Passage, Sentence, Statement
from rag.write.prompts import ANSWER, answer_prompt, fit_passages, room_beside
from rag.write.said import begins_anew, in_quotation, is_talk, leads, split_sentences
from rag.write.small import is_small

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

LOOSE = "the cited words have its words, but not in one sentence and in this order, and the model is a small one"
MOST_WRITTEN = 12  # sentences of an answer; a model that goes on is stopped
_NAME = re.compile(r"\b[A-Z][\w-]+(?: [A-Z][\w-]+)+")
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


@dataclass(frozen=True)
class Written:
    """What a model wrote: each sentence checked, its markers those of `citations`.

    `abstained`: it says that the articles do not say. `left_out`: passages that its prompt had no room for.
    """

    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[Passage, ...] = ()
    abstained: bool = False

    @property
    def holds(self) -> bool:
        """Whether enough of it is supported to be shown."""
        supported = sum(sentence.supported for sentence in self.sentences)
        return 0 < supported >= len(self.sentences) / 2

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Its sentences as an answer has them."""
        return tuple(Statement(sentence.text, sentence.markers, (sentence,)) for sentence in self.sentences)


class Writer:
    """Has a model write the answer to one question from passages, and checks it against the articles."""

    def __init__(self, model: ChatModel, article_text: Callable[[str], str], task: str = ANSWER) -> None:
        self.model = model
        self._task = task
        self._article_text = article_text
        self._begin(0)

    def _begin(self, place: int) -> None:
        """Begin with what stands behind a place of the text."""
        self._begun = place
        self._sentences: list[Sentence] = []
        self._citations: list[Citation] = []
        self._notes: list[str] = []
        self._seen = 0  # sentences that the model has written, shown or not
        self._abstained = self._repeats = False

    def write(self, question: str, passages: Sequence[Passage]) -> Generator[Event, None, Written]:
        """What was written; each sentence is given as soon as it is checked, new citations before it.

        "writing" comes with each piece of text, so that the model can be stopped there: close the iterator.

        Raises:
            ModelError: the model failed before anything was checked; later, a note says so.
        """
        room = room_beside(answer_prompt(question, [], self._task), self.model.context, self.model.count)
        read, left_out = fit_passages(passages, room, self.model.count)
        if not read:
            raise ModelError(f"{self.model.name} has no room for a passage; raise RAG_CONTEXT_TOKENS")
        text, interrupted = "", False
        try:
            with closing(self.model.stream(answer_prompt(question, read, self._task))) as pieces:
                for piece in pieces:
                    text += piece.text
                    yield StepBegun(WRITING)
                    if (place := begins_anew(text)) != self._begun:  # what was checked was a thought
                        self._begin(place)
                    if not in_quotation(text):
                        yield from self._check(split_sentences(text)[:-1], question, read)
                    if self._finished:
                        break
        except ModelError as error:
            if not self._sentences:
                raise
            interrupted = True
            self._notes.append(f"The answer breaks off here: {error}.")
        if not (self._finished or interrupted):
            yield from self._check(split_sentences(text), question, read)
        return Written(
            tuple(self._sentences),
            tuple(self._citations),
            tuple(self._notes),
            tuple(left_out),
            self._abstained,
        )

    @property
    def _finished(self) -> bool:
        """Whether nothing that could still come would be shown."""
        return self._abstained or self._repeats or len(self._sentences) >= MOST_WRITTEN

    def _check(
        self, written: Sequence[tuple[str, list[int]]], question: str, passages: Sequence[Passage]
    ) -> Iterator[Event]:
        """Check the sentences that were not there the last time."""
        for text, markers in written[self._seen :]:
            self._seen += 1
            self._repeats = any(text == earlier.text for earlier in self._sentences)
            if not any(map(str.isalnum, text)) or is_talk(text):
                continue
            if abstains(text):
                self._abstained = not self._sentences
                if self._sentences:
                    self._notes.append(f"The model adds: {text}")
            elif not self._finished:
                yield from self._checked(text, question, _sought(markers, passages))
            if self._finished:
                return

    def _checked(self, text: str, question: str, sought: Sequence[Sequence[Passage]]) -> Iterator[Event]:
        """The sentence with citations of what supports it, or the reason why nothing does."""
        found, reason = self._supported_by(text, question, sought)
        if reason and leads(text):
            return
        markers = []
        for citation in found:
            known, new = _numbered(citation, self._citations)
            if new:
                self._citations.append(known)
                yield Cited(known)
            markers.append(known.marker)
        sentence = Sentence(text, tuple(dict.fromkeys(markers)), supported=not reason, reason=reason)
        self._sentences.append(sentence)
        yield Checked(sentence)

    def _supported_by(
        self, text: str, question: str, sought: Sequence[Sequence[Passage]]
    ) -> tuple[Sequence[Citation], str]:
        """Citations of what supports a sentence; or none of them, and the reason.

        A small model is not trusted with other words than the articles': it combines them into what nobody said.
        """
        reasons = []
        for passages in sought:
            found = cite(evidence(text, passages, question), self._article_text)
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
