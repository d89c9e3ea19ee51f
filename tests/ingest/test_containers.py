"""Files that hold several articles: each is one of the index, kept up to date, removed and shown by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Settings, build_rag
from rag.desk.collection import Collection
from rag.desk.doctor import report
from rag.errors import LoadError
from rag.index.store import Store
from rag.ingest.build import IngestReport, ingest
from rag.ingest.parser import Parser
from rag.ingest.uploads import uploads
from tests import made

NEWS = (
    {
        "id": "tram",
        "title": "Tram reaches Oster",
        "text": "The tram reached the village of Oster on Monday, a year late.",
    },
    {
        "id": "mill",
        "title": "Mill burns down",
        "text": "The old mill of Tarn burned down on Sunday; nobody was hurt there.",
    },
    {"id": "fair", "title": "Fair is called off", "text": "Heavy rain made Velden call off its autumn fair for good."},
)


def silent(*_: object) -> None:
    """Show no progress."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "news.jsonl").write_bytes(made.lines(NEWS))
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(index=tmp_path / "index")


def sources(settings: Settings) -> list[str]:
    store = Store(settings)
    found = [article.source for article in store.articles()]
    store.close()
    return found


def counts(done: IngestReport) -> tuple[int, int, int, int]:
    return done.added, done.changed, done.removed, done.embedded


def test_one_changed_article_of_a_file_costs_its_own_work(folder: Path, settings: Settings) -> None:
    assert counts(ingest([folder], settings)) == (3, 0, 0, 3)
    assert sources(settings) == ["news.jsonl#fair", "news.jsonl#mill", "news.jsonl#tram"]
    assert counts(ingest([folder], settings)) == (0, 0, 0, 0)
    changed = ({**NEWS[0], "text": "The tram reached the village of Oster on Tuesday, two years late."}, NEWS[1])
    (folder / "news.jsonl").write_bytes(made.lines(changed))
    assert counts(ingest([folder], settings)) == (0, 1, 1, 1)


def test_an_unchanged_file_is_not_read_again(folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest([folder], settings)
    monkeypatch.setattr(Parser, "_ask", None)
    assert counts(ingest([folder], settings)) == (0, 0, 0, 0)


def test_an_article_of_a_file_is_left_out_and_comes_back(folder: Path, settings: Settings) -> None:
    ingest([folder], settings)
    ingest([], settings, without=["news.jsonl#mill"])
    assert sources(settings) == ["news.jsonl#fair", "news.jsonl#tram"]
    assert counts(ingest([], settings)) == (0, 0, 0, 0)
    assert counts(ingest([folder], settings)) == (1, 0, 0, 1)
    with pytest.raises(LoadError, match="no article would be left"):
        ingest([], settings, without=sources(settings))


def test_what_cannot_be_read_of_a_file_is_said_each_time(folder: Path, settings: Settings) -> None:
    with (folder / "news.jsonl").open("a") as file:
        file.write("\n{")
    with pytest.raises(LoadError, match=r"line 4 of .*news.jsonl is no JSON .*; or index without --strict"):
        ingest([folder], settings, strict=True)
    for _ in range(2):
        done = ingest([folder], settings)
        assert done.articles == 3 and len(done.skipped) == 1 and "line 4" in done.skipped[0]


def test_a_file_of_the_name_of_an_article_in_another_one(folder: Path, settings: Settings) -> None:
    (folder / "a.zip").write_bytes(made.zipped({"b.txt": "Bread is dear in Velden."}))
    (folder / "c.csv").write_bytes(made.table(({"id": "d.txt", "text": "Rain fell on Oster."},)))
    (folder / "c.csv#d.txt").write_text("Snow fell on Oster.")
    done = ingest([folder], settings)
    assert done.skipped == ("c.csv#d.txt is there twice, as a file and in another one; rename the file",)
    assert "a.zip/b.txt" in sources(settings)


def test_questions_are_answered_from_within_and_say_where(folder: Path, settings: Settings) -> None:
    (folder / "old.zip").write_bytes(
        made.zipped({"in/news.csv": made.table(), "in/more.zip": made.zipped({"a.docx": made.docx()})})
    )
    ingest([folder], settings)
    assert "old.zip/in/more.zip/a.docx" in sources(settings)
    with_answer = build_rag(settings)
    try:
        (citation, *_) = with_answer.answer("When did the tram reach Oster?").citations
        assert (citation.source, citation.place) == ("news.jsonl#tram", "line 1")
        (citation, *_) = with_answer.answer("How much did building the bridge over the Arun cost?").citations
        assert citation.source.startswith("old.zip/in/")
    finally:
        with_answer.close()
    assert any(line.startswith("news.jsonl#mill: Mill burns down") for line in report(settings, cleaning=False))


def test_columns_that_the_settings_name(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.csv").write_bytes(made.table(({"Story": NEWS[0]["text"], "text": "nothing"},)))
    ingest([tmp_path / "a.csv"], settings.model_copy(update={"columns": "text=Story"}))
    store = Store(settings)
    assert store.article("a.csv#2").text == NEWS[0]["text"]
    store.close()


@pytest.fixture
def collection(folder: Path, settings: Settings) -> Iterator[Collection]:
    ingest([folder], settings)
    store = Store(settings)
    yield Collection(settings, store)
    store.close()


def test_the_articles_page_shows_an_article_of_a_file(collection: Collection, folder: Path) -> None:
    assert collection.file("news.jsonl#mill") == folder / "news.jsonl"
    (line,) = collection.difference("news.jsonl#mill")
    assert line[0].text == NEWS[1]["text"]
    (folder / "news.jsonl").write_bytes(made.lines(NEWS[:2]))
    assert collection.file("news.jsonl#mill") is None


def test_a_file_of_several_is_added_and_its_articles_are_removed_one_by_one(
    collection: Collection, settings: Settings, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    file = sent / "feed.rss"
    file.write_bytes(made.rss())
    results = collection.add([file], silent, folder=sent)
    added = [result.article.source for result in results if result.article]
    assert added == ["added/feed.rss#bridge", "added/feed.rss#https://velden.example/cost"]
    assert collection.add([file], silent, folder=sent)[0].error.startswith(
        "feed.rss is in the collection already: Bridge"
    )
    collection.remove(added[:1], silent)
    assert (uploads(settings.index) / "feed.rss").exists() and added[0] not in sources(settings)
    assert collection.refresh(silent).removed == 0 and added[0] not in sources(settings)
    collection.remove(added[1:], silent)
    assert not (uploads(settings.index) / "feed.rss").exists()
    collection.add([file], silent, folder=sent)
    assert set(added) <= set(sources(settings))


@pytest.mark.slow
def test_an_article_that_takes_too_long_does_not_take_the_others_along(tmp_path: Path) -> None:
    slow = made.page(made.TITLE, *[made.WORDS] * 60_000)
    entries = {f"{number}.txt": str(news["text"]) for number, news in enumerate(NEWS)}
    (tmp_path / "a.zip").write_bytes(made.zipped({"0.html": slow, **entries, "9.html": slow}))
    (tmp_path / "b.zip").write_bytes(made.zipped({**{f"{number}.html": slow for number in range(4)}, **entries}))
    with Parser(Settings(parse_seconds=1.5)) as parser:
        parsed = parser.articles(tmp_path / "a.zip", "a.zip")
        assert [article.source for article in parsed.articles] == [f"a.zip/{name}" for name in entries]
        ended = [f"gave up on article {number} of {tmp_path}/a.zip after 1.5 s" for number in (1, 5)]
        assert [str(error).split(";")[0] for error in parsed.bad] == ended
        with pytest.raises(LoadError, match=r"gave up on article 1 of .*b.zip after 1.5 s"):
            parser.articles(tmp_path / "b.zip", "b.zip")


def test_names_that_no_system_would_give(tmp_path: Path, settings: Settings) -> None:
    names = [
        "100% wool.txt",
        "two\nlines.txt",
        "why?.txt",
        "a+b & c=d.txt",
        "<b>tag.txt",
        "naïve “q”.txt",
        "漁港.txt",
        "UPPER.TXT",
    ]
    folder = tmp_path / "odd"
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / name).write_text(
            f"The clock tower of Aldo number {number} is {number + 40} metres high, says its keeper."
        )
    (folder / os.fsdecode(b"bad\xff.txt")).write_text("The harbour of Tarn has nine cranes, says its keeper.")
    ingest([folder], settings)
    store = Store(settings)
    collection = Collection(settings, store)
    for entry in collection.entries():
        assert collection.file(entry.article.source), entry.article.source
        assert collection.difference(entry.article.source)
        json.dumps(entry.article.source)
    assert len(collection.entries()) == len(names) + 1
    store.close()
