"""A server of language models on loopback: it speaks as OpenAI's, Anthropic's and Ollama's do, and fails as it is told.

A script says what each request gets, step by step:

    with Server([Refuse(429)], ["Boats left. ", Fault.STALL]) as server: ...
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

TOKENS_IN, TOKENS_OUT = 11, 7  # what is reported of every answer
PIECE = 7  # characters; shorter than most words, so that sentences and markers are cut anywhere


class Fault(Enum):
    """What happens in the middle of a stream."""

    STALL = "nothing more is said"
    CUT = "the connection is closed within a chunk"
    UNFINISHED = "the body ends as HTTP wants it, but the message has no end"
    GARBAGE = "bytes that are no text, where the stream should be"
    NO_JSON = "an event whose data is no JSON"
    OVERLOADED = "the server says in the stream that it fails"


@dataclass(frozen=True)
class Refuse:
    """An answer without a stream: the provider's own words for a status."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    words: str = ""  # in place of the provider's


@dataclass(frozen=True)
class Thought:
    """What a reasoning model thinks before it answers."""

    text: str


@dataclass(frozen=True)
class Stop:
    """The message ends for another reason than being whole, or with none, "", as some servers have it."""

    reason: str


Step = str | Thought | Stop | Fault | Refuse | threading.Event  # an event is waited for


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)


class OpenAI:
    """Chat completions, as server-sent events."""

    content_type = "text/event-stream"
    garbage = b"\xff\xfe\x00\x9d<html>\n\n"
    no_json = b"data: {oh\n\n"
    whole = "stop"

    def __init__(self, body: dict[str, Any]) -> None:
        self.model = body.get("model", "")
        self.usage = bool((body.get("stream_options") or {}).get("include_usage"))

    def head(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def thought(self, text: str) -> bytes:
        return self._chunk({"reasoning_content": text})

    def tail(self, reason: str) -> bytes:
        usage = {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT, "total_tokens": TOKENS_IN + TOKENS_OUT}
        counted = self._event(choices=[], usage=usage) if self.usage else b""
        return self._chunk({}, reason) + counted + b"data: [DONE]\n\n"

    def overloaded(self) -> bytes:
        error = {"error": _openai_error("server_error", "The server is overloaded")}
        return f"data: {json.dumps(error)}\n\n".encode()

    def refusal(self, status: int, words: str) -> dict[str, Any]:
        kinds = {401: "invalid_request_error", 404: "invalid_request_error", 429: "requests", 500: "server_error"}
        own = {
            401: "Incorrect API key provided: sk-wr***key. You can find your API key at https://platform.openai.com.",
            404: f"The model `{self.model}` does not exist or you do not have access to it.",
            429: "Rate limit reached for requests per min. Please try again in 1s.",
            500: "The server had an error while processing your request. Sorry about that!",
        }
        codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
        return {"error": _openai_error(kinds.get(status, ""), words or own.get(status, ""), codes.get(status))}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        return self._event(choices=[{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}])

    def _event(self, **fields: Any) -> bytes:
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.model, **fields}
        return f"data: {json.dumps(chunk)}\n\n".encode()


def _openai_error(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    return {"message": message, "type": kind, "param": None, "code": code}


class Responses(OpenAI):
    """OpenAI's other protocol, which its client takes for models that have no chat completions, as gpt-5-pro."""

    whole = "completed"

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.text = ""
        self.number = 0

    def head(self) -> bytes:
        item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        return (
            self._named("response.created", response=self._response("in_progress"))
            + self._named("response.output_item.added", output_index=1, item=item)
        )  # fmt: skip

    def piece(self, text: str) -> bytes:
        self.text += text
        return self._named(
            "response.output_text.delta", item_id="msg_1", output_index=1, content_index=0, delta=text, logprobs=[]
        )

    def thought(self, text: str) -> bytes:
        return self._named(
            "response.reasoning_summary_text.delta", item_id="rs_1", output_index=0, summary_index=0, delta=text
        )

    def tail(self, reason: str) -> bytes:
        if reason == self.whole:
            return self._named("response.completed", response=self._response("completed"))
        details = {"incomplete_details": {"reason": reason}}
        return self._named("response.incomplete", response=self._response("incomplete") | details)

    def overloaded(self) -> bytes:
        return self._named("error", code="server_error", message="The server is overloaded", param=None)

    def _response(self, status: str) -> dict[str, Any]:
        content = [{"type": "output_text", "text": self.text, "annotations": []}]
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": content}
        usage = {
            "input_tokens": TOKENS_IN, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": TOKENS_OUT,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": TOKENS_IN + TOKENS_OUT,
        }  # fmt: skip
        return {
            "id": "resp_1", "object": "response", "created_at": 1, "model": self.model, "status": status,
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "tools": [],
            "parallel_tool_calls": True, "tool_choice": "auto", "temperature": 1.0, "top_p": 1.0,
            "output": [message] if self.text else [], "usage": None if status == "in_progress" else usage,
        }  # fmt: skip

    def _named(self, kind: str, **fields: Any) -> bytes:
        event = {"type": kind, "sequence_number": self.number, **fields}
        self.number += 1
        return f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode()


class Anthropic:
    """Messages, as server-sent events with names."""

    content_type = "text/event-stream; charset=utf-8"
    garbage = OpenAI.garbage
    no_json = b"event: content_block_delta\ndata: {oh\n\n"
    whole = "end_turn"

    def __init__(self, body: dict[str, Any]) -> None:
        self.model = body.get("model", "")
        self.blocks: list[str] = []

    def head(self) -> bytes:
        usage = {"input_tokens": TOKENS_IN, "output_tokens": 1}
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": self.model, "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        return self._event("message_start", message=message) + self._event("ping")

    def piece(self, text: str) -> bytes:
        begun = self._block("text", {"type": "text", "text": ""})
        return begun + self._delta({"type": "text_delta", "text": text})

    def thought(self, text: str) -> bytes:
        begun = self._block("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        return begun + self._delta({"type": "thinking_delta", "thinking": text})

    def tail(self, reason: str) -> bytes:
        delta = {"stop_reason": reason, "stop_sequence": None}
        ended = self._event(
            "message_delta", delta=delta, usage={"input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT}
        )
        return self._end_block() + ended + self._event("message_stop")

    def overloaded(self) -> bytes:
        return self._event("error", error={"type": "overloaded_error", "message": "Overloaded"})

    def refusal(self, status: int, words: str) -> dict[str, Any]:
        kind, own = {
            401: ("authentication_error", "invalid x-api-key"),
            404: ("not_found_error", f"model: {self.model}"),
            429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
            500: ("api_error", "Internal server error"),
        }.get(status, ("invalid_request_error", ""))
        return {"type": "error", "error": {"type": kind, "message": words or own}, "request_id": "req_1"}

    def _block(self, kind: str, block: dict[str, Any]) -> bytes:
        if self.blocks and self.blocks[-1] == kind:
            return b""
        ended = self._end_block()
        self.blocks.append(kind)
        return ended + self._event("content_block_start", index=len(self.blocks) - 1, content_block=block)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return self._event("content_block_delta", index=len(self.blocks) - 1, delta=delta)

    def _end_block(self) -> bytes:
        return self._event("content_block_stop", index=len(self.blocks) - 1) if self.blocks else b""

    def _event(self, kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


class Ollama:
    """Ollama's own chat, a JSON object a line."""

    content_type = "application/x-ndjson"
    garbage = b"\xff\xfe\x00\x9d<html>\n"
    no_json = b'{"model": oh\n'
    whole = "stop"

    def __init__(self, body: dict[str, Any]) -> None:
        self.model = body.get("model", "")

    def head(self) -> bytes:
        return b""

    def piece(self, text: str) -> bytes:
        return self._line({"role": "assistant", "content": text}, done=False)

    def thought(self, text: str) -> bytes:
        return self._line({"role": "assistant", "content": "", "thinking": text}, done=False)

    def tail(self, reason: str) -> bytes:
        counts = {"prompt_eval_count": TOKENS_IN, "eval_count": TOKENS_OUT, "total_duration": 1, "eval_duration": 1}
        return self._line({"role": "assistant", "content": ""}, done=True, done_reason=reason, **counts)

    def overloaded(self) -> bytes:
        return json.dumps({"error": "an error was encountered while running the model: CUDA error"}).encode() + b"\n"

    def refusal(self, status: int, words: str) -> dict[str, Any]:
        own = {
            401: "unauthorized",
            404: f"model '{self.model}' not found",
            429: "too many requests",
            500: "llama runner process has terminated: exit status 2",
        }
        return {"error": words or own.get(status, "")}

    def _line(self, message: dict[str, Any], **fields: Any) -> bytes:
        line = {"model": self.model, "created_at": "2026-01-01T00:00:00Z", "message": message, **fields}
        return json.dumps(line).encode() + b"\n"


Dialect = OpenAI | Anthropic | Ollama  # Responses is an OpenAI
PATHS: dict[str, type[Dialect]] = {
    "/v1/chat/completions": OpenAI,
    "/chat/completions": OpenAI,  # of an address without its version
    "/v1/responses": Responses,
    "/v1/messages": Anthropic,
    "/api/chat": Ollama,
}


class Server:
    """Answers on loopback by a script, a list of steps for each request; what comes later gets the last one again.

    `requests` are those that came, `open` the streams that are being sent, `most_open` how many there were at once,
    `hung_up` how many a client left before their end.
    """

    def __init__(self, *script: Sequence[Step]) -> None:
        self._script = script
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.requests: list[Request] = []
        self.open = self.most_open = self.hung_up = 0
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                wire._answer(self)

            def log_message(self, *words: object) -> None: ...

        self._server = _Silent(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, condition: str, count: int, seconds: float = 5) -> bool:
        """Whether one of the counts is right within some time."""
        last = time.monotonic() + seconds
        while getattr(self, condition) != count and time.monotonic() < last:
            time.sleep(0.005)
        return bool(getattr(self, condition) == count)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            steps = self._script[min(len(self.requests), len(self._script) - 1)]
            headers = {name.lower(): value for name, value in handler.headers.items()}
            self.requests.append(Request(handler.path, headers, body))
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        dialect = PATHS[handler.path](body)
        try:
            if steps and isinstance(steps[0], Refuse):
                self._refuse(handler, steps[0], dialect)
            else:
                self._stream(handler, steps, dialect)
        except _HangUpError:
            with self._lock:
                self.hung_up += not self._closing.is_set()
            handler.close_connection = True
        finally:
            with self._lock:
                self.open -= 1

    def _refuse(self, handler: BaseHTTPRequestHandler, refusal: Refuse, dialect: Dialect) -> None:
        words = json.dumps(dialect.refusal(refusal.status, refusal.words)).encode()
        handler.send_response(refusal.status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(words)))):
            handler.send_header(name, value)
        for name, value in refusal.headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(words)

    def _stream(self, handler: BaseHTTPRequestHandler, steps: Sequence[Step], dialect: Dialect) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", dialect.content_type)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if Fault.GARBAGE not in steps[:1]:
            self._send(handler, dialect.head())
        for step in steps:
            match step:
                case str():
                    for piece in _pieces(step):
                        self._send(handler, dialect.piece(piece))
                case Thought():
                    for piece in _pieces(step.text):
                        self._send(handler, dialect.thought(piece))
                case threading.Event():
                    self._wait(handler.connection, step)
                case Fault.STALL:
                    self._wait(handler.connection, self._closing)
                    raise _HangUpError
                case Fault.CUT:
                    half = dialect.piece("that nobody reads")
                    handler.wfile.write(b"%x\r\n" % len(half) + half[: len(half) // 2])
                    handler.connection.shutdown(socket.SHUT_RDWR)
                    handler.close_connection = True
                    return
                case Fault.UNFINISHED:
                    handler.wfile.write(b"0\r\n\r\n")
                    return
                case Fault.GARBAGE:
                    self._send(handler, dialect.garbage)
                case Fault.NO_JSON:
                    self._send(handler, dialect.no_json)
                case Fault.OVERLOADED:
                    self._send(handler, dialect.overloaded())
        reason = steps[-1].reason if steps and isinstance(steps[-1], Stop) else dialect.whole
        if not any(isinstance(step, Fault) for step in steps):
            self._send(handler, dialect.tail(reason))
        handler.wfile.write(b"0\r\n\r\n")

    def _send(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        if not content:
            return
        if _has_left(handler.connection):
            raise _HangUpError
        try:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        except OSError:
            raise _HangUpError from None

    def _wait(self, connection: socket.socket, event: threading.Event) -> None:
        while not event.wait(0.01):
            if _has_left(connection) or self._closing.is_set():
                raise _HangUpError


class _Silent(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that closes a connection between two requests is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _HangUpError(Exception):
    """The client has closed its end, or the server is closing."""


def _pieces(text: str) -> Iterator[str]:
    return iter(re.findall(rf"(?s).{{1,{PIECE}}}", text))


def _has_left(connection: socket.socket) -> bool:
    try:
        readable = select.select([connection], [], [], 0)[0]
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True
