"""Random requests at a running chat: every route of ours and of Gradio's, right and wrong data, headers, methods.

    python -m tests.security.fuzz --requests 20000

Ends with what was answered how often, and the memory of the service along the way. Exits with 1 where anything was
answered with 5xx or not at all within `PATIENCE`, where a real question is not answered afterwards, or where memory
grew over the second half by more than a tenth.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.browsing import CONTAINERS, QUOTE, serving
from tests.page import ScriptedRAG
from tests.security.visitor import API, DEFAULTS, Visitor, visiting

PATIENCE = 30  # seconds
THREADS = 8
GROWTH = 1.1  # memory at the end, as a share of that at half time
METHODS = ("GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "FUZZ")
TEXTS = (
    "", "x", "Who?", CONTAINERS, "\x00", "é漢🦜", "?", "<script>alert(1)</script>", "../../../../etc/passwd",
    "/etc/passwd", "/dev/zero", "file:///etc/passwd", "http://127.0.0.1:9/", "' OR 1=1 --", "{{7*7}}${7*7}", "%s%n%x",
    "a" * 5000, "9" * 400, "source=a&start=1&end=2", "source=%00&start=1e9&end=-1", '{"turns": []}',
    '{"id": "", "turns": [{"question": "Who?"}]}', "2024-01-01", "2024-13-45", "llamacpp:/dev/zero", "openai:x",
    "\r\nX-Injected: 1",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, 1, -1, 8, 1.5, 10**9, -(10**30), 1e308, True, False, None)
UPLOAD = b"\r\n".join(
    [
        b"--b",
        b'Content-Disposition: form-data; name="files"; filename="../../x.txt"',
        b"",
        b"It is high.",
        b"--b--",
        b"",
    ]
)
HEADERS: tuple[dict[str, str], ...] = (
    {"Host": "evil.test"}, {"Host": ""}, {"Origin": "http://evil.test"}, {"Origin": "null"},
    {"Accept-Encoding": "br, gzip"}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"},
    {"Content-Type": "multipart/form-data; boundary="}, {"X-Forwarded-Host": "evil.test"},
    {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-Proto": "ftp"}, {"Range": "bytes=0-1"},
    {"Cookie": "access-token-x=y; a=\"b"}, {"Authorization": "Bearer x"}, {"Transfer-Encoding": "chunked"},
    {"Upgrade": "websocket", "Connection": "upgrade"}, {"X-Gradio-User": "1"}, {"Referer": "http://evil.test/"},
    {"Accept": "a" * 3000},
)  # fmt: skip


@dataclass
class Found:
    """What came of the requests so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def known_paths() -> list[str]:
    """Every path that Gradio or we have a route for."""
    from gradio.routes import App
    from starlette.routing import Route

    from ui.app import Page

    gradio = App.create_app(Page(ScriptedRAG()).build())  # type: ignore[arg-type]
    return sorted({route.path for route in gradio.routes if isinstance(route, Route)} | {"/original"})


def fuzz(requests: int, seed: int, index: Path, say: Any = print) -> Found:
    """So many requests at a new chat over an index."""
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tmp").mkdir()
        with serving(index, Path(folder), TMPDIR=f"{folder}/tmp") as (address, process):
            with visiting(address) as visitor:
                assert QUOTE in visitor.answered(CONTAINERS)
            paths = known_paths()
            strangers = [Stranger(address, random.Random(f"{seed} {each}"), paths, found) for each in range(THREADS)]
            threads = [threading.Thread(target=each.go, args=(requests // THREADS,)) for each in strangers]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                found.memory.append(_resident(process.pid))
                so_far = f"{found.statuses.total():,} requests, {len(found.failures)} failures"
                say(f"{so_far}, {found.memory[-1] >> 20:,} MiB", end="\r")
                time.sleep(2)
            with visiting(address) as visitor:
                if QUOTE not in visitor.answered(CONTAINERS):
                    found.failures.append("the question was not answered afterwards")
        log = Path(folder, "stderr").read_text(encoding="utf-8", errors="replace")
        if "Traceback" in log:
            last = log[log.rindex("Traceback") :][:6000][-1500:]
            found.failures.append(f"tracebacks in the log: {log.count('Traceback')}, the last one: {last}")
    return found


def _resident(pid: int) -> int:
    """Bytes of memory of a process."""
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) * 1024


class Stranger:
    """Sends random requests, and notes what comes back."""

    def __init__(self, address: str, choice: random.Random, paths: Sequence[str], found: Found) -> None:
        self.address, self.choice, self.paths, self.found = address, choice, paths, found
        self.visitor = Visitor(address)
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=PATIENCE)

    def go(self, requests: int) -> None:
        for _ in range(requests):
            if self.choice.random() < 0.02:  # a new page
                self.visitor.close()
                self.visitor = Visitor(self.address)
            method, path, content, headers = self._request()
            what = f"{method} {path} {headers} {content[:300]!r}"
            try:
                status = self._sent(method, path, content, headers)
            except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError):
                continue  # no client sends that
            except httpx.HTTPError as error:
                with self.found.lock:
                    self.found.failures.append(f"{type(error).__name__} {error}: {what}")
                continue
            with self.found.lock:
                self.found.statuses[status] += 1
                if status >= 500:
                    self.found.failures.append(f"{status}: {what}")

    def _sent(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> int:
        """The status of the answer; of a stream only the head is read."""
        with self.client.stream(method, path, content=content, headers=headers) as response:
            if "event-stream" not in response.headers.get("content-type", ""):
                response.read()
            return response.status_code

    def _request(self) -> tuple[str, str, bytes, dict[str, str]]:
        choice, kind = self.choice, self.choice.random()
        headers = {"Origin": self.address} | (choice.choice(HEADERS) if choice.random() < 0.3 else {})
        if kind < 0.55:
            content = json.dumps(self._event()).encode()
            if choice.random() < 0.15:
                content = _torn(content, choice)
            route = choice.choice(("queue/join", "queue/join", "run/predict"))
            return "POST", f"{API}/{route}", content, {"Content-Type": "application/json"} | headers
        if kind < 0.65:
            content = choice.choice((b"", b"{}", UPLOAD, UPLOAD[:-20]))
            if choice.random() < 0.5:
                headers["Content-Type"] = "multipart/form-data; boundary=b"
            route = choice.choice(("upload", "upload?upload_id=a"))
            return "POST", f"{API}/{route}", content, headers
        path = re.sub(r"\{[^}]*\}", lambda part: self._part(part[0]), choice.choice(self.paths))
        path += choice.choice(
            ("", "", "/", f"?session_hash={self.visitor.session}", "?source=a.txt", "?%00", "//", "/..")
        )
        content = choice.choice((b"", b"", b"{}", b"username=ann&password=x", b"\xff" * 50))
        return choice.choice(METHODS), path, content, headers

    def _part(self, name: str) -> str:
        text = self.visitor.session if "session" in name else self.choice.choice(TEXTS)
        return quote(text[:300], safe="/.:%")

    def _event(self) -> dict[str, Any]:
        """An event of the page, right or wrong."""
        choice = self.choice
        name, text, number = choice.choice(list(self.visitor.numbers)), choice.choice(TEXTS), choice.choice(NUMBERS)
        data: list[Any] = {
            "ask": [text, None, *DEFAULTS], "articles": [text, None], "choose": [""], "retry": [None, *DEFAULTS],
            "edit": [None, *DEFAULTS], "add": [None, "", ""], "refresh": [""], "remove": [None, "yes", ""],
            "like": [None], "forget": [None],
        }.get(name, [])  # fmt: skip
        event_data: Any = dict.fromkeys(("passage", "source", "id", "conversation", "value", "previous_value"), text)
        event_data |= {"index": number, "liked": True}
        if data and choice.random() < 0.4:
            data[choice.randrange(len(data))] = _anything(choice)
        if choice.random() < 0.2:
            event_data = _anything(choice)
        body = {"data": data, "event_data": event_data, "fn_index": self.visitor.numbers[name],
                "session_hash": self.visitor.session, "trigger_id": choice.choice((None, 1, 9, 99, "x"))}  # fmt: skip
        if choice.random() < 0.15:
            body[choice.choice(list(body))] = _anything(choice)
        return body


def _anything(choice: random.Random, depth: int = 0) -> Any:
    kind = choice.random()
    if depth > 3 or kind < 0.4:
        return choice.choice(TEXTS)
    if kind < 0.7:
        return choice.choice(NUMBERS)
    if kind < 0.85:
        return [_anything(choice, depth + 1) for _ in range(choice.randrange(4))]
    return {choice.choice(("path", "meta", "url", "index", "", "x")): _anything(choice, depth + 1) for _ in range(3)}


def _torn(content: bytes, choice: random.Random) -> bytes:
    """With bytes gone, doubled or exchanged."""
    place = choice.randrange(len(content) + 1)
    return (
        content[:place]
        + choice.choice((b"", b"\xff", b"[" * 2000, b'"', b"\0", content))
        + content[place + choice.randrange(5) :]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and say what came of it; returns the exit status."""
    parser = argparse.ArgumentParser(description="Random requests at a running chat.")
    parser.add_argument("--requests", type=int, default=20_000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (default: %(default)s)")
    options = parser.parse_args(arguments)
    from rag.ingest.build import SEEDS, ingest
    from rag.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        ingest([SEEDS], Settings(index=Path(folder, "index")))
        found = fuzz(options.requests, options.seed, Path(folder, "index"))
    print(f"answered: {dict(sorted(found.statuses.items()))}")
    print(f"memory in MiB: {[size >> 20 for size in found.memory[:: max(1, len(found.memory) // 12)]]}")
    for failure in found.failures[:20]:
        print(f"failed: {failure}")
    return int(bool(found.failures) or grew(found.memory))


def grew(memory: Sequence[int]) -> bool:
    """Whether more memory was held at the end than at half time, by more than the noise."""
    return len(memory) > 4 and memory[-1] > GROWTH * memory[len(memory) // 2]


if __name__ == "__main__":
    sys.exit(main())
