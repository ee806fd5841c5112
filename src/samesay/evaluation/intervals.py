"""How sure a metric is: the span in which it would lie if other pairs of the same kind had been measured.

Metrics of all pairs have percentile bootstrap intervals (Efron 1979): the pairs are drawn again with replacement, and
the metrics computed again. Plain shares, such as the accuracy within a slice, have Wilson's (1927), which hold for a
handful of pairs too, where the bootstrap of three right answers says "100 %, for certain". Both equal scipy's to 1e-9
(the bootstrap with the same random numbers), which the tests see to; scipy is not used here, because measuring a model
must not need more than using it.

The pairs are taken as independent of one another. Where many share a premise, the true interval is somewhat wider.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from samesay.evaluation.metrics import log_losses, pearson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
RESAMPLES = 1000

# Pairs drawn at a time, so that what is drawn stays in a few megabytes.
_DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        method: ``bootstrap`` or ``wilson``.
        level: How often intervals made so hold the true value.
    """

    low: float
    high: float
    method: Literal["bootstrap", "wilson"]
    level: float = LEVEL

    def to_dict(self) -> dict[str, Any]:
        """The interval as JSON types."""
        return asdict(self)

    def overlaps(self, other: Interval) -> bool:
        """Whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high


def share_interval(right: int, n: int, *, level: float = LEVEL) -> Interval | None:
    """Wilson's score interval of a share, such as accuracy; None for no pairs.

    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".

    Args:
        right: How many of them.
        n: Of how many.
        level: Of confidence.
    """
    if not n:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the formula gives exactly 0 and 1, its rounding does not.
    return Interval(
        0.0 if right == 0 else centre - half, 1.0 if right == n else centre + half, "wilson", level
    )


def metric_intervals(
    probabilities: NDArray[np.float64],
    label_ids: NDArray[np.int32],
    predicted_ids: NDArray[np.int64] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval | None]:
    """Bootstrap intervals of ``accuracy``, ``macro_f1`` and ``loss``, from the same drawn pairs.

    Where every drawing gives the same metric (one pair; all answers right) the bootstrap knows nothing: accuracy then
    has Wilson's interval, another metric None.

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``, at least one pair.
        label_ids: The right answers as class indices, shape ``(n_pairs,)``.
        predicted_ids: The answers, likewise; the most probable ones where absent.
        resamples: How often to draw.
        seed: Of the drawing.

    Raises:
        ModelError, UsageError: As ``metrics.log_loss``.
    """
    losses = log_losses(label_ids, probabilities)
    truth = label_ids.astype(np.int64)
    answers = probabilities.argmax(axis=1) if predicted_ids is None else predicted_ids
    n_pairs, n_labels = probabilities.shape
    random = np.random.default_rng(seed)
    drawn: dict[str, list[NDArray[np.float64]]] = {"accuracy": [], "macro_f1": [], "loss": []}
    step = max(1, _DRAWN_AT_ONCE // max(n_pairs, n_labels))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        places = random.integers(0, n_pairs, (size, n_pairs))
        true, answered = truth[places], answers[places]
        hits = _counted(true, n_labels, where=true == answered)
        involved = _counted(true, n_labels) + _counted(answered, n_labels)
        scores = 2 * hits / np.maximum(involved, 1)  # F1 of each class, 0 where it has none
        drawn["accuracy"].append(hits.sum(axis=1) / n_pairs)
        drawn["macro_f1"].append(scores.sum(axis=1) / (involved > 0).sum(axis=1))
        drawn["loss"].append(losses[places].mean(axis=1))
    found = {name: _percentiles(np.concatenate(values)) for name, values in drawn.items()}
    if found["accuracy"] is None:
        found["accuracy"] = share_interval(int((truth == answers).sum()), n_pairs)
    return found


def similarity_intervals(
    truth: ArrayLike, answers: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval | None]:
    """Bootstrap intervals of ``spearman``, ``pearson``, ``mse``, ``mae`` and ``bias``, from the same drawn pairs.

    None where some drawing has no such metric (a correlation of equal scores), or where all drawings have the same.

    Args:
        truth: The right scores, shape ``(n_pairs,)``, at least one pair.
        answers: The answers, likewise.
        resamples: How often to draw.
        seed: Of the drawing.
    """
    true, answered = np.asarray(truth, np.float64), np.asarray(answers, np.float64)
    # Ranks of drawn pairs are counted and not sorted: 100,000 pairs would be sorted 2,000 times.
    ranked = [_Ranked(values) for values in (true, answered)]
    errors = answered - true
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in ("spearman", "pearson", "mse", "mae", "bias")}
    for _ in range(resamples):
        places = random.integers(0, len(true), len(true))
        wrong = errors[places]
        drawn["spearman"].append(_correlation(*(one.of(places) for one in ranked)))
        drawn["pearson"].append(_correlation(true[places], answered[places]))
        drawn["mse"].append(float(np.mean(wrong**2)))
        drawn["mae"].append(float(np.mean(np.abs(wrong))))
        drawn["bias"].append(float(np.mean(wrong)))
    found = {name: np.array(values) for name, values in drawn.items()}
    return {
        name: _percentiles(values) if np.isfinite(values).all() else None for name, values in found.items()
    }


class _Ranked:
    """Values whose ranks among any drawn ones of them are found without sorting."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        distinct, places = np.unique(values, return_inverse=True)
        self._places, self._n = places.reshape(-1), len(distinct)

    def of(self, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        """Ranks from 1 of the drawn ones, equals sharing the mean of theirs."""
        places = self._places[drawn]
        counts = np.bincount(places, minlength=self._n)
        return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    value = pearson(first, second)
    return math.nan if value is None else value


def _counted(
    ids: NDArray[np.int64], n_labels: int, *, where: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """How often each class occurs in each row, shape ``(rows, n_labels)``."""
    cells = ids + (np.arange(len(ids)) * n_labels)[:, None]
    flat = cells.ravel() if where is None else cells[where]
    return np.bincount(flat, minlength=len(ids) * n_labels).reshape(len(ids), n_labels)


def _percentiles(values: NDArray[np.float64]) -> Interval | None:
    # Sums of the same numbers in another order differ in their last digits.
    if np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return None
    low, high = np.quantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)).tolist()
    return Interval(low, high, "bootstrap")
