"""The sum that encoders begin with: tokens, positions and segments, as far as a family has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from samesay.errors import EncoderUnsupported
from samesay.export.families.transformer import array_of
from samesay.export.graph import Graph, Value


def write_tokens(graph: Graph, layer: Any, token_ids: Value) -> Value:
    """Rows of a Keras ``Embedding``: (B, L) -> (B, L, H)."""
    return _write_lookup(graph, layer, "tokens", token_ids)


def write_segments(graph: Graph, layer: Any, segment_ids: Value) -> Value:
    """Rows of a Keras ``Embedding``: (B, L) -> (B, L, H)."""
    return _write_lookup(graph, layer, "segments", segment_ids)


def write_positions(graph: Graph, layer: Any, token_ids: Value) -> Value:
    """The first L rows of a KerasHub ``PositionEmbedding``: (L, H)."""
    table = graph.weight("positions", array_of(layer.position_embeddings))
    return graph.op("Slice", table, graph.integers(0), write_length(graph, token_ids))


def write_length(graph: Graph, token_ids: Value) -> Value:
    """L of (B, L), as a vector of one int64."""
    return graph.op("Gather", graph.op("Shape", token_ids), graph.weight("int64.1", np.array([1], np.int64)))


def _write_lookup(graph: Graph, layer: Any, name: str, ids: Value) -> Value:
    if getattr(layer, "quantization_mode", None):
        raise EncoderUnsupported(
            f"The layer is quantized in Keras ({layer.quantization_mode}).",
            where=layer.name,
            expected="weights as floats",
            hint="export before quantizing",
        )
    return graph.op("Gather", graph.weight(name, array_of(layer.embeddings)), ids)
