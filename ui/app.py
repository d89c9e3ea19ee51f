"""The chat page: its parts and its events. What is shown is made by ui/render.py and ui/render_collection.py."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import gradio as gr
from pydantic import ValidationError

from rag.desk.collection import Collection as Articles
from rag.desk.feedback import record
from rag.desk.suggest import suggest
from rag.errors import RAGError, StoreError
from rag.events import SEARCHING, Answered, Checked, Cited, Event
from rag.models.chat import require_offered
from rag.models.download import installed, model_title
from rag.models.names import LOCAL
from rag.pipeline import RAG
from rag.settings import EXTRACTIVE
from rag.types import Answer, Article, Citation, Sentence
from ui.conversation import Conversation, Turn
from ui.parts import QUIET, TELLING, Update, asker_of, script, unseen
from ui.places import CrowdedError, GoneError, Places, Presence, StoppedError
from ui.render import (
    escaped,
    read_question,
    render_draft,
    render_evidence,
    render_introduction,
    render_menu,
    render_no_evidence,
    render_question,
    render_turn,
)
from ui.shelf import Shelf, original_of

TITLE = "Ask the articles"
QUESTIONS_AT_A_TIME = 4
NOTICED = 0.5  # seconds after which the page says what is being done
PULSE = 0.25  # seconds between two signs of life while a model writes
MODEL_NAMES = {EXTRACTIVE: "Quote the articles (no language model)"}
log = logging.getLogger(__name__)


def build_app(rag: RAG) -> gr.Blocks:
    """The page over one service; `ui.server` gives it its looks."""
    return Page(rag).build()


class Page:
    """Parts of the page and what happens between them; nothing in it belongs to one visitor."""

    def __init__(self, rag: RAG, collections: Sequence[str] = ()) -> None:
        self.rag = rag
        self._menu = render_menu(rag.settings.collection, collections)
        self.collection = Articles(rag.settings, rag.store)
        self.presence, self.open_pages = Presence(), Presence()
        self.questions = Places(
            self.presence,
            at_a_time=QUESTIONS_AT_A_TIME,
            most_waiting=rag.settings.max_waiting_questions,
            what="questions",
        )
        self._offered = dict.fromkeys((EXTRACTIVE, rag.settings.model, *(f"{LOCAL}:{path}" for path in installed())))
        self._suggested: tuple[str, list[str]] = ("", [])
        self._suggesting = threading.Lock()

    def build(self) -> gr.Blocks:
        """Lay the page out and connect it."""
        app = gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True)
        app.queue(api_open=False)  # what is queued comes through the queue
        with app:
            introduction = gr.HTML(self.introduce(), elem_id="introduction")
            with gr.Tabs(elem_id="tabs", selected="ask") as tabs:
                with gr.Tab("Ask", id="ask", elem_id="ask") as front:
                    asking = self._ask_tab()
                with gr.Tab("Articles", id="articles", elem_id="articles") as articles:
                    changes = Shelf(self.collection, self.presence).build(articles)
                with gr.Tab("Conversations", id="conversations", elem_id="conversations"):
                    saved = self._conversations_tab()
                with gr.Tab("Settings", id="settings", elem_id="settings") as settings:
                    options = self._settings_tab()
            self._connect(asking, options, saved, tabs)
            # Each time the page is opened: the index may have grown since the service was started.
            gr.on([app.load, front.select], self.introduce, None, introduction, **QUIET)
            gr.on([app.load, settings.select], self.publishers, None, options.publishers, **QUIET)
            for change in changes:
                change.then(self.introduce, None, introduction, **QUIET)
            found = app.load(self.examples, None, asking.examples, **QUIET)
            found.then(self.offer, asking.conversation, asking.examples, **QUIET)
        return app

    # The parts ------------------------------------------------------------------------------------------------

    def _ask_tab(self) -> _Asking:
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="talk", scale=1):
                chat = gr.Chatbot(
                    elem_id="chat", label="Answers", show_label=False, container=False, scale=1, height=None,
                    buttons=[], editable="user", autoscroll=False,
                    placeholder="Ask a question. Every answer shows the words it rests on.",
                    # What ui/render.py makes is HTML: no Markdown, no formulas; the sanitizer stays on.
                    sanitize_html=True, render_markdown=False, latex_delimiters=[], allow_tags=False,
                )  # fmt: skip
                examples = gr.Dataset(
                    elem_id="examples", label="Questions these articles answer", show_label=True, type="index",
                    components=[gr.Textbox(visible=False, label="Example")], samples=[], samples_per_page=3,
                    visible=False,
                )  # fmt: skip
                box = gr.Textbox(
                    elem_id="question", label="Your question", placeholder="Ask about the articles",
                    max_lines=6, autofocus=True, submit_btn="Ask", stop_btn=False,
                )  # fmt: skip
                anew = gr.Button("New conversation", elem_id="anew", size="sm", variant="secondary")
            with gr.Column(elem_id="evidence", scale=1):
                evidence = gr.HTML("", elem_id="evidence-text", js_on_load=script("evidence.js"))
                original = gr.Button("Original file", elem_id="original", size="sm", visible=False)
        keeper = unseen("keeper")
        unseen("follow")
        evidence.open(self.evidence, None, [evidence, original], **QUIET)
        return _Asking(chat, box, anew, examples, keeper, gr.State(Conversation()))

    def _conversations_tab(self) -> gr.HTML:
        gr.HTML('<p class="note">Kept in this browser only.</p>')
        saved = gr.HTML(
            "", html_template="<ul></ul>", elem_id="saved", apply_default_css=False,
            js_on_load=script("conversations.js"),
        )  # fmt: skip
        export = unseen("export")
        # Emptied at once, so that the same words are news to the script when they are asked for again.
        saved.export(export_text, None, export, **TELLING).then(lambda: "", None, export, **QUIET)
        return saved

    def _settings_tab(self) -> _Options:
        settings = self.rag.settings
        told = "What writes the answer." if settings.read_only else "What writes the answer: one of these, or another."
        model = gr.Dropdown(
            [(MODEL_NAMES.get(name, model_title(name)), name) for name in self._offered], value=settings.model,
            label="Model", allow_custom_value=not settings.read_only,
            info=f"{told} With a hosted model the question and what is found for it leave this machine.",
        )  # fmt: skip
        top_k = gr.Slider(
            1, max(30, settings.top_k), settings.top_k, step=1, label="Passages to read",
            info="More find answers that are hidden deeper, and take longer.",
        )  # fmt: skip
        # What is chosen is checked as every filter is; Gradio would check it by what there was when the service began.
        publishers = gr.Dropdown(
            [], multiselect=True, allow_custom_value=True, label="Publishers",
            info="Only articles of these are searched; those that do not state a publisher are left out. Empty: all.",
        )  # fmt: skip
        gr.HTML('<p class="note">Only articles of these days are searched; undated ones are left out. Empty: all.</p>')
        with gr.Row():
            days = [gr.DateTime(include_time=False, type="string", label=label) for label in ("From", "To")]
        return _Options(model, top_k, publishers, *days)

    def _connect(self, asking: _Asking, options: _Options, saved: gr.HTML, tabs: gr.Tabs) -> None:
        """The events of asking: each runs a turn, which can be stopped; and those that change the conversation."""
        talk = [asking.box, asking.chat, asking.conversation, asking.keeper, asking.examples]

        # Each in its turn, as `Places` has them. Gradio looks at the arguments' types for what to hand over.
        async def ask(request: gr.Request, *values: Any) -> AsyncIterator[Update]:
            async for update in self._in_turn(request, lambda: self.ask(*values)):
                yield update

        async def ask_example(request: gr.Request, *values: Any) -> AsyncIterator[Update]:
            async for update in self._in_turn(request, lambda: self.ask_example(*values)):
                yield update

        async def retry(request: gr.Request, event: gr.RetryData, *values: Any) -> AsyncIterator[Update]:
            async for update in self._in_turn(request, lambda: self.retry(event, *values)):
                yield update

        async def edit(request: gr.Request, event: gr.EditData, *values: Any) -> AsyncIterator[Update]:
            async for update in self._in_turn(request, lambda: self.edit(event, *values)):
                yield update

        # What ends a turn. Not by Gradio's `cancels`: its page takes what was cancelled for an error, and may then
        # show nothing any more (Gradio 6.31, gradio-app/gradio#11586).
        async def end(request: gr.Request) -> None:
            await self.questions.stop(asker_of(request).session)

        async def stop(request: gr.Request, conversation: Conversation) -> Update:
            await end(request)
            return stopped(conversation)

        async def start_anew(request: gr.Request) -> Update:
            await end(request)
            return self.start_anew()

        async def reopen(request: gr.Request, event: gr.EventData) -> Update:
            await end(request)
            return reopened(event)

        async def forget(request: gr.Request, event: gr.EventData, conversation: Conversation) -> Update:
            if event.id == conversation.id:
                await end(request)
            return self.forget(event, conversation)

        # Not trigger_mode "once": the next question may come right after a stop. `ask` sees to it that one is pending.
        running = {**TELLING, "concurrency_limit": None, "trigger_mode": "multiple"}
        asking.box.submit(ask, [asking.box, asking.conversation, *options], talk, **running)
        asking.examples.click(ask_example, [asking.examples, asking.conversation, *options], talk, **running)
        asking.chat.retry(retry, [asking.conversation, *options], talk, **running)
        asking.chat.edit(edit, [asking.conversation, *options], talk, **running)
        desk = [asking.box, asking.chat, asking.conversation]
        asking.box.stop(stop, asking.conversation, desk, **QUIET)
        asking.anew.click(start_anew, None, [*desk, asking.examples], **QUIET)
        asking.chat.like(self.like, asking.conversation, talk[1:4], **TELLING)
        saved.open(reopen, None, [*desk, asking.examples, tabs], **TELLING)
        saved.forget(forget, asking.conversation, [*desk, asking.examples], **QUIET)

    # What happens ---------------------------------------------------------------------------------------------

    async def _in_turn(self, request: gr.Request, work: Callable[[], _Turns]) -> AsyncIterator[Update]:
        """A turn when its place is free; where too much waits, a note on the page, and what was typed stays."""
        waiting = gr.Textbox(**_ASKING), *(gr.skip(),) * 4
        try:
            async for update in self.questions.run(asker_of(request), work, waiting=waiting):
                yield update
        except CrowdedError as error:
            gr.Warning(str(error))
            yield gr.Textbox(**_READY), *(gr.skip(),) * 4
        except GoneError:
            log.info("a question was given up: nobody listens for its answer")
        except StoppedError:
            yield (gr.skip(),) * 5  # Gradio sends what came last once more; who stopped it has said what is shown

    def ask(self, question: str | None, conversation: Conversation, *options: Any) -> _Turns:
        """A turn (`take_turn`), unless there is nothing to ask; `options` are those of `read_options`."""
        if not (question or "").strip() or conversation.pending:
            yield (gr.skip(),) * 5
            return
        yield from take_turn(self.rag, str(question), conversation, read_options(*options), self._offered)

    def ask_example(self, example: int, conversation: Conversation, *options: Any) -> _Turns:
        yield from self.ask(dict(enumerate(self._suggested[1])).get(example), conversation, *options)

    def retry(self, event: gr.RetryData, conversation: Conversation, *options: Any) -> _Turns:
        number, turn = _turn_of(event, conversation)
        yield from self.ask(turn.question if turn else None, conversation.before(number), *options)

    def edit(self, event: gr.EditData, conversation: Conversation, *options: Any) -> _Turns:
        number, turn = _turn_of(event, conversation)
        yield from self.ask(read_question(str(event.value)) if turn else None, conversation.before(number), *options)

    def like(self, event: gr.LikeData, conversation: Conversation) -> Update:
        """Keep a thumb in the file of feedback."""
        number, turn = _turn_of(event, conversation)
        answer = turn.answer if turn else None
        liked = event.liked if isinstance(event.liked, bool) else None  # None: the thumb was taken back
        if answer is None:
            return (gr.skip(),) * 3
        try:
            record(self.rag.settings.feedback, answer, conversation.history(number), liked)
        except RAGError as error:
            gr.Warning(escaped(str(error)))
            return (gr.skip(),) * 3
        gr.Info("Thank you; it is kept on this machine." if liked is not None else "Taken back.")
        rated = conversation.rated(number, liked)
        return gr.Chatbot(feedback_value=_thumbs(rated)), rated, rated.to_json()

    def start_anew(self) -> Update:
        """An empty conversation; the old one is kept in the browser, and what is typed meanwhile in its box."""
        return gr.Textbox(**_READY), show(Conversation()), Conversation(), self.offer(Conversation())

    def forget(self, event: gr.EventData, conversation: Conversation) -> Update:
        """An empty conversation, where the one that was deleted is on the page."""
        return self.start_anew() if event.id == conversation.id else (gr.skip(),) * 4

    def evidence(self, event: gr.EventData) -> Update:
        """The cited article with the quoted words marked, and its file."""
        try:
            source, start, end = read_passage(event.passage)
            article = self._cited(source)
            shown = render_evidence(article, start, end, self.collection.copies(source))
            return shown, original_of(self.collection, source)
        except RAGError as error:
            return render_no_evidence(str(error)), gr.Button(visible=False)

    def _cited(self, source: str) -> Article:
        try:
            return self.collection.article(source)
        except StoreError as error:
            log.warning("a cited article cannot be shown: %.300s", error)
            raise RAGError(f"{source} is no longer in the collection") from error

    def examples(self) -> gr.Dataset:
        """Questions that the articles answer; looked for once for each state of the index, and not shown yet."""
        try:
            with self._suggesting:  # one page looks, the others wait for what it finds
                generation = self.rag.store.generation()
                if self._suggested[0] != generation:
                    self._suggested = (generation, suggest(self.rag))
        except RAGError as error:
            log.warning("no example questions: %s", error)
        return gr.Dataset(samples=[[question] for question in self._suggested[1]])

    def offer(self, conversation: Conversation) -> gr.Dataset:
        """The examples, as long as nothing has been asked."""
        return gr.Dataset(visible=bool(self._suggested[1]) and not conversation.turns)

    def introduce(self) -> str:
        """Heading and one line, and the way to other collections."""
        return introduce(self.rag) + self._menu

    def publishers(self) -> gr.Dropdown:
        """Whom the articles are from, to choose among."""
        try:
            names = {entry.article.publisher for entry in self.collection.entries()}
        except RAGError as error:
            log.warning("the articles cannot be listed: %s", error)
            names = set()
        return gr.Dropdown(choices=sorted(name for name in names if name))


@dataclass(frozen=True)
class _Asking:
    """The parts that asking is about."""

    chat: gr.Chatbot
    box: gr.Textbox
    anew: gr.Button
    examples: gr.Dataset
    keeper: gr.HTML
    conversation: gr.State


class _Options(NamedTuple):
    """The parts of the settings, in the order in which `read_options` takes their values."""

    model: gr.Dropdown
    top_k: gr.Slider
    publishers: gr.Dropdown
    date_from: gr.DateTime
    date_to: gr.DateTime


_Turns = Generator[Update, None, None]
_ASKING: dict[str, Any] = {"submit_btn": False, "stop_btn": "Stop"}
_READY: dict[str, Any] = {"submit_btn": "Ask", "stop_btn": False}
_THUMBS = {True: "Like", False: "Dislike", None: None}


def take_turn(
    rag: RAG, question: str, conversation: Conversation, options: dict[str, Any], offered: Collection[str] = ()
) -> _Turns:
    """The question at once, then what is being done, then its answer.

    Each time values for question box, conversation as shown and as it is, what the browser keeps, and the examples.
    After an error the question is back in its box. `offered` are the models that the page offers by name.
    """
    history = conversation.history()
    conversation = conversation.asked(question)
    question = conversation.turns[-1].question
    hidden = gr.Dataset(visible=False)
    yield gr.Textbox("", **_ASKING), show(conversation, SEARCHING), conversation, gr.skip(), hidden
    turn = Turn(question=question, error="something went wrong here; ask again, or look into the log of the service")
    try:
        require_offered(options.get("model") or "", offered)
        for step in follow(rag.stream(question, history=history, **options), conversation):
            if isinstance(step, Answer):
                turn = Turn(question=question, answer=step)
            else:
                yield gr.skip(), step, *(gr.skip(),) * 3
    except RAGError as error:
        turn = Turn(question=question, error=str(error))
    except Exception as error:  # whatever it is, the page goes on
        log.error("a question could not be answered", exc_info=error)
    conversation = conversation.settled(turn)
    box = gr.Textbox(question, **_READY) if turn.error else gr.Textbox(**_READY)
    yield box, show(conversation), conversation, conversation.to_json(), gr.skip()


def follow(events: Iterator[Event], conversation: Conversation) -> Iterator[Any]:
    """How the chat looks with each step, and the answer at the end.

    Also with a step that changes nothing, a few times a second: a question is stopped where something is sent.
    """
    started = sent = time.monotonic()
    before, citations, sentences = "", list[Citation](), list[Sentence]()
    for event in events:
        now = time.monotonic()
        if isinstance(event, Answered):
            yield event.answer
        elif isinstance(event, Cited):
            citations.append(event.citation)
        elif isinstance(event, Checked):
            sentences.append(event.sentence)
            yield show(conversation, draft=render_draft(sentences, citations))
        elif event.step != before:
            before, sent = event.step, now
            yield gr.skip() if sentences else show(conversation, event.step, late=now - started > NOTICED)
        elif now - sent > PULSE:
            sent = now
            yield gr.skip()


def stopped(conversation: Conversation) -> Update:
    """The last question back in its box, unless its answer came first."""
    box = gr.Textbox(conversation.turns[-1].question, **_READY) if conversation.pending else gr.Textbox(**_READY)
    return box, show(conversation.stopped()), conversation.stopped()


def show(conversation: Conversation, step: str = "", *, late: bool = False, draft: str = "") -> gr.Chatbot:
    """The conversation as the chat has it; `step` or `draft` is what is being done about its last question."""
    shown: list[Any] = []
    for number, turn in enumerate(conversation.turns, start=1):
        shown.append({"role": "user", "content": render_question(turn.question)})
        last = number == len(conversation.turns)
        content = draft if draft and last else render_turn(turn, step if last else "", late=late)
        shown.append({"role": "assistant", "content": content})
    return gr.Chatbot(shown, feedback_value=_thumbs(conversation))


def read_options(
    model: str, top_k: float, publishers: Sequence[str], date_from: str | None, date_to: str | None
) -> dict[str, Any]:
    """The settings of the page as arguments of `RAG.stream`."""
    given = {"publisher": list(publishers or ()), "date_from": date_from, "date_to": date_to}
    filters = {name: value for name, value in given.items() if value}
    return {"model": (model or "").strip() or None, "top_k": int(top_k), "filters": filters}


def read_passage(address: str) -> tuple[str, int, int]:
    """Source, start and end out of the address of quoted words.

    Raises:
        RAGError: it is not one.
    """
    try:
        fields = parse_qs(str(address), strict_parsing=True)
        return fields["source"][0], int(fields["start"][0]), int(fields["end"][0])
    except (ValueError, KeyError):
        raise RAGError("this link names no passage; ask the question again") from None


def reopened(event: gr.EventData) -> Update:
    """A conversation that the browser kept, in the chat again."""
    conversation = read_conversation(event.conversation)
    if conversation is None:
        return (gr.skip(),) * 5
    conversation = conversation.stopped()  # kept with a thumb while its last question was being answered
    hidden = gr.Dataset(visible=False)
    return gr.Textbox("", **_READY), show(conversation), conversation, hidden, gr.Tabs(selected="ask")


def export_text(event: gr.EventData) -> Any:
    """A conversation that the browser kept, as Markdown."""
    conversation = read_conversation(event.conversation)
    return conversation.to_markdown() if conversation else gr.skip()


def read_conversation(text: Any) -> Conversation | None:
    """A kept conversation; None, and a note on the page, where it cannot be read."""
    try:
        return Conversation.model_validate_json(str(text))
    except ValidationError:
        gr.Warning("This conversation is too long, or was kept by another version and cannot be read.")
        return None


def introduce(rag: RAG) -> str:
    """Heading and one line, with the number of articles as it is now."""
    try:
        return render_introduction(TITLE, *rag.store.article_counts())
    except RAGError as error:
        log.warning("the articles cannot be counted: %s", error)
        return render_introduction(TITLE, None)


def _turn_of(event: Any, conversation: Conversation) -> tuple[int, Turn | None]:
    """The turn that a message belongs to, questions and answers alternating, and its number; None where it has gone."""
    index = event.index if isinstance(event.index, int) else event.index[0]
    number = int(index) // 2
    return number, conversation.turns[number] if number < len(conversation.turns) else None


def _thumbs(conversation: Conversation) -> list[str | None]:
    return [_THUMBS[turn.liked] for turn in conversation.turns]
