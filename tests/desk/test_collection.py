"""The collection is changed from the chat: what goes in stays, what fails changes nothing, and questions go on."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from rag import RAG, Settings, build_rag
from rag.desk.collection import Added, Collection, Piece
from rag.errors import LoadError, SettingsError, StoreError
from rag.index.store import LOCK, Store
from rag.ingest.build import Progress, index_articles, ingest
from rag.ingest.clean import clean
from rag.ingest.load import load_document
from rag.ingest.parser import Parser
from rag.ingest.scope import Scope
from rag.ingest.uploads import uploads
from tests.conftest import ARTICLES, ROOT

SEED, COPY = "002_27fb3a5ff33fbf6b.txt", "003_cfb1253bd829b792.txt"
BRIDGE = "How long is the bridge over the Arun?"
WHALE = "What did the lighthouse keeper find?"
WHALES = {
    "whale.txt": "Keeper finds a whale\n\nThe lighthouse keeper of Skarv found a stranded whale on Sunday.\n",
    "other/whale.txt": "Whales counted\n\nTwelve whales were counted off Skarv in the second week of March.\n",
}

LUNCH = "How much is lunch in the canteen of the Valley mill?"
MENU = "Canteen of the Valley mill\n\nLunch in the canteen of the Valley mill costs {} crowns from Monday on.\n"


@pytest.fixture
def rag(indexed: Settings) -> Iterator[RAG]:
    """The service over three small articles."""
    rag = build_rag(indexed)
    yield rag
    rag.close()


@pytest.fixture
def collection(rag: RAG) -> Collection:
    return Collection(rag.settings, rag.store)


@pytest.fixture
def whales(tmp_path: Path) -> list[Path]:
    """Two files of one name and different content."""
    return [write(tmp_path / "mine" / name, text) for name, text in WHALES.items()]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


def sources(collection: Collection) -> list[str]:
    return [entry.article.source for entry in collection.entries()]


def uploaded(rag: RAG) -> list[str]:
    """What lies in the folder of added articles."""
    folder = uploads(rag.settings.index)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# ------------------------------------------------------------------------------------------ what is in it
def test_entries_are_all_articles_with_their_chunks_and_copies(seeds_rag: RAG) -> None:
    entries = Collection(seeds_rag.settings, seeds_rag.store).entries()
    assert len(entries) == 5 and [entry.article.source for entry in entries][2:4] == [SEED, COPY]
    assert [bool(entry.chunks) for entry in entries] == [True, True, True, False, True]
    assert sum(entry.chunks for entry in entries) == len(seeds_rag.store.chunks())
    assert [entry.copies for entry in entries] == [(), (), (COPY,), (), ()]


def test_an_article_names_its_copies(seeds_rag: RAG) -> None:
    collection = Collection(seeds_rag.settings, seeds_rag.store)
    assert collection.copies(SEED) == (COPY,) and collection.copies(COPY) == ()
    assert collection.article(COPY).original == SEED
    with pytest.raises(StoreError, match=r"no article 'none\.txt'"):
        collection.article("none.txt")


def test_the_file_of_an_article_is_found_while_it_is_the_same(collection: Collection, articles: Path) -> None:
    assert collection.file("bridge.txt") == articles / "bridge.txt"
    write(articles / "bridge.txt", "Bridge closes\n\nIt was closed again.\n")
    (articles / "bakery.txt").unlink()
    assert collection.file("bridge.txt") is collection.file("bakery.txt") is None
    assert collection.file("orchard.md") == articles / "orchard.md"
    for path in articles.iterdir():
        path.unlink()
    assert collection.file("orchard.md") is None
    with pytest.raises(StoreError, match=r"none\.txt"):
        collection.file("none.txt")


# --------------------------------------------------------------------------------- what cleaning took out
@pytest.mark.slow
def test_differences_show_every_word_of_the_file_once_and_keep_the_article(pages_index: Path) -> None:
    collection = Collection(Settings(index=pages_index), Store(Settings(index=pages_index)))
    entries = collection.entries()
    assert len(entries) == 45
    for article in (entry.article for entry in entries):
        pieces = [piece for line in collection.difference(article.source) for piece in line]
        lines = clean(load_document(ROOT / article.source, article.source)).lines
        assert words(pieces) == " ".join(line.text for line in lines).split(), article.source
        assert words(piece for piece in pieces if piece.reason is None) == article.text.split(), article.source
        reasons = [(piece.text.strip(), piece.reason) for piece in pieces if piece.reason]
        removed = [(line, one.reason) for one in article.removed for line in one.text.split("\n")]
        assert reasons == removed, article.source


def words(pieces: Iterator[Piece] | list[Piece]) -> list[str]:
    return " ".join(piece.text for piece in pieces).split()


def test_the_difference_strikes_out_what_was_removed_where_it_stood(collection: Collection, articles: Path) -> None:
    headline, _, byline, _, _, _, cost, _, ferries, _ = ARTICLES["bridge.txt"].split("\n")
    spam, mark, caption = "best online casino casino bonus", "[email protected]", "The bridge in the morning light"
    opened = f"The town forbade whatever is called the {spam} on Monday, after a long debate in the council."
    share = "Share this article"
    page = [headline, caption, byline, "", f"{opened} {spam}", f"{mark} {cost} {mark}", ferries, "", share]
    write(articles / "bridge.txt", "\n".join(page))
    ingest([], Settings(index=articles.parent / "index"))
    shown = [[(piece.text.strip(), piece.reason) for piece in line] for line in collection.difference("bridge.txt")]
    assert shown == [
        [(headline, None)],
        [(caption, None)],
        [(byline, None)],
        [(opened, None), (spam, "link spam")],
        [(mark, "obfuscated e-mail address"), (cost, None), (mark, "obfuscated e-mail address")],
        [(ferries, None)],
        [(share, "page control")],
    ]


def test_without_its_file_the_removed_pieces_follow_the_article(collection: Collection, articles: Path) -> None:
    write(articles / "bridge.txt", ARTICLES["bridge.txt"] + "\nShare this article\n")
    ingest([], Settings(index=articles.parent / "index"))
    whole = collection.difference("bridge.txt")
    (articles / "bridge.txt").unlink()
    assert collection.difference("bridge.txt") == whole
    assert whole[-1][0].text == "Share this article" and whole[-1][0].reason


# ----------------------------------------------------------------------------------------------- adding


def add(collection: Collection, files: list[Path], progress: Progress) -> list[Added]:
    """Files out of one folder, as the chat puts uploads into one."""
    return collection.add(files, progress, folder=files[0].parent)


@pytest.mark.slow
def test_files_are_added_and_bad_ones_named(rag: RAG, collection: Collection, whales: list[Path]) -> None:
    folder = whales[0].parent
    bad = write(folder / "bad.txt", b"\x89PNG\0\xff")
    again = write(folder / "again.txt", WHALES["whale.txt"])
    old = write(folder / "old.txt", ARTICLES["bakery.txt"])
    text = ARTICLES["bridge.txt"].replace("Bridge over the Arun opens", "A bridge at last")
    copy = write(folder / "copy.txt", f"{text}\nShare this article\n")
    steps = []
    results = add(collection, [bad, *whales, again, old, copy], lambda *step: steps.append(step))
    assert [result.name for result in results] == [
        "bad.txt",
        "whale.txt",
        "whale.txt",
        "again.txt",
        "old.txt",
        copy.name,
    ]
    assert "bad.txt" in results[0].error and str(folder) not in results[0].error
    assert results[3].error == "again.txt is in the collection already: Keeper finds a whale"
    assert results[4].error == "old.txt is in the collection already: A bakery that never closes"
    added = [result.article.source for result in results if result.article]
    assert added == ["added/whale.txt", "added/whale (2).txt", "added/copy.txt"]
    assert sources(collection) == sorted([*ARTICLES, *added])
    assert collection.article("added/copy.txt").original == "bridge.txt"
    assert collection.file("added/whale.txt") == uploads(rag.settings.index) / "whale.txt"
    assert uploaded(rag) == ["copy.txt", "whale (2).txt", "whale.txt"] and all(path.exists() for path in whales)
    assert {step for step, _, _ in steps} == {"reading", "embedding"} and ("reading", 6, 6) in steps
    assert "whale" in rag.answer(WHALE).text

    steps.clear()
    assert [result.article for result in add(collection, [bad, old], lambda *step: steps.append(step))] == [None, None]
    assert steps == [("reading", 1, 2), ("reading", 2, 2)] and len(uploaded(rag)) == 3  # nothing is indexed


@pytest.mark.slow
def test_a_file_replaces_one_of_its_name_only_where_that_is_meant(
    rag: RAG, collection: Collection, tmp_path: Path
) -> None:
    versions = [write(tmp_path / f"v{number}" / "menu.txt", MENU.format(number)) for number in (10, 11)]
    add(collection, versions[:1], silent)
    assert collection.clashing(versions) == ["menu.txt"], "the same once more would replace nothing"
    (refused,) = add(collection, versions[1:], silent)
    assert "was not to be replaced" in refused.error and "10 crowns" in rag.answer(LUNCH).text
    (added,) = collection.add(versions[1:], silent, folder=versions[1].parent, replace=True)
    assert added.article and added.article.source == "added/menu.txt"
    assert [source for source in sources(collection) if "menu" in source] == ["added/menu.txt"]
    assert uploaded(rag) == ["menu.txt"] and collection.clashing(versions[1:]) == []
    assert "11 crowns" in rag.answer(LUNCH).text and "10 crowns" not in rag.answer(LUNCH).text


@pytest.mark.slow
def test_added_articles_survive_another_indexing(
    rag: RAG, collection: Collection, whales: list[Path], articles: Path
) -> None:
    add(collection, whales[:1], silent)
    ingest([articles / "bridge.txt"], rag.settings, rebuild=True)
    assert sources(collection) == ["added/whale.txt", "bridge.txt"] and "whale" in rag.answer(WHALE).text


@pytest.mark.slow
def test_questions_are_answered_while_articles_are_added(rag: RAG, collection: Collection, whales: list[Path]) -> None:
    other = build_rag(rag.settings)
    assert not other.answer(WHALE).answered
    with ThreadPoolExecutor() as threads:
        adding = threads.submit(add, collection, whales, silent)
        answers = [other.answer(BRIDGE).text]
        while not adding.done():
            answers.append(other.answer(BRIDGE).text)
    assert adding.result()[0].article
    assert len(answers) > 3 and all("412 metres" in answer for answer in answers)
    assert "whale" in other.answer(WHALE).text
    other.close()


def test_what_cannot_be_indexed_leaves_nothing_behind(rag: RAG, collection: Collection, whales: list[Path]) -> None:
    state = rag.store.generation()
    with FileLock(rag.settings.index / LOCK), pytest.raises(StoreError, match="another process is indexing"):
        add(collection, whales, silent)
    assert uploaded(rag) == [] and rag.store.generation() == state


def test_a_killed_indexing_leaves_nothing_behind(rag: RAG, collection: Collection, whales: list[Path]) -> None:
    def kill(step: str, done: int, total: int) -> None:
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(StoreError, match="ended unexpectedly"):
        add(collection, whales, kill)
    assert uploaded(rag) == [] and sources(collection) == sorted(ARTICLES)


def test_whoever_stops_waiting_stops_the_indexing(rag: RAG, collection: Collection, whales: list[Path]) -> None:
    def leave(step: str, done: int, total: int) -> None:
        if multiprocessing.active_children():
            raise InterruptedError

    with pytest.raises(InterruptedError):
        add(collection, whales, leave)
    assert multiprocessing.active_children() == [] and uploaded(rag) == []
    assert sources(collection) == sorted(ARTICLES)


def test_a_file_that_cannot_be_kept_takes_the_others_out_again(
    rag: RAG, collection: Collection, whales: list[Path]
) -> None:
    longest = f"{'x' * 251}.txt"  # with " (2)" it is too long
    files = [path.rename(path.parent / longest) for path in whales]
    with pytest.raises(StoreError, match=r"cannot keep x+ \(2\).txt in .*too long.*; see that there is space"):
        add(collection, files, silent)
    assert uploaded(rag) == [] and sources(collection) == sorted(ARTICLES)


@pytest.mark.slow
def test_a_name_that_is_no_text_is_kept_as_one(collection: Collection, tmp_path: Path) -> None:
    name = b"caf\xe9.txt".decode("utf-8", "surrogateescape")
    (result,) = add(collection, [write(tmp_path / name, WHALES["whale.txt"])], silent)
    assert result.article and result.article.source == "added/caf\ufffd.txt"


# --------------------------------------------------------------------------------------------- removing
@pytest.mark.slow
def test_a_removed_article_stays_away_until_its_folder_is_indexed_again(
    rag: RAG, collection: Collection, articles: Path
) -> None:
    collection.remove(["bridge.txt"], silent)
    assert sources(collection) == ["bakery.txt", "orchard.md"] and (articles / "bridge.txt").exists()
    assert not rag.answer(BRIDGE).answered
    assert collection.refresh(silent).removed == 0
    ingest([], rag.settings, rebuild=True)
    assert sources(collection) == ["bakery.txt", "orchard.md"]
    ingest([articles], rag.settings)
    assert sources(collection) == sorted(ARTICLES) and "412 metres" in rag.answer(BRIDGE).text


@pytest.mark.slow
def test_an_added_file_is_deleted_when_it_is_removed(rag: RAG, collection: Collection, whales: list[Path]) -> None:
    add(collection, whales[:1], silent)
    collection.remove(["added/whale.txt"], silent)
    assert sources(collection) == sorted(ARTICLES) and uploaded(rag) == [] and whales[0].exists()
    add(collection, whales[:1], silent)
    assert "added/whale.txt" in sources(collection)


@pytest.mark.slow
def test_a_persons_own_folder_may_be_called_added(rag: RAG, collection: Collection, articles: Path) -> None:
    own = write(articles / "added" / "tram.txt", "Trams return\n\nTrams run again in Velden after sixty years.\n")
    ingest([], rag.settings)
    collection.remove(["added/tram.txt"], silent)
    assert sources(collection) == sorted(ARTICLES) and own.exists()


@pytest.mark.slow
def test_a_copy_takes_the_place_of_a_removed_original(rag: RAG, collection: Collection, articles: Path) -> None:
    write(articles / "copy.txt", ARTICLES["bridge.txt"].replace("Bridge over the Arun opens", "A bridge at last"))
    ingest([], rag.settings)
    assert rag.answer(BRIDGE).citations[0].republished_in == ("copy.txt",)
    collection.remove(["bridge.txt"], silent)
    (citation,) = rag.answer(BRIDGE).citations
    assert (citation.source, citation.title, citation.republished_in) == ("copy.txt", "A bridge at last", ())


def test_the_last_article_cannot_be_removed(rag: RAG, collection: Collection) -> None:
    state = rag.store.generation()
    with pytest.raises(LoadError, match="no article would be left; add one"):
        collection.remove(list(ARTICLES), silent)
    with pytest.raises(StoreError, match=r"none\.txt"):
        collection.remove(["bridge.txt", "none.txt"], silent)
    assert rag.store.generation() == state


# ------------------------------------------------------------------------------- indexing what has changed
@pytest.mark.slow
def test_changed_files_are_indexed_and_bad_ones_named(rag: RAG, collection: Collection, articles: Path) -> None:
    write(articles / "bridge.txt", ARTICLES["bridge.txt"].replace("412 metres", "530 metres"))
    write(articles / "bakery.txt", b"\x89PNG\0\xff")
    report = collection.refresh(silent)
    assert (report.changed, report.removed, report.articles) == (1, 1, 2)
    assert len(report.skipped) == 1 and "bakery.txt" in report.skipped[0]
    assert "530 metres" in rag.answer(BRIDGE).text


def test_a_read_only_collection_can_be_looked_at_and_not_changed(rag: RAG, whales: list[Path]) -> None:
    collection = Collection(rag.settings.model_copy(update={"read_only": True}), rag.store)
    assert collection.read_only and len(collection.entries()) == 3
    for change in (
        lambda: add(collection, whales, silent),
        lambda: collection.remove(["bridge.txt"], silent),
        lambda: collection.refresh(silent),
    ):
        with pytest.raises(SettingsError, match="read-only here; start the chat without RAG_READ_ONLY"):
            change()
    assert len(collection.entries()) == 3 and uploaded(rag) == []


@pytest.mark.slow
def test_changes_wait_for_one_another(collection: Collection) -> None:
    with ThreadPoolExecutor() as threads:
        changes = [threads.submit(collection.remove, [source], silent) for source in ("bridge.txt", "bakery.txt")]
    assert [change.result() for change in changes] == [None, None]
    assert sources(collection) == ["orchard.md"]


# -------------------------------------------------------------------------------- what an index is made of
def test_a_scope_lists_files_by_source_without_those_left_out(articles: Path, tmp_path: Path) -> None:
    added = tmp_path / "added"
    write(added / "tram.txt", "Trams return\n")
    write(added / ".DS_Store", "no article")
    scope = Scope((articles,), frozenset({"bakery.txt", "gone.txt"}))
    assert scope.files(tmp_path / "none") == [
        (articles / "bridge.txt", "bridge.txt"), (articles / "orchard.md", "orchard.md"),
    ]  # fmt: skip
    assert [source for _, source in scope.files(added)] == ["added/tram.txt", "bridge.txt", "orchard.md"]
    with pytest.raises(LoadError, match="no article would be left"):
        replace(scope, without=frozenset(ARTICLES)).files(tmp_path / "none")


def test_added_files_within_an_indexed_folder_are_listed_once(articles: Path) -> None:
    added = write(articles / "index-added" / "tram.txt", "Trams return\n")
    assert (added, "added/tram.txt") in Scope((articles,)).files(added.parent)
    assert len(Scope((articles,)).files(added.parent)) == 4


def test_two_files_of_one_source_are_refused(articles: Path, tmp_path: Path) -> None:
    own, added = write(articles / "added" / "tram.txt", "Trams"), write(tmp_path / "uploads" / "tram.txt", "No trams")
    with pytest.raises(LoadError, match=r"are both added/tram.txt in the index; rename one") as refused:
        Scope((articles,)).files(added.parent)
    assert str(own) in str(refused.value) and str(added) in str(refused.value)


def test_added_files_lie_beside_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert uploads(tmp_path / "index") == tmp_path / "index-added"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert uploads(Path()) == tmp_path / "here-added"


def test_an_index_of_ready_made_articles_is_not_replaced(tmp_path: Path, articles: Path, whales: list[Path]) -> None:
    settings = Settings(index=tmp_path / "index")
    index_articles([Parser(settings).articles(articles / "bridge.txt", "bridge.txt").articles[0]], settings)
    collection = Collection(settings, Store(settings))
    with pytest.raises(StoreError, match="does not say what it was made of"):
        add(collection, whales, silent)
    assert sources(collection) == ["bridge.txt"]
