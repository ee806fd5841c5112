"""What a training run keeps: its state, its tokens, its teacher's answers, its record, and the model that it saves."""
