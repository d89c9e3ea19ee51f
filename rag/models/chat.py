"""The one place where a string becomes a language model, and where a model's failures become one line.

Anything that LangChain's `init_chat_model` knows, or a GGUF file in this process (llama.py). Nothing is imported
before a model is asked for.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
import traceback
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pydantic import SecretStr

from rag.errors import ModelError, SettingsError
from rag.models import done
from rag.models.names import ADDRESSES, LOCAL, provider_and_model
from rag.models.tokens import Messages, count_tokens, prompt_tokens
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

    Pieces = Generator[AIMessageChunk, None, None]

# On a processor, reading a token takes 6 to 14 ms: room for about three passages, the best ones.
LOCAL_CONTEXT = 1024
HOSTED_CONTEXT = 8192  # any hosted model has as much, and nothing that is retrieved by default needs more
MARGIN = 1.25  # other vocabularies than cl100k make more tokens of a text
ATTEMPTS = 3
LONGEST_WAIT = 20.0  # seconds between two attempts, whatever the server asks for
# Where the last piece says why there is no more.
_ENDS = ("finish_reason", "stop_reason", "done_reason", "status", "done")
_TOO_EARLY = re.compile(r"length|max_?\w*tokens|context_window|incomplete|filter|safety|refusal", re.IGNORECASE)
_UNREACHABLE = {"ConnectError", "ConnectTimeout", "UnsupportedProtocol", "ConnectionRefusedError", "gaierror"}
# What servers say of a model whose template knows no system message.
_SYSTEM = re.compile(
    r"\bsystem\b.*\bnot (?:\w+ )?(?:support|allow)|(?:support|allow)\w* .*\bsystem (?:role|message|prompt)", re.I
)
_LONGEST_SAID = 20_000  # characters of what a server says, or of a traceback, that are looked through for keys
_SIGN = re.compile(r"%[0-9A-Fa-f]{2}|\S")
log = logging.getLogger(__name__)


@dataclass
class Usage:
    """Tokens that a model has read and written: as it reports them, else as they are counted here."""

    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class ChatModel:
    """A language model under its name, `provider:model`.

    `context` are the tokens of prompt and answer together, `count` counts those of a text, `at_a_time` is how many
    questions it writes at once, `local` whether it does so in this process. `usage` grows with what it is asked.
    """

    name: str
    chat: BaseChatModel = field(repr=False)  # it holds the key
    context: int
    count: Callable[[str], int] = field(repr=False)
    at_a_time: threading.Semaphore = field(repr=False)
    local: bool = False
    usage: Usage = field(default_factory=Usage, compare=False)

    def metered(self) -> ChatModel:
        """The same model with a usage of its own: for one question."""
        return replace(self, usage=Usage())

    def stream(self, messages: Messages) -> Pieces:
        """What the model writes, piece by piece; closing the iterator stops it at its next token.

        What fails before the first words is tried again, up to `ATTEMPTS` times with growing pauses, where another
        attempt may help; what was begun is not, since it may have been shown.

        Raises:
            ModelError: the model cannot be reached, refuses, or breaks off; one line that says what to do.
        """
        written, reported = "", False
        try:
            with closing(self._attempts(messages)) as pieces:
                for piece in pieces:
                    if usage := piece.usage_metadata:
                        reported = True
                        self.usage.tokens_in += usage["input_tokens"]
                        self.usage.tokens_out += usage["output_tokens"]
                    written += piece.text
                    yield piece
        finally:
            if not reported:
                self.usage.tokens_in += prompt_tokens(messages, self.count)
                self.usage.tokens_out += self.count(written)

    def _attempts(self, messages: Messages) -> Pieces:
        with self.at_a_time:
            for attempt in range(1, ATTEMPTS + 1):
                begun = False
                try:
                    with closing(self._pieces(messages)) as pieces:
                        for piece in pieces:
                            begun = begun or bool(piece.text)
                            yield piece
                    return
                except ModelError:
                    raise
                except Exception as error:
                    if not begun and messages[0][0] == "system" and _SYSTEM.search(_words(error, {})):
                        messages = _in_one(messages)
                        continue
                    if begun or self.local or attempt == ATTEMPTS or not _may_pass(error):
                        trace = "".join(traceback.format_exception(error))[-_LONGEST_SAID:]
                        log.info("%s failed\n%s", self.name, without_keys(trace, _keys(self.chat)))
                        failed = ModelError(self.explain(error))
                        break
                    pause = _pause(error, attempt)
                sleep(pause)
        raise failed  # out of reach of the error, whose traceback may show the key

    @property
    def bytes(self) -> int:
        """Size of the file of a model in this process; 0 of others."""
        return getattr(self.chat, "bytes", 0)

    def explain(self, error: BaseException) -> str:
        """One line: what went wrong with this model, and what to do about it."""
        provider, _, model = self.name.partition(":")
        address = ADDRESSES.get(provider, "its address in the environment")
        if provider == "openai" and not os.environ.get(address, "/v1").rstrip("/").endswith("/v1"):
            address += ", which ends in /v1 with most servers"
        words, status = _words(error, _keys(self.chat)), getattr(error, "status_code", None) or 0
        # By name: openai and anthropic have their httpx under another one, and wrap only some of its errors.
        kinds = {kind.__name__ for each in _chain(error) for kind in type(each).__mro__}
        if "ContextOverflowError" in kinds or re.search(r"context (?:size|length|window)", words):
            return f"{self.name} has no room for the prompt ({words}); set RAG_CONTEXT_TOKENS to what it has"
        if status in (401, 403):
            key = next(iter(self.chat.lc_secrets.values()), f"{provider.upper()}_API_KEY")
            return f"{self.name} refuses the key ({words}); set {key} to one that is valid for it"
        if status in (404, 405):
            pull = f"run ollama pull {model}, or " if provider == "ollama" else ""
            return f"{self.name} is not there ({words}); {pull}correct the name in RAG_MODEL or {address}"
        if status == 429:
            return f"{self.name} takes no more for now ({words}); ask again in a while, or see your quota"
        if status >= 400:
            problem = "failed" if status >= 500 else "refuses the request"
            return f"{self.name} {problem} ({words}); ask again in a while, or choose another model"
        if kinds & _UNREACHABLE:
            return f"{self.name} cannot be reached ({words}); see that its server runs, or correct {address}"
        if any("Timeout" in kind for kind in kinds):
            return f"{self.name} said nothing for too long; ask again, or raise RAG_MODEL_TIMEOUT"
        # No JSON, no UTF-8 or nothing at all: perhaps it is another server that answers.
        remedy = f"ask again, or correct {address}" if "ValueError" in kinds else "ask again"
        return f"{self.name} broke off ({words}); {remedy}"

    def _pieces(self, messages: Messages) -> Pieces:
        """What LangChain streams, held to its having an end: clients take a body that ends early for a whole one."""
        end = None
        stream: Any = self.chat.stream(list(messages))
        with closing(stream):
            for piece in stream:
                end = end or next(filter(None, map(piece.response_metadata.get, _ENDS)), None)
                yield piece
        if end is None and self.name.partition(":")[0] in ADDRESSES:
            raise ConnectionError("the stream ended before the answer did")
        if _TOO_EARLY.search(str(end)):
            remedy = "ask more narrowly, or choose another model"
            raise ModelError(f"{self.name} stopped before its answer was whole ({end}); {remedy}")


def chat_model(name: str, settings: Settings) -> ChatModel:
    """The model of a name: `provider:model` as LangChain has it, or `llamacpp:` and the place of a GGUF file.

    Raises:
        SettingsError: there is no such provider or file, or the package or key that it needs is missing.
    """
    provider, model = provider_and_model(name)
    context = settings.context_tokens or (LOCAL_CONTEXT if provider == LOCAL else HOSTED_CONTEXT)
    if provider == LOCAL:
        from rag.models.llama import load

        local = load(Path(model).expanduser(), context)
        return ChatModel(name, local, context, local.get_num_tokens, threading.BoundedSemaphore(1), local=True)
    options: dict[str, Any] = {"timeout": settings.model_timeout, "max_retries": 0}  # `stream` tries again, for all
    if provider == "ollama":  # it would cut a longer prompt without a word, and thinking is of no use to quoting
        client = {"timeout": settings.model_timeout}
        options = {"client_kwargs": client, "num_ctx": context, "reasoning": False, "temperature": 0}
    elif provider == "openai":
        options["http_client"] = done.client()
    at_a_time = threading.BoundedSemaphore(settings.model_concurrency)
    name = f"{provider}:{model}"
    return ChatModel(name, _hosted(name, options), context, lambda text: round(count_tokens(text) * MARGIN), at_a_time)


def require_offered(name: str, offered: Collection[str]) -> None:
    """Refuse visitors a model in a file that is none of those offered, before anybody looks whether the file is there.

    Raises:
        SettingsError: in the same words whatever is at that place.
    """
    provider = name.partition(":")[0]
    if provider.strip().lower().replace("-", "_") == LOCAL and name not in offered:
        raise SettingsError(f"{LOCAL}: takes no file of a visitor's choice; choose one of the models that are offered")


def _hosted(name: str, options: dict[str, Any]) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    provider, _, model = name.partition(":")
    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
    except ImportError as error:
        package = re.search(r"pip install (?:-U )?([\w-]+)", str(error))
        other = package[1] if package else f"langchain-{provider.replace('_', '-')}"
        install = f'"rag-news[{provider}]"' if provider in ADDRESSES else other
        raise SettingsError(f"{provider} models need a package that is missing; run pip install {install}") from error
    except Exception as error:  # each provider's client has its own for a missing key
        key = re.search(r"\b[A-Z_]+_API_KEY\b", str(error))
        reason = f"needs a key; set {key[0]}" if key else f"cannot be used: {_words(error, _keys())}"
        if "Unsupported provider" in str(error):
            reason = "has an unknown provider; take openai, anthropic, ollama, or another of docs/models.md"
        raise SettingsError(f"{name} {reason}") from None  # it may show the key
    for attribute, variable in made.lc_secrets.items():  # anthropic's client would miss the key when it is asked
        secret = getattr(made, attribute, None)
        if isinstance(secret, SecretStr) and not re.fullmatch("[!-~]+", secret.get_secret_value()):
            raise SettingsError(f"{name} needs a key, without white space or special characters; set {variable}")
    return made


def _in_one(messages: Messages) -> Messages:
    """The messages with what the system says at the head of the first question."""
    (_, told), (role, asked), *others = messages
    return [(role, f"{told}\n\n{asked}"), *others]


def _may_pass(error: Exception) -> bool:
    """Whether the same request may succeed at another time: the server did not refuse it."""
    status = getattr(error, "status_code", None) or 0
    return not 400 <= status < 500 or status in (408, 429)


def _pause(error: Exception, attempt: int) -> float:
    """Seconds to the next attempt: what the server asks for in Retry-After, else 1, 2, 4 … with some chance."""
    for each in _chain(error):
        asked = getattr(getattr(each, "response", None), "headers", {}).get("retry-after", "")
        if asked.isdigit():
            return min(float(asked), LONGEST_WAIT)
    return float(min(2 ** (attempt - 1) + random.random(), LONGEST_WAIT))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came of, back to the first."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: BaseException, keys: Mapping[str, str], longest: int = 200) -> str:
    """What a server or client said, on one line and without a key, which some of them repeat."""
    told = (each for each in _chain(error) if str(each) != "Connection error.")  # openai's, of whatever cause
    error = next(told, error)
    said: Any = getattr(error, "body", None) or getattr(error, "error", None)
    while isinstance(said, dict):
        said = said.get("error") or said.get("message")
    said = said if isinstance(said, str) else str(error).partition(" [type=")[0]  # pydantic's
    words = without_keys(" ".join(said[:_LONGEST_SAID].split()), keys) or type(error).__name__
    return words if len(words) <= longest else f"{words[:longest].rstrip()} …"


def _keys(chat: BaseChatModel | None = None) -> dict[str, str]:
    """The keys of the environment, and of a client, by the names of their variables."""
    keys = {name: value.strip() for name, value in os.environ.items() if name.endswith(("_KEY", "_TOKEN"))}
    for attribute, variable in chat.lc_secrets.items() if chat else ():
        secret = getattr(chat, attribute, None)
        if isinstance(secret, SecretStr):
            keys[variable] = secret.get_secret_value().strip()
    return {name: key for name, key in keys.items() if len(key) > 4}


def without_keys(text: str, keys: Mapping[str, str]) -> str:
    """The text with the names of keys in place of them and of their parts, also percent-encoded or broken in two.

    >>> without_keys("No key sk-9fQ2x7Lw0a, no ****7Lw0a, no sk-9fQ 2x7.", {"KEY": "sk-9fQ2x7Lw0a"})
    'No key $KEY, no ****$KEY, no $KEY.'
    """
    signs = [(sign[0], *sign.span()) for sign in _SIGN.finditer(text)]  # white space may stand anywhere in a key
    bare = "".join(unquote(sign, "latin-1") for sign, *_ in signs)
    hidden: dict[int, str] = {}  # place in `bare` to the name of the key that it is of
    plain = [(name, unquote(key, "latin-1")) for name, key in keys.items()]
    for name, part in [*plain, *((name, part) for name, key in plain for part in _parts(key))]:
        place = bare.find(part)
        while place >= 0:
            for each in range(place, place + len(part)):
                hidden.setdefault(each, name)
            place = bare.find(part, place + 1)
    shown, end = "", 0
    for place, (_, start, stop) in enumerate(signs):
        if place not in hidden:
            shown += text[end:stop]
        elif place - 1 not in hidden:
            shown += f"{text[end:start]}${hidden[place]}"
        end = stop
    return shown + text[end:]


def _parts(key: str) -> set[str]:
    """What tells of a key: any six characters of it, and its first and last four, which servers like to repeat."""
    ends = (end for size in (4, 5) for end in (key[:size], key[-size:]))
    return {*ends, *(key[place : place + 6] for place in range(max(1, len(key) - 5)))}
