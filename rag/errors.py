"""Errors that tell their reader what to do next.

Every message is one line: what is wrong, and the remedy. The command prints it and exits with status 2.
"""


class RAGError(Exception):
    """Base of every error this package raises on purpose."""


class SettingsError(RAGError):
    """A setting has a value that cannot be used."""


class ModelError(RAGError):
    """A language model cannot be reached, refuses, or breaks off."""


class QuestionError(RAGError):
    """A question, its history or its filters cannot be used."""


class LoadError(RAGError):
    """A file or folder cannot be read as articles."""


class StoreError(RAGError):
    """The index, or the file of feedback, cannot be opened, read or written."""
