"""What the command and the chat do with a collection: list, add, remove, suggest, feedback, doctor, follow."""

__all__ = ["collection", "doctor", "feedback", "suggest", "watch"]
