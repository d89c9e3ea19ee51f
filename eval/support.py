"""How often the support judge of rag/cite.py is wrong: `python -m eval.support [DATA]`.

DATA (default ../shared/data) holds mtrag_un/reference.jsonl: questions with passages and an answer that people
wrote or edited from them (MTRAG, Katsis et al. 2025). A sentence of such an answer is taken as supported by its
passages; it is not by the passages of another question, nor once a figure, a name or its "not" is exchanged.
The answers were not checked sentence by sentence, so a part of the first kind is truly unsupported and the
share of wrongly refused sentences is an upper bound. Conversations fall into two halves by their id.
"""

from __future__ import annotations

import json
import random
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.public import data_folder
from rag.cite import unsupported
from rag.sentences import sentence_spans

RESULT = Path(__file__).parent / "support.json"
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


def measure(path: Path, half: int) -> dict[str, dict[str, float]]:
    """By kind: how many sentences, and the share that the judge calls supported."""
    counts: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for kind, sentence, passages in pairs(path, half):
        counts[kind] += 1
        accepted[kind] += unsupported(sentence, passages) is None
    return {kind: {"n": n, "accepted": round(accepted[kind] / n, 3)} for kind, n in counts.items()}


def _swap(sentence: str, match: re.Match[str], other: str) -> str:
    return sentence[: match.start()] + other + sentence[match.end() :]


def main(arguments: Sequence[str]) -> int:
    """Print both halves; the second one's figures go to eval/support.json, which `rag eval` shows."""
    path = data_folder(arguments) / "mtrag_un" / "reference.jsonl"
    for half, name in enumerate(("tuning half", "other half")):
        figures = measure(path, half)
        print(name, *(f"{kind}: {row['accepted']:.0%} of {row['n']}" for kind, row in figures.items()), sep="\n  ")
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
