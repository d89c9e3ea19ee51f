"""The two encoders of the default model agree, and asking loads neither torch nor gradio."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag.errors import SettingsError
from rag.models.encoders import checked, cross_encoder, passage_encoder, question_encoder
from tests.conftest import ROOT, SEEDS

MODEL = "all-MiniLM-L6-v2"


def sentences() -> list[str]:
    lines = [line for path in SEEDS.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    long = [line for line in lines if len(line) > 80][:40]
    return [*long, "Port?", "¿Cuándo abre el puerto?", "港口何时开放？"]


def test_question_and_passage_encoder_give_the_same_vectors() -> None:
    texts = sentences()
    light, full = question_encoder(MODEL).encode(texts), passage_encoder(MODEL).encode(texts)
    assert light.shape == full.shape == (len(texts), 384)
    assert np.allclose(np.linalg.norm(light, axis=1), 1, atol=1e-5)
    assert (light * full).sum(axis=1).min() > 0.99


def test_batches_do_not_change_vectors() -> None:
    texts = sentences()
    encoder = question_encoder(MODEL)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    # int8 activations are scaled a batch at a time, so equality is near, not exact
    assert (alone * encoder.encode(texts)).sum(axis=1).min() > 0.98


def test_both_count_the_same_tokens() -> None:
    for text in sentences():
        assert question_encoder(MODEL).count_tokens(text) == passage_encoder(MODEL).count_tokens(text)


def test_the_cross_encoder_prefers_the_sentence_that_answers() -> None:
    sentences = [
        "Bread is sold again in Kumasi. [SEP] Bakers' strike ends | ",
        "The city paid 40 million euros for the line. [SEP] Tram line nine reopens | It had been closed since 1962.",
        "Mayor Lena Ortiz drove the first tram herself. [SEP] Tram line nine reopens | Trams run to the harbour again.",
    ]
    encoder = cross_encoder()
    for question, best in (("How much did the city pay for the tram line?", 1), ("Who drove the first tram?", 2)):
        scores = encoder.score(question, sentences)
        assert scores.shape == (3,) and scores.argmax() == best
        alone = [encoder.score(question, [text])[0] for text in sentences]
        assert scores == pytest.approx(alone, abs=1e-3), "a score does not depend on its company"
    assert encoder.score("Who?", []).shape == (0,)
    assert np.isfinite(encoder.score("who " * 3000, ["word " * 3000])).all()


def test_an_unknown_model_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match="RAG_EMBEDDING_MODEL"):
        question_encoder("no/such-model")


def test_weights_that_are_not_those_that_were_measured_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.onnx"
    weights.write_bytes(b"other weights")
    with pytest.raises(SettingsError, match=r"model\.onnx is not the file that was measured .* --force-reinstall"):
        checked(weights)


def test_asking_imports_no_heavy_library(seeds_index) -> None:
    program = (
        "import sys; from rag import ask, Settings; from pathlib import Path\n"
        f"answer = ask('Where is the port?', settings=Settings(index=Path({str(seeds_index)!r})))\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gradio', 'sklearn', 'scipy', 'trafilatura'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr
