"""The sentences of the passages that answer, or none."""
