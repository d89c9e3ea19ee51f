"""Pages of the web, from a real server on loopback, which only these tests take for public."""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import rag.ingest.web
from rag import ask
from rag.cli import main
from rag.errors import LoadError
from rag.ingest.web import fetch, is_public
from rag.settings import Settings

HOST = "news.example"
PAGE = (
    "<html><head><title>Ferry returns</title></head><body><article><h1>Ferry returns</h1><p>The ferry of Brackwater "
    "runs again. It was repaired for eleven months and costs two crowns a crossing, the harbour master said on "
    "Monday.</p><p>It had been out of service since a storm tore it from its moorings.</p></article></body></html>"
)
LONGEST = 100_000
Answer = tuple[int, dict[str, str], bytes]


class Site(BaseHTTPRequestHandler):
    """Answers as `pages` says, by host and path; what is asked is kept in `asked`."""

    pages: ClassVar[dict[str, Answer]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['Host']}{self.path} {self.headers['User-Agent']}")
        status, headers, data = self.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def html(text: str = PAGE) -> Answer:
    return 200, {"Content-Type": "text/html; charset=utf-8"}, text.encode()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Site]]:
    """The site of `HOST`, whose address is taken for a public one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.pages, Site.asked = {"/ferry": html()}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = {HOST: "127.0.0.1", "inside.example": "10.0.0.7"}

    def resolved(host: str, port: int, **_: Any) -> list[Any]:
        if host in names:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (names[host], port))]
        return getaddrinfo(host, port, type=socket.SOCK_STREAM)

    getaddrinfo = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(rag.ingest.web, "is_public", lambda address: address == "127.0.0.1" or is_public(address))
    monkeypatch.setattr(Site, "port", server.server_port, raising=False)
    yield Site
    server.shutdown()
    server.server_close()


def at(site: Any, path: str, host: str = HOST) -> str:
    return f"http://{host}:{site.port}{path}"


def test_a_page_is_added_and_answers(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = tmp_path / "index"
    assert main(["index", at(site, "/ferry"), "--index", str(index)]) == 0
    assert "1 article" in capsys.readouterr().out
    answer = ask("How long was the ferry repaired?", settings=Settings(index=index))
    assert "eleven months" in answer.text and answer.citations[0].source.startswith("added/news.example-ferry-")
    assert site.asked == [f"{HOST}:{site.port}{path} rag-news" for path in ("/robots.txt", "/ferry")]
    site.pages["/ferry"] = html(PAGE.replace("eleven", "twelve"))
    assert main(["index", at(site, "/ferry"), "--index", str(index)]) == 0
    assert "1 article, 1 chunk" in (out := capsys.readouterr().out) and "1 changed" in out


@pytest.mark.parametrize(
    ("path", "pages", "said"),
    [
        ("/ferry", {"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /fer")}, "not for programs"),
        ("/ferry", {"/robots.txt": (200, {}, b"User-agent: rag-news\nDisallow: /")}, "not for programs"),
        ("/ferry", {"/robots.txt": (503, {}, b"")}, "robots.txt cannot be read"),
        ("/none", {}, "404"),
        ("/big", {"/big": html("x" * (LONGEST + 1))}, "more than 0.1 MB"),
        (
            "/bomb",
            {
                "/bomb": (
                    200,
                    {"Content-Type": "text/html", "Content-Encoding": "gzip"},
                    gzip.compress(bytes(9_000_000), mtime=0),
                )
            },
            "more than 0.1 MB",
        ),
        ("/picture", {"/picture": (200, {"Content-Type": "image/png"}, b"PNG")}, "image/png, which cannot be read"),
        ("/round", {"/round": (302, {"Location": "/round"}, b"")}, "leads on and on"),
        ("/file", {"/file": (302, {"Location": "file:///etc/passwd"}, b"")}, "passwd"),
        (
            "/inside",
            {"/inside": (302, {"Location": "http://inside.example/"}, b"")},
            "inside.example is no public host",
        ),
        ("/local", {"/local": (302, {"Location": "http://127.0.0.2/"}, b"")}, "127.0.0.2 is no public host"),
        ("/six", {"/six": (302, {"Location": "http://[::ffff:10.0.0.1]/"}, b"")}, "is no public host"),
        ("/ferry", {"/robots.txt": (302, {"Location": "http://169.254.169.254/"}, b"")}, "is no public host"),
    ],
)
def test_what_is_not_fetched_says_why(site: Any, path: str, pages: dict[str, Answer], said: str) -> None:
    site.pages |= pages
    with pytest.raises(LoadError, match=said):
        fetch(at(site, path), LONGEST)


def test_a_name_that_changes_its_address_is_looked_up_once_a_connection(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved, asked = socket.getaddrinfo, list[str]()

    def rebinding(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        return resolved(HOST if len(asked) < 3 else "inside.example", port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert fetch(at(site, "/ferry"), LONGEST).data.decode() == "\ufeff" + PAGE
    assert asked == [HOST, HOST], "robots.txt and the page; the socket got an address"


def test_what_takes_too_long_is_given_up(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(Site, "do_GET", lambda _: waiting.wait(10))
    monkeypatch.setattr(rag.ingest.web, "SECONDS", 0.3)
    with pytest.raises(LoadError, match=r"took more than 0.3 seconds"):
        fetch(at(site, "/ferry"), LONGEST)
    waiting.set()


def test_what_the_server_says_of_the_encoding_is_kept(site: Any) -> None:
    site.pages["/old"] = 200, {"Content-Type": "text/plain; charset=iso-8859-1"}, "Café “Müller”".encode("cp1252")
    page = fetch(at(site, "/old"), LONGEST)
    assert page.data.decode() == "\ufeffCafé “Müller”" and page.name.endswith(".txt")


def test_a_certificate_is_checked_for_the_name(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(tmp_path / "site.pem", HOST))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    believed: Callable[[], ssl.SSLContext] = lambda: ssl.create_default_context(cafile=tmp_path / "site.pem")  # noqa: E731
    monkeypatch.setattr(rag.ingest.web, "certificates", believed)
    assert fetch(f"https://{HOST}:{server.server_port}/ferry", LONGEST).name.startswith("news.example-ferry-")
    with pytest.raises(LoadError, match="cannot be fetched"):
        fetch(f"https://127.0.0.1:{server.server_port}/ferry", LONGEST)
    server.shutdown()
    server.server_close()


def certificate(path: Path, host: str) -> Path:
    """A key and a certificate for a host, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::",
     "ff02::1", "fe80::1%eth0"],
)  # fmt: skip
def test_addresses_within_a_network_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_names_are_of_one_address_only() -> None:
    names = {
        rag.ingest.web.file_name(httpx.URL(f"https://a.example/{path}"), ".html") for path in ("a-b", "a/b", "a?b")
    }
    assert len(names) == 3
    assert ipaddress.ip_address("93.184.215.14").is_global and is_public("93.184.215.14")
