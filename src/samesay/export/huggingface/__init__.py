"""A model as a folder that ``transformers`` opens."""
