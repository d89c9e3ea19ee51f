"""Errors that tell their reader what to do next.

Every message is one line: what is wrong, and the remedy. The command prints it and exits with status 2.
"""

from importlib.util import find_spec


class RAGError(Exception):
    """Base of every error this package raises on purpose."""


class SettingsError(RAGError):
    """A setting has a value that cannot be used."""


class ModelError(RAGError):
    """A language model cannot be reached, refuses, or breaks off."""


class QuestionError(RAGError):
    """A question, its history or its filters cannot be used."""


class LoadError(RAGError):
    """A file or folder cannot be read as articles."""


class StoreError(RAGError):
    """The index, or the file of feedback, cannot be opened, read or written."""


def require(extra: str, what: str, *modules: str) -> None:
    """Refuse what needs a package that only an extra of ours brings; nothing is imported for it.

    >>> require("chat", "the chat", "gradio_next")
    Traceback (most recent call last):
    rag.errors.SettingsError: the chat needs gradio-next, which is not installed; run pip install "rag-news[chat]"
    """
    for module in modules:
        if find_spec(module) is None:
            package = module.replace("_", "-")
            raise SettingsError(f'{what} needs {package}, which is not installed; run pip install "rag-news[{extra}]"')
