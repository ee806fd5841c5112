"""Caption-like pairs, any number of them, by seed."""
