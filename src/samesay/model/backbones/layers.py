"""The repeated layers of a KerasHub backbone, by their names."""

from __future__ import annotations

import re
from typing import Any

# KerasHub's names: transformer_layer_3, group_0_inner_layer_3, and so on.
_REPEATED = re.compile(r".*_layer_\d+")


def repeated_layers(backbone: Any) -> list[Any]:
    """Those with weights, from the first to the last; one for all where they share their weights."""
    return [layer for layer in backbone.layers if layer.weights and _REPEATED.fullmatch(layer.name)]
