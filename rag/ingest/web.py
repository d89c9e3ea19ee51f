"""A page of the web as a file: what `rag index https://…` adds to the collection, and nothing else ever fetches.

Each connection goes to the very address that was found to be public, so neither a redirect nor a name that changes its
address in between leads into the user's own network. safehttpx, which Gradio brings, does the same, but reads whole
answers of any size, follows no redirects safely and asks Google's resolver.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import mimetypes
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.robotparser import RobotFileParser

import httpx

from rag.errors import LoadError
from rag.ingest.build import Progress
from rag.ingest.load import SUFFIXES
from rag.text.characters import plain, said

AGENT = "rag-news"
SECONDS = 30.0  # for a page, with its robots.txt and all redirects
MOST_REDIRECTS = 5
LONGEST_ROBOTS = 500_000  # bytes, as RFC 9309 asks for at least
_LONGEST_NAME = 80
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # in which the last 32 bits are an address of version 4 (RFC 6052)
_MARK = "\ufeff"  # at the head of a text, tells that it is UTF-8, whatever it says of itself


@dataclass(frozen=True)
class Page:
    """What was found at an address; `name` is that of a file whose suffix tells what it is."""

    name: str
    data: bytes


def fetch(address: str, longest: int) -> Page:
    """Fetch a page of at most `longest` bytes.

    Raises:
        LoadError: it cannot be reached, is not public, is not for programs, is too large, or of no known format.
    """
    try:
        return asyncio.run(_within_limit(address, longest))
    except TimeoutError as error:
        raise LoadError(
            f"{said(address)} took more than {SECONDS:g} seconds; save the page and index the file"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = plain(str(error)) or type(error).__name__
        raise LoadError(f"{said(address)} cannot be fetched: {reason}; check the address") from error


async def _within_limit(address: str, longest: int) -> Page:
    async with asyncio.timeout(SECONDS):
        return await _fetch(address, longest)


async def _fetch(address: str, longest: int) -> Page:
    # trust_env: through a proxy nobody could tell where a name leads.
    client = httpx.AsyncClient(
        transport=PublicTransport(verify=certificates()),
        headers={"User-Agent": AGENT},
        timeout=SECONDS,
        trust_env=False,
    )
    async with client:
        url = httpx.URL(address)
        for _ in range(MOST_REDIRECTS + 1):
            if url.scheme not in ("http", "https"):
                raise LoadError(f"{said(str(url))} is no page of the web; give an address that begins with https://")
            await _check_robots(client, url)
            answer, data = await _get(client, url, longest)
            if answer.next_request is None:
                break
            url = answer.next_request.url
        else:
            raise LoadError(f"{said(address)} leads on and on; give the address where it ends")
    if answer.status_code != httpx.codes.OK:
        raise LoadError(f"{said(address)} answers {answer.status_code} {answer.reason_phrase}; check the address")
    return _page(httpx.URL(address), answer, data)


async def _get(client: httpx.AsyncClient, url: httpx.URL, longest: int) -> tuple[httpx.Response, bytes]:
    async with client.stream("GET", url) as answer:
        data = bytearray()
        async for part in answer.aiter_bytes():
            data += part
            if len(data) > longest:
                most = f"{longest / 1_000_000:g} MB"
                raise LoadError(f"{said(str(url))} has more than {most}; save the part that matters, and index that")
    return answer, bytes(data)


async def _check_robots(client: httpx.AsyncClient, url: httpx.URL) -> None:
    """Hold to what the site allows programs (RFC 9309): without rules everything, where they cannot be read nothing."""
    place = url.copy_with(raw_path=b"/robots.txt", fragment=None)
    for _ in range(MOST_REDIRECTS + 1):
        answer, data = await _get(client, place, LONGEST_ROBOTS)
        if answer.next_request is None:
            break
        place = answer.next_request.url
    if answer.is_server_error:
        raise LoadError(
            f"{said(str(place))} cannot be read ({answer.status_code}), so nothing there is fetched; try later"
        )
    rules = RobotFileParser()
    rules.parse(data.decode("utf-8", "replace").splitlines() if answer.is_success else ())
    if not rules.can_fetch(AGENT, str(url)):
        raise LoadError(
            f"{said(str(url))} is not for programs, by the site's robots.txt; save the page and index the file"
        )


def _page(address: httpx.URL, answer: httpx.Response, data: bytes) -> Page:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    of_kind = ".html" if kind == "application/xhtml+xml" else mimetypes.guess_extension(kind) or ""
    suffixes = (of_kind, Path(address.path).suffix.lower(), *(() if kind else (".html",)))
    suffix = next((each for each in suffixes if each in SUFFIXES), None)
    if suffix is None:
        raise LoadError(f"{said(str(address))} is {kind}, which cannot be read; index a page of text")
    if kind.startswith("text/") and answer.charset_encoding:  # what the server says counts, and the file will not
        data = _in_utf8(data, answer.charset_encoding)
    return Page(file_name(address, suffix), data)


def _in_utf8(data: bytes, label: str) -> bytes:
    import webencodings

    found = webencodings.lookup(label)
    return (_MARK + webencodings.decode(data, found)[0]).encode() if found else data


def file_name(address: httpx.URL, suffix: str) -> str:
    """A name that tells where a page is from, and is the same for the same address only.

    >>> file_name(httpx.URL("https://Example.com/news/a b?page=2"), ".html")
    'example.com-news-a-b-page-2-a03974.html'
    """
    readable = re.sub(r"\W+", "-", f"{address.path} {address.query.decode()}").strip("-_")
    told = f"{address.host}-{readable}"[:_LONGEST_NAME].rstrip("-")
    return f"{told}-{hashlib.sha256(str(address).encode()).hexdigest()[:6]}{suffix}"


def certificates() -> ssl.SSLContext:
    """Whom to believe that a site is the one it says."""
    return httpx.create_ssl_context(trust_env=False)


class PublicTransport(httpx.AsyncHTTPTransport):
    """Connects to public addresses only: the one that was looked at is the one that is connected to."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Raises:
            LoadError: its host is not public.
        """
        host = request.url.host
        port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        direct = httpx.Request(
            request.method,
            request.url.copy_with(host=await _public_address(host, port)),
            headers=request.headers,  # with the host by its name
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await super().handle_async_request(direct)


async def _public_address(host: str, port: int) -> str:
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(None, look_up)
    except (OSError, UnicodeError) as error:
        raise LoadError(f"There is no host {said(host)}; check the address, and the network") from error
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    if not addresses or not all(map(is_public, addresses)):
        raise LoadError(f"{said(host)} is no public host; only pages of the public web are fetched")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also where it stands for another of version 4.

    >>> [is_public(each) for each in ("93.184.215.14", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "ff02::1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        last = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        ip = ip.ipv4_mapped or ip.sixtofour or (last if ip in _NAT64 else ip)
    return ip.is_global and not ip.is_multicast


def fetched(addresses: Sequence[str], folder: Path, longest: int, progress: Progress) -> dict[str, Path]:
    """Fetch pages of at most `longest` bytes into a folder; their files by name.

    Raises:
        LoadError: one of them cannot be fetched.
    """
    files: dict[str, Path] = {}
    for number, address in enumerate(addresses, start=1):
        page = fetch(address, longest)
        files[page.name] = folder / page.name
        files[page.name].write_bytes(page.data)
        progress("fetching", number, len(addresses))
    return files
