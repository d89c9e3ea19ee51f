"""Questions of the collection: what narrows and what is asked go together; what no article is about is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.ingest.build import ingest
from rag.models.encoders import encoder, profile
from rag.pipeline import RAG, build_rag
from rag.questions.asking import Asking
from rag.questions.collection import collection
from rag.settings import Settings
from rag.types import Answer, Filters

ARTICLES = {
    "ferry.txt": (
        "Ferry to Skarn runs again\nBy Ida Marlow\nFenland Post, 12 June 2024\n\n"
        "The ferry to Skarn sails again after nine weeks, its operator said on Wednesday.\n\n"
        "Mayor Greta Holm welcomed the first passengers. “We missed it,” Holm said. The ferry costs 6 million crowns."
    ),
    "bees.txt": (
        "Beekeepers report record harvest\nBy Hugo Lind\nFenland Post, 27 June 2024\n\n"
        "The beekeepers of Tidewell harvested 41 tonnes of honey this spring, their association said on Thursday.\n\n"
        "Ada Brill, who leads it, thanked Greta Holm for the lime trees. Her words were few and they were kind ones."
    ),
    "school.txt": (
        "School gets a planetarium\nBy Ida Marlow\nThe Tidewell Chronicle, 3 September 2024\n\n"
        "The school of Ely Cross opened a planetarium with 60 seats on Tuesday.\n\n"
        "Headmaster Otto Frane paid for the dome, and the town of San Marco sent Francisco Petri to open it."
    ),
    "strike.txt": (
        "Dockers walk out over job losses\nTidewell Chronicle\n\n"
        "The dockers of Tidewell stopped work on a Monday because 40 of them are to lose their jobs.\n\n"
        "They were laid off without a word, they say. The port did not answer."
    ),
}


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Answer | None]]:
    folder = tmp_path_factory.mktemp("collection")
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = Settings(index=folder / "index")
    ingest([folder / name for name in ARTICLES], settings)
    rag = build_rag(settings)
    yield lambda question, filters=None: collection(_asking(rag, filters or Filters()), question)
    rag.close()


def _asking(rag: RAG, filters: Filters) -> Asking:
    model = rag.settings.embedding_model
    return Asking(
        rag.store,
        rag.retriever,
        rag.reader,
        filters,
        6,
        "extractive",
        encoder(model, "document").encode,
        rag.answer,
        profile(model).alike,
    )


def sources(answer: Answer | None) -> list[str]:
    assert answer
    return [Path(source).name for entry in answer.entries for source in entry.sources]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many articles are there?", "4 articles."),
        ("how many did the Fenland Post publish", "2 articles of Fenland Post"),
        ("Who wrote the article about the planetarium?", "by Ida Marlow"),
        ("by whom is “Beekeepers report record harvest”?", "by Hugo Lind"),
        ("Which newspaper reported on the beekeepers?", "of Fenland Post"),
        ("When was the ferry article published?", "of 12 June 2024"),
        ("From when to when do they reach?", "From 12 June 2024 to 3 September 2024; 1 article without a date."),
        ("who is named most often?", "Greta Holm is named in most articles, 2:"),
        ("Is there anything about football?", "No article mentions “football”."),
        ("anything by Jane Doe?", "No article is by Jane Doe."),
        ("Which articles mention San Francisco?", "No article mentions “San Francisco”."),
        ("What was published after 2024?", "No article is from after 2024."),
    ],
)
def test_what_is_said(ask: Callable[..., Answer | None], question: str, said: str) -> None:
    answer = ask(question)
    assert answer and said in answer.text


@pytest.mark.parametrize(
    ("question", "listed"),
    [
        ("Which articles are from June 2024?", ["bees.txt", "ferry.txt"]),
        ("what came out before 20 june 2024", ["ferry.txt"]),
        ("Which pieces by Ida Marlow came out in June?", ["ferry.txt"]),
        ("list what Ida Marlow wrote", ["school.txt", "ferry.txt"]),
        ("everything from the Tidewell Chronicle please", ["school.txt", "strike.txt"]),
        ("does the Post have anything on honey?", ["bees.txt"]),
        ("which articles mention Greta Holm", ["bees.txt", "ferry.txt"]),
        ("newest article?", ["school.txt"]),
        ("I have a long train ride. Which text is the shortest?", ["strike.txt"]),
        ("are there any with no date on them", ["strike.txt"]),
        ("Some of these don't seem to have a byline. Which?", ["strike.txt"]),
        ("Who is mentioned in the article about the ferry?", ["ferry.txt"]),
        ("which journalists are there more than once", ["school.txt", "ferry.txt"]),
        ("is there something about layoffs?", ["strike.txt"]),
        ("which articel has the lime trees in it", ["bees.txt"]),
    ],
)
def test_what_is_listed(ask: Callable[..., Answer | None], question: str, listed: list[str]) -> None:
    assert sources(ask(question)) == listed


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote the letter to the mayor?",
        "How many articles of the treaty were changed?",
        "Which cities come up in the collection?",
        "Which articles are not from the Fenland Post?",
        "Who wrote it?",
    ],
)
def test_other_questions_are_plain_ones(ask: Callable[..., Answer | None], question: str) -> None:
    assert ask(question) is None


def test_filters_hold(ask: Callable[..., Answer | None]) -> None:
    answer = ask("How many articles are there?", Filters(frozenset({"Fenland Post"})))
    assert answer and answer.text == "2 articles."
    assert answer.notes == ("Only articles of Fenland Post were searched.",)
