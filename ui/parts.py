"""What the tabs of the page are made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from ui.places import Asker

HERE = Path(__file__).parent
Update = tuple[Any, ...]
TELLING: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
QUIET = {**TELLING, "queue": False}  # at once; only what is queued can show a note


def unseen(name: str) -> gr.HTML:
    """A part whose script works on its value, and that shows nothing."""
    return gr.HTML("", html_template="<i></i>", elem_id=name, visible="hidden", js_on_load=script(f"{name}.js"))


def script(name: str) -> str:
    return (HERE / "scripts" / name).read_text(encoding="utf-8")


def asker_of(request: gr.Request) -> Asker:
    """Whose event it is."""
    client = getattr(request, "client", None)
    return Asker(str(request.session_hash), str(request.username or getattr(client, "host", "")))
