"""Hugging Face's folders of encoders and classifiers: where their files lie, what they say, their weights in Keras."""
