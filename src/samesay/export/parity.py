"""The parity check that an ONNX file answers as Keras does: raw text in, logits compared, a verdict out.

On one side the real ``samesay.scoring.Scorer`` with its tokenizer and batches, on the other a function that
answers by Keras. It knows nothing of how the file was written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.errors import SameSayError
from samesay.export.probe_pairs import probe_pairs
from samesay.pairs import Answers, Pair, Sides

TOLERANCE = 1e-4
"""The largest difference allowed, as a share of the largest logit."""

BATCHES = (1, 3, 17)
"""How many pairs are scored at once; every pair is scored in each."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an ONNX part may be used, and why.

    Attributes:
        status: ``"verified"``, ``"failed"``, or ``"unsupported"`` where no graph is known for the encoder.
        detail: The reason, in a sentence.
        max_difference: The largest difference of a logit; None where there was nothing to compare.
        tolerance: What was allowed; None likewise.
        pairs_checked: How many pairs were compared, each in several batches.
        changed_decisions: Answers with another label than Keras', where Keras' margin exceeds the tolerance.
    """

    status: Literal["verified", "failed", "unsupported"]
    detail: str
    max_difference: float | None = None
    tolerance: float | None = None
    pairs_checked: int = 0
    changed_decisions: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The verdict but for its status, in JSON types, for a manifest."""
        return {
            "reason": self.detail,
            "max_difference": self.max_difference,
            "tolerance": self.tolerance,
            "pairs_checked": self.pairs_checked,
            "changed_decisions": self.changed_decisions,
        }


def check_parity(
    onnx_file: str | os.PathLike[str],
    encoder: PairEncoder,
    keras_logits: Callable[[Sequence[Pair]], NDArray[np.float32]],
    *,
    answers: Answers,
    sides: Sides | None = None,
    pairs: Sequence[Pair] | None = None,
    threads: int | None = None,
) -> Verdict:
    """Compare an ONNX file with Keras on raw texts.

    Nothing that goes wrong on the way is raised: whatever it is, the weights from which the file was written
    are worth more than the file, and the verdict says it to their owner.

    Args:
        onnx_file: The graph, as ``write_onnx`` writes it.
        encoder: The tokenizer that goes with it.
        keras_logits: Pairs to ``(n_pairs, n_labels)`` by Keras; ``KerasAnswer(task)`` goes through KerasHub's own
            tokenizer, and so checks ours too.
        answers: The names of the columns, or the scale.
        sides: The names of the sides.
        pairs: What is compared; ``probe_pairs(encoder)`` where absent.
        threads: Of ONNX Runtime.

    Returns:
        ``"verified"`` if every logit of every pair, in batches of 1, 3 and 17, is within ``TOLERANCE`` of
        Keras' relative to the largest logit, and no decision beyond that margin is another one; otherwise
        ``"failed"``.
    """
    try:
        return _compare(onnx_file, encoder, keras_logits, answers, sides or Sides(), pairs, threads)
    except Exception as error:
        reason = error.message if isinstance(error, SameSayError) else str(error)
        # On one line, and without the hidden folder that the model is written in, which will be gone.
        reason = " ".join(reason.replace(os.fspath(onnx_file), Path(onnx_file).name).split())
        return Verdict("failed", f"The parity check stopped with {type(error).__name__}: {reason}")


def _compare(
    onnx_file: str | os.PathLike[str],
    encoder: PairEncoder,
    keras_logits: Callable[[Sequence[Pair]], NDArray[np.float32]],
    answers: Answers,
    sides: Sides,
    pairs: Sequence[Pair] | None,
    threads: int | None,
) -> Verdict:
    from samesay.scoring import Scorer

    pairs = probe_pairs(encoder) if pairs is None else list(pairs)
    scorer = Scorer.from_parts(os.fspath(onnx_file), encoder, answers, sides, threads=threads)
    expected = np.asarray(keras_logits(pairs), dtype=np.float32)
    if expected.shape != (len(pairs), len(answers.outputs)) or not np.isfinite(expected).all():
        return Verdict(
            "failed", f"Keras' own logits, of shape {expected.shape}, are not finite numbers a label."
        )
    tolerance = TOLERANCE * float(np.abs(expected).max())
    best = np.sort(expected, axis=1)
    decided = (
        best[:, -1] - best[:, -2] > tolerance if len(answers.outputs) > 1 else np.zeros(len(pairs), bool)
    )

    largest, worst, changed = 0.0, "", 0
    for batch, places in in_batches(len(pairs)):
        logits = scorer.logits([pairs[place] for place in places])
        differences = np.abs(logits - expected[places]).max(axis=1)
        changed += int(
            np.sum(decided[places] & (logits.argmax(axis=1) != expected[places].argmax(axis=1))),
        )
        row = int(differences.argmax())
        if not float(differences[row]) <= largest:  # so that a NaN counts as larger
            largest, worst = float(differences[row]), f"{_shown(pairs[places[row]])} in batches of {batch}"
    compared = (
        f"{len(pairs)} pairs in batches of {', '.join(map(str, BATCHES))}, up to {encoder.max_length} tokens"
    )
    if largest <= tolerance and changed == 0:
        return Verdict("verified", f"{compared}: as Keras.", largest, tolerance, len(pairs), 0)
    return Verdict(
        "failed",
        f"{compared}: the largest difference from Keras' logits is {largest:.2g}, "
        f"where {tolerance:.2g} is allowed, at {worst}; {changed} answers with another label.",
        largest if np.isfinite(largest) else None,
        tolerance,
        len(pairs),
        changed,
    )


def in_batches(n_pairs: int) -> Iterator[tuple[int, list[int]]]:
    """Every pair once in every size of batch, each time with other neighbours."""
    for size in BATCHES:
        order = np.random.default_rng(size).permutation(n_pairs).tolist()
        for begin in range(0, n_pairs, size):
            yield size, order[begin : begin + size]


def _shown(pair: Pair) -> str:
    """A pair in a message, shortened."""
    return " | ".join(
        repr(text if len(text) <= 40 else f"{text[:37]}…") for text in (pair.first, pair.second)
    )
