"""The passages that may answer a question, and the question's slips."""

__all__ = ["retrieve", "spelling"]
