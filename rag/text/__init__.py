"""Sentences, words, languages, times and speakers of a text; it knows nothing of the rest."""

__all__ = ["characters", "facts", "languages", "people", "sentences", "speaker", "times", "words"]
