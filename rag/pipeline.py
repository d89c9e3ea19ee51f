"""The path of a question, and the only place where the parts are put together."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rag.cite.quotes import cite
from rag.cite.support import quotation
from rag.errors import QuestionError, SettingsError
from rag.events import CHECKING, READING, SEARCHING, WRITING, Answered, Event, StepBegun
from rag.followup.condense import condense, continues, standalone
from rag.index.store import Index, Store, has_index
from rag.ingest.instructions import masked
from rag.inputs import check_model, check_top_k, readable, shown
from rag.models.encoders import GET_MULTILINGUAL, encoder, profile
from rag.news.conflicts import Differing, differing
from rag.news.period import DEPTH, Period, asked_period
from rag.read.missing import missing
from rag.read.reader import ANSWERS, USELESS, build_reader
from rag.search.retrieve import HybridRetriever, Retriever, parse_filters
from rag.search.spelling import Spelling, other_spellings, spell
from rag.settings import DEFAULT_INDEX, EXTRACTIVE, Settings
from rag.text.languages import Language, language_of
from rag.text.words import terms
from rag.types import Answer, Citation, Filters, Passage, Reader, Reading, Statement
from rag.write.small import is_small, is_to_the_point
from rag.write.writer import Writer, Written

if TYPE_CHECKING:
    from rag.models.chat import ChatModel

MOST_MODELS = 8  # language models that are kept for the next question
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

    def follow(self, question: str, together: str) -> tuple[str, _Search]:
        """A question that others precede: alone if that is answered, else with the one before if it is likelier so.

        One without a word of its own ("Why?") asks nothing alone.
        """
        if not terms(question):
            return together, self._read(together)[0]
        alone, by_itself = self._read(question)
        if by_itself.confidence >= ANSWERS:
            return question, alone
        both, reading = self._read(together)
        follows = reading.confidence > by_itself.confidence and continues(question, together, reading.spans)
        return (together, both) if follows else (question, alone)

    def _read(self, query: str) -> tuple[_Search, Reading]:
        """What is found for a query, and what the reader makes of it, which stays with it."""
        search = self.search(query)
        reading = self.reader.read(search.asked, search.passages)
        return replace(search, reading=reading), reading

    def _found(self, spelling: Spelling) -> _Search:
        period = asked_period(spelling.question)
        asked = period.question if period else spelling.question
        depth = DEPTH * self.top_k if period else self.top_k
        passages = self.retriever.retrieve(asked, depth, self.filters, self.index)
        best = period.prefer(passages, self.top_k) if period else passages
        return _Search(spelling, asked, period, self.filters, best)


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
        for event in self.stream(question, history=history, filters=filters, top_k=top_k, model=model):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("the events end with an answer")

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
        clock = [time.perf_counter()]
        question = check_question(question, self.settings.max_question_characters)
        most = check_top_k(top_k, self.settings.top_k)
        wanted = parse_filters(filters)
        name = check_model(model, self.settings.model)
        chat = self.chat_model(name)
        chat = chat and chat.metered()
        said = () if history is None else history
        query = standalone(question, said, chat)
        yield StepBegun(SEARCHING)
        with self.store.snapshot() as index:
            searcher = _Searcher(index, self.retriever, self.reader, wanted, most)
            if query == question and (together := condense(question, said)) != question:
                query, search = searcher.follow(question, together)
            else:
                search = searcher.search(query)
            clock.append(time.perf_counter())
            yield StepBegun(READING)
            # A model gets nothing to read that looks like an instruction to it, so nothing is quoted from there either.
            read = [replace(each, text=masked(each.text)) for each in search.passages] if chat else search.passages
            reading = self._read(search, read)
            written = None
            if chat and reading.answers:
                yield StepBegun(WRITING)
                asked = search.spelling.question
                written = yield from Writer(chat, index.text).write(asked, reading.ranking or read)
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
                model=name,
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
            first = written.first_sentence if written and by_model else None
            yield Answered(
                replace(answer, notes=(*shown.notes, *search.notes(answer)), timings=_timings(clock, answer, first))
            )

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


def _timings(clock: Sequence[float], answer: Answer, first_sentence: float | None) -> dict[str, float]:
    """Seconds by step; what was written and replaced counts as never shown."""
    started, retrieved, finished = *clock, time.perf_counter()
    seconds = {"retrieve": retrieved - started, "read": finished - retrieved, "total": finished - started}
    return seconds | ({"first_sentence": (first_sentence or finished) - started} if answer.answered else {})


def _index_seeds(settings: Settings) -> None:
    from rag.ingest.build import SEEDS, ingest
    from rag.ingest.progress import ProgressBar

    print(f"No index yet: indexing the articles that come with the package into {settings.index}", file=sys.stderr)
    with ProgressBar() as progress:
        ingest([SEEDS], settings, progress=progress)
