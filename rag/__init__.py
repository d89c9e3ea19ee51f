"""Cited answers from a collection of news articles.

>>> from rag import ask
>>> answer = ask("How many containers will Chancay handle in its first year?")  # doctest: +SKIP
>>> answer.text  # doctest: +SKIP
'… at least 1 million containers will be handled by the port in the first year of operation. [1]'
"""

from rag.privacy import switch_off_telemetry

switch_off_telemetry()  # before any of the libraries below is imported

# ruff: noqa: E402
from rag.errors import ModelError, RAGError
from rag.pipeline import RAG, ask, build_rag
from rag.prompts import ABSTENTION
from rag.settings import Settings
from rag.types import Answer, Citation

__all__ = ["ABSTENTION", "RAG", "Answer", "Citation", "ModelError", "RAGError", "Settings", "ask", "build_rag"]
