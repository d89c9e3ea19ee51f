"""Kinds of questions: what is asked for decides how the articles answer it."""

__all__ = ["asking", "kinds", "parts", "several"]
