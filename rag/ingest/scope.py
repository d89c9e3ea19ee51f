"""What an index is made of: the files and folders that were named, and what was added beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pydantic import TypeAdapter

from rag.errors import LoadError, StoreError
from rag.index.catalog import Catalog
from rag.index.store import CATALOG, damage_explained, has_index, rebuild_advice
from rag.ingest.load import find_files, is_supported
from rag.ingest.uploads import STAGED, UPLOADED
from rag.text.characters import said

NOTHING_LEFT = "no article would be left; add one before the last one is removed"
_STRINGS = TypeAdapter(list[str])


@dataclass(frozen=True)
class Scope:
    """What an index is made of: files and folders, and sources among them that are left out."""

    paths: tuple[Path, ...]
    without: frozenset[str] = frozenset()

    def files(
        self,
        uploads: Path,
        staged: Iterable[str] = (),
        left_out: list[str] | None = None,
        passed_by: list[str] | None = None,
    ) -> list[tuple[Path, str]]:
        """Files and their sources (`find_files`), those in the folder of uploads added, in the order of the sources.

        `staged` names those there that only this run takes in; `left_out` and `passed_by` are as in
        `find_files`.

        Raises:
            LoadError: a path cannot be read, two files have the same source, or nothing is left.
        """
        # By file: the uploads may lie in one of the folders.
        found = dict(find_files(self.paths, left_out, passed_by) if self.paths else ())
        staged = set(staged)  # each in the place of a file of its name
        added = [path for path in uploads.iterdir() if path.name not in staged] if uploads.is_dir() else []
        found |= {path: f"{UPLOADED}/{path.name}" for path in added if is_supported(path.name)}
        found |= {uploads / STAGED / name: f"{UPLOADED}/{name}" for name in staged}
        kept = sorted((source, path) for path, source in found.items() if source not in self.without)
        if not kept:
            raise LoadError(NOTHING_LEFT)
        for (source, path), (next_source, next_path) in pairwise(kept):
            if source == next_source:
                raise LoadError(
                    f"{said(path)} and {said(next_path)} are both {source} in the index; rename one of them"
                )
        return [(path, source) for source, path in kept]

    def to_manifest(self) -> dict[str, str]:
        """As it is kept in the index."""
        return {"paths": json.dumps([str(path) for path in self.paths]), "without": json.dumps(sorted(self.without))}


def read_scope(folder: Path) -> Scope:
    """What the index in a folder was last made of.

    Raises:
        StoreError: there is no index, or it is damaged.
    """
    if not has_index(folder):
        raise StoreError(f"there is no index in {folder} yet; name the files or folders to index: `rag index PATHS`")
    with damage_explained(folder), closing(Catalog(folder / CATALOG)) as catalog:
        try:
            paths, without = (_STRINGS.validate_json(catalog.manifest[key]) for key in ("paths", "without"))
        except (KeyError, ValueError) as error:
            raise StoreError(
                f"the index in {folder} does not say what it was made of; {rebuild_advice(folder)}"
            ) from error
        return Scope(tuple(map(Path, paths)), frozenset(without))
