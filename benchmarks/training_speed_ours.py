"""SameSay's half of ``training_speed.py``: an epoch for every line on standard input, figures of its own at the end.

    python -m benchmarks.training_speed_ours PAIRS.json FOLDER SIZE BATCH_SIZE [SETTINGS]

SETTINGS of the recipe, as JSON, take the place of AdamW on the triangle. The line ``{"beside": 3}`` asks for six
epochs, of which every other one waits for each of its steps, which are timed. In the others a thread notes when each
step has ended: from then until the next one is begun nothing computes, and that is the time outside of the steps.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import training_products as products

from samesay.model.runtime.backend import use_keras_alone

LABELS = ("entailment", "neutral", "contradiction")
MAX_LENGTH = 128
ADAMW = {
    "optimizer": "adamw",
    "learning_rate": 1e-4,
    "schedule": "triangular",
    "warmup": 0.1,
    "weight_decay": 0.01,
}


def main() -> int:
    pairs, folder, size, batch_size = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
    settings = json.loads(sys.argv[5]) if len(sys.argv) > 5 else ADAMW
    began = time.perf_counter()
    # As a command does.
    use_keras_alone()
    table = json.loads(Path(pairs).read_text(encoding="utf-8"))
    model = opened(folder, size)
    import jax
    import keras
    import numpy as np

    from samesay.encoding import padding_share, plan_training
    from samesay.training.jax_step.step import OwnStep

    inside: list[float] = []
    beside: dict[str, list[float]] = {"seconds_in_steps": [], "seconds_of_epochs": [], "seconds_outside": []}
    idle = Idle(jax.block_until_ready)
    compiled_step = OwnStep.__call__

    def timed_step(self: Any, state: Any, iterator: Any) -> Any:
        """The step with what it waits for: its compiled part alone, once the batch is there."""
        batch = next(iterator)
        jax.block_until_ready(state)
        begin = time.perf_counter()
        result = compiled_step(self, state, iter([batch]))
        jax.block_until_ready(result)
        inside.append(time.perf_counter() - begin)
        return result

    def watched_step(self: Any, state: Any, iterator: Any) -> Any:
        """The step as it is, with note taken of when it has been begun."""
        result = compiled_step(self, state, iterator)
        idle.begun(result[0])
        return result

    def first_step(self: Any, state: Any, iterator: Any) -> Any:
        """The very first step, waited for."""
        result = compiled_step(self, state, iterator)
        jax.block_until_ready(result)
        first.append(time.perf_counter() - began)
        OwnStep.__call__ = compiled_step  # type: ignore[method-assign]
        return result

    first: list[float] = []
    OwnStep.__call__ = first_step  # type: ignore[method-assign]

    class OnRequest(keras.callbacks.Callback):
        """Before an epoch waits for a line and tokenizes anew; after it says how long both took."""

        beside = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if not self.beside:
                line = sys.stdin.readline()
                self.asked = json.loads(line) if line else {}
                self.beside = 2 * self.asked.get("beside", 0)
                # The epoch has begun, and ends after its first step.
                model.stop_training = not line
            if self.beside:
                OwnStep.__call__ = timed_step if self.beside % 2 else watched_step  # type: ignore[method-assign]
            idle.reset()
            self.begin = time.perf_counter()
            model.encoder.encode(table["first"], table["second"])

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seconds = time.perf_counter() - self.begin
            if model.stop_training:
                return
            if not self.asked.get("beside"):
                print(json.dumps({"seconds": seconds}), flush=True)
                return
            if self.beside % 2:
                beside["seconds_in_steps"].append(round(sum(inside), 3))
                inside.clear()
            else:
                beside["seconds_of_epochs"].append(round(seconds, 3))
                beside["seconds_outside"].append(round(idle.seconds(), 3))
            self.beside -= 1
            if not self.beside:
                print(json.dumps(beside), flush=True)

    from samesay.training import Recipe
    from samesay.training.custom_objects import CustomObjects
    from samesay.training.fit import fit
    from samesay.training.training_pairs import TrainingPairs

    encoded = model.encoder.encode(table["first"], table["second"])
    recipe = Recipe(
        epochs=table["epochs"],
        batch_size=batch_size,
        **settings,
    )
    print(json.dumps({"parameters": int(model.task.count_params())}), flush=True)
    result = fit(
        model,
        TrainingPairs(encoded, np.asarray(table["labels"], np.int32)),
        recipe,
        custom=CustomObjects.of(callbacks=[OnRequest()]),
    )
    plan = plan_training(
        encoded.lengths, batch_size, seed=0, epoch=0, max_length=MAX_LENGTH, epochs=table["epochs"]
    )
    backbone = model.task.backbone
    shape = {
        "layers": backbone.num_layers,
        "heads": backbone.num_heads,
        "hidden": backbone.hidden_dim,
        "inner": backbone.intermediate_dim,
    }
    of_width = {
        width: products.training_products(height=batch_size, width=width, **shape)
        for width in {batch.width for batch in plan}
    }
    every: Counter[products.Product] = Counter()
    for batch in plan:
        every.update(of_width[batch.width])
    alone = products.seconds_of(every, products.seconds_alone(every))
    said = {
        "step": result.step.in_words(),
        "mean_tokens": round(float(encoded.lengths.mean()), 2),
        "padding_share": round(padding_share(plan, encoded.lengths), 4),
        "widths": result.widths,
        "first_step_seconds": round(first[0], 2),
        "gigamultiplications_an_epoch": round(
            sum(one.multiplications * times for one, times in every.items()) / 1e9, 1
        ),
        "products_alone_seconds": round(alone, 3),
    }
    print(json.dumps(said), flush=True)
    return 0


class Idle:
    """How long nothing computes: from the end of each step until the next one has been begun.

    Args:
        wait: For what a step gives.
    """

    def __init__(self, wait: Callable[[Any], Any]) -> None:
        self._wait = wait
        self._steps: queue.SimpleQueue[tuple[float, Any]] = queue.SimpleQueue()
        self._ended, self._seconds = 0.0, 0.0
        threading.Thread(target=self._follow, daemon=True).start()

    def reset(self) -> None:
        """Count from now on."""
        self._ended, self._seconds = time.perf_counter(), 0.0

    def begun(self, given: Any) -> None:
        """Take note of a step that has just been begun and will give ``given``."""
        self._steps.put((time.perf_counter(), given))

    def seconds(self) -> float:
        """Since ``reset``, after the last step."""
        while not self._steps.empty():
            time.sleep(0.001)
        return self._seconds

    def _follow(self) -> None:
        while True:
            begun, given = self._steps.get()
            self._seconds += max(0.0, begun - self._ended)
            self._wait(given)
            self._ended = time.perf_counter()


def opened(folder: str, size: dict[str, int]) -> Any:
    """The classifier: pretrained, or of another size with random weights and the same vocabulary."""
    from samesay.model.classifier import PairClassifier
    from samesay.model.opening import open_model
    from samesay.pairs import LabelSet

    if not size:
        return open_model(folder, LabelSet(LABELS), max_length=MAX_LENGTH).classifier
    from samesay.model.runtime.backend import keras, keras_hub

    keras()
    models = keras_hub().models
    vocabulary = (Path(folder) / "vocab.txt").read_text(encoding="utf-8").splitlines()
    backbone = models.BertBackbone(
        vocabulary_size=len(vocabulary),
        num_layers=size["num_hidden_layers"],
        num_heads=size["num_attention_heads"],
        hidden_dim=size["hidden_size"],
        intermediate_dim=size["intermediate_size"],
    )
    preprocessor = models.BertTextClassifierPreprocessor(
        models.BertTokenizer(vocabulary=vocabulary, lowercase=True), sequence_length=MAX_LENGTH
    )
    task = models.BertTextClassifier(backbone, num_classes=len(LABELS), preprocessor=preprocessor)
    return PairClassifier(task, LABELS, ("hypothesis", "premise"))


if __name__ == "__main__":
    sys.exit(main())
