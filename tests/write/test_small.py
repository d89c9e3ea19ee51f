"""A small model in this process, here a script, is held to near quotations."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

import rag.write.small
from rag import RAG, Answer
from rag.cite.support import nearly_quoted
from rag.models.chat import ChatModel
from rag.models.tokens import count_tokens
from rag.pipeline import NOT_FOUND, REPLACED
from rag.write.writer import LOOSE
from tests.conftest import ROOT
from tests.write.test_write import CONTAINERS, OFF_TOPIC, TRUE, Scripted, cited_text

STATEMENTS = ROOT / "eval" / "bench" / "statements.jsonl"
BYTES = 7
IN_OTHER_WORDS = "In the first year of operation the port will have handled at least 1 million containers."


class Small(Scripted):
    """A script with the size of a model in this process."""

    bytes: int = BYTES


@pytest.fixture
def small(seeds_rag: RAG) -> Callable[..., tuple[Small, Answer]]:
    """Ask a question of a service whose model writes `text`."""

    def asked(text: str, question: str = CONTAINERS) -> tuple[Small, Answer]:
        service = RAG(seeds_rag.settings, seeds_rag.store, seeds_rag.retriever, seeds_rag.reader)
        model = Small(script=[text], asked=[], given=[])
        service._models["scripted:model"] = ChatModel(
            "scripted:model", model, 4000, count_tokens, threading.BoundedSemaphore(1), local=True
        )
        return model, service.answer(question, model="scripted:model")

    return asked


@pytest.mark.parametrize("text", [TRUE, "At least 1 million containers will be handled by the port in the first year."])
def test_what_a_small_model_nearly_quotes_is_shown(small: Any, text: str) -> None:
    _, answer = small(f"{text} [1]")
    assert answer.text == f"{text} [1]" and answer.notes == ()


def test_other_words_of_a_small_model_are_replaced(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, answer = small(f"{IN_OTHER_WORDS} [1]")
    assert answer.notes == (REPLACED,) and "1 million containers" in cited_text(answer)
    _, answer = small(f"{TRUE} [1] {IN_OTHER_WORDS} [1]")
    assert [(each.supported, each.reason) for each in answer.sentences] == [(True, ""), (False, LOOSE)]
    monkeypatch.setattr(rag.write.small, "SMALL", BYTES)
    assert small(f"{IN_OTHER_WORDS} [1]")[1].text == f"{IN_OTHER_WORDS} [1]", "a larger one may use its own"


def test_a_quotation_beside_the_question_is_replaced(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = "Peru is interested in exploring new forms of cooperation under the BRI."
    _, answer = small(f"{beside} [1]")
    assert answer.notes == (REPLACED,) and "1 million containers" in cited_text(answer)
    monkeypatch.setattr(rag.write.small, "CONSIDERED", 99)
    assert small(f"{beside} [1]")[1].text == f"{beside} [1]"


def test_of_what_small_models_wrote_near_quotations_hold() -> None:
    rows = [json.loads(line) for line in STATEMENTS.read_text(encoding="utf-8").splitlines()]
    kept = [row["holds"] for row in rows if nearly_quoted(row["sentence"], row["quotes"])]
    assert len(kept) > 10 and all(kept), "all of them pass the test of the words; a quarter of them do not hold"
    assert sum(not row["holds"] for row in rows) > 20


def test_what_the_reader_refuses_it_is_not_asked(small: Any) -> None:
    model, answer = small(f"{TRUE} [1]", OFF_TOPIC)
    assert not answer.answered and model.asked == []


def test_its_abstention_is_not_followed(small: Any) -> None:
    _, answer = small("The articles do not say.")
    assert answer.answered and answer.notes == (NOT_FOUND,)
