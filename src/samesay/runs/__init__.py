"""What a training run keeps: its state, tokens, a teacher's answers, its record, the model that it saves."""
