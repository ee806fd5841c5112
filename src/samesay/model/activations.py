"""Which function a Keras activation is, found by asking it: names and configurations of layers do not tell.

KerasHub's BERT and ALBERT use the tanh GELU, RoBERTa and DistilBERT the exact one, and both are called
"gelu".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import EncoderUnsupported

_PROBE = np.linspace(-6.0, 6.0, 97, dtype=np.float32).reshape(1, -1)

# The two GELUs are up to 4.7e-4 apart; float32 backends differ from these formulas by about 1e-6.
_TOLERANCE = 2e-5

_Arrays = NDArray[np.float64]


def _gelu(x: _Arrays) -> _Arrays:
    return 0.5 * x * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0)))


def _gelu_tanh(x: _Arrays) -> _Arrays:
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def _softmax(x: _Arrays) -> _Arrays:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


_KNOWN: Mapping[str, Callable[[_Arrays], _Arrays]] = {
    "linear": lambda x: x,
    "gelu_tanh": _gelu_tanh,
    "gelu": _gelu,
    "relu": lambda x: np.maximum(x, 0.0),
    "silu": lambda x: x / (1.0 + np.exp(-x)),
    "tanh": np.tanh,
    "softmax": _softmax,
}


def name_of(activation: Callable[..., Any] | None, *, where: str) -> str:
    """The name of the function that ``activation`` computes; none at all is ``"linear"``.

    Args:
        activation: A Keras activation, taking and giving tensors.
        where: The layer, for the message.
    """
    import keras

    if activation is None:
        return "linear"
    answer = np.asarray(keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor(_PROBE))))
    for name, formula in _KNOWN.items():
        expected = formula(_PROBE.astype(np.float64))
        if answer.shape == expected.shape and np.abs(answer - expected).max() < _TOLERANCE:
            return name
    raise EncoderUnsupported(
        f"The activation {getattr(activation, '__name__', activation)!r} is not known here.",
        where=where,
        expected=f"a function that computes one of {', '.join(_KNOWN)}",
        hint="the Keras part keeps working; only the ONNX part is left out",
    )


def require_logits(activation: Callable[..., Any] | None) -> str:
    """The name of a head's output activation, ``"linear"`` or ``"softmax"``."""
    name = name_of(activation, where="logits")
    if name not in ("linear", "softmax"):
        raise EncoderUnsupported(
            f"The classifier's output activation {name!r} does not give one probability a label.",
            where="logits",
            expected="no activation, or softmax",
        )
    return name
