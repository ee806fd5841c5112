"""One recipe with several seeds: how far luck goes, and the model that validation likes best."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samesay.pair_model import PairModel
    from samesay.training.fit import FitResult


def fit_seeds(fitted: Callable[[int], PairModel | None], seeds: Sequence[int]) -> PairModel:
    """Train once for each seed and keep the model with the best figure of validation.

    A run that was interrupted or diverged is the last one.

    Args:
        fitted: Trains with a seed; what it returns has a record. Nothing, from the second on, for a run that reached
            nothing.
        seeds: The seeds; with more than one there were validation pairs.

    Returns:
        The model. For more than one seed its record has, as ``seeds``: ``runs`` (each with ``seed``, ``best_epoch`` and
        its figures of validation), ``mean`` and ``spread`` (sample standard deviation, None for one run) of each
        figure, and the seed that was ``kept``; and the results of the others.
    """
    from samesay.training.objectives import best_of

    kept: PairModel | None = None
    results: dict[int, FitResult] = {}
    runs: list[dict[str, Any]] = []
    for seed in seeds:
        model = fitted(seed)
        if model is None:
            break
        assert model.record is not None
        result, recipe = model.record.result, model.record.recipe
        best = next(entry for entry in result.history if entry["epoch"] == result.best_epoch)
        results[seed] = result
        figures = {name: value for name, value in best.items() if name.startswith("validation_")}
        runs.append({"seed": seed, "best_epoch": result.best_epoch, **figures})
        monitor = recipe.monitor or ("accuracy" if model.scale is None else "spearman")
        if kept is None or best_of(runs, monitor) == len(runs) - 1:
            kept = model
        if result.interrupted or result.diverged is not None:
            break
    assert kept is not None
    assert kept.record is not None
    if len(seeds) == 1:
        return kept
    names = [name for name in runs[0] if name.startswith("validation_")]
    columns = {name: [run[name] for run in runs] for name in names}
    seed = kept.record.recipe.seed
    del results[seed]
    kept.record = replace(
        kept.record,
        other_seeds=results,
        seeds={
            "runs": runs,
            "mean": {name: statistics.fmean(values) for name, values in columns.items()},
            "spread": {
                name: statistics.stdev(values) if len(values) > 1 else None
                for name, values in columns.items()
            },
            "kept": seed,
        },
    )
    return kept
