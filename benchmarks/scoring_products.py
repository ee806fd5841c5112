"""The matrix products that scoring a batch cannot do without, and a graph that computes them and nothing else.

Counted as the graph that ``samesay.export`` writes executes them: all layers for all tokens, of the last one what the
first token needs (docs/decisions/0005-onnx-graph-by-hand.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class Shape:
    """An encoder's size."""

    layers: int
    heads: int
    hidden: int
    inner: int


def multiplications(shape: Shape, height: int, width: int) -> int:
    """Of one batch of ``height`` rows and ``width`` tokens, but for the embeddings and the head's few columns."""
    hidden, inner, tokens = shape.hidden, shape.inner, height * width
    layer = tokens * (4 * hidden * hidden + 2 * hidden * inner) + 2 * tokens * width * hidden
    # The query; keys' and values' kernels for the heads of one token; scores and context over all tokens; what follows.
    last = height * (4 * hidden * hidden + 2 * hidden * inner) + 2 * tokens * shape.heads * hidden
    pooler = height * hidden * hidden
    return (shape.layers - 1) * layer + last + pooler


def write_products(shape: Shape, path: Path) -> None:
    """A graph of these products, chained where their shapes allow it, so that none can be left out.

    Reads ``x`` (B, L, H), ``keys`` (B, N, D, L), ``values`` (B, N, L, D) and ``first`` (B, H); answers with the end of
    each chain. Its weights keep the numbers' size, so that nothing becomes slow by being tiny.
    """
    random = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    names = iter(range(10_000))

    def product(left: str, right: str) -> str:
        made = f"product_{next(names)}"
        nodes.append(helper.make_node("MatMul", [left, right], [made]))
        return made

    def weight(*size: int) -> str:
        made = f"weight_{next(names)}"
        values = random.standard_normal(size) / np.sqrt(size[-2])
        weights.append(numpy_helper.from_array(values.astype(np.float32), made))
        return made

    hidden, inner, heads = shape.hidden, shape.inner, shape.heads
    size = hidden // heads
    tokens, attended, first = "x", "values", "first"
    for _ in range(shape.layers - 1):
        for _ in range(4):  # query, key, value, attention's output
            tokens = product(tokens, weight(hidden, hidden))
        tokens = product(product(tokens, weight(hidden, inner)), weight(inner, hidden))
        attended = product(product(attended, "keys"), "values")  # (B, N, L, L), (B, N, L, D)
    # The last layer: (B, H) for the first token, (N, B, D) by head, (B, N, L) scores over all tokens.
    first = product(first, weight(hidden, hidden))
    by_head = product(product("by_head", weight(heads, size, hidden)), weight(heads, hidden, size))
    mixed = product(product("heads_first", "x_transposed"), "x")
    first = product(first, weight(hidden, hidden))
    first = product(product(first, weight(hidden, inner)), weight(inner, hidden))
    first = product(first, weight(hidden, hidden))  # the pooler

    inputs = {
        "x": ["B", "L", hidden],
        "x_transposed": ["B", hidden, "L"],
        "keys": ["B", heads, size, "L"],
        "values": ["B", heads, "L", size],
        "first": ["B", hidden],
        "by_head": [heads, "B", size],
        "heads_first": ["B", heads, hidden],
    }
    ends = [tokens, attended, first, by_head, mixed]
    graph = helper.make_graph(
        nodes,
        "products",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, of) for name, of in inputs.items()],
        [helper.make_tensor_value_info(end, TensorProto.FLOAT, None) for end in ends],
        initializer=weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save(model, str(path))


def inputs_of(shape: Shape, height: int, width: int) -> dict[str, NDArray[np.float32]]:
    """Random inputs of ``write_products``' graph for one batch."""
    random = np.random.default_rng(1)
    size = shape.hidden // shape.heads
    shapes = {
        "x": ((height, width, shape.hidden), 1.0),
        "keys": ((height, shape.heads, size, width), size**-0.5),
        "values": ((height, shape.heads, width, size), width**-0.5),
        "first": ((height, shape.hidden), 1.0),
        "by_head": ((shape.heads, height, size), 1.0),
        "heads_first": ((height, shape.heads, shape.hidden), shape.hidden**-0.5),
    }
    made = {name: (random.standard_normal(of) * by).astype(np.float32) for name, (of, by) in shapes.items()}
    made["x_transposed"] = np.ascontiguousarray(made["x"].transpose(0, 2, 1))
    return made
