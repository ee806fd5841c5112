"""Figures of merit of grades: two arrays of one length in, numbers out; None where a figure is not defined.

Pearson's and Spearman's coefficients are scipy's to 1e-9, which the tests see to; scipy is not used here, because
measuring a model must not need more than using it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samesay.errors import ModelError


def pearson(truth: ArrayLike, answers: ArrayLike) -> float | None:
    """Pearson's correlation, in [-1, 1]; None where either array is constant or shorter than 2."""
    first, second = _centred(truth), _centred(answers)
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    if len(first) < 2 or norm < 1e-12:
        return None
    return float(np.clip(first @ second / norm, -1.0, 1.0))


def spearman(truth: ArrayLike, answers: ArrayLike) -> float | None:
    """Spearman's rank correlation, Pearson's of the ranks, in which equals share the mean of theirs."""
    return pearson(_ranks(truth), _ranks(answers))


def grade_metrics(truth: ArrayLike, answers: ArrayLike) -> dict[str, float]:
    """``spearman`` and ``pearson`` where they are defined, ``mse`` and ``mae`` in (squared) units of the scale."""
    differences = np.asarray(answers, np.float64) - np.asarray(truth, np.float64)
    figures = {
        "spearman": spearman(truth, answers),
        "pearson": pearson(truth, answers),
        "mse": float(np.mean(differences**2)),
        "mae": float(np.mean(np.abs(differences))),
    }
    return {name: value for name, value in figures.items() if value is not None}


def require_grades(grades: ArrayLike, *, n_pairs: int) -> NDArray[np.float64]:
    """A grader's answers, shape ``(n_pairs,)``.

    Raises:
        ModelError: If they are not one finite number for each pair.
    """
    rows = np.asarray(grades, np.float64)
    if rows.shape != (n_pairs,) or not np.isfinite(rows).all():
        raise ModelError("The model's grades are not one finite number for each pair.")
    return rows


def _centred(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    return array - array.mean() if len(array) else array


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, places, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places.reshape(-1)]
