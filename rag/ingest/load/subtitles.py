"""Subtitles: the cues of SRT and WebVTT files, without numbers and times, put together into running text."""

from __future__ import annotations

import re
from pathlib import Path

from rag.errors import LoadError
from rag.ingest.load.content import SENTENCE_ENDS, Content, Format
from rag.ingest.load.encoding import decoded
from rag.text.characters import said

_PAUSE = 2000  # milliseconds without words after which a paragraph may begin
_TIMES = re.compile(
    r"^[ \t]*+(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}", re.MULTILINE
)
_HEADER = re.compile(r"\A\ufeff?WEBVTT\b")


def read(data: bytes, path: Path) -> Content:
    text, notes = decoded(data, path)
    if not is_subtitles(text):
        raise LoadError(f"{said(path)} has no cues with times as SRT and WebVTT have them; save it as one, or as .txt")
    return cues(text, notes)


FORMAT = Format("subtitles", (".srt", ".vtt"), read)


def is_subtitles(text: str) -> bool:
    """Whether a text is one of cues, whatever its file is called: its times are most of its lines but the words."""
    times = len(_TIMES.findall(text))
    return times > 1 and 8 * times >= sum(bool(line.strip()) for line in text.split("\n"))


def cues(text: str, notes: tuple[str, ...] = ()) -> Content:
    """The words of the cues, and by which of them each minute begins, without what a cue repeats of the last one."""
    from pysubs2 import SSAFile

    form = "vtt" if _HEADER.match(text) else "srt"
    shown, sections, last_line, last_end = "", list[tuple[int, str]](), "", 0
    for cue in SSAFile.from_string(text, format_=form):
        lines = [line for line in map(str.strip, cue.plaintext.split("\n")) if line and line != last_line]
        if not lines:
            continue
        words = " ".join(lines)
        speaks = words.startswith(("- ", "– ", "— ", ">>"))
        pause = cue.start - last_end >= _PAUSE and not (words[0].islower() and not shown.endswith(SENTENCE_ENDS))
        shown += "" if not shown else "\n\n" if speaks or pause else " "
        label = f"minute {cue.start // 60_000 + 1}"
        if not sections or sections[-1][1] != label:
            sections.append((len(shown), label))
        shown += words
        last_line, last_end = lines[-1], cue.end
    return Content(shown, notes=notes, sections=tuple(sections))
