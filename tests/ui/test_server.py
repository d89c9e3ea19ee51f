"""Where the page is served and to whom: addresses, passwords, sharing."""

from __future__ import annotations

import errno
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.cli import build_parser, main
from rag.errors import RAGError, SettingsError
from tests.page import ScriptedRAG
from ui.server import _listen, _server, read_auth, serve

# Listening


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_in_use_is_named_with_the_remedy(taken_port: int) -> None:
    with pytest.raises(RAGError, match=f"^port {taken_port} is in use; choose another with --port$"):
        serve(ScriptedRAG(), host="127.0.0.1", port=taken_port)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("192.0.2.1", 0, "192.0.2.1 is not an address of this machine; choose another with --host"),
        ("no such host", 0, "no such host is not an address of this machine; choose another with --host"),
        ("x" * 64, 0, f"{'x' * 64} is not an address of this machine; choose another with --host"),
        ("127.0.0.1", 70_000, "port 70000 is not between 0 and 65535; choose another with --port"),
        ("127.0.0.1", -1, "port -1 is not between 0 and 65535; choose another with --port"),
    ],
)
def test_impossible_places_are_refused(host: str, port: int, message: str) -> None:
    with pytest.raises(RAGError) as caught:
        _listen(host, port)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EACCES, "port 80 is not open to this user; choose one above 1023 with --port"),
        (errno.EIO, "cannot listen on 127.0.0.1 port 80 ([Errno 5] oh); choose another with --port"),
    ],
)
def test_whatever_else_is_in_the_way_is_told(monkeypatch: pytest.MonkeyPatch, number: int, message: str) -> None:
    sockets: list[socket.socket] = []

    def refuse(self: socket.socket, address: object) -> None:
        sockets.append(self)
        raise OSError(number, "oh")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(SettingsError) as caught:
        _listen("127.0.0.1", 80)
    assert str(caught.value) == message
    assert [each.fileno() for each in sockets] == [-1], "nothing is left open"


# Passwords


@pytest.mark.parametrize(
    ("given", "pairs"),
    [(None, None), ("ann:secret", [("ann", "secret")]), ("ann:a:b c ", [("ann", "a:b c ")])],
)
def test_a_password_is_what_follows_the_first_colon(given: str | None, pairs: list[tuple[str, str]] | None) -> None:
    assert read_auth(given, None) == pairs


def test_a_file_has_one_visitor_a_line(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("\ufeffann:secret\n\n  \nbö:ü\r\n", encoding="utf-8")
    assert read_auth(None, file) == [("ann", "secret"), ("bö", "ü")]


@pytest.mark.parametrize("given", ["", "ann", "ann:", ":secret", " \n"])
def test_what_is_no_password_is_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_auth(given, None)
    assert str(caught.value) == "--auth has a value that is not user:password; write a name, a colon and a password"
    file = tmp_path / "passwords"
    file.write_text(f"bob:fine\n{given}\n" if given.strip() else given, encoding="utf-8")
    with pytest.raises(SettingsError, match=f"^{re.escape(str(file))} has a line that is not user:password"):
        read_auth(None, file)


def test_a_file_of_passwords_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    for content in (None, b"ann:\xff"):
        if content:
            file.write_bytes(content)
        with pytest.raises(SettingsError, match=f"^cannot read the passwords in {re.escape(str(file))} .*give a UTF-8"):
            read_auth(None, file)


def test_the_command_hands_on_what_it_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served: list[dict[str, Any]] = []
    monkeypatch.setattr("rag.pipeline.build_rag", lambda settings: "the service")
    monkeypatch.setattr("ui.server.serve", lambda rag, **options: served.append({"rag": rag, **options}))
    file = tmp_path / "passwords"
    file.write_text("bob:hidden")
    assert main(["chat"]) == 0
    assert main(["chat", "--auth", "ann:secret", "--share", "--host", "::1", "--port", "0"]) == 0
    assert main(["chat", "--auth-file", str(file)]) == 0
    plain = {"rag": "the service", "host": "127.0.0.1", "port": 7860, "auth": None, "share": False}
    assert served == [
        plain,
        {**plain, "host": "::1", "port": 0, "auth": [("ann", "secret")], "share": True},
        {**plain, "auth": [("bob", "hidden")]},
    ]


def test_the_command_refuses_bad_passwords_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rag.pipeline.build_rag", lambda settings: pytest.fail("it was started"))
    assert main(["chat", "--auth", "ann"]) == 2
    assert "write a name, a colon and a password" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        build_parser().parse_args(["chat", "--auth", "a:b", "--auth-file", "c"])


# Serving


@contextmanager
def serving(
    auth: Sequence[tuple[str, str]] | None = None,
    share: bool = False,
    host: str = "127.0.0.1",
    rag: ScriptedRAG | None = None,
) -> Iterator[httpx.Client]:
    """The real server with a scripted service, on a free port; a client that has not logged in."""
    from ui.app import Page

    listening = _listen(host, 0)
    server = _server(Page(rag or ScriptedRAG()), listening, auth, share, host)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until
            time.sleep(0.01)
        name = f"[{host}]" if ":" in host else host
        with httpx.Client(base_url=f"http://{name}:{listening.getsockname()[1]}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
    assert not thread.is_alive()


def test_nothing_is_shown_without_login_and_all_with_it() -> None:
    with serving(auth=[("ann", "secret"), ("bob", "hidden")]) as client:
        guarded = (
            "/config",
            "/original?source=a.txt",
            "/gradio_api/heartbeat/a",
            "/gradio_api/queue/data?session_hash=a",
        )
        assert [client.get(path).status_code for path in guarded] == [401] * 4
        own = {"Origin": str(client.base_url).rstrip("/")}
        upload = client.post("/gradio_api/upload", files={"files": ("a.txt", b"words")}, headers=own)
        joined = client.post("/gradio_api/queue/join", json={"data": [], "fn_index": 0, "session_hash": "a"})
        called = client.post("/gradio_api/run/predict", json={"data": [], "fn_index": 0, "session_hash": "a"})
        assert [answer.status_code for answer in (upload, joined, called)] == [401] * 3
        page = client.get("/").text
        assert '"auth_required":true' in page and "Your question" not in page and "articles" not in page
        for name, password in (("ann", "hidden"), ("ann", ""), ("", "")):
            assert client.post("/login", data={"username": name, "password": password}).status_code >= 400
        assert client.get("/config").status_code == 401
        assert client.post("/login", data={"username": "bob", "password": "hidden"}).status_code == 200
        assert "Your question" in client.get("/config").text


def test_without_passwords_the_page_is_open_but_not_the_machine(tmp_path: Path) -> None:
    private = tmp_path / "private.txt"
    private.write_text("secret")
    with serving() as client:
        assert client.get("/config").json()["title"] == "Ask the articles"
        hidden = ("/openapi.json", "/docs", "/monitoring", "/gradio_api/info", f"/gradio_api/file={private}")
        assert [client.get(path).status_code for path in hidden] == [404] * 5


# Sharing


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of other machines that were asked for; they lead to where the tests' guard refuses to go."""
    names: list[str] = []
    look_up = socket.getaddrinfo

    def elsewhere(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host in ("127.0.0.1", "::1"):
            return look_up(host, port, *rest, **options)
        names.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return names


def test_the_page_is_shared_only_when_asked_for(looked_up: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert build_parser().parse_args(["chat"]).share is False
    with serving() as client:
        assert client.get("/config").status_code == 200
        address = str(client.base_url).rstrip("/")
    assert looked_up == []
    assert capsys.readouterr().out == f"The chat is at {address} (Ctrl-C stops it)\n"


def test_without_a_network_it_says_so_and_goes_on(looked_up: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with serving(share=True) as client:
        assert client.get("/config").status_code == 200
    _, said = capsys.readouterr().out.splitlines()
    assert said == (
        "It cannot be shared (Could not get share link from Gradio API Server.); it goes on for this machine alone"
    )
    assert looked_up == ["api.gradio.app"]


def test_a_shared_page_says_where_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("gradio.networking.setup_tunnel", lambda *given: asked.append(given) or "https://a.example")
    with serving(share=True) as client:
        port = client.base_url.port
    assert capsys.readouterr().out.endswith("\nEveryone who has this address can open it: https://a.example\n")
    ((host, tunnelled, token, *rest),) = asked
    assert (host, tunnelled, rest) == ("127.0.0.1", port, [None, None]) and len(token) > 40


@pytest.mark.parametrize(("host", "reached"), [("::1", "[::1]"), ("0.0.0.0", "127.0.0.1")])
def test_the_address_can_be_opened(host: str, reached: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(host=host) as client:
        pass
    said = capsys.readouterr().out
    assert f"http://{reached}:{client.base_url.port} " in said
    assert ("all of them may add and remove articles" in said) is (host == "0.0.0.0")
