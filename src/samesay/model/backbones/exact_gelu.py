"""BERT with the exact GELU, as most of Hugging Face's BERT folders have it; KerasHub's own has the tanh one.

The two differ by up to 4.7e-4 a unit. The classes here are KerasHub's, with the activation of the feed-forward
layers exchanged; they have names of their own, so that a saved model brings the right function back. Importing this
module imports KerasHub, and registers them with Keras.
"""

from __future__ import annotations

from typing import Any

import keras
import keras_hub


@keras.saving.register_keras_serializable(package="samesay")
class ExactGeluBertBackbone(keras_hub.models.BertBackbone):
    """``keras_hub.models.BertBackbone`` with ``gelu`` in place of its approximation; the same arguments."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for layer in self.transformer_layers:
            # Both: the one is what the layer says of itself, the other is what it computes with.
            layer.activation = keras.activations.gelu
            layer._feedforward_intermediate_dense.activation = keras.activations.gelu


@keras.saving.register_keras_serializable(package="samesay")
class ExactGeluBertTextClassifier(keras_hub.models.BertTextClassifier):
    """``keras_hub.models.BertTextClassifier`` on ``ExactGeluBertBackbone``, found by ``from_preset``."""

    backbone_cls = ExactGeluBertBackbone


IN_PLACE_OF: dict[type, type] = {
    ExactGeluBertBackbone: keras_hub.models.BertBackbone,
    ExactGeluBertTextClassifier: keras_hub.models.BertTextClassifier,
}
"""A class here, to KerasHub's that it stands in for."""
