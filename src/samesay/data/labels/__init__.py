"""Gold labels and similarity scores as sources write them, to names, indices and numbers. Knows no files."""
