"""What the command and the chat do with a collection: list, add, remove, suggest, feedback, doctor."""
