"""How often the support judge of rag/cite/support.py is wrong: `python -m eval.bench.support [DATA]`.

Two sets of sentences with the words they cite. support_pairs.jsonl, beside this file, was written by hand by people who
had not seen the judge: quotes in the manner of news, sentences that say the same in other words, and sentences with
one thing changed. A quote's sentences are in one split; the judge was made on `tune`.

DATA (default ../shared/data) holds mtrag_un/reference.jsonl: questions with passages and an answer that people
wrote or edited from them (MTRAG, Katsis et al. 2025). A sentence of such an answer is taken as supported by its
passages; it is not by the passages of another question, nor once a figure, a name or its "not" is exchanged.
The answers were not checked sentence by sentence, so a part of the first kind is truly unsupported and the
share of wrongly refused sentences is an upper bound. Sentences of the passages themselves are "verbatim".
Conversations fall into two halves by their id; the first one is for tuning.
"""

from __future__ import annotations

import json
import random
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scipy.stats import binomtest

from eval.public import data_folder
from rag.cite.support import unsupported
from rag.text.sentences import sentence_spans

WRITTEN = Path(__file__).parent / "support_pairs.jsonl"
RESULT = Path(__file__).parents[1] / "support.json"
_FIGURE = re.compile(r"\b\d+\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_VERB = re.compile(r"\b(is|are|was|were|can|will|should|must|has been|have been)\b(?! not)")
Pair = tuple[str, str, Sequence[str]]  # kind, sentence, passages


def pairs(path: Path, half: int) -> Iterator[Pair]:
    """Labelled sentences of one half; every kind but "supported" is to be refused."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["answerability"] == ["ANSWERABLE"] and row["contexts"]]
    rows = [row for row in rows if zlib.crc32(row["conversation_id"].encode()) % 2 == half]
    names = sorted({name for row in rows for context in row["contexts"] for name in _NAME.findall(context["text"])})
    for number, row in enumerate(rows):
        chance = random.Random(number)
        passages = [context["text"] for context in row["contexts"]]
        foreign = [context["text"] for context in rows[(number + len(rows) // 2) % len(rows)]["contexts"]]
        answer = row["targets"][0]["text"]
        own = passages[0]
        yield from (("verbatim", own[start:end], passages) for start, end in sentence_spans(own)[:3])
        for start, end in sentence_spans(answer):
            sentence = answer[start:end]
            if len(sentence.split()) < 5 or sentence.endswith(("?", ":")):
                continue
            yield "supported", sentence, passages
            yield "other passages", sentence, foreign
            if match := _FIGURE.search(sentence):
                yield (
                    "figure changed",
                    _swap(sentence, match, str(int(match.group()) + chance.choice((1, 3, 7)))),
                    passages,
                )
            if match := _NAME.search(sentence):
                yield "name changed", _swap(sentence, match, chance.choice(names)), passages
            if match := _VERB.search(sentence):
                yield "not added", _swap(sentence, match, f"{match.group()} not"), passages


def written_pairs(split: str) -> Iterator[Pair]:
    """The pairs written by hand, of one split."""
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == split:
            yield row["kind"], row["claim"], [row["quote"]]


def measure(sentences: Iterable[Pair]) -> dict[str, dict[str, float]]:
    """By kind: how many sentences, and the share that the judge calls supported, with its 95% Wilson interval."""
    counts: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for kind, sentence, passages in sentences:
        counts[kind] += 1
        accepted[kind] += unsupported(sentence, passages) is None
    found = {}
    for kind, n in counts.items():
        interval = binomtest(accepted[kind], n).proportion_ci(method="wilson")
        found[kind] = {"n": n, "accepted": round(accepted[kind] / n, 3), "low": round(interval.low, 3),
                       "high": round(interval.high, 3)}  # fmt: skip
    return found


def _swap(sentence: str, match: re.Match[str], other: str) -> str:
    return sentence[: match.start()] + other + sentence[match.end() :]


def main(arguments: Sequence[str]) -> int:
    """Print both parts of both sets; the second ones' figures go to eval/support.json, which `rag eval` shows."""
    path = data_folder(arguments) / "mtrag_un" / "reference.jsonl"
    for half, split in enumerate(("tune", "report")):
        figures = {"written by hand": measure(written_pairs(split)), "MTRAG": measure(pairs(path, half))}
        for name, kinds in figures.items():
            print(f"{name}, {split}: share that the judge calls supported")
            for kind, row in kinds.items():
                print(f"  {kind:<16}{row['n']:>5}  {row['accepted']:.3f} ({row['low']:.3f}–{row['high']:.3f})")
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
