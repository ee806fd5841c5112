"""From the first token to logits: what all of KerasHub's text classifiers end with."""

from __future__ import annotations

from typing import Any

from samesay.errors import EncoderUnsupported
from samesay.export.families.activations import name_of, write_activation
from samesay.export.families.transformer import read_dense, write_dense
from samesay.export.graph import Graph, Value


def write_head(graph: Graph, first: Value, pooled_dense: Any, output_dense: Any) -> Value:
    """A dense layer with its activation, then the logits: (B, H) -> (B, n_labels).

    Raises:
        EncoderUnsupported: If an activation is unknown, or the output's gives no logits.
    """
    pooled = write_dense(graph, first, read_dense(pooled_dense, "pooled"))
    pooled = write_activation(graph, pooled, name_of(pooled_dense.activation, where="pooled_dense"))
    head = name_of(output_dense.activation, where="logits")
    if head not in ("linear", "softmax"):
        raise EncoderUnsupported(
            f"The classifier's output activation {head!r} does not give one probability a label.",
            where="logits",
            expected="no activation, or softmax",
        )
    # A softmax head's logits are what goes into the softmax; the scorer takes the softmax itself.
    return write_dense(graph, pooled, read_dense(output_dense, "logits"))
