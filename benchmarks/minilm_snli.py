"""The real runs: MiniLM on SNLI, trained, saved and measured by the product's own jobs.

``full``               one epoch over all of ``snli/train`` (122,321 pairs), AdamW, peak 1e-4, triangular with 10 %
                       warm-up, batches of 32; figures on ``snli/validation`` and on its half ``report``
``defaults``           the worked example's first recipe, the task's defaults: Adam 5e-5, one epoch
``adam``               its second one, "another Adam rate", which is the default's own 5e-5: the same recipe, so it is
                       run with another seed and shows how far two runs of one recipe are apart
``adamw-triangular``   its third one: AdamW, peak 1e-4, triangular with 20 % warm-up, three epochs

The three recipes learn from the 19,994 rows of ``snli/train`` whose ``source`` contains ``cat``, choose their epoch on
``snli_halves/tune`` and report on ``snli_halves/report``; all read the hypothesis first, as the worked example does.

Every saved model answers four times: by the trained model before it is saved, by the bundle's Keras part, by its
ONNX part, and by a ``.keras`` file that was loaded again. No decision may differ. MiniLM's card lists SNLI
among its pretraining pairs: these figures are not those of a model that never saw them.

A run that was stopped goes on from its checkpoint under ``runs/``; a finished one is not repeated (``--again``).

    python -m benchmarks.minilm_snli                       # all: hours; each run in a process of its own
    python -m benchmarks.minilm_snli defaults adam         # some
    python -m benchmarks.minilm_snli full --checkpoints FOLDER --peak-memory-mb N    # trained elsewhere, same recipe
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import measuring

from samesay.pairs import Progress, Sides
from samesay.training import WORKED_EXAMPLE, Recipe

if TYPE_CHECKING:
    from samesay.data import PairTable
    from samesay.evaluation import ClassificationEvaluation as Evaluation

SIDES = Sides("hypothesis", "premise")
CLOSE_TO_A_SAMPLE = "source~cat"
LABELS = ("entailment", "neutral", "contradiction")
ACCURACY = 0.83
"""What the full run has to reach on ``snli/validation``."""

_SECONDS_BETWEEN_LINES = 20
_WARM_PAIRS = 1280


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        recipe: How.
        train: Its pairs, below the shared data.
        where: The rows of them that are used.
        validation: What the best epoch is chosen by.
        measured_on: Names and files of the figures.
        note: What a reader should know.
    """

    recipe: Recipe
    train: str = "snli/train.parquet"
    where: str | None = CLOSE_TO_A_SAMPLE
    validation: str = "snli_halves/tune.parquet"
    measured_on: tuple[tuple[str, str], ...] = (("report", "snli_halves/report.parquet"),)
    note: str = ""


FULL = Run(
    Recipe(epochs=1, batch_size=32, learning_rate=1e-4, warmup=0.1),
    where=None,
    validation="snli/validation.parquet",
    measured_on=(("validation", "snli/validation.parquet"), ("report", "snli_halves/report.parquet")),
    note="validation chose nothing: there is one epoch",
)
RUNS = {
    "full": FULL,
    "defaults": Run(WORKED_EXAMPLE["defaults"]),
    "adam": Run(
        replace(WORKED_EXAMPLE["adam"], seed=1),
        note="the recipe of `defaults` again, since the task's default is Adam 5e-5 already; another seed",
    ),
    "adamw-triangular": Run(WORKED_EXAMPLE["adamw-triangular"]),
}


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help=f"of {', '.join(RUNS)}; all of them by default"
    )
    parser.add_argument(
        "--folder", type=Path, default=measuring.RUNS / "minilm_snli", help="models and checkpoints"
    )
    parser.add_argument(
        "--checkpoints", type=Path, help="of a run that was begun elsewhere; for one RUN only"
    )
    parser.add_argument("--peak-memory-mb", type=float, help="of the process that trained it elsewhere")
    parser.add_argument("--again", action="store_true", help="measure finished runs once more")
    parser.add_argument("--preset", default="minilm", help="another encoder, to try the script")
    parser.add_argument("--slice", default="", help="such as [:2000], of every source, to try the script")
    parser.add_argument(
        "--here", action="store_true", help="in this process; what the script starts for each run"
    )
    given = parser.parse_args(arguments)
    chosen = given.runs or list(RUNS)
    unknown = [name for name in chosen if name not in RUNS]
    if unknown:
        parser.error(f"no run is called {unknown[0]!r}; there are {', '.join(RUNS)}")
    if given.checkpoints and len(chosen) != 1:
        parser.error("--checkpoints goes with one RUN")
    if given.here:
        measure(chosen[0], given)
        return 0
    failed = [name for name in chosen if not _run_apart(name, given)]
    status = collect(given)
    if failed:
        print(f"not finished: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else status


def _run_apart(name: str, given: Namespace) -> bool:
    """Measure in a process of its own, whose peak memory is then the run's; True if it was finished."""
    if _record(given.folder, name).is_file() and not given.again:
        print(f"{name}: finished before (--again measures it once more)", file=sys.stderr)
        return True
    command = [sys.executable, "-m", "benchmarks.minilm_snli", name, "--here"]
    for option in ("folder", "checkpoints", "peak_memory_mb", "preset", "slice"):
        value = getattr(given, option)
        if value:
            command.append(f"--{option.replace('_', '-')}={value}")
    return subprocess.run(command, cwd=measuring.ROOT, check=False).returncode == 0


def measure(name: str, given: Namespace) -> None:
    """Train or continue one run, save it, let its four forms answer, write its record."""
    import samesay
    from samesay.data import ReadOptions, load_pairs
    from samesay.encoding import plan_training
    from samesay.evaluation import evaluate
    from samesay.jobs.evaluate import evaluate_model
    from samesay.jobs.train import train
    from samesay.pair_model import PairModel
    from samesay.recipes.run import Run as TrainingRun
    from samesay.training.recipe import RunFiles

    run = RUNS[name]
    where = measuring.surroundings()
    folder = given.folder / name
    checkpoints = given.checkpoints or folder / "checkpoints"
    # Where `train` looks for the state of the run with this seed.
    state = checkpoints / f"seed-{run.recipe.seed}"
    before = any(state.glob("*.npz"))
    data = {part: f"{measuring.SHARED_DATA / part}{given.slice}" for part in {run.train, run.validation}}
    pairs = load_pairs(data[run.train], sides=SIDES, where=run.where)
    held_out = load_pairs(data[run.validation], sides=SIDES)
    model = PairModel.from_preset(given.preset, pairs.labels, sides=SIDES, seed=run.recipe.seed)
    fitted = model.fit(
        pairs, validation=held_out, recipe=run.recipe, checkpoints=state, progress=_listener(name)
    )
    peak = measuring.peak_memory_mb()
    trained_here = fitted.seconds > 0

    # The same run once more finds itself finished; a short one, of which no state was kept, is repeated.
    result = train(
        TrainingRun(
            data=data[run.train],
            preset=given.preset,
            output=folder / "model",
            validation=data[run.validation],
            reading=ReadOptions(sides=SIDES, where=run.where),
        ),
        run.recipe,
        files=RunFiles(checkpoints=checkpoints),
        overwrite=True,
        resume=True,
    )
    keras_file = model.save(folder / "model.keras", overwrite=True)
    restored = samesay.load(keras_file)
    measured_on = {
        label: load_pairs(f"{measuring.SHARED_DATA / part}{given.slice}", sides=SIDES, labels=model.labels)
        for label, part in run.measured_on
    }
    forms: dict[str, Callable[[str, PairTable], Evaluation]] = {
        "before saving": lambda _, table: evaluate(model.predictor, table),
        "bundle by Keras": lambda part, _: _by_bundle(evaluate_model, folder, part, given, "keras"),
        "bundle by ONNX": lambda part, _: _by_bundle(evaluate_model, folder, part, given, "onnx"),
        ".keras file": lambda _, table: evaluate(restored.predictor, table),
    }
    figures: dict[str, Any] = {}
    for label, part in run.measured_on:
        answers = {form: answer(part, measured_on[label]) for form, answer in forms.items()}
        if part == run.validation and result.evaluation is not None:
            answers["by the training process"] = result.evaluation
        figures[label] = _compared(answers)
        figures[label]["keras_own_evaluate"] = _keras_evaluate(keras_file, measured_on[label])
        _say(name, f"{label}: {figures[label]['by_form']['bundle by ONNX']}")
    lengths = model.classifier.encoder.encode(pairs.first, pairs.second).lengths
    plans = [
        plan_training(
            lengths,
            run.recipe.batch_size,
            seed=run.recipe.seed,
            epoch=epoch,
            max_length=model.max_length,
            shuffle=run.recipe.shuffle,
            epochs=run.recipe.epochs,
        )
        for epoch in range(run.recipe.epochs)
    ]
    record = {
        "run": name,
        **where,
        "note": run.note,
        "preset": given.preset,
        "slice": given.slice or None,
        "recipe": result.recipe.to_dict(),
        "sides": list(result.sides),
        "pairs": result.n_pairs,
        "label_counts": result.label_counts,
        "best_epoch": result.best_epoch,
        "history": result.history,
        "training_seconds": round(sum(entry["seconds"] for entry in result.history), 1),
        "pairs_per_second": round(
            statistics.median(entry["pairs_per_second"] for entry in result.history), 1
        ),
        "padding_share": round(result.padding_share, 4),
        "widths": sorted({batch.width for plan in plans for batch in plan}),
        "warm": _warm_rate(restored, pairs, run.recipe.batch_size),
        # Seconds are the clock's: they count pauses, and of a continued run only what came after it went on. The
        # rate in `warm` is measured anew.
        "continued_from_checkpoint": before,
        "trained_by_this_process": trained_here,
        "peak_memory_mb": peak if trained_here else given.peak_memory_mb,
        "peak_memory_mb_of_saving_and_measuring": measuring.peak_memory_mb(),
        "onnx": {"verdict": result.onnx.status, **result.onnx.to_dict()},
        "bytes": {
            "bundle": _bytes(folder / "model"),
            "bundle_parts": {path.name: _bytes(path) for path in sorted((folder / "model").iterdir())},
            "keras_file": keras_file.stat().st_size,
        },
        "measured_on": figures,
        "notes": list(result.notes),
    }
    _record(given.folder, name).write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")


def collect(given: Namespace) -> int:
    """One result of all finished runs."""
    records = {
        name: json.loads(_record(given.folder, name).read_text(encoding="utf-8"))
        for name in RUNS
        if _record(given.folder, name).is_file()
    }
    if not records:
        print("no run is finished", file=sys.stderr)
        return 1
    rows = []
    requirements = []
    for name, record in records.items():
        for label, compared in record["measured_on"].items():
            onnx = compared["by_form"]["bundle by ONNX"]
            rows.append(
                [
                    name,
                    label,
                    onnx["accuracy"],
                    onnx["macro_f1"],
                    onnx["loss"],
                    compared["changed_decisions"],
                    record["training_seconds"],
                    record["pairs_per_second"],
                    record["warm"]["pairs_per_second"],
                    record["padding_share"],
                    record["peak_memory_mb"] or "?",
                ]
            )
            requirements.append(
                measuring.exactly(
                    f"{name}: decisions on {label} that differ between its forms",
                    0,
                    compared["changed_decisions"],
                )
            )
    if "full" in records:
        reached = records["full"]["measured_on"]["validation"]["by_form"]["bundle by ONNX"]["accuracy"]
        requirements.insert(0, measuring.at_least("full: accuracy on snli/validation", ACCURACY, reached))
    measuring.print_table(
        [
            "run",
            "on",
            "accuracy",
            "macro F1",
            "loss",
            "changed",
            "seconds",
            "pairs/s",
            "warm",
            "padding",
            "peak MB",
        ],
        rows,
    )
    return measuring.publish("minilm_snli", {"runs": records}, requirements, results=given.results)


def _by_bundle(evaluate_model: Any, folder: Path, part: str, given: Namespace, backend: str) -> Evaluation:
    source = f"{measuring.SHARED_DATA / part}{given.slice}"
    return evaluate_model(folder / "model", source, backend=backend).evaluation


def _keras_evaluate(keras_file: Path, table: PairTable) -> dict[str, float]:
    """Keras' own ``load_model`` and ``evaluate`` on raw texts and label names."""
    import keras

    model = keras.models.load_model(keras_file)
    figures = model.evaluate((table.first, table.second), table.label_names(), verbose=0, return_dict=True)
    return {name: round(float(value), 6) for name, value in figures.items()}


def _warm_rate(model: Any, pairs: PairTable, batch_size: int) -> dict[str, Any]:
    """Pairs a second of training once all is compiled, tokenization included; the model is spoiled by it."""
    import numpy as np

    some = pairs.select(np.random.default_rng(0).permutation(len(pairs))[:_WARM_PAIRS])

    def one_round() -> float:
        return measuring.timed(
            lambda: model.classifier.fit(
                (some.first, some.second), some.require_gold(), batch_size=batch_size, verbose=0
            )
        )

    compiling = one_round()
    seconds = measuring.alternate({"warm": one_round}, 3)["warm"]
    return {
        "pairs": len(some),
        "pairs_per_second": round(len(some) / statistics.median(seconds), 1),
        "seconds": measuring.spread(seconds),
        "first_round_seconds": round(compiling, 1),
    }


def _compared(answers: dict[str, Evaluation]) -> dict[str, Any]:
    """Figures of every form, and in how many decisions any two differ."""
    import numpy as np

    changed = {
        f"{one} / {other}": int(np.count_nonzero(answers[one].predicted_ids != answers[other].predicted_ids))
        for one, other in combinations(answers, 2)
    }
    apart = max(
        float(np.abs(answers[one].probabilities - answers[other].probabilities).max())
        for one, other in combinations(answers, 2)
    )
    first = next(iter(answers.values()))
    return {
        "pairs": first.n_pairs,
        "rows_dropped": first.rows_dropped,
        "majority_accuracy": round(first.majority_accuracy, 6),
        "by_form": {
            form: {name: round(value, 6) for name, value in one.metrics.items()}
            | {"pairs_per_second": round(one.pairs_per_second, 1)}
            for form, one in answers.items()
        },
        "per_class": {
            label: score.to_dict() for label, score in zip(first.labels, first.per_class, strict=True)
        },
        "confusion": [list(row) for row in first.confusion],
        "changed_decisions": sum(changed.values()),
        "changed_decisions_between": changed,
        "largest_difference_of_a_probability": apart,
    }


def _listener(name: str) -> Callable[[Progress], None]:
    last = [0.0]

    def listen(progress: Progress) -> None:
        now = time.monotonic()
        if now - last[0] >= _SECONDS_BETWEEN_LINES or progress.stage != "train":
            last[0] = now
            _say(
                name, f"{progress.stage} {progress.done:,} of {progress.total or 0:,} {dict(progress.facts)}"
            )

    return listen


def _say(name: str, words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {name}: {words}", file=sys.stderr, flush=True)


def _record(folder: Path, name: str) -> Path:
    return folder / name / "measured.json"


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


if __name__ == "__main__":
    sys.exit(main())
