"""OpenAI's protocol as other servers speak it: a stream whose end is said by [DONE] alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_DONE = b"data: [DONE]"
_STOP = b'data: {"id":"","object":"chat.completion.chunk","created":0,"model":"","choices":' + (
    b'[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
)


def client() -> Any:
    """OpenAI's own HTTP client, for which a stream that is done has a reason to be; it may be httpx's or its heir's."""
    from openai import DefaultHttpxClient

    return DefaultHttpxClient(event_hooks={"response": [_give_reason]})


def _give_reason(response: Any) -> None:
    """Put a last piece ahead of [DONE]; it is of no account where one before it has a reason."""
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        return
    kind: Any = type(response.stream)  # httpx takes no stream of another kind

    class Reasoned(kind):  # type: ignore[misc]
        def __init__(self, stream: Any) -> None:
            self._given = stream

        def __iter__(self) -> Iterator[bytes]:
            rest = b""
            for piece in self._given:
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    yield from _reasoned(line, b"\n")
            yield from _reasoned(rest, b"")

        def close(self) -> None:
            self._given.close()

    response.stream = Reasoned(response.stream)


def _reasoned(line: bytes, end: bytes) -> Iterator[bytes]:
    if line.strip() == _DONE:
        yield _STOP
    yield line + end
