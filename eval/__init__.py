"""The evaluation: questions, metrics, and the run that puts them together."""
