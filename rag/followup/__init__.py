"""A question that follows others is searched for, and read, with what was asked before."""

__all__ = ["condense"]
