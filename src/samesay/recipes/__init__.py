"""A training run as a file: read with its lines, checked, completed, printed, saved beside the model."""
