"""The index on disk: one SQLite file for articles and words, a Chroma folder for vectors."""

__all__ = ["catalog", "store", "vectors"]
