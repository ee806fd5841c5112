"""A graph's weights stored in fewer bits, and computed with in 32 as before.

Only what lies on the disk is narrower. Tables stay so: a run widens the rows of its own tokens. The weights of products
are brought back to float32 by nodes that ONNX Runtime folds once, when it opens the file. So a pair's answer still
depends on that pair alone, which it does not where activations are quantized together with their batch (decision 0025).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported, UsageError
from samesay.export.onnx_part import save_graph
from samesay.export.rounding import read_moments, round_products

if TYPE_CHECKING:
    from samesay.encoding import DenseBatch

Storage = Literal["int8", "compact", "float16"]

_LEAST_WEIGHTS = 1024
"""Smaller tensors, biases and norms, stay as they are: they hold next to nothing."""

_LARGEST = 127
# The size of compact's steps, as a share of the root mean square of a table or of an output (docs/decisions/0040).
_STEP_OF_TABLE, _STEP_OF_PRODUCT = 1 / 4, 1 / 8


def narrow(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    storage: Storage,
    inputs: Sequence[DenseBatch] = (),
) -> int:
    """Write the graph at ``source`` to ``target`` with its large weights in ``storage``.

    ``int8``: symmetric, in [-127, 127], one scale for each output of a product and for each row of a table.
    ``compact``: the same in coarser steps. The file is as large, but a zip or a wheel stores it in two thirds of that:
    few of the 255 values occur often.
    ``float16``: rounded to the nearest.

    Args:
        source: An ONNX file.
        target: The new one.
        storage: How weights lie in it.
        inputs: What the model reads, without padding; by it ``int8`` and ``compact`` round the weights of products.
            Where absent each is rounded to the nearest.

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
            f"There is no storage {storage!r}.", where="quantize", expected=", ".join(get_args(Storage))
        )
    moments = read_moments(source, inputs) if inputs and storage != "float16" else {}
    model = onnx.load(os.fspath(source))
    graph = model.graph
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    kept, widened, narrowed = [], [], 0
    looked_up: dict[str, list[Any]] = {}  # by the output of a node: what stands in its place
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2 or values.size < _LEAST_WEIGHTS:
            kept.append(tensor)
            continue
        name = tensor.name
        is_table = all(_looks_up_rows(node, name) for node in readers[name])
        narrowed += values.size
        if storage == "float16":
            kept.append(numpy_helper.from_array(_half(name, values), f"{name}.float16"))
        else:
            scale = _scale(values, storage, is_table=is_table)
            if name in moments:
                steps = round_products(values, scale, moments[name])
            else:
                steps = np.clip(np.rint(values / scale), -_LARGEST, _LARGEST).astype(np.int8)
            kept += [
                numpy_helper.from_array(steps, f"{name}.int8"),
                numpy_helper.from_array(scale, f"{name}.scale"),
            ]
        if is_table:
            for node in readers[name]:
                looked_up[node.output[0]] = _rows(name, node, storage, one_scale=storage == "compact")
        else:
            widened += _whole(name, storage)
    nodes = widened + [new for node in graph.node for new in looked_up.get(node.output[0], [node])]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    save_graph(model, target)
    return narrowed


def _scale(values: NDArray[np.float32], storage: Storage, *, is_table: bool) -> NDArray[np.float32]:
    """A step's size for each row of a table, or for all of it, and for each output of a product."""
    compact = storage == "compact"
    axis = -2 if not is_table else None if compact else -1
    scale = np.abs(values).max(axis=axis, keepdims=True) / _LARGEST
    if compact:
        share = _STEP_OF_TABLE if is_table else _STEP_OF_PRODUCT
        scale = np.maximum(scale, share * np.sqrt(np.square(values).mean(axis=axis, keepdims=True)))
    return np.where(scale > 0, scale, 1).astype(np.float32)


def _half(name: str, values: NDArray[np.float32]) -> NDArray[np.float16]:
    if np.abs(values).max() > np.finfo(np.float16).max:
        raise EncoderUnsupported(
            f"A weight of {name} is beyond the range of float16.", where="quantize", hint="--quantize int8"
        )
    return values.astype(np.float16)


def _looks_up_rows(node: Any, table: str) -> bool:
    axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
    return node.op_type == "Gather" and node.input[0] == table and axis == 0


def _rows(name: str, node: Any, storage: Storage, *, one_scale: bool) -> list[Any]:
    """What looks up rows in the narrow table and widens them alone."""
    from onnx import helper

    ids, out = node.input[1], node.output[0]
    if storage == "float16":
        return [
            helper.make_node("Gather", [f"{name}.float16", ids], [f"{out}.float16"]),
            _cast(f"{out}.float16", out),
        ]
    of_rows = helper.make_node("Gather", [f"{name}.scale", ids], [f"{out}.scale"])
    return [
        helper.make_node("Gather", [f"{name}.int8", ids], [f"{out}.int8"]),
        _cast(f"{out}.int8", f"{out}.steps"),
        *([] if one_scale else [of_rows]),
        helper.make_node("Mul", [f"{out}.steps", f"{name}.scale" if one_scale else f"{out}.scale"], [out]),
    ]


def _whole(name: str, storage: Storage) -> list[Any]:
    """What brings a weight back, whatever reads it."""
    from onnx import helper

    if storage == "float16":
        return [_cast(f"{name}.float16", name)]
    return [
        _cast(f"{name}.int8", f"{name}.steps"),
        helper.make_node("Mul", [f"{name}.steps", f"{name}.scale"], [name]),
    ]


def _cast(source: str, target: str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_node("Cast", [source], [target], to=TensorProto.FLOAT)
