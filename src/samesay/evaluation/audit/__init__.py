"""What is wrong with pairs before anything is trained on them: repeats, leaks, contradictions, shortcuts."""
