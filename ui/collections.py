"""Several collections behind one address: each has a page of its own, at a path of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ui.asgi import App, Receive, Scope, Send, refuse

BELOW = "collections"  # the path below which the pages of collections with a name are
_PATH = re.compile(rf"/{BELOW}/([\w-]+)(/.*)?")


class ByCollection:
    """Hands what asks for /collections/NAME/… to the page of that collection, with the rest of the path."""

    def __init__(self, first: App, named: Mapping[str, App]) -> None:
        self._first, self._named = first, named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; a path that lacks its last stroke is sent to where it has it, since links go from there."""
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if not found:
            await self._first(scope, receive, send)
        elif found[1] not in self._named:
            await refuse(send, 404, f"there is no collection {found[1][:50]}")
        elif not found[2]:
            await refuse(send, 307, "the page is one stroke further", location=f"{found[1]}/")
        else:
            rest = {**scope, "path": found[2], "raw_path": found[2].encode()}
            await self._named[found[1]](rest, receive, send)
