"""From what a user writes for a source to its files and rows: paths, folders, hubs, corpora by name, built-in pairs."""
