"""What every engine of vectors has to do, and how one that is away is spoken of."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.errors import SettingsError, StoreError
from rag.index import engine as engine_module
from rag.index.catalog import Catalog
from rag.index.draft import Draft
from rag.index.flat import Flat
from rag.index.store import CATALOG, Store, built_with, open_vectors, write_vectors
from rag.index.vectors import VectorStore
from rag.ingest.build import ingest
from rag.ingest.copies import file_of
from rag.settings import Settings
from rag.types import Article, Chunk, Filters

ENGINES = ("folder", "chroma", "milvus-file", "milvus-server")
DIMENSIONS = 16


class Server:
    """A server of vectors in a process of its own, which can be killed and started again at the same port."""

    def __init__(self, command: Callable[[int], list[str]], log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command, self._log = command(self.port), log
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()
        pytest.skip(f"{self._command[0]} does not start: {self._log.read_text(errors='replace')[-300:]}")

    def kill(self) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("chroma")
    server = Server(
        lambda port: [program("chroma"), "run", "--path", str(folder / "data"), "--port", str(port)], folder / "log"
    )
    yield server
    server.kill()


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("milvus_lite")
    folder = tmp_path_factory.mktemp("milvus")
    command = [program("milvus-lite"), "server", "--data-dir", str(folder / "data"), "--port"]
    server = Server(lambda port: [*command, str(port)], folder / "log")
    yield server
    server.kill()


def store_of(engine: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if engine == "chroma":
        return f"http://127.0.0.1:{request.getfixturevalue('chroma').port}"
    if engine == "milvus-server":
        return f"milvus:http://127.0.0.1:{request.getfixturevalue('milvus').port}"
    if engine == "milvus-file":
        pytest.importorskip("milvus_lite")
        return f"milvus:{folder}/vectors.db"
    return ""


@pytest.fixture(params=ENGINES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return Settings(index=tmp_path / "index", store=store_of(request.param, request, tmp_path))


def vector_of(name: str) -> np.ndarray:
    vector = np.random.default_rng(list(name.encode())).normal(size=DIMENSIONS).astype(np.float32)
    return vector / np.linalg.norm(vector)


def article_of(source: str, text: str, publisher: str | None = None, published: date | None = None) -> Article:
    return Article(source, source, source, publisher, published, None, text, (), source)


ARTICLES = (
    article_of("bridge", "The bridge over the Arun was opened.", 'The "Arun" \\ Post, it\'s', date(2021, 5, 3)),
    article_of("bakery", "The bakery of the Okafor family never closes.", "Kumasi Times", date(2022, 1, 9)),
    article_of("orchard", "Frost kills the blossom of the orchards.", None, None),
    article_of("ferry", "The ferries over the Arun were stopped.", "Kumasi Times", date(2023, 7, 1)),
)  # fmt: skip


def chunk_of(article: Article) -> Chunk:
    return Chunk(f"{article.source:_>32}", article.source, 0, len(article.text), article.title)


def publish(settings: Settings, articles: tuple[Article, ...], *, anew: bool = False, most: int = 2) -> int:
    """Make the index have these articles, each with one chunk; returns how many vectors were added."""
    settings.index.mkdir(exist_ok=True)
    kept = ""
    if (settings.index / CATALOG).exists() and not anew:
        with closing(Catalog(settings.index / CATALOG)) as catalog:
            kept = catalog.manifest["vectors"]
    with (
        closing(Draft(settings.index / CATALOG, built_with(settings), anew=anew)) as draft,
        closing(write_vectors(settings, kept)) as vectors,
    ):
        for article in articles:
            draft.put(article, file_of(article))
        for article in draft.uncut():
            draft.cut(article, [chunk_of(article)])
        draft.keep(article.source for article in articles)
        missing = vectors.missing(draft.unpublished_ids())
        for batch in draft.chunks_among(missing, most):
            chunks, whole = [chunk for chunk, _ in batch], [article for _, article in batch]
            vectors.add(chunks, np.array([vector_of(chunk.source) for chunk in chunks]), whole)
        kept = vectors.publish(draft.chunk_ids())
        draft.publish({**built_with(settings), "vectors": kept})
        vectors.tidy()
    return len(missing)


def opened(settings: Settings) -> VectorStore:
    with closing(Catalog(settings.index / CATALOG)) as catalog:
        return open_vectors(settings, catalog)


def ids_of(*sources: str) -> list[str]:
    return [f"{source:_>32}" for source in sources]


def test_what_was_added_is_found_by_its_true_cosine(settings: Settings) -> None:
    publish(settings, ARTICLES)
    asked = vector_of("asked")
    right = {chunk_of(article).id: float(vector_of(article.source) @ asked) for article in ARTICLES}
    with closing(opened(settings)) as vectors:
        found = vectors.nearest(asked, 10, Filters())
        assert found == pytest.approx(right, abs=1e-5)
        assert list(found) == sorted(right, key=lambda id: -right[id]), "best first"
        assert list(vectors.nearest(asked, 2, Filters())) == list(found)[:2]
        some = ids_of("bridge", "ferry")
        assert vectors.similarities(asked, [*some, "unknown"]) == pytest.approx(
            {id: right[id] for id in some}, abs=1e-5
        )
        assert vectors.similarities(asked, []) == vectors.similarities(asked, ["unknown"]) == {}
        assert vectors.ids() == right.keys()


def test_every_engine_finds_what_comparing_one_by_one_finds(settings: Settings) -> None:
    articles = tuple(article_of(f"article{number}", f"Article {number}.") for number in range(300))
    publish(settings, articles, most=100)
    vectors = np.array([vector_of(article.source) for article in articles])
    with closing(opened(settings)) as read:
        for asked in map(vector_of, ("first", "second", "third")):
            exact = sorted(
                zip((vectors @ asked).tolist(), map(chunk_of, articles), strict=True), key=lambda pair: -pair[0]
            )
            found = read.nearest(asked, 20, Filters())
            assert list(found) == [chunk.id for _, chunk in exact[:20]]
            assert list(found.values()) == pytest.approx([score for score, _ in exact[:20]], abs=1e-5)


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        (Filters(publishers=frozenset({"Kumasi Times"})), {"bakery", "ferry"}),
        (Filters(publishers=frozenset({'The "Arun" \\ Post, it\'s', "Unknown"})), {"bridge"}),
        (Filters(publishers=frozenset()), set()),
        (Filters(date_from=date(2022, 1, 9)), {"bakery", "ferry"}),
        (Filters(date_to=date(2022, 1, 9)), {"bridge", "bakery"}),
        (Filters(frozenset({"Kumasi Times"}), date(2022, 1, 1), date(2022, 12, 31)), {"bakery"}),
    ],
)
def test_filters(settings: Settings, filters: Filters, passing: set[str]) -> None:
    publish(settings, ARTICLES)
    with closing(opened(settings)) as vectors:
        assert vectors.nearest(vector_of("asked"), 10, filters).keys() == set(ids_of(*passing))


def test_vectors_come_out_as_they_went_in_with_what_filters_know(settings: Settings) -> None:
    publish(settings, ARTICLES)
    with closing(opened(settings)) as vectors:
        assert list(vectors.batches({"unknown"})) == list(vectors.batches(set())) == []
        held = Flat.joined(list(vectors.batches(set(ids_of("bridge", "orchard", "unknown")))))
    known = dict(zip(held.ids, held.known, strict=True))
    assert known == {
        ids_of("bridge")[0]: {"publisher": 'The "Arun" \\ Post, it\'s', "published": 20210503, "latest": 20210503},
        ids_of("orchard")[0]: {"publisher": ""},
    }
    for id, vector in zip(held.ids, held.vectors, strict=True):
        assert vector == pytest.approx(vector_of(id.strip("_")), abs=1e-6)


def test_a_state_that_is_read_stays_while_others_are_published(settings: Settings) -> None:
    publish(settings, ARTICLES)
    asked = vector_of("asked")
    with closing(Store(settings)) as store, store.snapshot() as old:
        before = old.nearest(asked, 10, Filters())
        assert publish(settings, ARTICLES[:2]) == 0
        assert publish(settings, (*ARTICLES[:2], article_of("whale", "A whale was found."))) == 1
        assert old.nearest(asked, 10, Filters()) == before
        assert old.similarities(asked, ids_of("ferry")) == pytest.approx(
            {ids_of("ferry")[0]: before[ids_of("ferry")[0]]}
        )
        assert store.nearest(asked, 10, Filters()).keys() == set(ids_of("bridge", "bakery", "whale"))
        assert len(store.nearest(asked, 3, Filters())) == 3, "those of other states do not count"


def test_what_no_state_needs_goes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(settings, ARTICLES)
    publish(settings, ARTICLES[:2])
    monkeypatch.setattr(engine_module, "GRACE", 0.0)
    publish(settings, ARTICLES[:2])
    if settings.store:
        with closing(opened(settings)) as vectors:
            assert vectors.ids() == set(ids_of("bridge", "bakery"))
        assert publish(settings, ARTICLES) == 2, "gone, so embedded again"


def test_an_interrupted_run_finds_its_own_vectors(settings: Settings) -> None:
    settings.index.mkdir()
    with closing(write_vectors(settings, "")) as vectors:
        some = ARTICLES[:3]
        vectors.add([chunk_of(each) for each in some], np.array([vector_of(each.source) for each in some]), some)
    assert publish(settings, ARTICLES) == 1
    with closing(opened(settings)) as read:
        assert read.ids() == {chunk_of(article).id for article in ARTICLES}


def test_an_index_that_is_built_anew_needs_nothing_of_the_old_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, ARTICLES)
    with closing(Store(settings)) as store, store.snapshot() as old:
        before = old.nearest(vector_of("asked"), 10, Filters())
        assert publish(settings, ARTICLES[1:], anew=True) == 3
        assert old.nearest(vector_of("asked"), 10, Filters()) == before
        assert len(store.nearest(vector_of("asked"), 10, Filters())) == 3
    monkeypatch.setattr(engine_module, "GRACE", 0.0)
    publish(settings, ARTICLES[1:])
    assert not list(settings.index.glob("vectors.*")), "no note is left of what would have to be removed"


def test_the_same_words_and_vectors_are_answered_alike(settings: Settings, articles: Path) -> None:
    from rag.pipeline import build_rag

    ingest([articles], settings)
    with closing(build_rag(settings)) as rag:
        answer = rag.answer("How long is the bridge over the Arun?")
        assert "412 metres" in answer.text and answer.passages[0].source == "bridge.txt"
        assert not rag.answer("Who won the chess tournament?").answered
        lean = rag.retriever.retrieve("bread since 1968", 1)
        assert [passage.source for passage in lean] == ["bakery.txt"]
    (articles / "orchard.md").unlink()
    assert ingest([], settings).embedded == 0
    with closing(build_rag(settings)) as rag:
        found = rag.retriever.retrieve("apricot blossom frost", 8)
        assert {passage.source for passage in found} == {"bridge.txt", "bakery.txt"}


def test_lost_vectors_are_said(settings: Settings) -> None:
    if not settings.store:
        pytest.skip("tests/security/test_disk.py has it for the folder")
    publish(settings, ARTICLES)
    with closing(write_vectors(settings, Catalog(settings.index / CATALOG).manifest["vectors"])) as vectors:
        vectors._collection.delete(ids_of("ferry"))  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match=r"3 vectors are left of the 4 .*--rebuild"):
        opened(settings)
    publish(settings, ARTICLES, anew=True)
    with closing(opened(settings)) as read:
        assert len(read.ids()) == 4


@pytest.mark.parametrize("store", ["http://127.0.0.1:9", "milvus:http://127.0.0.1:9"])
def test_an_engine_that_is_away_is_told_how_to_start(store: str, tmp_path: Path) -> None:
    if "milvus" in store:
        pytest.importorskip("pymilvus")
    with pytest.raises(StoreError, match=r"(?s)127.0.0.1:9 does not answer .*(chroma run|Milvus runs).*RAG_STORE"):
        publish(Settings(index=tmp_path / "index", store=store), ARTICLES)


def test_settings_that_name_another_engine_say_how_to_go_on(tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    publish(settings, ARTICLES)
    with pytest.raises(StoreError, match=r"vectors in that folder.* set RAG_STORE=folder, or move .*--from"):
        Store(replace_store(settings, "http://127.0.0.1:9"))


def replace_store(settings: Settings, store: str) -> Settings:
    return settings.model_copy(update={"store": store})


@pytest.mark.parametrize("store", ["ftp://example.org", "/some/folder", "http://", "milvus:http://me:secret@host:1"])
def test_a_store_is_an_address_of_a_known_kind(store: str) -> None:
    with pytest.raises(SettingsError, match="RAG_STORE"):
        Settings(store=store)
    assert Settings(store="folder").store == ""
