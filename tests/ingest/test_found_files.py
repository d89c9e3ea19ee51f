"""What lies in a folder and is no article file is passed by, and said so."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from rag import Settings
from rag.errors import LoadError
from rag.ingest.build import ingest
from rag.ingest.load import find_files, read_file


def test_links_to_folders_and_what_is_no_file_are_named(tmp_path: Path) -> None:
    folder, other = tmp_path / "news", tmp_path / "other"
    for each in (folder / "in", other):
        each.mkdir(parents=True)
        (each / "a.txt").write_text("The tram reached the village of Oster on Monday, a year late.")
    (folder / "linked").symlink_to(other)
    (folder / "in" / "loop").symlink_to(folder)
    (folder / "in" / "self").symlink_to("self")
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    (folder / "file.txt").symlink_to(other / "a.txt")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket.txt"))
    passed: list[str] = []
    assert [source for _, source in find_files([folder], None, passed)] == ["file.txt", "in/a.txt"]
    assert sorted(passed) == [
        f"{folder}/gone.txt is a link that leads nowhere; mend or remove it",
        f"{folder}/in/loop is a link to a folder that it lies in and was not followed; remove it",
        f"{folder}/linked is a link to a folder and was not followed; name that folder too, or move it here",
        f"{folder}/pipe.txt is a pipe, a socket or a device and was not opened; remove it",
        f"{folder}/socket.txt is a pipe, a socket or a device and was not opened; remove it",
    ]
    done = ingest([folder], Settings(index=tmp_path / "index"))
    assert set(passed) <= set(done.notes) and done.skipped == ()


def test_a_folder_of_nothing_but_a_link_says_so(tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "linked").symlink_to(tmp_path)
    with pytest.raises(LoadError, match="linked is a link to a folder that it lies in"):
        find_files([tmp_path / "news"])


def test_a_file_that_changes_all_the_while_is_not_taken_in_half(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 20_000_000)
    stop = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(LoadError, match=r"a.txt changes while it is read; index again when it is finished"):
            read_file(path)
    finally:
        stop.set()
        writer.join()
    assert len(read_file(path)) > 20_000_000
