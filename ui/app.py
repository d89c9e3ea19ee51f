"""The chat page: a question box, and answers with the words they quote."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rag.errors import RAGError, SettingsError
from rag.pipeline import RAG
from ui.render import PENDING, render_answer, render_error, render_introduction, render_question

if TYPE_CHECKING:
    import gradio as gr
    import uvicorn

TITLE = "Ask the articles"
QUESTIONS_AT_A_TIME = 4
Messages = list[dict[str, Any]]
log = logging.getLogger(__name__)

CSS = """
/* The page is as high as the window; the conversation scrolls inside it and the question box stays in sight. */
.gradio-container { width: 100%; max-width: 49rem !important; margin: 0 auto !important; }
.gradio-container > .main { height: 100dvh; box-sizing: border-box; padding: clamp(.75rem, 3vw, 1.5rem) !important; }
.gradio-container > .main > .wrap { display: flex; flex: 1; min-height: 0 !important; }
.gradio-container main, .gradio-container main > .column { display: flex; flex-flow: column nowrap; min-height: 0; }
.gradio-container main > .column > * { flex-shrink: 0; }
#introduction, #introduction .html-container { padding: 0; }
#introduction h1 { font-size: clamp(1.3rem, 4vw, 1.6rem); line-height: 1.2; margin: 0 0 .35rem; }
#introduction p { font-size: 1rem; line-height: 1.5; margin: 0; color: var(--body-text-color-subdued); }
#question:focus-within { outline: 2px solid var(--primary-600); }
#question textarea { font-size: 1rem; padding-left: 0; }
#question .submit-button { border-radius: var(--radius-md); padding: .35rem 1rem; font-size: 1rem; color: white; }
#question .submit-button { background: var(--primary-700); }
#question .submit-button:hover { background: var(--primary-800); }

/* Answers stand on the page itself; only questions have a bubble. */
#chat { flex: 1 1 0 !important; min-height: 8rem !important; border: 0; background: none; }
#chat .bubble-wrap { background: none; padding: 0; }
#chat .icon-button-wrapper { display: none; } /* reloading the page starts anew */
#chat .placeholder-content, #chat .pending { color: var(--body-text-color-subdued); }
#chat .message { font-size: 1rem; line-height: 1.55; overflow-wrap: anywhere; }
#chat .message-row.user-row { margin-right: 0; max-width: 90%; align-self: flex-end; }
#chat .message-row.bot-row, #chat .bot-row .flex-wrap { max-width: 100%; width: 100%; margin-left: 0; }
#chat .bot.message { background: none; border: 0; box-shadow: none; padding: 0; }
#chat .answer p, #chat .answer blockquote { margin: 0; padding: 0; }
#chat .marker { color: var(--primary-700); font-weight: 600; white-space: nowrap; }
.dark #chat .marker { color: var(--primary-300); }
#chat .answer .sources-label { margin: 1rem 0 .35rem; font-size: .875rem; color: var(--body-text-color-subdued); }
#chat .sources { list-style: none; margin: 0; padding: 0; font-size: .9rem; line-height: 1.5; }
#chat .sources li { margin: 0; padding: .7rem 0; border-top: 1px solid var(--border-color-primary); }
#chat .sources .title { font-weight: 600; }
#chat .sources .origin, #chat .sources .file { color: var(--body-text-color-subdued); }
#chat .sources blockquote { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid var(--primary-300); }
.dark #chat .sources blockquote { border-left-color: var(--primary-700); }
#chat .closest { margin: .4rem 0 0; font-size: .875rem; color: var(--body-text-color-subdued); }
#chat .error { padding-left: .8rem; border-left: 3px solid #ef4444; }
"""


def build_app(rag: RAG) -> gr.Blocks:
    """The page over one service; `serve` gives it its looks."""
    import gradio as gr

    def answer(question: str, shown: Messages, history: Messages) -> Iterator[tuple[Any, ...]]:
        yield from take_turn(rag, question, shown, history)

    app = gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True)
    with app:
        introduction = gr.HTML(introduce(rag), elem_id="introduction")
        chat = gr.Chatbot(
            elem_id="chat", label="Answers", show_label=False, container=False, scale=1, height=None,
            buttons=[], feedback_options=None, placeholder="Answers appear here, with the words they quote.",
            # What `ui.render` makes is HTML: no Markdown, no formulas; the sanitizer stays on.
            sanitize_html=True, render_markdown=False, latex_delimiters=[], allow_tags=False,
        )  # fmt: skip
        box = gr.Textbox(
            elem_id="question", label="Your question", placeholder="Ask about the articles",
            max_lines=6, autofocus=True, submit_btn="Ask",
        )  # fmt: skip
        history = gr.State([])
        box.submit(
            answer, [box, chat, history], [box, chat, history],
            concurrency_limit=QUESTIONS_AT_A_TIME, show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        # Each time the page is opened: the index may have grown since the service was started.
        app.load(
            lambda: introduce(rag), None, introduction,
            queue=False, show_progress="hidden", api_visibility="private",
        )  # fmt: skip
    return app


def take_turn(rag: RAG, question: str, shown: Messages, history: Messages) -> Iterator[tuple[Any, ...]]:
    """The question at once, then its answer: each time values for question box, conversation and history.

    History holds what was said, the conversation what is drawn of it. After an error the question is back in
    its box, to be mended or sent again, and history is as before.
    """
    from gradio import skip

    if not question.strip():
        yield skip(), skip(), skip()
        return
    shown = [*shown, {"role": "user", "content": render_question(question)}]
    yield "", [*shown, {"role": "assistant", "content": PENDING}], skip()
    try:
        found = rag.answer(question, history=history)
    except Exception as error:  # whatever it is, the page goes on
        yield question, [*shown, {"role": "assistant", "content": _explain(error)}], skip()
        return
    said = [{"role": "user", "content": question}, {"role": "assistant", "content": found.text}]
    yield skip(), [*shown, {"role": "assistant", "content": render_answer(found)}], [*history, *said]


def introduce(rag: RAG) -> str:
    """Heading and one line, with the number of articles as it is now."""
    try:
        return render_introduction(TITLE, *rag.store.article_counts())
    except RAGError as error:
        log.warning("the articles cannot be counted: %s", error)
        return render_introduction(TITLE, None)


def serve(rag: RAG, *, host: str, port: int) -> None:
    """Serve the page until Ctrl-C; one line with its address is printed once it is up. Port 0 takes a free one.

    Raises:
        RAGError: nothing can listen there.
    """
    listening = _listen(host, port)
    try:
        _server(build_app(rag), listening).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn has shut down in good order and passes the signal on
        pass
    finally:
        listening.close()


def _explain(error: Exception) -> str:
    if isinstance(error, RAGError):
        return render_error(str(error))
    log.error("a question could not be answered", exc_info=error)
    return render_error("something went wrong here; ask again, or look into the log of the service")


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


def _server(app: gr.Blocks, listening: socket.socket) -> uvicorn.Server:
    """A web server for the page.

    Gradio's own `launch` would look for its port again, take any error there for a port in use, and call itself
    through whatever proxy the environment names.
    """
    import fastapi
    import gradio as gr
    import uvicorn

    web = gr.mount_gradio_app(
        fastapi.FastAPI(openapi_url=None), app, path="/",
        theme=_theme(), css=CSS, footer_links=[], run_history=False, enable_monitoring=False, show_error=False,
        ssr_mode=False, pwa=False, mcp_server=False, max_file_size=1,
    )  # fmt: skip
    page: Any = web.routes[-1]

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"The chat is at {_address(listening)} (Ctrl-C stops it)", flush=True)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            page.app.stop_event.set()  # Gradio's connections to open pages do not end by themselves
            await super().shutdown(sockets)

    return Server(uvicorn.Config(web, log_level="warning", access_log=False, timeout_graceful_shutdown=3))


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
