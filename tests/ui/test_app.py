"""The page without a browser: what its events give to its parts."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from rag import RAG
from rag.desk.collection import Added, Entry
from rag.errors import QuestionError, RAGError, SettingsError, StoreError
from rag.events import CHECKING, READING, SEARCHING
from rag.ingest.build import IngestReport
from rag.settings import Settings
from tests.page import QUOTE, ScriptedRAG, Shown, answer, article, citation, squeezed
from ui import app as page
from ui.app import (
    Page,
    Update,
    build_app,
    export_text,
    introduce,
    read_conversation,
    read_options,
    read_passage,
    reopened,
    stopped,
    take_turn,
)
from ui.conversation import Conversation, Turn
from ui.places import Presence
from ui.render import PASSAGE, passage_address, render_answer, render_error, render_step
from ui.shelf import Shelf, original_of

SKIP = gr.skip()
OPTIONS = ("extractive", 8, [], None, None)
ANSWERED = Turn(question="How long?", answer=answer(citation()))
FAILED = Turn(question="???", error="type a question in words")
STOPPED = Turn(question="And then?", stopped=True)
READY = {"submit_btn": "Ask", "stop_btn": False}
ASKING = {"submit_btn": False, "stop_btn": "Stop"}


def talk(*turns: Turn) -> Conversation:
    return Conversation(id="0" * 32, turns=turns)


def told(update: Any) -> dict[str, Any]:
    """What an event changes about a part."""
    return dict(update.constructor_args)


def shown(update: Any) -> list[tuple[str, str]]:
    """The conversation as an event shows it."""
    return [(message["role"], message["content"]) for message in told(update)["value"]]


def event(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


def turn(rag: ScriptedRAG, question: str, conversation: Conversation | None = None, **options: Any) -> list[Update]:
    return list(take_turn(rag, question, conversation or Conversation(), options))  # type: ignore[arg-type]


def page_of(rag: ScriptedRAG, collection: Any = None) -> Page:
    made = Page(rag)  # type: ignore[arg-type]
    made.collection = collection or made.collection
    return made


# A turn


def test_a_turn_shows_the_question_then_every_step_then_the_answer() -> None:
    question, html = "Is 2 < 3 & <b>?", render_answer(answer(citation()))
    updates = turn(ScriptedRAG(answer(citation())), question, talk(ANSWERED))
    first, *steps, last = updates
    before = [("user", "How long?"), ("assistant", html), ("user", "Is 2 &lt; 3 &amp; &lt;b&gt;?")]
    done = [render_step(step, late=False) for step in (SEARCHING, SEARCHING, READING, CHECKING)]
    assert [shown(update[1]) for update in updates] == [[*before, ("assistant", each)] for each in (*done, html)]
    assert told(first[0]) == {"value": "", **ASKING}
    assert first[2].pending and first[2].turns == (ANSWERED, Turn(question=question))
    assert (first[3], told(first[4])) == (SKIP, {"visible": False})
    assert all((step[0], step[2:]) == (SKIP, (SKIP,) * 3) for step in steps)
    assert told(last[0]) == READY, "what was typed meanwhile stays in the box"
    assert last[2].turns == (ANSWERED, Turn(question=question, answer=answer(citation())))
    assert Conversation.model_validate_json(last[3]) == last[2] and last[4] == SKIP


def test_what_is_done_is_shown_at_once_when_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "NOTICED", -1)
    _, *steps, _ = turn(ScriptedRAG(), "Why?")
    assert [shown(step[1])[-1][1] for step in steps] == [
        render_step(step, late=True) for step in (SEARCHING, READING, CHECKING)
    ]


def test_options_and_history_go_to_the_service() -> None:
    rag = ScriptedRAG()
    conversation = talk(ANSWERED, FAILED, STOPPED)
    turn(rag, "Who?", conversation, top_k=3)
    said = [{"role": "user", "content": "How long?"}, {"role": "assistant", "content": f"{QUOTE} [1]"}]
    assert rag.asked == [("Who?", said, {"top_k": 3})]


def test_an_error_is_shown_and_the_question_comes_back() -> None:
    rag = ScriptedRAG(QuestionError("the question is <i>empty</i>"))
    last = turn(rag, "???")[-1]
    assert told(last[0]) == {"value": "???", **READY}
    assert shown(last[1])[-1] == ("assistant", '<div class="error">The question is &lt;i&gt;empty&lt;/i&gt;.</div>')
    assert last[2].turns[-1].error == "the question is <i>empty</i>" and last[2].history() == []
    assert Conversation.model_validate_json(last[3]) == last[2]


def test_an_unforeseen_error_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        last = turn(ScriptedRAG(ValueError("secret detail")), "why?")[-1]
    assert told(last[0]) == {"value": "why?", **READY}
    assert "Something went wrong here" in shown(last[1])[-1][1]
    assert "secret" not in str(shown(last[1])) + last[3]
    assert "secret detail" in caplog.text


def test_half_a_surrogate_pair_is_asked_and_kept_as_a_question_mark() -> None:
    for given in (answer(), QuestionError("no"), StoreError("cannot read \udcff")):
        rag = ScriptedRAG(given)
        updates = turn(rag, "why \ud83d?")
        json.dumps([shown(update[1]) for update in updates], ensure_ascii=False).encode("utf-8")
        assert rag.asked[0][0] == "why ??" == told(updates[-1][0]).get("value", "why ??")
        updates[-1][3].encode("utf-8")


# Asking


@pytest.mark.parametrize(
    ("question", "conversation"),
    [("", talk(ANSWERED)), ("  \n ", talk(ANSWERED)), ("Who?", talk(ANSWERED, Turn(question="How?")))],
    ids=["nothing", "white space", "before the answer"],
)
def test_nothing_is_asked_without_words_or_before_the_answer(question: str, conversation: Conversation) -> None:
    rag = ScriptedRAG()
    assert list(page_of(rag).ask(question, conversation, *OPTIONS)) == [(SKIP,) * 5]
    assert rag.asked == []


def test_an_example_is_asked_with_the_settings_of_the_page() -> None:
    rag = ScriptedRAG()
    desk = page_of(rag)
    desk._suggested = ("", ["Who?"])
    list(desk.ask_example(0, talk(ANSWERED), "extractive", 3, ["Velden Post"], "2021-01-01", None))
    (asked,) = rag.asked
    filters = {"publisher": ["Velden Post"], "date_from": "2021-01-01"}
    assert (asked[0], asked[2]) == ("Who?", {"model": "extractive", "top_k": 3, "filters": filters})


def test_options_that_are_not_set_are_left_out() -> None:
    assert read_options(*OPTIONS) == {"model": "extractive", "top_k": 8, "filters": {}}
    assert read_options("", 8, [], None, None) == {"model": None, "top_k": 8, "filters": {}}, "the service's own"
    assert read_options("extractive", 3.0, None, "", "2024-02-01") == {  # type: ignore[arg-type]
        "model": "extractive",
        "top_k": 3,
        "filters": {"date_to": "2024-02-01"},
    }


@pytest.mark.parametrize("index", [2, (2, 0)])
def test_a_question_is_asked_again_after_what_was_said_before_it(index: Any) -> None:
    rag = ScriptedRAG()
    conversation = talk(ANSWERED, ANSWERED.model_copy(update={"question": "Who?", "liked": True}))
    data = gr.RetryData(None, {"index": index, "value": "never mind"})
    last = list(page_of(rag).retry(data, conversation, *OPTIONS))[-1]
    assert [(question, len(history)) for question, history, _ in rag.asked] == [("Who?", 2)]
    assert last[2] == talk(ANSWERED, Turn(question="Who?", answer=answer()))
    assert told(last[1])["feedback_value"] == [None, None]


@pytest.mark.parametrize(
    ("edited", "asked"),
    [
        ("Is 2 &lt; 3 &amp; 4 &gt; 1 &amp;lt; &amp;amp;?", "Is 2 < 3 & 4 > 1 &lt; &amp;?"),
        ("Is 2 < 3 in the AT&T &region?", "Is 2 < 3 in the AT&T &region?"),
    ],
)
def test_an_edited_question_is_asked_in_its_place(edited: str, asked: str) -> None:
    rag = ScriptedRAG()
    data = gr.EditData(None, {"index": 2, "value": edited, "previous_value": ""})
    last = list(page_of(rag).edit(data, talk(ANSWERED, FAILED, STOPPED), *OPTIONS))[-1]
    assert [question for question, _, _ in rag.asked] == [asked]
    assert last[2] == talk(ANSWERED, Turn(question=asked, answer=answer()))


def test_what_was_stopped_is_back_in_the_box() -> None:
    box, chat, conversation = stopped(talk(ANSWERED, Turn(question="Who <b>?")))
    assert told(box) == {"value": "Who <b>?", **READY}
    assert shown(chat)[-2:] == [("user", "Who &lt;b&gt;?"), ("assistant", '<div class="stopped">Stopped.</div>')]
    assert conversation == talk(ANSWERED, Turn(question="Who <b>?", stopped=True))


@pytest.mark.parametrize("conversation", [talk(ANSWERED), talk(FAILED), talk(STOPPED), Conversation()])
def test_a_stop_that_comes_too_late_changes_nothing(conversation: Conversation) -> None:
    box, chat, after = stopped(conversation)
    assert told(box) == READY and after == conversation
    assert len(shown(chat)) == 2 * len(conversation.turns)


def test_a_new_conversation_begins_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = page_of(ScriptedRAG())
    box, chat, conversation, examples = desk.start_anew()
    assert told(box) == READY and shown(chat) == [] and conversation == Conversation()
    assert told(chat)["feedback_value"] == [] and told(examples) == {"visible": False}
    with_examples(desk, monkeypatch)
    desk.examples()
    assert told(desk.start_anew()[-1]) == {"visible": True}
    assert told(desk.offer(Conversation().asked("Who came?"))) == {"visible": False}


def with_examples(desk: Page, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An index with example questions; its state may be changed."""
    state = ["first"]
    monkeypatch.setattr(desk.rag.store, "generation", lambda: state[0], raising=False)
    monkeypatch.setattr(page, "suggest", lambda rag: [f"Who is in the {state[0]}?"])
    return state


def test_examples_are_looked_for_once_for_each_state_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = page_of(ScriptedRAG())
    state = with_examples(desk, monkeypatch)
    expected = {"samples": [["Who is in the first?"]]}
    assert told(desk.examples()) == expected
    monkeypatch.setattr(page, "suggest", lambda rag: [])
    assert told(desk.examples()) == expected
    state[0] = "second"
    assert told(desk.examples()) == {"samples": []}
    assert told(desk.offer(Conversation())) == {"visible": False}


def fail(*_: Any) -> Any:
    raise StoreError("the index <b> is gone; index the articles")


def test_a_broken_index_costs_examples_publishers_and_numbers_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rag = ScriptedRAG(StoreError("gone"))
    monkeypatch.setattr(rag, "generation", fail, raising=False)
    monkeypatch.setattr(rag, "articles", fail, raising=False)
    desk = page_of(rag)
    assert told(desk.examples()) == {"samples": []}
    assert told(desk.offer(Conversation())) == {"visible": False}
    assert told(desk.publishers()) == {"choices": []}
    assert "against the articles." in introduce(rag)  # type: ignore[arg-type]
    assert caplog.text.count("index the articles") == 3
    assert "The index &lt;b&gt; is gone" in Shelf(desk.collection, Presence()).articles("", "")
    assert "against 2 articles." in introduce(ScriptedRAG())  # type: ignore[arg-type]


# Thumbs


@pytest.fixture
def feedback(tmp_path: Path) -> Path:
    return tmp_path / "thumbs" / "feedback.jsonl"


def like(feedback: Path, conversation: Conversation, index: int, liked: bool | str) -> Update:
    data = gr.LikeData(None, {"index": index, "value": "", "liked": liked})
    return page_of(ScriptedRAG(settings=Settings(feedback=feedback))).like(data, conversation)


def test_a_thumb_is_recorded_and_taken_back(feedback: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conversation = talk(ANSWERED, FAILED, ANSWERED.model_copy(update={"question": "Who?"}))
    for liked, kept, thumb in ((True, True, "Like"), (False, False, "Dislike"), ("", None, None)):
        chat, conversation, browser = like(feedback, conversation, 5, liked)
        assert told(chat) == {"feedback_value": [None, None, thumb]}
        assert [each.liked for each in conversation.turns] == [None, None, kept]
        assert Conversation.model_validate_json(browser) == conversation
    lines = [json.loads(line) for line in feedback.read_text(encoding="utf-8").splitlines()]
    assert [line["liked"] for line in lines] == [True, False, None]
    assert lines[0]["question"] == answer().question and lines[0]["citations"][0]["quote"] == QUOTE
    assert [message["content"] for message in lines[0]["history"]] == ["How long?", f"{QUOTE} [1]"]
    assert capsys.readouterr().out.splitlines() == ["Thank you; it is kept on this machine."] * 2 + ["Taken back."]


@pytest.mark.parametrize("index", [3, 5])
def test_there_is_no_thumb_on_errors_and_stops(feedback: Path, index: int) -> None:
    assert like(feedback, talk(ANSWERED, FAILED, STOPPED), index, True) == (SKIP,) * 3
    assert not feedback.exists()


def test_a_thumb_that_cannot_be_kept_says_so_as_text(tmp_path: Path) -> None:
    folder = tmp_path / "<b>"
    folder.mkdir()
    with pytest.warns(UserWarning, match="cannot write feedback to .*&lt;b&gt; .*RAG_FEEDBACK"):
        assert like(folder, talk(ANSWERED), 1, True) == (SKIP,) * 3


# What the browser keeps


def test_a_kept_conversation_is_opened_again() -> None:
    liked = [ANSWERED.model_copy(update={"liked": value}) for value in (True, False)]
    kept = talk(*liked, FAILED, STOPPED)
    box, chat, conversation, examples, tabs = reopened(event(conversation=kept.to_json()))
    assert conversation == kept
    assert [content for role, content in shown(chat) if role == "assistant"] == [
        *[render_answer(answer(citation()))] * 2,
        render_error(FAILED.error),
        '<div class="stopped">Stopped.</div>',
    ]
    assert told(chat)["feedback_value"] == ["Like", "Dislike", None, None]
    assert told(box) == {"value": "", **READY}
    assert told(examples) == {"visible": False} and told(tabs) == {"selected": "ask"}


def test_what_was_kept_before_its_answer_is_opened_as_stopped() -> None:
    kept = talk(ANSWERED, Turn(question="And then?"))
    assert reopened(event(conversation=kept.to_json()))[2] == talk(ANSWERED, STOPPED)


@pytest.mark.parametrize("text", ["", "null", "{", '{"id": "1", "turns": []}', '{"turns": [{"html": "<b>"}]}', None, 3])
def test_what_is_no_conversation_is_refused_politely(text: Any) -> None:
    for read, refused in (
        (read_conversation, None),
        (lambda text: reopened(event(conversation=text)), (SKIP,) * 5),
        (lambda text: export_text(event(conversation=text)), SKIP),
    ):
        with pytest.warns(UserWarning, match="another version and cannot be read"):
            assert read(text) == refused


def test_a_kept_conversation_is_exported_as_markdown() -> None:
    kept = talk(ANSWERED, FAILED)
    assert export_text(event(conversation=kept.to_json())) == kept.to_markdown()


def test_the_conversation_of_the_page_goes_when_it_is_forgotten() -> None:
    desk = page_of(ScriptedRAG())
    box, chat, conversation, _ = desk.forget(event(id="0" * 32), talk(ANSWERED))
    assert told(box) == READY and shown(chat) == [] and conversation == Conversation()
    assert desk.forget(event(id="1" * 32), talk(ANSWERED)) == (SKIP,) * 4


# Evidence


@pytest.fixture
def desk(seeds_rag: RAG, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The page over the five articles."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    return Page(seeds_rag)


def test_a_marker_opens_the_article_at_its_words_and_offers_its_file(desk: Page, seeds_rag: RAG) -> None:
    (cited, *_) = seeds_rag.answer("How many containers will Chancay handle in its first year?").citations
    address = passage_address(cited.source, cited.start, cited.end).removeprefix(PASSAGE)
    html, button = desk.evidence(event(passage=address))
    marked = "".join(re.findall("<mark>(.*?)</mark>", html))
    assert squeezed(Shown(marked).text) == squeezed(cited.quote)
    assert told(button)["interactive"] and told(button)["link"] == f"original?source={cited.source}"


def test_a_file_that_is_gone_is_not_offered(desk: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.collection, "file", lambda _: None)
    assert told(original_of(desk.collection, "004_a97b5fc439998a1f.txt")) == {
        "value": "The original file has changed or is gone",
        "link": None,
        "interactive": False,
        "visible": True,
    }


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("source=%3Cb%3E.txt&start=0&end=1", "&lt;b&gt;.txt"),
        *((address, "This link names no passage") for address in ("", "x", "source=a", "source=a&start=b&end=1")),
    ],
)
def test_a_link_that_leads_nowhere_says_so(desk: Page, address: str, said: str) -> None:
    html, button = desk.evidence(event(passage=address))
    assert said in html and 'role="alert"' in html and told(button) == {"visible": False}


@pytest.mark.parametrize(
    "address", ["", "source=a", "source=a&start=1", "source=a&start=1&end=", "source=&start=1&end=2", "a=1;b", None, 5]
)
def test_addresses_that_are_none_are_refused(address: Any) -> None:
    with pytest.raises(RAGError, match="names no passage; ask the question again"):
        read_passage(address)


# The collection


class ScriptedCollection:
    """A collection of one article that takes every change, or none."""

    def __init__(self, error: RAGError | None = None, read_only: bool = False) -> None:
        self.error = error
        self.read_only = read_only
        self.changes: list[Any] = []

    def entries(self) -> list[Entry]:
        return [Entry(article(), 1, ()), Entry(article(source="b.txt", publisher=None), 1, ())]

    def difference(self, source: str) -> Sequence[Any]:
        return []

    def file(self, source: str) -> None:
        return None

    def _change(self, change: Any, progress: Callable[[str, int, int], None]) -> None:
        if self.error:
            raise self.error
        progress("reading", 1, 2)
        self.changes.append(change)

    def add(self, files: Sequence[Path], progress: Any, *, folder: Path, replace: bool) -> list[Added]:
        assert not replace
        assert all(file.is_relative_to(folder) for file in files)
        self._change([file.name for file in files], progress)
        return [Added("a.txt", article()), Added("<b>.txt", error="<b>.txt has no text")]

    def remove(self, sources: Sequence[str], progress: Any) -> None:
        self._change(list(sources), progress)

    def refresh(self, progress: Any) -> IngestReport:
        self._change("refresh", progress)
        return IngestReport(2, 0, 3, added=1, changed=2, removed=3, embedded=3, skipped=("<b> is empty",), seconds=0.1)


@pytest.fixture
def uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file as Gradio keeps an upload."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    file = tmp_path / "uploads" / "0123" / "a.txt"
    file.parent.mkdir(parents=True)
    file.write_text("The bridge is open.")
    return str(file)


def test_changes_are_made_and_told(uploaded: str) -> None:
    collection = ScriptedCollection()
    shelf = Shelf(collection, Presence())  # type: ignore[arg-type]
    steps: list[Any] = []

    def progress(*step: Any, **words: Any) -> None:
        steps.append((*step, words))

    table, note, files = shelf.add([uploaded], "no", "bridge", progress)  # type: ignore[arg-type]
    assert "2 of 2 files" in table and "Not added</b> &lt;b&gt;.txt has no text" in note and files is None
    table, note = shelf.refresh("", progress)  # type: ignore[arg-type]
    assert "2 files" in table and "1 added, 2 changed, 3 removed; &lt;b&gt; is empty" in note
    table, note, chosen, shown, original, remove = shelf.remove("b<.txt", "yes", "", progress)  # type: ignore[arg-type]
    assert "Removed: b&lt;.txt" in note and (chosen, shown) == ("", "")
    assert told(original) == told(remove) == {"visible": False}
    for source, sure in (("", "yes"), ("b<.txt", "no"), ("b<.txt", "")):
        assert shelf.remove(source, sure, "", progress) == (SKIP,) * 6  # type: ignore[arg-type]
    assert collection.changes == [["a.txt"], "refresh", ["b<.txt"]]
    assert not Path(uploaded).parent.exists(), "nothing of an upload stays where it was uploaded to"
    assert steps == [((1, 2), {"desc": "Reading …"})] * 3


@pytest.mark.usefixtures("uploaded")
def test_a_change_that_fails_says_so_and_changes_nothing() -> None:
    shelf = Shelf(ScriptedCollection(SettingsError("it is <b>read-only</b>")), Presence())  # type: ignore[arg-type]
    note = '<p class="error" role="alert">It is &lt;b&gt;read-only&lt;/b&gt;</p>'
    assert shelf.add([], "no", "") == (SKIP, note, None)
    assert shelf.refresh("") == (SKIP, note)
    assert shelf.remove("a", "yes", "") == (SKIP, note, *(SKIP,) * 4)


@pytest.mark.parametrize("read_only", [False, True])
def test_choosing_an_article_shows_it(read_only: bool) -> None:
    desk = page_of(ScriptedRAG(), ScriptedCollection(read_only=read_only))
    shelf = Shelf(desk.collection, Presence())
    source, table, difference, original, remove = shelf.choose(event(source="b.txt"), "")
    assert source == "b.txt" and "Cleaning removed nothing" in difference
    assert table.count('aria-pressed="true"') == 1 and not told(original)["interactive"]
    assert told(remove) == {"visible": not read_only}
    source, table, said, original, remove = shelf.choose(event(source="<b>"), "")
    assert (source, table) == ("", SKIP) and "&lt;b&gt; is no longer in the collection" in said
    assert told(original) == told(remove) == {"visible": False}
    assert told(desk.publishers()) == {"choices": ["Velden Post"]}


# The whole page


@pytest.fixture(scope="module")
def blocks() -> gr.Blocks:
    return build_app(ScriptedRAG(settings=Settings(top_k=50)))  # type: ignore[arg-type]


def parts(blocks: gr.Blocks, kind: str) -> list[dict[str, Any]]:
    return [part["props"] for part in blocks.get_config_file()["components"] if part["type"] == kind]


def test_the_page_sanitizes_and_calls_nobody_and_offers_no_api(blocks: gr.Blocks) -> None:
    (chat,) = parts(blocks, "chatbot")
    assert chat["sanitize_html"] is True
    assert (chat["render_markdown"], chat["latex_delimiters"], chat["allow_tags"]) == (False, [], False)
    assert not blocks.analytics_enabled
    info = blocks.get_api_info()
    assert info and info["named_endpoints"] == {} == info["unnamed_endpoints"]


def test_words_are_values_and_never_templates(blocks: gr.Blocks) -> None:
    # Gradio evaluates `${…}` and `{{…}}` in a template, but not in what is put into it.
    assert {part["html_template"] for part in parts(blocks, "html")} == {"${value}", "<ul></ul>", "<i></i>"}


def test_what_answers_shares_its_turns_and_what_tells_is_queued(blocks: gr.Blocks) -> None:
    events = {call.name: call for call in blocks.fns.values() if call.name}
    asking = [events[name] for name in ("ask", "ask_example", "retry", "edit")]
    assert {call.concurrency_limit for call in asking} == {None}, "Places has its own order"
    assert all(events[name].queue for name in ("like", "reopen", "export_text")), "else gr.Warning is not seen"


def test_more_passages_than_usual_can_be_asked_for(blocks: gr.Blocks) -> None:
    (slider,) = parts(blocks, "slider")
    assert slider["value"] == slider["maximum"] == 50


@pytest.mark.parametrize("read_only", [False, True])
def test_a_read_only_collection_offers_no_change(read_only: bool) -> None:
    blocks = build_app(ScriptedRAG(settings=Settings(read_only=read_only)))  # type: ignore[arg-type]
    again = [part for part in parts(blocks, "button") if part["value"] == "Index changed files"]
    assert len(parts(blocks, "file")) == len(again) == (not read_only)
    changing = {"add", "refresh", "remove"} & {call.name for call in blocks.fns.values()}
    assert changing == (set() if read_only else {"add", "refresh", "remove"})


def test_gradio_is_imported_only_for_the_page() -> None:
    modules = "rag, rag.cli, ui.server, ui.render, ui.conversation, ui.render_collection"
    code = f"import sys, {modules}; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
