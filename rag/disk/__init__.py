"""Files that are opened safely, what nobody else may read, and what goes wrong on a disk."""

__all__ = ["files", "private", "storage"]
