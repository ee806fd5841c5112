"""A saved model at work: probabilities through ONNX Runtime, from Python and for whole files.

`Scorer` answers for pairs, `score_file` for tables of them in bounded memory, over kills and in several processes
(`WorkerPool`), `WindowedScorer` for a pair with a long side. This room knows no Keras, no training and no HTTP, and the
test of its imports proves the first.
"""

from __future__ import annotations

from samesay import _privacy
from samesay.scoring.files.run import FileReport, score_file
from samesay.scoring.files.workers import WorkerPool
from samesay.scoring.scorer import BATCH_TOKENS, Scorer
from samesay.scoring.session import default_threads
from samesay.scoring.windows import WindowedScorer, WindowPrediction

_privacy.switch_off()

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
