"""Encoders, language models and their tokens: a string becomes a model here, and nowhere else."""

__all__ = ["chat", "download", "encoders", "names", "tokens"]
