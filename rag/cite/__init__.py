"""Chosen spans become checked quotes; whether quotes say what a sentence says."""

__all__ = ["quotes", "remark", "support"]
