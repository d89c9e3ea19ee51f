"""An index is moved to another store, or into a file and out of it, and nothing is embedded again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rag.cli import main
from rag.desk import backup
from rag.desk.backup import export, import_, move
from rag.errors import StoreError
from rag.index.check import problems
from rag.index.store import CATALOG, Store
from rag.ingest.build import ingest
from rag.ingest.uploads import uploads
from rag.pipeline import build_rag
from rag.settings import Settings
from tests.conftest import ARTICLES

ADDED = "Keeper finds a whale\n\nThe lighthouse keeper of Skarv found a stranded whale below his door on Sunday.\n"


def quiet(step: str, done: int, total: int) -> None:
    """Show no progress."""


@pytest.fixture
def filled(indexed: Settings, tmp_path: Path) -> Settings:
    """Three articles of a folder, and one that was added in the chat."""
    (tmp_path / "whale.txt").write_text(ADDED)
    ingest([], indexed, added={"whale.txt": tmp_path / "whale.txt"})
    return indexed


@pytest.fixture
def no_embedding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("something is embedded")

    monkeypatch.setattr("rag.ingest.build.encoder", refused)


def answers(settings: Settings) -> None:
    with closing(build_rag(settings)) as rag:
        assert "412 metres" in rag.answer("How long is the bridge over the Arun?").text
        assert {article.source for article in rag.store.articles()} == {*ARTICLES, "added/whale.txt"}
    assert list(problems(settings)) == []


def test_an_index_moves_to_an_engine_and_back(filled: Settings, tmp_path: Path, no_embedding: None) -> None:
    pytest.importorskip("milvus_lite")
    with closing(Store(filled)) as store:
        generation = store.generation()
    engine = filled.model_copy(update={"store": f"milvus:{tmp_path}/vectors.db"})
    assert move(filled.index, engine, quiet) == 4
    assert not list(filled.index.glob("vectors*")), "nothing is left in the folder"
    answers(engine)
    with pytest.raises(StoreError, match="RAG_STORE=milvus"):
        Store(filled)
    with pytest.raises(StoreError, match="there already"):
        move(filled.index, engine, quiet)
    assert move(filled.index, filled, quiet) == 4
    answers(filled)
    assert ingest([], filled).embedded == 0
    with closing(Store(filled)) as store:
        assert store.generation() == generation


def test_an_index_moves_to_another_folder_with_what_was_added(
    filled: Settings, tmp_path: Path, no_embedding: None
) -> None:
    other = Settings(index=tmp_path / "other")
    assert move(filled.index, other, quiet) == 4
    answers(other)
    answers(filled)
    assert (uploads(other.index) / "whale.txt").read_text() == ADDED
    with pytest.raises(StoreError, match="is there already; choose another place with --index"):
        move(filled.index, other, quiet)


def test_an_exported_index_is_imported_elsewhere(filled: Settings, tmp_path: Path, no_embedding: None) -> None:
    file, other = tmp_path / "index.zip", Settings(index=tmp_path / "other")
    assert export(file, filled, False, quiet) == import_(file, other, False, quiet) == 4
    answers(other)
    assert (uploads(other.index) / "whale.txt").read_text() == ADDED
    assert file.stat().st_mode & 0o777 == 0o600
    assert ingest([], other).embedded == 0
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith("index.zip")}
    assert left == {"index.zip"}


def test_nothing_is_overwritten_without_being_told(filled: Settings, tmp_path: Path, articles: Path) -> None:
    file = tmp_path / "index.zip"
    export(file, filled, False, quiet)
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"exists already.*--replace"):
        export(file, filled, False, quiet)
    assert file.read_bytes() == before
    (articles / "bakery.txt").unlink()
    ingest([], filled, without=["added/whale.txt"])
    with closing(build_rag(filled)) as rag:
        with pytest.raises(StoreError, match=r"is there already.*--replace"):
            import_(file, filled, False, quiet)
        assert len(rag.store.articles()) == 2
        import_(file, filled, True, quiet)
        assert len(rag.store.articles()) == 4, "a service that is running sees it"
    answers(filled)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    place = data.index(b"vectors/00000001.npz") + 2000
    data[place] ^= 1
    file.write_bytes(data)


def rewritten(change: Callable[[str, bytes], bytes | None]) -> Callable[[Path], None]:
    """The file with parts of it changed, its own checks in order."""

    def work(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                if (changed := change(name, data)) is not None:
                    archive.writestr(name, changed)

    return work


def manifest(**changes: object) -> Callable[[Path], None]:
    def change(name: str, data: bytes) -> bytes:
        return json.dumps(json.loads(data) | changes).encode() if name == "manifest.json" else data

    return rewritten(change)


def renamed(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("added/../../escaped.txt", "x")


BUILT = {"format": "7", "embedding_model": "all-MiniLM-L6-v2", "chunk_tokens": "256"}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "damaged or no file of `rag export`"),
        (flipped, r"damaged .*vectors/00000001.npz"),
        (rewritten(lambda name, data: None if name.startswith("vectors") else data), "other parts than it says"),
        (rewritten(lambda name, data: data[:-1] if name == "catalog.sqlite" else data), "has another length"),
        (rewritten(lambda name, data: b"x" * len(data) if name == "catalog.sqlite" else data), "another checksum"),
        (rewritten(lambda name, data: None if name == "manifest.json" else data), "does not say what is in it"),
        (renamed, "other parts than it says"),
        (manifest(version=9), "another version of `rag export` .*import it with that version"),
        (manifest(built_with=BUILT), r"another version of this program \(format 7.*rag index PATHS"),
        (manifest(built_with={}), "another version of this program"),
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_file_changes_nothing_and_says_what_to_do(
    damage: Callable[[Path], None], said: str, filled: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "index.zip"
    export(file, filled, False, quiet)
    damage(file)
    with pytest.raises(StoreError, match=said):
        import_(file, filled, True, quiet)
    answers(filled)
    assert {path.name for path in filled.index.iterdir()} >= {CATALOG}
    assert not list(filled.index.glob(f"{CATALOG}.copy*"))
    assert not (tmp_path.parent / "escaped.txt").exists()


def test_settings_that_differ_are_named(filled: Settings, tmp_path: Path) -> None:
    file = tmp_path / "index.zip"
    export(file, filled, False, quiet)
    other = Settings(index=tmp_path / "other", chunk_tokens=128)
    with pytest.raises(StoreError, match="chunk_tokens 256, the settings say 128; set RAG_CHUNK_TOKENS=256"):
        import_(file, other, False, quiet)


def test_the_command(filled: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, other = str(tmp_path / "index.zip"), str(tmp_path / "other")
    assert main(["export", file, "--index", str(filled.index)]) == 0
    assert main(["import", file, "--index", other]) == 0
    assert main(["index", "--from", other, "--index", str(tmp_path / "third")]) == 0
    assert capsys.readouterr().out.count("4 chunks in ") == 3
    assert main(["import", file, "--index", other]) == 2
    assert main(["import", str(tmp_path / "none.zip"), "--index", other]) == 2
    assert "--replace" in (said := capsys.readouterr().err) and "there is no file" in said
    assert backup.VERSION == 1
