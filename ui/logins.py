"""Logins: who has not logged in sees nothing, and who guesses waits."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from starlette.formparsers import MultiPartException
from starlette.requests import Request, cookie_parser

from ui.asgi import App, Bodies, Message, Receive, Scope, Send, address_of, header, refuse, replayed

LARGEST_FORM = 10_000  # bytes of a name and a password


@dataclass
class _Tries:
    """Logins that failed one after the other, and until when no more are taken."""

    failed: int = 0
    until: float = 0.0


@dataclass
class Attempts:
    """Failed logins by address or name: after `free` of them each doubles the wait, up to `longest` seconds."""

    free: int
    longest: float
    _tries: OrderedDict[str, _Tries] = field(default_factory=OrderedDict)

    def wait(self, who: str) -> float:
        """Seconds that the next attempt has to wait; 0 where it may be made, which is then counted as failed."""
        now = time.monotonic()
        tries = self._tries.setdefault(who, _Tries())
        self._tries.move_to_end(who)
        while len(self._tries) > 10_000:
            self._tries.popitem(last=False)
        if tries.until > now:
            return tries.until - now
        if now - tries.until > 3600:
            tries.failed = 0
        tries.failed += 1
        tries.until = now + (
            min(2.0 ** min(tries.failed - self.free + 3, 20), self.longest) if tries.failed >= self.free else 0
        )
        return 0

    def succeeded(self, who: str) -> None:
        """Forget what failed."""
        self._tries.pop(who, None)


class SlowLogin:
    """Slows guessing of passwords down, and stops it: by the guesser's address, and by the name that is guessed for."""

    PAUSE = 1.0  # seconds that a wrong password costs

    def __init__(self, app: App) -> None:
        self.app = app
        self._addresses, self._names = Attempts(free=5, longest=900), Attempts(free=20, longest=30)
        self._known = OrderedDict[tuple[str, str], None]()  # names that have logged in, with the address they did from
        self._bodies = Bodies(LARGEST_FORM, 100 * LARGEST_FORM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a login whose turn it is; everything else as it is."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/login"):
            await self.app(scope, receive, send)
            return
        async with self._bodies.read(receive, send) as body:
            if body is not None:
                await self._login(body, scope, receive, send)

    async def _login(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        try:
            form = await Request(scope, replayed(body, receive)).form(max_files=0, max_fields=20)
        except (MultiPartException, KeyError, ValueError):
            await refuse(send, 400, "this is no form with a name and a password")
            return
        name = str(form.get("username", "")).strip()[:200]
        if not (name and form.get("password")):  # nobody's guess; Gradio says what is missing
            await self.app(scope, replayed(body, receive), send)
            return
        # Who guesses for a name from elsewhere does not keep out whoever has logged in by it from here.
        known = (name, address) in self._known
        wait = max(self._addresses.wait(address), 0 if known else self._names.wait(name))
        if wait:
            why = f"too many wrong passwords; try again in {round(wait) + 1} s"
            await refuse(send, 429, why, retry_after=str(round(wait) + 1))
            return
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == 200:
                    self._addresses.succeeded(address)
                    self._names.succeeded(name)
                    self._known[name, address] = None
                    while len(self._known) > 1000:
                        self._known.popitem(last=False)
                else:
                    await asyncio.sleep(self.PAUSE)
            await send(message)

        await self.app(scope, replayed(body, receive), sending)


class Members:
    """Shows those who have not logged in, where there are logins, no more than what logging in needs."""

    _OPEN = re.compile(
        r"/|/login/?|/logout|/theme\.css|/robots\.txt|/favicon\.ico|/manifest\.json|/(?:assets|static)/.*"
    )

    def __init__(self, app: App, gradio: Any) -> None:
        self.app = app
        self._gradio = gradio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is open, or comes with the token of a login."""
        if scope["type"] == "http" and self._gradio.auth is not None and not self._OPEN.fullmatch(scope["path"]):
            cookies = cookie_parser(header(scope, "cookie") or "")
            names = (f"access-token-{self._gradio.cookie_id}", f"access-token-unsecure-{self._gradio.cookie_id}")
            if not any(cookies.get(name) in self._gradio.tokens for name in names):
                await refuse(send, 401, "log in first")
                return
        await self.app(scope, receive, send)
