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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

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


def share_interval(right: int, n: int, *, level: float = LEVEL) -> Interval:
    """Wilson's score interval of ``right`` of ``n``, which is 1 or more, such as accuracy.

    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the formula gives exactly 0 and 1, its rounding does not.
    return Interval(
        0.0 if right == 0 else centre - half, 1.0 if right == n else centre + half, "wilson", level
    )


class Statistic(NamedTuple):
    """The metrics of any pairs that are drawn from those measured.

    Attributes:
        names: Of the metrics.
        n_pairs: Pairs to draw from, at least one.
        of: From places of drawn pairs, shape ``(n_draws, n_pairs)``, to the metrics, ``(n_metrics, n_draws)``; NaN
            where one is not defined.
    """

    names: tuple[str, ...]
    n_pairs: int
    of: Callable[[NDArray[np.int64]], NDArray[np.float64]]


def bootstrapped(statistic: Statistic, *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """The metrics of pairs drawn with replacement, ``(n_metrics, resamples)``; one seed draws the same places."""
    random, n_pairs = np.random.default_rng(seed), statistic.n_pairs
    step = max(1, _DRAWN_AT_ONCE // n_pairs)
    return np.concatenate(
        [
            statistic.of(random.integers(0, n_pairs, (min(step, resamples - start), n_pairs)))
            for start in range(0, resamples, step)
        ],
        axis=1,
    )


def ends_of(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """The span that holds ``LEVEL`` of the drawn values; None where some drawing has no such metric."""
    if not np.isfinite(values).all():
        return None
    low, high = np.quantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)).tolist()
    return low, high


def bootstrap_intervals(
    statistic: Statistic, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval | None]:
    """Intervals of all metrics from the same drawn pairs.

    None where some drawing has no such metric (a correlation of equal scores), and where every drawing gives the same
    (one pair; all answers right): then the bootstrap knows nothing.
    """
    found: dict[str, Interval | None] = {}
    for name, values in zip(
        statistic.names, bootstrapped(statistic, resamples=resamples, seed=seed), strict=True
    ):
        ends = ends_of(values)
        # Sums of the same numbers in another order differ in their last digits.
        alike = np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max()))
        found[name] = None if ends is None or alike else Interval(*ends, "bootstrap")
    return found


def label_statistic(
    probabilities: NDArray[np.float64],
    label_ids: NDArray[np.int32],
    predicted_ids: NDArray[np.int64] | None = None,
) -> Statistic:
    """``accuracy``, ``macro_f1`` and ``loss``.

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``, at least one pair.
        label_ids: The right answers as class indices, shape ``(n_pairs,)``.
        predicted_ids: The answers, likewise; the most probable ones where absent.

    Raises:
        ModelError, UsageError: As ``metrics.log_loss``.
    """
    losses = log_losses(label_ids, probabilities)
    answers = probabilities.argmax(axis=1) if predicted_ids is None else predicted_ids
    n_pairs, n_labels = probabilities.shape
    # All that accuracy and F1 need of a drawing is how often each combination of right label and answer came.
    cells, cell_of = np.unique(label_ids.astype(np.int64) * n_labels + answers, return_inverse=True)
    true, said = np.divmod(cells, n_labels)

    def of(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        starts = (np.arange(len(drawn)) * len(cells))[:, None]
        counts = np.bincount((cell_of[drawn] + starts).ravel(), minlength=len(drawn) * len(cells))
        counts = counts.reshape(len(drawn), len(cells)).T
        hits, involved = np.zeros((2, n_labels, len(drawn)), np.int64)
        np.add.at(hits, true[true == said], counts[true == said])
        np.add.at(involved, true, counts)
        np.add.at(involved, said, counts)
        f1 = 2 * hits / np.maximum(involved, 1)  # of each class, 0 where it has none
        macro_f1 = f1.sum(axis=0) / (involved > 0).sum(axis=0)
        return np.stack([hits.sum(axis=0) / n_pairs, macro_f1, losses[drawn].mean(axis=1)])

    return Statistic(("accuracy", "macro_f1", "loss"), n_pairs, of)


def metric_intervals(
    probabilities: NDArray[np.float64],
    label_ids: NDArray[np.int32],
    predicted_ids: NDArray[np.int64] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval | None]:
    """Bootstrap intervals of ``label_statistic``; of an accuracy that every drawing has, Wilson's."""
    statistic = label_statistic(probabilities, label_ids, predicted_ids)
    found = bootstrap_intervals(statistic, resamples=resamples, seed=seed)
    if found["accuracy"] is None:
        everything = np.arange(statistic.n_pairs)[None]
        right = round(float(statistic.of(everything)[0, 0]) * statistic.n_pairs)
        found["accuracy"] = share_interval(right, statistic.n_pairs)
    return found


def score_statistic(truth: ArrayLike, answers: ArrayLike) -> Statistic:
    """``spearman``, ``pearson``, ``mse``, ``mae`` and ``bias`` of scores, shape ``(n_pairs,)``, at least one pair."""
    true, answered = np.asarray(truth, np.float64), np.asarray(answers, np.float64)
    # Ranks of drawn pairs are counted and not sorted: 100,000 pairs would be sorted 2,000 times.
    ranked = [_Ranked(values) for values in (true, answered)]
    errors = answered - true

    def one(places: NDArray[np.int64]) -> list[float]:
        wrong = errors[places]
        return [
            _correlation(*(each.of(places) for each in ranked)),
            _correlation(true[places], answered[places]),
            float(np.mean(wrong**2)),
            float(np.mean(np.abs(wrong))),
            float(np.mean(wrong)),
        ]

    def of(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.array([one(places) for places in drawn]).T

    return Statistic(("spearman", "pearson", "mse", "mae", "bias"), len(true), of)


def similarity_intervals(
    truth: ArrayLike, answers: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval | None]:
    """Bootstrap intervals of ``score_statistic``."""
    return bootstrap_intervals(score_statistic(truth, answers), resamples=resamples, seed=seed)


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
