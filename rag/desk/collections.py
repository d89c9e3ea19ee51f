"""Several collections of one service: which there are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from rag.errors import StoreError
from rag.index.store import has_index, open_catalog
from rag.settings import COLLECTIONS, Settings, is_collection


@dataclass(frozen=True)
class Listed:
    """A collection that has an index: its name, "" for the one without, and its articles; or why they are not known."""

    name: str
    articles: int = 0
    error: str = ""


def collections(settings: Settings) -> list[Listed]:
    """Every collection beside that of these settings, by name, the one without a name first."""
    place = settings.place
    folder = place.with_name(f"{place.absolute().name}{COLLECTIONS}")
    named = folder.iterdir() if folder.is_dir() else ()
    names = ["", *sorted(path.name for path in named if is_collection(path.name))]
    return [found for name in names if (found := _listed(settings.of(name)))]


def _listed(settings: Settings) -> Listed | None:
    try:
        if not has_index(settings.index):
            return None
        with closing(open_catalog(settings)) as catalog:
            return Listed(settings.collection, catalog.article_counts()[0])
    except StoreError as error:
        return Listed(settings.collection, error=str(error))
