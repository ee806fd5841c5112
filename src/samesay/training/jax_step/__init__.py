"""A training step in JAX alone that computes what Keras' does in fewer products; taken where its layers are known."""
