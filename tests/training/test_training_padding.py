"""How wide a batch is padded changes no step of training; the long version on real weights is in tests/acceptance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from samesay.encoding import Batch, EncodedPairs, plan_training
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier, pair_loss
from samesay.model.opening import open_model
from samesay.pairs import LabelSet
from samesay.training import Recipe
from samesay.training.optimizers import build_optimizer
from tiny_bert import save_tiny_preset

LABELS = LabelSet(("different", "same"))
RECIPE = Recipe(batch_size=8, learning_rate=1e-2, schedule="triangular", warmup=0.2)
STEPS = 6
WIDEST = 64


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Dropout draws its random numbers by the shape of a batch.
    return save_tiny_preset(tmp_path_factory.mktemp("presets") / "steady", dropout=0.0, max_length=WIDEST)


def encoded_pairs(classifier: PairClassifier) -> tuple[EncodedPairs, np.ndarray]:
    draw = np.random.default_rng(1)
    animals = ("dog", "cat", "man", "woman")
    n_pairs = STEPS * RECIPE.batch_size
    kinds, words = draw.integers(0, 4, n_pairs), draw.choice([0, 5], n_pairs)  # few widths: each is compiled
    first = [
        f"the {animals[kind]} runs" + " in the park" * int(more)
        for kind, more in zip(kinds, words, strict=True)
    ]
    second = [f"a {animals[kind]} sleeps" for kind in draw.permutation(kinds)]
    return classifier.encoder.encode(first, second), (kinds % 2).astype(np.int32)


def step_losses(preset: Path, *, wide: bool) -> tuple[list[float], set[int]]:
    """The loss of each of the six steps, the first with all weights as opened."""
    classifier = open_model(preset, LABELS, dropout=0.0).classifier
    encoded, label_ids = encoded_pairs(classifier)
    # The widths of a run of many epochs: so few pairs would not be worth two otherwise.
    plan = plan_training(encoded.lengths, RECIPE.batch_size, seed=0, epoch=0, max_length=WIDEST, epochs=999)
    if wide:
        plan = [replace(batch, width=WIDEST) for batch in plan]
    classifier.compile(optimizer=build_optimizer(RECIPE, len(plan)), loss=pair_loss())
    batches = PairBatches(
        encoded, plan, height=RECIPE.batch_size, pad_id=classifier.encoder.pad_id, targets=label_ids
    )
    losses = []
    for index in range(len(plan)):
        inputs, labels, weights = batches[index]
        classifier.reset_metrics()
        losses.append(float(classifier.train_on_batch(inputs, labels, sample_weight=weights)))
    return losses, {batch.width for batch in plan}


def test_a_batch_padded_to_its_bucket_trains_as_one_padded_to_the_limit(preset: Path) -> None:
    bucketed, widths = step_losses(preset, wide=False)
    wide, wide_widths = step_losses(preset, wide=True)
    assert wide_widths == {WIDEST}
    assert len(widths) > 1
    assert max(widths) < WIDEST
    assert bucketed == pytest.approx(wide, abs=1e-5)
    assert max(bucketed) - min(bucketed) > 1e-3, "six steps at this rate must move the loss"


def test_rows_that_stand_in_another_order_within_a_batch_give_the_same_steps(preset: Path) -> None:
    classifier = open_model(preset, LABELS, dropout=0.0).classifier
    encoded, label_ids = encoded_pairs(classifier)
    plan = plan_training(encoded.lengths, RECIPE.batch_size, seed=0, epoch=0, max_length=WIDEST)
    losses = []
    for batches in (plan, [Batch(batch.rows[::-1], batch.width) for batch in plan]):
        classifier = open_model(preset, LABELS, dropout=0.0).classifier
        classifier.compile(optimizer=build_optimizer(RECIPE, len(plan)), loss=pair_loss())
        data = PairBatches(
            encoded, batches, height=RECIPE.batch_size, pad_id=classifier.encoder.pad_id, targets=label_ids
        )
        one = []
        for index in range(len(plan)):
            inputs, labels, weights = data[index]
            classifier.reset_metrics()
            one.append(float(classifier.train_on_batch(inputs, labels, sample_weight=weights)))
        losses.append(one)
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
