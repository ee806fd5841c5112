"""Check one claim against a long text: the verdict, and the passage that decides it. No Keras."""

from __future__ import annotations

from pathlib import Path

from samesay.errors import EmptySide
from samesay.pairs import Pair, empty_sides
from samesay.scoring import Scorer
from samesay.scoring.windows import WindowedScorer, WindowPrediction


def score_windows(
    model: str | Path, first: str, second: str, *, sentences: int = 1, threads: int | None = None
) -> WindowPrediction:
    """Score one pair of which one side is read in overlapping windows of sentences.

    Args:
        model: A saved model's folder.
        first: The text of the model's first side.
        second: The text of its second side.
        sentences: Of a window; half of them are shared with the next.
        threads: For ONNX Runtime.

    Raises:
        EmptySide: If one of the texts is empty.
        UsageError: If no label of the model says yes by its name.
        BundleError: If the model cannot be used.
    """
    scorer = Scorer.open(model, threads=threads)
    for name in empty_sides(first, second, scorer.sides):
        raise EmptySide(f"The {name} is empty.", where=name, expected="two texts")
    return WindowedScorer(scorer, sentences=sentences).score([Pair(first, second)])[0]
