"""A small model in this process, here a script: heard for what it was measured to be worth, held to near quotations."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

import rag.write.verdict
from eval.data import read_questions
from eval.fit.verdicts import Case, fit
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


class Judging(Scripted):
    """A script that also says how likely a yes is, as a model in this process does."""

    bytes: int = BYTES
    yes: float = 0.99
    heard: list[str] = []  # noqa: RUF012 (pydantic copies it)

    def chance(self, messages: list[tuple[str, str]]) -> float:
        self.heard.append(messages[-1][1])
        return self.yes


@pytest.fixture
def judging(seeds_rag: RAG, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Judging, Answer]]:
    """Ask a question of a service whose model writes `text`, with a line in verdicts.json as given."""

    def asked(text: str, question: str = CONTAINERS, *, worth: dict[str, float] | None = None, **said: float) -> Any:
        line = {"weight": 1.0, "threshold": 0.0} | (worth or {})
        monkeypatch.setattr(rag.write.verdict, "_verdicts", lambda: {str(BYTES): line})
        service = RAG(seeds_rag.settings, seeds_rag.store, seeds_rag.retriever, seeds_rag.reader)
        model = Judging(script=[text], asked=[], given=[], heard=[], **said)
        service._models["scripted:model"] = ChatModel(
            "scripted:model", model, 4000, count_tokens, threading.BoundedSemaphore(1), local=True
        )
        return model, service.answer(question, model="scripted:model")

    return asked


@pytest.mark.parametrize("text", [TRUE, "At least 1 million containers will be handled by the port in the first year."])
def test_what_a_small_model_nearly_quotes_is_shown(judging: Any, text: str) -> None:
    model, answer = judging(f"{text} [1]")
    assert answer.text == f"{text} [1]" and answer.notes == ()
    assert len(model.heard) == 1 and CONTAINERS in model.heard[0] and "1 million containers" in model.heard[0]


def test_other_words_of_a_small_model_are_replaced(judging: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, answer = judging(f"{IN_OTHER_WORDS} [1]")
    assert answer.notes == (REPLACED,) and "1 million containers" in cited_text(answer)
    _, answer = judging(f"{TRUE} [1] {IN_OTHER_WORDS} [1]")
    assert [(each.supported, each.reason) for each in answer.sentences] == [(True, ""), (False, LOOSE)]
    monkeypatch.setattr(rag.write.verdict, "SMALL", BYTES)
    assert judging(f"{IN_OTHER_WORDS} [1]")[1].text == f"{IN_OTHER_WORDS} [1]", "a larger one may use its own"


def test_a_quotation_beside_the_question_is_replaced(judging: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = "Peru is interested in exploring new forms of cooperation under the BRI."
    _, answer = judging(f"{beside} [1]")
    assert answer.notes == (REPLACED,) and "1 million containers" in cited_text(answer)
    monkeypatch.setattr(rag.write.verdict, "CONSIDERED", 99)
    assert judging(f"{beside} [1]")[1].text == f"{beside} [1]"


def test_of_what_small_models_wrote_near_quotations_hold() -> None:
    rows = [json.loads(line) for line in STATEMENTS.read_text(encoding="utf-8").splitlines()]
    kept = [row["holds"] for row in rows if nearly_quoted(row["sentence"], row["quotes"])]
    assert len(kept) > 10 and all(kept), "all of them pass the test of the words; a quarter of them do not hold"
    assert sum(not row["holds"] for row in rows) > 20


def test_evidence_that_it_denies_is_refused_before_it_writes(judging: Any) -> None:
    model, answer = judging(f"{TRUE} [1]", yes=0.01)
    assert not answer.answered and answer.closest and model.asked == []
    assert answer.tokens_in >= count_tokens(model.heard[0]) and answer.tokens_out == 1


def test_evidence_that_it_affirms_may_be_weaker_than_the_reader_asks_for(judging: Any, seeds_rag: RAG) -> None:
    question = "What do fishermen sell?"
    assert not seeds_rag.answer(question).answered
    model, answer = judging("The articles do not say.", question, worth={"threshold": -3.0}, yes=0.999)
    assert len(model.heard) == 1 and answer.answered and answer.notes == (NOT_FOUND,)


@pytest.mark.parametrize("worth", [{"threshold": 9.0}, {"weight": 0.0}])
def test_what_no_word_of_it_could_make_enough_is_not_asked(judging: Any, worth: dict[str, float]) -> None:
    model, answer = judging(f"{TRUE} [1]", OFF_TOPIC, worth=worth)
    assert not answer.answered and model.heard == [] == model.asked


@pytest.mark.parametrize(("word", "worth"), [((0.9, 0.1), True), ((0.1, 0.9), False), ((0.5, 0.5), False)])
def test_a_word_that_refuses_no_more_than_the_reader_has_no_weight(word: tuple[float, float], *, worth: bool) -> None:
    asked = [each for each in read_questions() if each.kind in ("fact", "near-miss")]
    heard = [
        Case(question, True, 0.3 + number % 5 / 10, word[not question.answerable], question.answerable)
        for number, question in enumerate(asked)
    ]
    verdict = fit(heard)
    assert bool(verdict.weight) is worth
    kept = [case for case in heard if verdict.score(case.confidence, case.said) >= verdict.threshold]
    assert not worth or {case.question.kind for case in kept} == {"fact"}
    assert not worth or len(kept) == sum(case.right for case in heard)


@pytest.mark.parametrize(("more", "worth"), [(4, False), (5, True)])  # one-sided p .0625 and .03125
def test_a_word_that_refuses_more_by_chance_only_has_no_weight(more: int, *, worth: bool) -> None:
    facts, near = ([each for each in read_questions() if each.kind == kind] for kind in ("fact", "near-miss"))
    heard = [Case(question, True, 0.5, 0.9, right=True) for question in facts]
    heard += [Case(question, True, 0.5, 0.1 if n < more else 0.9, right=False) for n, question in enumerate(near)]
    assert bool(fit(heard).weight) is worth
