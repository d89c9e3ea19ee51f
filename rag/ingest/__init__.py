"""Files become articles, articles become chunks, and the index becomes equal to them."""

__all__ = ["build", "clean", "instructions", "load", "parser", "progress"]
