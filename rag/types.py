"""The values that travel from an article to the index, and from a question to its answer."""

from __future__ import annotations

import dataclasses
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from rag.text.sentences import sentence_spans
from rag.text.speaker import Turn
from rag.text.times import TimeExpression

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


UNSUPPORTED = "[not supported]"  # stands in place of markers
_REWRITTEN = timedelta(days=7)  # news is written anew in its first days; what changes later are details
SURENESS = ((0.8, "very likely"), (0.5, "likely"), (0.25, "unlikely"), (0.0, "very unlikely"))  # from which confidence
PLAIN = "plain"  # a question that a sentence or two answer
CLOSEST = "The closest passages, which need not answer it:"  # above those of an answer that is not sure


@dataclass(frozen=True)
class Removal:
    """A piece of the page that is no part of the article, and why it was taken out, in plain English."""

    text: str
    reason: str


@dataclass(frozen=True)
class Instruction:
    """A sentence that looks like an instruction to a language model, in visible characters, and why."""

    text: str
    reason: str


@dataclass(frozen=True)
class Article:
    """A cleaned article.

    `original` is the source it is a copy of, or its own source. `instructions` are the words of it that look like
    instructions to a language model. `updated` is the day of its last update, where it says so. `no_later_than` is by
    when an undated one was there, as its update, the head of its page or a copy shows. `imprint` are its lines that
    say no more than who wrote it, for whom and when. `sentences` and `turns` are there once an original is in an index.
    `notes` say what was guessed or lost when its file was read, a line each. `sections` are the parts of its file, as
    `Content.sections` has them, by where they begin in `text`. `container` is the source of its file where
    that holds several articles; `digest` is then that of the article alone. `people` are those whom an original names,
    and how often, once it is in an index. Places are offsets in characters.
    """

    source: str
    digest: str
    title: str
    publisher: str | None
    published: date | None
    author: str | None
    text: str
    removed: tuple[Removal, ...]
    original: str
    instructions: tuple[Instruction, ...] = ()
    no_later_than: date | None = None
    sentences: tuple[tuple[int, int], ...] = ()
    turns: tuple[Turn, ...] = ()
    updated: date | None = None
    imprint: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()
    sections: tuple[tuple[int, str], ...] = ()
    container: str | None = None
    people: tuple[tuple[str, int], ...] = ()

    @property
    def file(self) -> str:
        """The source of the file that it lies in: its own, unless that holds others as well."""
        return self.container or self.source


@dataclass(frozen=True)
class Listed:
    """What a list says of an article or copy; as in `Article`, `length` in characters."""

    source: str
    title: str
    publisher: str | None
    published: date | None
    author: str | None
    original: str
    no_later_than: date | None
    updated: date | None
    length: int

    @property
    def day(self) -> date | None:
        """By which it can be put in order of time: its own, else that by which it was there."""
        return self.published or self.no_later_than


@dataclass(frozen=True)
class Chunk:
    """A span of an original article, and the header it is embedded under."""

    id: str
    source: str
    start: int
    end: int
    header: str

    @classmethod
    def of(cls, source: str, no_later_than: date | str | None, start: int, end: int, header: str, text: str) -> Chunk:
        """The chunk whose id tells all that its vector depends on.

        A vector carries the day that a copy shows, for filters: with another day it is another vector.
        """
        content = "\0".join((source, str(no_later_than), str(start), header, text))
        return cls(hashlib.sha256(content.encode()).hexdigest()[:32], source, start, end, header)


@dataclass(frozen=True)
class Passage:
    """A chunk that retrieval found: `text == article[start:end]` of the cleaned article `source`.

    `score` is the fused retrieval score; higher is better, and only comparable within one question. `turns` are those
    of the whole article, where it is an interview, `article_sentences` its sentences, None where it comes from no
    index, `imprint` its lines that say no more than who wrote it, for whom and when, `sections` the parts of its file.
    `updated` is the day of the article's last update, `no_later_than` the day that this, a republished copy or the
    page's head shows, where the article itself shows none of publication.
    """

    id: str
    text: str
    source: str
    title: str
    publisher: str | None
    published: date | None
    start: int
    end: int
    score: float
    republished_in: tuple[str, ...] = ()
    author: str | None = None
    turns: tuple[Turn, ...] = ()
    no_later_than: date | None = None
    article_sentences: tuple[tuple[int, int], ...] | None = field(default=None, repr=False, compare=False)
    updated: date | None = None
    imprint: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    sections: tuple[tuple[int, str], ...] = field(default=(), repr=False, compare=False)

    def place(self, offset: int) -> str | None:
        """The part of its article's file in which a character stands ("page 3"); None where the file has none."""
        number = bisect_right(self.sections, offset, key=lambda section: section[0])
        return (number and self.sections[number - 1][1]) or None

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """The sentences of its article, offsets there; only its own where it comes from no index."""
        if self.article_sentences is not None:
            return self.article_sentences
        return tuple((self.start + start, self.start + end) for start, end in sentence_spans(self.text))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Its own sentences, as far as they reach into it, without the white space around them."""
        found = []
        before, behind = (bisect_left(self.sentences, (place,)) for place in (self.start, self.end))
        for first, last in self.sentences[max(before - 1, 0) : behind]:
            words = self.text[max(first - self.start, 0) : max(last - self.start, 0)]
            if words.strip():
                start = max(first, self.start) + len(words) - len(words.lstrip())
                found.append(Span(self, start, start + len(words.strip())))
        return tuple(found)

    @property
    def day(self) -> date | None:
        """By which it can be put in order of time: its article's, else that by which the article was there."""
        return self.published or self.no_later_than

    @property
    def written(self) -> tuple[date, ...]:
        """The days on which its words may have been written: of publication, and of an update soon after, or alone."""
        if not self.published:
            return (self.updated,) if self.updated else ()
        soon = self.updated and self.updated - self.published <= _REWRITTEN
        return (self.published, self.updated) if soon and self.updated else (self.published,)

    def to_dict(self) -> dict[str, Any]:
        """The passage as plain JSON values, with its place, and without what is known of its whole article."""
        plain: dict[str, Any] = as_json(dataclasses.asdict(self)) | {"place": self.place(self.start)}
        del plain["article_sentences"], plain["sections"], plain["imprint"], plain["turns"]
        return plain

    @property
    def about(self) -> str:
        """What is known of its article: headline, publisher, date."""
        day = self.published.strftime("%d %B %Y") if self.published else ""
        return " ".join(part for part in (self.title, self.publisher or "", day) if part)


@dataclass(frozen=True)
class Citation:
    """The exact words behind one marker: `article[start:end] == quote`, offsets in characters.

    `speaker` is who says them, where the article shows it outside the quote: in an interview, or its author.
    `times` are the words of the quote that name a time by the day of publication ("on Friday"), offsets in the article.
    `updated` is the day of the article's last update, where it says so.
    `answer` are the words that answer, if the reader is sure of them: first and last offset in the article.
    `place` is the part of the file in which the quote begins, where its format has such: "page 3".
    """

    marker: int
    source: str
    title: str
    publisher: str | None
    published: date | None
    quote: str
    start: int
    end: int
    republished_in: tuple[str, ...] = ()
    speaker: str | None = None
    times: tuple[TimeExpression, ...] = ()
    no_later_than: date | None = None
    answer: tuple[int, int] | None = None
    updated: date | None = None
    place: str | None = None

    @property
    def answer_words(self) -> str:
        """The words that answer, "" where none are marked."""
        start, end = self.answer or (self.start, self.start)
        return " ".join(self.quote[start - self.start : end - self.start].split())


@dataclass(frozen=True)
class Conflict:
    """What one of several articles that differ says of the matter: words of the quote behind its marker, and its date.

    `value in quote` of the citation; `published` is that of its article.
    """

    value: str
    marker: int
    published: date | None


@dataclass(frozen=True)
class Sentence:
    """A sentence of an answer, checked against what it cites; `reason` says why it is not supported, else "".

    `answer` is the place of the words in `text` that answer, where they are known.
    """

    text: str
    markers: tuple[int, ...]
    supported: bool
    reason: str = ""
    answer: tuple[int, int] | None = None


@dataclass(frozen=True)
class Reading:
    """What a reader made of the passages: the best spans in reading order, and how likely they answer.

    `confidence` is a probability, 0 to 1; `answers` is False where it is too low for them to be shown as an answer.
    `ranking` has the passages again, those with the best evidence first; `shortlist` the sentences it looked at
    closely. `words` are those of the best span that answer, where the reader is sure of them.
    """

    spans: tuple[Span, ...]
    confidence: float
    answers: bool
    ranking: tuple[Passage, ...] = ()
    shortlist: tuple[Scored, ...] = ()
    words: Span | None = None


@dataclass(frozen=True)
class Span:
    """A piece of one passage's article, offsets in characters of the cleaned article."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words themselves."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    def within(self, other: Span) -> bool:
        """Whether it is the other one or a part of it."""
        return self.passage.source == other.passage.source and other.start <= self.start and self.end <= other.end


@dataclass(frozen=True)
class Scored:
    """A sentence that a reader looked at, with its log-odds of answering, comparable within one question.

    `meaning` is the vector of the sentence in its context, of unit length, where such vectors can be compared.
    """

    span: Span
    score: float
    meaning: NDArray[np.float32] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Statement:
    """Words of an answer as they are shown, a quote or a sentence that a model wrote, and the markers behind them.

    `sentences` are those of `text`, each held against what it cites; without any it states nothing of an article.
    `heading` is what it stands under, where an answer has several parts: a question, a thing that is compared, a day.
    """

    text: str
    markers: tuple[int, ...]
    sentences: tuple[Sentence, ...]
    heading: str = ""

    @property
    def marked(self) -> str:
        """The words with their markers, or that nothing supports them."""
        supported = all(sentence.supported for sentence in self.sentences)
        behind = markers(self.markers) if supported else UNSUPPORTED
        return f"{self.text} {behind}" if behind else self.text


def markers(numbers: Iterable[int]) -> str:
    """As they stand behind words.

    >>> markers((1, 3))
    '[1][3]'
    """
    return "".join(f"[{number}]" for number in numbers)


@dataclass(frozen=True)
class Entry:
    """A line of a list about the collection itself, such as a headline or a name, and the articles that it is of."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """An answer in its parts, with its evidence.

    `statements` are what it says; without any the articles do not say, and `abstention` says so in the question's
    language, in English as `ABSTENTION`, or that a question in this language needs another index. `lead` is a line
    ahead of quotes in another language than the question's, `remark` one below the quotes which says that they differ.
    `text` is all of these.

    `closest` is what the reader finds nearest where nothing is shown as an answer. `unsure` says that it is worth a
    look: the chance that it answers is at least a tenth. `confidence` (0 to 1) is how likely the quoted, or closest,
    words answer the question; of the sentences that a language model writes (`by_model`) it tells nothing.
    `standalone_question` is what was searched for: the question, or a follow-up made to stand alone, slips and all.
    `timings` are seconds by step; `first_sentence`, until the first checked one was shown.

    `notes` are what the reader should know of how the answer came about, a line each: which words of the question were
    taken for slips, of which time it speaks, what was done with a language model's text.

    `conflicts` are at least two where the cited articles differ on what is asked, else none.

    `kind` is that of the question (`rag.questions.kinds`). `entries` are what is known of the articles as such, not
    from their words: a list of articles or of names.

    Of a language model also: `tokens_in` and `tokens_out`, of all that it was asked; `left_out`, the ids of passages
    for which its context had no room.
    """

    question: str
    statements: tuple[Statement, ...]
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    model: str
    abstention: str = ""
    lead: str = ""
    remark: Sentence | None = None
    closest: tuple[Citation, ...] = ()
    standalone_question: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    conflicts: tuple[Conflict, ...] = ()
    unsure: bool = False
    by_model: bool = False
    kind: str = PLAIN
    entries: tuple[Entry, ...] = ()

    @property
    def short(self) -> str:
        """The quoted words that answer by themselves, "" where the reader is sure of none, or a model writes."""
        return next((citation.answer_words for citation in self.citations if citation.answer), "")

    @property
    def sureness(self) -> str:
        """The confidence in words: how likely the quotes answer; "" where they are several, or a model's own words."""
        if self.by_model or self.kind not in (PLAIN, "yes-no"):
            return ""
        return next(words for least, words in SURENESS if self.confidence >= least)

    @property
    def blocks(self) -> list[tuple[str, tuple[Statement, ...]]]:
        """The statements by their headings, in order."""
        return [(heading, tuple(under)) for heading, under in groupby(self.statements, lambda each: each.heading)]

    @property
    def nearest(self) -> tuple[Citation, ...]:
        """The closest passages, where they are worth a look."""
        return self.closest if self.unsure else ()

    @property
    def answered(self) -> bool:
        """Whether an answer is shown."""
        return bool(self.statements)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All that are shown as said by the articles, the remark last."""
        said = tuple(sentence for statement in self.statements for sentence in statement.sentences)
        return (*said, self.remark) if self.remark else said

    @property
    def text(self) -> str:
        """The parts as one text."""
        blocks = [
            "\n".join(filter(None, (heading, " ".join(statement.marked for statement in under))))
            for heading, under in self.blocks
        ]
        said = "\n\n".join(blocks) or self.abstention
        listed = "\n".join(f"- {entry.text}" for entry in self.entries)
        above = "\n".join(filter(None, (self.lead, said, listed)))
        return f"{above}\n\n{self.remark.text}" if self.remark else above

    def to_dict(self, *, passages: bool = True) -> dict[str, Any]:
        """The answer as plain JSON values, with its text and sentences, and the passages unless they are not wanted."""
        sentences = [dataclasses.asdict(sentence) for sentence in self.sentences]
        whole = {"text": self.text, "answered": self.answered, "short": self.short, "sureness": self.sureness,
                 "sentences": sentences}  # fmt: skip
        plain: dict[str, Any] = as_json(dataclasses.asdict(replace(self, passages=())) | whole)
        del plain["passages"]
        return plain | {"passages": [each.to_dict() for each in self.passages]} if passages else plain


def as_json(value: Any) -> Any:
    """Plain JSON values: dates are ISO strings, tuples are lists."""
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


class Reader(Protocol):
    """Finds in the passages what answers a question, or nothing."""

    def read(self, question: str, passages: Sequence[Passage]) -> Reading: ...


@dataclass(frozen=True)
class Filters:
    """Which articles may be searched; None means any. Dates are inclusive.

    An article without a publisher or a date never passes a filter on it; but one that is `no_later_than` a day passes
    a `date_to` of that day or later.
    """

    publishers: frozenset[str] | None = None
    date_from: date | None = None
    date_to: date | None = None

    def notes(self) -> tuple[str, ...]:
        """What an abstention has to say about them: that other articles were not searched.

        >>> Filters(frozenset({"Arun Post"}), date_to=date(2021, 5, 3)).notes()
        ('Only articles of Arun Post, to 2021-05-03 were searched.',)
        >>> Filters().notes()
        ()
        """
        limits = [
            f"of {' or '.join(sorted(self.publishers))}" if self.publishers else "",
            f"from {self.date_from}" if self.date_from else "",
            f"to {self.date_to}" if self.date_to else "",
        ]
        words = ", ".join(filter(None, limits))
        return (f"Only articles {words} were searched.",) if words else ()
