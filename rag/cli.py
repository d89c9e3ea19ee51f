"""The command `rag`: what its options mean, and what each command does."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rag.errors import RAGError, require
from rag.terminal import Parser, answer_lines, article_line, passage_lines
from rag.text.characters import plain, plain_json

if TYPE_CHECKING:
    from rag.ingest.build import IngestReport, Progress
    from rag.pipeline import RAG
    from rag.settings import Settings
    from rag.types import Answer, Filters

STATUS_BAD_INPUT = 2
MOST_NOTES = 20  # lines on files that were read by a guess or with losses


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 (eval below its baseline), 2 (bad input), 130 (interrupted)."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 gets a question mark, not a traceback
    options, unknown = build_parser().parse_known_args(arguments)
    if unknown:  # said by the command itself, with its own usage
        options.parser.refuse(unknown)
    try:
        _warn_of_misspelled_settings()
        status = int(options.run(options))
        sys.stdout.flush()  # here, where what is in the way can still be said
        return status
    except RAGError as error:
        print(plain(f"rag: {error}"), file=sys.stderr)
        return STATUS_BAD_INPUT
    except KeyboardInterrupt:
        print("rag: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as head, has had enough
        _mute()
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"rag: no space is left to write {error.filename or 'the output'}; make some and repeat", file=sys.stderr)
        _mute()
        return STATUS_BAD_INPUT


def _mute() -> None:
    """Let what is still to be printed go nowhere, so that Python does not fail on it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Version(argparse.Action):
    """Looks the version up when it is asked for, and never else: a clone need not be installed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"rag-news {version('rag-news')}")
        parser.exit()


def _warn_of_misspelled_settings() -> None:
    from rag.settings import misspelled

    for name, meant in misspelled(os.environ):
        print(f"rag: {name} is no setting and was ignored; did you mean {meant}?", file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; docs/cli.md is written from it."""
    from rag.ingest.load import SUFFIXES

    parser = Parser(
        prog="rag",
        description="Ask a collection of news articles and get answers in their own words, with citations.",
        epilog="Every setting is also an environment variable (RAG_INDEX, RAG_TOP_K, …); see docs/operations.md. "
        "Exit status: 0 done (an abstention too), 1 evaluation below its baseline, 2 bad input.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    index = _command(commands, "index", _index, "make the index equal a set of files")
    index.add_argument(
        "paths", nargs="*", type=_path_or_address, metavar="PATHS",
        help=f"files and folders of articles ({', '.join(SUFFIXES)}); without any, those of the last time; "
        "and pages to add, as https://…",
    )  # fmt: skip
    index.add_argument("--rebuild", action="store_true", help="start anew, as after damage or other settings")
    index.add_argument("--strict", action="store_true", help="change nothing where a file cannot be read")
    index.add_argument("--skip-bad", action="store_true", help=argparse.SUPPRESS)  # what it does without --strict
    index.add_argument(
        "--watch", action="store_true",
        help="then follow the files, and index what changes until Ctrl-C; leaves out what cannot be read",
    )  # fmt: skip
    index.add_argument(
        "--from", type=_path, dest="other", metavar="DIR",
        help="instead take over the index in DIR, wherever its vectors are, into --index and RAG_STORE; embeds nothing",
    )  # fmt: skip

    ask = _command(commands, "ask", _ask, "answer one question, or with - each line of the standard input")
    ask.add_argument(
        "question", metavar="QUESTION", nargs="+",
        help="the question, best in quotation marks; - to ask one a line, each as a follow-up, until Ctrl-D",
    )  # fmt: skip
    ask.add_argument("--model", help="what writes the answer, see docs/models.md (default: RAG_MODEL)")
    ask.add_argument("--json", action="store_true", help="print the whole answer as JSON and nothing else")
    ask.add_argument("--passages", action="store_true", help="with --json: also the passages that were read for it")
    _add_filters(ask)

    articles = _command(commands, "list", _list, "list the articles, newest first")
    articles.add_argument("--json", action="store_true", help="print them as JSON")
    _add_filters(articles)

    search = _command(commands, "search", _search, "show the passages that are nearest to a query, with their scores")
    search.add_argument("query", metavar="QUERY", nargs="+", help="words or a question")
    search.add_argument("--top-k", type=int, metavar="N", help="how many passages (default: RAG_TOP_K)")
    search.add_argument("--json", action="store_true", help="print them as JSON")
    _add_filters(search)

    chat = _command(commands, "chat", _chat, "serve the chat in the browser")
    chat.add_argument("--model", help="what writes the answers, see docs/models.md (default: RAG_MODEL)")
    chat.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    chat.add_argument("--port", type=int, default=7860, help="port to listen on (default: %(default)s)")
    access = chat.add_mutually_exclusive_group()
    access.add_argument("--auth", metavar="USER:PASSWORD", help="ask visitors for this name and password")
    access.add_argument("--auth-file", type=_path, metavar="FILE", help="the same, one USER:PASSWORD a line of FILE")
    chat.add_argument(
        "--share", action="store_true",
        help="let others reach it through a public address that Gradio's makers lend; needs the network",
    )  # fmt: skip

    _add_eval(_command(commands, "eval", _eval, "ask questions with known answers and measure what comes back"))

    doctor = _command(commands, "doctor", _doctor, "show what is installed and what is in the index")
    what = doctor.add_mutually_exclusive_group()
    what.add_argument("--cleaning", action="store_true", help="show what was removed from which article, and why")
    what.add_argument("--repair", action="store_true", help="mend the index, from the files that it was made of")

    _command(commands, "collections", _collections, "list the collections, with the number of their articles")

    for name, run, summary, replaces in (
        ("export", _export, "write the index, and what was added in the chat, into one file", "a file of that name"),
        ("import", _import, "make the index the one in a file of `rag export`", "an index that is there"),
    ):
        backup = _command(commands, name, run, summary)
        backup.add_argument("file", type=_path, metavar="FILE", help="the file")
        backup.add_argument("--replace", action="store_true", help=f"replace {replaces}")
    return parser


def _add_filters(command: argparse.ArgumentParser) -> None:
    command.add_argument("--publisher", action="append", help="only articles of this publisher; may be repeated")
    command.add_argument("--from", dest="date_from", metavar="DATE", help="only articles of this day (ISO) or later")
    command.add_argument("--to", dest="date_to", metavar="DATE", help="only articles of this day (ISO) or earlier")


def _add_eval(evaluate: argparse.ArgumentParser) -> None:
    add = evaluate.add_argument
    add("--questions", type=_path, metavar="FILE", help="questions as JSON lines (default: those on the five seeds)")
    add(
        "--split", choices=("tune", "report", "all"), default="report",
        help="which part of the questions to ask (default: %(default)s)",
    )  # fmt: skip
    add("--model", help="what writes the answers (default: RAG_MODEL)")
    add("--report", type=_path, metavar="FILE", help="write a page to read, in one HTML file")
    add("--json", type=_path, metavar="FILE", help="write everything, for programs and for `rag eval compare`")
    add("--no-cache", action="store_true", help="ask every question anew")
    baselines = evaluate.add_mutually_exclusive_group()
    baselines.add_argument(
        "--baseline", type=_path, metavar="FILE", help="exit with 1 where a measure is below this by more than noise"
    )
    baselines.add_argument(
        "--update-baseline", type=_path, metavar="FILE", help="show the difference to this, then write it anew"
    )
    sets = evaluate.add_mutually_exclusive_group()
    sets.add_argument(
        "--beir", type=_path, metavar="DIR", help="retrieval on a set in BEIR's form instead (--index keeps its index)"
    )
    sets.add_argument(
        "--squad",
        type=_path,
        metavar="FILE",
        help="retrieval and answers on a set in SQuAD's form (SQuAD, XQuAD) instead",
    )
    sets.add_argument(
        "--from-feedback", nargs="?", type=_path, const="-", metavar="FILE",
        help="ask nothing: make questions of the chat's thumbs up and down, print them or write them to a new file",
    )  # fmt: skip
    actions = evaluate.add_subparsers(title="or", metavar="compare")
    compare = actions.add_parser(
        "compare", help="how two runs differ: rag eval compare A.json B.json",
        description="Paired differences of two runs over the same questions, and those that changed sides.",
    )  # fmt: skip
    compare.add_argument("first", type=_path, metavar="A.json", help="a file of `rag eval --json`, or a baseline")
    compare.add_argument("second", type=_path, metavar="B.json", help="the one to compare with it")
    compare.set_defaults(run=_compare)


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    command.add_argument(
        "--index", type=_path, metavar="DIR", dest="index_folder",
        help="folder of the index (default: RAG_INDEX, else a folder of the user's data)",
    )  # fmt: skip
    command.add_argument("--collection", metavar="NAME", help="one of several collections (default: RAG_COLLECTION)")
    command.set_defaults(run=run, parser=command)
    return command


def _path(given: str) -> Path:
    if not given:  # else it would be the folder where the command runs
        raise argparse.ArgumentTypeError("an empty path; name a file or a folder")
    return Path(given)


def _path_or_address(given: str) -> Path | str:
    return given if given.lower().startswith(("http://", "https://")) else _path(given)


def _settings(options: argparse.Namespace) -> Any:
    from rag.settings import Settings

    given = {
        "index": options.index_folder,
        "collection": options.collection,
        "model": getattr(options, "model", None),
    }
    return Settings(**{name: value for name, value in given.items() if value})


def _index(options: argparse.Namespace) -> int:
    from rag.ingest.build import ingest
    from rag.ingest.progress import ProgressBar

    settings = _settings(options)
    paths = [path for path in options.paths if isinstance(path, Path)]
    if options.other:
        if options.paths or options.rebuild or options.watch:
            options.parser.error("--from takes over an index as it is; index files in a run of its own")
        from rag.desk.backup import move

        return _copied(settings.store or settings.index, lambda progress: move(options.other, settings, progress))
    with ProgressBar() as progress, TemporaryDirectory() as folder:
        pages = _pages([each for each in options.paths if isinstance(each, str)], Path(folder), settings, progress)
        report = ingest(paths, settings, rebuild=options.rebuild, strict=options.strict, added=pages, progress=progress)
    _say_indexed(report, settings)
    return _watch(settings) if options.watch else 0


def _pages(addresses: Sequence[str], folder: Path, settings: Settings, progress: Progress) -> dict[str, Path]:
    if not addresses:
        return {}
    from rag.ingest.web import fetched

    return fetched(addresses, folder, int(settings.max_file_mb * 1_000_000), progress)


def _collections(options: argparse.Namespace) -> int:
    from rag.desk.collections import collections
    from rag.desk.doctor import counted

    found = collections(_settings(options))
    for each in found:
        print(plain(f"{each.name or '(no name)'}: {each.error or counted(each.articles, 'article')}"))
    if not found:
        print("none yet; `rag index PATHS --collection NAME` builds one")
    return 0


def _export(options: argparse.Namespace) -> int:
    from rag.desk.backup import export

    settings = _settings(options)
    return _copied(options.file, lambda progress: export(options.file, settings, options.replace, progress))


def _import(options: argparse.Namespace) -> int:
    from rag.desk.backup import import_

    settings = _settings(options)
    return _copied(settings.index, lambda progress: import_(options.file, settings, options.replace, progress))


def _copied(place: object, copy: Callable[[Progress], int]) -> int:
    from rag.desk.doctor import counted
    from rag.ingest.progress import ProgressBar

    with ProgressBar() as progress:
        chunks = copy(progress)
    print(plain(f"{counted(chunks, 'chunk')} in {place}, none embedded again"))
    return 0


def _watch(settings: Settings) -> int:
    from rag.desk.watch import watch

    print(f"following the files of {settings.index}; Ctrl-C ends", flush=True)
    try:
        for done in watch(settings):
            if isinstance(done, RAGError):
                print(plain(f"rag: {done}"), file=sys.stderr, flush=True)
            else:
                _say_indexed(done, settings)
    except KeyboardInterrupt:
        print("\nno longer following; what was indexed stays")
    return 0


def _say_indexed(report: IngestReport, settings: Settings) -> None:
    from rag.desk.doctor import counted

    for line in report.skipped:
        print(plain(f"skipped: {line}"), file=sys.stderr)
    for line in report.notes[:MOST_NOTES]:
        print(plain(f"note: {line}"), file=sys.stderr)
    if len(report.notes) > MOST_NOTES:
        print(f"note: and {len(report.notes) - MOST_NOTES:,} more such lines; see `rag doctor`", file=sys.stderr)
    copies = f" and {report.copies} republished" if report.copies else ""
    print(
        f"{counted(report.articles, 'article')}{copies}, {counted(report.chunks, 'chunk')} in {settings.index} "
        f"({report.added} added, {report.changed} changed, {report.removed} removed, {report.seconds:.1f} s)",
        flush=True,
    )
    if report.instructed:
        holding = "1 article holds" if report.instructed == 1 else f"{report.instructed} articles hold"
        print(f"{holding} what looks like an instruction to a language model; see `rag doctor`", file=sys.stderr)


def _filters(options: argparse.Namespace) -> Filters:
    from rag.inputs import parse_filters

    return parse_filters(_given_filters(options))


def _given_filters(options: argparse.Namespace) -> dict[str, Any]:
    given = {"publisher": options.publisher, "date_from": options.date_from, "date_to": options.date_to}
    return {key: value for key, value in given.items() if value is not None}


def _question(words: Sequence[str], settings: Settings) -> str:
    from rag.inputs import check_question

    return check_question(" ".join(words), settings.max_question_characters)


def _ask(options: argparse.Namespace) -> int:
    settings = _settings(options)
    _filters(options)  # what cannot be asked is refused before anything is loaded
    if options.passages and not options.json:
        options.parser.error("--passages goes with --json; `rag search` shows passages to read")
    session = options.question == ["-"]
    question = "" if session else _question(options.question, settings)
    from rag.pipeline import build_rag

    with build_rag(settings) as rag:
        if session:
            return _ask_on(rag, options)
        _show(rag.answer(question, filters=_given_filters(options)), options, indent=2)
    return 0


def _ask_on(rag: RAG, options: argparse.Namespace) -> int:
    """Answer one question a line until the input ends; a question that cannot be answered does not end it."""
    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    if prompt:
        with suppress(ImportError):
            import readline  # noqa: F401  # the keys of a line editor
    history: list[dict[str, str]] = []
    status = 0
    while True:
        try:
            question = input(prompt)
        except EOFError:
            print(end="\n" if prompt else "")
            return status
        if not question.strip():
            continue
        try:
            answer = rag.answer(question, history=history, filters=_given_filters(options))
        except RAGError as error:
            print(plain(f"rag: {error}"), file=sys.stderr, flush=True)
            status = STATUS_BAD_INPUT
            continue
        _show(answer, options)
        print(end="" if options.json else "\n", flush=True)
        history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]


def _show(answer: Answer, options: argparse.Namespace, indent: int | None = None) -> None:
    if options.json:
        _print_json(answer.to_dict(passages=options.passages), indent)
    else:
        print("\n".join(answer_lines(answer, bold=sys.stdout.isatty())))


def _print_json(value: object, indent: int | None = 2) -> None:
    print(plain_json(json.dumps(value, ensure_ascii=False, indent=indent)))


def _list(options: argparse.Namespace) -> int:
    settings, filters = _settings(options), _filters(options)
    from rag.index.store import damage_explained, open_catalog
    from rag.types import as_json

    with closing(open_catalog(settings)) as catalog, damage_explained(settings.index):
        found = catalog.listed(catalog.as_written(filters))
    headers = [each for each in found if each.source == each.original]
    if options.json:
        _print_json([as_json(asdict(header)) for header in headers])
    else:
        print("\n".join(map(article_line, headers)) or "no article passes the filters")
    return 0


def _search(options: argparse.Namespace) -> int:
    settings = _settings(options)
    _filters(options)
    query = _question(options.query, settings)
    from rag.pipeline import build_rag

    with build_rag(settings) as rag:
        found = rag.search(query, filters=_given_filters(options), top_k=options.top_k)
    if options.json:
        _print_json([passage.to_dict() for passage in found])
    else:
        print("\n".join(line for passage in found for line in passage_lines(passage)) or "nothing was found")
    return 0


def _chat(options: argparse.Namespace) -> int:
    require("chat", "the chat", "gradio", "httptools")
    from rag.pipeline import build_rag
    from ui.server import check_port, read_auth, serve

    check_port(options.port)
    auth = read_auth(options.auth, options.auth_file)
    serve(build_rag(_settings(options)), host=options.host, port=options.port, auth=auth, share=options.share)
    return 0


def _eval(options: argparse.Namespace) -> int:
    require("eval", "rag eval", "scipy", "jinja2", "matplotlib")
    from eval.command import evaluation

    return evaluation(options, _settings(options))


def _compare(options: argparse.Namespace) -> int:
    require("eval", "rag eval compare", "scipy")
    from eval.command import compare

    return compare(options)


def _doctor(options: argparse.Namespace) -> int:
    from rag.desk.doctor import repair, report
    from rag.ingest.progress import ProgressBar

    settings = _settings(options)
    with ProgressBar() as progress:
        lines = repair(settings, progress) if options.repair else report(settings, cleaning=options.cleaning)
        for line in lines:
            print(plain(line))
    return 0
