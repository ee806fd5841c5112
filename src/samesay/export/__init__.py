"""Keras models written as ONNX graphs, and the parity check that such a graph answers as Keras does.

``write_onnx`` writes the graph by hand from the Keras variables, ``check_parity`` compares it with Keras through the
real ``Scorer``, ``write_onnx_part`` does both for a bundle. This room does not know how models are trained,
nor the layout of bundles beyond the names of its two files.
"""

from __future__ import annotations

from samesay.export.families.table import supported_encoders
from samesay.export.keras_answer import KerasAnswer
from samesay.export.onnx_part import write_onnx, write_onnx_part
from samesay.export.parity import Verdict, check_parity
from samesay.export.rebuilt import rebuilt_verdict
from samesay.export.storage import Storage, narrow

__all__ = [
    "KerasAnswer",
    "Storage",
    "Verdict",
    "check_parity",
    "narrow",
    "rebuilt_verdict",
    "supported_encoders",
    "write_onnx",
    "write_onnx_part",
]
