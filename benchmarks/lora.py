"""What LoRA keeps of the gain of training every weight, and what share of the weights it trains.

MiniLM on the first SNLI pairs, once with all weights trained and once by ``--lora``, in turn, with the same seeds: the
gain is the accuracy on ``snli_halves/report`` beyond the majority's. The rates of both were chosen on
``snli_halves/tune``. LoRA has to train under 2 % of the weights and to keep 95 % of the gain, mean of the seeds.

A finished run is one line of ``runs/lora/runs.jsonl`` and is not repeated.

    python -m benchmarks.lora
"""

from __future__ import annotations

import statistics
import sys
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import measuring

from samesay.pairs import Sides
from samesay.training import Recipe

SIDES = Sides("hypothesis", "premise")
KEPT = 0.95
TRAINED = 0.02
RECIPES = {
    "all weights": Recipe(epochs=3, learning_rate=1e-4),
    "LoRA": Recipe(epochs=3, learning_rate=2e-3, lora=10),
}


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--folder", type=Path, default=measuring.RUNS / "lora", help="finished runs")
    parser.add_argument("--pairs", type=int, default=4000, help="(default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="(default: %(default)s)")
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    runs = {
        (name, seed): _run(given, replace(recipe, seed=seed))
        for seed in range(given.seeds)
        for name, recipe in RECIPES.items()
    }
    majority = runs["LoRA", 0]["majority_accuracy"]
    accuracies = {name: [runs[name, seed]["accuracy"] for seed in range(given.seeds)] for name in RECIPES}
    gains = {name: statistics.fmean(values) - majority for name, values in accuracies.items()}
    kept = gains["LoRA"] / gains["all weights"]
    trained, of = runs["LoRA", 0]["trained_weights"]
    measuring.print_table(
        ["", *(f"seed {seed}" for seed in range(given.seeds)), "mean", "gain"],
        [
            [name, *values, round(statistics.fmean(values), 4), round(gains[name], 4)]
            for name, values in accuracies.items()
        ],
    )
    figures = {
        "pairs": given.pairs,
        "majority_accuracy": majority,
        "accuracies": accuracies,
        "mean_gains": {name: round(gain, 4) for name, gain in gains.items()},
        "kept_of_the_gain": round(kept, 4),
        "trained_weights": [trained, of],
        "runs": [runs[key] for key in sorted(runs)],
    }
    return measuring.publish(
        "lora",
        figures,
        [
            measuring.at_least("share of the full training's gain", KEPT, round(kept, 4)),
            measuring.below("share of the weights that LoRA trains", TRAINED, round(trained / of, 4)),
        ],
        results=given.results,
        where=where,
    )


def _run(given: Namespace, recipe: Recipe) -> dict[str, Any]:
    """The figures of MiniLM trained once by ``recipe``."""
    asked = {"recipe": recipe.to_dict(), "pairs": given.pairs}
    return measuring.kept(given.folder / "runs.jsonl", asked, lambda: _trained(given, recipe))


def _trained(given: Namespace, recipe: Recipe) -> dict[str, Any]:
    from samesay import PairModel
    from samesay.data import load_pairs
    from samesay.evaluation import ClassificationEvaluation

    print(
        f"{'all weights' if recipe.lora is None else 'LoRA'}, seed {recipe.seed} ...",
        file=sys.stderr,
        flush=True,
    )
    train = load_pairs(f"{measuring.shared_data('snli') / 'train.parquet'}[:{given.pairs}]", sides=SIDES)
    held_out = load_pairs(
        measuring.shared_data("snli_halves") / "report.parquet", sides=SIDES, labels=train.labels
    )
    model = PairModel.from_preset("minilm", train.labels, sides=SIDES, seed=recipe.seed)
    begin = time.perf_counter()
    result = model.fit(train, recipe=recipe)
    figures = model.evaluate(held_out)
    assert isinstance(figures, ClassificationEvaluation)
    return {
        "accuracy": round(figures.metrics["accuracy"], 4),
        "macro_f1": round(figures.metrics["macro_f1"], 4),
        "majority_accuracy": round(figures.majority_accuracy, 4),
        "trained_weights": list(result.trained_weights),
        "losses": [round(entry["loss"], 4) for entry in result.history],
        "step": result.step.in_words(),
        "seconds": round(time.perf_counter() - begin, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
