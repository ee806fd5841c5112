"""Low-rank adaptation: a run that learns a small difference to some matrices, and adds it to them at its end.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685), through Keras' ``enable_lora``
on the layers that KerasHub names for it, the projections of queries and values. Keras gives each head its own left
factor, all heads of a layer one right factor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from samesay.errors import UsageError
from samesay.model.classifier import PairClassifier
from samesay.training.depth import depths
from samesay.training.recipe import Recipe


@contextmanager
def adapted(classifier: PairClassifier, recipe: Recipe) -> Iterator[None]:
    """Within it only factors of rank ``recipe.lora``, the pooler and the head are trained; afterwards all is plain.

    At the end the products of the factors are added to the matrices that they belong to, and the factors are gone: what
    is saved is a model like any other. Layers that are frozen get no factors.

    Raises:
        UsageError: If no layer can be adapted, or the rank is not below the width of a head.
    """
    if recipe.lora is None:
        yield
        return
    depth = depths(classifier)
    chosen = _layers(classifier)
    if not chosen:
        raise UsageError(
            f"{type(classifier.task.backbone).__name__} has no layer that could be adapted.",
            where="lora",
            expected="an encoder with projections of queries and values that are not all frozen",
        )
    widest = min(int(layer.kernel.shape[-1]) for layer in chosen)
    if recipe.lora >= widest:
        raise UsageError(
            f"lora cannot be {recipe.lora}: the matrices to adapt have {widest} columns a head.",
            where="lora",
            expected=f"a rank from 1 to {widest - 1}",
        )
    top = max(depth.values())
    held = [one for one in classifier.trainable_variables if depth[id(one)] < top]
    draw = np.random.default_rng(recipe.seed)
    try:
        for variable in held:
            variable.trainable = False
        for layer in chosen:
            # He et al. 2015 count inputs; Keras would count a kernel's heads among them.
            limit = math.sqrt(6 / int(layer.kernel.shape[0]))
            seed = int(draw.integers(2**31))
            layer.enable_lora(
                recipe.lora, a_initializer=keras.initializers.RandomUniform(-limit, limit, seed)
            )
        yield
    finally:
        for layer in chosen:
            if layer.lora_enabled:
                _merge(layer)
        for variable in held:
            variable.trainable = True


def _layers(classifier: PairClassifier) -> list[Any]:
    encoder = classifier.task.backbone
    names = encoder.default_lora_layer_names()
    return [
        layer
        for layer in encoder._flatten_layers(include_self=False)
        if layer.name in names and hasattr(layer, "enable_lora") and layer.weights and layer.trainable
    ]


def _merge(layer: Any) -> None:
    """Add the product of a layer's factors to its kernel, and leave it as if it had never had any."""
    kernel = np.array(layer.kernel)
    layer.lora_enabled, layer.lora_rank, layer.lora_alpha = False, None, None
    for factor in (layer.lora_kernel_a, layer.lora_kernel_b):
        layer._untrack_variable(factor)
    del layer.lora_kernel_a, layer.lora_kernel_b
    layer._kernel.assign(kernel)
