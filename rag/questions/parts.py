"""The questions of a message, apart from what is said around them."""

from __future__ import annotations


def parts_of(message: str) -> list[str]:
    """Each question of a message in its own words, without greetings, thanks and instructions; [] of talk alone."""
    return [message]
