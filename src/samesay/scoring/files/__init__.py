"""Tables of pairs in, one table with the model's answers out: streamed, in order, whole or absent, resumable."""
