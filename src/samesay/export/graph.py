"""A small builder of ONNX graphs: weights by name, one method an operator, the same bytes for the same calls.

It knows nothing of Keras or of encoders. Only operators of the standard ``ai.onnx`` domain are written, so
any ONNX runtime can read the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NewType

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from samesay.errors import EncoderUnsupported

OPSET = 20
"""The first with ``Gelu``; ONNX Runtime reads it since 1.17."""

_IR_VERSION = 9
_LARGEST_FILE = 2**31 - 2**20
"""A protobuf message ends at 2 GiB; some room is left for the nodes."""

Value = NewType("Value", str)
"""A tensor of the graph, by its name."""


class Graph:
    """A graph under construction; names of nodes come from a counter, so they are the same every time."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: type[np.generic], shape: Sequence[str | int]) -> Value:
        """An input of the graph; a string in ``shape`` is a dimension that may vary."""
        self._inputs.append(helper.make_tensor_value_info(name, _element_type(dtype), list(shape)))
        return Value(name)

    def output(self, value: Value, name: str, dtype: type[np.generic], shape: Sequence[str | int]) -> None:
        """Give ``value`` out under ``name``."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output.{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, _element_type(dtype), list(shape)))

    def weight(self, name: str, array: ArrayLike) -> Value:
        """A constant tensor, floats kept as float32; a name given before is that tensor again."""
        held = np.asarray(array)
        if held.dtype.kind == "f" or held.dtype.name == "bfloat16":
            held = held.astype(np.float32)
        if (known := self._weights.get(name)) is not None:
            if tuple(known.dims) != held.shape:
                raise AssertionError(f"{name} is both {tuple(known.dims)} and {held.shape}")
            return Value(name)
        # np.array and not np.ascontiguousarray: the latter turns a scalar into a vector.
        self._weights[name] = numpy_helper.from_array(np.array(held, order="C"), name)
        return Value(name)

    int32: int = TensorProto.INT32
    """For ``Cast``."""

    def integers(self, *numbers: int) -> Value:
        """A vector of int64, as shapes and axes are."""
        return self.weight("int64." + "_".join(map(str, numbers)), np.array(numbers, np.int64))

    def op(self, kind: str, *inputs: Value, **attributes: Any) -> Value:
        """Add a node of operator ``kind`` with one output, and return that."""
        output = f"{kind}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return Value(output)

    def model(self, name: str, *, metadata: Mapping[str, str] | None = None) -> onnx.ModelProto:
        """The finished model, checked by ``onnx.checker``.

        Raises:
            EncoderUnsupported: If its weights do not fit into one ONNX file (2 GiB).
        """
        size = sum(len(weight.raw_data) for weight in self._weights.values())
        if size > _LARGEST_FILE:
            raise EncoderUnsupported(
                f"The weights take {size / 2**30:.1f} GiB, more than one ONNX file holds.",
                expected="at most 2 GiB of float32 weights, about 530 million parameters",
                hint="use the Keras part, or a smaller preset",
            )
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, initializer=list(self._weights.values())
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=_IR_VERSION,
            producer_name="samesay",
        )
        helper.set_model_props(model, dict(sorted((metadata or {}).items())))
        onnx.checker.check_model(model)
        return model


def _element_type(dtype: type[np.generic]) -> int:
    """The ONNX code of a numpy type."""
    return {
        np.dtype(np.float32): TensorProto.FLOAT,
        np.dtype(np.int32): TensorProto.INT32,
        np.dtype(np.bool_): TensorProto.BOOL,
    }[np.dtype(dtype)]
