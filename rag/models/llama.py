"""A GGUF model in this process: llama.cpp, by way of xllamacpp, as a LangChain chat model.

xllamacpp and not llama-cpp-python: it comes as a wheel, where the other compiles for seven minutes, and keeps what
the prompt of the last question had in common with this one. On 2 cores with AVX-512 it reads a prompt a fifth slower.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from rag.errors import SettingsError
from rag.models.names import check_file
from rag.models.tokens import RESERVED


class LlamaChat(BaseChatModel):
    """A chat model over one loaded file, for one question at a time; greedy, so that an answer can be repeated."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    server: Any
    key: str = Field(repr=False)
    bytes: int  # of the file

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def get_num_tokens(self, text: str) -> int:
        """Tokens of a text, by the model's own tokenizer."""
        # The only function of the server that its Python side does not offer; it listens on loopback, behind a key.
        request = Request(
            f"{self.server.listening_address}/tokenize",
            json.dumps({"content": text}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
        )
        with urlopen(request) as response:
            return len(json.load(response)["tokens"])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = {
            "messages": convert_to_openai_messages(messages),
            "max_tokens": RESERVED,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"stop": stop} if stop else {}),
        }
        # llama.cpp calls back from its own loop: a thread carries its pieces here, until nobody wants them any more.
        pieces: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()
        enough = threading.Event()

        def piece(chunk: dict[str, Any]) -> bool:
            pieces.put(chunk)
            return enough.is_set()

        def run() -> None:
            try:
                self.server.handle_chat_completions(request, piece)
            except BaseException as error:
                pieces.put(error)
            pieces.put(None)

        thread = threading.Thread(target=run, name="llama.cpp", daemon=True)
        thread.start()
        try:
            while (chunk := pieces.get()) is not None:
                if isinstance(chunk, BaseException):
                    raise chunk
                message = _message(chunk)
                if run_manager:
                    run_manager.on_llm_new_token(str(message.content))
                yield ChatGenerationChunk(message=message)
        finally:
            enough.set()
            thread.join()  # at the next token


def _message(chunk: dict[str, Any]) -> AIMessageChunk:
    """A piece of OpenAI's stream, as llama.cpp makes it, as LangChain's."""
    if "error" in chunk:
        raise RuntimeError(chunk["error"].get("message", "unknown error"))
    delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
    usage = chunk.get("usage")
    counted = usage and UsageMetadata(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        total_tokens=usage["total_tokens"],
    )
    return AIMessageChunk(content=delta.get("content") or "", usage_metadata=counted or None)


@lru_cache(maxsize=1)  # a model is large: loading another one lets go of the last
def load(path: Path, context: int) -> LlamaChat:
    """The model of a GGUF file, with room for `context` tokens of prompt and answer together.

    Raises:
        SettingsError: it is no model's file, llama.cpp cannot load it, or is not installed.
    """
    check_file(path)
    try:
        import xllamacpp
    except ImportError as error:
        raise SettingsError(
            'llamacpp: needs llama.cpp, which is not installed; run pip install "rag-news[llamacpp]"'
        ) from error
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_parallel = 1
    parameters.n_ctx = context
    parameters.n_gpu_layers = 0
    parameters.verbosity = 0
    parameters.warmup = False
    parameters.ui = False
    key = secrets.token_urlsafe()
    parameters.api_keys = [key]
    try:
        return LlamaChat(server=xllamacpp.Server(parameters), key=key, bytes=path.stat().st_size)
    except Exception as error:  # llama.cpp says why on stderr only
        raise SettingsError(
            f"llama.cpp cannot load {path} ({error}); `make local-model` brings a model that works"
        ) from error
