"""How questions of every kind are answered: `python -m eval.bench.asked FOLDER … [--only NAME] [--show] [--part dev]`.

Each folder has `articles` and, written without sight of the code, files of questions:

- collection.jsonl: right if one of each list of `must` is in the answer, and nothing of `must_not`.
- overview.jsonl, several.jsonl: a point is covered if a quotation from one of its `articles` has one of `any`; of
  several.jsonl all must be, and what stands in `unanswered` must be said to be so.
- dialogues.jsonl: a turn is right if its point is covered; typed, with the turns before as history, and as written out.
- differ.jsonl: whether the answer says that the articles differ, and where they do has every value.
- kinds.jsonl: the kind of each question.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.ingest.build import ingest
from rag.pipeline import RAG, build_rag
from rag.questions.kinds import kind_of
from rag.questions.parts import parts_of
from rag.settings import Settings
from rag.types import Answer

Line = Mapping[str, Any]
Judged = tuple[str, float, str]  # what is counted, 0 to 1, and what came instead


def main() -> int:
    """Print a row of figures for each file of each folder, and one for all together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--only", choices=JUDGES, help="one file of questions")
    parser.add_argument("--part", help="only lines with this `part`, or without any")
    parser.add_argument("--show", action="store_true", help="show what is not right")
    options = parser.parse_args()
    counts: dict[str, list[float]] = defaultdict(list)
    started = time.perf_counter()
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as index:
            settings = Settings(index=Path(index) / "index")
            ingest([folder / "articles"], settings)
            rag = build_rag(settings)
            for name, judge in JUDGES.items():
                path = folder / f"{name}.jsonl"
                if not path.exists() or options.only not in (None, name):
                    continue
                for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                    if line.get("part", options.part) != options.part:
                        continue
                    for what, score, instead in judge(rag, line):
                        counts[what].append(score)
                        if options.show and score < 1:
                            print(f"{folder.name} {what} {score:.2f}: {instead}\n")
            rag.close()
    print("| measure | n | mean |\n|---|---|---|")
    for what, scores in counts.items():
        print(f"| {what} | {len(scores)} | {sum(scores) / len(scores):.3f} |")
    print(f"\n{time.perf_counter() - started:.0f} s")
    return 0


def _collection(rag: RAG, line: Line) -> Iterator[Judged]:
    answer = rag.answer(line["question"])
    text = _plain(answer.text)
    lacks = [words for words in line["must"] if not _has_one(text, [words] if isinstance(words, str) else words)]
    yield "collection", float(not lacks and not _has_one(text, line.get("must_not", ()))), _told(line, answer, lacks)


def _points(rag: RAG, line: Line) -> Iterator[Judged]:
    answer = rag.answer(line["question"])
    lacks = [point["point"] for point in line["points"] if not _covers(answer, point)]
    share = 1 - len(lacks) / len(line["points"]) if line["points"] else 1.0
    wrong = _has_one(_plain(answer.text), line.get("must_not", ()))
    yield f"points: {line['kind']}", 0.0 if wrong else share, _told(line, answer, lacks)


def _several(rag: RAG, line: Line) -> Iterator[Judged]:
    answer = rag.answer(line["question"])
    lacks = [point["point"] for point in line["points"] if not _covers(answer, point)]
    said = {each.heading: each.markers for each in answer.statements}
    unsaid = [] if line.get("unanswered") is None or not all(said.values()) else ["one part has no answer"]
    right = not lacks and not unsaid and not _has_one(_plain(answer.text), line.get("must_not", ()))
    yield f"right: {line['kind']}", float(right), _told(line, answer, [*lacks, *unsaid])


def _dialogues(rag: RAG, line: Line) -> Iterator[Judged]:
    history: list[dict[str, str]] = []
    for number, turn in enumerate(line["turns"]):
        for how, question, earlier in (("typed", turn["question"], history), ("written out", turn["standalone"], [])):
            answer = rag.answer(question, history=earlier)
            if how == "typed":
                typed = answer
            lacks = [point["point"] for point in turn["points"] if not _covers(answer, point)]
            which = "first turns" if number == 0 else "follow-ups"
            yield f"{which}, {how}", float(not lacks), _told({"question": question}, answer, lacks)
        history += [{"role": "user", "content": turn["question"]}, {"role": "assistant", "content": typed.text}]


def _differ(rag: RAG, line: Line) -> Iterator[Judged]:
    answer = rag.answer(line["question"])
    says = bool(answer.conflicts)
    if line["differs"]:
        lacks = [value for value in line["values"] if not _has_one(_plain(answer.text), [value])]
        yield "differs: said, with all values", float(says and not lacks), _told(line, answer, lacks)
    else:
        yield "agrees: nothing said", float(not says), _told(line, answer, [])


def _kinds(_: RAG, line: Line) -> Iterator[Judged]:
    parts = parts_of(line["question"])
    kind = "talk" if not parts else "several" if len(parts) > 1 else str(kind_of(parts[0]))
    instead = f"{line['question']!r} is {line['kind']}, not {kind}"
    yield "kinds", float(kind == line["kind"]), instead
    if line["kind"] == "plain":
        yield "kinds: plain ones", float(kind == "plain"), instead


JUDGES: Mapping[str, Callable[[RAG, Line], Iterator[Judged]]] = {
    "kinds": _kinds,
    "collection": _collection,
    "overview": _points,
    "several": _several,
    "dialogues": _dialogues,
    "differ": _differ,
}


def _covers(answer: Answer, point: Line) -> bool:
    files = set(point["articles"])
    quoted = [each.quote for each in answer.citations if Path(each.source).name in files or _copied(each, files)]
    return any(_has_one(_plain(quote), point["any"]) for quote in quoted)


def _copied(citation: Any, files: set[str]) -> bool:
    return any(Path(copy).name in files for copy in citation.republished_in)


def _has_one(text: str, words: Sequence[str]) -> bool:
    return any(_plain(each) in text for each in words)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("’", "'").replace("“", '"').replace("”", '"')).lower()


def _told(line: Line, answer: Answer, lacks: Sequence[object]) -> str:
    return f"[{answer.kind}] {line['question']}\n  lacks {lacks}\n  {answer.text}"


if __name__ == "__main__":
    sys.exit(main())
