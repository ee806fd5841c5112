"""KerasHub's ``BertTextClassifier``, and MiniLM with it, as an ONNX graph."""

from __future__ import annotations

from typing import Any

from samesay.export.families.embeddings import write_positions, write_segments, write_tokens
from samesay.export.families.head import write_head
from samesay.export.families.transformer import (
    read_encoder_layer,
    read_norm,
    write_encoder,
    write_mask_bias,
    write_norm,
)
from samesay.export.graph import Graph, Value


def write_bert(graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value) -> Value:
    """A ``FamilyWriter`` for ``BertTextClassifier``."""
    backbone = task.backbone
    first = write_bert_encoder(graph, backbone, token_ids, segment_ids, padding_mask, first_alone=True)
    return write_head(graph, first, backbone.pooled_dense, task.output_dense)


def write_bert_encoder(
    graph: Graph,
    backbone: Any,
    token_ids: Value,
    segment_ids: Value,
    padding_mask: Value,
    *,
    first_alone: bool = False,
) -> Value:
    """An ``EncoderWriter`` for ``BertBackbone``; (B, H) of the first token alone where that is all that is read."""
    x = write_bert_embeddings(graph, backbone, token_ids, segment_ids)  # (B, L, H)
    layers = [
        read_encoder_layer(layer, f"layer_{index}") for index, layer in enumerate(backbone.transformer_layers)
    ]
    mask = write_mask_bias(graph, padding_mask)
    return write_encoder(graph, x, layers, mask, first_alone=first_alone)


def write_bert_embeddings(graph: Graph, backbone: Any, token_ids: Value, segment_ids: Value) -> Value:
    """Tokens + positions + segments, normalised: (B, L) -> (B, L, H)."""
    tokens = write_tokens(graph, backbone.token_embedding, token_ids)
    segments = write_segments(graph, backbone.segment_embedding, segment_ids)
    positions = write_positions(graph, backbone.position_embedding, token_ids)
    summed = graph.op("Add", graph.op("Add", tokens, positions), segments)
    return write_norm(graph, summed, read_norm(backbone.embeddings_layer_norm, "embeddings_norm"))
