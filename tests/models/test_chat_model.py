"""Hosted models, over a loopback server that speaks their protocols and fails in every way that a server can."""

from __future__ import annotations

import inspect
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from rag.errors import ModelError, SettingsError
from rag.events import Answered, Checked, Cited
from rag.models.chat import ATTEMPTS, LONGEST_WAIT, ChatModel, chat_model
from rag.pipeline import RAG
from rag.settings import Settings
from tests.wire import TOKENS_IN, TOKENS_OUT, Fault, Refuse, Server, Step, Stop, Thought

CHAT, RESPONSES, ANTHROPIC, OLLAMA = "openai:gpt-x", "openai:gpt-5-pro", "anthropic:claude-x", "ollama:llama-x"
ALL = [CHAT, RESPONSES, ANTHROPIC, OLLAMA]
KEYS = {
    "OPENAI_API_KEY": "sk-openai-word-of-honour",
    "ANTHROPIC_API_KEY": "sk-ant-word-of-honour",
    "OLLAMA_API_KEY": "ollama-word-of-honour",
}
ADDRESSES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "ollama": "OLLAMA_HOST"}
pytestmark = pytest.mark.slow  # together, half a minute
SILENCE = 1  # second: even a busy machine's server says something within it
PROMPT = [("system", "Be brief."), ("user", "What left?")]
each_model = pytest.mark.parametrize("name", ALL)
Serve = Callable[..., Server]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, and nothing else that a client could read."""
    for variable in list(os.environ):
        if (
            variable.startswith(("OPENAI_", "ANTHROPIC_", "OLLAMA_", "LANGSMITH_GATEWAY"))
            or "PROXY" in variable.upper()
        ):
            monkeypatch.delenv(variable)
    for variable, key in KEYS.items():
        monkeypatch.setenv(variable, key)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds between attempts, which are noted instead of waited."""
    noted: list[float] = []
    monkeypatch.setattr("rag.models.chat.sleep", noted.append)
    return noted


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server with a script, and tells every client where it is."""
    with ExitStack() as servers:

        def start(*script: list[Step]) -> Server:
            server = servers.enter_context(Server(*script))
            set_address(monkeypatch, server.url)
            return server

        yield start


def set_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
    monkeypatch.setenv("OLLAMA_HOST", url)


def made(name: str, **settings: Any) -> ChatModel:
    return chat_model(name, Settings(**{"model_timeout": 5, **settings}))


def written(model: ChatModel) -> str:
    return "".join(piece.text for piece in model.stream(PROMPT))


def failure(model: ChatModel, begun: str = "") -> str:
    """The one line of a stream's error, without a key, after the text that came before it."""
    text = ""
    with pytest.raises(ModelError) as caught:
        for piece in model.stream(PROMPT):
            text += piece.text
    line = str(caught.value)
    assert text == begun
    assert "\n" not in line
    assert len(line) < 400
    assert not any(key in line for key in KEYS.values())
    assert line.startswith(f"{model.name} ")
    return line


def provider(name: str) -> str:
    return name.partition(":")[0]


# What is sent and what comes back


@each_model
def test_text_streams_through(serve: Serve, name: str) -> None:
    gate = threading.Event()
    serve(["Boats left ", gate, "the port [1].\n"])
    stream = made(name).stream(PROMPT)
    text = ""
    for piece in stream:
        text += piece.text
        if text == "Boats left ":
            gate.set()  # the rest is sent only now
    assert text == "Boats left the port [1].\n"
    assert gate.is_set()


@each_model
def test_the_prompt_is_sent_whole(serve: Serve, name: str) -> None:
    server = serve(["Boats."])
    written(made(name, context_tokens=3000))
    body = server.requests[0].body
    assert body["model"] == name.partition(":")[2]
    assert body["stream"] is True
    said = body.get("input") or ([{"role": "system", "content": body["system"]}] if "system" in body else [])
    assert [(message["role"], message["content"]) for message in said + body.get("messages", [])] == PROMPT
    if name == OLLAMA:
        assert body["options"] == {"num_ctx": 3000, "temperature": 0}, "without it a longer prompt is cut in silence"
        assert body["think"] is False


@each_model
def test_the_key_goes_into_one_header_and_nowhere_else(serve: Serve, name: str) -> None:
    server = serve(["Boats."])
    written(made(name))
    key = KEYS[f"{provider(name).upper()}_API_KEY"]
    request = server.requests[0]
    holding = {header for header, value in request.headers.items() if key in value}
    assert len(holding) == 1
    assert holding <= {"authorization", "x-api-key"}
    assert key not in str(request.body)
    assert key not in request.path


@pytest.mark.parametrize("name", [RESPONSES, ANTHROPIC, OLLAMA])
def test_reported_usage_is_passed_on_once(serve: Serve, name: str) -> None:
    serve(["Boats left the port."])
    usage = [piece.usage_metadata for piece in made(name).stream(PROMPT) if piece.usage_metadata]
    assert [(each["input_tokens"], each["output_tokens"]) for each in usage] == [(TOKENS_IN, TOKENS_OUT)]


def test_a_server_that_is_not_openais_is_not_asked_for_usage(serve: Serve) -> None:
    """Some refuse a request that asks; tokens are then counted here (write.py)."""
    server = serve(["Boats left the port."])
    model = made(CHAT)
    assert not any(piece.usage_metadata for piece in model.stream(PROMPT))
    assert "stream_options" not in server.requests[0].body
    model.chat.stream_usage = True  # type: ignore[attr-defined]  # as for OpenAI's own server
    assert [piece.usage_metadata["output_tokens"] for piece in model.stream(PROMPT) if piece.usage_metadata] == [
        TOKENS_OUT
    ]
    assert server.requests[1].body["stream_options"] == {"include_usage": True}


@each_model
def test_what_a_model_thinks_is_no_text(serve: Serve, name: str) -> None:
    serve([Thought("What left? Boats, it seems."), "Boats left."])
    assert written(made(name)) == "Boats left."


@each_model
def test_an_empty_answer_is_an_answer(serve: Serve, name: str) -> None:
    server = serve([])
    assert written(made(name)) == ""
    assert len(server.requests) == 1


# What a server refuses


@each_model
def test_a_refused_key_names_the_variable(serve: Serve, name: str) -> None:
    server = serve([Refuse(401)])
    variable = f"{provider(name).upper()}_API_KEY"
    line = failure(made(name))
    assert "refuses the key" in line
    assert f"set {variable}" in line
    assert len(server.requests) == 1


@each_model
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_key_that_the_server_repeats_is_not_shown(serve: Serve, name: str, status: int) -> None:
    serve([Refuse(status, words=f"Nothing for {KEYS[f'{provider(name).upper()}_API_KEY']}.\nGo away.")])
    assert f"Nothing for ${provider(name).upper()}_API_KEY. Go away." in failure(made(name))


@each_model
def test_an_unknown_model_is_named(serve: Serve, name: str) -> None:
    server = serve([Refuse(404)])
    line = failure(made(name))
    assert "is not there" in line
    assert f"correct the name in RAG_MODEL or {ADDRESSES[provider(name)]}" in line
    assert ("run ollama pull llama-x" in line) == (name == OLLAMA)
    assert len(server.requests) == 1


@each_model
@pytest.mark.parametrize(("status", "says"), [(429, "takes no more for now"), (500, "failed"), (503, "failed")])
def test_attempts_end(serve: Serve, waits: list[float], name: str, status: int, says: str) -> None:
    server = serve([Refuse(status)])
    line = failure(made(name))
    assert says in line
    assert "ask again in a while" in line
    assert len(server.requests) == ATTEMPTS, "the clients' own attempts would multiply ours"
    assert len(waits) == ATTEMPTS - 1
    assert 1 <= waits[0] <= 2 <= waits[1] <= 3


@each_model
def test_the_server_says_how_long_to_wait(serve: Serve, waits: list[float], name: str) -> None:
    server = serve([Refuse(429, (("Retry-After", "1"),))], [Refuse(503, (("Retry-After", "900"),))], ["Boats left."])
    assert written(made(name)) == "Boats left."
    assert waits == [1, LONGEST_WAIT]
    assert len(server.requests) == 3


@pytest.mark.slow
def test_the_wait_is_a_real_one(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.models.chat.sleep", time.sleep)
    server = serve([Refuse(429, (("Retry-After", "1"),))], ["Boats left."])
    assert written(made(CHAT)) == "Boats left."
    assert server.requests[1].at - server.requests[0].at >= 1


@each_model
def test_a_failing_server_is_tried_again(serve: Serve, name: str) -> None:
    server = serve([Refuse(500)], ["Boats left."])
    assert written(made(name)) == "Boats left."
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (CHAT, "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens."),
        (CHAT, "the request exceeds the available context size, try increasing it"),
        (RESPONSES, "Your input exceeds the context window of this model."),
        (ANTHROPIC, "prompt is too long: 250000 tokens > 200000 maximum"),
    ],
)
def test_a_prompt_that_is_too_long_names_the_setting(serve: Serve, name: str, words: str) -> None:
    server = serve([Refuse(400, words=words)])
    line = failure(made(name))
    assert "has no room for the prompt" in line
    assert "set RAG_CONTEXT_TOKENS" in line
    assert len(server.requests) == 1


def test_another_refusal_says_what_the_server_says(serve: Serve) -> None:
    server = serve([Refuse(400, words="Your credit balance is too low.")])
    assert "refuses the request (Your credit balance is too low.)" in failure(made(ANTHROPIC))
    assert len(server.requests) == 1


@each_model
def test_a_server_that_is_down(monkeypatch: pytest.MonkeyPatch, waits: list[float], name: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        set_address(monkeypatch, f"http://127.0.0.1:{unused.getsockname()[1]}")
    line = failure(made(name))
    assert re.search(r"cannot be reached \(.*refused", line)
    assert f"correct {ADDRESSES[provider(name)]}" in line
    assert len(waits) == ATTEMPTS - 1


def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:8000/v1")
    line = failure(made(CHAT))
    assert "cannot be reached" in line
    assert "correct OPENAI_BASE_URL" in line


# What breaks on the way


FAULTS = [Fault.CUT, Fault.UNFINISHED, Fault.GARBAGE, Fault.NO_JSON, Fault.OVERLOADED]


@each_model
@pytest.mark.parametrize("fault", FAULTS)
def test_what_breaks_before_the_first_words_is_tried_again(serve: Serve, name: str, fault: Fault) -> None:
    server = serve([fault], [Thought("What left?"), fault], ["Boats left."])
    assert written(made(name)) == "Boats left."
    assert len(server.requests) == 3


@each_model
@pytest.mark.parametrize("fault", FAULTS)
def test_what_breaks_later_is_not(serve: Serve, name: str, fault: Fault) -> None:
    server = serve(["Boats left", fault], ["Boats left."])
    line = failure(made(name), begun="Boats left")
    assert "broke off" in line
    assert "ask again" in line
    assert len(server.requests) == 1


@each_model
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.GARBAGE])
def test_what_always_breaks_ends(serve: Serve, name: str, fault: Fault) -> None:
    server = serve([fault])
    assert "broke off" in failure(made(name))
    assert len(server.requests) == ATTEMPTS


@each_model
def test_silence_before_the_first_words_is_tried_again(serve: Serve, name: str) -> None:
    server = serve([Fault.STALL], ["Boats left."])
    assert written(made(name, model_timeout=SILENCE)) == "Boats left."
    assert len(server.requests) == 2
    assert server.wait_for("hung_up", 1)


@each_model
@pytest.mark.parametrize(("begun", "attempts"), [("", ATTEMPTS), ("Boats left", 1)])
def test_silence_ends(serve: Serve, name: str, begun: str, attempts: int) -> None:
    server = serve([begun, Fault.STALL])
    started = time.monotonic()
    line = failure(made(name, model_timeout=SILENCE), begun)
    assert time.monotonic() - started < SILENCE * attempts + 10
    assert "said nothing for too long" in line
    assert "RAG_MODEL_TIMEOUT" in line
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (CHAT, "length"),
        (CHAT, "content_filter"),
        (RESPONSES, "max_output_tokens"),
        (ANTHROPIC, "max_tokens"),
        (ANTHROPIC, "refusal"),
        (OLLAMA, "length"),
    ],
)
@pytest.mark.parametrize("begun", ["", "Boats le"])
def test_an_answer_that_stops_early_is_no_whole_one(serve: Serve, name: str, reason: str, begun: str) -> None:
    server = serve([begun, Stop(reason)])
    assert "stopped before its answer was whole" in failure(made(name), begun)
    assert len(server.requests) == 1


@pytest.mark.parametrize("text", ["Boats left.", "Boats left"])
def test_a_stream_that_is_done_needs_no_reason(serve: Serve, text: str) -> None:
    server = serve([text, Stop("")])
    assert written(made(CHAT)) == text
    assert len(server.requests) == 1


def test_a_model_without_system_messages_is_told_in_the_question(serve: Serve, waits: list[float]) -> None:
    server = serve([Refuse(400, words="System role not supported")], ["Boats left."])
    assert written(made(CHAT)) == "Boats left."
    told = [(message["role"], message["content"]) for message in server.requests[1].body["messages"]]
    assert told == [("user", "Be brief.\n\nWhat left?")] and waits == []


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_without_its_version_is_named(serve: Serve, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    server = serve([Refuse(status, words="Method Not Allowed")])
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert failure(made(CHAT)).endswith(
        "correct the name in RAG_MODEL or OPENAI_BASE_URL, which ends in /v1 with most servers"
    )


@each_model
def test_closing_hangs_up(serve: Serve, name: str) -> None:
    server = serve(["Boats left ", threading.Event(), "the port."])
    stream = made(name).stream(PROMPT)
    assert next(piece.text for piece in stream if piece.text)
    assert server.open == 1
    stream.close()
    assert server.wait_for("hung_up", 1)


@pytest.mark.parametrize("name", [RESPONSES, ANTHROPIC])
def test_a_model_can_be_stopped_while_it_thinks(serve: Serve, name: str) -> None:
    server = serve([Thought("What left?"), threading.Event(), "Boats left."])
    stream = made(name).stream(PROMPT)
    assert next(piece for piece in stream if piece.content).text == ""
    stream.close()
    assert server.wait_for("hung_up", 1)


# How many at a time


@each_model
def test_only_so_many_write_at_a_time(serve: Serve, name: str) -> None:
    gate = threading.Event()
    server = serve(["Boats left ", gate, "the port."])
    model = made(name, model_concurrency=2)
    with ThreadPoolExecutor(4) as threads:
        texts = [threads.submit(written, model) for _ in range(4)]
        assert server.wait_for("open", 2)
        time.sleep(0.1)
        assert len(server.requests) == 2, "the other two wait"
        gate.set()
        assert {text.result(timeout=10) for text in texts} == {"Boats left the port."}
    assert server.most_open == 2
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "steps",
    [[Refuse(401)], [Refuse(500)], ["Boats left", Fault.CUT], ["Boats left", Fault.STALL], ["Boats", Stop("length")]],
)
def test_a_failed_stream_gives_its_place_back(serve: Serve, steps: list[Step]) -> None:
    serve(steps)
    model = made(CHAT, model_concurrency=1, model_timeout=SILENCE)
    with pytest.raises(ModelError):
        written(model)
    assert model.at_a_time.acquire(blocking=False)


def test_a_closed_stream_gives_its_place_back(serve: Serve) -> None:
    serve(["Boats left ", threading.Event()])
    model = made(CHAT, model_concurrency=1)
    stream = model.stream(PROMPT)
    next(stream)
    assert not model.at_a_time.acquire(blocking=False)
    stream.close()
    assert model.at_a_time.acquire(blocking=False)


# Models that this package knows nothing of


class Scripted:
    """A chat model of another provider: each call raises or writes the next thing."""

    lc_secrets: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, *script: BaseException | str) -> None:
        self.script = list(script)
        self.streams: list[Generator[Any, None, None]] = []

    def stream(self, messages: object) -> Generator[Any, None, None]:
        self.streams.append(self._stream())
        return self.streams[-1]

    def _stream(self) -> Generator[Any, None, None]:
        from langchain_core.messages import AIMessageChunk

        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        yield AIMessageChunk(content=step)


def other(*script: BaseException | str, local: bool = False) -> ChatModel:
    return ChatModel("other:x", Scripted(*script), 1000, len, threading.Semaphore(), local)  # type: ignore[arg-type]


def test_another_provider_need_not_say_why_it_ends() -> None:
    assert written(other("Boats left.")) == "Boats left."


def test_a_stream_is_closed_even_if_somebody_holds_it() -> None:
    model = other("Boats left.")
    stream = model.stream(PROMPT)
    next(stream)
    stream.close()
    assert inspect.getgeneratorstate(model.chat.streams[0]) == inspect.GEN_CLOSED  # type: ignore[attr-defined]


def test_an_interrupt_is_no_failure() -> None:
    model = other(KeyboardInterrupt(), "Boats left.")
    with pytest.raises(KeyboardInterrupt):
        written(model)
    assert model.at_a_time.acquire(blocking=False)


def test_a_model_in_this_process_is_not_tried_again() -> None:
    assert "broke off (no more memory); ask again" in failure(
        other(RuntimeError("no more memory"), "Boats.", local=True)
    )
    assert written(other(RuntimeError("no more memory"), "Boats left.")) == "Boats left."


# What a name needs


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Takes a package away from LangChain, which remembers those that it has found."""
    from langchain.chat_models import base

    base._get_chat_model_creator.cache_clear()
    yield lambda package: monkeypatch.setitem(sys.modules, package, None)
    base._get_chat_model_creator.cache_clear()


@pytest.mark.parametrize("extra", ["openai", "anthropic", "ollama"])
def test_a_missing_package_names_our_extra(without: Callable[[str], None], extra: str) -> None:
    without(f"langchain_{extra}")
    with pytest.raises(SettingsError) as caught:
        made(f"{extra}:x")
    assert str(caught.value) == f'{extra} models need a package that is missing; run pip install "rag-news[{extra}]"'


@pytest.mark.parametrize(
    ("name", "package"),
    [("groq:x", "langchain-groq"), ("google_genai:x", "langchain-google-genai"), ("bedrock:x", "langchain-aws")],
)
def test_a_missing_package_of_others_is_named(without: Callable[[str], None], name: str, package: str) -> None:
    without(package.replace("-", "_"))
    with pytest.raises(SettingsError) as caught:
        made(name)
    assert str(caught.value).endswith(f" models need a package that is missing; run pip install {package}")


@pytest.mark.parametrize("name", [CHAT, RESPONSES, ANTHROPIC])
@pytest.mark.parametrize("key", [None, "", " ", "sk-key\n", "sk key", "sk-schlüssel"])
def test_a_missing_or_broken_key_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, key: str | None
) -> None:
    variable = f"{provider(name).upper()}_API_KEY"
    if key is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, key)
    with pytest.raises(SettingsError) as caught:
        made(name)
    line = str(caught.value)
    assert line.startswith(f"{name} needs a key")
    assert line.endswith(f"set {variable}")
    assert "\n" not in line
    assert not (key or "").strip() or (key or "").strip() not in line


@pytest.mark.parametrize("name", ["gpt-x", "openai:", ":gpt-x", ":", ""])
def test_a_name_without_provider_or_model(name: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^model '.*' is not known; set RAG_MODEL to extractive, to provider:model"
    ):
        made(name)


def test_an_unknown_provider() -> None:
    with pytest.raises(SettingsError, match=r"^nobody:x has an unknown provider; take openai, [^\n]*docs/models.md$"):
        made("nobody:x")


def test_a_provider_is_known_in_any_case(serve: Serve) -> None:
    server = serve(["Boats left."])
    model = made("Ollama:llama-x")
    assert model.name == OLLAMA
    assert written(model) == "Boats left."
    assert "num_ctx" in server.requests[0].body["options"]


def test_an_address_that_cannot_be_one_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "localhost:port")
    with pytest.raises(SettingsError) as caught:
        made(OLLAMA)
    assert str(caught.value).startswith("ollama:llama-x cannot be used: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "first", "second", "path"),
    [(CHAT, "OPENAI_API_BASE", "OPENAI_BASE_URL", "/v1"), (ANTHROPIC, "ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL", "")],
)
def test_langchains_own_variable_comes_first(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str, first: str, second: str, path: str
) -> None:
    server = serve(["Boats left."])
    monkeypatch.setenv(first, f"{server.url}{path}")
    monkeypatch.setenv(second, "http://127.0.0.1:9")
    assert written(made(name)) == "Boats left."


def test_the_context_is_the_settings_or_a_cautious_one() -> None:
    assert made(CHAT, context_tokens=3000).context == 3000
    assert made(CHAT).context == 8192
    assert made(CHAT).count("Boats left the port.") > 6, "another vocabulary may need more"


# The whole way


QUESTION = "How many containers will Chancay handle in its first year?"
COPIED = "It is expected that at least 1 million containers will be handled by the port in the first year of operation"
OTHER = "Peruvian authorities hope the Chancay port will become a hub in the South American Pacific"
INVENTED = "The navy of Denmark will run the port from 2031"


def test_sentences_are_shown_while_the_model_writes(serve: Serve, seeds_rag: RAG) -> None:
    gate = threading.Event()
    server = serve([f"{COPIED} [1]. The na", gate, f"{INVENTED[6:]} [1]."])
    shown: list[Cited | Checked] = []
    last = None
    for event in seeds_rag.stream(QUESTION, model="openai:gpt-whole"):
        if isinstance(event, Cited | Checked):
            shown.append(event)
        if isinstance(event, Checked) and not gate.is_set():
            assert server.open == 1, "the rest is not even sent"
            gate.set()
        last = event
    assert isinstance(last, Answered)
    answer = last.answer
    cited, checked, unsupported = shown
    assert isinstance(cited, Cited) and isinstance(checked, Checked) and isinstance(unsupported, Checked)
    citation, first, second = cited.citation, checked.sentence, unsupported.sentence
    assert (first.text, first.markers, first.supported) == (f"{COPIED}.", (1,), True)
    assert (second.text, second.markers, second.supported) == (f"{INVENTED}.", (), False)
    assert second.reason
    assert COPIED[1:] in citation.quote
    assert seeds_rag.article(citation.source)[citation.start : citation.end] == citation.quote
    assert answer.citations == (citation,)
    assert answer.sentences == (first, second)
    assert answer.text == f"{COPIED}. [1] {INVENTED}. [not supported]"
    assert answer.notes == ()
    assert answer.tokens_out > 20, "counted here, where the server reports none"


def test_the_model_reads_passages_between_fences(serve: Serve, seeds_rag: RAG) -> None:
    server = serve([f"{COPIED} [1]."])
    seeds_rag.answer(QUESTION, model="openai:gpt-reads")
    system, *_, user = server.requests[0].body["messages"]
    assert system["role"] == "system"
    assert user["content"].startswith("<passage 1>")
    assert user["content"].endswith(f"Question: {QUESTION}")
    assert COPIED[1:] in user["content"]


def test_a_model_is_not_asked_what_the_articles_do_not_say(serve: Serve, seeds_rag: RAG) -> None:
    server = serve(["Nine."])
    assert not seeds_rag.answer("How many moons does Neptune have?", model="openai:gpt-unasked").answered
    assert server.requests == []


@pytest.mark.parametrize(("name", "fault"), [(CHAT, Fault.CUT), (ANTHROPIC, Fault.UNFINISHED), (OLLAMA, Fault.GARBAGE)])
def test_what_was_checked_is_kept_when_the_model_breaks_off(
    serve: Serve, seeds_rag: RAG, name: str, fault: Fault
) -> None:
    serve([f"{COPIED} [1]. {OTHER}", fault])
    answer = seeds_rag.answer(QUESTION, model=f"{name}-cut")
    assert answer.answered
    assert answer.text == f"{COPIED}. [1]"
    assert [sentence.supported for sentence in answer.sentences] == [True]
    assert len(answer.notes) == 1
    assert answer.notes[0].startswith(f"The answer breaks off here: {name}-cut broke off (")


def test_nothing_is_answered_when_the_model_breaks_off_at_once(serve: Serve, seeds_rag: RAG) -> None:
    serve([COPIED, Fault.CUT])
    with pytest.raises(ModelError, match=r"^openai:gpt-nothing broke off"):
        seeds_rag.answer(QUESTION, model="openai:gpt-nothing")


@pytest.mark.parametrize("name", [CHAT, OLLAMA])
def test_closing_the_question_hangs_up(serve: Serve, seeds_rag: RAG, name: str) -> None:
    server = serve([f"{COPIED} [1]. {OTHER}", threading.Event(), "."])
    steps = seeds_rag.stream(QUESTION, model=f"{name}-closed")
    assert next(event for event in steps if isinstance(event, Checked)).sentence.supported
    assert server.open == 1
    steps.close()  # type: ignore[attr-defined]
    assert server.wait_for("hung_up", 1)
