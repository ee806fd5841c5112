"""One `.keras` file brings everything back: weights, vocabulary, label names, optimizer and schedule."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import keras
import numpy as np
import pytest

import samesay
from samesay.errors import BundleDamaged, DiskFull, NotABundle, TargetExists, UsageError
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier, pair_loss

FIRST = ["a dog runs", "the cat sleeps", "a man eats", "two dogs walk in the park", "a red house"] * 4
SECOND = ["the dog runs in the park", "a dog sleeps", "a man eats", "three cats walk", "the blue house"] * 4
LABELS = ["same", "different", "same", "different", "different"] * 4

# In another process, with Keras imported before or after SameSay: nothing of ours is registered by hand.
FRESH = """
import json, os, sys
{imports}
model = keras.models.load_model(sys.argv[1])
first, second, labels = json.loads(sys.argv[2])
figures = model.evaluate((first, second), labels, verbose=0, return_dict=True)
logits = model.predict((first, second))
optimizer = model.optimizer
print(json.dumps({{"figures": figures, "logits": logits.tolist(), "labels": list(model.labels),
                   "steps": int(optimizer.iterations.numpy()), "type": type(optimizer).__name__}}))
"""


@pytest.fixture(scope="module")
def fitted(tiny_preset: Path) -> samesay.PairModel:
    model = samesay.PairModel.from_preset(
        tiny_preset, ["different", "same"], sides=("hypothesis", "premise"), dropout=0.0
    )
    for layer in model.classifier._flatten_layers():
        if type(layer).__name__ == "Dropout":
            layer.rate = 0.0
    model.fit(
        (FIRST, SECOND), LABELS, epochs=2, batch_size=8, learning_rate=1e-3, schedule="triangular", warmup=0.2
    )
    return model


@pytest.mark.parametrize(
    "imports",
    [
        "os.environ.pop('KERAS_BACKEND', None); import samesay.keras, keras",
        "os.environ['KERAS_BACKEND'] = 'jax'; import keras, samesay.keras",
    ],
)
def test_it_evaluates_raw_pairs_the_same_in_a_fresh_process(
    fitted: samesay.PairModel, tmp_path: Path, imports: str
) -> None:
    path = fitted.save(tmp_path / "x.keras")
    figures = fitted.classifier.evaluate((FIRST, SECOND), LABELS, verbose=0, return_dict=True)
    logits = fitted.classifier.predict((FIRST, SECOND))
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH.format(imports=imports), str(path), json.dumps([FIRST, SECOND, LABELS])],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(fresh.stdout.splitlines()[-1])
    assert answer["labels"] == ["different", "same"]
    assert answer["figures"] == pytest.approx(figures, abs=1e-6)
    np.testing.assert_allclose(answer["logits"], logits, atol=1e-6)
    assert answer["steps"] == 6, "two epochs of three steps"
    assert answer["type"] == "AdamW"


def test_its_next_step_is_that_of_the_run_that_went_on(fitted: samesay.PairModel, tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "x.keras")
    loaded = samesay.load(path)
    encoded = fitted.classifier.encoder.encode(FIRST[:8], SECOND[:8])
    batch = encoded.dense(np.arange(8), 16, pad_id=fitted.classifier.encoder.pad_id)
    inputs = {
        "token_ids": batch.token_ids,
        "segment_ids": batch.segment_ids,
        "padding_mask": batch.padding_mask,
    }
    gold = np.array([fitted.labels.index(name) for name in LABELS[:8]])
    before = [np.array(value) for value in fitted.classifier.trainable_variables]
    for model in (fitted, loaded):
        for layer in model.classifier._flatten_layers():
            if type(layer).__name__ == "Dropout":
                layer.rate = 0.0
        model.classifier.train_on_batch(inputs, gold)
    moved = False
    for was, ours, theirs in zip(
        before, fitted.classifier.trainable_variables, loaded.classifier.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(np.asarray(theirs), np.asarray(ours), atol=1e-7)
        moved |= bool(np.abs(np.asarray(ours) - was).max() > 0)
    assert loaded.classifier.optimizer.not_decayed == ["bias", "gamma", "beta"]
    assert str(loaded.sides) == "hypothesis,premise"
    assert moved or float(fitted.classifier.optimizer.learning_rate) == 0.0


def test_a_model_whose_layers_were_frozen_goes_on_from_the_file_as_it_would_have(
    tiny_preset: Path, tmp_path: Path
) -> None:
    ours = samesay.PairModel.from_preset(tiny_preset, ["different", "same"], dropout=0.0)
    settings = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3, "schedule": "constant", "warmup": 0.0}
    ours.fit((FIRST, SECOND), LABELS, freeze=1, **settings)
    theirs = samesay.load(ours.save(tmp_path / "x.keras"))
    assert int(theirs.classifier.optimizer.iterations) == 5
    for model in (ours, theirs):
        for layer in model.classifier._flatten_layers():
            if type(layer).__name__ == "Dropout":
                layer.rate = 0.0
        model.classifier.train_function = None
        model.classifier.fit((FIRST[:8], SECOND[:8]), LABELS[:8], batch_size=8, verbose=0)
    for one, other in zip(ours.classifier.weights, theirs.classifier.weights, strict=True):
        # Of a weight whose gradient is next to nothing Adam's step has the sign of rounding.
        if not one.path.endswith("key/bias"):
            np.testing.assert_allclose(np.array(other), np.array(one), atol=1e-6, err_msg=one.path)


def test_keras_fit_of_raw_texts_puts_other_pairs_together_in_every_epoch(
    tiny_preset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = samesay.PairModel.from_preset(tiny_preset, ["different", "same"]).classifier
    model.compile(optimizer="adam", loss=pair_loss())
    seen: list[list[list[int]]] = []

    def noted(self: PairBatches, index: int):
        seen.append([batch.rows.tolist() for batch in self.batches])
        return read(self, index)

    read = PairBatches.__getitem__
    monkeypatch.setattr(PairBatches, "__getitem__", noted)
    heard: list[int] = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: heard.append(epoch))
    model.fit((FIRST, SECOND), LABELS, batch_size=4, epochs=2, verbose=0, callbacks=[count])
    assert seen[0] != seen[-1]
    assert sorted(chain(*seen[0])) == sorted(chain(*seen[-1]))
    assert heard == [0, 1]


def test_an_existing_file_is_kept_unless_told_otherwise(fitted: samesay.PairModel, tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "x.keras")
    content = path.read_bytes()
    with pytest.raises(TargetExists):
        fitted.save(path)
    assert path.read_bytes() == content
    fitted.save(path, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.keras"]


def test_two_savers_at_once_and_a_full_disk_leave_one_whole_file_on_the_disk(
    fitted: samesay.PairModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, save = tmp_path / "x.keras", PairClassifier.save
    drafts: list[Path] = []
    flushed: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: (flushed.append(os.fstat(descriptor).st_ino), fsync(descriptor))
    )

    def saved_while_another_saves(classifier: PairClassifier, draft: Path) -> None:
        save(classifier, draft)
        drafts.append(Path(draft))
        if len(drafts) == 1:
            fitted.save(path, overwrite=True)

    monkeypatch.setattr(PairClassifier, "save", saved_while_another_saves)
    fitted.save(path, overwrite=True)
    assert len(set(drafts)) == 2, "one draft for both would be renamed by the first to end"
    assert path.stat().st_ino in flushed, "what is renamed before it is flushed may be empty after a crash"
    assert samesay.load(path).labels == fitted.labels
    content = path.read_bytes()

    def full(classifier: PairClassifier, draft: Path) -> None:
        Path(draft).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PairClassifier, "save", full)
    with pytest.raises(DiskFull):
        fitted.save(path, overwrite=True)
    assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.keras"]


def test_a_damaged_file_is_refused(fitted: samesay.PairModel, tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "x.keras")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(BundleDamaged):
        samesay.load(path)
    path.write_bytes(bytes(content[: len(content) // 2]))
    with pytest.raises(BundleDamaged):
        samesay.load(path)


def test_a_file_that_is_not_there_or_not_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotABundle, match="no file"):
        samesay.load(tmp_path / "none.keras")
    from samesay.model.runtime.backend import keras

    other = keras().Sequential([keras().Input((2,)), keras().layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(NotABundle, match="Sequential"):
        samesay.load(tmp_path / "other.keras")


def test_a_label_without_meaning_is_refused_and_not_trained_on(fitted: samesay.PairModel) -> None:
    with pytest.raises(UsageError, match=r"no gold label \(-1\)"):
        fitted.classifier.evaluate((FIRST[:2], SECOND[:2]), [-1, 0])
    with pytest.raises(UsageError, match="x has 2 values and y has 1"):
        fitted.classifier.evaluate((FIRST[:2], SECOND[:2]), [0])


def test_keras_fit_on_raw_pairs_keeps_one_order_where_that_is_asked_for(
    fitted: samesay.PairModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, given = [], PairBatches.__getitem__

    def recorded(batches: PairBatches, index: int):
        seen.append(tuple(batches.batches[index].rows.tolist()))
        return given(batches, index)

    model = fitted.classifier
    monkeypatch.setattr(PairBatches, "__getitem__", recorded)
    history = model.fit((FIRST, SECOND), LABELS, batch_size=4, epochs=2, shuffle=False, verbose=0)
    assert len(history.history["loss"]) == 2
    assert {row for rows in seen for row in rows} == set(range(20))
    assert len(set(seen)) == 5


def test_keras_fit_and_evaluate_take_raw_pairs_to_measure_on(fitted: samesay.PairModel) -> None:
    held_out = ((FIRST[:7], SECOND[:7]), LABELS[:7])
    model = fitted.classifier
    history = model.fit((FIRST, SECOND), LABELS, validation_data=held_out, verbose=0).history
    for batch_size in (None, 3):
        loss = model.evaluate(*held_out, batch_size=batch_size, verbose=0, return_dict=True)["loss"]
        assert history["val_loss"][0] == pytest.approx(loss, abs=1e-5)
