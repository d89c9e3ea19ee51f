"""What an hour of attacks from outside found, so that it stays mended."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browsing import serving as running
from tests.page import answer, citation
from tests.security.visitor import API, DEFAULTS, Visitor, visiting
from tests.ui.test_server import serving
from ui.conversation import MOST_TURNS, Conversation, Turn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as client:
        yield str(client.base_url)


@pytest.fixture
def visitor(address: str) -> Iterator[Visitor]:
    with visiting(address) as visitor:
        yield visitor


def test_no_text_is_longer_than_the_page_needs(visitor: Visitor) -> None:
    long = "a " * 2_000_000
    assert visitor.ask(long[:100_000]).status_code == 422
    assert visitor.run("articles", [long[:100_000], None]).status_code == 422
    assert visitor.run("evidence", [], {"passage": f"source={long[:10_000]}&start=0&end=1"}).status_code == 422
    for body in (visitor.ask, lambda text: visitor.join("reopen", [], {"conversation": text})):
        assert body(long).status_code == 413


def test_a_kept_conversation_has_a_bounded_number_of_turns(visitor: Visitor) -> None:
    turn = Turn(question="Why?", answer=answer(citation()))
    most = Conversation(id="0" * 32, turns=(turn,) * MOST_TURNS)
    assert (
        len(most.asked("And then?").turns) == MOST_TURNS and most.asked("And then?").turns[-1].question == "And then?"
    )
    text = most.to_json()
    assert visitor.join("reopen", [], {"conversation": text}).status_code == 200
    assert "412 metres" in json.dumps(list(visitor.messages()))
    more = json.dumps({"id": "0" * 32, "turns": json.loads(text)["turns"] * 2})
    assert visitor.join("reopen", [], {"conversation": more}).status_code == 200
    assert "This conversation is too long" in json.dumps(list(visitor.messages()))


def test_who_listens_without_having_asked_is_told_so(visitor: Visitor) -> None:
    missing = visitor.client.get(f"{API}/queue/data", params={"session_hash": "nosuch"})
    assert missing.status_code == 404 and "asked for nothing" in missing.text
    for session in ("", "../x", "a" * 100):
        assert visitor.client.get(f"{API}/queue/data", params={"session_hash": session}).status_code == 404


def test_what_is_no_upload_of_articles_is_refused(visitor: Visitor) -> None:
    uploaded = visitor.upload("a.txt", b"words").json()[0]
    assert visitor.add(uploaded, 5).status_code == 422  # type: ignore[arg-type]
    assert visitor.add(uploaded, size="many").status_code == visitor.add(uploaded, meta={"_type": 1}).status_code == 422
    assert visitor.add(visitor.upload("a.exe", b"MZ").json()[0]).status_code == 422
    many = [("files", (f"{number}.txt", b"x")) for number in range(300)]
    assert visitor.client.post(f"{API}/upload", files=many).status_code == 400
    odd = {"Content-Type": f"multipart/form-data; boundary={'b' * 5000}"}
    assert visitor.client.post(f"{API}/upload", content=b"--b", headers=odd).status_code == 400


def test_open_pages_and_listening_ones_are_counted_apart(address: str, visitor: Visitor) -> None:
    with httpx.Client(base_url=address, trust_env=False, limits=httpx.Limits(max_connections=None)) as client:
        streams = [client.stream("GET", f"{API}/heartbeat/z{number}") for number in range(101)]
        statuses = [stream.__enter__().status_code for stream in streams]
        assert statuses == [200] * 100 + [429]
        assert "abstention" in visitor.answered("How long?"), "it has no citation here"
        for stream in streams:
            stream.__exit__(None, None, None)


def test_connections_that_bring_nothing_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.connections.HEADERS_WITHIN", 0.5)
    with serving() as client:
        place = ("127.0.0.1", client.base_url.port or 0)
        for sent in (
            b"",
            b"GET /config HTTP/1.1\r\nHost: ",
            b"GET /theme.css HTTP/1.1\r\nHost: localhost\r\n\r\nGET /x",
        ):
            with socket.create_connection(place) as connection:
                connection.settimeout(20)
                connection.sendall(sent)
                with pytest.raises(ConnectionResetError):
                    while connection.recv(100_000):
                        pass
                    raise ConnectionResetError
        assert client.get("/config").status_code == 200


def test_one_address_has_only_so_many_connections(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.connections.MOST_FROM_ONE", 20)
    url = httpx.URL(address)
    held = []
    for _ in range(40):
        held.append(socket.create_connection(("127.0.0.1", url.port or 0), source_address=("127.0.3.1", 0)))
    with httpx.Client(base_url=address, trust_env=False) as other:
        assert other.get("/config").status_code == 200
    time.sleep(0.5)
    open_ones = 0
    for connection in held:
        connection.settimeout(0.05)
        try:
            open_ones += connection.recv(1) != b""
        except TimeoutError:
            open_ones += 1
        except ConnectionResetError:
            pass
        connection.close()
    assert open_ones == 20


def test_who_guesses_for_a_name_does_not_keep_its_owner_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.logins.SlowLogin.PAUSE", 0.0)

    def login(url: httpx.URL, password: str, source: str) -> int:
        transport = httpx.HTTPTransport(local_address=source)
        with httpx.Client(base_url=url, trust_env=False, transport=transport) as client:
            return client.post("/login", data={"username": "ann", "password": password}).status_code

    with serving(auth=[("ann", "secret")]) as client:
        assert login(client.base_url, "secret", "127.0.4.1") == 200
        guesses = [login(client.base_url, "wrong", f"127.0.5.{number}") for number in range(1, 26)]
        assert guesses == [400] * 20 + [429] * 5
        assert login(client.base_url, "secret", "127.0.4.2") == 429
        assert login(client.base_url, "secret", "127.0.4.1") == 200, "from here somebody has logged in by that name"


def test_what_a_killed_chat_left_goes_with_the_next_one(seeds_index: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    temporary = {"TMPDIR": str(tmp_path / "tmp")}
    with running(seeds_index, tmp_path, **temporary) as (address, process), visiting(address) as visitor:
        left = Path(visitor.upload("left.txt", b"private words").json()[0])
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert left.exists()
    with running(seeds_index, tmp_path, **temporary):
        assert not left.exists()


def test_the_service_ends_when_it_is_told_to_whatever_it_is_at(seeds_index: Path, tmp_path: Path) -> None:
    with running(seeds_index, tmp_path) as (address, process), visiting(address) as visitor:
        for number in range(6):
            visitor.join("ask", [f"Why does Peru export copper, and what of the year {number}?", None, *DEFAULTS])
        messages = visitor.messages()
        next(messages)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
