"""Accuracy against coverage: what a model gains where it may keep silent on the pairs it is least sure of.

El-Yaniv & Wiener 2010, "On the Foundations of Noise-free Selective Classification"; the area is that of Geifman &
El-Yaniv 2017, "Selective Classification for Deep Neural Networks". Pairs of equal confidence are answered together or
not at all, since no threshold on the confidence parts them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
