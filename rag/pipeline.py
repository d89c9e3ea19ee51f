"""The path of a question, and the only place where the parts are put together."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from rag.cite.quotes import cite
from rag.cite.support import quotation
from rag.errors import QuestionError, SettingsError
from rag.events import CHECKING, READING, SEARCHING, WRITING, Answered, Checked, Event, StepBegun
from rag.followup.condense import (
    Leaning,
    asks_alone,
    changed,
    contexts,
    continues,
    last_answer,
    leaning,
    quotes,
    standalone,
)
from rag.followup.condense import asked as asked_before
from rag.index.store import Index, Store, has_index, no_index
from rag.ingest.instructions import masked
from rag.inputs import check_model, check_question, check_top_k, parse_filters, shown
from rag.models.encoders import GET_MULTILINGUAL, encoder, profile
from rag.models.names import provider_and_model
from rag.news.conflicts import Differing, differing
from rag.news.period import DEPTH, Period, asked_period
from rag.questions.asking import Asking
from rag.questions.kinds import answer_by_kind
from rag.questions.parts import parts_of
from rag.questions.several import together
from rag.read.missing import missing
from rag.read.reader import ANSWERS, USELESS, build_reader
from rag.search.retrieve import HybridRetriever, Retriever
from rag.search.spelling import Spelling, other_spellings, spell
from rag.settings import DEFAULT_INDEX, EXTRACTIVE, Settings
from rag.text.languages import Language, language_of
from rag.text.words import terms
from rag.types import Answer, Citation, Filters, Passage, Reader, Reading, Statement
from rag.write.prompts import REPORT
from rag.write.small import is_small, is_to_the_point
from rag.write.writer import Writer, Written

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

WRITTEN = ("overview", "comparison", "timeline")  # kinds of questions for which a model writes of what is quoted
MOST_MODELS = 8  # language models that are kept for the next question
CLEARLY = 0.15  # difference in confidence that decides whether a question which is answered alone is taken so
MOST_QUESTIONS = 6  # of one message that are answered
REPLACED = "What the model wrote did not hold against the articles: these are their own words."
NOT_FOUND = "The model wrote no answer: these are the articles' own words."


@dataclass(frozen=True)
class _Search:
    """What was searched for, a question without its time where it names one, and what was found.

    `reading` is what the reader made of it, where it has been read already.
    """

    spelling: Spelling
    asked: str
    period: Period | None
    filters: Filters
    passages: list[Passage]
    reading: Reading | None = None

    def notes(self, answer: Answer) -> tuple[str, ...]:
        """What its reader should know: how words were read, of which time it is, what an abstention may be due to."""
        spoken = self.period.notes(answer.citations) if self.period else ()
        notes = (self.spelling.note, *spoken) if self.spelling.note else spoken
        if answer.answered:
            return notes
        return (*notes, *other_spellings(self.spelling.question, self.passages), *self.filters.notes())


@dataclass(frozen=True)
class _Searcher:
    """Searches one state of the index for what one message asks."""

    index: Index
    retriever: Retriever
    reader: Reader
    filters: Filters
    top_k: int

    def search(self, query: str) -> _Search:
        """What is found for the query, or for it with the spelling of what was found."""
        found = self._found(Spelling(query))
        spelling = spell(query, found.passages)
        return self._found(spelling) if spelling.question != query else found

    def follow(self, question: str, contexts: Sequence[str], answered: str) -> tuple[str, _Search]:
        """A question that others precede: alone, or in one of the contexts, whichever is likelier answered.

        One with a subject of its own stands alone if it is answered so; one that stands for it by a pronoun does not
        if it is answered in a context. Such a one is first looked for in the articles that the last answer quotes.
        """
        alone, by_itself = self._read(question)
        lean = leaning(question)
        if lean is Leaning.NOT and by_itself.confidence >= ANSWERS:
            return question, alone
        if lean is not Leaning.NOT and (quoted := self._quoted_in(answered)):
            within = [(context, *self._read(context, quoted)) for context in (question, *contexts)]
            _, there, reading = max(within, key=lambda each: each[2].confidence)
            if reading.confidence >= max(ANSWERS, by_itself.confidence - CLEARLY):
                return contexts[0], there
        read = [(context, *self._read(context)) for context in contexts]
        going_on = [each for each in read if continues(question, each[0], each[2].spans)]
        if not terms(question):
            going_on = read
        if not going_on:
            return question, alone
        together, both, reading = max(going_on, key=lambda each: each[2].confidence)
        if not asks_alone(question):
            least = 0.0
        elif by_itself.confidence < ANSWERS:
            least = by_itself.confidence
        elif lean is Leaning.ON_SUBJECT:
            least = max(ANSWERS, by_itself.confidence - CLEARLY)
        else:
            least = by_itself.confidence + CLEARLY
        return (together, both) if reading.confidence > least else (question, alone)

    def _quoted_in(self, answer: str) -> list[Passage]:
        """The articles that an answer quotes, as one passage each."""
        if not answer:
            return []
        found = self.retriever.retrieve(answer, self.top_k, self.filters, self.index)
        quoted = [each.source for each in found if any(quotes(answer, span.text) for span in each.spans)]
        return [self.index.whole(source) for source in dict.fromkeys(quoted)]

    def _read(self, query: str, passages: list[Passage] | None = None) -> tuple[_Search, Reading]:
        """What is found for a query, here or among some passages, and what the reader makes of it."""
        search = self.search(query) if passages is None else replace(self._asks(Spelling(query)), passages=passages)
        reading = self.reader.read(search.asked, search.passages)
        return replace(search, reading=reading), reading

    def _found(self, spelling: Spelling) -> _Search:
        search = self._asks(spelling)
        depth = DEPTH * self.top_k if search.period else self.top_k
        passages = self.retriever.retrieve(search.asked, depth, self.filters, self.index)
        return replace(search, passages=search.period.prefer(passages, self.top_k) if search.period else passages)

    def _asks(self, spelling: Spelling) -> _Search:
        """What a question asks, and of which time, before anything is found."""
        period = asked_period(spelling.question)
        return _Search(spelling, period.question if period else spelling.question, period, self.filters, [])


@dataclass(frozen=True)
class _Shown:
    """What is said to a question, before sources that differ are looked for."""

    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    abstention: str = ""
    lead: str = ""
    closest: tuple[Citation, ...] = ()
    unsure: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """What a message is asked with; `history` are the messages before it."""

    top_k: int
    filters: Filters
    model: str
    chat: ChatModel | None
    history: Sequence[Mapping[str, Any]]


class _Options(TypedDict, total=False):
    """What `RAG.answer` takes beside a question."""

    history: Sequence[Mapping[str, Any]] | None
    filters: Mapping[str, Any] | None
    top_k: int | None
    model: str | None


class _Clock:
    """When what is shown of an answer was shown."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._found = self._sentence = 0.0

    def see(self, event: Event) -> None:
        """Look at an event as it comes."""
        now = time.perf_counter()
        if isinstance(event, StepBegun) and event.step == READING:
            self._found = self._found or now
        elif isinstance(event, Checked):
            self._sentence = self._sentence or now

    def timed(self, answer: Answer) -> Answer:
        """The answer with its seconds by step; what was written and replaced counts as never shown."""
        finished = time.perf_counter()
        found = self._found or finished
        seconds = {"retrieve": found - self._started, "read": finished - found, "total": finished - self._started}
        if answer.answered:
            seconds["first_sentence"] = ((answer.by_model and self._sentence) or finished) - self._started
        return replace(answer, timings=seconds)


class RAG:
    """Answers questions from one index. Build it once, `with build_rag() as rag`; it is safe for threads."""

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
        return _last(self.stream(question, history=history, filters=filters, top_k=top_k, model=model))

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Mapping[str, Any]] | None = None,
        filters: Mapping[str, Any] | None = None,
        top_k: int | None = None,
        model: str | None = None,
    ) -> Iterator[Event]:
        """`answer`, step by step; closing the iterator stops the model at its next token.

        In this order: each step as it begins; where a model writes, "writing" again with every piece, and each sentence
        as soon as it is checked, ahead of it the citations that it is the first to need; at the end the answer.

        All of it is of one state of the index, the newest when the search begins.
        """
        clock = _Clock()
        question = check_question(question, self.settings.max_question_characters)
        name = check_model(model, self.settings.model)
        chat = self.chat_model(name)
        asked = _Asked(
            check_top_k(top_k, self.settings.top_k),
            parse_filters(filters),
            name,
            chat and chat.metered(),
            () if history is None else history,
        )
        query = standalone(question, asked.history, asked.chat)
        yield StepBegun(SEARCHING)
        with self.store.snapshot() as index:
            for event in self._answers(index, asked, question, query):
                clock.see(event)
                yield event if not isinstance(event, Answered) else Answered(clock.timed(event.answer))

    def _answers(self, index: Index, asked: _Asked, question: str, query: str) -> Iterator[Event]:
        """The events of one message: of its one question, or of each of several, one after the other."""
        parts = parts_of(query)
        if len(parts) > 1:
            answers = []
            for number, part in enumerate(parts[:MOST_QUESTIONS]):
                earlier = [{"role": "user", "content": part} for part in parts[:number]]
                of_part = replace(asked, history=(*asked.history, *earlier))
                answers.append(_last(self._answers_one(index, of_part, part, part)))
            yield StepBegun(CHECKING)
            answer, left = together(question, answers), " ".join(parts[MOST_QUESTIONS:])
            note = f"Only the first {MOST_QUESTIONS} questions were looked at; ask again: {left}"
            yield Answered(replace(answer, notes=(*answer.notes, note)) if left else answer)
        else:
            yield from self._answers_one(index, asked, question, parts[0] if parts else query)

    def _answers_one(self, index: Index, asked: _Asked, question: str, query: str) -> Iterator[Event]:
        """The events of one question, by its kind."""
        asking = Asking(
            index,
            self.retriever,
            self.reader,
            asked.filters,
            asked.top_k,
            asked.model,
            encoder(self.settings.embedding_model, "document").encode,
            lambda part: _last(self._quotes(index, asked, part, part)),
            profile(self.settings.embedding_model).alike,
        )
        before = "" if asked.chat else next(reversed(asked_before(asked.history)), "")
        if answer := answer_by_kind(asking, query, before):
            if asked.chat and answer.kind in WRITTEN:
                answer = yield from self._written(index, asked.chat, answer)
            yield Answered(replace(answer, question=question))
        else:
            yield from self._quotes(index, asked, question, query)

    def _written(self, index: Index, chat: ChatModel, answer: Answer) -> Generator[Event, None, Answer]:
        """What a model writes of the sentences that an answer quotes; these themselves, where most does not hold."""
        sentences = [
            replace(
                index.whole(each.source),
                id=f"{each.source}:{each.start}",
                text=masked(each.quote),
                start=each.start,
                end=each.end,
            )
            for each in answer.citations
        ]
        if not sentences:
            return answer
        yield StepBegun(WRITING)
        written = yield from Writer(chat, index.text, REPORT).write(answer.standalone_question, sentences)
        yield StepBegun(CHECKING)
        answer = replace(answer, tokens_in=chat.usage.tokens_in, tokens_out=chat.usage.tokens_out)
        if not written.holds:
            return replace(answer, notes=(*answer.notes, REPLACED if written.sentences else NOT_FOUND))
        return replace(
            answer,
            statements=written.statements,
            citations=written.citations,
            notes=(*written.notes, *answer.notes),
            by_model=True,
        )

    def _quotes(self, index: Index, asked: _Asked, question: str, query: str) -> Iterator[Event]:
        """The events of a plain question: the sentences that answer it, or what a model writes of them."""
        chat = asked.chat
        searcher = _Searcher(index, self.retriever, self.reader, asked.filters, asked.top_k)
        if (query == question or not chat) and (own := changed(query)):
            search = searcher.search(own)
        elif (query == question or not chat) and (together := contexts(query, asked.history)):
            query, search = searcher.follow(query, together, last_answer(asked.history))
        else:
            search = searcher.search(query)
        yield StepBegun(READING)
        # A model gets nothing to read that looks like an instruction to it, so nothing is quoted from there either.
        read = [replace(each, text=masked(each.text)) for each in search.passages] if chat else search.passages
        reading = self._read(search, read)
        written = None
        if chat and reading.answers:
            yield StepBegun(WRITING)
            written = yield from Writer(chat, index.text).write(search.spelling.question, reading.ranking or read)
        yield StepBegun(CHECKING)
        by_model = bool(chat and written and written.holds and is_to_the_point(chat, written.citations, reading))
        if written and by_model:
            shown = _Shown(written.statements, written.citations, notes=written.notes)
        else:
            abstained = bool(chat and written and written.abstained and not is_small(chat))
            shown = self._quoted(index, search, reading, written, language_of(query), abstained)
        differs = Differing()
        if shown.statements:
            differs = differing(search.spelling.question, reading, shown.citations, index.text)
        answer = Answer(
            question=question,
            statements=(*shown.statements, *map(quotation, differs.citations)),
            confidence=reading.confidence,
            citations=(*shown.citations, *differs.citations),
            passages=tuple(search.passages),
            model=asked.model,
            abstention=shown.abstention,
            lead=shown.lead,
            remark=differs.remark,
            closest=shown.closest,
            unsure=shown.unsure,
            by_model=by_model,
            standalone_question=query,
            left_out=tuple(passage.id for passage in written.left_out) if written else (),
            tokens_in=chat.usage.tokens_in if chat else 0,
            tokens_out=chat.usage.tokens_out if chat else 0,
            conflicts=differs.conflicts,
        )
        yield Answered(replace(answer, notes=(*shown.notes, *search.notes(answer))))

    def _read(self, search: _Search, passages: list[Passage]) -> Reading:
        """What the passages say."""
        known = search.reading if passages is search.passages else None
        reading = known or self.reader.read(search.asked, passages)
        return search.period.in_order(reading) if search.period else reading

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

    def _quoted(
        self,
        index: Index,
        search: _Search,
        reading: Reading,
        written: Written | None,
        language: Language,
        abstained: bool,
    ) -> _Shown:
        """The reader's quotations, or an abstention, also where a model that can be trusted `abstained`.

        What names a year or somebody that no passage has is not answered, however well the rest of it fits.
        """
        citations = cite(reading.spans, index.text, reading.words)
        foreign = language.is_foreign([citation.quote for citation in citations])
        served = profile(self.settings.embedding_model).serves(language.code)
        if not served and (foreign or not citations):  # the articles may say it
            return _Shown(abstention=f"{language.needs_extra}: {GET_MULTILINGUAL}", closest=citations)
        lacks = missing(search.asked, reading.spans, search.passages) if language.code == "en" else ""
        if not citations or not reading.answers or lacks or abstained:
            if not citations or reading.confidence < USELESS:
                return _Shown(abstention=language.abstention, closest=citations)
            return _Shown(abstention=f"{language.unsure} {lacks}".rstrip(), closest=citations, unsure=True)
        notes = () if written is None else (REPLACED,) if written.sentences else (NOT_FOUND,)
        lead = language.lead if foreign else ""
        return _Shown(tuple(map(quotation, citations)), citations, lead=lead, notes=notes)

    def ask_many(self, questions: Iterable[str], **options: Unpack[_Options]) -> list[Answer]:
        """The answers to several questions, in their order, each as `answer` gives it with these options.

        As many are asked at a time as a hosted model may answer (`Settings.model_concurrency`).

        Raises:
            RAGError: as `answer`, for the first question that cannot be answered; no question is asked if one of them,
                or an option, cannot be used.
        """
        if isinstance(questions, str):
            raise QuestionError("ask_many takes several questions; give a list of them, or ask with answer")
        checked = [check_question(question, self.settings.max_question_characters) for question in questions]
        parse_filters(options.get("filters"))
        with ThreadPoolExecutor(self.settings.model_concurrency) as threads:
            return list(threads.map(lambda question: self.answer(question, **options), checked))

    async def aask(self, question: str, **options: Unpack[_Options]) -> Answer:
        """`answer`, awaited: it runs on a thread."""
        return await asyncio.to_thread(self.answer, question, **options)

    def search(
        self, query: str, *, filters: Mapping[str, Any] | None = None, top_k: int | None = None
    ) -> list[Passage]:
        """The passages that are nearest to a query, best first, as a question's answer is looked for in them.

        Raises:
            QuestionError: the query, filters or top_k cannot be used.
            StoreError: the index cannot be read.
        """
        query = check_question(query, self.settings.max_question_characters)
        number = check_top_k(top_k, self.settings.top_k)
        return self.retriever.retrieve(query, number, parse_filters(filters))

    def article(self, source: str) -> str:
        """The cleaned text of an article or copy; citations point into it.

        Raises:
            StoreError: there is no such article in the index.
        """
        return self.store.text(source)

    def close(self) -> None:
        """Let go of the index's files, as the end of a `with` does."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def build_rag(settings: Settings | None = None) -> RAG:
    """Put a service together from settings.

    At the default place, and only there, a missing index is built from the articles that come with the
    package; a line on stderr says so.

    Raises:
        SettingsError: a setting names something that is not there.
        StoreError: the index is missing, damaged or built with other settings.
    """
    settings = _settings(settings)
    provider_and_model(settings.model)  # what can be refused now is, before anything is loaded
    if not has_index(settings.index):
        if settings.index != DEFAULT_INDEX:
            raise no_index(settings.index)
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
    settings = _settings(settings)
    check_question(question, settings.max_question_characters)  # before anything is loaded
    parse_filters(filters)
    with build_rag(settings) as rag:
        return rag.answer(question, history=history, filters=filters)


def _settings(settings: Settings | None) -> Settings:
    settings = Settings() if settings is None else settings
    if not isinstance(settings, Settings):
        raise SettingsError(f"settings cannot be {shown(settings)}; give Settings(…) or None")
    return settings


def _last(events: Iterator[Event]) -> Answer:
    """The answer at the end of the events."""
    *_, event = events
    assert isinstance(event, Answered)
    return event.answer


def _index_seeds(settings: Settings) -> None:
    from rag.ingest.build import SEEDS, ingest
    from rag.ingest.progress import ProgressBar

    print(f"No index yet: indexing the articles that come with the package into {settings.index}", file=sys.stderr)
    with ProgressBar() as progress:
        ingest([SEEDS], settings, progress=progress)
