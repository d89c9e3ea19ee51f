"""What each optional part of the question path is worth: `python -m eval.bench.ablate [--public] [--parts NAME …]`.

Each part is switched off in turn, with all weights as they are, and every question is asked again of the same open
index. Asked are the report parts of the seed questions and of the news, with --public also a sample of public
questions that nothing is fitted on; besides, a part is measured on what it is made for: slips, pairs of articles that
differ, time expressions, follow-ups, planted instructions, questions in other languages. Printed is a row a part and
set: how many results changed, how many of those became right without the part (won) or wrong (lost), the processor time
it takes a question once all vectors are known, and the lines of Python that only it needs. The ids of what was won and
lost are in build/ablate.json, which is written as it goes.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

import numpy as np

import eval.bench.dates
import eval.bench.instructions
from eval.bench.conflict_pairs import Pair, read_pairs
from eval.bench.conflicts import FIRST, PAIRS, SECOND, sample
from eval.bench.news import collections, indexed
from eval.bench.slips import SEED, with_slip
from eval.benchmarks import service
from eval.cache import Attempt
from eval.data import EvalQuestion, read_questions
from eval.judge import Relevance, judge
from eval.public import DATA, HELD_BACK, PublicSet, in_half, read_qed, read_squad
from rag.followup.condense import condense
from rag.ingest import instructions as rag_instructions
from rag.ingest.build import SEEDS, Progress
from rag.ingest.progress import ProgressBar
from rag.models.encoders import MULTILINGUAL_EMBEDDING_MODEL, OnnxReranker, Vectors
from rag.news import conflicts as rag_conflicts
from rag.news.period import Period
from rag.pipeline import RAG
from rag.read.reader import ExtractiveReader, Rows, in_reading_order
from rag.read.signals import Candidate
from rag.search.spelling import Spelling
from rag.settings import DEFAULT_EMBEDDING_MODEL, Settings
from rag.types import Article, Passage, Span

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "ablate.json"
REPORT, PUBLIC = "report", "public"
PUBLIC_EVERY = 8  # of the public questions
HASTY_EVERY = 3  # of the report questions
SAVED_EVERY = 10  # tasks
FOUND_AT = 4  # passages in which a follow-up's evidence must be


@dataclass(frozen=True)
class Part:
    """A part that can be switched off.

    `off` names attributes and what stands there instead; `targets` are the sets, besides the report questions, that it
    is measured on. `modules` are those that nothing but this part would import, `code` names of others it alone needs.
    """

    name: str
    off: Mapping[str, object]
    targets: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    on_report: bool = True

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """The service without this part, until the block ends.

        Raises:
            AttributeError: a name of `off` is no more: somebody moved it.
        """
        with ExitStack() as stack:
            for name, instead in self.off.items():
                stack.enter_context(patch(name, instead))
            yield

    def is_measured_on(self, name: str) -> bool:
        """Whether a set is asked without this part."""
        return name in self.targets or (self.on_report and name in (REPORT, PUBLIC))


def _nothing(*_: object, **__: object) -> None:
    return None


def _no(*_: object, **__: object) -> bool:
    return False


def _none(*_: object, **__: object) -> tuple[()]:
    return ()


def _no_scores(*_: object, **__: object) -> dict[str, float]:
    return {}


def _only_of_the_time(period: Period, passages: Sequence[Passage], top_k: int) -> list[Passage]:
    """A time as a filter: passages of another time are left out, unless there are no others."""
    asks_latest = period._asks_latest
    of_time = [each for each in passages if asks_latest or period._is_of(each.text, each)]
    return (of_time or list(passages))[:top_k]


def _best_alone(candidates: Sequence[Candidate], scores: Rows, margin: float, most: int) -> tuple[Span, ...]:
    return in_reading_order(candidates, scores, margin, 1)


PARTS = (
    Part(
        "harms",
        {
            "rag.news.conflicts.harms_named": lambda text: frozenset(),
            "rag.news.figures._harm": lambda *_: set(),
        },
        ("conflicts",),
        (),
        ("rag.news.figures._harm",),
    ),
    Part("period", {"rag.pipeline.asked_period": _nothing}, (), ("rag.news.period",)),
    Part(
        "period, as a filter instead",
        {
            "rag.news.period.Period.prefer": _only_of_the_time,
            "rag.news.period.Period.in_order": lambda self, reading: reading,
        },
    ),
    Part(
        "follow-ups read with the question before",
        {"rag.pipeline.contexts": lambda question, history: []},
        ("follow-ups",),
        ("rag.followup.condense",),
    ),
    Part(
        "spelling",
        {"rag.pipeline.spell": lambda question, passages: Spelling(question), "rag.pipeline.other_spellings": _none},
        ("slips", "lower case"),
        ("rag.search.spelling",),
    ),
    Part(
        "capitals of names",
        {"rag.search.spelling._with_capitals": lambda question, passages: question},
        ("lower case",),
        (),
        ("rag.search.spelling._with_capitals",),
    ),
    Part(
        "lists",
        {
            "rag.read.reader.asks_for_list": _no,
            "rag.read.reader._with_lists": lambda spans, best, question: tuple(spans),
        },
        (),
        ("rag.read.lists",),
        ("rag.read.reader._with_lists", "rag.read.reader._whole_list"),
    ),
    Part(
        "the sentence before a pronoun",
        {"rag.cite.quotes.leans": _no, "rag.read.reader.leans": _no},
        (),
        (),
        ("rag.text.sentences.leans", "rag.cite.quotes._readable_from", "rag.text.sentences._PRONOUN"),
    ),
    Part("a second sentence", {"rag.read.reader.in_reading_order": _best_alone}, (), (), ("rag.read.reader._shown",)),
    Part(
        "imprint lines are no answers", {"rag.read.reader._is_imprint": _no}, (), (), ("rag.read.reader._is_imprint",)
    ),
    Part(
        "sources that differ",
        {"rag.news.conflicts.differences": _none},
        ("conflicts",),
        ("rag.news.conflicts", "rag.news.figures", "rag.cite.remark"),
    ),
    Part(
        "speakers",
        {"rag.cite.quotes._speaker": _nothing, "rag.read.signals.turn_at": _nothing},
        (),
        ("rag.text.speaker",),
        ("rag.cite.quotes._speaker",),
    ),
    Part(
        "tense",
        {"rag.text.tense.Sentence._tense_of_verbs": lambda self, match: 0},
        ("dates",),
        (),
        (
            "rag.text.tense._VERB",
            "rag.text.tense._FUTURE",
            "rag.text.tense._UNDECIDED",
            "rag.text.tense._PAST",
            "rag.text.tense._SIGN",
            "rag.text.tense._TENSES",
            "rag.text.tense.Sentence._tense_of_verbs",
        ),
    ),
    Part(
        "days of the quotes' times",
        {"rag.cite.quotes.resolve_by": _none, "eval.bench.dates.resolve": _none},
        ("dates",),
        (),
    ),
    Part("kinds of thing asked for", {"rag.read.signals._KINDS": ()}, (), (), ("rag.read.signals._KINDS",)),
    Part("short names in full", {"rag.text.words._SHORT_NAMES": ()}, (), (), ("rag.text.words._SHORT_NAMES",)),
    Part(
        "cross-encoder",
        {
            "rag.models.encoders.OnnxReranker.score": lambda self, question, texts: np.zeros(
                len(texts), dtype=np.float32
            )
        },
        (),
        (),
        ("rag.models.encoders.OnnxReranker",),
    ),
    Part(
        "search by words",
        {"rag.index.store.Index.lexical": _no_scores},
        ("follow-ups",),
        (),
        ("rag.search.retrieve.lexical_terms",),
        False,
    ),
    Part(
        "search by meaning",
        {"rag.index.store.Index.nearest": _no_scores, "rag.index.store.Index.similarities": _no_scores},
        ("follow-ups",),
        ("rag.index.vectors",),
        (),
        False,
    ),
    Part(
        "reader of other languages",
        {
            "rag.read.reader.ReaderByLanguage.read": lambda self, question, passages: self._english.read(
                question, passages
            )
        },
        ("languages",),
        (),
        ("rag.read.reader.ReaderByLanguage",),
        on_report=False,
    ),
    Part(
        "instructions are flagged",
        {"rag.ingest.instructions.find_instructions": _none},
        ("instructions",),
        ("rag.ingest.instructions",),
        on_report=False,
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What came of a task: what is shown, whether that is right, and what is said beside it."""

    shown: object
    right: bool
    notes: object = ()


@dataclass(frozen=True)
class Task:
    """Something of a set that has a right outcome; it can be run again and again."""

    set: str
    id: str
    run: Callable[[], Outcome]


@dataclass
class Row:
    """What a part changes in a set; `milliseconds` of the processor are those that it takes a task on average."""

    part: str
    set: str
    lines: int
    asked: int = 0
    right: int = 0
    changed: int = 0
    notes_changed: int = 0
    won: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, task: Task, whole: Outcome, without: Outcome, seconds: float) -> None:
        """Count a task that was run with and without the part; `seconds` is the difference."""
        self.asked += 1
        self.right += whole.right
        self.changed += whole.shown != without.shown
        self.notes_changed += whole.shown == without.shown and whole.notes != without.notes
        if whole.right != without.right:
            (self.lost if whole.right else self.won).append(task.id)
        self.seconds += seconds

    @property
    def milliseconds(self) -> float:
        """Of the processor, that the part takes a task."""
        return 1000 * self.seconds / self.asked


class Remembering:
    """The cross-encoder, which takes nearly all the time of a question, reads each pair once.

    A pair that it has read costs, in `seconds_of`, what one took on average.
    """

    def __init__(self) -> None:
        self._score = OnnxReranker.score
        self._known: dict[tuple[str, str], float] = {}
        self._seconds, self._read, self._asked = 0.0, 0, 0

    def score(self, encoder: OnnxReranker, question: str, texts: Sequence[str]) -> Vectors:
        """What the cross-encoder gives."""
        known = self._known
        if new := [text for text in dict.fromkeys(texts) if (question, text) not in known]:
            start = time.process_time()
            known |= zip(((question, text) for text in new), self._score(encoder, question, new), strict=True)
            self._seconds += time.process_time() - start
            self._read += len(new)
        self._asked += len(texts)
        return np.array([known[question, text] for text in texts], dtype=np.float32)

    def timed(self, task: Task) -> tuple[Outcome, float]:
        """What comes of a task, and the seconds of the processor that it takes."""
        start, read, asked = time.process_time(), self._seconds, self._asked
        outcome = task.run()
        others = time.process_time() - start - (self._seconds - read)
        return outcome, others + (self._asked - asked) * (self._seconds / self._read if self._read else 0.0)


class Watch:
    """Whether a part did anything in a run, and the seconds of the processor that it took."""

    def __init__(self, part: Part) -> None:
        self.matters = not all(callable(instead) for instead in part.off.values())
        self.seconds = 0.0
        self._part = part
        self._inside = False

    def start(self, stack: ExitStack) -> None:
        """Until the stack is closed, compare what each of its functions gives with what would stand there instead."""
        for name, instead in self._part.off.items():
            if callable(instead):
                stack.enter_context(patch(name, self._watched(resolve_name(name), instead)))

    def _watched(self, real: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            outermost, self._inside = not self._inside, True
            start = time.process_time()
            try:
                found = real(*given, **named)
            finally:
                self._inside = not outermost
            self.seconds += outermost * (time.process_time() - start)
            self.matters = self.matters or not np.array_equal(found, instead(*given, **named))
            return found

        return watched


def measure(tasks: Iterator[Task], parts: Sequence[Part], rows: dict[tuple[str, str], Row]) -> None:
    """Run every task as it is, and without each part that its set is for.

    Where all functions of a part give what would stand there instead, nothing can differ, and it is not run again.
    """
    remembering = Remembering()
    with patch("rag.models.encoders.OnnxReranker.score", lambda *given: remembering.score(*given)):
        for number, task in enumerate(tasks, start=1):
            watches = [(part, Watch(part)) for part in parts if part.is_measured_on(task.set)]
            task.run()  # so that vectors and stems are known to all that is timed
            with ExitStack() as stack:
                for _, watch in watches:
                    watch.start(stack)
                whole = task.run()
            _, seconds = remembering.timed(task) if any(watch.matters for _, watch in watches) else (whole, 0.0)
            for part, watch in watches:
                without, taken = whole, watch.seconds
                if watch.matters:
                    with part.switched_off():
                        without, less = remembering.timed(task)
                    taken = seconds - less
                key = (part.name, task.set)
                if key not in rows:
                    rows[key] = Row(part.name, task.set, lines_of(part))
                rows[key].add(task, whole, without, taken)
            if not number % SAVED_EVERY:
                save(rows)
    save(rows)


# ------------------------------------------------------------------------------------- what is asked


def questions_of(rag: RAG, name: str, questions: Sequence[EvalQuestion]) -> Iterator[Task]:
    """Right is what is rightly refused, or answered with the right words from the right article."""
    relevance = Relevance(rag.store)

    def ask(question: EvalQuestion) -> Outcome:
        answer = rag.answer(question.question, history=question.messages)
        scores = judge(question, Attempt(answer, (), None), relevance, rag).scores
        right = bool(scores["cited"] if question.answerable else scores["right"])
        return Outcome((answer.answered, answer.text), right, answer.notes)

    for question in questions:
        yield Task(name, question.id, lambda question=question: ask(question))  # type: ignore[misc]


def written(progress: Progress) -> Iterator[Task]:
    """The report questions in English on the seeds and the news."""
    for rag, questions in _opened(progress):
        yield from questions_of(rag, REPORT, questions)


def hasty(progress: Progress) -> Iterator[Task]:
    """Some of them again with a slip, and in lower case."""
    chance = random.Random(SEED)
    for rag, questions in _opened(progress):
        some = [question for question in questions if not question.history][::HASTY_EVERY]
        slips = [(question, with_slip(question.question, chance)) for question in some]
        slipped = [question.model_copy(update={"question": wrong}) for question, wrong in slips if wrong]
        yield from questions_of(rag, "slips", slipped)
        lower = [question.model_copy(update={"question": question.question.lower()}) for question in some]
        yield from questions_of(rag, "lower case", lower)


def _opened(progress: Progress) -> Iterator[tuple[RAG, list[EvalQuestion]]]:
    """Each collection with its report questions in English."""
    sets = [(SEEDS, read_questions(split="report"))]
    sets += [(folder, read_questions(folder / "questions.jsonl")) for folder in collections("report")]
    for folder, questions in sets:
        named = [each.model_copy(update={"id": f"{folder.name} {each.id}"}) for each in questions]
        with indexed(folder, Settings(), progress) as rag:
            yield rag, [question for question in named if question.language == "en"]


def languages(progress: Progress) -> Iterator[Task]:
    """The report questions on the seeds in other languages, asked of an index of the multilingual model."""
    if importlib.util.find_spec(MULTILINGUAL_EMBEDDING_MODEL) is None:
        return
    questions = [question for question in read_questions(split="report") if question.language != "en"]
    with indexed(SEEDS, Settings(embedding_model=MULTILINGUAL_EMBEDDING_MODEL), progress) as rag:
        yield from questions_of(rag, "languages", questions)


def public(progress: Progress) -> Iterator[Task]:
    """A sample of the public questions on articles that nothing is fitted on."""
    for collection in (
        read_squad(DATA / "squad2_dev10" / "dev10.json"),
        read_squad(DATA / "xquad" / "xquad.en.json"),
        read_qed(DATA / "qed" / "qed-dev.jsonlines"),
    ):
        articles = [article for article in collection.articles if in_half(article.title, HELD_BACK)]
        with service(articles, Settings(), None, progress) as rag:
            yield from questions_of(rag, PUBLIC, _as_questions(collection, articles))


def _as_questions(collection: PublicSet, articles: Sequence[Article]) -> list[EvalQuestion]:
    texts = {article.source: article.text for article in articles}
    asked = [each for each in collection.questions if each.source in texts and any(map(str.isalnum, each.question))]
    return [
        EvalQuestion(
            id=f"{collection.name} {number}",
            question=each.question,
            answers=tuple(dict.fromkeys(texts[each.source][start:end] for start, end in each.answers)),
            sources=frozenset([each.source] if each.answers else []),
            answerable=bool(each.answers),
        )
        for number, each in list(enumerate(asked))[::PUBLIC_EVERY]
    ]


def conflicts(progress: Progress) -> Iterator[Task]:
    """Pairs of articles that agree or differ; right is what is said of them."""
    reader = ExtractiveReader.with_model(DEFAULT_EMBEDDING_MODEL)

    def differ(pair: Pair) -> Outcome:
        passages = [
            Passage(name, text, name, pair.title, None, None, 0, len(text), score)
            for name, text, score in ((FIRST, pair.first, 1.0), (SECOND, pair.second, 0.95))
        ]
        reading = reader.read(pair.question, passages)
        found = rag_conflicts.differences(pair.question, reading) if reading.answers else ()
        values = [each.value.text for each in found]
        return Outcome(values, bool(values) == pair.differs)

    for number, pair in enumerate(sample(read_pairs(DATA, HELD_BACK), PAIRS)):
        yield Task("conflicts", f"{number} {pair.kind}", lambda pair=pair: differ(pair))  # type: ignore[misc]


def dates(progress: Progress) -> Iterator[Task]:
    """Sentences with time expressions; right are those of which all are resolved, and rightly."""

    def resolved(raw: dict[str, Any]) -> Outcome:
        judged = eval.bench.dates.judge(raw["text"], date.fromisoformat(raw["day"]), raw["expected"])
        return Outcome(judged, not judged.wrong and not judged.missed)

    for line in eval.bench.dates.SENTENCES.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        if raw["split"] == "report":
            yield Task("dates", raw["text"], lambda raw=raw: resolved(raw))  # type: ignore[misc]


def follow_ups(progress: Progress) -> Iterator[Task]:
    """Turns of people's dialogues (MTRAG); right is where one of the turn's passages is among the first found."""
    lines = (DATA / "mtrag_un" / "reference.jsonl").read_text(encoding="utf-8").splitlines()
    turns = [turn for turn in map(json.loads, lines) if turn["contexts"]]
    texts = dict.fromkeys(context["text"].strip() for turn in turns for context in turn["contexts"])
    sources = {text: str(number) for number, text in enumerate(texts)}
    articles = [Article(name, "", "", None, None, None, text, (), name) for text, name in sources.items()]
    roles = {"user": "user", "agent": "assistant"}
    with service(articles, Settings(), None, progress) as rag:

        def find(turn: dict[str, Any]) -> Outcome:
            *earlier, last = turn["input"]
            history = [{"role": roles[message["speaker"]], "content": message["text"]} for message in earlier]
            found = [each.source for each in rag.retriever.retrieve(condense(last["text"], history), FOUND_AT)]
            wanted = {sources[context["text"].strip()] for context in turn["contexts"]}
            return Outcome(found, not wanted.isdisjoint(found))

        for turn in turns:
            if len(turn["input"]) > 1:
                yield Task("follow-ups", turn["task_id"], lambda turn=turn: find(turn))  # type: ignore[misc]


def instructions(progress: Progress) -> Iterator[Task]:
    """Texts with a planted instruction and without; right is whether they are flagged."""

    def flagged(text: str, planted: bool) -> Outcome:
        found = bool(rag_instructions.find_instructions(text))
        return Outcome(found, found == planted)

    for planted, items in (
        (True, eval.bench.instructions.attacks(DATA)),
        (False, eval.bench.instructions.innocent(DATA)),
    ):
        for number, (kind, half, text) in enumerate(items):
            if half == eval.bench.instructions.HALVES.index("report"):
                run = lambda text=text, planted=planted: flagged(text, planted)  # noqa: E731
                yield Task("instructions", f"{number} {kind}", run)


SETS = (written, conflicts, dates, follow_ups, languages, instructions, hasty)


# ------------------------------------------------------------------------------------- lines of Python


def lines_of(part: Part) -> int:
    """Lines of Python that only this part needs: its code, its modules, and what else nothing but these imports."""
    modules = {module: path for folder in ("rag", "ui") for module, path in _modules(folder)}
    arrows = {module: _imports(path, modules.keys()) for module, path in modules.items()}
    gone = _reached(arrows, set()) - _reached(arrows, set(part.modules))
    whole = sum(len(modules[module].read_text(encoding="utf-8").splitlines()) for module in gone)
    others = [name for name in part.code if not any(name.startswith(f"{module}.") for module in gone)]
    return whole + sum(_lines_of_name(name, modules) for name in others)


def _modules(folder: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name.removesuffix(".__init__"), path


def _imports(path: Path, known: Mapping[str, Path] | Any) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(known)


def _reached(arrows: Mapping[str, set[str]], without: set[str]) -> set[str]:
    """What the others still import once some modules are gone: all but those that only the gone ones imported."""
    imported = {target for targets in arrows.values() for target in targets}
    waiting = [module for module in arrows if module not in imported and module not in without]
    reached: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in reached and module not in without:
            reached.add(module)
            waiting += arrows[module]
    return reached


def _lines_of_name(name: str, modules: Mapping[str, Path]) -> int:
    """Lines of a function, class, method or constant."""
    module = max((each for each in modules if name.startswith(f"{each}.")), key=len)
    node: Any = ast.parse(modules[module].read_text(encoding="utf-8"))
    for step in name.removeprefix(f"{module}.").split("."):
        node = next(child for child in node.body if step in _names(child))
    return int(node.end_lineno - node.lineno + 1)


def _names(node: Any) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {getattr(node, "name", ""), *(target.id for target in targets if isinstance(target, ast.Name))}


# ------------------------------------------------------------------------------------- what is printed


def save(rows: Mapping[tuple[str, str], Row]) -> None:
    """Keep the rows in RESULTS."""
    RESULTS.parent.mkdir(exist_ok=True)
    kept = [{**asdict(row), "milliseconds": row.milliseconds} for row in rows.values()]
    RESULTS.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table(rows: Mapping[tuple[str, str], Row]) -> str:
    """The rows in Markdown, those of a part together."""
    order = [part.name for part in PARTS]
    lines = ["| part | asked of | n | right with it | changed | notes only | won without | lost without | ms | lines |"]
    lines.append("|---|---|---|---|---|---|---|---|---|---|")
    for row in sorted(rows.values(), key=lambda row: order.index(row.part)):
        lines.append(
            f"| {row.part} | {row.set} | {row.asked} | {row.right} | {row.changed} | {row.notes_changed} | "
            f"{len(row.won)} | {len(row.lost)} | {row.milliseconds:.1f} | {row.lines} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and keep the rows."""
    parser = argparse.ArgumentParser(description="What each optional part of the question path is worth.")
    parser.add_argument("--public", action="store_true", help="also ask public questions, of ../shared/data")
    parser.add_argument("--parts", nargs="+", choices=[part.name for part in PARTS], metavar="NAME")
    parser.add_argument("--sets", nargs="+", choices=[each.__name__ for each in SETS], metavar="NAME")
    options = parser.parse_args(arguments)
    parts = [part for part in PARTS if not options.parts or part.name in options.parts]
    sets = [each for each in SETS if not options.sets or each.__name__ in options.sets]
    rows: dict[tuple[str, str], Row] = {}
    with ProgressBar() as progress:
        for each in [*sets, *([public] if options.public else [])]:
            measure(each(progress), parts, rows)
    print(table(rows))


if __name__ == "__main__":
    main()
