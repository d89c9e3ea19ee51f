"""What a stranger, or a page of one in the owner's browser, cannot make the chat do. The real command, over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browsing import CONTAINERS, QUOTE, serving
from tests.security.visitor import API, DEFAULTS, Visitor, visiting

pytestmark = pytest.mark.slow

TOWER = b"The tower of Vell\n\nThe tower of Vell is 70 metres high, the mayor said on Monday.\n"


class Service:
    """A chat that runs: where, with which passing folder, and what it has logged."""

    def __init__(self, address: str, process: subprocess.Popen[str], folder: Path) -> None:
        self.address, self.process, self.folder = address, process, folder
        self.port = urlsplit(address).port
        self.passing = folder / "tmp"

    def log(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def passing_files(self) -> list[Path]:
        """What lies where uploads pass."""
        return [path for path in self.passing.glob("rag-chat-*/**/*") if path.is_file()]


def serve(index: Path, folder: Path, **environment: str) -> Iterator[Service]:
    (folder / "tmp").mkdir(parents=True)
    own = folder / "index"
    shutil.copytree(index, own)
    with serving(own, folder, TMPDIR=str(folder / "tmp"), **environment) as (address, process):
        yield Service(address, process, folder)


@pytest.fixture(scope="module")
def service(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The chat over the five articles; a test that changes the collection puts it back."""
    yield from serve(seeds_index, tmp_path_factory.mktemp("stranger") / "service")


@pytest.fixture(scope="module")
def read_only(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from serve(seeds_index, tmp_path_factory.mktemp("stranger") / "service", RAG_READ_ONLY="1")


@pytest.fixture
def quiet(service: Service) -> Iterator[None]:
    """Nothing that happens meanwhile ends in a traceback in the log."""
    before = len(service.log())
    yield
    assert "Traceback" not in service.log()[before:]


@pytest.fixture
def visitor(service: Service) -> Iterator[Visitor]:
    with visiting(service.address) as visitor:
        yield visitor


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """What is nobody's business, in a folder that is nobody else's."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    file = folder / "diary.txt"
    file.write_bytes(b"Dear diary\n\nThe password of the vault is swordfish, says the diary.\n")
    return file


def test_a_file_of_the_machine_is_neither_read_nor_copied(service: Service, visitor: Visitor, diary: Path) -> None:
    uploaded = visitor.upload("diary.txt", b"words").json()[0]
    folder = Path(uploaded).parent
    link = folder.parent / "link.txt"
    link.symlink_to(diary)
    detours = (
        str(diary),
        f"file://{diary}",
        str(folder / os.path.relpath(diary, folder)),
        f"{folder}/../../../../..{diary}",
        f"{folder}//diary.txt",
        f"{uploaded}\0.txt",
        "http://127.0.0.1:9/diary.txt",
        "diary.txt",
        str(folder.parent),
        "",
    )
    for path in detours:
        assert visitor.add(path).status_code == 422, path
        assert visitor.add(path, url=f"file://{diary}").status_code == 422, path
    for value in ([{"path": str(diary)}], {"path": str(diary)}, str(diary), [str(diary)], [[{"path": str(diary)}]]):
        assert visitor.join("add", [value, "", ""]).status_code == 422, value
    # What names a file elsewhere than in the upload box is not looked at either.
    named = {"path": str(diary), "meta": {"_type": "gradio.FileData"}}
    assert visitor.join("ask", [named, None, *DEFAULTS]).status_code == 422
    assert visitor.run("articles", [named, None]).status_code == 422
    assert "Traceback" not in service.log()
    # By its name alone this lies in the folder of uploads; Gradio's own check, which looks closer, is on.
    assert visitor.add(str(link)).status_code == 200
    (*_, last, _) = visitor.messages()
    assert last["msg"] == "process_completed" and not last["success"] and "swordfish" not in str(last)
    link.unlink()
    assert not [path for path in service.passing_files() if b"swordfish" in path.read_bytes()]
    assert visitor.join("choose", [""], {"source": "added/diary.txt"}).status_code == 200
    assert "swordfish" not in json.dumps(list(visitor.messages()))


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "/proc/self/environ", "/etc/passwd", "/"])
def test_no_device_stops_the_service(service: Service, visitor: Visitor, path: str) -> None:
    assert visitor.add(path, "zero.txt").status_code == 422
    assert QUOTE in visitor.answered(CONTAINERS)


def test_no_file_is_served_by_its_path(service: Service, visitor: Visitor, diary: Path) -> None:
    paths = (
        f"{API}/file={diary}", f"{API}/file/{diary}", f"{API}/file=/etc/passwd", f"{API}/proxy=http://127.0.0.1:9/",
        f"/static/..%2f..%2f..{diary}", f"/assets/../../../../../..{diary}", "/assets/%2e%2e/%2e%2e/routes.py",
        f"{API}/file=http://127.0.0.1:9/x", "/svelte/../x", f"{API}/stream/a/b/1/playlist.m3u8",
        f"/original?source=../../..{diary}", f"/original?source={diary}", "/original?source=", "/original",
    )  # fmt: skip
    for path in paths:
        answer = visitor.client.get(path)
        assert answer.status_code in (403, 404) and "swordfish" not in answer.text, path


def test_what_is_uploaded_goes_in_is_fetched_and_leaves_nothing_behind(service: Service, visitor: Visitor) -> None:
    uploaded = visitor.upload("tower.txt", TOWER).json()[0]
    assert visitor.add(uploaded, "tower.txt").status_code == 200
    assert "Added" in json.dumps(list(visitor.messages()))
    assert "70 metres" in visitor.answered("How high is the tower of Vell?")
    file = visitor.client.get("/original", params={"source": "added/tower.txt"})
    assert file.content == TOWER and file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-type"] == "application/octet-stream"
    assert not [path for path in service.passing_files() if b"Vell" in path.read_bytes()]
    assert visitor.join("choose", [""], {"source": "added/tower.txt"}).status_code == 200
    assert "The tower of Vell" in json.dumps(list(visitor.messages()))
    removed = visitor.join("remove", [None, "yes", ""])
    assert removed.status_code == 200 and "Removed" in json.dumps(list(visitor.messages()))
    assert visitor.client.get("/original", params={"source": "added/tower.txt"}).status_code == 404
    left = [path for path in service.folder.rglob("*.txt") if b"Vell" in path.read_bytes()]
    assert left == [], "nor in any cache"
    with visiting(service.address) as other:
        assert "70 metres" not in other.answered("How high is the tower of Vell?")


def test_read_only_there_are_no_events_that_change_anything(read_only: Service) -> None:
    with visiting(read_only.address) as visitor:
        assert not {"add", "refresh", "remove"} & visitor.numbers.keys()
        assert visitor.upload("a.txt", b"words").status_code == 404
        for number in range(-1, 60):
            visitor.numbers["any"] = number
            named = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
            for data in ([[named], ""], [""], ["added/x.txt", ""]):
                assert visitor.join("any", data).status_code in (200, 422)
        assert read_only.passing_files() == []
        assert QUOTE in Visitor(read_only.address).answered(CONTAINERS)


def test_what_passes_lies_in_a_folder_of_its_own_that_goes_with_the_service(seeds_index: Path, tmp_path: Path) -> None:
    for service in serve(seeds_index, tmp_path / "service"):
        (folder,) = service.passing.glob("rag-chat-*")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with visiting(service.address) as visitor:
            path = Path(visitor.upload("a.txt", b"words").json()[0])
            assert path.is_relative_to(folder) and stat.S_IMODE(path.stat().st_mode) == 0o600
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(30)
        assert not folder.exists()


def test_uploads_are_bounded(service: Service, visitor: Visitor) -> None:
    address = visitor.client.base_url
    huge = b"POST /gradio_api/upload HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\n" % (address.netloc, address.netloc)
    huge += b"Content-Type: multipart/form-data; boundary=b\r\n"
    for length, status in ((b"Content-Length: 600000000", 413), (b"Transfer-Encoding: chunked", 411)):
        with socket.create_connection(("127.0.0.1", address.port or 0)) as connection:
            connection.sendall(huge + length + b"\r\n\r\n")
            assert connection.recv(100).split()[1] == str(status).encode()
    for form in ({"files": (None, "words")}, {"files": ("", "words")}):
        assert visitor.client.post(f"{API}/upload", files=form).status_code == 400, "no file"
    assert visitor.upload("large.txt", b"x" * 53_000_000).status_code == 413
    assert sum(path.stat().st_size for path in service.passing_files()) < 1_000_000, "what was refused is not kept"
    assert visitor.client.post(f"{API}/queue/join", content=b"[" * 9_000_000).status_code == 413


# Names, origins, headers ----------------------------------------------------------------------------------------------


NOT_ITS_NAME = """
    evil.test evil.test:%d 127.0.0.1.evil.test localhost.evil.test [::1]:%d 192.0.2.1:%d localhost@evil.test
    127.0.0.2 0.0.0.0:%d localhost/evil.test localhost:x
"""


@pytest.mark.parametrize("host", [*NOT_ITS_NAME.split(), "", "a b"])
def test_another_name_is_refused(service: Service, host: str) -> None:
    host = host % service.port if "%" in host else host
    said = httpx.get(service.address, headers={"Host": host}, trust_env=False).text
    assert ("evil.test" in host) <= ("RAG_ALLOWED_HOSTS=" in said or "@" in host or "/" in host)
    for path in ("/", "/config", "/theme.css", f"{API}/queue/data?session_hash=a", "/nowhere"):
        assert httpx.get(f"{service.address}{path}", headers={"Host": host}, trust_env=False).status_code == 400
    assert httpx.post(f"{service.address}{API}/queue/join", headers={"Host": host}, trust_env=False).status_code == 400


def test_no_name_at_all_is_refused(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port or 0)) as connection:
        connection.sendall(b"GET /config HTTP/1.0\r\n\r\n")
        assert b" 400 " in connection.recv(100)


def test_its_own_names_are_answered(service: Service, seeds_index: Path, tmp_path: Path) -> None:
    for host in (f"127.0.0.1:{service.port}", f"localhost:{service.port}", "LOCALHOST", "127.0.0.1"):
        assert httpx.get(f"{service.address}/config", headers={"Host": host}, trust_env=False).status_code == 200
    for named in serve(seeds_index, tmp_path / "service", RAG_ALLOWED_HOSTS="news.example.org, other.example:8443"):
        for host, status in (("news.example.org", 200), ("News.Example.org:80", 200), ("example.org", 400)):
            given = httpx.get(f"{named.address}/config", headers={"Host": host}, trust_env=False)
            assert given.status_code == status
        for origin, status in (
            ("https://news.example.org", 200),
            ("https://other.example:8443", 200),
            ("https://other.example", 403),
        ):
            with visiting(named.address, origin=origin) as visitor:  # a proxy that puts its own address for the name
                assert visitor.upload("a.txt", b"words").status_code == status


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "http://localhost:9999",
        "null",
        "http://127.0.0.1",
        "file://",
        "",
        "http://127.0.0.1.evil.test",
    ],
)
def test_another_origin_changes_nothing_and_reads_nothing(service: Service, origin: str) -> None:
    with visiting(service.address, origin=origin) as visitor:
        assert visitor.upload("a.txt", b"words").status_code == 403
        assert visitor.ask(CONTAINERS).status_code == visitor.run("publishers", []).status_code == 403
        page = visitor.client.get("/config")
        assert not [name for name in page.headers if name.startswith("access-control")]
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        before = visitor.client.options(f"{API}/queue/join", headers=asked)
        assert before.status_code == 405
        assert not [name for name in before.headers if name.startswith("access-control")]


def test_an_upload_needs_the_origin_of_the_page(service: Service) -> None:
    files = {"files": ("a.txt", b"words")}
    assert httpx.post(f"{service.address}{API}/upload", files=files, trust_env=False).status_code == 403
    cross = {"Origin": service.address, "Sec-Fetch-Site": "cross-site"}
    assert httpx.post(f"{service.address}{API}/upload", files=files, headers=cross, trust_env=False).status_code == 403
    twice = [("Origin", service.address), ("Origin", "http://evil.test")]
    assert httpx.post(f"{service.address}{API}/upload", files=files, headers=twice, trust_env=False).status_code == 403


@pytest.mark.parametrize("path", ["/", "/config", "/nowhere", "/theme.css", "/original?source=a"])
def test_every_answer_tells_browsers_to_keep_others_out(visitor: Visitor, path: str) -> None:
    headers = visitor.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == policy["default-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"] and "http" not in headers["content-security-policy"]
    assert "uvicorn" not in str(headers)


# The queue; tests/security/test_places.py has the rest ----------------------------------------------------------------


def test_thirty_questions_that_nobody_listens_to_keep_nobody_waiting(service: Service) -> None:
    for _ in range(4):
        with visiting(service.address) as stranger:
            for _ in range(8):
                assert stranger.ask("Why does Peru export copper to China, and how much of it?").status_code == 200
    with visiting(service.address) as visitor:
        assert QUOTE in visitor.answered(CONTAINERS)


def test_a_page_has_only_so_much_under_way(service: Service, visitor: Visitor) -> None:
    answers = [visitor.ask(f"How many containers, the {number}th time?") for number in range(40)]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    assert "too much of this page waits already" in answers[-1].text
    with visiting(service.address) as other:
        assert QUOTE in other.answered(CONTAINERS)


# Wrong data -----------------------------------------------------------------------------------------------------------

NO_VALUES: list[Any] = [
    {},
    [],
    True,
    1.5,
    -1,
    10**30,
    "x\0",
    [[["deep"]]],
    {"path": "/etc/passwd"},
    "9999-99-99",
    ["a", 1],
]


@pytest.mark.usefixtures("quiet")
def test_wrong_data_are_refused_without_a_traceback(visitor: Visitor) -> None:
    right: dict[str, list[Any]] = {
        "ask": ["Who?", None, *DEFAULTS], "ask_example": [0, None, *DEFAULTS], "retry": [None, *DEFAULTS],
        "edit": [None, *DEFAULTS], "add": [None, "", ""], "refresh": [""], "remove": [None, "no", ""],
        "like": [None], "reopen": [], "export_text": [],
    }  # fmt: skip
    for name, data in right.items():
        for place in range(len(data)):
            for value in NO_VALUES:
                given = [*data[:place], value, *data[place + 1 :]]
                answer = visitor.join(name, given)
                assert answer.status_code in (200, 422, 429), (name, given, answer.text)
        for given in ([], [*data, 1], [None] * 40):
            if len(given) != len(data):
                assert visitor.join(name, given).status_code == 422
    for name in ("evidence", "choose", "forget", "like", "retry", "edit", "reopen", "export_text"):
        for wrong in (None, {}, [], "x", {"index": "0"}, {"index": -1}, {"passage": 1}, {"source": None}, {"id": []}):
            call = visitor.run if name in ("evidence", "forget") else visitor.join
            data = {"evidence": [], "choose": [""], "forget": [None]}.get(name, right.get(name, []))
            assert call(name, data, wrong).status_code == 422, (name, wrong)
    for body in (b"", b"{", b"null", b"[]", b'{"data": []}', b'{"data": [], "fn_index": true, "session_hash": "a"}',
                 b"\xff\xfe", b"[" * 100_000, b'{"data": [NaN], "fn_index": 9, "session_hash": "a"}'):  # fmt: skip
        for route in ("queue/join", "run/predict"):
            assert 400 <= visitor.client.post(f"{API}/{route}", content=body).status_code < 500, (route, body[:40])
    for more in ({"fn_index": -1}, {"fn_index": 10**20}, {"session_hash": None}, {"session_hash": "../x"}):
        assert visitor.join("ask", ["Who?", None, *DEFAULTS], **more).status_code == 422
    assert visitor.run("ask", ["Who?", None, *DEFAULTS]).status_code == 422, "what is queued comes by the queue"


@pytest.mark.usefixtures("quiet")
def test_values_that_fit_but_mean_nothing_are_answered_in_words(service: Service) -> None:
    cases = {
        "RAG_MODEL": ["unheard-of", 8, [], None, None],
        "no article is from Nobody": ["extractive", 8, ["Nobody"], None, None],
        "date_from": ["extractive", 8, [], "2024-13-45", None],
        "exchange the two dates": ["extractive", 8, [], "2024-12-31", "2024-01-01"],
    }
    for said, options in cases.items():
        with visiting(service.address) as visitor:
            assert visitor.ask(CONTAINERS, options).status_code == 200
            assert said in json.dumps(list(visitor.messages()))
    for name, event_data in (
        ("retry", {"index": 7, "value": ""}),
        ("edit", {"index": [9, 0], "value": "Who?", "previous_value": ""}),
    ):
        with visiting(service.address) as visitor:
            assert visitor.join(name, [None, *DEFAULTS], event_data).status_code == 200
            assert '"success": true' in json.dumps(list(visitor.messages()))


def test_a_file_that_is_there_is_not_told_from_one_that_is_not(service: Service, diary: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.gguf"
    os.mkfifo(fifo)
    said = set()
    for path in (diary, diary.parent, diary.with_name("missing.gguf"), fifo, Path("/dev/zero"), Path("/etc/shadow")):
        for provider in ("llamacpp", "LlamaCpp", " llamacpp"):
            with visiting(service.address) as visitor:
                assert visitor.ask(CONTAINERS, [f"{provider}:{path}", 8, [], None, None]).status_code == 200
                (last,) = [each for each in visitor.messages() if each["msg"] == "process_completed"]
                said.add(last["output"]["data"][3].split('"error":')[1].split('"stopped"')[0])
    assert len(said) == 1 and "takes no file of a visitor" in said.pop()


# Logins ---------------------------------------------------------------------------------------------------------------


def test_guessing_passwords_is_slowed_and_stopped(seeds_index: Path, tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("ann:secret\n")
    with (
        serving(seeds_index, tmp_path, "--auth-file", str(passwords)) as (address, _),
        httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
    ):

        def status(password: str, **headers: str) -> int:
            return client.post("/login", data={"username": "ann", "password": password}, headers=headers).status_code

        began = time.monotonic()
        assert [status(str(number)) for number in range(7)] == [400] * 5 + [429] * 2
        assert time.monotonic() - began > 4, "a wrong password takes a while"
        assert status("secret") == 429
        assert status("secret", **{"X-Forwarded-For": "192.0.2.7"}) == 429, "nobody is whom he says he is"
        assert client.get("/config").status_code == client.get(f"{API}/heartbeat/a").status_code == 401


def test_the_name_that_is_guessed_for_is_seen_in_every_form(seeds_index: Path, tmp_path: Path) -> None:
    with (
        serving(seeds_index, tmp_path, "--auth", "ann:secret") as (address, _),
        httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
    ):
        assert (
            client.post("/login", content=b"\xff--", headers={"Content-Type": "multipart/form-data"}).status_code == 400
        )
        assert client.post("/login", content=b"x" * 20_000).status_code == 413
        for _ in range(8):
            assert client.post("/login", data={"username": "ann", "password": ""}).status_code == 422, "no guess"
        browsers = {"username": (None, "ann"), "password": (None, "secret")}
        assert client.post("/login", files=browsers).status_code == 200, "as Gradio's page sends it"
        assert "Your question" in client.get("/config").text
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert client.get("/logout", headers=elsewhere).status_code == 403 and client.get("/config").status_code == 200
