"""Serve the chat page: where it listens, who may see it, how it starts and stops."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.desk.collections import collections
from rag.disk.private import locked_folder, remove_abandoned, remove_locked
from rag.errors import RAGError, SettingsError
from rag.pipeline import RAG, build_rag
from rag.settings import Settings
from ui.collections import BELOW, ByCollection

if TYPE_CHECKING:
    import fastapi
    import gradio as gr
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import Response

    from ui.app import Page

PASSING = "rag-chat-"  # begins the name of the folder for what is passing
LARGEST_UPLOADS = 10  # files of the largest size may lie waiting to be taken in
MOST_PAGES = 1000  # pages whose state is kept; then the one goes that was used longest ago
MOST_EVENTS = 1000  # events under way at a time, those that wait for their place included
HERE = Path(__file__).parent


def serve(
    rag: RAG, *, host: str, port: int, auth: Sequence[tuple[str, str]] | None = None, share: bool = False
) -> None:
    """Serve the page until Ctrl-C; one line with its address is printed once it is up. Port 0 takes a free one.

    Args:
        auth: names and passwords, one of which a visitor must give.
        share: reach it from outside too, by a tunnel of Gradio's makers.

    Raises:
        RAGError: nothing can listen there.
    """
    listening = _listen(host, port)
    _open_more_files()
    signal.signal(signal.SIGTERM, _end)
    try:
        with ExitStack() as stack:
            services = [stack.enter_context(closing(each)) for each in (rag, *_others(rag.settings))]
            stack.enter_context(_own_folder())
            from ui.app import Page  # brings gradio

            names = [each.settings.collection for each in services]
            page, *others = [Page(each, names) for each in services]
            _server(page, listening, auth, share, host, others).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn has shut down in good order and passes the signal on
        _leave(0)
    except SystemExit as end:
        _leave(int(end.code or 0))
    finally:
        listening.close()


def _others(settings: Settings) -> Iterator[RAG]:
    """The services of the collections with a name, where none was named; one that cannot be opened is left out."""
    for each in collections(settings) if not settings.collection else ():
        if each.name:
            try:
                yield build_rag(settings.of(each.name))
            except RAGError as error:
                print(f"the collection {each.name} is left out: {error}", file=sys.stderr)


def _end(number: int, _: object) -> None:
    """Leave in good order: uvicorn passes a signal on when it has shut down, and the default would tidy nothing up."""
    raise SystemExit(128 + number)


def _leave(status: int) -> None:
    """End now: a thread that is still at work for a visitor would keep the process alive, and unseen."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def read_auth(given: str | None, file: Path | None) -> list[tuple[str, str]] | None:
    """Names and passwords from `user:password`, or from a file with one such line a visitor; None without either.

    Raises:
        SettingsError: what is given is not of that form.
    """
    try:
        text = file.read_text(encoding="utf-8-sig") if file else given
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the passwords in {file} ({error}); give a UTF-8 file") from error
    if text is None:
        return None
    pairs = [line.partition(":")[::2] for line in text.splitlines() if line.strip()]
    if not pairs or not all(name and password for name, password in pairs):
        where = f"{file} has a line" if file else "--auth has a value"
        raise SettingsError(f"{where} that is not user:password; write a name, a colon and a password")
    return pairs


def check_port(port: int) -> None:
    """Refuse what is no port.

    Raises:
        SettingsError: it is none.
    """
    if not 0 <= port <= 65535:
        raise SettingsError(f"port {port} is not between 0 and 65535; choose another with --port")


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that nobody takes the port between looking and serving."""
    check_port(port)
    listening = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except (OSError, UnicodeError) as error:
        if listening:
            listening.close()
        raise SettingsError(_cannot_listen(host, port, error)) from error
    return listening


def _cannot_listen(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} is in use; choose another with --port"
    if number == errno.EADDRNOTAVAIL or isinstance(error, (socket.gaierror, UnicodeError)):
        return f"{host} is not an address of this machine; choose another with --host"
    if number == errno.EACCES:
        return f"port {port} is not open to this user; choose one above 1023 with --port"
    return f"cannot listen on {host} port {port} ({error}); choose another with --port"


@contextmanager
def _own_folder() -> Iterator[None]:
    """Where this process keeps what is passing: a folder that nobody else can look into, and that goes with it."""
    before, given = tempfile.tempdir, os.environ.get("GRADIO_TEMP_DIR")
    remove_abandoned(PASSING)
    try:
        folder, lock = locked_folder(PASSING)
    except OSError as error:
        raise SettingsError(f"no folder for uploads can be made ({error}); name a place with TMPDIR") from error
    tempfile.tempdir = str(folder)
    os.environ["GRADIO_TEMP_DIR"] = str(Path(folder, "uploads"))
    try:
        yield
    finally:
        tempfile.tempdir = before
        os.environ.pop("GRADIO_TEMP_DIR")
        if given is not None:
            os.environ["GRADIO_TEMP_DIR"] = given
        remove_locked(folder, lock)


def _open_more_files() -> None:
    """Let as many pages be open at a time as the system grants; often far fewer are preset."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _mounted(
    page: Page, auth: Sequence[tuple[str, str]] | None, root: str | None = None
) -> tuple[fastapi.FastAPI, Any]:
    """The page as a web application, and Gradio's own application within it.

    Args:
        root: the path below which browsers see it, where it is not the only one; `ByCollection` takes that off.

    Gradio's own `launch` would look for its port again, take any error there for a port in use, and call itself
    through whatever proxy the environment names.
    """
    import fastapi
    import gradio as gr
    from python_multipart.exceptions import FormParserError
    from starlette.requests import ClientDisconnect
    from starlette.routing import Route

    blocks = page.build()
    blocks.state_session_capacity = MOST_PAGES
    blocks.has_launched = True  # switches on the check of the paths of files, which mounting leaves off
    web = fastapi.FastAPI(openapi_url=None)
    gr.mount_gradio_app(
        web, blocks, path="/",
        theme=_theme(), css=(HERE / "page.css").read_text(encoding="utf-8"),
        footer_links=[], run_history=False, enable_monitoring=False, show_error=False,
        ssr_mode=False, pwa=False, mcp_server=False, max_file_size=_largest(page), auth=list(auth) if auth else None,
        app_kwargs={"openapi_url": None}, root_path=root,
    )  # fmt: skip
    blocks._queue.max_thread_count = MOST_EVENTS
    mounted: Any = web.routes[-1]
    mounted.app.add_exception_handler(ClientDisconnect, _broken_off)
    for kind in (TypeError, FormParserError):
        mounted.app.add_exception_handler(kind, _no_upload)
    web.router.routes.insert(0, Route("/original", _originals(page)))
    return web, mounted.app


def _root(page: Page) -> str:
    """Below which path browsers see the page of a collection that is one of several."""
    return f"{os.environ.get('GRADIO_ROOT_PATH', '').rstrip('/')}/{BELOW}/{page.rag.settings.collection}"


def _server(
    page: Page,
    listening: socket.socket,
    auth: Sequence[tuple[str, str]] | None,
    share: bool,
    host: str = "127.0.0.1",
    others: Sequence[Page] = (),
) -> uvicorn.Server:
    """A web server for the page, and those of other collections, with a guard before each."""
    import uvicorn
    from gradio.utils import get_upload_folder

    from ui.connections import Punctual
    from ui.guard import Guarded, guard
    from ui.tidy import tidy

    settings, uploads = page.rag.settings, Path(get_upload_folder())
    pages = [page, *others]
    mounted = [_mounted(page, auth), *(_mounted(each, auth, _root(each)) for each in others)]
    web, _ = mounted[0]
    web.router.lifespan_context = _together([each.router.lifespan_context for each, _ in mounted])
    names, proxies = {host, *settings.hosts}, set(settings.hosts)
    guarded = Guarded(
        names=names,
        proxies=proxies,
        changes=not settings.read_only,
        uploads=uploads,
        most_uploaded=LARGEST_UPLOADS * _largest(page),
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            self.tidying = [
                asyncio.create_task(tidy(gradio.get_blocks(), each, uploads))
                for each, (_, gradio) in zip(pages, mounted, strict=True)
            ]
            print(f"The chat is at {_address(listening)} (Ctrl-C stops it)", flush=True)
            if not ip_address(listening.getsockname()[0]).is_loopback:
                print(_open_to_others(settings, auth), flush=True)
            if share:
                print(await asyncio.to_thread(_tunnel, listening, names, proxies), flush=True)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for (_, gradio), tidying in zip(mounted, self.tidying, strict=True):
                gradio.stop_event.set()  # Gradio's connections to open pages do not end by themselves
                tidying.cancel()
            await super().shutdown(sockets)

    first, *named = [
        guard(web, gradio, each.presence, each.open_pages, guarded)
        for each, (web, gradio) in zip(pages, mounted, strict=True)
    ]
    by_name = {each.rag.settings.collection: app for each, app in zip(others, named, strict=True)}
    return Server(
        uvicorn.Config(
            ByCollection(first, by_name) if by_name else first,
            log_level="error", access_log=False, timeout_graceful_shutdown=3, server_header=False,
            http=Punctual,
            ws="none",  # nothing here speaks it, and a request to switch to it would be left without an answer
            proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies or None,
        )
    )  # fmt: skip


def _together(lifespans: Sequence[Any]) -> Any:
    """The beginning and the end of several applications, as those of one."""

    @asynccontextmanager
    async def together(app: Any) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for lifespan in lifespans:
                await stack.enter_async_context(lifespan(app))
            yield

    return together


def _open_to_others(settings: Settings, auth: object) -> str:
    """A line for who opens the chat to the network: how it is reached, and by whom it may be changed."""
    reached = "Others reach it by an address of this machine, by a name only with RAG_ALLOWED_HOSTS"
    if auth or settings.read_only:
        return reached
    return f"{reached}; all of them may add and remove articles, unless --auth-file or RAG_READ_ONLY=1 forbids it"


def _largest(page: Page) -> int:
    """Bytes that an uploaded file may have; in the megabytes that Gradio counts in when it refuses one."""
    return int(page.rag.settings.max_file_mb * 2**20)


def _broken_off(_: Request, __: Exception) -> Response:
    """Whoever sent something has gone; nobody reads the answer."""
    from starlette.responses import Response

    return Response(status_code=400)


def _no_upload(request: Request, error: Exception) -> Response:
    """Gradio throws a TypeError at a form whose field of files holds text, its parser another at odd boundaries."""
    from starlette.responses import JSONResponse

    if not request.url.path.endswith("/upload"):
        raise error
    return JSONResponse({"detail": "this form holds no files"}, 400)


def _originals(page: Page) -> Callable[[Request], Response]:
    """What answers with the file of an article; browsers save it and never show it."""
    from starlette.responses import FileResponse, JSONResponse

    def original(request: Request) -> Response:
        try:
            path = page.collection.file(request.query_params.get("source", ""))
        except RAGError:
            path = None
        if path is None:
            return JSONResponse({"detail": "this file has changed or is gone"}, 404)
        return FileResponse(path, filename=path.name, media_type="application/octet-stream")

    return original


def _tunnel(listening: socket.socket, *known: set[str]) -> str:
    """A line with the address of a tunnel to this page, which becomes one of the known, or with what is in its way."""
    from gradio import networking

    host, port = urlsplit(_address(listening)).hostname, listening.getsockname()[1]
    try:
        address = networking.setup_tunnel(str(host), port, secrets.token_urlsafe(32), None, None)
    except Exception as error:  # no network, no tunnel program, no answer: the page is there for this machine
        return f"It cannot be shared ({' '.join(str(error).split())}); it goes on for this machine alone"
    for names in known:
        names.add(urlsplit(address).netloc)
    return f"Everyone who has this address can open it: {address}"


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _theme() -> gr.Theme:
    """Fonts of the reader's own system, so that nothing is fetched, and greys dark enough to read."""
    import gradio as gr

    return gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )
