"""Where pairs come from: files, folders, standard input, what ships with the package.

The room knows nothing of models, tokens or probabilities.
"""

from __future__ import annotations

from samesay.data.loading import load_pairs, load_splits, split_names
from samesay.data.table import Origin, PairTable, require_classes

__all__ = ["Origin", "PairTable", "load_pairs", "load_splits", "require_classes", "split_names"]
