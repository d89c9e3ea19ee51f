"""Questions of the collection as such: how many articles, from when, by whom, about what, and who is named in them."""

from rag.questions.collection.asked import collection

__all__ = ["collection"]
