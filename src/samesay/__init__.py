"""SameSay teaches a pretrained encoder how two sentences relate, and says honestly how well it learned it.

    >>> import samesay
    >>> model = samesay.PairModel.from_preset("minilm", labels=["entailment", "neutral", "contradiction"])

Importing the package is quick and changes nothing in the process: rooms are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from samesay.errors import SameSayError
from samesay.pairs import LabelSet, Pair, Prediction, Predictor, Progress, Sides

if TYPE_CHECKING:
    from samesay.data import PairTable, load_pairs
    from samesay.embedder import Embedder
    from samesay.jobs.check import check
    from samesay.jobs.repair import repair
    from samesay.jobs.score import score
    from samesay.pair_model import PairModel, load
    from samesay.scoring import Scorer
    from samesay.training import Recipe

__version__ = "0.1.0"

_LATE = {
    "PairModel": "samesay.pair_model",
    "load": "samesay.pair_model",
    "check": "samesay.jobs.check",
    "repair": "samesay.jobs.repair",
    "score": "samesay.jobs.score",
    "Embedder": "samesay.embedder",
    "PairTable": "samesay.data",
    "load_pairs": "samesay.data",
    "Recipe": "samesay.training",
    "Scorer": "samesay.scoring",
}

__all__ = [
    "Embedder",
    "LabelSet",
    "Pair",
    "PairModel",
    "PairTable",
    "Prediction",
    "Predictor",
    "Progress",
    "Recipe",
    "SameSayError",
    "Scorer",
    "Sides",
    "check",
    "load",
    "load_pairs",
    "repair",
    "score",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        value = getattr(importlib.import_module(_LATE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'samesay' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
