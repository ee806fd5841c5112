"""What every Predictor keeps, stated once: a Keras model, an ONNX part, a baseline, a server, a cascade."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from input_forms import check_inputs
from samesay.pairs import LabelSet, Pair, Predictor, Sides

# Float32 through other kernels and other batch shapes: no decision worth the name is nearer than this.
TOLERANCE = 1e-5


def check_predictor(predictor: Predictor, pairs: Sequence[Pair], *, tolerance: float = TOLERANCE) -> None:
    """Fail where ``predictor`` does not keep the contract on ``pairs``.

    Args:
        predictor: Anything that answers.
        pairs: At least three pairs, not all of one length.
        tolerance: The most that a probability may depend on the pairs beside it.
    """
    assert len(pairs) >= 3
    assert isinstance(predictor, Predictor)
    assert isinstance(predictor.answers, LabelSet)
    assert isinstance(predictor.sides, Sides)
    n_labels = len(predictor.answers)

    together = predictor.predict(pairs)
    assert together.shape == (len(pairs), n_labels)
    assert together.dtype == np.float32
    assert np.isfinite(together).all()
    assert (together >= 0).all()
    np.testing.assert_allclose(together.sum(axis=1), 1.0, atol=1e-5, err_msg="rows must sum to 1")

    assert predictor.predict([]).shape == (0, n_labels), "no pairs give no rows, and as many columns as ever"
    assert predictor.predict(pairs[:1]).shape == (1, n_labels), "one pair gives one row, not a bare vector"

    alone = np.concatenate([predictor.predict([pair]) for pair in pairs])
    np.testing.assert_allclose(alone, together, atol=tolerance, err_msg="a row depends on its batch-mates")

    order = np.random.default_rng(0).permutation(len(pairs))
    shuffled = predictor.predict([pairs[index] for index in order])
    np.testing.assert_allclose(shuffled, together[order], atol=tolerance, err_msg="rows are out of order")

    longest = max(pairs, key=lambda pair: len(pair.first) + len(pair.second))
    padded = predictor.predict([pairs[0], Pair(longest.first * 3, longest.second * 3)])[0]
    np.testing.assert_allclose(padded, together[0], atol=tolerance, err_msg="a row depends on padding")

    again = predictor.predict(pairs)
    np.testing.assert_allclose(again, together, atol=tolerance, err_msg="the same question, another answer")

    check_inputs(predictor.predict, predictor.sides, tells_apart=False)

    unlabelled = [Pair(pair.first, pair.second) for pair in pairs]
    np.testing.assert_allclose(
        predictor.predict(unlabelled), together, atol=tolerance, err_msg="the gold label was looked at"
    )
