"""Pretrained encoders made ready for pairs: presets by name, hub or folder, the head, the Keras ``Predictor``.

This room knows KerasHub and Keras. It does not know how a model is trained, and reads no files of pairs.
Importing it is cheap, and chooses the backend for whatever imports Keras next, since every module of ours that does is
here or above; Keras itself is imported when a preset is opened.
"""

from samesay import _privacy
from samesay.model.runtime.backend import choose_backend

_privacy.switch_off()
choose_backend()
