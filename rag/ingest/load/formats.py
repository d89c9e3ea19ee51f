"""The file formats that are read: a row each, in the order in which they are told to people."""

from __future__ import annotations

from rag.ingest.load import html, markdown, pdf, subtitles, text

FORMATS = (text.FORMAT, markdown.FORMAT, html.FORMAT, pdf.FORMAT, subtitles.FORMAT)

READERS = {suffix: each.read for each in FORMATS for suffix in each.suffixes}
SUFFIXES = tuple(READERS)
SUPPORTED = ", ".join(sorted(SUFFIXES))
