"""A saved model at work: probabilities through ONNX Runtime, from Python and for whole files.

`Scorer` answers for pairs, `score_file` for tables of them in bounded memory, over kills and in several processes
(`WorkerPool`), `WindowedScorer` for a pair with a long side. This room knows no Keras, no training and no HTTP, and the
test of its imports proves the first. What one pair does not need, files and processes, is imported when it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from samesay import _privacy
from samesay.scoring.scorer import BATCH_TOKENS, Scorer
from samesay.scoring.session import default_threads

if TYPE_CHECKING:
    from samesay.scoring.files.run import FileReport, score_file
    from samesay.scoring.files.workers import WorkerPool
    from samesay.scoring.windows import WindowedScorer, WindowPrediction

_privacy.switch_off()

_LATE = {
    "FileReport": "samesay.scoring.files.run",
    "score_file": "samesay.scoring.files.run",
    "WorkerPool": "samesay.scoring.files.workers",
    "WindowPrediction": "samesay.scoring.windows",
    "WindowedScorer": "samesay.scoring.windows",
}

__all__ = [
    "BATCH_TOKENS",
    "FileReport",
    "Scorer",
    "WindowPrediction",
    "WindowedScorer",
    "WorkerPool",
    "default_threads",
    "score_file",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        value = getattr(importlib.import_module(_LATE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'samesay.scoring' has no attribute {name!r}")
