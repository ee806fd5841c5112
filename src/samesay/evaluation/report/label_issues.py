"""Pairs whose label looks wrong, by confident learning (Northcutt et al. 2021), as cleanlab does it.

The answers must be from pairs the model was not trained on, or it only repeats what it was told. Needs cleanlab.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelIssues:
    """What was found.

    Attributes:
        rows: The pairs whose label looks wrong, the most doubtful first, as indices into the table.
        not_looked: Why it was not looked for, or None.
    """

    rows: tuple[int, ...] = ()
    not_looked: str | None = None


def find_label_issues(probabilities: NDArray[np.float64], label_ids: NDArray[np.int32]) -> LabelIssues:
    """The pairs whose label looks wrong, ranked by how little the model believes the label.

    Args:
        probabilities: The answers, shape ``(n_pairs, n_labels)``.
        label_ids: The labels as class indices, shape ``(n_pairs,)``.
    """
    if len(np.unique(label_ids)) < 2:
        return LabelIssues(not_looked="all pairs carry one label, so there is none to mistake it for")
    with warnings.catch_warnings():
        # cleanlab says of each rare class that it may overlook something there; so may it with every class.
        warnings.filterwarnings("ignore", message="May not flag all label issues")
        from cleanlab.filter import find_label_issues as ranked_by_cleanlab

        rows = ranked_by_cleanlab(
            label_ids.astype(np.int64), probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return LabelIssues(tuple(np.asarray(rows).tolist()))
