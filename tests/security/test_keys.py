"""No key, and no part of one, is shown: in an error, a traceback, log or repr. A visitor's path is not looked at."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Settings
from rag.errors import ModelError, SettingsError
from rag.models.chat import ChatModel, chat_model, require_offered, without_keys
from rag.models.llama import LlamaChat
from tests.wire import Refuse, Server

KEY = "sk-proj-9fQ2x7Lw0aZk/+Rt8=pVb3"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ChatModel:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return chat_model("openai:gpt-x", Settings(model_timeout=5))


REPEATED = [
    f"Incorrect API key provided: {KEY}.",
    f"Incorrect API key provided: {KEY[:8]}*************{KEY[-4:]}.",
    f"The key that ends in {KEY[-5:]} is not valid",
    f"No user {quote(KEY, safe='')}",
    f"No user {KEY[:12]}\n   {KEY[12:]}",
    f"token={KEY[9:17]}…",
    f'{{"authorization": "Bearer {KEY}"}}',
]


def shows(text: str) -> bool:
    """Whether a text has five characters of the key in a row, broken or percent-encoded; its beginning is public."""
    bare = "".join(text.split())
    forms = (KEY[8:], quote(KEY[8:], safe=""))
    return any(form[place : place + 5] in bare for form in forms for place in range(len(form) - 4)) or KEY[-4:] in bare


@pytest.mark.slow
@pytest.mark.parametrize("words", REPEATED)
def test_no_error_traceback_or_log_has_a_part_of_it(
    model: ChatModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, words: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="rag")
    with Server([Refuse(401, words=words)]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        asked = chat_model("openai:gpt-x", Settings(model_timeout=5))
        with pytest.raises(ModelError) as caught:
            list(asked.stream([("user", "Hello")]))
    line = str(caught.value)
    assert "refuses the key" in line and "$OPENAI_API_KEY" in line
    logged = "\n".join(f"{record.getMessage()}\n{record.exc_text or ''}" for record in caplog.records)
    assert "openai:gpt-x failed" in logged and "Traceback" in logged
    whole = "".join(traceback.format_exception(caught.value))
    assert not any(map(shows, (line, whole, logged)))
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_no_repr_has_it(model: ChatModel) -> None:
    local = LlamaChat(server=None, key=KEY, bytes=1)
    held = repr(model), str(model), repr(local), str(local), repr({"m": model}), f"{model.chat!r}"
    assert not any(map(shows, held))


def test_a_client_that_cannot_be_made_hides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\u00fc")
    with pytest.raises(SettingsError) as caught:
        chat_model("openai:gpt-x", Settings())
    assert not shows("".join(traceback.format_exception(caught.value)))


@given(st.text(ALPHABET, min_size=12, max_size=60), st.text(max_size=30), st.data())
def test_six_characters_of_any_key_are_never_left(key: str, around: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(key) - 6))
    end = data.draw(st.integers(start + 6, len(key)))
    hidden = without_keys(f"{around} {key[start:end]} {around}", {"A_KEY": key})
    assert "$A_KEY" in hidden and key[start:end] not in hidden


@given(st.text(max_size=80))
def test_a_text_without_a_key_stays_as_it_is(text: str) -> None:
    assert without_keys(text, {"A_KEY": "\U0001f511" * 20}) == text
    assert without_keys(text, {}) == text


@pytest.mark.parametrize("prefix", ["llamacpp:", "LlamaCPP:", "llamacpp :"])
def test_visitors_are_told_nothing_of_a_file(tmp_path: Path, prefix: str) -> None:
    there = tmp_path / "there.gguf"
    there.write_bytes(b"GGUF")
    told = set()
    for path in (there, tmp_path / "none.gguf", tmp_path, "/dev/zero", "\0", ""):
        with pytest.raises(SettingsError) as caught:
            require_offered(f"{prefix}{path}", ["llamacpp:/models/small.gguf"])
        told.add(str(caught.value))
    assert len(told) == 1
    require_offered("llamacpp:/models/small.gguf", ["llamacpp:/models/small.gguf"])
    require_offered("openai:gpt-x", [])
