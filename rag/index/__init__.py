"""The index on disk: one SQLite file for articles and words, and vectors beside it."""

__all__ = ["catalog", "check", "draft", "flat", "publish", "store", "vectors"]
