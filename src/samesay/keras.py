"""Import it before Keras opens a ``.keras`` file of SameSay: ``import samesay.keras``.

    >>> import samesay.keras
    >>> import keras
    >>> model = keras.models.load_model("model.keras")                             # doctest: +SKIP

Keras finds classes in a registry of its own. Importing this module imports Keras and KerasHub, on the backend that
SameSay trains with, and registers every class that such a file may name. ``samesay.load`` does so by itself.
"""

from samesay.model.backbones import exact_gelu, mpnet
from samesay.model.classifier import PairClassifier
from samesay.training import optimizers

__all__ = ["PairClassifier", "exact_gelu", "mpnet", "optimizers"]
