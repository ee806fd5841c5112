"""The private attributes of Keras and KerasHub that this subpackage touches, and which of them are missing or changed.

They may go with any release. Where one has, Keras' own step is taken, and says which; a test fails and names it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "Model": ("train_function", "_jax_state_synced", "_update_metrics_variables"),
    "TransformerEncoder": (
        "_self_attention_layer",
        "_self_attention_layer_norm",
        "_self_attention_dropout",
        "_feedforward_intermediate_dense",
        "_feedforward_output_dense",
        "_feedforward_dropout",
        "_feedforward_layer_norm",
    ),
    "MultiHeadAttention": (
        "query_dense",
        "key_dense",
        "value_dense",
        "output_dense",
        "_dropout_layer",
        "_flash_attention",
    ),
    "Dense": ("_kernel", "lora_enabled", "lora_alpha", "lora_rank"),
    "Variable": ("_value",),
    "Optimizer": ("_learning_rate", "_use_weight_decay"),
}
"""By the class that has them; MPNet's layers inherit from KerasHub's."""

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "_update_metrics_variables": ("metrics_variables", "unscaled_loss", "x", "y", "y_pred", "sample_weight"),
}
"""Of private methods of a model that are called."""

SYNCED: tuple[str, ...] = ("_jax_state", "_jax_state_synced")
"""What ``jax_state_sync`` reads: the step changes the first before it."""


def unlike_expected(classifier: Any) -> list[str]:
    """Which of them this Keras lacks or has otherwise, such as ``Dense._kernel``; nothing where all are there.

    Args:
        classifier: A compiled ``PairClassifier`` whose layers are KerasHub's.
    """
    layer = classifier.task.backbone.transformer_layers[0]
    holders = {
        "Model": classifier,
        "TransformerEncoder": layer,
        "MultiHeadAttention": getattr(layer, "_self_attention_layer", None),
        "Dense": getattr(layer, "_feedforward_output_dense", None),
        "Variable": classifier.trainable_variables[0],
        "Optimizer": classifier.optimizer,
    }
    found = [
        f"{kind}.{name}"
        for kind, names in ATTRIBUTES.items()
        for name in names
        if not hasattr(holders[kind], name)
    ]
    for name, parameters in PARAMETERS.items():
        method = getattr(classifier, name, None)
        if method is not None and tuple(inspect.signature(method).parameters) != parameters:
            found.append(f"Model.{name}({', '.join(parameters)})")
    read = type(classifier).jax_state_sync.__code__.co_names
    return found + [f"Model.jax_state_sync reading {name}" for name in SYNCED if name not in read]
