"""A graph's weights stored in fewer bits, and computed with in 32 as before.

Only what lies on the disk is narrower: each weight is brought back to float32 by nodes that ONNX Runtime folds once,
when it opens the file. So a pair's answer still depends on that pair alone, which it does not where activations are
quantized together with their batch (decision 0025).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported, UsageError
from samesay.export.onnx_part import save_graph

Storage = Literal["int8", "float16"]

_LEAST_WEIGHTS = 1024
"""Smaller tensors, biases and norms, stay as they are: they hold next to nothing."""


def narrow(source: str | os.PathLike[str], target: str | os.PathLike[str], storage: Storage) -> int:
    """Write the graph at ``source`` to ``target`` with its large weights in ``storage``.

    ``int8``: symmetric, in [-127, 127], one scale for each output of a product and for each row of a table.
    ``float16``: rounded to the nearest.

    Args:
        source: An ONNX file.
        target: The new one.
        storage: How weights lie in it.

    Returns:
        How many weights were narrowed.

    Raises:
        EncoderUnsupported: If a weight is beyond float16's range.
        UsageError: If there is no such storage.
        DiskFull, OutputUnwritable: If it cannot be written.
    """
    import onnx
    from onnx import numpy_helper

    if storage not in get_args(Storage):
        raise UsageError(
            f"There is no storage {storage!r}.", where="quantize", expected=" or ".join(get_args(Storage))
        )
    model = onnx.load(os.fspath(source))
    graph = model.graph
    tables = {node.input[0] for node in graph.node if node.op_type == "Gather"}
    kept, nodes, narrowed = [], [], 0
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2 or values.size < _LEAST_WEIGHTS:
            kept.append(tensor)
            continue
        stored, back = _WAYS[storage](tensor.name, values, -1 if tensor.name in tables else -2)
        kept += stored
        nodes += back
        narrowed += values.size
    nodes += list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    save_graph(model, target)
    return narrowed


def _int8(name: str, values: NDArray[np.float32], axis: int) -> tuple[list[Any], list[Any]]:
    """One scale for all weights along ``axis``."""
    from onnx import TensorProto, helper, numpy_helper

    largest = np.abs(values).max(axis=axis, keepdims=True)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    steps = np.rint(values / scale).astype(np.int8)
    return (
        [numpy_helper.from_array(steps, f"{name}.int8"), numpy_helper.from_array(scale, f"{name}.scale")],
        [
            helper.make_node("Cast", [f"{name}.int8"], [f"{name}.steps"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.steps", f"{name}.scale"], [name]),
        ],
    )


def _float16(name: str, values: NDArray[np.float32], axis: int) -> tuple[list[Any], list[Any]]:
    from onnx import TensorProto, helper, numpy_helper

    if np.abs(values).max() > np.finfo(np.float16).max:
        raise EncoderUnsupported(
            f"A weight of {name} is beyond the range of float16.", where="quantize", hint="--quantize int8"
        )
    return (
        [numpy_helper.from_array(values.astype(np.float16), f"{name}.float16")],
        [helper.make_node("Cast", [f"{name}.float16"], [name], to=TensorProto.FLOAT)],
    )


_WAYS: dict[str, Callable[[str, NDArray[np.float32], int], tuple[list[Any], list[Any]]]] = {
    "int8": _int8,
    "float16": _float16,
}
