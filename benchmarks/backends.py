"""Whether JAX, TensorFlow and PyTorch compute the same: one saved model, its logits, and 20 steps of training.

Each backend runs in a process and an environment of its own (``benchmarks.environments``); in the others' JAX cannot be
imported. Compared with JAX: the logits of one bundle; the losses of 20 steps with dropout off. Of a BERT of a
few kilobytes also, in each: the best epoch is what is kept; a bundle and a ``.keras`` file answer as the model that was
saved; on JAX a killed run goes on to the same weights, on the others checkpoints are refused, and training in float16,
which JAX lacks on a processor, learns what training in float32 learns and leaves an optimizer that goes on.

    python -m benchmarks.backends             # MiniLM, both other backends
    python -m benchmarks.backends --short     # what CI runs: the small BERT, one other backend; writes no result
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import measuring
from benchmarks.environments import NoProcessorBuild, python_with

LOGITS, LOSSES, WEIGHTS = 1e-4, 1e-3, 1e-6
"""The largest differences allowed: from JAX's logits and losses; of weights from a run that was not killed."""

FLOAT16 = 0.1
"""The largest loss at the end of a run in 16 bits whose pairs can be told apart; it begins at 1.1."""

PAIRS, STEPS, BATCH_SIZE = 320, 20, 16
LABELS = ("entailment", "neutral", "contradiction")
SIDES = ("hypothesis", "premise")


def main(arguments: list[str] | None = None) -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--short", action="store_true", help="the small BERT and the first backend to be had")
    parser.add_argument("--in-this-process", nargs=3, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.in_this_process:
        one_backend(*given.in_this_process)
        return 0
    where = measuring.surroundings()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small = save_small(folder / "small")
        model = small if given.short else save_minilm(folder / "minilm")
        for backend in ("jax", "torch", "tensorflow"):
            try:
                python = Path(sys.executable) if backend == "jax" else python_with(backend)
            except NoProcessorBuild as reason:
                print(f"{backend} is left out: {reason}", flush=True)
                continue
            found[backend] = run(python, backend, model, small, folder / backend)
            if given.short and backend != "jax":
                break
    requirements = compare(found)
    figures = {
        name: {key: value for key, value in one.items() if key != "logits"} for name, one in found.items()
    }
    if not given.short:
        return measuring.publish("backends", figures, requirements, results=given.results, where=where)
    rows = [[one.what, one.needed, one.measured, "met" if one.met else "MISSED"] for one in requirements]
    measuring.print_table(["requirement", "needed", "measured", "outcome"], rows)
    return int(not all(one.met for one in requirements))


def run(python: Path, backend: str, model: Path, small: Path, folder: Path) -> dict[str, Any]:
    """What ``one_backend`` found in a process with this backend.

    Raises:
        subprocess.CalledProcessError: If it did not come to its end.
    """
    folder.mkdir()
    paths = [str(measuring.ROOT / "src"), str(measuring.ROOT)]
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(paths)}
    words = ["-m", "benchmarks.backends", "--in-this-process", str(model), str(small), str(folder)]
    subprocess.run([str(python), *words], cwd=measuring.ROOT, env=environment, check=True)
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return {**found, "logits": np.load(folder / "logits.npy")}


def compare(found: dict[str, dict[str, Any]]) -> list[measuring.Requirement]:
    """Every other backend held against JAX, and each against itself; there is one other at least."""

    def at_most(what: str, allowed: float, difference: float) -> measuring.Requirement:
        # Not `difference > allowed`: what is no number is not met.
        return measuring.Requirement(
            what, f"at most {allowed:g}", float(f"{difference:.3g}"), difference <= allowed
        )

    others = [name for name in found if name != "jax"]
    requirements = [measuring.at_least("backends beside JAX", 1, len(others))]
    jax = found["jax"]
    for name in others:
        apart = np.abs(found[name]["logits"] - jax["logits"]).max()
        steps = np.abs(np.subtract(found[name]["losses"], jax["losses"])).max()
        requirements.append(at_most(f"{name}: logits of one bundle, from JAX's", LOGITS, float(apart)))
        requirements.append(at_most(f"{name}: losses of {STEPS} steps, from JAX's", LOSSES, float(steps)))
    for name, one in found.items():
        requirements.append(measuring.exactly(f"{name}: ONNX part", "verified", one["onnx"]))
        for what, difference in one["differences"].items():
            requirements.append(at_most(f"{name}: {what}", WEIGHTS, difference))
        if one["float16"]:
            half, full = one["float16"]["losses"]
            requirements.append(at_most(f"{name}: loss in float16", FLOAT16, half))
            requirements.append(at_most(f"{name}: loss in float32", FLOAT16, full))
            done, kept = one["float16"]["steps"]
            requirements.append(measuring.exactly(f"{name}: steps of its optimizer, kept", done, kept))
    return requirements


def save_minilm(path: Path) -> Path:
    """MiniLM with a new head, as a bundle written by JAX."""
    import samesay

    return samesay.PairModel.from_preset("minilm", LABELS, sides=SIDES, max_length=64).save(path)


def save_small(path: Path) -> Path:
    """A BERT of a few kilobytes with random weights, as a bundle written by JAX."""
    import samesay

    sys.path.append(str(measuring.ROOT / "tests"))
    from tiny_bert import save_tiny_preset

    preset = save_tiny_preset(path.with_name("preset"), n_labels=len(LABELS), n_layers=1)
    # So short that nearly all batches have one width, and little is compiled.
    return samesay.PairModel.from_preset(preset, LABELS, sides=SIDES, max_length=24).save(path)


def one_backend(model: Path, small: Path, folder: Path) -> None:
    """All that is to be known of the backend of this process, into ``folder``."""
    if os.environ["KERAS_BACKEND"] != "jax":
        # The environment on top of the locked one sees JAX; a user of another backend need not have it.
        sys.meta_path.insert(0, _WithoutJax())

    from benchmarks.bucket_order import step_losses, without_dropout

    import samesay
    from samesay.data import load_pairs
    from samesay.encoding import plan_training
    from samesay.model.runtime.backend import backend_versions

    table = load_pairs(f"generated:{PAIRS}", split="train", sides=samesay.Sides(*SIDES))
    opened = samesay.load(model)
    table = table.with_answers(opened.labels)
    np.save(folder / "logits.npy", opened.predictor.logits(table.pairs()))
    without_dropout(opened.classifier)
    encoded = opened.classifier.encoder.encode(table.first, table.second)
    # In random order batches have few widths: less to compile, and nothing else is different here.
    plan = plan_training(
        encoded.lengths, BATCH_SIZE, seed=0, epoch=0, max_length=opened.max_length, shuffle="random"
    )
    recipe = samesay.Recipe(batch_size=BATCH_SIZE, learning_rate=1e-4, max_length=opened.max_length)
    losses = step_losses(opened.classifier, encoded, table.require_gold(), plan[:STEPS], recipe)
    found = {"versions": backend_versions(), "losses": losses, **round_trips(small, table, folder)}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


class _WithoutJax(MetaPathFinder):
    """Importing JAX fails as if it were not installed."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        if fullname in ("jax", "jaxlib"):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def round_trips(small: Path, table: Any, folder: Path) -> dict[str, Any]:
    """What must not change within one backend, as ``differences``; the verdict ``onnx``; ``float16`` beside float32."""
    import keras

    import samesay
    from samesay.bundle import open_bundle
    from samesay.errors import UsageError
    from samesay.evaluation import evaluate

    class Killed(Exception):
        pass

    class KillInTheSecondEpoch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if (self.epoch, batch) == (1, 2):
                raise Killed

    few = table.select(range(96))

    def fitted(**settings: Any) -> samesay.PairModel:
        model = samesay.load(small)
        given = {
            "batch_size": BATCH_SIZE,
            "shuffle": "random",
            "learning_rate": 1e-2,
            "epochs": 2,
            **settings,
        }
        validation = given.pop("validation", None)
        model.fit(few, validation=validation, **given)
        return model

    # Against labels that are wrong it gets worse with every epoch: the best is not the last.
    wrong = dataclasses.replace(few, gold=(few.require_gold() + 1) % len(LABELS))
    misled = fitted(validation=wrong, epochs=4)
    assert misled.record is not None
    run = misled.record.result
    best = run.history[run.best_epoch - 1]
    kept = evaluate(misled.predictor, wrong).metrics["loss"]
    differences = {"loss of the best epoch, after the run": abs(kept - best["validation_loss"])}

    undisturbed = fitted()
    checkpoints = folder / "checkpoints"
    if os.environ["KERAS_BACKEND"] == "jax":
        with contextlib.suppress(Killed):
            # After every step: the run is over long before the usual minute.
            fitted(checkpoints=checkpoints, checkpoint_every=0.0, callbacks=[KillInTheSecondEpoch()])
        assert any(checkpoints.iterdir()), "it was killed before it had a checkpoint"
        resumed = fitted(checkpoints=checkpoints)
        differences["weights after a kill"] = apart(weights(undisturbed), weights(resumed))
    else:
        try:
            fitted(checkpoints=checkpoints)
        except UsageError:
            differences["checkpoints that were not refused"] = 0.0
        else:
            differences["checkpoints that were not refused"] = 1.0

    answers = undisturbed.predict(few)
    saved = undisturbed.save(folder / "saved")
    one_file = undisturbed.save(folder / "saved.keras")
    differences["answers of the saved bundle"] = apart([answers], [samesay.load(saved).predict(few)])
    differences["answers of the .keras file"] = apart([answers], [samesay.load(one_file).predict(few)])
    half = None if os.environ["KERAS_BACKEND"] == "jax" else in_half(small, folder / "half.keras")
    return {
        "differences": differences,
        "onnx": str(open_bundle(saved).manifest.parts["onnx"].verdict),
        "float16": half,
    }


def in_half(small: Path, path: Path) -> dict[str, Any]:
    """The last loss in float16 and in float32, of pairs that a word tells apart; steps, done and in a file."""
    import samesay

    pairs = (["the dog runs", "the cat runs"] * 40, ["a man sleeps"] * 80)

    def fitted(precision: str) -> samesay.PairModel:
        model = samesay.load(small)
        settings = {
            "epochs": 20,
            "learning_rate": 1e-2,
            "schedule": "constant",
            "warmup": 0.0,
            "batch_size": 16,
        }
        model.fit(pairs, ["entailment", "neutral"] * 40, precision=precision, **settings)
        return model

    full, half = fitted("float32"), fitted("float16")
    assert apart(weights(full), weights(half)) > 0, "it computed in float32"
    runs = [model.record.result for model in (half, full) if model.record is not None]
    again = samesay.load(half.save(path)).classifier.optimizer
    return {
        "losses": [run.history[-1]["loss"] for run in runs],
        # Keras leaves out a step whose scaled gradients are no numbers: the first ones may be.
        "steps": [int(half.classifier.optimizer.iterations), int(again.iterations)],
    }


def weights(model: Any) -> list[np.ndarray]:
    import keras

    return [keras.ops.convert_to_numpy(value) for value in model.classifier.trainable_variables]


def apart(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    return max(float(np.abs(left - right).max()) for left, right in zip(one, other, strict=True))


if __name__ == "__main__":
    sys.exit(main())
