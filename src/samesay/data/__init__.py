"""Where pairs come from: files, folders, standard input, what ships with the package.

The room knows nothing of models, tokens or probabilities.
"""

from __future__ import annotations

from samesay.data.columns import ColumnMap, find_columns
from samesay.data.description import Description, describe
from samesay.data.loading import load_pairs, load_splits, split_names
from samesay.data.reading import Reading, of_another_source
from samesay.data.rows import Row, side_text
from samesay.data.streaming import SourceRows, iter_rows
from samesay.data.table import Origin, PairTable, require_classes, require_contrast

__all__ = [
    "ColumnMap",
    "Description",
    "Origin",
    "PairTable",
    "Reading",
    "Row",
    "SourceRows",
    "describe",
    "find_columns",
    "iter_rows",
    "load_pairs",
    "load_splits",
    "of_another_source",
    "require_classes",
    "require_contrast",
    "side_text",
    "split_names",
]
