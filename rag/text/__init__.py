"""Sentences, words, languages, times and speakers of a text; it knows nothing of the rest."""
