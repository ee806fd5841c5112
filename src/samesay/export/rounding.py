"""Weights rounded to a grid so that a product's outputs stay near, and not each weight on its own.

The error of each rounded weight is made up for by those that are not rounded yet, as far as their inputs go together
(Frantar et al. 2022, "GPTQ"). It takes what the products read when the model answers: texts, and no labels.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay._privacy import onnx_runtime

if TYPE_CHECKING:
    from samesay.encoding import DenseBatch

_DAMPING = 0.01
"""Added to the diagonal, as a share of its mean: inputs that hardly vary would divide by nothing."""


def read_moments(
    source: str | os.PathLike[str], inputs: Iterable[DenseBatch]
) -> dict[str, NDArray[np.float32]]:
    """What the products with stored weights read, as second moments.

    Args:
        source: An ONNX file.
        inputs: Batches without padding: what stands there would count.

    Returns:
        By the name of the weight: sums of x xᵀ over all tokens, shape ``(inputs, inputs)``, or
        ``(n, inputs, inputs)`` of a weight ``(n, inputs, outputs)``.
    """
    import onnx

    model = onnx.load(os.fspath(source))
    dims = {one.name: len(one.dims) for one in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in dims]
    read = list(dict.fromkeys(node.input[0] for node in products))
    given = {one.name for one in model.graph.output}
    for name in read:
        if name not in given:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    runtime = onnx_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    sums: dict[tuple[str, bool], Any] = {}
    stacked = {(node.input[0], dims[node.input[1]] > 2) for node in products}
    for batch in inputs:
        for name, values in zip(read, session.run(read, batch._asdict()), strict=True):
            for by_head in (False, True):
                if (name, by_head) in stacked:
                    rows = values if by_head else values.reshape(-1, values.shape[-1])
                    sums[name, by_head] = sums.get((name, by_head), 0) + rows.swapaxes(-1, -2) @ rows
    found: dict[str, NDArray[np.float32]] = {}
    for node in products if sums else ():
        x, weight = node.input[0], node.input[1]
        found[weight] = found.get(weight, 0) + sums[x, dims[weight] > 2]
    return found


def round_products(
    values: NDArray[np.float32], scale: NDArray[np.float32], moments: NDArray[np.float32]
) -> NDArray[np.int8]:
    """Steps in [-127, 127] whose products stay near those of ``values``.

    Args:
        values: ``(inputs, outputs)``, or several of these.
        scale: A step's size, ``(1, outputs)``, or several.
        moments: As ``read_moments`` gives them.
    """
    if values.ndim > 2:
        return np.stack([round_products(*each) for each in zip(values, scale, moments, strict=True)])
    # Inputs with the largest values first: what comes later can still make up for them.
    order = np.argsort(-np.diag(moments), kind="stable")
    spread = moments[order][:, order].astype(np.float64)
    spread[np.diag_indices_from(spread)] += max(_DAMPING * np.diag(spread).mean(), np.finfo(np.float32).tiny)
    # Row i: how inputs after i make up for an error at i.
    upper = np.linalg.cholesky(np.linalg.inv(spread)).T
    left = values[order].astype(np.float64)
    steps = np.empty(left.shape, np.int8)
    for at, row in enumerate(left):
        steps[at] = np.clip(np.rint(row / scale[0]), -127, 127)
        error = (row - steps[at] * scale[0]) / upper[at, at]
        left[at + 1 :] -= np.outer(upper[at, at + 1 :], error)
    back = np.empty_like(steps)
    back[order] = steps
    return back
