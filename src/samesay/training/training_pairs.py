"""What a run learns from: encoded pairs with their targets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import EncodedPairs
from samesay.training.distillation import Taught


@dataclass(frozen=True)
class TrainingPairs:
    """Encoded pairs with their gold answers.

    Attributes:
        encoded: ``n_pairs`` rows of token ids.
        targets: Shape ``(n_pairs,)``: indices into the model's labels (int32), or shares of its scale (float32).
        taught: What a teacher says of the pairs, if there is one; ``targets`` of those without gold label are its own.
    """

    encoded: EncodedPairs
    targets: NDArray[Any]
    taught: Taught | None = None

    def fingerprint(self) -> str:
        """SHA-256 over ids and labels, in order: what a checkpoint belongs to, with what a teacher answers."""
        digest = hashlib.sha256()
        self.encoded.digest_into(digest)
        digest.update(np.ascontiguousarray(self.targets).tobytes())
        return digest.hexdigest()
