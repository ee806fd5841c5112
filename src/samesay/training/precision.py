"""Mixed precision: the layers compute in 16 bits while they are trained, their weights stay in 32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from samesay.model.classifier import PairClassifier
from samesay.training.recipe import Precision


@contextmanager
def computing_in(classifier: PairClassifier, precision: Precision) -> Iterator[None]:
    """Within it every layer computes in ``precision``; afterwards as before: what is saved is in float32.

    Micikevicius et al. 2018, "Mixed Precision Training".
    """
    if precision == "float32":
        yield
        return
    layers = list(classifier._flatten_layers())
    before = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = keras.DTypePolicy(f"mixed_{precision}")
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            layer.dtype_policy = policy
        # Traced in the other precision.
        classifier.train_function = classifier.test_function = classifier.predict_function = None
