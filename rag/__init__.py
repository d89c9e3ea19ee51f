"""Cited answers from a collection of news articles.

>>> from rag import ask
>>> answer = ask("How many containers will Chancay handle in its first year?")  # doctest: +SKIP
>>> answer.text  # doctest: +SKIP
'… at least 1 million containers will be handled by the port in the first year of operation. [1]'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rag.privacy import switch_off_telemetry

switch_off_telemetry()  # before any of the libraries below is imported

if TYPE_CHECKING:
    from rag.errors import ModelError, RAGError
    from rag.pipeline import RAG, ask, build_rag
    from rag.settings import Settings
    from rag.text.languages import ABSTENTION
    from rag.types import Answer, Citation

__all__ = ["ABSTENTION", "RAG", "Answer", "Citation", "ModelError", "RAGError", "Settings", "ask", "build_rag"]

_MODULES = {"ABSTENTION": "text.languages", "ModelError": "errors", "RAGError": "errors", "Settings": "settings"}
_MODULES |= dict.fromkeys(("RAG", "ask", "build_rag"), "pipeline") | dict.fromkeys(("Answer", "Citation"), "types")


def __getattr__(name: str) -> Any:
    """A public name, imported when it is asked for: the process that reads files has no use for the pipeline."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
