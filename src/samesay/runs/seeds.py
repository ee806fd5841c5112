"""One recipe with several seeds: how much is luck, and the model that does best on validation."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from samesay.runs.trainable import TrainableModel

if TYPE_CHECKING:
    from samesay.training.fit import FitResult

Model = TypeVar("Model", bound=TrainableModel)


def fit_seeds(
    fitted: Callable[[int], tuple[Model, FitResult]], seeds: Sequence[int]
) -> tuple[Model, list[FitResult]]:
    """Train once for each seed and keep the model that does best on validation.

    A run that was interrupted or diverged is the last one.

    Args:
        fitted: Trains with a seed.
        seeds: The seeds; with more than one there were validation pairs.

    Returns:
        The model, and the results of all runs. For more than one seed the model's record has, as ``seeds``: ``runs``
        (each with ``seed``, ``best_epoch`` and its validation metrics), ``mean`` and ``spread`` (sample standard
        deviation, None for one run) of each metric, and the seed that was ``kept``; and the results of the others.

    Raises:
        TrainingDiverged: If the first run diverged before anything was measured.
    """
    from samesay.training.objectives import best_of

    kept: Model | None = None
    results: dict[int, FitResult] = {}
    runs: list[dict[str, Any]] = []
    for seed in seeds:
        model, result = fitted(seed)
        results[seed] = result
        if result.history:
            best = next(entry for entry in result.history if entry["epoch"] == result.best_epoch)
            metrics = {name: value for name, value in best.items() if name.startswith("validation_")}
            runs.append({"seed": seed, "best_epoch": result.best_epoch, **metrics})
            if kept is None or best_of(runs, result.monitor) == len(runs) - 1:
                kept = model
        if result.interrupted or result.diverged is not None:
            break
    if kept is None:
        diverged = results[seeds[0]].diverged
        assert diverged is not None
        raise diverged
    assert kept.record is not None
    if len(seeds) > 1:
        names = [name for name in runs[0] if name.startswith("validation_")]
        columns = {name: [run[name] for run in runs] for name in names}
        seed = kept.record.recipe.seed
        kept.record = replace(
            kept.record,
            other_seeds={run["seed"]: results[run["seed"]] for run in runs if run["seed"] != seed},
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
    return kept, list(results.values())
