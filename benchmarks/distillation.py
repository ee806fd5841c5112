"""What a teacher is worth to a student that was cut out of it, on real pairs.

A MiniLM that learned SNLI (``--model``, of ``minilm_snli full``) is made into a student with three of its six layers
and the tokens of the pairs at hand. From there, with the same seeds and rates:

``labels``      the twin: the first labelled pairs, no teacher
``taught``      the same pairs, with the teacher's answers beside their labels
``unlabelled``  the same again, and four times as many pairs without labels, of which the teacher alone speaks

Accuracy is on ``snli_halves/report``; the teacher's own and that of the untaught student stand beside it. Both taught
ones have to beat the twin in every seed. ``layers`` compares which three layers to keep, on ``snli_halves/tune``.

The teacher has learned from all of these pairs: what is measured is how its knowledge gets into fewer layers, and not
what it would say of pairs that nobody labelled. A finished run is one line of ``runs/distillation/runs.jsonl``.

    python -m benchmarks.distillation
    python -m benchmarks.distillation layers
"""

from __future__ import annotations

import statistics
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import measuring

from samesay.pairs import Sides
from samesay.training import Recipe

if TYPE_CHECKING:
    from samesay import PairModel, PairTable

SIDES = Sides("hypothesis", "premise")
RECIPE = Recipe(epochs=3, learning_rate=1e-4)
TAUGHT = replace(RECIPE, teacher_weight=0.9, teacher_temperature=2.0)
ARMS = {"labels": RECIPE, "taught": TAUGHT, "unlabelled": TAUGHT}
LAYERS = {"spread": (1, 4, 6), "first": (1, 2, 3), "last": (4, 5, 6)}
"""Which three of six layers could stay: ``--layers 3`` takes the first of these."""


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("part", nargs="?", choices=["arms", "layers"], default="arms")
    parser.add_argument("--model", type=Path, default=measuring.RUNS / "minilm_snli" / "full" / "model")
    parser.add_argument("--folder", type=Path, default=measuring.RUNS / "distillation", help="finished runs")
    parser.add_argument("--pairs", type=int, default=1000, help="with labels (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="(default: %(default)s)")
    given = parser.parse_args(arguments)
    where = measuring.surroundings()
    if given.part == "layers":
        return _compare_layers(given, where)
    seeds = range(given.seeds)
    runs = {(arm, seed): _run(given, arm, seed, LAYERS["spread"]) for seed in seeds for arm in ARMS}
    accuracies = {arm: [runs[arm, seed]["accuracy"] for seed in seeds] for arm in ARMS}
    beside = _beside(given)
    measuring.print_table(
        ["", *(f"seed {seed}" for seed in seeds), "mean"],
        [[arm, *values, round(statistics.fmean(values), 4)] for arm, values in accuracies.items()]
        + [[name, *[""] * given.seeds, value] for name, value in beside["accuracies_beside"].items()],
    )
    ahead = {
        arm: [round(100 * (accuracies[arm][seed] - accuracies["labels"][seed]), 2) for seed in seeds]
        for arm in ("taught", "unlabelled")
    }
    figures = {
        "labelled_pairs": given.pairs,
        "unlabelled_pairs": 4 * given.pairs,
        "accuracies": accuracies,
        "points_ahead_of_the_twin": ahead,
        **beside,
        "runs": [runs[key] for key in sorted(runs)],
    }
    return measuring.publish(
        "distillation",
        figures,
        [
            measuring.at_least(
                f"{arm}: points ahead of its twin, the worst of {given.seeds} seeds", 0.01, min(values)
            )
            for arm, values in ahead.items()
        ],
        results=given.results,
        where=where,
    )


def _compare_layers(given: Namespace, where: dict[str, Any]) -> int:
    accuracies = {
        name: [
            _run(given, "unlabelled", seed, layers, measured_on="tune")["accuracy"]
            for seed in range(given.seeds)
        ]
        for name, layers in LAYERS.items()
    }
    measuring.print_table(
        ["layers", *(f"seed {seed}" for seed in range(given.seeds)), "mean"],
        [
            [f"{name}: {LAYERS[name]}", *values, round(statistics.fmean(values), 4)]
            for name, values in accuracies.items()
        ],
    )
    figures = {"layers": LAYERS, "accuracies": accuracies}
    return measuring.publish("distillation-layers", figures, [], results=given.results, where=where)


def _pairs(given: Namespace) -> tuple[PairTable, PairTable]:
    """Those with labels, and those without."""
    from samesay.data import load_pairs

    train = measuring.shared_data("snli") / "train.parquet"
    labelled = load_pairs(f"{train}[:{given.pairs}]", sides=SIDES)
    more = load_pairs(f"{train}[{given.pairs}:{5 * given.pairs}]", sides=SIDES, need_labels=False)
    return labelled, more


def _student(given: Namespace, layers: Sequence[int]) -> PairModel:
    from samesay import PairModel
    from samesay.data import PairTable

    labelled, more = _pairs(given)
    texts = PairTable.from_inputs(
        ([*labelled.first, *more.first], [*labelled.second, *more.second]), sides=SIDES, need_labels=False
    )
    return PairModel.load(given.model).student(layers=layers, vocabulary=texts)


def _held_out(model: PairModel, half: str) -> PairTable:
    from samesay.data import load_pairs

    table = load_pairs(measuring.shared_data("snli_halves") / f"{half}.parquet", sides=SIDES)
    return table.with_answers(model.labels)


def _beside(given: Namespace) -> dict[str, Any]:
    """The teacher and the untaught student: accuracy on the report half, and size."""
    from samesay import PairModel

    models = {"teacher": PairModel.load(given.model), "student, untaught": _student(given, LAYERS["spread"])}
    return {
        "accuracies_beside": {
            name: round(model.evaluate(_held_out(model, "report")).metrics["accuracy"], 4)
            for name, model in models.items()
        },
        "weights": {name: model.task.count_params() for name, model in models.items()},
    }


def _run(
    given: Namespace, arm: str, seed: int, layers: Sequence[int], *, measured_on: str = "report"
) -> dict[str, Any]:
    """The figures of the student trained once."""
    recipe = replace(ARMS[arm], seed=seed)
    asked = {
        "arm": arm,
        "recipe": recipe.to_dict(),
        "pairs": given.pairs,
        "layers": list(layers),
        "measured_on": measured_on,
    }
    return measuring.kept(
        given.folder / "runs.jsonl",
        asked,
        lambda: _trained(given, arm, recipe, layers, measured_on=measured_on),
    )


def _trained(
    given: Namespace, arm: str, recipe: Recipe, layers: Sequence[int], *, measured_on: str
) -> dict[str, Any]:
    print(f"{arm}, layers {layers}, seed {recipe.seed} ...", file=sys.stderr, flush=True)
    labelled, more = _pairs(given)
    model = _student(given, layers)
    begin = time.perf_counter()
    teaching = {} if arm == "labels" else {"teacher": given.model}
    result = model.fit(labelled, recipe=recipe, unlabelled=more if arm == "unlabelled" else None, **teaching)
    seconds = time.perf_counter() - begin
    return {
        "accuracy": round(model.evaluate(_held_out(model, measured_on)).metrics["accuracy"], 4),
        "weights": model.task.count_params(),
        "losses": [round(entry["loss"], 4) for entry in result.history],
        "pairs_per_second": result.pairs_per_second,
        "step": result.step.in_words(),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
