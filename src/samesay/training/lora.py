"""Low-rank adaptation: a run that learns a small difference to some matrices, and adds it to them at its end.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685), through Keras' ``enable_lora``,
on what attention gives out and on both matrices of the feed-forward part. The projections to queries, keys and values
are left alone: Keras would give each of their heads a left factor of its own, so many weights that the same number does
more elsewhere (docs/decisions/0029).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
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
        UsageError: If no layer can be adapted, or the rank is not below that of the matrices.
    """
    if recipe.lora is None:
        yield
        return
    depth = depths(classifier, "lora")
    top = max(depth.values())
    chosen = [
        layer for layer in _adaptable(classifier) if 1 <= depth[id(layer._kernel)] < top and layer.trainable
    ]
    if not chosen:
        raise UsageError(
            f"{type(classifier.task.backbone).__name__} has no layer that could be adapted.",
            where="lora",
            expected="an encoder of dense layers that are not all frozen",
        )
    full = min(min(_matrix_shape(layer)) for layer in chosen)
    if recipe.lora >= full:
        raise UsageError(
            f"lora cannot be {recipe.lora}: the matrices to adapt have a rank of {full} themselves.",
            where="lora",
            expected=f"a rank from 1 to {full - 1}",
        )
    held = [one for one in classifier.trainable_variables if depth[id(one)] < top]
    draw = np.random.default_rng(recipe.seed)
    done = False
    try:
        for variable in held:
            variable.trainable = False
        for layer in chosen:
            # He et al. 2015, of all that the matrix reads; Keras would not count the heads.
            limit = math.sqrt(6 / _matrix_shape(layer)[0])
            seed = int(draw.integers(2**31))
            layer.enable_lora(
                recipe.lora, a_initializer=keras.initializers.RandomUniform(-limit, limit, seed)
            )
        yield
        done = True
    finally:
        # A step that failed may have taken the values with it; what went wrong there is what the caller has to hear.
        with nullcontext() if done else suppress(Exception):
            for layer in chosen:
                if layer.lora_enabled:
                    _merge(layer)
        for variable in held:
            variable.trainable = True


def _adaptable(classifier: PairClassifier) -> list[Any]:
    """The dense layers whose outputs are not split into heads."""
    dense = (keras.layers.Dense, keras.layers.EinsumDense)
    every = classifier.task.backbone._flatten_layers(include_self=False)
    shapes = [(layer, layer._kernel.shape) for layer in every if isinstance(layer, dense) and layer.built]
    return [layer for layer, shape in shapes if len(shape) == 2 or shape[-1] == max(shape)]


def _matrix_shape(layer: Any) -> tuple[int, int]:
    """How many numbers a layer reads and gives."""
    *read, given = map(int, layer._kernel.shape)
    return math.prod(read), given


def _merge(layer: Any) -> None:
    """Add the product of a layer's factors to its kernel, and leave it as if it had never had any."""
    kernel = np.array(layer.kernel)
    layer.lora_enabled, layer.lora_rank, layer.lora_alpha = False, None, None
    for factor in (layer.lora_kernel_a, layer.lora_kernel_b):
        layer._untrack_variable(factor)
    del layer.lora_kernel_a, layer.lora_kernel_b
    layer._kernel.assign(kernel)
