"""The sentences of the passages that answer, or none."""

__all__ = ["missing", "reader", "signals"]
