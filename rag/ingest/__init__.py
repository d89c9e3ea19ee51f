"""Files become articles, articles become chunks, and the index becomes equal to them."""

__all__ = ["build", "clean", "copies", "instructions", "load", "parser", "progress", "scope", "uploads", "web"]
