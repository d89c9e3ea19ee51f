"""Whose question is answered when: over HTTP, with a service that writes until it is stopped."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rag.events import CHECKING, READING, SEARCHING, WRITING, Answered, StepBegun
from rag.settings import Settings
from tests.page import ScriptedRAG, answer, citation
from tests.security.visitor import API, Visitor, listening, visiting
from tests.ui.test_server import serving
from ui.places import Asker, CrowdedError, Places, Presence

pytestmark = pytest.mark.slow


class Writing(ScriptedRAG):
    """Writes on and on, but for questions that begin with "quick"; remembers what it began and what was stopped."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(answer(citation()), Settings(**settings))
        self.begun: list[str] = []
        self.stopped: list[str] = []
        self.enough = threading.Event()

    def stream(self, question: str, **_: Any) -> Iterator[Any]:
        self.begun.append(question)
        yield StepBegun(SEARCHING)
        yield StepBegun(READING)
        try:
            while not question.startswith("quick") and not self.enough.wait(0.02):
                yield StepBegun(WRITING)
        except GeneratorExit:
            self.stopped.append(question)
            raise
        yield StepBegun(CHECKING)
        yield Answered(self.given)


def until(what: Callable[[], object], seconds: float = 20) -> None:
    last = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < last, "it never came to be"
        time.sleep(0.02)


@pytest.fixture
def rag() -> Iterator[Writing]:
    rag = Writing(max_waiting_questions=6)
    yield rag
    rag.enough.set()


@pytest.fixture
def address(rag: Writing) -> Iterator[str]:
    with serving(rag=rag) as client:
        yield str(client.base_url)


def test_what_nobody_listens_for_is_not_begun(rag: Writing, address: str) -> None:
    for number in range(30):
        with visiting(address) as stranger:
            assert stranger.ask(f"unheard {number}").status_code == 200
    with visiting(address) as visitor:
        assert "412 metres" in visitor.answered("quick")
    assert rag.begun == ["quick"]
    time.sleep(3)  # longer than anybody may take to listen
    assert rag.begun == ["quick"]


def test_what_was_begun_stops_at_its_next_step_when_its_page_has_gone(rag: Writing, address: str) -> None:
    with visiting(address) as visitor:
        visitor.ask("slow")
        messages = visitor.messages()
        next(messages)
        until(lambda: rag.begun)
        messages.close()
    until(lambda: rag.stopped == ["slow"])


def test_a_question_that_waits_is_not_begun_when_its_page_has_gone(rag: Writing, address: str) -> None:
    with ExitStack() as stack:
        pages = [stack.enter_context(visiting(address)) for _ in range(4)]
        for number, page in enumerate(pages):
            page.ask(f"slow {number}")
            stack.enter_context(listening(page))
        until(lambda: len(rag.begun) == 3)  # one visitor leaves a place to others
        with visiting(address) as gone:
            gone.ask("waiting")
            messages = gone.messages()
            next(messages)
            time.sleep(0.5)
            messages.close()
        time.sleep(0.5)
        rag.enough.set()
        until(lambda: len(rag.begun) == 4)
        time.sleep(0.5)
        assert "waiting" not in rag.begun


def test_one_visitor_leaves_a_place_and_beyond_those_who_may_wait_one_is_refused_in_words(
    rag: Writing, address: str
) -> None:
    with ExitStack() as stack:
        for number in range(10):
            page = stack.enter_context(visiting(address))
            page.ask(f"slow {number}")
            said = stack.enter_context(listening(page))
        until(lambda: "too many questions are waiting; try again in a minute" in json.dumps(said))
        assert len(rag.begun) == 3
        rag.enough.set()


Ask = Callable[[Asker, str], "asyncio.Task[list[str]]"]


def in_places(
    scenario: Callable[[Ask, list[str], threading.Event], Awaitable[None]], *, at_a_time: int = 4, most_waiting: int = 6
) -> None:
    """Run a scenario over places whose work goes on until the event is set, and notes when it begins."""

    async def main() -> None:
        presence, begun, enough = Presence(), list[str](), threading.Event()
        places = Places(presence, at_a_time=at_a_time, most_waiting=most_waiting, what="questions")

        def work(name: str) -> Generator[str, None, None]:
            begun.append(name)
            while not enough.wait(0.01):
                yield "on"
            yield name

        async def asked(asker: Asker, name: str) -> list[str]:
            with presence.listening(asker.session):
                steps = [step async for step in places.run(asker, lambda: work(name), waiting="waiting")]
            return [steps[0], steps[-1]]

        def ask(asker: Asker, name: str) -> asyncio.Task[list[str]]:
            return asyncio.create_task(asked(asker, name))

        await asyncio.wait_for(scenario(ask, begun, enough), 60)
        enough.set()

    asyncio.run(main())


async def settled(what: Callable[[], object]) -> None:
    while not what():
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)


def test_one_page_holds_half_of_the_places_and_others_come_first() -> None:
    async def scenario(ask: Ask, begun: list[str], enough: threading.Event) -> None:
        greedy = [ask(Asker("greedy", "10.0.0.1"), f"greedy {number}") for number in range(5)]
        await settled(lambda: len(begun) == 2)
        assert begun == ["greedy 0", "greedy 1"]
        others = [ask(Asker(f"other {number}", "10.0.0.2"), f"other {number}") for number in range(2)]
        await settled(lambda: len(begun) == 4)
        assert begun[2:] == ["other 0", "other 1"]
        late = ask(Asker("late", "10.0.0.3"), "late")
        await asyncio.sleep(0.3)
        enough.set()
        assert await late == ["waiting", "late"] and begun[4] == "late", "who has nothing under way comes first"
        assert [await task for task in others] == [["on", "other 0"], ["on", "other 1"]]
        assert (await greedy[4])[0] == "waiting"

    in_places(scenario)


def test_one_page_waits_in_half_of_the_places_to_wait_in() -> None:
    async def scenario(ask: Ask, begun: list[str], enough: threading.Event) -> None:
        tasks = [ask(Asker("greedy", "10.0.0.1"), str(number)) for number in range(6)]
        with pytest.raises(CrowdedError, match="too many questions of this page wait already; try again when they"):
            await tasks[5]
        other = ask(Asker("other", "10.0.0.2"), "other")
        await settled(lambda: "other" in begun)
        enough.set()
        assert await other == ["on", "other"]

    in_places(scenario)


def test_what_is_cancelled_gives_its_place_back_when_its_step_has_ended() -> None:
    async def scenario(ask: Ask, begun: list[str], enough: threading.Event) -> None:
        first, second = ask(Asker("a", "10.0.0.1"), "first"), ask(Asker("b", "10.0.0.2"), "second")
        await settled(lambda: begun == ["first"])
        first.cancel()
        await settled(lambda: begun == ["first", "second"])
        enough.set()
        assert await second == ["waiting", "second"]

    in_places(scenario, at_a_time=1)


def test_a_page_stops_its_own_questions_and_its_next_one_is_answered(rag: Writing, address: str) -> None:
    with ExitStack() as stack:
        page, other = (stack.enter_context(visiting(address)) for _ in range(2))
        for visitor in (page, other):
            visitor.ask(f"slow {visitor.session}")
        said = stack.enter_context(listening(page))
        stack.enter_context(listening(other))
        until(lambda: len(rag.begun) == 2)
        box, chat, _ = page.run("stop", [None]).json()["data"]
        assert box["value"] == f"slow {page.session}" and "Stopped." in json.dumps(chat)
        until(lambda: rag.stopped == [f"slow {page.session}"])
        until(lambda: [each for each in said if each["msg"] == "process_completed"])
        assert "Searching" not in json.dumps(said[-1]), "what was stopped does not come back"
        assert "412 metres" in page.answered("quick")
        assert rag.stopped == [f"slow {page.session}"], "the other page's goes on"


def test_one_page_has_only_so_many_events_under_way(rag: Writing, address: str) -> None:
    with visiting(address) as greedy:
        statuses = [greedy.ask(f"slow {number}").status_code for number in range(20)]
        assert statuses == [200] * 16 + [429] * 4
        assert "too much of this page waits already" in greedy.ask("slow").text


def test_what_pages_leave_behind_is_forgotten(rag: Writing, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.tidy.ABANDONED", 0.5)
    monkeypatch.setattr("ui.tidy.TIDY_EVERY", 0.2)
    monkeypatch.setattr("ui.tidy.PLENTY", 1)
    from gradio.queueing import Queue

    pages = [Visitor(address) for _ in range(5)]
    for page in pages:
        page.ask("unheard")
    sessions = {page.session for page in pages}
    queues = [each for each in gc.get_objects() if isinstance(each, Queue)]
    (queue,) = [each for each in queues if sessions <= each.pending_messages_per_session.keys()]
    until(lambda: not sessions & (queue.pending_messages_per_session.keys() | queue.pending_event_ids_session.keys()))
    states = queue.blocks.state_holder
    with visiting(address) as visitor, visitor.client.stream("GET", f"{API}/heartbeat/{visitor.session}"):
        assert "412 metres" in visitor.answered("quick")
        until(lambda: not sessions & states.session_data.keys())
        assert visitor.session in states, "what is open is remembered"
