"""The Keras part of a saved model that was stored without one, rebuilt from the weights of its ONNX graph.

Weights have the names that ``export.families.standard`` gives them; those in 8 or 16 bits are widened as the graph
widens them. What a graph does not hold, because no answer depends on it (the last layer's key bias), is 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.bundle.canonical import parse
from samesay.model.backbones.families import family_name
from samesay.model.presets.declared_sizes import require_fitting

Weights = dict[str, NDArray[Any]]

FAMILIES = ("Albert", "Bert", "DistilBert", "MPNet", "Roberta", "XLMRoberta")
"""Those that can be rebuilt."""


def read_weights(graph: Path) -> Weights:
    """The weights of an ONNX file by name, as float32.

    Raises:
        ValueError: If it is no graph.
    """
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        model = onnx.load(str(graph), load_external_data=False)
    except DecodeError as problem:
        raise ValueError(f"{graph.name} is no ONNX graph: {problem}") from problem
    stored = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    found: Weights = {}
    for name, values in stored.items():
        if name.endswith(".int8"):
            plain = name.removesuffix(".int8")
            found[plain] = values.astype(np.float32) * stored[f"{plain}.scale"]
        elif name.endswith(".float16"):
            found[name.removesuffix(".float16")] = values.astype(np.float32)
        elif not name.endswith(".scale"):
            found[name] = values
    return found


def require_sizes(folder: Path, weights: Weights) -> None:
    """Refuse configurations that ask for other sizes than those of the weights.

    Raises:
        ValueError: If they do, or are no JSON.
        OSError: If a file cannot be read.
    """
    shapes = [array.shape for array in weights.values()]
    for name, array in weights.items():
        if name.endswith(".key.kernel.by_head"):  # (heads, width, hidden) of Keras' (hidden, heads, width)
            shapes += [(array.shape[2], *array.shape[:2]), (array.shape[2], array.shape[2])]
    for name in ("config.json", "task.json"):
        require_fitting(parse((folder / name).read_bytes()), shapes)


def fill(task: Any, weights: Weights, *, head: bool) -> None:
    """Put the weights into a KerasHub text classifier of the same sizes.

    Args:
        task: The classifier.
        weights: From ``read_weights``.
        head: Whether its last layer is theirs, too, and not new.

    Raises:
        ValueError: If its family is not known here, or a weight is missing or of another size.
    """
    if family_name(task, FAMILIES) is None:
        raise ValueError(f"{type(task).__name__} cannot be rebuilt, only {', '.join(FAMILIES)}")
    backbone = task.backbone
    lower = backbone if hasattr(backbone, "position_embedding") else backbone.embeddings
    _put(backbone.token_embedding.embeddings, weights, "tokens")
    _put(lower.position_embedding.position_embeddings, weights, "positions")
    if hasattr(backbone, "segment_embedding"):
        _put(backbone.segment_embedding.embeddings, weights, "segments")
    _put_norm(backbone.embeddings_layer_norm, weights, "embeddings_norm")
    if hasattr(backbone, "embeddings_projection"):
        _put_dense(backbone.embeddings_projection, weights, "projection")
    if hasattr(backbone, "position_bias"):
        _put_distances(backbone, weights)
    for index, layer in enumerate(backbone.transformer_layers):
        if isinstance(layer, list):
            for number, member in enumerate(layer):
                _put_layer(member, weights, f"group_{index}.{number}")
        else:
            _put_layer(layer, weights, f"layer_{index}")
    if head or hasattr(backbone, "pooled_dense"):
        _put_dense(getattr(backbone, "pooled_dense", None) or task.pooled_dense, weights, "pooled")
    if head:
        _put_dense(task.output_dense, weights, "logits")


def _put_layer(layer: Any, weights: Weights, name: str) -> None:
    attention = layer._self_attention_layer
    hidden, heads, width = attention.query_dense.kernel.shape
    root = np.float32(np.sqrt(width))  # attention's scale lies in the graph's query
    for part in ("kernel", "bias"):
        _put(getattr(attention.query_dense, part), weights, f"{name}.query.{part}", times=root)
    for dense, part, order in (
        (attention.key_dense, "key", (2, 0, 1)),
        (attention.value_dense, "value", (1, 0, 2)),
    ):
        whole = f"{name}.{part}.kernel"
        if whole not in weights and f"{whole}.by_head" in weights:
            by_head = weights[f"{whole}.by_head"].transpose(order)  # (hidden, heads, width)
            weights = {**weights, whole: by_head.reshape(hidden, heads * width)}
        bias = f"{name}.{part}.bias"
        if part == "key" and bias not in weights:
            weights = {**weights, bias: np.zeros(heads * width, np.float32)}
        _put_dense(dense, weights, f"{name}.{part}")
    _put_dense(attention.output_dense, weights, f"{name}.attention_output")
    _put_norm(layer._self_attention_layer_norm, weights, f"{name}.attention_norm")
    _put_dense(layer._feedforward_intermediate_dense, weights, f"{name}.intermediate")
    _put_dense(layer._feedforward_output_dense, weights, f"{name}.output")
    _put_norm(layer._feedforward_layer_norm, weights, f"{name}.output_norm")


def _put_distances(backbone: Any, weights: Weights) -> None:
    """MPNet's numbers for distances: the graph has one for every distance, Keras one for every bucket."""
    from samesay.model.backbones.mpnet import FARTHEST, distance_buckets

    longest = backbone.max_sequence_length
    apart = np.clip(np.arange(1 - longest, longest), -FARTHEST, FARTHEST)
    buckets = distance_buckets()[apart + FARTHEST]
    variable = backbone.position_bias.embeddings
    by_bucket = np.array(variable, np.float32)
    by_bucket[buckets] = _named(weights, "by_distance").T
    _put(variable, {"by_bucket": by_bucket}, "by_bucket")


def _put_dense(layer: Any, weights: Weights, name: str) -> None:
    _put(layer.kernel, weights, f"{name}.kernel")
    _put(layer.bias, weights, f"{name}.bias")


def _put_norm(layer: Any, weights: Weights, name: str) -> None:
    _put(layer.gamma, weights, f"{name}.gamma")
    _put(layer.beta, weights, f"{name}.beta")


def _put(variable: Any, weights: Weights, name: str, *, times: np.float32 | None = None) -> None:
    values = _named(weights, name)
    if values.size != int(np.prod(variable.shape)):
        raise ValueError(f"the weight {name} is of shape {values.shape}, and belongs into {variable.shape}")
    variable.assign((values if times is None else values * times).reshape(variable.shape))


def _named(weights: Weights, name: str) -> NDArray[Any]:
    if name not in weights:
        raise ValueError(f"the graph holds no weight {name}")
    return weights[name]
