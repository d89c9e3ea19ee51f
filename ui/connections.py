"""Connections that bring their requests in time, and only so many from one address."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN = 20.0  # seconds from the beginning of a connection, or of a request, to the end of its headers
MOST_FROM_ONE = 400  # connections of one address at a time; a page has two or three
SPARE = 100  # open files that are kept for other things than connections


class Punctual(HttpToolsProtocol):
    """uvicorn's connection, which waits for ever for a request that has begun, or has not."""

    connected: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or end it at once where there are too many."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self.connected[self._address] += 1
        self._late = self.loop.call_later(HEADERS_WITHIN, transport.abort)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE
        if self.connected[self._address] > MOST_FROM_ONE or self.connected.total() > most:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no longer."""
        self._late.cancel()
        self.connected[self._address] -= 1
        if not self.connected[self._address]:
            del self.connected[self._address]
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins: its headers have to end in time."""
        self._late.cancel()
        self._late = self.loop.call_later(HEADERS_WITHIN, self.transport.abort)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """They have."""
        self._late.cancel()
        super().on_headers_complete()
