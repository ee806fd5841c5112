"""The parts that encoders share: embeddings, dense layers, layer norms, KerasHub's ``TransformerEncoder``, the head.

``read_…`` copies a layer's variables out of Keras; the ``write_…`` functions put the same computation into a graph.
Shapes in comments: B pairs, L tokens, H hidden, N heads, D = H / N.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported
from samesay.export.graph import Graph, Value
from samesay.model.activations import name_of, require_logits

# What Keras' Softmax layer puts in place of the scores of masked tokens. Added to a float32 score it swallows
# the score, so adding it is the same, and exp() of it is exactly 0.
_MASKED = np.float32(-1e9)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Dense:
    """A dense layer: ``kernel`` (inputs, outputs), ``bias`` (outputs,)."""

    name: str
    kernel: Array
    bias: Array


@dataclass(frozen=True)
class Norm:
    """A layer norm over the last axis: ``gamma`` and ``beta`` (H,)."""

    name: str
    gamma: Array
    beta: Array
    epsilon: float


@dataclass(frozen=True)
class EncoderLayer:
    """One transformer layer that normalises after each block; query, key and value have kernels (H, H)."""

    name: str
    heads: int
    query: Dense
    key: Dense
    value: Dense
    attention_output: Dense
    attention_norm: Norm
    intermediate: Dense
    activation: str
    output: Dense
    output_norm: Norm


def array_of(variable: Any) -> Array:
    """A Keras variable as float32 (16-bit ones are widened without loss)."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32")), dtype=np.float32)


def read_dense(layer: Any, name: str, *, inputs: int | None = None) -> Dense:
    """A Keras ``Dense`` or ``EinsumDense``, the latter's heads laid side by side.

    Args:
        layer: The layer; an adapter (LoRA) on it is part of its ``kernel``.
        name: What its weights are called in the graph.
        inputs: The number of inputs, where the kernel has more than two axes.

    Raises:
        EncoderUnsupported: If the layer is quantized: its kernel alone is not what it computes.
    """
    _require_floats(layer, name)
    kernel = array_of(layer.kernel)
    kernel = kernel.reshape(kernel.shape[0] if inputs is None else inputs, -1)
    return Dense(name, kernel, array_of(layer.bias).reshape(-1))


def _require_floats(layer: Any, name: str) -> None:
    if getattr(layer, "quantization_mode", None):
        raise EncoderUnsupported(
            f"The layer is quantized in Keras ({layer.quantization_mode}).",
            where=name,
            expected="weights as floats",
            hint="export before quantizing",
        )


def read_norm(layer: Any, name: str) -> Norm:
    """A Keras ``LayerNormalization``."""
    return Norm(name, array_of(layer.gamma), array_of(layer.beta), float(layer.epsilon))


def read_encoder_layer(layer: Any, name: str) -> EncoderLayer:
    """A ``keras_hub.layers.TransformerEncoder``, or MPNet's, which has the same blocks.

    Raises:
        EncoderUnsupported: If it is something else, normalises first, or its activation is unknown.
    """
    import keras_hub

    from samesay.model.backbones.mpnet import BiasedTransformerEncoder

    # The classes themselves: a subclass may compute something else from the same variables.
    known = (keras_hub.layers.TransformerEncoder, BiasedTransformerEncoder)
    if type(layer) not in known or layer.normalize_first:
        found = type(layer).__name__ + (" that normalises first" if hasattr(layer, "normalize_first") else "")
        raise EncoderUnsupported(
            f"A transformer layer of the kind {found} is not known to the ONNX writer.",
            where=name,
            expected="TransformerEncoder(normalize_first=False)",
        )
    attention = layer._self_attention_layer
    parts = (attention.query_dense, attention.key_dense, attention.value_dense, attention.output_dense)
    return read_encoder_blocks(layer, name, attention.num_heads, *parts)


def read_encoder_blocks(
    layer: Any, name: str, heads: int, query: Any, key: Any, value: Any, attention_output: Any
) -> EncoderLayer:
    """The blocks around attention of a KerasHub layer, with the dense layers of its attention.

    KerasHub gives these no public names; its own converters read them in this way.
    """
    attention_norm = read_norm(layer._self_attention_layer_norm, f"{name}.attention_norm")
    hidden = len(attention_norm.gamma)
    return EncoderLayer(
        name=name,
        heads=heads,
        query=read_dense(query, f"{name}.query", inputs=hidden),
        key=read_dense(key, f"{name}.key", inputs=hidden),
        value=read_dense(value, f"{name}.value", inputs=hidden),
        attention_output=read_dense(attention_output, f"{name}.attention_output", inputs=hidden),
        attention_norm=attention_norm,
        intermediate=read_dense(layer._feedforward_intermediate_dense, f"{name}.intermediate"),
        activation=name_of(layer._feedforward_intermediate_dense.activation, where=f"{name}.intermediate"),
        output=read_dense(layer._feedforward_output_dense, f"{name}.output"),
        output_norm=read_norm(layer._feedforward_layer_norm, f"{name}.output_norm"),
    )


def write_lookup(graph: Graph, layer: Any, name: str, ids: Value) -> Value:
    """Rows of a Keras ``Embedding``: (B, L) -> (B, L, H)."""
    _require_floats(layer, layer.name)
    return graph.op("Gather", graph.weight(name, array_of(layer.embeddings)), ids)


def write_positions(graph: Graph, layer: Any, token_ids: Value) -> Value:
    """The first L rows of a KerasHub ``PositionEmbedding``: (L, H)."""
    table = graph.weight("positions", array_of(layer.position_embeddings))
    return graph.op("Slice", table, graph.integers(0), write_length(graph, token_ids))


def write_length(graph: Graph, token_ids: Value) -> Value:
    """L of (B, L), as a vector of one int64."""
    return graph.op("Gather", graph.op("Shape", token_ids), graph.weight("int64.1", np.array([1], np.int64)))


def write_dense(graph: Graph, x: Value, dense: Dense) -> Value:
    """``x @ kernel + bias``: (…, inputs) -> (…, outputs)."""
    product = graph.op("MatMul", x, graph.weight(f"{dense.name}.kernel", dense.kernel))
    return graph.op("Add", product, graph.weight(f"{dense.name}.bias", dense.bias))


def write_norm(graph: Graph, x: Value, norm: Norm) -> Value:
    """Layer norm over the last axis; the shape stays."""
    gamma, beta = (
        graph.weight(f"{norm.name}.gamma", norm.gamma),
        graph.weight(f"{norm.name}.beta", norm.beta),
    )
    return graph.op("LayerNormalization", x, gamma, beta, axis=-1, epsilon=norm.epsilon)


def write_mask_bias(graph: Graph, padding_mask: Value) -> Value:
    """What is added to attention scores, (B, L): 0 at tokens, -1e9 at padding.

    A row without any token (which fills up a batch, and whose answer nobody reads) comes out finite. Keras'
    answer for it depends on whether the layer has a dropout rate, so there is nothing to be equal to.
    """
    return graph.op(
        "Where",
        padding_mask,
        graph.weight("mask.kept", np.float32(0)),
        graph.weight("mask.masked", _MASKED),
    )


def write_encoder(
    graph: Graph,
    x: Value,
    layers: list[EncoderLayer],
    mask_bias: Value,
    position_bias: Value | None = None,
    *,
    first_alone: bool = True,
) -> Value:
    """All layers, and of the last one only what the first token needs: (B, L, H) -> (B, H).

    Args:
        graph: What it is added to.
        x: The embedded tokens.
        layers: In their order.
        mask_bias: By ``write_mask_bias``.
        position_bias: What scores get for the places of query and key, (N, L, L); nothing where absent.
        first_alone: Whether the first token is all that is read; (B, L, H) -> (B, L, H) where not.
    """
    bias = graph.op("Unsqueeze", mask_bias, graph.integers(1, 2))  # (B, 1, 1, L)
    if position_bias is not None:
        bias = graph.op("Add", bias, position_bias)  # (B, N, L, L)
    if not layers:
        return write_first_token(graph, x) if first_alone else x
    for layer in layers[:-1] if first_alone else layers:
        x = _write_layer(graph, x, layer, bias)
    if not first_alone:
        return x
    of_first = graph.op("Gather", bias, graph.weight("first_token", np.int64(0)), axis=2)  # (B, 1 or N, L)
    return _write_last_layer(graph, x, layers[-1], of_first)


def _write_layer(graph: Graph, x: Value, layer: EncoderLayer, bias: Value) -> Value:
    """One layer for all tokens: (B, L, H) -> (B, L, H); ``bias`` is added to scores of (B, N, L, L)."""
    hidden = layer.query.kernel.shape[0]
    by_head = graph.integers(0, 0, layer.heads, hidden // layer.heads)

    def heads(dense: Dense, order: list[int]) -> Value:
        return graph.op("Transpose", graph.op("Reshape", write_dense(graph, x, dense), by_head), perm=order)

    query = heads(_scaled_query(layer), [0, 2, 1, 3])  # (B, N, L, D)
    key = heads(layer.key, [0, 2, 3, 1])  # (B, N, D, L)
    value = heads(layer.value, [0, 2, 1, 3])  # (B, N, L, D)
    shares = graph.op(
        "Softmax", graph.op("Add", graph.op("MatMul", query, key), bias), axis=-1
    )  # (B, N, L, L)
    context = graph.op("Transpose", graph.op("MatMul", shares, value), perm=[0, 2, 1, 3])
    context = graph.op("Reshape", context, graph.integers(0, 0, hidden))  # (B, L, H)
    return write_after_attention(graph, x, write_dense(graph, context, layer.attention_output), layer)


def _write_last_layer(graph: Graph, x: Value, layer: EncoderLayer, bias: Value) -> Value:
    """The layer's output at the first token alone: (B, L, H) -> (B, H); ``bias`` is added to its scores, (B, N, L).

    Besides asking for one token, this never computes keys and values. For one query q the score of token t is
    q·(t K + k) = (q Kᵀ)·t + q·k: the key kernel moves to the query's side, and q·k, the same for every
    token, cancels in the softmax. The context Σ p (t V + v) is (Σ p t) V + v, as the shares p sum to 1. So
    two products with (L, H) tokens become products with (N, H), exact but for rounding.
    """
    heads, hidden = layer.heads, layer.query.kernel.shape[0]
    width = hidden // heads
    first = write_first_token(graph, x)  # (B, H)
    query = graph.op(
        "Reshape", write_dense(graph, first, _scaled_query(layer)), graph.integers(0, heads, width)
    )
    query = graph.op("Transpose", query, perm=[1, 0, 2])  # (N, B, D)
    key_kernel = layer.key.kernel.reshape(hidden, heads, width).transpose(1, 2, 0)  # (N, D, H)
    query = graph.op(
        "MatMul", query, graph.weight(f"{layer.key.name}.kernel.by_head", key_kernel)
    )  # (N, B, H)
    query = graph.op("Transpose", query, perm=[1, 0, 2])  # (B, N, H)
    scores = graph.op("MatMul", query, graph.op("Transpose", x, perm=[0, 2, 1]))  # (B, N, L)
    shares = graph.op("Softmax", graph.op("Add", scores, bias), axis=-1)
    mixed = graph.op("Transpose", graph.op("MatMul", shares, x), perm=[1, 0, 2])  # (N, B, H)
    value_kernel = layer.value.kernel.reshape(hidden, heads, width).transpose(1, 0, 2)  # (N, H, D)
    context = graph.op("MatMul", mixed, graph.weight(f"{layer.value.name}.kernel.by_head", value_kernel))
    context = graph.op("Transpose", context, perm=[1, 0, 2])  # (B, N, D)
    context = graph.op("Reshape", context, graph.integers(0, hidden))  # (B, H)
    context = graph.op("Add", context, graph.weight(f"{layer.value.name}.bias", layer.value.bias))
    return write_after_attention(graph, first, write_dense(graph, context, layer.attention_output), layer)


def write_after_attention(graph: Graph, x: Value, attended: Value, layer: EncoderLayer) -> Value:
    """The residual, norm, feed-forward block, residual and norm that follow attention; shapes stay."""
    x = write_norm(graph, graph.op("Add", attended, x), layer.attention_norm)
    inner = write_activation(graph, write_dense(graph, x, layer.intermediate), layer.activation)
    return write_norm(graph, graph.op("Add", write_dense(graph, inner, layer.output), x), layer.output_norm)


def _scaled_query(layer: EncoderLayer) -> Dense:
    """The query's dense layer with attention's scale, 1 / sqrt(D), multiplied into its weights."""
    scale = np.float32(1.0 / np.sqrt(layer.query.kernel.shape[1] // layer.heads))
    return Dense(layer.query.name, layer.query.kernel * scale, layer.query.bias * scale)


def write_first_token(graph: Graph, x: Value) -> Value:
    """(B, L, H) -> (B, H)."""
    return graph.op("Gather", x, graph.weight("first_token", np.int64(0)), axis=1)


def write_activation(graph: Graph, x: Value, name: str) -> Value:
    """Add the elementwise function ``name``, one that ``name_of`` gives, softmax excepted."""
    if name == "linear":
        return x
    if name == "gelu_tanh":
        return graph.op("Gelu", x, approximate="tanh")
    if name == "silu":
        return graph.op("Mul", x, graph.op("Sigmoid", x))
    return graph.op({"gelu": "Gelu", "relu": "Relu", "tanh": "Tanh"}[name], x)


def write_head(graph: Graph, first: Value, pooled_dense: Any, output_dense: Any) -> Value:
    """What KerasHub's text classifiers end with, a dense layer and the logits: (B, H) -> (B, n_labels).

    Raises:
        EncoderUnsupported: If an activation is unknown, or the output's gives no logits.
    """
    pooled = write_dense(graph, first, read_dense(pooled_dense, "pooled"))
    pooled = write_activation(graph, pooled, name_of(pooled_dense.activation, where="pooled_dense"))
    require_logits(output_dense.activation)
    # A softmax head's logits are what goes into the softmax; the scorer takes the softmax itself.
    return write_dense(graph, pooled, read_dense(output_dense, "logits"))
