"""How deep in the encoder a variable lies: which ones are frozen, and which learn at what share of the rate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from samesay.errors import UsageError
from samesay.model.backbones.layers import repeated_layers
from samesay.model.classifier import PairClassifier
from samesay.training.recipe import Recipe


def depths(classifier: PairClassifier, where: str) -> dict[int, int]:
    """Every variable's depth by its ``id``: 0 for embeddings, 1 for the first layer, the highest for pooler and head.

    Args:
        classifier: The model.
        where: The setting that asks.

    Raises:
        UsageError: If the encoder's layers are not known from their names.
    """
    layers = _layers(classifier, where)
    top = max(layers.values()) + 1
    found = {id(variable): depth for layer, depth in layers.items() for variable in layer.weights}
    return {id(variable): found.get(id(variable), top) for variable in classifier.weights}


@contextmanager
def frozen(classifier: PairClassifier, recipe: Recipe) -> Iterator[None]:
    """Within it the variables that the recipe freezes are not trained; afterwards all is as it was.

    Raises:
        UsageError: If there are fewer layers than are to be frozen, or they are not known.
    """
    if recipe.freeze is None:
        yield
        return
    layers = _layers(classifier, "freeze")
    deepest = max(layers.values())
    named = {"embeddings": 0, "encoder": deepest}
    last = named[recipe.freeze] if isinstance(recipe.freeze, str) else recipe.freeze
    if last > deepest:
        raise UsageError(
            f"freeze cannot be {last}: the encoder has {deepest} layers.",
            where="freeze",
            expected=f"embeddings, or from 1 to {deepest} layers from the bottom",
        )
    chosen = [layer for layer, depth in layers.items() if depth <= last]
    before = [layer.trainable for layer in chosen]
    try:
        for layer in chosen:
            layer.trainable = False
        yield
    finally:
        for layer, trainable in zip(chosen, before, strict=True):
            layer.trainable = trainable


def rate_shares(classifier: PairClassifier, decay: float) -> list[float]:
    """The share of the rate of each trainable variable: 1 for the head, ``decay`` times that for each layer below.

    Howard & Ruder 2018, "Universal Language Model Fine-tuning" (discriminative fine-tuning); by a power of the depth as
    in Clark et al. 2020, ELECTRA.
    """
    depth = depths(classifier, "layer_decay")
    top = max(depth.values())
    return [decay ** (top - depth[id(variable)]) for variable in classifier.trainable_variables]


def _layers(classifier: PairClassifier, where: str) -> dict[Any, int]:
    """The encoder's layers that lie in or below the repeated ones, with their depths."""
    layers = [layer for layer in classifier.task.backbone.layers if layer.weights]
    repeated = repeated_layers(classifier.task.backbone)
    if not repeated:
        raise UsageError(
            f"The layers of {type(classifier.task.backbone).__name__} are not known from their names.",
            where=where,
            expected="an encoder of KerasHub's, whose layers are called …_layer_0, …_layer_1",
        )
    first = layers.index(repeated[0])
    found = {layer: 0 for at, layer in enumerate(layers) if at < first or "embedding" in layer.name}
    return found | {layer: at for at, layer in enumerate(repeated, start=1)}
