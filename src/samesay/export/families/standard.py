"""BERT and its kin as an ONNX graph: ALBERT, DistilBERT, MPNet, RoBERTa and XLM-RoBERTa.

They differ in what their embeddings add up, in ALBERT's narrow embeddings and layers that are used again, and in
MPNet's numbers for distances; epsilon and activations are read from the layers. Shapes in comments: B pairs, L tokens,
E embedding, H hidden, N heads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from samesay.export.families.transformer import (
    EncoderLayer,
    array_of,
    read_dense,
    read_encoder_layer,
    read_norm,
    write_dense,
    write_encoder,
    write_head,
    write_length,
    write_lookup,
    write_mask_bias,
    write_norm,
    write_positions,
)
from samesay.export.graph import Graph, Value


def write_classifier(
    graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value
) -> Value:
    """A ``FamilyWriter``."""
    backbone = task.backbone
    first = write_hidden_states(graph, backbone, token_ids, segment_ids, padding_mask, first_alone=True)
    # BERT's and ALBERT's pooler is the backbone's.
    pooled = backbone.pooled_dense if hasattr(backbone, "pooled_dense") else task.pooled_dense
    return write_head(graph, first, pooled, task.output_dense)


def write_hidden_states(
    graph: Graph,
    backbone: Any,
    token_ids: Value,
    segment_ids: Value,
    padding_mask: Value,
    *,
    first_alone: bool = False,
) -> Value:
    """An ``EncoderWriter``; (B, H) of the first token alone where that is all that is read."""
    x = _write_embeddings(graph, backbone, token_ids, segment_ids)  # (B, L, E)
    if hasattr(backbone, "embeddings_projection"):
        x = write_dense(graph, x, read_dense(backbone.embeddings_projection, "projection"))  # (B, L, H)
    bias = _write_distance_bias(graph, backbone, token_ids) if hasattr(backbone, "position_bias") else None
    mask = write_mask_bias(graph, padding_mask)
    return write_encoder(graph, x, _read_layers(backbone), mask, bias, first_alone=first_alone)


def _write_embeddings(graph: Graph, backbone: Any, token_ids: Value, segment_ids: Value) -> Value:
    """Tokens + positions + segments, as far as there are any, normalised: (B, L) -> (B, L, E)."""
    tokens = write_lookup(graph, backbone.token_embedding, "tokens", token_ids)
    if hasattr(backbone, "segment_embedding"):
        segments = write_lookup(graph, backbone.segment_embedding, "segments", segment_ids)
        positions = write_positions(graph, backbone.position_embedding, token_ids)
        summed = graph.op("Add", graph.op("Add", tokens, positions), segments)
    else:
        positions = write_positions(graph, backbone.embeddings.position_embedding, token_ids)
        summed = graph.op("Add", tokens, positions)
    return write_norm(graph, summed, read_norm(backbone.embeddings_layer_norm, "embeddings_norm"))


def _read_layers(backbone: Any) -> list[EncoderLayer]:
    """The layers in the order in which they are gone through; ALBERT's weights stand in the graph once."""
    layers = backbone.transformer_layers
    if not (layers and isinstance(layers[0], list)):
        return [read_encoder_layer(layer, f"layer_{index}") for index, layer in enumerate(layers)]
    order = []
    for group, members in enumerate(layers):
        once = [read_encoder_layer(layer, f"group_{group}.{index}") for index, layer in enumerate(members)]
        order += once * (backbone.num_layers // backbone.num_groups)
    return order


def _write_distance_bias(graph: Graph, backbone: Any, token_ids: Value) -> Value:
    """What MPNet's scores get for the distance of query and key, for the L tokens at hand: (N, L, L).

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
