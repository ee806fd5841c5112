"""The behaviour suite put to a predictor: what is expected, what was answered, a user's own suite."""
