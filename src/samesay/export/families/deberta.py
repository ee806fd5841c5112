"""KerasHub's ``DebertaV3TextClassifier`` as an ONNX graph: attention by content and by relative position.

He et al., "DeBERTaV3" (2021), and the disentangled attention of "DeBERTa" (2020). Shapes in comments: B pairs, L
tokens, H hidden, N heads, D = H / N, K buckets to each side, C columns of the buckets that L tokens can reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported
from samesay.export.families.transformer import (
    Dense,
    EncoderLayer,
    array_of,
    read_encoder_blocks,
    read_norm,
    write_after_attention,
    write_dense,
    write_first_token,
    write_head,
    write_length,
    write_lookup,
    write_mask_bias,
    write_norm,
)
from samesay.export.graph import Graph, Value


@dataclass(frozen=True)
class _Reach:
    """The buckets that the tokens at hand can be apart, as values of the graph.

    Attributes:
        start: The first of them, of 2 K; int64 (1,).
        end: After the last one; int64 (1,).
        to_key: (L, L) int32: of the bucket of i - j its column, for query i and key j.
        to_query: (L, L) int32: of the bucket of i - j, turned round, its column, for key i and query j.
    """

    start: Value
    end: Value
    to_key: Value
    to_query: Value


def write_deberta(
    graph: Graph, task: Any, token_ids: Value, segment_ids: Value, padding_mask: Value
) -> Value:
    """A ``FamilyWriter`` for ``DebertaV3TextClassifier``."""
    backbone = task.backbone
    tokens = write_lookup(graph, backbone.token_embedding, "tokens", token_ids)
    x = write_norm(graph, tokens, read_norm(backbone.embeddings_layer_norm, "embeddings_norm"))  # (B, L, H)
    bias = graph.op("Unsqueeze", write_mask_bias(graph, padding_mask), graph.integers(1, 2))  # (B, 1, 1, L)
    relative = _relative_embeddings(backbone.relative_embeddings)  # (2 K, H)
    keras_layers = backbone.transformer_layers
    layers = [_read_layer(layer, f"layer_{index}") for index, layer in enumerate(keras_layers)]
    if layers:
        reach = _write_reach(graph, keras_layers[0]._self_attention_layer, token_ids)
        for layer in layers[:-1]:
            x = _write_layer(graph, x, layer, relative, reach, bias)
        first = _write_last_layer(graph, x, layers[-1], relative, reach, bias)
    else:
        first = write_first_token(graph, x)
    return write_head(graph, first, task.pooled_dense, task.output_dense)


def _read_layer(layer: Any, name: str) -> EncoderLayer:
    """A ``DisentangledAttentionEncoder``; KerasHub exports no name for it."""
    if type(layer).__name__ != "DisentangledAttentionEncoder" or not type(layer).__module__.startswith(
        "keras_hub."
    ):
        raise EncoderUnsupported(
            f"A transformer layer of the kind {type(layer).__name__} is not known to the ONNX writer.",
            where=name,
            expected="KerasHub's DisentangledAttentionEncoder",
        )
    attention = layer._self_attention_layer
    parts = (attention._query_dense, attention._key_dense, attention._value_dense, attention._output_dense)
    read = read_encoder_blocks(layer, name, attention.num_heads, *parts)
    # All three kinds of scores are scaled by it; in the query it scales two of them.
    scale = np.float32(attention.scale_factor)
    query = Dense(read.query.name, read.query.kernel * scale, read.query.bias * scale)
    return replace(read, query=query)


def _relative_embeddings(layer: Any) -> NDArray[np.float32]:
    """The normalised embeddings of the buckets, as KerasHub computes them: (2 K, H)."""
    norm = layer.layer_norm
    table = array_of(layer.rel_embeddings).astype(np.float64)
    centred = table - table.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(table.var(axis=-1, keepdims=True) + norm.epsilon)
    return (scaled * array_of(norm.gamma) + array_of(norm.beta)).astype(np.float32)


def _write_reach(graph: Graph, attention: Any, token_ids: Value) -> _Reach:
    """Which bucket every distance falls into, for the L tokens at hand.

    The buckets of far distances are logarithms rounded up in float32: KerasHub's own function fills the table, since
    another library's logarithm could round one of them differently.
    """
    import keras

    longest, buckets = attention.max_position_embeddings, attention.bucket_size
    distances = keras.ops.arange(1 - longest, longest, dtype="int32")
    bucket = np.asarray(keras.ops.convert_to_numpy(attention._make_log_bucket_position(distances)))
    farthest = np.maximum.accumulate(np.abs(bucket[longest - 1 :]))  # by distance, from 0

    length = write_length(graph, token_ids)  # (1,)
    one = graph.integers(1)
    far = graph.op(
        "Gather", graph.weight("farthest", farthest.astype(np.int64)), graph.op("Sub", length, one)
    )
    start = graph.op("Max", graph.op("Sub", graph.integers(buckets), far), graph.integers(0))
    end = graph.op(
        "Min",
        graph.op("Add", graph.op("Add", graph.integers(buckets), far), one),
        graph.integers(2 * buckets),
    )
    zero = graph.weight("int64.scalar.0", np.int64(0))
    count = graph.op("Squeeze", length, graph.integers(0))
    places = graph.op("Range", zero, count, graph.weight("int64.scalar.1", np.int64(1)))  # (L,)
    apart = graph.op(
        "Sub", graph.op("Unsqueeze", places, one), graph.op("Unsqueeze", places, graph.integers(0))
    )
    apart = graph.op("Add", apart, graph.integers(longest - 1))  # (L, L), an index into the tables

    def columns(name: str, table: NDArray[Any]) -> Value:
        clipped = np.clip(table + buckets, 0, 2 * buckets - 1).astype(np.int64)
        column = graph.op("Sub", graph.op("Gather", graph.weight(name, clipped), apart), start)
        return graph.op("Cast", column, to=graph.int32)

    return _Reach(start, end, columns("bucket", bucket), columns("bucket.back", -bucket))


def _write_layer(
    graph: Graph, x: Value, layer: EncoderLayer, relative: NDArray[np.float32], reach: _Reach, bias: Value
) -> Value:
    """One layer for all tokens: (B, L, H) -> (B, L, H)."""
    hidden = layer.query.kernel.shape[0]
    query = _write_heads(graph, x, layer, layer.query, [0, 2, 1, 3])  # (B, N, L, D)
    key = _write_heads(graph, x, layer, layer.key, [0, 2, 1, 3])  # (B, N, L, D)
    value = _write_heads(graph, x, layer, layer.value, [0, 2, 1, 3])  # (B, N, L, D)
    key_columns, query_columns = _write_position_heads(graph, layer, relative, reach)  # (N, D, C)

    scores = graph.op("MatMul", query, graph.op("Transpose", key, perm=[0, 1, 3, 2]))  # (B, N, L, L)
    shape = graph.op("Shape", scores)
    by_key = graph.op("MatMul", query, key_columns)  # (B, N, L, C)
    by_key = graph.op("GatherElements", by_key, graph.op("Expand", reach.to_key, shape), axis=3)
    by_query = graph.op("MatMul", key, query_columns)  # (B, N, L, C), a row a key
    by_query = graph.op("GatherElements", by_query, graph.op("Expand", reach.to_query, shape), axis=3)
    by_query = graph.op("Transpose", by_query, perm=[0, 1, 3, 2])

    scores = graph.op("Add", graph.op("Add", scores, graph.op("Add", by_key, by_query)), bias)
    context = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)  # (B, N, L, D)
    context = graph.op("Transpose", context, perm=[0, 2, 1, 3])
    context = graph.op("Reshape", context, graph.integers(0, 0, hidden))  # (B, L, H)
    return write_after_attention(graph, x, write_dense(graph, context, layer.attention_output), layer)


def _write_last_layer(
    graph: Graph, x: Value, layer: EncoderLayer, relative: NDArray[np.float32], reach: _Reach, bias: Value
) -> Value:
    """The layer's output at the first token alone, whose query is the only one: (B, L, H) -> (B, H)."""
    hidden, heads = layer.query.kernel.shape[0], layer.heads
    first = write_first_token(graph, x)  # (B, H)
    query = graph.op(
        "Reshape", write_dense(graph, first, layer.query), graph.integers(0, heads, 1, hidden // heads)
    )  # (B, N, 1, D)
    key = _write_heads(graph, x, layer, layer.key, [0, 2, 3, 1])  # (B, N, D, L)
    value = _write_heads(graph, x, layer, layer.value, [0, 2, 1, 3])  # (B, N, L, D)
    key_columns, query_columns = _write_position_heads(graph, layer, relative, reach)  # (N, D, C)

    zero = graph.weight("int64.scalar.0", np.int64(0))
    to_key = graph.op("Gather", reach.to_key, zero, axis=0)  # (L,), query 0
    to_query = graph.op("Gather", reach.to_query, zero, axis=1)  # (L,), query 0
    by_key = graph.op("Gather", graph.op("MatMul", query, key_columns), to_key, axis=3)  # (B, N, 1, L)
    turned = graph.op("Gather", query_columns, to_query, axis=2)  # (N, D, L)
    by_query = graph.op("ReduceSum", graph.op("Mul", key, turned), graph.integers(2))  # (B, N, 1, L)
    scores = graph.op("Add", graph.op("MatMul", query, key), graph.op("Add", by_key, by_query))

    shares = graph.op("Softmax", graph.op("Add", scores, bias), axis=-1)
    context = graph.op("Reshape", graph.op("MatMul", shares, value), graph.integers(0, hidden))  # (B, H)
    return write_after_attention(graph, first, write_dense(graph, context, layer.attention_output), layer)


def _write_heads(graph: Graph, x: Value, layer: EncoderLayer, dense: Dense, order: list[int]) -> Value:
    """A dense layer by heads: (B, L, H) -> (B, L, N, D) in another order of axes."""
    by_head = graph.integers(0, 0, layer.heads, dense.kernel.shape[1] // layer.heads)
    return graph.op("Transpose", graph.op("Reshape", write_dense(graph, x, dense), by_head), perm=order)


def _write_position_heads(
    graph: Graph, layer: EncoderLayer, relative: NDArray[np.float32], reach: _Reach
) -> tuple[Value, Value]:
    """The buckets as keys and as queries, those in reach: each (N, D, C).

    They do not depend on the input: computed here once. The query's dense layer has the scale in it.
    """
    found = []
    for dense in (layer.key, layer.query):
        table = (relative @ dense.kernel + dense.bias).reshape(len(relative), layer.heads, -1)  # (2 K, N, D)
        held = graph.weight(f"{dense.name}.buckets", table.transpose(1, 2, 0))
        found.append(graph.op("Slice", held, reach.start, reach.end, graph.integers(2)))
    return found[0], found[1]
