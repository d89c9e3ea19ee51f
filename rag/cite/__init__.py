"""Chosen spans become checked quotes; whether quotes say what a sentence says."""
