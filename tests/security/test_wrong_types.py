"""Whatever a caller hands in is answered or refused with our own error, never with Python's."""

from __future__ import annotations

import datetime
import math
from collections import UserDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag import RAG, Answer, RAGError, Settings, ask
from rag.desk.feedback import read, record
from rag.errors import QuestionError, SettingsError
from rag.followup.condense import LONGEST_ANSWER, LONGEST_QUESTION, messages
from rag.inputs import check_model, check_top_k, parse_filters
from rag.types import Statement

QUESTION = "How many containers will Chancay handle in its first year?"


class Hostile:
    """An object whose every method fails."""

    def fail(self, *_: object, **__: object) -> Any:
        raise ZeroDivisionError("hostile")

    __repr__ = __str__ = __bool__ = __len__ = __iter__ = __getitem__ = __eq__ = __index__ = __int__ = fail
    __hash__ = object.__hash__


class HostileMapping(Mapping[str, Any]):
    """A mapping that cannot be read."""

    __getitem__ = __iter__ = __len__ = __repr__ = Hostile.fail  # type: ignore[assignment]


VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 10**9, 10**5000, -(10**5000), 1.5, math.nan, math.inf, "", " ", "\0", "\ud800", "a\nb",
    "2024-11-14", "2024-02-31", "x" * 100_000, b"bytes", bytearray(b"x"), Hostile(), [Hostile()], {"role": Hostile()},
    object(), object, len, Path("x"), np.int64(5), np.float32(2), np.bool_(True), np.array([1, 2]), np.array([]),
    MappingProxyType({"publisher": "Nobody"}), HostileMapping(), [HostileMapping()], UserDict({"role": "user"}),
    datetime.datetime(2024, 1, 1), datetime.date(2024, 1, 1), datetime.time(1), {1, 2}, frozenset({"a"}), range(3),
    [], {}, (), [None], [[[[]]]], {"publisher": [1]}, {"publisher": {"a": 1}}, {"publisher": ["Nobody"] * 100_000},
    {"publisher": [str(n) for n in range(100_000)]}, {"publisher": "x" * 10**6}, {"publisher": "\ud800\0"},
    {"publisher": [Hostile()]}, {"date_from": datetime.datetime(2024, 1, 1)}, {"date_to": Hostile()}, {Hostile(): 1},
    {1: 2, "b": 3}, {"date_from": 10**5000}, {"date_from": "2025-01-01", "date_to": "2024-01-01"},
    {"date_from": "0001-01-01"}, {"date_to": "9999-12-31"}, {"date_from": np.datetime64("2024-01-01")},
    [{"role": "user", "content": Hostile()}], [{"role": "user", "content": [Hostile(), 1]}], [{"role": ["user"]}],
    [{"role": "user", "content": {"text": 7}}], [{"role": "user", "content": [{"text": None}]}],
    [{"role": "user", "content": "\ud800\0 When?"}], [{"role": "user", "content": "When?"}] * 10_000,
    [{"role": np.array(["user", "user"]), "content": ""}], [{"role": "user", "content": b"When?"}],
    "llamacpp:\0", "llamacpp:a\nb", "openai:a\0b", "nobody:model", "llamacpp:", "llamacpp:/dev/zero", ":", "x" * 10**6,
]  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=9)
    | st.sampled_from(["user", "assistant", "system", "text", "publisher", "date_from", "2024-11-14", "Reuters"])
    | st.dates() | st.datetimes() | st.decimals() | st.uuids(),
    lambda inner: st.lists(inner, max_size=4)
    | st.tuples(inner, inner)
    | st.dictionaries(st.sampled_from(["role", "content", "type", "text", "publisher", "date_from", 1]), inner)
    | st.sets(st.text(max_size=3), max_size=3),
    max_leaves=8,
)  # fmt: skip
ANYTHING = st.sampled_from(VALUES) | PLAIN
NAMES = ("question", "history", "filters", "top_k", "model")


def outcome(call: Callable[[], object]) -> object:
    """What a call returns, or our error, which is one line of bounded length."""
    try:
        return call()
    except RAGError as error:
        assert str(error) and "\n" not in str(error)
        assert len(str(error)) < 25_000
        return error


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(handed=st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=2))
def test_anything_is_answered_or_refused(seeds_rag: RAG, handed: dict[str, Any]) -> None:
    arguments = {"question": QUESTION, **handed}
    answered = outcome(lambda: seeds_rag.answer(**arguments))
    assert isinstance(answered, Answer | RAGError)
    if isinstance(answered, Answer):
        outcome(lambda: list(seeds_rag.stream(**arguments)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_value_of_the_list_in_each_place(seeds_rag: RAG, name: str) -> None:
    for value in VALUES:
        arguments = {"question": QUESTION, name: value}
        answered = outcome(lambda arguments=arguments: seeds_rag.answer(**arguments))
        assert isinstance(answered, Answer | RAGError)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["question", "history", "filters"])
def test_ask_is_no_softer(seeds_index: Path, name: str) -> None:
    for value in (7, Hostile(), [Hostile()], "\0"):
        arguments = {"question": QUESTION, name: value, "settings": Settings(index=seeds_index)}
        assert isinstance(outcome(lambda arguments=arguments: ask(**arguments)), RAGError)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=ANYTHING, filters=ANYTHING, top_k=ANYTHING, model=ANYTHING)
@example(history=[{"role": "user", "content": "a\ud83d"}], filters={}, top_k=1, model="extractive")
def test_arguments_by_themselves(tmp_path: Path, history: Any, filters: Any, top_k: Any, model: Any) -> None:
    said = outcome(lambda: list(messages(history)))
    outcome(lambda: parse_filters(filters))
    number = outcome(lambda: check_top_k(top_k, 8))
    assert isinstance(number, QuestionError) or (type(number) is int and 1 <= number <= 100)
    name = outcome(lambda: check_model(model, "extractive"))
    assert isinstance(name, SettingsError) or (isinstance(name, str) and name.isprintable())
    path = tmp_path / "feedback.jsonl"
    path.unlink(missing_ok=True)
    answer = Answer("Q?", (Statement("A.", (), ()),), 0.9, (), (), "extractive")
    rated = outcome(lambda: record(path, answer, history, True))
    assert isinstance(rated, RAGError) == isinstance(said, RAGError)
    assert rated is not None or read(path)


@pytest.mark.parametrize("top_k", [0, -1, 101, 10**9, True, 2.0, "8", [8], np.int64(8), math.nan])
def test_top_k_is_a_whole_number_in_its_range(top_k: Any) -> None:
    with pytest.raises(QuestionError, match=r"top_k cannot be .*; give a whole number from 1 to 100"):
        check_top_k(top_k, 8)


def test_a_history_is_looked_at_so_far() -> None:
    history = [{"role": "user", "content": "q" * 10**6}, {"role": "assistant", "content": "a" * 10**6}] * 1000
    found = list(messages(history))
    assert len(found) == 60
    assert {(role, len(text)) for role, text in found} == {("user", LONGEST_QUESTION), ("assistant", LONGEST_ANSWER)}


@pytest.mark.slow
def test_publishers_that_nobody_is_are_refused_soon(seeds_rag: RAG) -> None:
    filters = {"publisher": ["ab" * 4999]}
    refused = outcome(lambda: seeds_rag.answer(QUESTION, filters=filters))
    assert isinstance(refused, QuestionError)
