"""KerasHub's classifiers without segments as an ONNX graph: RoBERTa, XLM-RoBERTa and DistilBERT.

They differ in tokenizer, epsilon and activations, which are read from the layers.
"""

from __future__ import annotations

from typing import Any

from samesay.export.families.embeddings import write_positions, write_tokens
from samesay.export.families.head import write_head
from samesay.export.families.transformer import (
    read_encoder_layer,
    read_norm,
    write_encoder,
    write_mask_bias,
    write_norm,
)
from samesay.export.graph import Graph, Value


def write_roberta(
    graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value
) -> Value:
    """A ``FamilyWriter`` for ``RobertaTextClassifier``, ``XLMRobertaTextClassifier``, ``DistilBertTextClassifier``."""
    first = write_roberta_encoder(
        graph, task.backbone, token_ids, segment_ids, padding_mask, first_alone=True
    )
    return write_head(graph, first, task.pooled_dense, task.output_dense)


def write_roberta_encoder(
    graph: Graph,
    backbone: Any,
    token_ids: Value,
    segment_ids: Value,
    padding_mask: Value,
    *,
    first_alone: bool = False,
) -> Value:
    """An ``EncoderWriter`` for their backbones; (B, H) of the first token alone where that is all that is read."""
    tokens = write_tokens(graph, backbone.embeddings.token_embedding, token_ids)
    positions = write_positions(graph, backbone.embeddings.position_embedding, token_ids)
    x = write_norm(
        graph,
        graph.op("Add", tokens, positions),
        read_norm(backbone.embeddings_layer_norm, "embeddings_norm"),
    )  # (B, L, H)
    layers = [
        read_encoder_layer(layer, f"layer_{index}") for index, layer in enumerate(backbone.transformer_layers)
    ]
    mask = write_mask_bias(graph, padding_mask)
    return write_encoder(graph, x, layers, mask, first_alone=first_alone)
