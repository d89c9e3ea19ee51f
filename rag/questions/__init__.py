"""Kinds of questions: what is asked for decides how the articles answer it."""

__all__ = [
    *("kinds", "parts", "several"),
    *("overview", "timeline", "comparison", "yes_no"),
    *("asking", "topic", "choosing"),
]
