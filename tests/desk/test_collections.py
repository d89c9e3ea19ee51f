"""Collections by name, each with an index of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.cli import main
from rag.desk.collections import Listed, collections
from rag.errors import SettingsError
from rag.index.store import CATALOG
from rag.settings import Settings


def test_a_collection_is_an_index_of_its_own(
    indexed: Settings, articles: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ["--index", str(indexed.index)]
    assert main(["index", str(articles / "bakery.txt"), *place, "--collection", "bread_2024"]) == 0
    assert (indexed.index.parent / "index-collections" / "bread_2024" / CATALOG).is_file()
    monkeypatch.setenv("RAG_COLLECTION", "bread_2024")
    assert main(["ask", "How long is the bridge over the Arun?", *place]) == 0
    assert "412" not in capsys.readouterr().out
    assert main(["ask", "Since when has the bakery sold bread?", *place]) == 0
    assert "1968" in capsys.readouterr().out
    assert main(["collections", *place]) == 0
    assert capsys.readouterr().out == "(no name): 3 articles\nbread_2024: 1 article\n"
    monkeypatch.delenv("RAG_COLLECTION")
    assert collections(indexed) == collections(indexed.of("bread_2024")) == [Listed("", 3), Listed("bread_2024", 1)]


def test_one_that_cannot_be_read_is_listed_with_the_reason(indexed: Settings) -> None:
    broken = indexed.of("broken").index
    broken.mkdir(parents=True)
    (broken / CATALOG).write_bytes(b"x" * 4096)
    (broken.parent / "empty").mkdir()
    first, second = collections(indexed)
    assert first == Listed("", 3)
    assert second.name == "broken" and "rag index PATHS --rebuild" in second.error


def test_no_collections_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collections", "--index", str(tmp_path / "index")]) == 0
    assert "--collection NAME" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../other", "a/b", ".hidden", "sports-added", "x" * 51, "naïve", "a b", "-a"])
def test_a_name_leads_nowhere_else(name: str) -> None:
    with pytest.raises(SettingsError, match="RAG_COLLECTION"):
        Settings(collection=name)


def test_settings_of_a_collection(tmp_path: Path) -> None:
    named = Settings(index=tmp_path / "index", collection="sports")
    assert named.index == tmp_path / "index-collections" / "sports" and named.place == tmp_path / "index"
    assert named.of("") == Settings(index=tmp_path / "index") and named.of("").of("sports") == named
    assert Settings(index=named.index, collection="sports") == named, "as an error says it"
    assert Settings(index=".", collection="sports").index.parent.name == f"{Path.cwd().name}-collections"
