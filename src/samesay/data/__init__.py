"""Where pairs come from: files, folders, standard input, what ships with the package.

The room knows nothing of models, tokens or probabilities. Its modules are imported when they are first used: for its
help the command line asks ``options`` alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from samesay import _privacy
from samesay.data.options import ReadOptions

if TYPE_CHECKING:
    from samesay.data.columns import ColumnMap, find_columns
    from samesay.data.description import Description, describe
    from samesay.data.loading import load_pairs, load_splits, split_names
    from samesay.data.rows import Row, side_text
    from samesay.data.stream import SourceRows, iter_rows
    from samesay.data.table import Origin, PairTable, require_classes, require_contrast

_privacy.switch_off()

_LATE = {
    "ColumnMap": "columns",
    "Description": "description",
    "Origin": "table",
    "PairTable": "table",
    "Row": "rows",
    "SourceRows": "stream",
    "describe": "description",
    "find_columns": "columns",
    "iter_rows": "stream",
    "load_pairs": "loading",
    "load_splits": "loading",
    "require_classes": "table",
    "require_contrast": "table",
    "side_text": "rows",
    "split_names": "loading",
}

__all__ = [
    "ColumnMap",
    "Description",
    "Origin",
    "PairTable",
    "ReadOptions",
    "Row",
    "SourceRows",
    "describe",
    "find_columns",
    "iter_rows",
    "load_pairs",
    "load_splits",
    "require_classes",
    "require_contrast",
    "side_text",
    "split_names",
]


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'samesay.data' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"samesay.data.{_LATE[name]}"), name)
    globals()[name] = value
    return value
