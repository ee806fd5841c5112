"""Pretrained encoders made ready for pairs: presets by name, hub or folder, the head, the Keras ``Predictor``.

This room knows KerasHub and Keras. It does not know how a model is trained, and reads no files of pairs.
Importing it is cheap; Keras is imported when a preset is opened.
"""
