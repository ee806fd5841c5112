"""Which texts mean the same: candidates by a cheap first pass, then the model."""
