"""The command: what it prints where, and how it ends."""

from __future__ import annotations

import io
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from rag import ABSTENTION
from rag.cli import build_parser, main
from rag.settings import Settings
from rag.text.languages import UNSURE
from tests.browsing import CONTAINERS, OFF_TOPIC
from tests.conftest import ROOT, Command


@pytest.mark.slow
def test_ask_prints_the_answer_and_its_sources(seeds_index: Path, rag_command: Command) -> None:
    done = rag_command("ask", CONTAINERS, "--index", str(seeds_index))
    assert done.returncode == 0 and "at least 1 million containers" in done.stdout
    assert "2024-06-28 (004_a97b5fc439998a1f.txt)" in done.stdout and done.stderr == ""


def test_a_full_disk_under_the_output_is_one_line(seeds_index: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "rag", "doctor", "--index", str(seeds_index)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert done.stderr == "rag: no space is left to write the output; make some and repeat\n"


@pytest.mark.slow
def test_a_terminal_without_utf8_gets_the_answer(seeds_index: Path, rag_command: Command) -> None:
    done = rag_command("ask", "--index", str(seeds_index), "¿Qué es Chancay?", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0 and "Traceback" not in done.stderr and "?" in done.stdout


@pytest.mark.slow
def test_ask_json_prints_one_object_and_nothing_else(seeds_index: Path, rag_command: Command) -> None:
    done = rag_command("ask", "--json", CONTAINERS, RAG_INDEX=str(seeds_index))
    answer = json.loads(done.stdout)
    assert answer["answered"] is True and answer["citations"][0]["published"] == "2024-06-28"
    assert answer["sureness"] in ("likely", "very likely") and "passages" not in answer
    done = rag_command("ask", "--json", "Who painted the Mona Lisa?", RAG_INDEX=str(seeds_index))
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["answered"] is False and answer["text"].startswith(ABSTENTION)


@pytest.mark.slow
def test_the_seeds_are_indexed_by_themselves_only_at_the_default_place(rag_command: Command, tmp_path: Path) -> None:
    done = rag_command("ask", "--json", CONTAINERS)
    assert done.returncode == 0 and "1 million" in json.loads(done.stdout)["text"]
    assert "indexing the articles that come with the package" in done.stderr
    again = rag_command("ask", CONTAINERS)
    assert again.stderr == "" and "1 million" in again.stdout
    elsewhere = rag_command("ask", CONTAINERS, "--index", str(tmp_path / "elsewhere"))
    assert elsewhere.returncode == 2 and "rag index PATHS" in elsewhere.stderr


@pytest.mark.slow
def test_filters_of_ask(seeds_index: Path, rag_command: Command) -> None:
    narrowed = ("--to", "2023-12-31", "--index", str(seeds_index))
    done = rag_command("ask", "--json", "--passages", CONTAINERS, *narrowed)
    assert {passage["source"] for passage in json.loads(done.stdout)["passages"]} == {"000_e3cb55af33222414.txt"}
    done = rag_command("ask", CONTAINERS, "--from", "someday", "--index", str(seeds_index))
    assert done.returncode == 2 and "2024-11-14" in done.stderr


@pytest.mark.slow
def test_doctor_shows_the_collection_and_what_cleaning_removed(seeds_index: Path, rag_command: Command) -> None:
    done = rag_command("doctor", "--index", str(seeds_index))
    assert "4 articles, 1 republished" in done.stdout
    assert "republished copy of 002_27fb3a5ff33fbf6b.txt" in done.stdout and "torch" in done.stdout
    done = rag_command("doctor", "--cleaning", "--index", str(seeds_index))
    for removed in ("pinbahiscasino.com", "5.5 C", "Your email address will not be published", "Photo: VCG"):
        assert removed in done.stdout


def test_a_setting_that_is_spelled_wrong_is_named(
    seeds_index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAG_TOPK", "3")
    monkeypatch.setenv("RAG_OF_ANOTHER_PROGRAM", "3")
    assert main(["doctor", "--index", str(seeds_index)]) == 0
    assert capsys.readouterr().err == "rag: RAG_TOPK is no setting and was ignored; did you mean RAG_TOP_K?\n"


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"rag-news {version('rag-news')}\n"


def test_every_command_takes_an_index_and_has_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("index", "ask", "list", "search", "chat", "eval", "doctor"):
        with pytest.raises(SystemExit) as ended:
            build_parser().parse_args([command, "--help"])
        assert ended.value.code == 0
        assert "--index DIR" in capsys.readouterr().out


def test_an_unknown_option_is_explained_by_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ask", "Who came?", "--frm", "2024-01-01"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: rag ask")
    assert "rag ask: error: unrecognized arguments: --frm 2024-01-01; did you mean --from?" in said


@pytest.mark.parametrize(("mistyped", "meant"), [(["serach", "x"], "search"), (["eval", "--split", "tnue"], "tune")])
def test_what_a_mistyped_word_may_have_meant(
    mistyped: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(mistyped)
    assert ended.value.code == 2 and f"did you mean {meant}?" in capsys.readouterr().err


def test_the_list_of_articles(indexed: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--index", str(indexed.index)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Bridge over the Arun opens · 2021-05-03 (bridge.txt)" and len(lines) == 3
    assert main(["list", "--json", "--from", "2021-01-01", "--index", str(indexed.index)]) == 0
    (article,) = json.loads(capsys.readouterr().out)
    assert article["source"] == "bridge.txt" and article["published"] == "2021-05-03" and "text" not in article
    assert main(["list", "--from", "2022-01-01", "--index", str(indexed.index)]) == 0
    assert capsys.readouterr().out == "no article passes the filters\n"


def test_a_search_shows_passages_with_their_scores(indexed: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["search", "--index", str(indexed.index), "--top-k", "1", "length", "of", "the", "bridge"]
    assert main(given) == 0
    first, words, *_ = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"[01]\.\d\d  Bridge over the Arun opens · 2021-05-03 \(bridge.txt\)", first)
    assert "412 metres" in words
    assert main([*given, "--json"]) == 0
    (passage,) = json.loads(capsys.readouterr().out)
    assert passage["source"] == "bridge.txt" and passage["place"] is None and "412 metres" in passage["text"]


def asked_on(lines: str, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    return main(["ask", "-", *map(str, arguments)])


def test_a_session_answers_each_line_and_remembers(
    indexed: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "Who opened the bridge over the Arun?\n\nWhen?\n"
    assert asked_on(lines, monkeypatch, "--json", "--index", indexed.index) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "Lena Ortiz" in first["text"]
    assert second["standalone_question"] == "Who opened the bridge over the Arun? When?"


def test_a_session_goes_on_after_a_question_that_cannot_be_asked(
    indexed: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked_on("???\nHow long is the bridge?", monkeypatch, "--index", indexed.index) == 2
    printed = capsys.readouterr()
    assert printed.err == "rag: the question has no words; type a question in words\n"
    assert "412 metres" in printed.out and not printed.out.startswith(">")


def test_what_cannot_be_asked_is_refused_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rag.pipeline.encoder", None)  # would be called to load one
    monkeypatch.setattr("rag.pipeline._index_seeds", None)
    (tmp_path / "none.gguf").write_bytes(b"GGML")
    assert "no words" in refused(capsys, "ask", "?")
    assert "date_to" in refused(capsys, "search", "bridge", "--to", "May")
    assert "did you mean openai:m?" in refused(capsys, "ask", "Who?", "--model", "opnai:m")
    assert "not a GGUF" in refused(capsys, "ask", "Who?", "--model", f"llamacpp:{tmp_path / 'none.gguf'}")
    for command in (("ask", "-"), ("search", "bridge"), ("list",)):
        assert "rag index PATHS" in refused(capsys, *command, "--index", tmp_path / "none")
    assert "port 70000" in refused(capsys, "chat", "--port", "70000")


@pytest.mark.parametrize(
    ("command", "needing", "package", "extra"),
    [
        (["chat"], "the chat", "gradio", "chat"),
        (["chat"], "the chat", "httptools", "chat"),
        (["eval"], "rag eval", "scipy", "eval"),
        (["eval", "--report", "report.html"], "rag eval", "matplotlib", "eval"),
        (["eval", "compare", "a.json", "b.json"], "rag eval compare", "scipy", "eval"),
    ],
)
def test_a_package_of_an_extra_that_is_missing_is_named_with_the_remedy(
    command: list[str], needing: str, package: str, extra: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, package, None)
    assert main(command) == 2
    remedy = f'run pip install "rag-news[{extra}]"'
    assert capsys.readouterr().err == f"rag: {needing} needs {package}, which is not installed; {remedy}\n"


@pytest.mark.slow
def test_what_is_not_sure_shows_the_closest_words(seeds_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "What is the population of Peru?", "--index", str(seeds_index)]) == 0
    answer, told, words, where = capsys.readouterr().out.split("\n")[:4]
    assert answer == UNSURE and told == "The closest passages, which need not answer it:"
    assert re.fullmatch("“.{20,}”", words) and where.startswith("- ")
    assert main(["ask", OFF_TOPIC, "--index", str(seeds_index)]) == 0
    assert capsys.readouterr().out == f"{ABSTENTION}\n"


def test_the_docs_say_what_the_command_says() -> None:
    done = subprocess.run(
        [sys.executable, "docs/commands.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_has_had_enough_is_no_error(seeds_index: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m rag doctor --cleaning --index {seeds_index} | head -n 1",
        shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""


# Bad input: one line with a remedy on stderr, nothing on stdout, status 2.


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert printed.out == "" and len(lines) == 1 and lines[0].startswith("rag: "), printed
    return lines[0]


@pytest.mark.slow
def test_a_question_without_quotation_marks(seeds_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", *["Who", "is", "Peru's", "economy", "minister?"], "--index", str(seeds_index)]) == 0
    assert "Arista" in capsys.readouterr().out


@pytest.mark.parametrize("question", ["", "   ", "\x00\x1b", "?" * 50, "why " * 25_000])
def test_bad_questions(question: str, seeds_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "question" in refused(capsys, "ask", question, "--index", seeds_index)


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\t\n", "empty"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff", "binary"),
        ("broken.pdf", b"%PDF-1.7 not really", "PDF"),
        ("program.exe", b"MZ\x00\x01", ".txt"),
    ],
)
def test_bad_files(name: str, content: bytes, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(content)
    line = refused(capsys, "index", tmp_path / name, "--index", tmp_path / "index")
    assert hint in line and name in line


def test_bad_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nothing").mkdir()
    assert "nothing" in refused(capsys, "index", tmp_path / "nothing", "--index", tmp_path / "index")
    assert "missing" in refused(capsys, "index", tmp_path / "missing", "--index", tmp_path / "index")
    assert "rag index PATHS" in refused(capsys, "index", "--index", tmp_path / "index")


def test_a_folder_without_permission(tmp_path: Path, articles: Path) -> None:
    """As another user: nothing stops root."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become a user who may not read the folder")
    nobody = pwd.getpwnam("nobody")
    index = tmp_path / "index"
    index.mkdir()
    shutil.chown(index, nobody.pw_uid, nobody.pw_gid)
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    articles.chmod(0o700)

    program = (
        "import sys, os; from rag.cli import main\n"
        "import rag.ingest.build, rag.ingest.progress, email.parser, encodings.idna\n"  # nobody may not read our venv
        f"os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})\n"
        f"sys.exit(main(['index', {str(articles)!r}, '--index', {str(index)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "ermission" in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_foreign_folders_are_left_alone(tmp_path: Path, articles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.doc").write_text("four years of work")
    for command in (("index", articles), ("ask", CONTAINERS), ("doctor",)):
        assert "thesis.doc" in refused(capsys, *command, "--index", home)
    assert "file" in refused(capsys, "ask", CONTAINERS, "--index", home / "thesis.doc")
    assert (home / "thesis.doc").read_text() == "four years of work"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "damage"),
    [
        *(
            (file, damage)
            for file in ("catalog.sqlite", "vectors-*/chroma.sqlite3")
            for damage in ("garbage", "cut", "gone")
        ),
        ("vectors-*", "gone"),
    ],
)
def test_a_damaged_index_is_explained_and_can_be_built_anew(
    victim: str, damage: str, seeds_index: Path, tmp_path: Path, articles: Path, rag_command: Command
) -> None:
    index = tmp_path / "damaged"
    shutil.copytree(seeds_index, index)
    (target,) = index.glob(victim)
    if damage == "gone":
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    else:
        content = target.read_bytes()
        target.write_bytes(b"garbage" * 1000 if damage == "garbage" else content[: len(content) // 2])
    done = rag_command("ask", CONTAINERS, "--index", str(index))
    assert done.returncode == 2 and "rag index" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    done = rag_command("index", str(articles), "--rebuild", "--index", str(index))
    assert done.returncode == 0, done.stderr
    assert "412 metres" in rag_command("ask", "How long is the bridge?", "--index", str(index)).stdout
