"""What a language model is told, and what it writes, held to the same check as quotes."""

__all__ = ["prompts", "said", "small", "writer"]
