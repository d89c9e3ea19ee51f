"""A stranger with a script: speaks to the chat as its page does, or as the page never would."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

API = "/gradio_api"
DEFAULTS = ["extractive", 8, [], None, None]  # model, passages to read, publishers, from, to


class Visitor:
    """One page of the chat, without a browser; `origin` is what a browser would say of it."""

    def __init__(self, address: str, *, origin: str | None = None) -> None:
        self.session = uuid.uuid4().hex
        self.client = httpx.Client(
            base_url=address,
            trust_env=False,
            timeout=60,
            headers={"Origin": address.rstrip("/") if origin is None else origin},
        )
        config = self.client.get("/config").json()
        self.numbers = {each["api_name"]: each["id"] for each in config["dependencies"]}

    def close(self) -> None:
        self.client.close()

    def join(self, name: str, data: list[Any], event_data: Any = None, **more: Any) -> httpx.Response:
        """Queue an event by the name of its function."""
        return self.client.post(f"{API}/queue/join", json=self._body(name, data, event_data, more))

    def run(self, name: str, data: list[Any], event_data: Any = None, **more: Any) -> httpx.Response:
        """An event that is not queued."""
        return self.client.post(f"{API}/run/predict", json=self._body(name, data, event_data, more))

    def _body(self, name: str, data: list[Any], event_data: Any, more: dict[str, Any]) -> dict[str, Any]:
        body = {"data": data, "event_data": event_data, "fn_index": self.numbers[name], "session_hash": self.session}
        return {**body, **more}

    def ask(self, question: str, options: list[Any] | None = None) -> httpx.Response:
        """Queue a question."""
        return self.join("ask", [question, None, *(options or DEFAULTS)])

    def messages(self) -> Iterator[dict[str, Any]]:
        """What comes of the events, until all have ended."""
        with self.client.stream("GET", f"{API}/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    message = json.loads(line.removeprefix("data: "))
                    yield message
                    if message["msg"] == "close_stream":
                        return

    def answered(self, question: str) -> str:
        """All that is said to a question, as one text."""
        assert self.ask(question).status_code == 200
        return json.dumps(list(self.messages()), ensure_ascii=False)

    def upload(self, name: str, content: bytes) -> httpx.Response:
        return self.client.post(f"{API}/upload", files={"files": (name, content)})

    def add(self, path: str, name: str = "diary.txt", **fields: Any) -> httpx.Response:
        """Queue the event of the upload box, for any path."""
        file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}, **fields}
        return self.join("add", [[file], "", ""])


@contextmanager
def visiting(address: str, **options: Any) -> Iterator[Visitor]:
    visitor = Visitor(address, **options)
    try:
        yield visitor
    finally:
        visitor.close()


@contextmanager
def listening(visitor: Visitor) -> Iterator[list[dict[str, Any]]]:
    """What comes of events meanwhile, in a list that grows; leaving hangs up."""
    messages: list[dict[str, Any]] = []
    stop = threading.Event()

    def listen() -> None:
        for message in visitor.messages():  # one comes several times a second while a question is worked on
            messages.append(message)
            if stop.is_set():
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield messages
    finally:
        stop.set()
        thread.join(20)
