"""How an answer looks in a terminal."""

from __future__ import annotations

from dataclasses import replace

from rag.terminal import answer_lines
from rag.types import Answer, Citation, Entry, Sentence, Statement

QUOTE = "It is 412 metres long."
CITATION = Citation(1, "bridge.txt", "The bridge", "Arun Post", None, QUOTE, 0, len(QUOTE))
SENTENCE = Sentence(QUOTE, (1,), supported=True, answer=(6, 16))
ANSWER = Answer(
    "How long?", (Statement(QUOTE, (1,), (SENTENCE,), heading="The \x1b[2Jbridge"),), 0.9, (CITATION,), (), "extractive"
)


def test_headings_and_the_words_that_answer_are_bold_on_a_terminal_only() -> None:
    shown = "\n".join(answer_lines(ANSWER, bold=True))
    assert shown.startswith("\x1b[1mThe ?[2Jbridge\x1b[0m\nIt is \x1b[1m412 metres\x1b[0m long. [1]\n(very likely")
    assert "\x1b" not in "\n".join(answer_lines(ANSWER, bold=False))


def test_an_entry_names_its_articles() -> None:
    entries = (Entry("Lena Ortiz: 5 articles", tuple("abcde")), Entry("no\nline", ("f",)))
    listed = replace(ANSWER, statements=(), citations=(), entries=entries, lead="People:", kind="collection")
    assert list(answer_lines(listed, bold=False)) == [
        "People:\n- Lena Ortiz: 5 articles (a, b, c, 2 more)\n- no?line (f)"
    ]
