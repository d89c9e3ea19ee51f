"""A question that leans on a conversation stands alone."""
