"""Sentences, words, languages, times, phrases and speakers of a text; it knows nothing of the rest."""
