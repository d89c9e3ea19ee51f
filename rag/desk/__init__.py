"""What the command and the chat do with a collection: list, add, remove, suggest, feedback, doctor, follow, copy."""

__all__ = ["backup", "collection", "collections", "doctor", "feedback", "suggest", "watch"]
