"""Tensors of a folder of Hugging Face's, and the Keras variables that hold the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.model.runtime.backend import keras

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a folder and the Keras variable that holds the same numbers.

    Attributes:
        name: In ``model.safetensors``.
        variable: The Keras variable.
        shape: The tensor's shape.
        transposed: Whether it is a dense kernel, its axes the other way round.
        rows_in_front: Rows of zeros before the variable's own.
        shared_row: A tensor whose first row is added to all of this one's; zeros in what we write.
    """

    name: str
    variable: Any
    shape: tuple[int, ...]
    transposed: bool = False
    rows_in_front: int = 0
    shared_row: str | None = None

    def read_variable(self) -> Array:
        """The variable's numbers in the tensor's shape."""
        ops = keras().ops
        held = np.asarray(ops.convert_to_numpy(ops.cast(self.variable, "float32")), np.float32)
        if self.transposed:
            return np.ascontiguousarray(held.reshape(self.shape[::-1]).T)
        if self.rows_in_front:
            held = np.concatenate([np.zeros((self.rows_in_front, held.shape[1]), np.float32), held])
        return np.ascontiguousarray(held.reshape(self.shape))

    def assign(self, tensor: Array, shared_row: Array | None = None) -> None:
        """Put a tensor of ``shape`` into the variable."""
        values = tensor.T if self.transposed else tensor[self.rows_in_front :]
        if shared_row is not None:
            values = values + shared_row[:1]
        self.variable.assign(values.reshape(tuple(self.variable.shape)))


def plain(name: str, variable: Any) -> Tensor:
    """A variable as it is."""
    return Tensor(name, variable, tuple(variable.shape))


def dense(name: str, layer: Any) -> Iterator[Tensor]:
    """A ``Dense`` or one of attention's ``EinsumDense``: kernel and bias."""
    outputs = math.prod(layer.bias.shape)
    inputs = math.prod(layer.kernel.shape) // outputs
    yield Tensor(f"{name}.weight", layer.kernel, (outputs, inputs), transposed=True)
    yield Tensor(f"{name}.bias", layer.bias, (outputs,))


def norm(name: str, layer: Any) -> Iterator[Tensor]:
    """A layer norm: gain and bias."""
    yield plain(f"{name}.weight", layer.gamma)
    yield plain(f"{name}.bias", layer.beta)


def numbered(layers: list[Any]) -> Iterator[tuple[str, Any]]:
    """The layers with their numbers; ALBERT's stand in groups."""
    for index, layer in enumerate(layers):
        if isinstance(layer, list):
            yield from ((f"{index}.albert_layers.{inner}", one) for inner, one in enumerate(layer))
        else:
            yield str(index), layer


def encoder_layer(prefix: str, layer: Any, names: Mapping[str, str]) -> Iterator[Tensor]:
    """A transformer layer; ``names`` are those of its parts after ``prefix``."""
    # KerasHub gives these no public names; its own converters read them in this way.
    attention = layer._self_attention_layer
    for part in ("query", "key", "value", "output"):
        # DeBERTa's attention is KerasHub's own layer, the others' is Keras'.
        found = getattr(attention, f"{part}_dense", None) or getattr(attention, f"_{part}_dense")
        yield from dense(f"{prefix}.{names['attention' if part == 'output' else part]}", found)
    yield from norm(f"{prefix}.{names['attention_norm']}", layer._self_attention_layer_norm)
    yield from dense(f"{prefix}.{names['intermediate']}", layer._feedforward_intermediate_dense)
    yield from dense(f"{prefix}.{names['output']}", layer._feedforward_output_dense)
    yield from norm(f"{prefix}.{names['output_norm']}", layer._feedforward_layer_norm)
