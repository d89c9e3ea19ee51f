"""Files become articles, articles become chunks, and the index becomes equal to them."""
