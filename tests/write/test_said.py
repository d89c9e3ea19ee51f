"""What models write around an answer is no part of it."""

from __future__ import annotations

import pytest

from rag.write.said import begins_anew, is_talk, leads, split_sentences, without_thoughts

COST = "The wind farm off Skarholm cost 1.1 billion euros and employs 85 people."
THOUGHT = "The user asks for the cost. Passage 1 says it."


@pytest.mark.parametrize(
    ("written", "sentences"),
    [
        (f"<think>\n{THOUGHT}\n</think>\n\n{COST} [1]", [(COST, [1])]),
        (f"{THOUGHT}\n</think>\n\n{COST} [1]", [(COST, [1])]),
        (f"<think>{THOUGHT}", []),
        (f"**{COST[:20]}**{COST[20:]} [1]", [(COST, [1])]),
        (f"{COST[:-1]}【1†source】.", [(COST, [1])]),
        (f"{COST}【4:0†source】", [(COST, [4])]),
        (f"{COST}[^1]\n\n[^1]: Coastal Mail, 14 March 2024.", [(COST, [1])]),
        (f"{COST[:-1]} (1).", [(COST, [1])]),
        (f"{COST[:-1]} (Passage 1, 2).", [(COST, [1, 2])]),
        (f"{COST}¹", [(COST, [1])]),
        (f"{COST}<sup>1</sup>", [(COST, [1])]),
        (f"{COST} [[2]](https://example.com/2)", [(COST, [2])]),
        (f"{COST} [Source: 3]", [(COST, [3])]),
        (f"According to Passage 1, the{COST[3:]}", [(COST, [1])]),
        (f"Based on the provided passages, the{COST[3:]}", [(COST, [])]),
        (f"Passage 2 states that the{COST[3:]}", [(COST, [2])]),
        (f"{COST[:-1]}, as stated in passage [3].", [(COST, [3])]),
        (f"{COST} [1]\n\n**Sources:**\n[1] Coastal Mail, 2024-03-14", [(COST, [1])]),
        (f"{COST} [1]\n\n[1] Coastal Mail, 2024-03-14", [(COST, [1])]),
        ("### Answer\n\n- **Cost:** 1.1 billion euros [1]", [("Cost: 1.1 billion euros", [1])]),
        ("| Item | Value |\n|---|---|\n| Cost | 1.1 billion euros |\n", [("Cost: 1.1 billion euros", [])]),
        (f'```json\n{{"answer": "{COST}", "citations": [1]}}\n```', [(COST, [1])]),
        ('{"sentences": [{"text": "Boats left.", "passages": [2]}, {"text": "It rained."}]}',
         [("Boats left.", [2]), ("It rained.", [])]),
        ('{"answer": "Boats le', []),
    ],
)  # fmt: skip
def test_only_the_answer_is_left(written: str, sentences: list[tuple[str, list[int]]]) -> None:
    assert split_sentences(written) == sentences
    if not begins_anew(written):  # what came before is as it was when it came
        for end in range(len(written)):
            whole = split_sentences(written[:end])[:-1]
            assert whole == sentences[: len(whole)]


@pytest.mark.parametrize(
    "sentence",
    [
        "It has 5 halls (12 in all).",
        "The fair (85) drew crowds.",
        "In 2020, the articles of war were signed.",
        "Sources close to the ministry said it cost 5 euros.",
        "According to the documents, it failed.",
        "A source said that boats left.",
        "The hall has 30 m² of glass.",
    ],
)
def test_what_looks_like_a_habit_stays(sentence: str) -> None:
    assert split_sentences(sentence) == [(sentence, [])]
    assert not (is_talk(sentence) or leads(sentence))


@pytest.mark.parametrize(
    "sentence",
    ["Sure!", "Here is the answer:", "I hope this helps!", "Let me know if you need more.", "The owners are:"],
)
def test_talk_is_known(sentence: str) -> None:
    assert is_talk(sentence) or leads(sentence)


def test_a_rewritten_question_has_no_thoughts() -> None:
    assert (
        without_thoughts("<think>\nThe wind farm.\n</think>\nHow much did it cost?").strip() == "How much did it cost?"
    )
