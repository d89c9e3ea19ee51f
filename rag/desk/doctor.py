"""What is installed and what is in the index, in plain lines."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from rag.errors import StoreError
from rag.index.check import problems
from rag.index.store import Store, has_index
from rag.ingest.build import Progress, ingest
from rag.settings import Settings
from rag.text.times import no_later
from rag.types import Article

LONGEST_SHOWN = 160  # characters of what looks like an instruction
MOST_SHOWN = 5  # of them in one article
PACKAGES = ("langchain", "chromadb", "sentence-transformers", "torch", "onnxruntime", "tiktoken", "gradio", "scipy")
# Packages that only an extra brings.
EXTRAS = {"gradio": "chat", "scipy": "eval", "sentence-transformers": "models", "torch": "models"}


def report(settings: Settings, *, cleaning: bool) -> Iterator[str]:
    """Lines on this installation and its index.

    Args:
        cleaning: list instead every piece that cleaning removed, with its article and the reason.

    Raises:
        StoreError: the index is damaged, built with other settings, or the folder is not one.
    """
    if not has_index(settings.index):
        yield _installed()
        yield f"no index in {settings.index} yet; `rag index PATHS` builds one"
        return
    store = Store(settings)
    try:
        articles = store.articles()
        if cleaning:
            yield from _cleaning(articles)
            return
        yield _installed()
        yield f"index {settings.index}, embedding model {settings.embedding_model}"
        if settings.store:
            yield f"vectors at {settings.store}"
        chunks = store.chunk_counts()
        copies, pieces = len(articles) - len(chunks), sum(chunks.values())
        yield f"{counted(len(chunks), 'article')}, {copies} republished, {counted(pieces, 'chunk')}"
        found = list(problems(settings))
        yield from found
        yield f"mend it with `{_mending(settings)}`" if found else "articles, chunks, words and vectors agree"
        if instructed := sum(bool(article.instructions) for article in articles):
            holding = "1 article holds" if instructed == 1 else f"{instructed} articles hold"
            yield f"{holding} what looks like an instruction to a language model; it is kept as text, see below"
        for article in articles:
            yield from _article(article, chunks.get(article.source, 0))
    finally:
        store.close()


def repair(settings: Settings, progress: Progress) -> Iterator[str]:
    """Make an index whole again, from the files that it was made of; says what was wrong and what was done.

    Raises:
        StoreError: it is damaged so that it no longer says what it was made of; or as `ingest`.
        LoadError: none of the files can be read.
    """
    found = _problems(settings)
    yield from found
    if not found:  # what an interrupted run left behind goes, too
        ingest([], settings, progress=progress)
        found = _problems(settings)
    if found:
        done = ingest([], settings, rebuild=True, progress=progress)
        yield from (f"skipped: {line}" for line in done.skipped)
        yield f"built anew of {counted(done.articles, 'article')}"
    else:
        yield "articles, chunks, words and vectors agree"


def _problems(settings: Settings) -> list[str]:
    try:
        return list(problems(settings))
    except StoreError as error:
        return [str(error).partition("; build it anew")[0]]


def _mending(settings: Settings) -> str:
    return f"rag doctor --repair --index {settings.index}"


def counted(number: int, what: str) -> str:
    """So many of a thing.

    >>> counted(1, "chunk"), counted(2, "chunk")
    ('1 chunk', '2 chunks')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _installed() -> str:
    return f"python {platform.python_version()}, " + ", ".join(_versions())


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            remedy = f'pip install "rag-news[{EXTRAS[package]}]"' if package in EXTRAS else "install the project again"
            yield f"{package} missing ({remedy})"


def _article(article: Article, chunks: int) -> Iterator[str]:
    yield ""
    yield f"{article.source}: {article.title}"
    published = str(article.published or no_later(article.no_later_than) or "date unknown")
    published += f", updated {article.updated}" if article.updated else ""
    yield f"  {article.publisher or 'publisher unknown'}, {published}, {article.author or 'author unknown'}"
    removed = sum(len(removal.text) for removal in article.removed)
    kind = f"republished copy of {article.original}" if article.original != article.source else counted(chunks, "chunk")
    yield f"  {kind}, {len(article.text):,} characters, {removed:,} removed by cleaning"
    yield from (f"  {note}" for note in article.notes)
    for found in article.instructions[:MOST_SHOWN]:
        text = found.text if len(found.text) <= LONGEST_SHOWN else f"{found.text[: LONGEST_SHOWN - 1]}…"
        yield f'  looks like an instruction to a language model ({found.reason}): "{text}"'
    if len(article.instructions) > MOST_SHOWN:
        yield f"  and {len(article.instructions) - MOST_SHOWN} more that look like one"


def _cleaning(articles: list[Article]) -> Iterator[str]:
    for article in articles:
        yield f"{article.source}: {len(article.removed) or 'nothing'} removed"
        for removal in article.removed:
            yield f"  - {removal.reason}: {' '.join(removal.text.split())}"
