"""A whole index moved to another store, or into one file and out of it; nothing is read or embedded again for it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel

from rag.disk.files import remove
from rag.disk.private import FILE, private_file, private_folder
from rag.disk.storage import storage_explained
from rag.errors import StoreError
from rag.index.catalog import Catalog
from rag.index.flat import DAMAGED, Flat, sync
from rag.index.publish import adopt_catalog, copy_catalog, is_sound, publish_vectors, writing
from rag.index.store import (
    CATALOG,
    built_with,
    damage_explained,
    drop_vectors,
    has_index,
    open_catalog,
    open_vectors,
    store_of,
    write_vectors,
)
from rag.index.vectors import VectorWriter
from rag.ingest.build import Progress
from rag.ingest.uploads import uploads
from rag.settings import Settings

VERSION = 1  # of the file
_MANIFEST, _CATALOG, _COPY = "manifest.json", "catalog.sqlite", f"{CATALOG}.copy"
_NAME = re.compile(r"catalog\.sqlite|vectors/\d{8}\.npz|added/[^/\\\x00]+")
_BLOCK = 1_000_000


class _File(BaseModel, frozen=True):
    size: int
    sha256: str


class _Manifest(BaseModel, frozen=True):
    """What an exported file has: what the index was built with, and each file in it with its checksum."""

    program: str = "rag-news"
    version: int
    built_with: dict[str, str]
    chunks: int
    files: dict[str, _File]


def move(other: Path, settings: Settings, progress: Progress) -> int:
    """Make the index of these settings of the one in a folder, wherever its vectors are; returns how many chunks.

    The folder may be the same: then only its vectors go to another store, and are removed where they were. Else what
    was added in the chat comes along, and the other index stays as it is.

    Raises:
        StoreError: it is there already, another index is in the place, or one of both cannot be read or written.
    """
    same = other.resolve() == settings.index.resolve()
    source = settings.model_copy(update={"index": other, "store": store_of(other)})
    if same and source.store == settings.store:
        raise StoreError(f"the index in {other} has its vectors there already; set RAG_STORE to where they are to go")
    with writing(settings.index):
        if not same:
            _require_room(settings, replace=False)
        with closing(open_catalog(source)) as catalog, closing(open_vectors(source, catalog)) as vectors:
            chunks = catalog.chunk_ids()
            with closing(write_vectors(settings, "")) as writer:
                missing = writer.missing(sorted(chunks))
                _add(catalog, _read(other, vectors.batches(missing)), writer, missing, progress)
                kept = writer.publish(chunks)
                old = catalog.manifest["vectors"]
                catalog.end()
                if same:
                    publish_vectors(settings.index / CATALOG, kept)
                else:
                    copy_catalog(other / CATALOG, settings.index / _COPY)
                    adopt_catalog(settings.index / _COPY, settings.index / CATALOG, kept)
                writer.tidy()
        if same:
            drop_vectors(source, old)
        elif uploads(other).is_dir():
            shutil.copytree(uploads(other), uploads(settings.index), dirs_exist_ok=True)
    return len(chunks)


def export(file: Path, settings: Settings, replace: bool, progress: Progress) -> int:
    """Write an index, and what was added in the chat, into one new file; returns how many chunks.

    Raises:
        StoreError: the file exists and may not be replaced, or something cannot be read or written.
    """
    if file.exists() and not replace:
        raise StoreError(f"{file} exists already; name another file, or replace it with --replace")
    part, copy = file.with_name(f"{file.name}.part"), file.with_name(f"{file.name}.part.catalog")
    if not has_index(settings.index):
        open_catalog(settings)  # says that there is none
    full = f"see that there is space and permission for {file}"
    with writing(settings.index), storage_explained(f"cannot write {file}", full, denied=full):
        try:
            private_file(part)
            copy_catalog(settings.index / CATALOG, copy)
            with (
                closing(open_catalog(settings)) as catalog,
                closing(open_vectors(settings, catalog)) as vectors,
                zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive,
            ):
                files = {_CATALOG: _pack(archive, _CATALOG, copy.open("rb"), zipfile.ZIP_DEFLATED)}
                ids, done = catalog.chunk_ids(), 0
                for number, batch in enumerate(_read(settings.index, vectors.batches(ids)), start=1):
                    name = f"vectors/{number:08}.npz"
                    files[name] = _pack(archive, name, batch.opened())
                    done += len(batch.ids)
                    progress("writing", done, len(ids))
                if done != len(ids):
                    raise StoreError(
                        f"{len(ids) - done:,} chunks of {settings.index} have no vector; `rag doctor` mends it"
                    )
                for path in sorted(uploads(settings.index).glob("*")):
                    if path.is_file() and not path.is_symlink():
                        files[f"added/{path.name}"] = _pack(
                            archive, f"added/{path.name}", path.open("rb"), zipfile.ZIP_DEFLATED
                        )
                made = _Manifest(version=VERSION, built_with=built_with(settings), chunks=len(ids), files=files)
                archive.writestr(_MANIFEST, made.model_dump_json(indent=1))
            sync(part)
            part.replace(file)
        finally:
            for path in (part, copy):
                remove(path)
    return len(ids)


def import_(file: Path, settings: Settings, replace: bool, progress: Progress) -> int:
    """Make the index of these settings the one in an exported file; returns how many chunks.

    The file is looked through from end to end before anything is changed.

    Raises:
        StoreError: an index is there and may not be replaced, or the file is damaged, or of another version.
    """
    with _opened(file) as (archive, manifest):
        _require_same_build(file, manifest, settings)
        with writing(settings.index):
            _require_room(settings, replace=replace)
            copy = settings.index / _COPY
            try:
                _check(file, archive, manifest, copy, progress)
                with (
                    closing(Catalog(copy)) as catalog,
                    closing(write_vectors(settings, "")) as writer,
                ):
                    chunks = catalog.chunk_ids()
                    missing = writer.missing(sorted(chunks))
                    batches = (batch.only(missing) for batch in _batches(archive, manifest))
                    _add(catalog, batches, writer, missing, progress)
                    kept = writer.publish(chunks)
                    catalog.close()
                    added = _unpack_uploads(archive, manifest, uploads(settings.index))
                    adopt_catalog(copy, settings.index / CATALOG, kept)
                    remove(uploads(settings.index))
                    if added:
                        added.rename(uploads(settings.index))
                    writer.tidy()
            finally:
                for end in ("", "-wal", "-shm"):
                    remove(copy.with_name(copy.name + end))
    return len(chunks)


def _add(
    catalog: Catalog, batches: Iterable[Flat], writer: VectorWriter, missing: set[str], progress: Progress
) -> None:
    """Put vectors into a store, each with the chunk that a catalog has of its id."""
    by_id = {chunk.id: chunk for chunk in catalog.chunks() if chunk.id in missing}
    article = lru_cache(maxsize=64)(catalog.article)
    left = set(missing)
    for batch in batches:
        if batch.ids:
            chunks = [by_id[id] for id in batch.ids]
            writer.add(chunks, batch.vectors, [found for chunk in chunks if (found := article(chunk.source))])
            left.difference_update(batch.ids)
            progress("copying vectors", len(missing) - len(left), len(missing))
    if left:
        raise StoreError(f"{len(left):,} vectors are missing; index the files anew: `rag index PATHS --rebuild`")


def _require_room(settings: Settings, *, replace: bool) -> None:
    if replace:
        return
    added = uploads(settings.index)
    for there in (settings.index / CATALOG, added):
        if there.exists() and not (there == added and not any(added.iterdir())):
            raise StoreError(
                f"{there} is there already; choose another place with --index or --collection"
                ", or have it replaced with `rag import --replace`"
            )


def _require_same_build(file: Path, manifest: _Manifest, settings: Settings) -> None:
    for key, value in built_with(settings).items():
        there = manifest.built_with.get(key)
        if there != value:
            raise StoreError(
                f"{file} holds an index of another version of this program (format {there}, here {value}); import it "
                "with that version, or index the files anew with `rag index PATHS`"
                if key == "format"
                else f"the index in {file} was built with {key} {there}, the settings say {value}; "
                f"set RAG_{key.upper()}={there} and repeat"
            )


def _read(place: Path, batches: Iterator[Flat]) -> Iterator[Flat]:
    """The same; what goes wrong with reading is said, and what goes wrong with writing them is not taken for it."""
    with damage_explained(place):
        yield from batches


def _pack(archive: zipfile.ZipFile, name: str, opened: IO[bytes], how: int = zipfile.ZIP_STORED) -> _File:
    """Put a file into an archive; it is closed then."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.external_attr = how, FILE << 16
    with opened, archive.open(info, "w", force_zip64=True) as target:
        return _copied(opened, target)


def _copied(source: IO[bytes], target: IO[bytes] | None) -> _File:
    digest, size = hashlib.sha256(), 0
    while block := source.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if target:
            target.write(block)
    return _File(size=size, sha256=digest.hexdigest())


def _damaged(file: Path, why: object) -> StoreError:
    return StoreError(f"{file} is damaged or no file of `rag export` ({why}); take another copy of it, or export again")


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, _Manifest]]:
    if not file.is_file():
        raise StoreError(f"there is no file {file}; `rag export {file}` writes one")
    with storage_explained(f"cannot read {file}", "see that it may be read"):
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise _damaged(file, error) from error
    with archive:
        try:
            written: Any = json.loads(archive.read(_MANIFEST))
            if isinstance(written, Mapping) and written.get("version") not in (None, VERSION):
                raise StoreError(
                    f"{file} was written by another version of `rag export` ({written['version']}, here {VERSION}); "
                    "import it with that version"
                )
            manifest = _Manifest.model_validate(written)
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile, OSError) as error:
            raise _damaged(file, "it does not say what is in it") from error
        yield archive, manifest


def _check(file: Path, archive: zipfile.ZipFile, manifest: _Manifest, copy: Path, progress: Progress) -> None:
    """Look through all that the file has, and write its catalog into a copy."""
    names = {each.filename for each in archive.infolist()} - {_MANIFEST}
    if names != manifest.files.keys() or _CATALOG not in names or not all(map(_NAME.fullmatch, names)):
        raise _damaged(file, "it has other parts than it says")
    private_file(copy)
    for number, (name, said) in enumerate(manifest.files.items(), start=1):
        progress("checking", number, len(names))
        if archive.getinfo(name).file_size != said.size:
            raise _damaged(file, f"{name} has another length")
        try:
            with archive.open(name) as source:
                if name == _CATALOG:
                    with copy.open("wb") as target:
                        found = _copied(source, target)
                else:
                    found = _copied(source, None)
        except (zipfile.BadZipFile, EOFError, ValueError) as error:
            raise _damaged(file, f"{name}: {error}") from error
        if found != said:
            raise _damaged(file, f"{name} has another checksum")
    if not is_sound(copy):
        raise _damaged(file, "its catalog is none")


def _batches(archive: zipfile.ZipFile, manifest: _Manifest) -> Iterator[Flat]:
    for name in manifest.files:
        if name.startswith("vectors/"):
            try:
                yield Flat.loaded(archive.read(name))
            except DAMAGED as error:
                raise _damaged(Path(str(archive.filename)), f"{name}: {error}") from error


def _unpack_uploads(archive: zipfile.ZipFile, manifest: _Manifest, folder: Path) -> Path | None:
    """Put what had been added in the chat beside the folder where it is to be; returns where, None without any."""
    new = folder.with_name(f"{folder.name}.new")
    remove(new)
    names = [name for name in manifest.files if name.startswith("added/")]
    for name in names:
        private_folder(new)
        private_file(new / Path(name).name)
        with archive.open(name) as source, (new / Path(name).name).open("wb") as target:
            _copied(source, target)
    return new if names else None
