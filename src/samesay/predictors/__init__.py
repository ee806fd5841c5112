"""Whatever answers pairs, by the word that a user has for it, and the labelled pairs to measure it on."""
