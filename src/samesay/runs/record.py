"""What a training run began from, what it learned from and how: kept with its model until that is saved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import TruncationLedger
from samesay.errors import UsageError
from samesay.training.recipe import Recipe

if TYPE_CHECKING:
    from samesay.runs.training_data import TrainingData
    from samesay.training.fit import FitResult


@dataclass(frozen=True)
class Opening:
    """How a preset was opened: enough to open it again.

    Attributes:
        preset: Its name; a folder by its absolute path.
        new_head: Whether a new head was asked for although a saved one fits.
        seed: What drew the new head; ``None`` where the saved one was kept.
        dropout: Before a new head, where it was given.
    """

    preset: str
    new_head: bool = False
    seed: int | None = None
    dropout: float | None = None


def anywhere(path: str | Path) -> str:
    """The absolute path of a folder, so that it is found from any other; any other name as it is."""
    return str(Path(path).absolute()) if Path(path).is_dir() else str(path)


def as_opened(recipe: Recipe, began: Opening | str, max_length: int) -> Recipe:
    """``recipe`` with what opening the model has decided, and fitting it does not decide again.

    Args:
        recipe: How to train.
        began: How the model was opened.
        max_length: The most tokens of a pair that it reads.

    Raises:
        UsageError: If the recipe says something else.
    """
    dropout = began.dropout if isinstance(began, Opening) else None
    for name, mine in (("dropout", dropout), ("max_length", max_length)):
        value = getattr(recipe, name)
        if value not in (None, mine):
            raise UsageError(
                f"{name} {value!r} has no effect on a model that is open.",
                where=name,
                expected=f"PairModel.from_preset(…, {name}={value!r})",
            )
    return replace(recipe, dropout=dropout)


@dataclass(frozen=True)
class TrainingRecord:
    """What a model learned from, and how: what is saved beside its weights.

    Attributes:
        recipe: With every default decided.
        data: What it learned from.
        result: What the run did.
        truncation: What was truncated of the training pairs.
        began: How the model was opened that the run began with, or in words what it was, where no name opens it.
        custom_objects: Of which class or function each custom object was, by ``optimizer``, ``loss``, ``metrics`` and
            ``callbacks``.
        replaced: The settings of the recipe that these left without an effect.
        seeds: What each of several seeds reached, where the model is the best of them.
        other_seeds: What the runs of the other seeds did, by seed.
    """

    recipe: Recipe
    data: TrainingData
    result: FitResult
    truncation: TruncationLedger
    began: Opening | str
    custom_objects: dict[str, str] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()
    seeds: dict[str, Any] | None = None
    other_seeds: dict[int, FitResult] = field(default_factory=dict)

    def pair_hashes(self) -> NDArray[np.uint64]:
        """``PairTable.pair_hashes`` of all that was trained on, with a gold label or without."""
        tables = [self.data.pairs, *([self.data.unlabelled] if self.data.unlabelled is not None else [])]
        return np.concatenate([table.pair_hashes() for table in tables])
