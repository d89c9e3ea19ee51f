"""Serve the chat page: where it listens, who may see it, how it starts and stops."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.errors import SettingsError
from rag.pipeline import RAG

if TYPE_CHECKING:
    import gradio as gr
    import uvicorn

LARGEST_UPLOAD = "50mb"
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
    try:
        from ui.app import build_app  # brings gradio

        _server(build_app(rag), listening, auth, share).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn has shut down in good order and passes the signal on
        pass
    finally:
        listening.close()


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


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that nobody takes the port between looking and serving."""
    if not 0 <= port <= 65535:
        raise SettingsError(f"port {port} is not between 0 and 65535; choose another with --port")
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


def _server(
    app: gr.Blocks, listening: socket.socket, auth: Sequence[tuple[str, str]] | None, share: bool
) -> uvicorn.Server:
    """A web server for the page.

    Gradio's own `launch` would look for its port again, take any error there for a port in use, and call itself
    through whatever proxy the environment names.
    """
    import fastapi
    import gradio as gr
    import uvicorn

    web = gr.mount_gradio_app(
        fastapi.FastAPI(openapi_url=None), app, path="/",
        theme=_theme(), css=(HERE / "page.css").read_text(encoding="utf-8"),
        footer_links=[], run_history=False, enable_monitoring=False, show_error=False,
        ssr_mode=False, pwa=False, mcp_server=False, max_file_size=LARGEST_UPLOAD, auth=list(auth) if auth else None,
        app_kwargs={"openapi_url": None},
    )  # fmt: skip
    page: Any = web.routes[-1]

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"The chat is at {_address(listening)} (Ctrl-C stops it)", flush=True)
            if share:
                print(await asyncio.to_thread(_tunnel, listening), flush=True)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            page.app.stop_event.set()  # Gradio's connections to open pages do not end by themselves
            await super().shutdown(sockets)

    return Server(uvicorn.Config(web, log_level="warning", access_log=False, timeout_graceful_shutdown=3))


def _tunnel(listening: socket.socket) -> str:
    """A line with the address of a tunnel to this page, or with what is in its way."""
    from gradio import networking

    host, port = urlsplit(_address(listening)).hostname, listening.getsockname()[1]
    try:
        address = networking.setup_tunnel(str(host), port, secrets.token_urlsafe(32), None, None)
    except Exception as error:  # no network, no tunnel program, no answer: the page is there for this machine
        return f"It cannot be shared ({' '.join(str(error).split())}); it goes on for this machine alone"
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
