"""A question and a whole passage in word pieces, as the passage reader gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.models.encoders import TOKENIZER

QUESTION_PIECES, ABOUT_PIECES, PIECES = 64, 40, 384  # most word pieces of a question, of `about`, of all
_CLS, _SEP = 101, 102
_BEGINS = 1  # a piece that the base model never saw stands where a sentence begins
_REMEMBERED = 20_000  # sentences whose pieces are kept


@dataclass(frozen=True)
class Pair:
    """The word pieces of one question with one passage; `places` are where each sentence that fits lies among them.

    A place begins with the mark of its sentence; `offsets` are the characters of the pieces behind that.
    """

    pieces: Sequence[int]
    types: Sequence[int]
    places: Sequence[tuple[int, int]]
    offsets: Sequence[Sequence[tuple[int, int]]]


class Pairs:
    """Cuts questions and passages into word pieces, and remembers those of sentences."""

    def __init__(self, tokenizer: Path = TOKENIZER) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._known: dict[str, tuple[list[int], list[tuple[int, int]]]] = {}

    def pair(self, question: str, about: str, sentences: Sequence[str]) -> Pair:
        """[CLS] question [SEP] about, then the sentences, each behind its mark, [SEP]."""
        pieces = [_CLS, *self._pieces(question)[0][:QUESTION_PIECES], _SEP]
        types = [0] * len(pieces)
        pieces += self._pieces(about)[0][:ABOUT_PIECES]
        places, offsets = [], []
        for sentence in sentences:
            own, spans = self._pieces(sentence)
            room = PIECES - 2 - len(pieces)
            if room <= 0 or not own:
                break
            places.append((len(pieces), len(pieces) + 1 + len(own[:room])))
            offsets.append(spans[:room])
            pieces += [_BEGINS, *own[:room]]
        pieces.append(_SEP)
        return Pair(pieces, types + [1] * (len(pieces) - len(types)), places, offsets)

    def _pieces(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        known = self._known.get(text)
        if known is None:
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
            known = (encoding.ids, encoding.offsets)
            if len(self._known) > _REMEMBERED:
                self._known = {}
            self._known[text] = known
        return known


def inputs(pairs: Sequence[Pair]) -> Mapping[str, NDArray[np.int64] | NDArray[np.float32]]:
    """The network's inputs, padded: three of shape (pairs, pieces), and `sentence_mask`, (pairs, sentences, pieces)."""
    longest = max(len(pair.pieces) for pair in pairs)
    most = max(1, *(len(pair.places) for pair in pairs))
    ids, mask, types = (np.zeros((len(pairs), longest), dtype=np.int64) for _ in range(3))
    sentences = np.zeros((len(pairs), most, longest), dtype=np.float32)
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.pieces)] = pair.pieces
        mask[row, : len(pair.pieces)] = 1
        types[row, : len(pair.pieces)] = pair.types
        for number, (start, end) in enumerate(pair.places):
            sentences[row, number, start:end] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "sentence_mask": sentences}
