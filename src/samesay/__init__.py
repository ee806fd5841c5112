"""SameSay teaches a pretrained encoder how two sentences relate, and says honestly how well it learned it.

    >>> import samesay
    >>> model = samesay.PairModel.from_preset("minilm", labels=["entailment", "neutral", "contradiction"])

Importing the package is quick: what needs arrays or Keras is imported when it is first used.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from samesay import _keras_hook, _privacy
from samesay.errors import SameSayError
from samesay.pairs import LabelSet, Pair, Prediction, Predictor, Progress, Sides

if TYPE_CHECKING:
    from samesay.data import PairTable, load_pairs
    from samesay.embedder import Embedder
    from samesay.jobs.check import check
    from samesay.pair_model import PairModel, load
    from samesay.scoring import Scorer
    from samesay.training import Recipe

__version__ = "0.1.0"

# Keras alone would choose TensorFlow, which SameSay does not install; its keras.json says so too without being asked.
backend_chosen_by = "KERAS_BACKEND" if os.environ.get("KERAS_BACKEND") else None
os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "jax"
_privacy.switch_off()
_keras_hook.install()

_LATE = {
    "PairModel": "samesay.pair_model",
    "load": "samesay.pair_model",
    "check": "samesay.jobs.check",
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
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        value = getattr(importlib.import_module(_LATE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'samesay' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
