"""What the layers around the page share: ASGI's shapes, a refusal in one line, bodies that are read within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

READ_WITHIN = 60.0  # seconds for a body to be there, or for the next part of an upload


async def refuse(send: Send, status: int, why: str, **headers: str) -> None:
    """An answer in one line, as Gradio's page shows it."""
    body = json.dumps({"detail": why}).encode()
    given = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    if status in (408, 411, 413):  # what still comes is not waited for
        given["connection"] = "close"
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def header(scope: Scope, name: str) -> str | None:
    """A header that came once; None where it did not come, or several times."""
    values = [value for key, value in scope["headers"] if key == name.encode()]
    return values[0].decode("latin-1") if len(values) == 1 else None


def address_of(scope: Scope) -> str:
    """Where a request comes from."""
    return str((scope.get("client") or ("",))[0])


class Bodies:
    """Reads the bodies of requests: each so large at most, and none for ever; large ones share `together` bytes."""

    SMALL = 200_000  # bytes; what is no larger is read however much the large ones hold

    def __init__(self, largest: int, together: int) -> None:
        self._largest = largest
        self._together = together
        self._held = 0

    @asynccontextmanager
    async def read(self, receive: Receive, send: Send) -> AsyncIterator[bytes | None]:
        """The body; None where it is refused, which is then said."""
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(READ_WITHIN):
                    refused = await self._refused(body, receive)
            except TimeoutError:
                refused = 408, "the request came too slowly"
            if refused:
                await refuse(send, *refused)
            yield None if refused else bytes(body)
        finally:
            self._held -= len(body)

    async def _refused(self, body: bytearray, receive: Receive) -> tuple[int, str] | None:
        """Fill the body; returns what is wrong with it."""
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return 400, "the request broke off"
            body += message.get("body", b"")
            self._held += len(message.get("body", b""))
            if len(body) > self._largest:
                return 413, f"this has more than {self._largest:,} bytes"
            if len(body) > self.SMALL and self._held > self._together:
                return 429, "too much is being sent here; try again in a minute"
            more = message.get("more_body", False)
        return None


def replayed(body: bytes, receive: Receive) -> Receive:
    """What hands out a body that has been read, and then waits on."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receiving


async def while_there(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer until whoever asked has gone; Gradio itself would notice with the next thing that it sends."""
    gone = asyncio.Event()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async def receiving() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    tasks = asyncio.create_task(watch()), asyncio.ensure_future(app(scope, replayed(b"", receiving), send))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
