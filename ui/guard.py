"""What stands between the network and the page: who may ask for what, and with how much of it.

Each layer is an ASGI application around the next one. What the page does not need is refused here, whatever Gradio
makes of it. docs/security.md says against whom this is meant to help.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Container
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ui.asgi import (
    READ_WITHIN,
    App,
    Bodies,
    Message,
    Receive,
    Scope,
    Send,
    address_of,
    header,
    refuse,
    replayed,
    while_there,
)
from ui.events import MOST_WAITING, EventError, read_event
from ui.logins import Members, SlowLogin
from ui.places import Presence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradio.blocks import Blocks

LARGEST_BODY = 3_000_000  # bytes of an event: a conversation that the browser kept, at most
MOST_FILES = 100  # in one upload
MOST_STREAMS, MOST_FROM_ONE = 1000, 100  # answers under way at a time, to all and to one address
_API = "/gradio_api"
# What the page asks for, by method; nothing else is answered. `%s` is what only a collection that may change needs.
_SESSION = r"[a-z0-9]{1,64}"
_ROUTES = {
    "GET": rf"/|/config/?|/theme\.css|/robots\.txt|/favicon\.ico|/manifest\.json|/logout|/original|"
    rf"/(?:assets|static)(?:/[\w.@+-]{{1,100}}){{1,6}}|{_API}/(?:queue/data|heartbeat/{_SESSION}%s)",
    "POST": rf"/login/?|{_API}/(?:queue/join|run/predict%s)",
}
_CHANGING = {"GET": "|upload_progress", "POST": "|upload"}
_POLICY = {
    "default-src": "'none'",
    # Gradio makes functions of the scripts of a page's parts; the scripts in the page itself go by their digests.
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class Guarded:
    """What is let in: by which names, and whether the collection may change.

    `names` are what the page goes by besides the address that it is reached at and localhost; `proxies` those of them,
    each with its port if that is not the usual one, under which a proxy shows the page to browsers.
    """

    names: Collection[str]
    proxies: Collection[str]
    changes: bool
    uploads: Path  # where what is uploaded lies until it is taken in
    most_uploaded: int  # bytes of it at a time


def guard(app: App, gradio: Any, presence: Presence, open_pages: Presence, guarded: Guarded) -> App:
    """The page behind all layers, the first one outermost.

    Args:
        gradio: Gradio's own application within `app`.
        presence: is told which pages listen for what comes of their events.
        open_pages: is told which pages are open.
    """
    queue = gradio.get_blocks()._queue
    layers: list[Callable[[App], App]] = [
        SafeHeaders,
        lambda inner: KnownHosts(inner, guarded.names),
        lambda inner: KnownRoutes(inner, changes=guarded.changes),
        lambda inner: OwnOrigin(inner, guarded.proxies),
        SlowLogin,
        lambda inner: Members(inner, gradio),
        lambda inner: CheckedEvents(inner, gradio.get_blocks()),
        lambda inner: BoundedUploads(inner, guarded.uploads, guarded.most_uploaded),
        lambda inner: Listeners(inner, presence, open_pages, queue.pending_messages_per_session),
    ]
    for layer in reversed(layers):
        app = layer(app)
    return app


class SafeHeaders:
    """Tells browsers to let no other page read, frame or add to this one."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add the headers to what comes back; a page's inline scripts are named by their digests."""
        if scope["type"] != "http":  # the beginning and the end of the service
            await self.app(scope, receive, send)
            return
        page = scope["path"] == "/"
        if page:  # as it is, to be read
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
                message = {**message, "headers": kept}
                if page:
                    start.update(message)
                    return
                message["headers"] += _safe(b"")
            elif page and start:
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                start["headers"] += _safe(bytes(body))
                await send(start)
                message = {**message, "body": bytes(body)}
            await send(message)

        await self.app(scope, receive, sending)


def _safe(page: bytes) -> list[tuple[bytes, bytes]]:
    digests = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in _INLINE.findall(page)
    )
    policy = "; ".join(f"{name} {value}{digests if name == 'script-src' else ''}" for name, value in _POLICY.items())
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]


class KnownHosts:
    """Refuses names that are not the page's own, so that no other name can be pointed here (DNS rebinding)."""

    def __init__(self, app: App, names: Collection[str]) -> None:
        self.app = app
        self._names = names  # may grow: a tunnel's address is known only once it is there

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what asks for the address it came to, for localhost, or for a name of the settings."""
        if scope["type"] == "http":
            name = hostname(header(scope, "host") or "")
            known = {"localhost", hostname(_bracketed(scope["server"][0])), *map(hostname, self._names)}
            if not name or name not in known:
                why = f"this service does not go by the name {name[:100]!r}"
                if re.search("[a-z]", name):
                    why += f"; its owner can start it with RAG_ALLOWED_HOSTS={name[:100]}"
                await refuse(send, 400, why)
                return
        await self.app(scope, receive, send)


def hostname(host: str) -> str:
    """The name in a Host header or in a setting, without its port; "" where there is none.

    >>> hostname("Example.org:80"), hostname("[::ffff:127.0.0.1]:7860"), hostname("a b")
    ('example.org', '127.0.0.1', '')
    """
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.netloc != host or "@" in host or not re.fullmatch(r"[\w.:-]+", name):
        return ""
    try:
        address = ip_address(name)
    except ValueError:
        return name
    return str(getattr(address, "ipv4_mapped", None) or address)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class KnownRoutes:
    """Answers what the page asks for, and nothing else that Gradio offers."""

    def __init__(self, app: App, *, changes: bool) -> None:
        self.app = app
        self._routes = {
            method: re.compile(routes % (_CHANGING[method] if changes else "")) for method, routes in _ROUTES.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is known."""
        if scope["type"] == "http":
            method, path = scope["method"].replace("HEAD", "GET"), scope["path"]
            if not any(routes.fullmatch(path) for routes in self._routes.values()) or ".." in path:
                await refuse(send, 404, "there is nothing here")
                return
            if method not in self._routes or not self._routes[method].fullmatch(path):
                await refuse(send, 405, "not in this way")
                return
        await self.app(scope, receive, send)


class OwnOrigin:
    """Takes what changes something only from the page itself: another page in the same browser is refused."""

    def __init__(self, app: App, proxies: Collection[str]) -> None:
        self.app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from this origin, or from no browser; uploads need the origin."""
        if scope["type"] == "http" and (scope["method"] == "POST" or scope["path"] == "/logout"):
            origins = [value for name, value in scope["headers"] if name == b"origin"]
            known = {(header(scope, "host") or "").lower(), *(name.lower() for name in self._proxies)}
            own = all(urlsplit(origin.decode("latin-1")).netloc.lower() in known for origin in origins)
            fetched = header(scope, "sec-fetch-site") in (None, "same-origin", "none")
            if not own or not fetched or (scope["path"] == f"{_API}/upload" and len(origins) != 1):
                await refuse(send, 403, "this may be asked for by the page itself only")
                return
        await self.app(scope, receive, send)


class CheckedEvents:
    """Reads the events of the page, and passes on only those that the page can send."""

    def __init__(self, app: App, page: Blocks) -> None:
        self.app = app
        self._page = page
        self._bodies = Bodies(LARGEST_BODY, 10 * LARGEST_BODY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a checked event in place of the one that came."""
        route = scope.get("path", "").removeprefix(f"{_API}/")
        if scope["type"] != "http" or scope["method"] != "POST" or route in ("upload", "/login", "/login/"):
            await self.app(scope, receive, send)
            return
        async with self._bodies.read(receive, send) as body:
            if body is not None:
                await self._event(route, body, scope, receive, send)

    async def _event(self, route: str, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            event = read_event(body, self._page.fns, queued=route == "queue/join")
        except EventError as error:
            await refuse(send, 422, str(error))
            return
        if len(self._page._queue.pending_event_ids_session.get(event.session_hash, ())) >= MOST_WAITING:
            await refuse(send, 429, "too much of this page waits already; try again when it is done")
            return
        body = json.dumps(event.plain()).encode()
        scope["headers"] = [
            *((name, value) for name, value in scope["headers"] if name not in (b"content-length", b"content-type")),
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
        ]
        await self.app(scope, replayed(body, receive), send)


class BoundedUploads:
    """Takes files as long as what waits to be taken in leaves room."""

    def __init__(self, app: App, folder: Path, most: int) -> None:
        self.app = app
        self._folder = folder
        self._most = most
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on an upload whose size is told and fits."""
        if scope["type"] != "http" or scope["path"] != f"{_API}/upload" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        told = header(scope, "content-length") or ""
        if not (told.isascii() and told.isdigit() and len(told) < 16):
            await refuse(send, 411, "an upload says how long it is")
            return
        size = int(told)
        lying = await asyncio.to_thread(total_size, self._folder)
        if lying + self._coming + size > self._most:
            await refuse(send, 413, "there is no room for these files now; add fewer at a time, or later")
            return
        self._coming += size
        files = 0

        async def receiving() -> Message:
            nonlocal files
            message: Message = {"type": "http.disconnect"}
            with suppress(TimeoutError):
                async with asyncio.timeout(READ_WITHIN):
                    message = await receive()
            files += message.get("body", b"").lower().count(b"\ncontent-disposition:")
            return message if files <= MOST_FILES else {"type": "http.disconnect"}

        try:
            await self.app(scope, receiving, send)
        finally:
            self._coming -= size


def total_size(folder: Path) -> int:
    """Bytes of all files below a folder; 0 where there is none."""
    return sum(size for _, size, _ in files_below(folder))


def files_below(folder: Path) -> Iterator[tuple[Path, int, float]]:
    """Path, size in bytes and time of last change of each file below a folder, as far as it is still there."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            try:
                stat = path.lstat()
            except OSError:
                continue
            yield path, stat.st_size, stat.st_mtime


class Listeners:
    """Notes which pages are open, and which listen for what comes of their events; bounds how many do."""

    def __init__(self, app: App, presence: Presence, open_pages: Presence, sessions: Container[str]) -> None:
        self.app = app
        self._presence = presence
        self._open_pages = open_pages
        self._streams = {kind: Counter[str]() for kind in ("queue", "heartbeat", "upload_progress")}
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count while a stream is open."""
        route = scope.get("path", "").removeprefix(f"{_API}/")
        if not route.startswith(("queue/data", "heartbeat/", "upload_progress")):
            await self.app(scope, receive, send)
            return
        streams, address = self._streams[route.partition("/")[0]], address_of(scope)
        if streams.total() >= MOST_STREAMS or streams[address] >= MOST_FROM_ONE:
            await refuse(send, 429, "too many pages are open; try again in a minute")
            return
        presence = self._open_pages if route.startswith("heartbeat/") else self._presence
        session = route.rpartition("/")[2]
        if route == "queue/data":
            session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
            if session not in self._sessions:  # else Gradio would answer with an error in its log
                await refuse(send, 404, "this page has asked for nothing; open it anew")
                return
        streams[address] += 1
        try:
            with presence.listening(session):
                await while_there(self.app, scope, receive, send)
        finally:
            streams[address] -= 1
            if not streams[address]:
                del streams[address]
