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
    from rag.errors import LoadError, ModelError, QuestionError, RAGError, SettingsError, StoreError
    from rag.events import Answered, Checked, Cited, Event, StepBegun, event_from_json, event_to_json
    from rag.ingest.build import IngestReport
    from rag.ingest.build import ingest as ingest_files
    from rag.pipeline import RAG, ask, build_rag
    from rag.settings import Settings
    from rag.text.languages import ABSTENTION
    from rag.text.times import TimeExpression
    from rag.types import Answer, Citation, Conflict, Entry, Passage, Sentence, Statement

__all__ = [  # noqa: RUF022
    # asking
    "RAG", "Settings", "ask", "build_rag",
    # indexing
    "IngestReport", "ingest_files",
    # what comes back
    "ABSTENTION", "Answer", "Citation", "Conflict", "Entry", "Passage", "Sentence", "Statement", "TimeExpression",
    # what `RAG.stream` yields
    "Answered", "Checked", "Cited", "Event", "StepBegun", "event_from_json", "event_to_json",
    # errors, `RAGError` above all
    "LoadError", "ModelError", "QuestionError", "RAGError", "SettingsError", "StoreError",
]  # fmt: skip

_PLACES = {
    "errors": ("LoadError", "ModelError", "QuestionError", "RAGError", "SettingsError", "StoreError"),
    "events": ("Answered", "Checked", "Cited", "Event", "StepBegun", "event_from_json", "event_to_json"),
    "ingest.build": ("IngestReport", "ingest_files"),
    "pipeline": ("RAG", "ask", "build_rag"),
    "settings": ("Settings",),
    "text.languages": ("ABSTENTION",),
    "text.times": ("TimeExpression",),
    "types": ("Answer", "Citation", "Conflict", "Entry", "Passage", "Sentence", "Statement"),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is asked for: the process that reads files has no use for the pipeline."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Under its own name it would be the package of that name.
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), "ingest" if name == "ingest_files" else name)
