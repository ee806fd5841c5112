"""KerasHub's ``BertTextClassifier``, and MiniLM with it, as an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from samesay.errors import EncoderUnsupported
from samesay.export.activations import name_of, write_activation
from samesay.export.graph import Graph, Value
from samesay.export.transformer import (
    array_of,
    read_dense,
    read_encoder_layer,
    read_norm,
    write_dense,
    write_encoder,
    write_mask_bias,
    write_norm,
)


def write_bert(graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value) -> Value:
    """Add the whole classifier to ``graph``.

    Args:
        graph: Where to.
        task: A ``keras_hub.models.BertTextClassifier``.
        token_ids: (batch, length) int32; the length is at most the backbone's positions.
        segment_ids: (batch, length) int32.
        padding_mask: (batch, length) bool, true at tokens.

    Returns:
        The logits, (batch, n_labels) float32.

    Raises:
        EncoderUnsupported: If an activation or a layer is not one that can be written.
    """
    backbone = task.backbone
    x = _write_embeddings(graph, backbone, token_ids, segment_ids)  # (B, L, H)
    layers = [
        read_encoder_layer(layer, f"layer_{index}") for index, layer in enumerate(backbone.transformer_layers)
    ]
    first = write_encoder(graph, x, layers, write_mask_bias(graph, padding_mask))  # (B, H)

    pooled = write_dense(graph, first, read_dense(backbone.pooled_dense, "pooled"))
    pooled = write_activation(graph, pooled, name_of(backbone.pooled_dense.activation, where="pooled_dense"))
    head = name_of(task.output_dense.activation, where="logits")
    if head not in ("linear", "softmax"):
        raise EncoderUnsupported(
            f"The classifier's output activation {head!r} does not give one probability a label.",
            where="logits",
            expected="no activation, or softmax",
        )
    # A softmax head's logits are what goes into the softmax; the scorer takes the softmax itself.
    return write_dense(graph, pooled, read_dense(task.output_dense, "logits"))


def _write_embeddings(graph: Graph, backbone: Any, token_ids: Value, segment_ids: Value) -> Value:
    """Tokens + positions + segments, normalised: (B, L) -> (B, L, H)."""
    for layer in (backbone.token_embedding, backbone.segment_embedding):
        if getattr(layer, "quantization_mode", None):
            raise EncoderUnsupported(
                f"The layer is quantized in Keras ({layer.quantization_mode}).",
                where=layer.name,
                expected="weights as floats",
                hint="export before quantizing",
            )
    tokens = graph.op(
        "Gather", graph.weight("tokens", array_of(backbone.token_embedding.embeddings)), token_ids
    )
    segments = graph.op(
        "Gather", graph.weight("segments", array_of(backbone.segment_embedding.embeddings)), segment_ids
    )
    length = graph.op(
        "Gather", graph.op("Shape", token_ids), graph.weight("int64.1", np.array([1], np.int64))
    )
    positions = graph.op(
        "Slice",
        graph.weight("positions", array_of(backbone.position_embedding.position_embeddings)),
        graph.integers(0),
        length,
    )
    summed = graph.op("Add", graph.op("Add", tokens, positions), segments)
    return write_norm(graph, summed, read_norm(backbone.embeddings_layer_norm, "embeddings_norm"))
