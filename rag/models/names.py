"""What the name of a language model says, before anything is loaded for it."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from rag.disk.files import open_regular
from rag.errors import SettingsError
from rag.inputs import check_model, shown
from rag.settings import EXTRACTIVE

LOCAL = "llamacpp"
ADDRESSES = {"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "ollama": "OLLAMA_HOST"}
_MAGIC = b"GGUF"


def provider_and_model(name: str) -> tuple[str, str]:
    """The two parts of a name, "" and "" of the model that is none.

    Raises:
        SettingsError: it is no such name, its file is no model, or the package of its provider is missing.

    >>> provider_and_model("Azure-OpenAI:gpt-4")
    ('azure_openai', 'gpt-4')
    >>> provider_and_model("opnai:gpt-4")
    Traceback (most recent call last):
    rag.errors.SettingsError: opnai:gpt-4 has an unknown provider; did you mean openai:gpt-4?
    """
    name = check_model("" if name is None else name, "")
    if name == EXTRACTIVE:
        return "", ""
    provider, _, model = name.partition(":")
    provider = provider.lower().replace("-", "_")  # as LangChain does
    if not (provider and model):
        raise SettingsError(
            f"model {shown(name)} is not known; set RAG_MODEL to {EXTRACTIVE}, to provider:model (openai:…, "
            "anthropic:…, ollama:…), or to llamacpp: and the place of a .gguf file"
        )
    if provider == LOCAL:
        check_file(Path(model).expanduser())
    elif provider in ADDRESSES:
        if not find_spec(f"langchain_{provider}"):
            remedy = f'pip install "rag-news[{provider}]"'
            raise SettingsError(f"{provider} models need a package that is missing; run {remedy}")
    elif meant := get_close_matches(provider, [*ADDRESSES, LOCAL], 1, 0.8):
        raise SettingsError(f"{name} has an unknown provider; did you mean {meant[0]}:{model}?")
    return provider, model


def check_file(path: Path) -> None:
    """Refuse what is no model's file; a pipe or device is never opened.

    Raises:
        SettingsError: it cannot be read, or is no GGUF file.
    """
    try:
        with open_regular(path) as file:
            magic = file.read(len(_MAGIC))
    except (OSError, ValueError) as error:  # a name may hold what no path can
        reason = getattr(error, "strerror", error)
        raise SettingsError(
            f"the model file {path} cannot be read ({reason}); `make local-model` brings one"
        ) from error
    if magic != _MAGIC:
        raise SettingsError(f"{path} is not a GGUF model; set RAG_MODEL to llamacpp: and the place of a .gguf file")
