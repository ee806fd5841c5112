"""The shortcut test: how much of the label one side of a pair gives away, without the other being read.

Gururangan et al. 2018, "Annotation Artifacts in Natural Language Inference Data"; Poliak et al. 2018, "Hypothesis Only
Baselines in Natural Language Inference". The pairs on which the shortcut fails are a hard test: a model that lives on
it fails there, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data.groups import groups_of
from samesay.evaluation import metrics
from samesay.evaluation.baselines import OneSideBaseline
from samesay.evaluation.intervals import share_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

FOLDS = 5

MOST_PAIRS = 100_000
"""Pairs that a test learns from at most: more cost minutes and hardly change the metric."""

MOST_LETTERS = 50_000_000
"""Of these pairs together, for the sake of memory."""

_MUCH, _SOME = 0.25, 0.05


@dataclass(frozen=True)
class Shortcut:
    """What one side alone is worth.

    Attributes:
        side: Its name.
        n_pairs: Pairs that were answered; none of them was learned from.
        trained_on: Pairs that were learned from.
        accuracy: Share of right answers.
        low: Lower end of its 95 % interval (Wilson 1927).
        high: Upper end.
        majority: What always giving the most frequent label scores on these pairs.
        right: Where the answer is right, shape ``(n_pairs,)``.
    """

    side: str
    n_pairs: int
    trained_on: int
    accuracy: float
    low: float
    high: float
    majority: float
    right: NDArray[np.bool_]

    @property
    def given_away(self) -> float:
        """The share of what the majority answer gets wrong that this side alone gets right; below 0 if it does harm."""
        return (self.accuracy - self.majority) / (1 - self.majority) if self.majority < 1 else 0.0

    @property
    def serious(self) -> bool:
        """Whether a model could live on it: the interval is above the majority, and more than a little."""
        return self.low > self.majority and self.given_away > _SOME

    @property
    def verdict(self) -> str:
        """The same in words."""
        if self.low <= self.majority:
            return "gives nothing away that this test sees"
        if self.given_away <= _SOME:
            return "gives a little away"
        return "gives much of the label away" if self.given_away > _MUCH else "gives some of the label away"

    def to_dict(self) -> dict[str, Any]:
        """The metrics as JSON types."""
        return {
            "side": self.side,
            "accuracy": self.accuracy,
            "interval": [self.low, self.high],
            "majority": self.majority,
            "given_away": self.given_away,
            "pairs": self.n_pairs,
            "trained_on": self.trained_on,
            "verdict": self.verdict,
        }


def shortcut_from(train: PairTable, held_out: PairTable, side: str, *, seed: int = 0) -> Shortcut:
    """Learn from one side of ``train``, answer the pairs of ``held_out``, which have the same label names.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
        OneClassOnly, EmptySide: If there is nothing to learn.
    """
    learned = _sampled(train, seed)
    answers = OneSideBaseline.train(learned, side, seed=seed).predict(held_out.pairs()).argmax(axis=1)
    return _shortcut(held_out, side, answers, len(learned))


def cross_validated_shortcut(
    table: PairTable, side: str, *, seed: int = 0
) -> tuple[Shortcut, NDArray[np.int64]]:
    """Learn and answer in turn on one table; pairs that share a text are never on both sides.

    Returns:
        The shortcut, and the rows of ``table`` that were answered: a sample of a large one.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
        OneClassOnly, EmptySide: If there is nothing to learn.
    """
    rows = _sample(table, seed)
    part = table.select(rows)
    fold_of = folds_of(part, seed=seed)
    answers = np.zeros(len(part), np.int64)
    for fold in np.unique(fold_of).tolist():
        out = np.flatnonzero(fold_of == fold)
        baseline = OneSideBaseline.train(part.select(fold_of != fold), side, seed=seed)
        answers[out] = baseline.predict(part.select(out).pairs()).argmax(axis=1)
    learned = len(part) - len(part) // FOLDS
    return _shortcut(part, side, answers, learned), rows


def folds_of(table: PairTable, *, seed: int = 0) -> NDArray[np.int64]:
    """A fold for every pair, shape ``(n_pairs,)``, such that pairs which share a text are in one.

    Short texts that many pairs share can link most of a table; then those are kept together that share a text of the
    side whose texts repeat more.
    """
    groups = groups_of(table, largest=1 / FOLDS)
    return (np.random.default_rng(seed).permutation(len(groups)) % FOLDS)[groups.ids]


def _shortcut(table: PairTable, side: str, answers: NDArray[np.int64], trained_on: int) -> Shortcut:
    right = answers == table.require_gold("classification")
    interval = share_interval(int(right.sum()), len(right))
    majority = metrics.majority(list(table.label_counts().values()))
    assert interval is not None
    assert majority is not None
    return Shortcut(
        side,
        len(right),
        trained_on,
        float(right.mean()),
        interval.low,
        interval.high,
        majority[1],
        right,
    )


def _sampled(table: PairTable, seed: int) -> PairTable:
    rows = _sample(table, seed)
    return table if len(rows) == len(table) else table.select(rows)


def _sample(table: PairTable, seed: int) -> NDArray[np.int64]:
    """Pairs that a test learns from: fewer where their texts are long."""
    n = len(table)
    rows = np.arange(n)
    letters = np.fromiter(map(len, table.first), np.int64, n) + np.fromiter(
        map(len, table.second), np.int64, n
    )
    if n <= MOST_PAIRS and letters.sum() <= MOST_LETTERS:
        return rows
    rows = np.random.default_rng(seed).choice(n, min(n, MOST_PAIRS), replace=False)
    return np.sort(rows[: max(1, int(np.searchsorted(letters[rows].cumsum(), MOST_LETTERS)))])
