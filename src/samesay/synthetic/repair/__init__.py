"""Pairs to learn from for what the behaviour suite tests, in other words, other templates and other domains."""
