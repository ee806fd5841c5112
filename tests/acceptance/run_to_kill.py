"""One short training run in a process of its own, to be killed and begun again by the test beside it.

    python run_to_kill.py PRESET WEIGHTS.npz [CHECKPOINTS]

Prints one line of JSON when it ends: where it began in this process, its steps, best epoch and history.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from samesay.model.opening import open_model
from samesay.pairs import LabelSet, Progress
from samesay.training import Recipe
from samesay.training.fit import fit
from samesay.training.recipe import RunFiles
from samesay.training.training_pairs import TrainingPairs

RECIPE = Recipe(
    epochs=3,
    batch_size=8,
    learning_rate=1e-3,
    schedule="triangular",
    warmup=0.1,
    early_stopping=2,
    evaluate_every=40,
    seed=5,
)
ANIMALS = ("dog", "cat", "man", "woman")


def some_pairs(classifier: object, n_pairs: int, seed: int) -> TrainingPairs:
    draw = np.random.default_rng(seed)
    one, other, words = (draw.integers(0, 4, n_pairs) for _ in range(3))
    first = [
        f"the {ANIMALS[kind]} runs" + " in the park" * int(more)
        for kind, more in zip(one, words, strict=True)
    ]
    second = [f"a {ANIMALS[kind]} runs" for kind in other]
    return TrainingPairs(classifier.encoder.encode(first, second), (one == other).astype(np.int32))  # type: ignore[attr-defined]


def main(preset: str, weights: str, checkpoints: str | None = None) -> None:
    classifier = open_model(preset, LabelSet(("different", "same")), seed=RECIPE.seed).classifier
    done_at_first: list[int] = []

    def listen(progress: Progress) -> None:
        if progress.stage == "train" and not done_at_first:
            done_at_first.append(progress.done)

    result = fit(
        classifier,
        some_pairs(classifier, 800, 0),
        RECIPE,
        validation=some_pairs(classifier, 80, 1),
        progress=listen,
        files=RunFiles(checkpoints=Path(checkpoints) if checkpoints else None, checkpoint_every=0),
    )
    # Weights, the seeds of dropout, and all that the optimizer remembers.
    every = [*classifier.variables, *classifier.optimizer.variables]
    np.savez(weights, *[np.asarray(value) for value in every])
    history = [
        {key: value for key, value in entry.items() if "second" not in key} for entry in result.history
    ]
    sys.stdout.write(
        json.dumps(
            {
                "first_heard": done_at_first,
                "steps": result.steps,
                "best_epoch": result.best_epoch,
                "history": history,
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
