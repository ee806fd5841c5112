"""Whether length buckets change what is learned, on real weights and real pairs.

Two questions, one part each:

``padding``   Padding alone. MiniLM, dropout off, 50 steps on the same batches of SNLI pairs in the same order, once
              padded to their bucket's width, once to 128. The losses of every step have to agree to 1e-4.
``order``     Which pairs stand together. Buckets put pairs of like length into one batch, and a batch is no longer a
              random draw. MiniLM, the 19,994 rows of SNLI train whose ``source`` contains
              ``cat``, AdamW with triangular schedule (peak 1e-4), one epoch in batches of 32, three seeds, bucketed
              against fully random order. Accuracy on ``snli/validation`` has to end within 0.3 points, on the mean of
              the differences within a seed; their standard error is shown, since three seeds are few.

A finished run of ``order`` is one line of ``runs/bucket_order/order.jsonl`` and is not repeated.

    python -m benchmarks.bucket_order              # both: bucket_padding-<date>.json and bucket_order-<date>.json
    python -m benchmarks.bucket_order padding      # one
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from argparse import Namespace
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import measuring

from samesay.pairs import Sides
from samesay.training import Recipe

PARTS = ("padding", "order")
SIDES = Sides("hypothesis", "premise")
AGREEMENT = 1e-4
"""The largest difference allowed between the losses of a step."""

POINTS = 0.3
"""The largest difference allowed between the mean accuracies, in points."""

WIDE = 128
ORDER = Recipe(
    epochs=1, batch_size=32, learning_rate=1e-4, optimizer="adamw", schedule="triangular", warmup=0.1
)


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; both by default")
    parser.add_argument("--folder", type=Path, default=measuring.RUNS / "bucket_order", help="finished runs")
    parser.add_argument("--steps", type=int, default=50, help="of `padding` (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=16, help="of `padding` (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="of `order` (default: %(default)s)")
    parser.add_argument("--slice", default="", help="such as [:2000], of the sources, to try the script")
    given = parser.parse_args(arguments)
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}; there are {', '.join(PARTS)}")
    status = 0
    for part in given.parts or PARTS:
        where = measuring.surroundings()
        figures, requirements = (measure_padding if part == "padding" else measure_order)(given)
        status |= measuring.publish(
            f"bucket_{part}", figures, requirements, results=given.results, where=where
        )
    return status


def measure_padding(given: Namespace) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    import numpy as np

    from samesay.data import load_pairs
    from samesay.encoding import Batch, plan_training

    table = load_pairs(f"{measuring.shared_data('snli') / 'train.parquet'}{given.slice}", sides=SIDES)
    table = table.select(np.random.default_rng(0).permutation(len(table))[: given.steps * given.batch_size])
    recipe = replace(ORDER, batch_size=given.batch_size, dropout=0.0)
    losses: dict[str, list[float]] = {}
    seconds: dict[str, float] = {}
    widths: dict[str, list[int]] = {}
    for name in ("bucket", "wide"):
        classifier = open_minilm(table.labels, seed=0)
        without_dropout(classifier)
        encoded = classifier.encoder.encode(table.first, table.second)
        # The widths of a run of many epochs: so few pairs would not be worth as many otherwise.
        plan = plan_training(encoded.lengths, given.batch_size, seed=0, epoch=0, max_length=WIDE, epochs=50)
        if name == "wide":
            plan = [Batch(batch.rows, WIDE) for batch in plan]
        widths[name] = sorted({batch.width for batch in plan})
        begin = time.perf_counter()
        losses[name] = step_losses(classifier, encoded, table.require_gold(), plan, recipe)
        seconds[name] = round(time.perf_counter() - begin, 1)
    apart = [abs(one - other) for one, other in zip(losses["bucket"], losses["wide"], strict=True)]
    measuring.print_table(
        ["step", "loss, bucket", "loss, 128 wide", "difference"],
        [
            [step + 1, losses["bucket"][step], losses["wide"][step], f"{apart[step]:.1e}"]
            for step in range(0, len(apart), max(1, len(apart) // 10))
        ],
    )
    figures = {
        "steps": len(apart),
        "batch_size": given.batch_size,
        "recipe": recipe.to_dict(),
        "widths": widths,
        "losses": {name: [round(value, 7) for value in values] for name, values in losses.items()},
        "largest_difference": max(apart),
        "mean_difference": statistics.fmean(apart),
        # Compilation included: a matter of interest, not a comparison.
        "seconds": seconds,
    }
    largest = max(apart)
    return figures, [
        measuring.Requirement(
            f"largest difference of a loss in {len(apart)} steps, padding alone differing",
            f"at most {AGREEMENT:g}",
            float(f"{largest:.3g}"),
            largest <= AGREEMENT,
        )
    ]


def step_losses(
    classifier: Any, encoded: Any, label_ids: Any, plan: list[Any], recipe: Recipe
) -> list[float]:
    """The loss of every step of one pass over ``plan``."""
    from samesay.model.batches import PairBatches
    from samesay.model.classifier import pair_loss
    from samesay.training.optimizers import build_optimizer

    classifier.compile(optimizer=build_optimizer(recipe, len(plan)), loss=pair_loss())
    batches = PairBatches(
        encoded, plan, height=recipe.batch_size, pad_id=classifier.encoder.pad_id, targets=label_ids
    )
    losses = []
    for index in range(len(plan)):
        inputs, labels, weights = batches[index]
        # Keras reports the mean since the last reset.
        classifier.reset_metrics()
        losses.append(float(classifier.train_on_batch(inputs, labels, sample_weight=weights)))
    return losses


def without_dropout(classifier: Any) -> None:
    """Switch off every dropout layer, those inside attention, too."""
    import keras

    for layer in classifier._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0


def open_minilm(labels: Any, *, seed: int) -> Any:
    from samesay.model.opening import open_model

    return open_model("minilm", labels, sides=SIDES, seed=seed).classifier


def measure_order(given: Namespace) -> tuple[dict[str, Any], list[measuring.Requirement]]:
    runs: dict[tuple[str, int], dict[str, Any]] = {}
    for seed in range(given.seeds):
        for shuffle in ("buckets", "random"):
            recipe = replace(ORDER, seed=seed, shuffle=shuffle)
            asked = {"recipe": recipe.to_dict(), "slice": given.slice}
            done = measuring.kept(given.folder / "order.jsonl", asked, partial(_order_run, given, recipe))
            print(f"{shuffle}, seed {seed}: {done['accuracy']:.4f}", file=sys.stderr, flush=True)
            runs[shuffle, seed] = done
    seeds = range(given.seeds)
    differences = [
        100 * (runs["buckets", seed]["accuracy"] - runs["random", seed]["accuracy"]) for seed in seeds
    ]
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else None
    measuring.print_table(
        ["seed", "bucketed", "random", "difference, points"],
        [
            [
                str(seed),
                runs["buckets", seed]["accuracy"],
                runs["random", seed]["accuracy"],
                f"{differences[seed]:+.2f}",
            ]
            for seed in seeds
        ],
    )
    print(
        f"\nmean difference {mean:+.2f} points, standard error {'unknown' if error is None else f'{error:.2f}'}"
    )
    figures = {
        "pairs": runs["buckets", 0]["pairs"],
        "validation_pairs": runs["buckets", 0]["validation_pairs"],
        "runs": [runs[key] for key in sorted(runs)],
        "differences_points": [round(value, 3) for value in differences],
        "mean_difference_points": round(mean, 3),
        "standard_error_points": None if error is None else round(error, 3),
    }
    return figures, [
        measuring.Requirement(
            f"bucketed less random accuracy, mean of {given.seeds} seeds, points"
            + ("" if error is None else f" (standard error {error:.2f})"),
            f"within {POINTS:g}",
            round(mean, 3),
            abs(mean) <= POINTS,
        )
    ]


def _order_run(given: Namespace, recipe: Recipe) -> dict[str, Any]:
    """Train MiniLM once, measure it on the whole of ``snli/validation``."""
    from samesay.data import load_pairs
    from samesay.encoding import padding_share, plan_training
    from samesay.evaluation import evaluate
    from samesay.model.predictor import KerasPredictor
    from samesay.training.fit import fit
    from samesay.training.training_pairs import TrainingPairs

    snli = measuring.shared_data("snli")
    pairs = load_pairs(f"{snli / 'train.parquet'}{given.slice}", sides=SIDES, where="source~cat")
    held_out = load_pairs(f"{snli / 'validation.parquet'}{given.slice}", sides=SIDES, labels=pairs.labels)
    classifier = open_minilm(pairs.labels, seed=recipe.seed)
    encoded = classifier.encoder.encode(pairs.first, pairs.second)
    print(f"{recipe.shuffle}, seed {recipe.seed}: {len(pairs):,} pairs ...", file=sys.stderr, flush=True)
    result = fit(classifier, TrainingPairs(encoded, pairs.require_gold()), recipe)
    figures = evaluate(KerasPredictor(classifier), held_out)
    plan = plan_training(
        encoded.lengths,
        recipe.batch_size,
        seed=recipe.seed,
        epoch=0,
        max_length=classifier.encoder.max_length,
        shuffle=recipe.shuffle,
    )
    return {
        "accuracy": figures.metrics["accuracy"],
        "loss": figures.metrics["loss"],
        "pairs": len(pairs),
        "validation_pairs": figures.n_pairs,
        "training_loss": result.history[-1]["loss"],
        "seconds": result.seconds,
        "pairs_per_second": result.pairs_per_second,
        "padding_share": round(padding_share(plan, encoded.lengths), 4),
        "widths": result.widths,
    }


if __name__ == "__main__":
    sys.exit(main())
