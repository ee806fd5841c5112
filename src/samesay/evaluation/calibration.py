"""How far probabilities can be taken at their word: calibration error, Brier score, reliability, accuracy by coverage.

A model is calibrated if, of the answers it gives with a confidence of 0.8, four in five are right. The confidence of
an answer is the highest probability of its row. Log loss is in ``metrics``.

Even a perfectly calibrated model shows a calibration error above 0 on a finite sample, and a larger one on a smaller
sample; ``simulate_calibration`` says how large, so that a metric can be read. This module knows arrays alone: it needs
numpy and no other room than ``metrics``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import UsageError
from samesay.evaluation.metrics import require_probabilities

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BINS = 15
"""Equal widths of confidence from 0 to 1, as in Guo et al. 2017."""

SIMULATIONS = 1000
"""Simulated test sets: enough to place a 95 % bound within half a per cent of the samples."""

# Random numbers drawn at a time: 8 MB, which stays near the processor.
_DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The answers of one span of confidence.

    Attributes:
        low: The span's lower end, itself not in the span.
        high: Its upper end, in it.
        n: Answers whose confidence lies in it.
        confidence: Their mean confidence; None where there are none.
        accuracy: The share of them that is right; None where there are none.
        expected_low: Where the accuracy of a perfectly calibrated model lies in 95 % of simulated samples (Bröcker &
            Smith 2007, "Increasing the Reliability of Reliability Diagrams"): the lower end; None where there are none.
        expected_high: The upper end.
    """

    low: float
    high: float
    n: int
    confidence: float | None = None
    accuracy: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None


@dataclass(frozen=True)
class Calibration:
    """What ``measure_calibration`` found.

    Attributes:
        expected_calibration_error: See ``expected_calibration_error``, in [0, 1].
        bins: The number of bins it was computed with.
        brier_score: See ``brier_score``, in [0, 2].
        mean_confidence: In [0, 1]; above the accuracy for an overconfident model.
        accuracy: Share of right answers.
        simulated_error: The calibration error of a perfectly calibrated model with these confidences at this size, the
            mean over the simulations.
        simulated_bound: The error that 95 % of the simulated samples stay below.
        simulations: How many there were.
        reliability: One entry a bin, empty ones too.
    """

    expected_calibration_error: float
    bins: int
    brier_score: float
    mean_confidence: float
    accuracy: float
    simulated_error: float
    simulated_bound: float
    simulations: int
    reliability: tuple[ReliabilityBin, ...]

    @property
    def distinguishable(self) -> bool:
        """Whether the error is larger than 95 % of those of a perfectly calibrated model."""
        return self.expected_calibration_error > self.simulated_bound

    def to_dict(self) -> dict[str, Any]:
        """The metrics as JSON types."""
        return asdict(self) | {
            "distinguishable": self.distinguishable,
            "reliability": [asdict(one) for one in self.reliability],
        }


def expected_calibration_error(
    probabilities: ArrayLike,
    label_ids: ArrayLike,
    bins: int = BINS,
    *,
    predicted_ids: NDArray[np.integer] | None = None,
) -> float | None:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by their answers.

    Of the answer's probability alone, as in Guo et al. 2017, "On Calibration of Modern Neural Networks"
    (after Naeini et al. 2015). A confidence on an edge is in the lower bin, as in scikit-learn's ``calibration_curve``.

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``.
        label_ids: The right answers as class indices, shape ``(n_pairs,)``.
        bins: How many, from 0 to 1.
        predicted_ids: The answers, likewise, where they are not the most probable labels.

    Returns:
        In [0, 1]; None for no pairs.

    Raises:
        ModelError: If ``probabilities`` are not distributions.
        UsageError: If the lengths differ or there is no bin.
    """
    confidences, right = confidence_and_rightness(probabilities, label_ids, predicted_ids)
    if not len(right):
        return None
    places = _bin_of(confidences, bins)
    gaps = np.bincount(places, right - confidences, minlength=bins)  # n · (accuracy - confidence), each bin
    return float(np.abs(gaps).sum() / len(right))


def brier_score(probabilities: ArrayLike, label_ids: ArrayLike) -> float | None:
    """Mean squared distance between a row and the right answer's (1 for the right label, 0 for the others).

    Brier 1950, summed over all labels: from 0 to 2. For two labels it is twice what is often given for the second
    label's probability alone. A proper score: nothing but the true probabilities minimises it.

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``.
        label_ids: Class indices, shape ``(n_pairs,)``.

    Returns:
        None for no pairs.

    Raises:
        ModelError, UsageError: As ``expected_calibration_error``.
    """
    rows, ids = _checked(probabilities, label_ids)
    return float(brier_scores(rows, ids).mean()) if len(ids) else None


def brier_scores(probabilities: NDArray[np.float64], label_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Every pair's share of ``brier_score``, shape ``(n_pairs,)``."""
    of_truth = probabilities[np.arange(len(label_ids)), label_ids]
    # |p - e|² = |p|² - 2 p_truth + 1, which needs no second array of the size of the first.
    return np.einsum("ij,ij->i", probabilities, probabilities) - 2 * of_truth + 1


def measure_calibration(
    probabilities: ArrayLike,
    label_ids: ArrayLike,
    predicted_ids: NDArray[np.integer] | None = None,
    *,
    bins: int = BINS,
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> Calibration | None:
    """All metrics of calibration, with what a perfectly calibrated model would show.

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``.
        label_ids: Class indices, shape ``(n_pairs,)``.
        predicted_ids: The answers, likewise, where they are not the most probable labels.
        bins: Of confidence, from 0 to 1.
        simulations: Samples in the simulation.
        seed: Of the simulation.

    Returns:
        None for no pairs.

    Raises:
        ModelError, UsageError: As ``expected_calibration_error``.
    """
    confidences, right = confidence_and_rightness(probabilities, label_ids, predicted_ids)
    error = expected_calibration_error(probabilities, label_ids, bins, predicted_ids=predicted_ids)
    brier = brier_score(probabilities, label_ids)
    if error is None or brier is None:
        return None
    errors, shares = simulate_calibration(confidences, bins=bins, simulations=simulations, seed=seed)
    places = _bin_of(confidences, bins)
    counts = np.bincount(places, minlength=bins)
    confidence_sums = np.bincount(places, confidences, minlength=bins)
    right_sums = np.bincount(places, right, minlength=bins)
    edges = np.linspace(0, 1, bins + 1)
    reliability = []
    for index, n in enumerate(counts.tolist()):
        span = (float(edges[index]), float(edges[index + 1]), n)
        if not n:
            reliability.append(ReliabilityBin(*span))
            continue
        low, high = np.quantile(shares[:, index], (0.025, 0.975)).tolist()
        confidence, accuracy = float(confidence_sums[index] / n), float(right_sums[index] / n)
        reliability.append(ReliabilityBin(*span, confidence, accuracy, low, high))
    return Calibration(
        expected_calibration_error=error,
        bins=bins,
        brier_score=brier,
        mean_confidence=float(confidences.mean()),
        accuracy=float(right.mean()),
        simulated_error=float(errors.mean()),
        simulated_bound=float(np.quantile(errors, 0.95)),
        simulations=simulations,
        reliability=tuple(reliability),
    )


def simulate_calibration(
    confidences: NDArray[np.float64], *, bins: int = BINS, simulations: int = SIMULATIONS, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a perfectly calibrated model with these confidences would show: each answer is right with its confidence.

    Args:
        confidences: Shape ``(n_pairs,)``, at least one.
        bins: Of confidence, from 0 to 1.
        simulations: Samples.
        seed: Of the random numbers.

    Returns:
        The calibration error of every sample, shape ``(simulations,)``, and the accuracy of every sample in every bin,
        shape ``(simulations, bins)``, 0 in an empty one.
    """
    random = np.random.default_rng(seed)
    places = _bin_of(confidences, bins)
    order = np.argsort(places, kind="stable")
    levels = confidences[order].astype(np.float32)
    counts = np.bincount(places, minlength=bins)
    occupied = np.flatnonzero(counts)
    starts = np.cumsum(counts)[occupied] - counts[occupied]
    rights = np.zeros((simulations, bins))
    step = max(1, _DRAWN_AT_ONCE // len(levels))
    for start in range(0, simulations, step):
        size = min(step, simulations - start)
        drawn = random.random((size, len(levels)), dtype=np.float32) < levels
        rights[start : start + size, occupied] = np.add.reduceat(drawn, starts, axis=1, dtype=np.int64)
    confidence_sums = np.bincount(places, confidences, minlength=bins)
    errors = np.abs(rights - confidence_sums).sum(axis=1) / len(levels)
    return errors, rights / np.maximum(counts, 1)


def confidence_and_rightness(
    probabilities: ArrayLike, label_ids: ArrayLike, predicted_ids: NDArray[np.integer] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Every answer's probability, in [0, 1], and whether it is right; both of shape ``(n_pairs,)``.

    The answers are the most probable labels where ``predicted_ids`` does not tell others.

    Raises:
        ModelError, UsageError: As ``expected_calibration_error``.
    """
    rows, ids = _checked(probabilities, label_ids)
    answers = rows.argmax(axis=1) if predicted_ids is None else predicted_ids
    # A float32 row may sum to a little more than 1.
    return np.minimum(rows[np.arange(len(rows)), answers], 1.0), answers == ids


def _checked(probabilities: ArrayLike, label_ids: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rows = require_probabilities(probabilities)
    ids = np.asarray(label_ids)
    if ids.shape != (len(rows),):
        raise UsageError(
            f"There are {len(rows):,} rows of probabilities and labels of shape {ids.shape}.",
            where="label_ids",
            expected="one label for each row",
        )
    if len(ids) and not (ids.min() >= 0 and ids.max() < rows.shape[1]):
        raise UsageError(
            f"The labels run from {ids.min()} to {ids.max()}.",
            where="label_ids",
            expected=f"indices from 0 to {rows.shape[1] - 1}",
        )
    return rows, ids.astype(np.int64)


def _bin_of(confidences: NDArray[np.float64], bins: int) -> NDArray[np.intp]:
    """Which bin each confidence is in, shape ``(n_pairs,)``; an edge belongs to the bin below it."""
    if bins < 1:
        raise UsageError(f"There cannot be {bins} bins.", where="bins", expected="1 or more")
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidences, side="left")


_POINTS = 100


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """What answering only above one confidence gives.

    Attributes:
        coverage: Share of pairs that are answered, in (0, 1].
        threshold: The lowest confidence that is answered.
        accuracy: Share of right answers among those given.
        n: Answers given.
    """

    coverage: float
    threshold: float
    accuracy: float
    n: int


@dataclass(frozen=True)
class Coverage:
    """Accuracy against coverage.

    Attributes:
        points: From the fewest answers to all pairs; at most a hundred, spread evenly over the coverage.
        area: Area under the curve of the share of wrong answers over the coverage, in [0, 1]: 0 is best, and the
            share of wrong answers overall is what a confidence without meaning gives.
    """

    points: tuple[CoveragePoint, ...]
    area: float

    def at(self, coverage: float) -> CoveragePoint:
        """The point of the fewest answers that covers at least ``coverage``."""
        return next((point for point in self.points if point.coverage >= coverage), self.points[-1])

    def to_dict(self) -> dict[str, Any]:
        """The curve as JSON types."""
        return {"points": [asdict(point) for point in self.points], "area": self.area}


def accuracy_by_coverage(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> Coverage:
    """The curve of one model.

    Args:
        confidences: Of every answer, shape ``(n_pairs,)``, at least one.
        right: Which answers are right, same shape.
    """
    order = np.argsort(-confidences, kind="stable")
    sorted_confidences = confidences[order]
    hits = np.cumsum(right[order])
    n_pairs = len(order)
    # The last pair of each run of equal confidences: where a threshold can cut.
    ends = np.flatnonzero(np.append(sorted_confidences[1:] != sorted_confidences[:-1], True))
    answered = ends + 1
    accuracies = hits[ends] / answered
    area = float(((1 - accuracies) * np.diff(answered, prepend=0)).sum() / n_pairs)
    wanted = np.ceil(np.arange(1, _POINTS + 1) / _POINTS * n_pairs)
    kept = np.unique(np.searchsorted(answered, wanted))
    points = tuple(
        CoveragePoint(
            coverage=float(answered[place] / n_pairs),
            threshold=float(sorted_confidences[ends[place]]),
            accuracy=float(accuracies[place]),
            n=int(answered[place]),
        )
        for place in kept.tolist()
    )
    return Coverage(points, area)
