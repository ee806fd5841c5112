"""``MPNetTextClassifier`` as an ONNX graph: RoBERTa's, with numbers for distances added to every layer's scores.

Shapes in comments: B pairs, L tokens, H hidden, N heads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from samesay.export.families.embeddings import write_length, write_positions, write_tokens
from samesay.export.families.head import write_head
from samesay.export.families.transformer import (
    array_of,
    read_encoder_layer,
    read_norm,
    write_encoder,
    write_mask_bias,
    write_norm,
)
from samesay.export.graph import Graph, Value


def write_mpnet(graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value) -> Value:
    """A ``FamilyWriter`` for ``MPNetTextClassifier``."""
    first = write_mpnet_encoder(graph, task.backbone, token_ids, segment_ids, padding_mask, first_alone=True)
    return write_head(graph, first, task.pooled_dense, task.output_dense)


def write_mpnet_encoder(
    graph: Graph,
    backbone: Any,
    token_ids: Value,
    segment_ids: Value,
    padding_mask: Value,
    *,
    first_alone: bool = False,
) -> Value:
    """An ``EncoderWriter`` for ``MPNetBackbone``; (B, H) of the first token alone where that is all that is read."""
    from samesay.model.backbones.mpnet import BiasedTransformerEncoder

    tokens = write_tokens(graph, backbone.embeddings.token_embedding, token_ids)
    positions = write_positions(graph, backbone.embeddings.position_embedding, token_ids)
    x = write_norm(
        graph,
        graph.op("Add", tokens, positions),
        read_norm(backbone.embeddings_layer_norm, "embeddings_norm"),
    )  # (B, L, H)
    layers = [
        read_encoder_layer(layer, f"layer_{index}", kind=BiasedTransformerEncoder)
        for index, layer in enumerate(backbone.transformer_layers)
    ]
    bias = _write_position_bias(graph, backbone, token_ids)
    mask = write_mask_bias(graph, padding_mask)
    return write_encoder(graph, x, layers, mask, bias, first_alone=first_alone)


def _write_position_bias(graph: Graph, backbone: Any, token_ids: Value) -> Value:
    """What scores get for the distance of query and key, for the L tokens at hand: (N, L, L).

    The buckets are looked up here, once, so that the graph holds a row for every distance and no logarithm.
    """
    from samesay.model.backbones.mpnet import FARTHEST, distance_buckets

    longest = backbone.max_sequence_length
    apart = np.clip(np.arange(1 - longest, longest), -FARTHEST, FARTHEST)
    by_distance = array_of(backbone.position_bias.embeddings)[distance_buckets()[apart + FARTHEST]]
    table = graph.weight("by_distance", by_distance.T)  # (N, 2 * longest - 1)
    count = graph.op("Squeeze", write_length(graph, token_ids), graph.integers(0))
    zero, one = graph.weight("int64.scalar.0", np.int64(0)), graph.weight("int64.scalar.1", np.int64(1))
    places = graph.op("Range", zero, count, one)  # (L,)
    rows = graph.op(
        "Sub",
        graph.op("Unsqueeze", places, graph.integers(0)),
        graph.op("Unsqueeze", places, graph.integers(1)),
    )  # key - query
    rows = graph.op("Add", rows, graph.integers(longest - 1))  # (L, L), an index into the table
    return graph.op("Gather", table, rows, axis=1)
