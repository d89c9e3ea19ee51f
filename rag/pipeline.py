"""The path of a question, and the only place where the parts are put together."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag.arguments import check_model, check_top_k, readable, shown
from rag.cite.quotes import cite
from rag.cite.support import verify
from rag.errors import QuestionError, SettingsError
from rag.followup.condense import standalone
from rag.index.store import Index, Store, has_index
from rag.ingest.instructions import masked
from rag.models.encoders import GET_MULTILINGUAL, encoder, profile
from rag.news.conflicts import differing
from rag.news.order import order_reading
from rag.news.period import DEPTH, Period, asked_period
from rag.read.reader import build_reader
from rag.search.retrieve import HybridRetriever, Retriever, parse_filters
from rag.search.spelling import Spelling, other_spellings, spell
from rag.settings import DEFAULT_INDEX, EXTRACTIVE, Settings
from rag.text.languages import Language, language_of
from rag.types import Answer, Citation, Filters, Passage, Reader, Reading, Sentence
from rag.write.verdict import is_to_the_point, states_answer, verdict_of
from rag.write.writer import WRITING, Draft, Writer

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

SEARCHING, READING, CHECKING = "searching", "reading", "checking"  # the steps of an answer, with WRITING
MOST_MODELS = 8  # language models that are kept for the next question
UNSUPPORTED = "[not supported]"
REPLACED = "What the model wrote did not hold against the articles: these are their own words."
NOT_FOUND = "The model wrote no answer: these are the articles' own words."
Step = str | Citation | Sentence | Answer


@dataclass(frozen=True)
class _Search:
    """What was searched for, a question without its time where it names one, and what was found."""

    spelling: Spelling
    asked: str
    period: Period | None
    filters: Filters
    top_k: int
    passages: list[Passage]

    def notes(self, answer: Answer) -> tuple[str, ...]:
        """What its reader should know: how words were read, of which time it is, what an abstention may be due to."""
        spoken = self.period.notes(answer.citations) if self.period else ()
        notes = (self.spelling.note, *spoken) if self.spelling.note else spoken
        if answer.answered:
            return notes
        return (*notes, *other_spellings(self.spelling.question, self.passages), *self.filters.notes())


class RAG:
    """Answers questions from one index. Build it once with `build_rag`; it is safe for threads."""

    def __init__(self, settings: Settings, store: Store, retriever: Retriever, reader: Reader) -> None:
        self.settings = settings
        self.store = store
        self.retriever = retriever
        self.reader = reader
        self._making = threading.Lock()
        self._models: dict[str, ChatModel] = {}
        self.chat_model(settings.model)  # now, so that what it lacks is known before the first question

    def answer(
        self,
        question: str,
        *,
        history: Sequence[Mapping[str, Any]] | None = None,
        filters: Mapping[str, Any] | None = None,
        top_k: int | None = None,
        model: str | None = None,
    ) -> Answer:
        """Answer one question with citations, or say that the articles do not say.

        Args:
            history: earlier messages, oldest first: `{"role": "user" | "assistant", "content": …}`.
            filters: `publisher` (a name or several), `date_from`, `date_to` (dates, inclusive).
            top_k: passages handed to the reader; by default the settings' number.
            model: what writes the answer; by default the settings' model.

        Raises:
            QuestionError: the question, history, filters or top_k cannot be used.
            StoreError: the index cannot be read.
            SettingsError: there is no such model on this machine.
            ModelError: the model failed before anything it wrote was checked.
        """
        for step in self.stream(question, history=history, filters=filters, top_k=top_k, model=model):
            if isinstance(step, Answer):
                return step
        raise AssertionError("the steps end with an answer")

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Mapping[str, Any]] | None = None,
        filters: Mapping[str, Any] | None = None,
        top_k: int | None = None,
        model: str | None = None,
    ) -> Iterator[Step]:
        """`answer`, step by step; closing the iterator stops the model at its next token.

        In this order: the name of each step as it begins; where a model writes, "writing" again with every piece, and
        each sentence as soon as it is checked, ahead of it the citations it is the first to need; at the end the
        answer, which is what counts: where most of what was written is unsupported, it is another one.

        All of it is of one state of the index, the newest when the search begins.
        """
        clock = [time.perf_counter()]
        question = check_question(question, self.settings.max_question_characters)
        passages = check_top_k(top_k, self.settings.top_k)
        wanted = parse_filters(filters)
        name = check_model(model, self.settings.model)
        chat = self.chat_model(name)
        draft = Draft()
        query = standalone(question, () if history is None else history, chat, draft)
        yield SEARCHING
        with self.store.snapshot() as index:
            search = self._search(index, query, wanted, passages)
            clock.append(time.perf_counter())
            yield READING
            # A model gets nothing to read that looks like an instruction to it, so nothing is quoted from there either.
            read = [replace(each, text=masked(each.text)) for each in search.passages] if chat else search.passages
            reading, chat = self._read(index, search, read, chat, draft)
            if chat and reading.answers:
                yield WRITING
                yield from Writer(chat, index.text).write(search.spelling.question, reading.ranking or read, draft)
            yield CHECKING
            judged = bool(chat and verdict_of(chat.bytes))
            written = _written(draft) if chat and is_to_the_point(chat, draft.citations, reading) else None
            answer = written or self._quoted(index, reading, draft, language_of(query), judged=judged)
            answer = differing(answer, search.spelling.question, reading, index.text)
            yield replace(
                answer,
                question=question,
                standalone_question=query,
                passages=tuple(search.passages),
                confidence=reading.confidence,
                model=name,
                notes=(*answer.notes, *search.notes(answer)),
                left_out=tuple(passage.id for passage in draft.left_out),
                tokens_in=draft.tokens_in,
                tokens_out=draft.tokens_out,
                timings=_timings(clock, answer, draft),
            )

    def _search(self, index: Index, query: str, filters: Filters, top_k: int) -> _Search:
        """What is found for the query, or for it with the spelling of what was found."""
        found = self._found(index, Spelling(query), filters, top_k)
        spelling = spell(query, found.passages)
        return self._found(index, spelling, filters, top_k) if spelling.question != query else found

    def _found(self, index: Index, spelling: Spelling, filters: Filters, top_k: int) -> _Search:
        period = asked_period(spelling.question)
        asked = period.question if period else spelling.question
        passages = self.retriever.retrieve(asked, DEPTH * top_k if period else top_k, filters, index)
        best = period.prefer(passages, top_k) if period else passages
        return _Search(spelling, asked, period, filters, top_k, best)

    def _read(
        self, index: Index, search: _Search, passages: list[Passage], chat: ChatModel | None, draft: Draft
    ) -> tuple[Reading, ChatModel | None]:
        """What the passages say, and the model that may write of it: none where dates decide."""
        ordered = order_reading(
            search.asked,
            lambda event: self.retriever.retrieve(event, search.top_k, search.filters, index),
            self.reader,
        )
        if ordered and (ordered.answers or not chat):
            return ordered, None
        reading = self.reader.read(search.asked, passages)
        if search.period:
            reading = search.period.in_order(reading)
        if chat:
            reading = replace(reading, answers=states_answer(chat, search.spelling.question, reading, draft))
        return reading, chat

    def chat_model(self, name: str) -> ChatModel | None:
        """The language model of a name, made once; kept are the last `MOST_MODELS`, of those in this process one.

        Raises:
            SettingsError: it is no name, or there is no such model on this machine.
        """
        name = check_model("" if name is None else name, "")
        if name == EXTRACTIVE:
            return None
        from rag.models.chat import chat_model

        with self._making:
            if name not in self._models:
                made = chat_model(name, self.settings)
                others = [(kept, one) for kept, one in self._models.items() if not (one.local and made.local)]
                self._models = dict([*others[1 - MOST_MODELS :], (name, made)])
            return self._models[name]

    def _quoted(self, index: Index, reading: Reading, draft: Draft, language: Language, *, judged: bool) -> Answer:
        """The reader's quotations, or an abstention; a model with a measured verdict is not followed in abstaining."""
        text, citations = cite(reading.spans, index.text)
        quotes = [citation.quote for citation in citations]
        served = profile(self.settings.embedding_model).serves(language.code)
        if not served and (language.is_foreign(quotes) or not citations):  # the articles may say it
            return _answer(f"{language.needs_extra}: {GET_MULTILINGUAL}", closest=citations)
        if not citations or not reading.answers or (draft.abstained and not judged):
            return _answer(language.abstention, closest=citations)
        notes = [NOT_FOUND] if draft.abstained else [REPLACED] if draft.sentences else []
        text = language.introduce(text, quotes)
        sentences = verify(text, citations)
        if reading.conclusion:
            markers = "".join(f"[{citation.marker}]" for citation in citations)
            concluded = f"{reading.conclusion} {markers}"
            text, sentences = f"{text} {concluded}", (*sentences, *verify(concluded, citations))
        return _answer(text, citations, sentences, notes=notes)

    def article(self, source: str) -> str:
        """The cleaned text of an article or copy; citations point into it.

        Raises:
            StoreError: there is no such article in the index.
        """
        return self.store.text(source)

    def close(self) -> None:
        """Let go of the index's files."""
        self.store.close()


def build_rag(settings: Settings | None = None) -> RAG:
    """Put a service together from settings.

    At the default place, and only there, a missing index is built from the articles that come with the
    package; a line on stderr says so.

    Raises:
        SettingsError: a setting names something that is not there.
        StoreError: the index is missing, damaged or built with other settings.
    """
    settings = Settings() if settings is None else settings
    if not isinstance(settings, Settings):
        raise SettingsError(f"settings cannot be {shown(settings)}; give Settings(…) or None")
    if settings.index == DEFAULT_INDEX and not has_index(settings.index):
        _index_seeds(settings)
    model = settings.embedding_model
    queries = encoder(model, "query")
    store = Store(settings)
    dense_weight = profile(model).dense_weight if settings.dense_weight is None else settings.dense_weight
    retriever = HybridRetriever(store, queries, settings.candidates, dense_weight)
    return RAG(settings, store, retriever, build_reader(model, settings.min_confidence))


def ask(
    question: str,
    *,
    history: Sequence[Mapping[str, Any]] | None = None,
    filters: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
) -> Answer:
    """Answer one question; for several, keep what `build_rag` returns.

    Same as `build_rag(settings).answer(question, history=history, filters=filters)`.

    Raises:
        RAGError: with one line that says what to do.
    """
    rag = build_rag(settings)
    try:
        return rag.answer(question, history=history, filters=filters)
    finally:
        rag.close()


def _written(draft: Draft) -> Answer | None:
    """What the model wrote, where enough of it is supported."""
    if not draft.supported or draft.supported * 2 < len(draft.sentences):
        return None
    text = " ".join(f"{sentence.text} {_mark(sentence)}" for sentence in draft.sentences)
    return _answer(text, draft.citations, draft.sentences, notes=draft.notes)


def _answer(
    text: str,
    citations: Sequence[Citation] = (),
    sentences: Sequence[Sentence] = (),
    *,
    closest: Sequence[Citation] = (),
    notes: Sequence[str] = (),
) -> Answer:
    """The part of an answer that is shown."""
    return Answer(
        question="", text=text, answered=bool(sentences), confidence=0.0, citations=tuple(citations), passages=(),
        model="", closest=tuple(closest), sentences=tuple(sentences), notes=tuple(notes),
    )  # fmt: skip


def _mark(sentence: Sentence) -> str:
    """What stands behind a sentence in the text: its markers, or that it has none."""
    return "".join(f"[{marker}]" for marker in sentence.markers) if sentence.supported else UNSUPPORTED


def check_question(question: str, longest: int) -> str:
    """The question with control characters and runs of white space made single spaces.

    Raises:
        QuestionError: it is not text, has no letter or digit, or is longer than `longest` characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"a question is a string, not {type(question).__name__}")
    if len(question) > longest:
        raise QuestionError(
            f"the question has {len(question):,} characters, more than {longest:,}; "
            "shorten it or raise RAG_MAX_QUESTION_CHARACTERS"
        )
    visible = readable(question)
    if not any(character.isalnum() for character in visible):
        raise QuestionError("the question has no words; type a question in words")
    return " ".join(visible.split())


def _timings(clock: Sequence[float], answer: Answer, draft: Draft) -> dict[str, float]:
    """Seconds by step. What was replaced counts as never shown."""
    started, retrieved, finished = *clock, time.perf_counter()
    seconds = {"retrieve": retrieved - started, "read": finished - retrieved, "total": finished - started}
    if answer.answered:
        kept = answer.sentences[: len(draft.sentences)] == tuple(draft.sentences)
        seconds["first_sentence"] = (draft.first_sentence if kept and draft.first_sentence else finished) - started
    return seconds


def _index_seeds(settings: Settings) -> None:
    from rag.ingest.build import SEEDS, ingest
    from rag.ingest.progress import ProgressBar

    print(f"No index yet: indexing the articles that come with the package into {settings.index}", file=sys.stderr)
    with ProgressBar() as progress:
        ingest([SEEDS], settings, progress=progress)
