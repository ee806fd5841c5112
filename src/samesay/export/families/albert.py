"""KerasHub's ``AlbertTextClassifier`` as an ONNX graph: narrow embeddings, and layers that are used again."""

from __future__ import annotations

from typing import Any

from samesay.export.families.bert import write_bert_embeddings
from samesay.export.families.head import write_head
from samesay.export.families.transformer import (
    read_dense,
    read_encoder_layer,
    write_dense,
    write_encoder,
    write_mask_bias,
)
from samesay.export.graph import Graph, Value


def write_albert(graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value) -> Value:
    """A ``FamilyWriter`` for ``AlbertTextClassifier``; a layer's weights stand in it once, however often it is used."""
    backbone = task.backbone
    x = write_bert_embeddings(graph, backbone, token_ids, segment_ids)  # (B, L, E)
    x = write_dense(graph, x, read_dense(backbone.embeddings_projection, "projection"))  # (B, L, H)
    layers = []
    for group, members in enumerate(backbone.transformer_layers):
        once = [read_encoder_layer(layer, f"group_{group}.{index}") for index, layer in enumerate(members)]
        layers += once * (backbone.num_layers // backbone.num_groups)
    first = write_encoder(graph, x, layers, write_mask_bias(graph, padding_mask))  # (B, H)
    return write_head(graph, first, backbone.pooled_dense, task.output_dense)
