"""The encoder families that KerasHub has, and those that it lacks."""
