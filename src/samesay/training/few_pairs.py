"""What is tried where pairs are few: a small set of recipes, folds that hold texts together, and the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.data import PairTable
from samesay.data.groups import Groups, groups_of

FEW = 2_000
"""Fewer pairs than that are few: with more, one recipe does about as well as the best of several."""

FOLDS = 3
DEFAULT_BUDGET = 300.0
"""Seconds."""

# Steps of 16 pairs: 200 of them cost half of 200 steps of 32, and teach about as much.
_BATCH = {"batch_size": 16}
ALL_WEIGHTS: Mapping[str, Any] = _BATCH
HEAD_ONLY: Mapping[str, Any] = {**_BATCH, "freeze": "encoder", "learning_rate": 1e-3}
GENTLE: Mapping[str, Any] = {**_BATCH, "learning_rate": 3e-5}
"""At the usual rate a model that answers already forgets more than 200 pairs teach (docs/decisions/0041)."""


@dataclass(frozen=True)
class Candidate:
    """One recipe from one model.

    Attributes:
        name: What tables call it.
        preset: What it starts from.
        settings: What its recipe says beside the defaults.
    """

    name: str
    preset: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def candidates(preset: str, *, answers_already: bool) -> list[Candidate]:
    """What is tried from a model, the cheapest first.

    Args:
        preset: The model.
        answers_already: Whether it has a head that answers such a question, and not an encoder alone.
    """
    chosen = {"head": HEAD_ONLY, "all weights": GENTLE} if answers_already else {"all weights": ALL_WEIGHTS}
    return [Candidate(f"{preset}, {name}", preset, settings) for name, settings in chosen.items()]


def folds_of(table: PairTable, *, folds: int = FOLDS, seed: int = 0) -> tuple[NDArray[np.int64], Groups]:
    """A fold for every pair, shape ``(n_pairs,)``, with like shares of each label, such that no text is in two.

    Returns:
        The folds, fewer than ``folds`` where there are not as many groups of texts; and the groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = groups_of(table, largest=1 / folds)
    gold = table.require_gold()
    if table.scale is not None:
        gold = np.searchsorted(np.quantile(gold, [0.25, 0.5, 0.75]), gold)
    found = np.zeros(len(table), np.int64)
    folds = min(folds, len(groups))
    if folds > 1:
        parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(gold, gold, groups.ids)
        for number, (_, out) in enumerate(parts):
            found[out] = number
    return found, groups


def worth_finishing(
    metrics: Sequence[float], seconds: Sequence[float], left: float, folds_left: int
) -> list[int]:
    """Which candidates can be cross-validated to the end in the time left, and one of them be trained on all pairs.

    Args:
        metrics: Of each candidate so far, the higher the better.
        seconds: What a fold of each takes.
        left: Seconds.
        folds_left: What is to be done of each.

    Returns:
        The places of those that stay, at least one: the worst go first.
    """
    kept = sorted(range(len(metrics)), key=lambda place: -metrics[place])
    while len(kept) > 1:
        cost = folds_left * sum(seconds[place] for place in kept) + max(seconds[place] for place in kept)
        if cost <= left:
            break
        kept.pop()
    return sorted(kept)
