"""Who is answered when: a few at a time, some waiting, nobody in all the places, and nothing for who has gone."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rag.errors import RAGError

ARRIVING = 2.0  # seconds within which a page listens for what it has asked for; it takes a few milliseconds
MOST_ARRIVING = 200  # askers whose page does not listen yet; beyond, the oldest of them goes
GLANCE = 0.25  # seconds after which one looks again whether a page still listens
Step = TypeVar("Step")


class CrowdedError(RAGError):
    """More wait already than may wait."""


class GoneError(RAGError):
    """Nobody waits for it any more."""


class StoppedError(RAGError):
    """It was asked to stop."""


class Presence:
    """Which pages listen for what comes of their events, by the page's session; written on the event loop only."""

    def __init__(self) -> None:
        self._streams: Counter[str] = Counter()

    @contextmanager
    def listening(self, session: str) -> Iterator[None]:
        """While a page listens."""
        self._streams[session] += 1
        try:
            yield
        finally:
            self._streams[session] -= 1
            if not self._streams[session]:
                del self._streams[session]

    def __contains__(self, session: str) -> bool:
        return session in self._streams

    def __len__(self) -> int:
        return self._streams.total()


@dataclass(frozen=True)
class Asker:
    """Whose work it is: the session of a page, and the visitor, by name where there are logins, else by address."""

    session: str
    visitor: str


@dataclass(eq=False)
class _Ticket:
    asker: Asker
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    worker: _Worker | None = None


class Places:
    """Work of visitors, done in threads, `at_a_time` of it, while up to `most_waiting` wait.

    Whoever has the least under way comes first. One page may have half of the places, and of those to wait in; one
    visitor all but one, since many pages may stand behind one address.
    """

    def __init__(self, presence: Presence, *, at_a_time: int, most_waiting: int, what: str) -> None:
        self._presence = presence
        self._what = what
        self._at_a_time = at_a_time
        self._most_waiting = most_waiting
        self._arriving: list[_Ticket] = []
        self._waiting: list[_Ticket] = []
        self._running: list[_Ticket] = []
        self._under_way = set[_Ticket]()  # from the call of `run` to its end, whatever their threads do

    async def run(
        self, asker: Asker, work: Callable[[], Generator[Step, None, None]], *, waiting: Step
    ) -> AsyncIterator[Step]:
        """What the work yields, once it has its place, and `waiting` ahead of it where it has to wait for that.

        When nobody takes it any more, the work ends at its next step.

        Raises:
            CrowdedError: as many wait as may.
            GoneError: the asker's page does not listen, or no longer.
            StoppedError: `stop` was called for the asker's page.
        """
        ticket = _Ticket(asker)
        self._under_way.add(ticket)
        try:
            await self._arrive(ticket)
            self._line_up(ticket)
            if not ticket.begun.is_set():
                yield waiting
            while not ticket.begun.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GLANCE):
                        await ticket.begun.wait()
                self._require(ticket)
            # The place is free when its thread has ended.
            ticket.worker = worker = _Worker(work, lambda: self._leave(ticket))
            while True:
                result = None
                # Not `wait_for`: before Python 3.12 it swallows a cancellation that meets a result.
                with suppress(TimeoutError):
                    async with asyncio.timeout(GLANCE):
                        result = await worker.results.get()
                self._require(ticket)
                if result is None:
                    continue
                kind, value = result
                if kind is _STEP:
                    yield value
                elif kind is _ERROR:
                    raise value
                else:
                    return
        finally:
            if ticket.worker is None:
                self._leave(ticket)
            else:
                ticket.worker.given_up.set()
            self._under_way.remove(ticket)
            ticket.ended.set()

    async def stop(self, session: str) -> None:
        """Have all end that a page has under way; when this returns, it yields nothing more."""
        tickets = [each for each in self._under_way if each.asker.session == session]
        for ticket in tickets:
            ticket.stopped = True
        with suppress(TimeoutError):  # whoever took its steps may take no more
            async with asyncio.timeout(ARRIVING):
                for ticket in tickets:
                    await ticket.ended.wait()

    async def _arrive(self, ticket: _Ticket) -> None:
        """Wait until the page listens."""
        self._arriving.append(ticket)
        del self._arriving[:-MOST_ARRIVING]
        pause, waited = 0.005, 0.0
        try:
            while ticket.asker.session not in self._presence:
                if waited > ARRIVING or ticket not in self._arriving:
                    raise GoneError("nobody listens for the answer")
                await asyncio.sleep(pause)
                waited += pause
                pause = min(2 * pause, GLANCE)
        finally:
            if ticket in self._arriving:
                self._arriving.remove(ticket)

    def _require(self, ticket: _Ticket) -> None:
        if ticket.stopped:
            raise StoppedError("it was stopped")
        if ticket.asker.session not in self._presence:
            raise GoneError("nobody listens for the answer any more")

    def _line_up(self, ticket: _Ticket) -> None:
        session, visitor = ticket.asker.session, ticket.asker.visitor
        half, all_but_one = max(1, self._most_waiting // 2), max(1, self._most_waiting - 1)
        if sum(each.asker.session == session for each in self._waiting) >= half:
            raise CrowdedError(f"too many {self._what} of this page wait already; try again when they are done")
        others = sum(each.asker.visitor == visitor for each in self._waiting) >= all_but_one
        if others or len(self._waiting) >= self._most_waiting:
            raise CrowdedError(f"too many {self._what} are waiting; try again in a minute")
        self._waiting.append(ticket)
        self._fill()

    def _leave(self, ticket: _Ticket) -> None:
        for places in (self._waiting, self._running):
            if ticket in places:
                places.remove(ticket)
        self._fill()

    def _fill(self) -> None:
        """Give free places to those who may have one."""
        while len(self._running) < self._at_a_time:
            pages = Counter(each.asker.session for each in self._running)
            visitors = Counter(each.asker.visitor for each in self._running)
            half, all_but_one = max(1, self._at_a_time // 2), max(1, self._at_a_time - 1)
            able = [
                each
                for each in self._waiting
                if pages[each.asker.session] < half and visitors[each.asker.visitor] < all_but_one
            ]
            if not able:
                return
            first = min(able, key=lambda each: (visitors[each.asker.visitor], pages[each.asker.session]))
            self._waiting.remove(first)
            self._running.append(first)
            first.begun.set()


_STEP, _ERROR, _END = object(), object(), object()


class _Worker:
    """A thread that works step by step until it is given up; `results` are pairs of a kind and a value."""

    def __init__(self, work: Callable[[], Generator[Any, None, None]], when_ended: Callable[[], None]) -> None:
        self.results: asyncio.Queue[tuple[object, Any]] = asyncio.Queue()
        self.given_up = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._when_ended = when_ended
        context = contextvars.copy_context()  # Gradio's progress bars find their event by it
        threading.Thread(target=context.run, args=(self._run,), name="place", daemon=True).start()

    def _run(self) -> None:
        try:
            with closing(self._work()) as steps:
                for step in steps:
                    if self.given_up.is_set():
                        break
                    self._tell(self.results.put_nowait, (_STEP, step))
            self._tell(self.results.put_nowait, (_END, None))
        except BaseException as error:
            self._tell(self.results.put_nowait, (_ERROR, error))
        finally:
            self._tell(self._when_ended)

    def _tell(self, what: Callable[..., object], *values: object) -> None:
        with suppress(RuntimeError):  # the service has ended meanwhile
            self._loop.call_soon_threadsafe(what, *values)
