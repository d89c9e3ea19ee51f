"""A conversation as a value, as the browser keeps it, and as words to take away."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import ValidationError

from rag.types import Passage, Sentence
from tests.page import HOSTILE, QUOTE, answer, citation
from ui.conversation import Conversation, Turn, to_markdown, to_text

PASSAGE = Passage("1", QUOTE, "bridge.txt", "Bridge", None, None, 0, len(QUOTE), 1.0)
ANSWERED = Turn(question="How long?", answer=answer(citation()), liked=True)
ABSTAINED = Turn(
    question="Who painted it?", answer=answer(closest=(citation(),), standalone_question="Who painted the bridge?")
)
FAILED = Turn(question="???", error="type a question in words")
STOPPED = Turn(question="And then?", stopped=True)


def talk(*turns: Turn) -> Conversation:
    return Conversation(id="0" * 32, turns=turns)


# The value


def test_the_first_question_gives_a_conversation_its_id_for_good() -> None:
    empty = Conversation()
    first = empty.asked("One?")
    again = first.settled(FAILED).asked("Two?").rated(0, True).before(0).asked("Three?")
    assert empty.id == "" and len(first.id) == 32 and again.id == first.id
    assert empty.asked("One?").id != first.id, "the page of every visitor begins with the same empty value"


def test_changes_make_new_values() -> None:
    before = talk(ANSWERED, FAILED)
    after = before.asked("More?").settled(STOPPED).rated(0, None)
    assert before == talk(ANSWERED, FAILED)
    assert [turn.question for turn in after.turns] == ["How long?", "???", "And then?"]
    assert after.turns[0] == ANSWERED.model_copy(update={"liked": None}) and after.turns[2] == STOPPED
    assert before.before(1) == talk(ANSWERED)


def test_history_is_what_was_answered() -> None:
    conversation = talk(FAILED, ANSWERED, STOPPED, ABSTAINED, Turn(question="Now?"))
    said = [
        {"role": "user", "content": "How long?"},
        {"role": "assistant", "content": f"{QUOTE} [1]"},
        {"role": "user", "content": "Who painted the bridge?"},  # as it was searched for
        {"role": "assistant", "content": "The articles do not say."},
    ]
    assert conversation.history() == said
    assert [conversation.history(number) for number in range(4)] == [[], [], said[:2], said[:2]]


def test_only_a_question_without_an_outcome_is_pending_and_can_be_stopped() -> None:
    assert talk(ANSWERED, Turn(question="Now?")).pending
    assert talk(ANSWERED, Turn(question="And then?")).stopped() == talk(ANSWERED, STOPPED)
    assert talk(ANSWERED).stopped() == talk(ANSWERED)
    assert not any(talk(turn).pending for turn in (ANSWERED, ABSTAINED, FAILED, STOPPED)) and not Conversation().pending


# In the browser


def test_what_is_kept_reads_back_equal() -> None:
    sentences = (Sentence(QUOTE, (1,), False, "no"),)
    full = answer(
        citation(republished_in=("a", "b")), sentences=sentences, standalone_question="q", timings={"read": 0.5}
    )
    conversation = talk(ANSWERED, ABSTAINED, FAILED, STOPPED, Turn(question="How?", answer=full))
    assert Conversation.model_validate_json(conversation.to_json()) == conversation


def test_passages_are_not_kept() -> None:
    conversation = Conversation().asked("How long?")
    conversation = conversation.settled(Turn(question="How long?", answer=answer(citation(), passages=(PASSAGE,))))
    assert conversation.turns == (Turn(question="How long?", answer=answer(citation())),)
    assert '"passages":[]' in conversation.to_json()


@pytest.mark.parametrize("words", HOSTILE)
def test_whatever_was_said_can_be_kept(words: str) -> None:
    given = answer(citation(quote=words.replace("\ud83d", ""), title=words.replace("\ud83d", "")))
    conversation = talk(Turn(question=words, answer=given), Turn(question=words, error=words)).asked(words)
    kept = conversation.to_json()
    assert Conversation.model_validate_json(kept) == conversation
    assert "<" not in kept, "Gradio would take it for markup"
    assert conversation.turns[-1].question == words.replace("\ud83d", "?")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"id": "x", "turns": []}',
        f'{{"id": "{"0" * 32}\\n", "turns": []}}',
        '{"turns": [{}]}',
        '{"turns": [{"question": "Q", "html": "<b>"}]}',
        '{"turns": [{"question": "Q", "answer": {"text": "T"}}]}',
        '{"turns": [{"question": ["Q"]}]}',
        '{"turns": [], "owner": "me"}',
        "[" * 10_000,
    ],
)
def test_what_is_no_conversation_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Conversation.model_validate_json(text)


# As words


def test_plain_text_is_the_answer_and_below_it_its_sources() -> None:
    given = answer(citation(republished_in=("a", "b"), place="page 3"), citation(2, "It\ncost 38.", publisher=None))
    assert to_text(given) == (
        f"{QUOTE} [1] It cost 38. [2]\n\n"
        "[1] Bridge over the Arun opens (Velden Post, 2021-05-03, bridge.txt, page 3; republished in a, b): "
        f"“{QUOTE}”\n"
        "[2] Bridge over the Arun opens (2021-05-03, bridge.txt): “It cost 38.”"
    )
    assert to_text(answer()) == "The articles do not say."
    unsure = answer(closest=(citation(),), unsure=True)
    assert to_text(unsure) == (
        "The articles do not say.\n\nThe closest passages, which need not answer it:\n"
        f"[1] Bridge over the Arun opens (Velden Post, 2021-05-03, bridge.txt): “{QUOTE}”"
    )
    assert to_text(replace(unsure, unsure=False)) == "The articles do not say."


def test_markdown_is_the_same_with_line_breaks() -> None:
    assert to_markdown(answer(citation(published=None), citation(2, "It cost 38.", publisher=None))) == (
        f"{QUOTE} \\[1\\] It cost 38. \\[2\\]\n\n"
        f"\\[1\\] Bridge over the Arun opens (Velden Post, bridge.txt): “{QUOTE}”\\\n"
        "\\[2\\] Bridge over the Arun opens (2021-05-03, bridge.txt): “It cost 38.”"
    )
    assert to_markdown(answer()) == "The articles do not say."


def test_an_exported_conversation_has_its_questions_as_headings() -> None:
    assert talk(ABSTAINED, FAILED, STOPPED).to_markdown() == (
        "## Who painted it?\n\nThe articles do not say.\n\n"
        "## ???\n\n*type a question in words*\n\n"
        "## And then?\n\n*Stopped.*\n"
    )


class Rendered(HTMLParser):
    """The tags and the words that a Markdown renderer makes, the words of each block apart."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.blocks: list[str] = []
        renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        self.feed(renderer.render(markdown))
        self.close()
        self.blocks = [" ".join(block.split()) for block in self.blocks]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs == []
        self.tags.append(tag)
        if tag in ("h2", "p"):
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if self.blocks:
            self.blocks[-1] += data


def assert_only_words(words: str) -> None:
    """In every place of an exported conversation the words stay what they are."""
    cited = [citation(number, words, title=words, publisher=words, source=words) for number in (1, 2)]
    conversation = talk(
        Turn(question=words, answer=answer(*cited, sentences=(Sentence(words, (), True),))),
        Turn(question=words, error=f"it said {words}"),
        Turn(question=words, error=words),
    )
    rendered = Rendered(conversation.to_markdown())
    plain = " ".join(words.split())
    sources = " ".join(f"[{number}] {words} ({words}, 2021-05-03, {words}): “{words}”" for number in (1, 2))
    expected = [plain, plain, sources, plain, f"it said {plain}", plain, plain]
    assert rendered.blocks == [" ".join(block.split()) for block in expected]
    assert rendered.tags == ["h2", "p", "p", "br", "h2", "p", "em", "h2", "p", "em"]


MARKDOWN = (
    *("1. item", "12) item", "1.", "- item", "-", "+ item", "* item", "---", "***", "___", "===", "a\n===", "a\n---"),
    *("# h", "## h ##", "> quote", "    code", "\tcode", "```\ncode\n```", "~~~ x", "| a | b |\n|---|---|\n| 1 | 2 |"),
    *("<b>", "</p>", "<!-- x -->", "<http://evil.example>", "<a@b.example>", "[^1]: note", "[a][b]", "![a](b)"),
    *("a\\", "\\", "a  \nb", "&amp;", "&#60;", "*a*", "_a_ __b__", "~~a~~", "`a`", "$a$ $$b$$", "1\\. x", "-5 and +3"),
)


@pytest.mark.parametrize("words", (*HOSTILE, *MARKDOWN))
def test_markdown_never_makes_markup_of_words(words: str) -> None:
    assert_only_words(words.replace("\ud83d", "").replace("\x00", ""))  # neither is a character of Markdown


@given(st.text("\\`*_{}[]()<>#+-.!|~$&;=:\"'^ \n\t\u00a0a1xé", min_size=1).filter(str.strip))
def test_markdown_never_makes_markup_of_any_signs(words: str) -> None:
    assert_only_words(words)
