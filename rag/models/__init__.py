"""Encoders, language models and their tokens: a string becomes a model here, and nowhere else."""
