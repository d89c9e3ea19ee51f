"""Subtitles are read as the sentences that are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import LoadError
from rag.ingest.load import to_document

CUES = (
    ("00:00:00", "00:00:04", "Today: the cable car of"),
    ("00:00:04", "00:00:08", "<i>Port Selby</i>. It has nineteen"),
    ("00:00:08", "00:00:12", "cabins."),
    ("00:01:12", "00:01:16", "It is 2,340\nmetres long."),
    ("00:01:17", "00:01:20", "- Who rides it?"),
    ("00:01:20", "00:01:24", "- Nurses."),
)
TEXT = (
    "Today: the cable car of Port Selby. It has nineteen cabins.\n\nIt is 2,340 metres long.\n\n"
    "- Who rides it?\n\n- Nurses."
)
SRT = "\n\n".join(f"{i}\n{start},000 --> {end},500\n{words}" for i, (start, end, words) in enumerate(CUES, 1))
VTT = "WEBVTT\n\nNOTE made by hand\n\n" + "\n\n".join(
    f"{start}.000 --> {end}.500 align:start\n{words}" for start, end, words in CUES
)


@pytest.mark.parametrize(("name", "text"), [("a.srt", SRT), ("a.vtt", VTT), ("a.txt", SRT), ("b.txt", VTT)])
def test_cues_are_joined_and_name_their_minute(name: str, text: str) -> None:
    document = to_document(text.replace("\n", "\r\n").encode(), Path(name), name)
    assert document.page_content == TEXT
    assert document.metadata["sections"] == ((0, "minute 1"), (TEXT.index("It is"), "minute 2"))


def test_a_line_that_rolls_on_is_read_once() -> None:
    rolling = "WEBVTT\n\n00:00.000 --> 00:02.000\nThe port\n\n00:02.000 --> 00:04.000\nThe port\nopened on Monday.\n"
    assert to_document(rolling.encode(), Path("a.vtt"), "a.vtt").page_content == "The port opened on Monday."


def test_what_has_no_cues_is_no_subtitles() -> None:
    text = "At 10:00 the ship came.\n\n00:00:01,000 --> 00:00:02,000 was the time on the clock.\n"
    assert to_document(text.encode(), Path("a.txt"), "a.txt").page_content == text
    with pytest.raises(LoadError, match="no cues with times"):
        to_document(text.encode(), Path("a.srt"), "a.srt")
