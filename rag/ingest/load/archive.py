"""Archives of files, each read as if it lay in a folder: zip, and a single one in gzip."""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath

from rag.errors import LoadError
from rag.ingest.load.content import Format, Part
from rag.ingest.load.package import opened, unpacked
from rag.text.characters import said


def read(data: bytes, path: Path) -> Iterator[Part]:
    from rag.ingest.load.formats import is_supported

    archive = opened(data, path)
    for entry in archive.infolist():
        # Names only name: nothing is written anywhere, and what leads out of the archive leads nowhere.
        steps = [step for step in PurePosixPath(entry.filename.replace("\\", "/")).parts if step not in ("/", "..")]
        hidden = any(step.startswith((".", "__MACOSX")) for step in steps)
        linked = stat.S_ISLNK(entry.external_attr >> 16)
        if steps and is_supported(steps[-1]) and not (hidden or linked or entry.is_dir()):
            name = "/" + "/".join(steps)
            yield Part(name, partial(unpacked, archive, entry, Path(f"{path}{name}")), file=name)


ZIP = Format("zip archives", (".zip",), read, several=True)


def read_gzip(data: bytes, path: Path) -> Iterator[Part]:
    name = Path(path.name.removesuffix(path.suffix)).name if path.suffix.lower() == ".gz" else path.name
    yield Part(f"/{name}", partial(_gunzipped, data, path), file=name)


def _gunzipped(data: bytes, path: Path, longest: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            found = file.read(longest + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError(f"{said(path)} is damaged ({error}); get it anew") from None
    if len(found) > longest:
        raise LoadError(f"{said(path)} unpacks to more than {longest / 1e6:,g} MB; split it, or raise RAG_MAX_FILE_MB")
    return found


GZIP = Format("gzip", (".gz",), read_gzip, several=True)
