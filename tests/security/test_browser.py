"""What other pages in the owner's browser cannot do to the chat, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browsing import CONTAINERS, ask, serving
from tests.conftest import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(browser: Browser, seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(seeds_index, tmp_path_factory.mktemp("chat")) as (address, _):
        yield address


@contextmanager
def elsewhere(html: str) -> Iterator[str]:
    """A page of a stranger, on another port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()


def test_the_page_keeps_its_policy_and_lets_no_foreign_script_run(browser: Browser, address: str) -> None:
    page = browser.new_page()
    violations: list[str] = []
    page.on("console", lambda said: violations.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(address)
    page.get_by_label("Your question").wait_for()
    ask(page, CONTAINERS)
    page.locator("#chat .marker").click()
    page.locator(".evidence mark").first.wait_for()
    for tab in ("Articles", "Conversations", "Settings", "Ask"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(300)
    assert violations == [], "the page needs nothing that its policy forbids"
    page.evaluate(
        """() => {
            const script = document.createElement('script')
            script.textContent = 'window.broken = 1'
            document.body.append(script)
            document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.broken = 2">')
            document.body.insertAdjacentHTML('beforeend', '<iframe src="http://localhost:9/"></iframe>')
            const link = document.createElement('a')
            link.href = 'javascript:window.broken = 3'
            document.body.append(link)
            link.click()
        }"""
    )
    sent = page.evaluate("fetch('http://localhost:9/?stolen').then(() => 'sent', () => 'kept')")
    page.wait_for_timeout(500)
    assert sent == "kept" and page.evaluate("window.broken") is None
    assert len(violations) >= 5
    page.close()


def test_no_other_page_frames_it(browser: Browser, address: str) -> None:
    page = browser.new_page()
    with elsewhere(f'<iframe src="{address}" style="width: 100%; height: 80vh"></iframe>') as stranger:
        page.goto(stranger)
        page.wait_for_timeout(1500)
        (frame,) = [frame for frame in page.frames if frame != page.main_frame]
        assert frame.get_by_label("Your question").count() == 0 and "Ask the articles" not in frame.content()
    page.close()


def test_no_other_page_reads_or_writes(browser: Browser, address: str) -> None:
    page = browser.new_page()
    with elsewhere("<h1>Prizes</h1>") as stranger:
        page.goto(stranger)
        tried = page.evaluate(
            """async address => {
                const files = new FormData()
                files.append('files', new File(['words'], 'a.txt'))
                const said = {}
                const tell = (name, asked) => asked.then(answer => said[name] = answer.type, () => said[name] = 'kept')
                await tell('read', fetch(address + '/config'))
                await tell('json', fetch(address + '/gradio_api/queue/join', {
                    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}'
                }))
                await tell('upload', fetch(address + '/gradio_api/upload', { method: 'POST', body: files }))
                const blind = { method: 'POST', body: files, mode: 'no-cors' }
                await tell('blind', fetch(address + '/gradio_api/upload', blind))
                return said
            }""",
            address,
        )
        assert tried == {"read": "kept", "json": "kept", "upload": "kept", "blind": "kept"}
        with page.expect_response(lambda response: response.url.endswith("/upload")) as answered:
            page.evaluate(
                """address => {
                    document.body.innerHTML = `<form method="post" enctype="multipart/form-data"
                        action="${address}/gradio_api/upload"><input name="files" value="x"></form>`
                    document.forms[0].submit()
                }""",
                address,
            )
        assert answered.value.status == 403
    page.close()


def test_a_name_that_is_pointed_here_is_refused(browser: Browser, address: str) -> None:
    port = urlsplit(address).port
    rebound = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, "--host-resolver-rules=MAP evil.test 127.0.0.1"]
    )
    page = rebound.new_page()
    response = page.goto(f"http://evil.test:{port}/")
    assert response and response.status == 400 and "does not go by the name" in page.content()
    assert page.evaluate("fetch('/config').then(answer => answer.status)") == 400
    rebound.close()


def test_a_login_in_the_browser(browser: Browser, seeds_index: Path, tmp_path: Path) -> None:
    with serving(seeds_index, tmp_path, "--auth", "ann:secret") as (address, _):
        page = browser.new_page()
        page.goto(address)
        for password in ("wrong", "secret"):
            page.get_by_label("username").fill("ann")
            page.get_by_label("password").fill(password)
            page.get_by_role("button", name="Login").click()
            if password == "wrong":
                page.get_by_text("Incorrect").wait_for()
        page.get_by_label("Your question").wait_for()
        assert "1 million" in ask(page, CONTAINERS)
        page.close()
