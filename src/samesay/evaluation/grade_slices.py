"""How far off grades are on parts of the data: the mean absolute error of each slice beside that of all other pairs.

Errors inside and outside are compared by the rank sum test (Mann & Whitney 1947), corrected for having looked at many
slices (Benjamini & Hochberg 1995). A correlation within a slice would say little: a slice of like texts has like
grades, and so has less to order. Needs scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from samesay.evaluation.intervals import LEVEL
from samesay.evaluation.slices import FEW, Slice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GradeSliceFigures:
    """How far off the grades of one slice's pairs are.

    Attributes:
        group: As in ``Slice``.
        name: As in ``Slice``.
        n: Pairs in it.
        mae: Mean absolute error, in units of the scale.
        low: Lower end of its 95 % interval (Student's t); None for one pair.
        high: Upper end; likewise.
        bias: Mean of answer minus grade: above 0 where the model grades too high.
        rest: Mean absolute error of all other pairs; None where there are none.
        p_value: That errors as much larger or smaller than the others' are chance, corrected for the number of slices;
            None for few pairs, or no others.
        few: Whether there are fewer than ``FEW`` pairs, so that the figure is no finding.
    """

    group: str
    name: str
    n: int
    mae: float
    low: float | None
    high: float | None
    bias: float
    rest: float | None
    p_value: float | None
    few: bool

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON types."""
        return asdict(self)


def measure_grade_slices(slices: Sequence[Slice], errors: NDArray[np.float64]) -> list[GradeSliceFigures]:
    """The error of every slice that holds a pair, beside that of all other pairs.

    Args:
        slices: Of one table.
        errors: Answer minus grade, shape ``(n_pairs,)``.
    """
    from scipy.stats import false_discovery_control

    occupied = [one for one in slices if one.rows.any()]
    sizes = abs(errors)
    raw = [_p_value(one.rows, sizes) for one in occupied]
    tested = [value for value in raw if value is not None]
    corrected = iter(false_discovery_control(tested).tolist() if tested else [])
    figures = []
    for one, value in zip(occupied, raw, strict=True):
        inside = sizes[one.rows]
        n = len(inside)
        mean = float(inside.mean())
        half = _half_width(inside)
        figures.append(
            GradeSliceFigures(
                group=one.group,
                name=one.name,
                n=n,
                mae=mean,
                low=None if half is None else max(0.0, mean - half),
                high=None if half is None else mean + half,
                bias=float(errors[one.rows].mean()),
                rest=float(sizes[~one.rows].mean()) if n < len(sizes) else None,
                p_value=None if value is None else next(corrected),
                few=n < FEW,
            )
        )
    return figures


def _half_width(values: NDArray[np.float64]) -> float | None:
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return None
    return float(t.ppf((1 + LEVEL) / 2, n - 1) * values.std(ddof=1) / math.sqrt(n))


def _p_value(rows: NDArray[np.bool_], sizes: NDArray[np.float64]) -> float | None:
    from scipy.stats import mannwhitneyu

    n = int(rows.sum())
    if n < FEW or n == len(rows):
        return None
    # By the normal approximation: exact tables are for small samples, and these have 30 pairs or more.
    test: Any = mannwhitneyu(sizes[rows], sizes[~rows], method="asymptotic")
    # NaN where all errors are equal: then nothing speaks for a difference.
    return 1.0 if math.isnan(test.pvalue) else float(test.pvalue)
