"""Public sets, sets of our own and baselines: what the figures of docs/evaluation.md come from."""
