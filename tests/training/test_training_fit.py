"""The loop: what it learns, what it keeps, and how it ends."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesay.encoding import plan_training
from samesay.errors import CheckpointDamaged, CheckpointMismatch, MemoryExhausted, UsageError
from samesay.model.batches import PairBatches
from samesay.model.classifier import PairClassifier, pair_loss
from samesay.model.opening import open_model
from samesay.pairs import LabelSet, Progress
from samesay.training import Recipe
from samesay.training.checkpoints import checkpoints_in, remove_checkpoints, save_checkpoint
from samesay.training.course import Course
from samesay.training.distillation import Taught
from samesay.training.fit import FitResult, fit
from samesay.training.recipe import RunFiles
from samesay.training.training_pairs import TrainingPairs

LABELS = LabelSet(("different", "same"))
ANIMALS = ("dog", "cat", "man", "woman")
QUICK = Recipe(epochs=8, batch_size=16, learning_rate=5e-3, schedule="constant", warmup=0.0)


@pytest.fixture
def classifier(tiny_preset: Path) -> PairClassifier:
    return open_model(tiny_preset, LABELS).classifier


def some_pairs(
    classifier: PairClassifier, n_pairs: int, *, seed: int = 0, right: bool = True
) -> TrainingPairs:
    """Pairs whose label the first word of the first side tells, or its opposite."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 4, n_pairs)
    places = draw.integers(0, 2, n_pairs)
    first = [
        f"{ANIMALS[kind]} runs" + " in the park" * int(place)
        for kind, place in zip(kinds, places, strict=True)
    ]
    second = ["a dog sleeps" + " in the house" * int(place) for place in places[::-1]]
    labels = (kinds % 2 == (1 if right else 0)).astype(np.int32)
    return TrainingPairs(classifier.encoder.encode(first, second), labels)


def weights(classifier: PairClassifier) -> list[np.ndarray]:
    return [np.array(value) for value in classifier.trainable_variables]


def test_it_learns_and_says_how_far_it_is(classifier: PairClassifier) -> None:
    heard: list[Progress] = []
    result = fit(
        classifier,
        some_pairs(classifier, 200),
        QUICK,
        validation=some_pairs(classifier, 50, seed=1),
        progress=heard.append,
    )
    assert result.history[result.best_epoch - 1]["validation_accuracy"] == 1.0
    assert [entry["epoch"] for entry in result.history] == list(range(1, 9))
    assert result.steps == 8 * 13
    assert 0 <= result.padding_share < 0.5
    trained = [one for one in heard if one.stage == "train"]
    assert trained[-1].done == trained[-1].total == 1600
    assert {"loss", "accuracy", "pairs_per_second", "epoch"} <= set(trained[-1].facts)
    assert [one.done for one in trained] == sorted(one.done for one in trained)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(tiny_preset: Path) -> None:
    def run(seed: int) -> list[np.ndarray]:
        classifier = open_model(tiny_preset, LABELS, seed=seed).classifier
        # What ran before must not matter: dropout's state is set anew by the run.
        classifier.logits(some_pairs(classifier, 5).encoded)
        fit(classifier, some_pairs(classifier, 100), Recipe(**{**QUICK.to_dict(), "epochs": 1, "seed": seed}))
        return weights(classifier)

    first, again, other = run(3), run(3), run(4)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_the_best_epoch_is_kept_and_not_the_last(classifier: PairClassifier) -> None:
    # Validated against the opposite labels, it gets worse with every epoch.
    misled = some_pairs(classifier, 60, seed=1, right=False)
    result = fit(classifier, some_pairs(classifier, 300), QUICK, validation=misled)
    accuracies = [entry["validation_accuracy"] for entry in result.history]
    assert result.best_epoch == 1 + int(np.argmax(accuracies))
    kept = (classifier.logits(misled.encoded).argmax(axis=1) == misled.targets).mean()
    assert kept == pytest.approx(max(accuracies))
    assert accuracies[-1] < max(accuracies), "the data of this test must mislead"


def test_early_stopping_ends_a_run_that_gets_no_better(classifier: PairClassifier) -> None:
    misled = some_pairs(classifier, 60, seed=1, right=False)
    recipe = Recipe(**{**QUICK.to_dict(), "epochs": 12, "early_stopping": 2})
    result = fit(classifier, some_pairs(classifier, 300), recipe, validation=misled)
    assert len(result.history) == result.best_epoch + 2 < 12


def test_a_run_that_early_stopping_ended_trains_no_further_when_it_is_resumed(
    tiny_preset: Path, tmp_path: Path
) -> None:
    recipe = Recipe(**{**QUICK.to_dict(), "epochs": 12, "early_stopping": 1})

    def run() -> tuple[FitResult, list[np.ndarray]]:
        classifier = open_model(tiny_preset, LABELS).classifier
        misled = some_pairs(classifier, 60, seed=1, right=False)
        result = fit(
            classifier,
            some_pairs(classifier, 100),
            recipe,
            validation=misled,
            files=RunFiles(checkpoints=tmp_path, checkpoint_every=0),
        )
        return result, weights(classifier)

    (first, kept), (again, resumed) = run(), run()
    assert 1 < len(first.history) < 12
    assert again.history == first.history
    assert again.best_epoch == first.best_epoch
    assert all(np.array_equal(one, two) for one, two in zip(kept, resumed, strict=True))


def test_a_run_in_which_no_weight_would_change_is_refused(classifier: PairClassifier) -> None:
    recipe = Recipe(**{**QUICK.to_dict(), "epochs": 1, "accumulate": 4})
    with pytest.raises(UsageError, match="the run has 3 batches: no weight would change"):
        fit(classifier, some_pairs(classifier, 48), recipe)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as a terminal gives it, also where the tests were begun in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_after_the_step_at_hand_with_a_usable_model(classifier: PairClassifier) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.stage == "train":
            os.kill(os.getpid(), signal.SIGINT)

    pairs = some_pairs(classifier, 400)
    before = weights(classifier)
    handler = signal.getsignal(signal.SIGINT)
    result = fit(classifier, pairs, QUICK, validation=some_pairs(classifier, 40, seed=1), progress=interrupt)
    assert result.interrupted
    assert 0 < result.steps < 25
    assert len(result.history) == 1
    assert "validation_accuracy" in result.history[0], "what was reached is measured"
    assert not all(np.array_equal(one, two) for one, two in zip(before, weights(classifier), strict=True))
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_does_not_reach_a_run_that_was_begun_to_ignore_it(classifier: PairClassifier) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = fit(
            classifier,
            some_pairs(classifier, 20),
            Recipe(**{**QUICK.to_dict(), "epochs": 1}),
            progress=lambda _: signal.raise_signal(signal.SIGINT),
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert not result.interrupted
    assert result.steps == 2


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_later_epoch_keeps_the_best_finished_one(
    classifier: PairClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A report after every step, however fast they are: the first one of the second epoch ends the run.
    monkeypatch.setattr("samesay.training.course._SECONDS_BETWEEN_REPORTS", 0.0)
    seen: list[list[np.ndarray]] = []

    def interrupt(progress: Progress) -> None:
        if progress.stage == "validate" and progress.done and not seen:
            seen.append(weights(classifier))
        if progress.stage == "train" and progress.facts["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    result = fit(
        classifier,
        some_pairs(classifier, 100),
        QUICK,
        validation=some_pairs(classifier, 40, seed=1),
        progress=interrupt,
    )
    assert result.interrupted
    assert [entry["epoch"] for entry in result.history] == [1]
    assert all(np.array_equal(one, two) for one, two in zip(seen[0], weights(classifier), strict=True))


def test_a_loss_that_is_no_number_stops_the_run_and_says_when(classifier: PairClassifier) -> None:
    classifier.task.get_layer("logits").kernel.assign(np.full((16, 2), np.nan, np.float32))
    before = weights(classifier)
    result = fit(classifier, some_pairs(classifier, 60), QUICK)
    assert result.history == []
    assert result.diverged is not None
    assert "nan at step" in result.diverged.message
    assert "--learning-rate" in (result.diverged.hint or "")
    assert all(
        np.array_equal(one, two, equal_nan=True) for one, two in zip(before, weights(classifier), strict=True)
    )


def test_a_run_that_diverges_before_anything_was_measured_keeps_its_last_checkpoint(
    classifier: PairClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = weights(classifier)

    def poisoned(*where: Any, step: int, **state: Any) -> Path:
        path = save_checkpoint(*where, step=step, **state)
        if step == 4:
            classifier.optimizer.learning_rate.assign(np.inf)
        return path

    monkeypatch.setattr("samesay.training.course.save_checkpoint", poisoned)
    pairs, held_out = some_pairs(classifier, 200), some_pairs(classifier, 40, seed=1)
    result = fit(
        classifier,
        pairs,
        QUICK,
        validation=held_out,
        files=RunFiles(checkpoints=tmp_path, checkpoint_every=0, tensorboard=tmp_path / "logs"),
    )
    assert result.diverged is not None
    assert len(list((tmp_path / "logs").iterdir())) == 1, "its figures go to the log that was open"
    (entry,) = result.history
    assert (entry["step"], result.diverged.details["step"]) == (4, 5)
    assert result.best_epoch == entry["epoch"] == round(4 / 13, 4)
    kept = weights(classifier)
    assert all(np.isfinite(one).all() for one in kept)
    assert not all(np.array_equal(one, two) for one, two in zip(begun, kept, strict=True))
    answers = classifier.logits(held_out.encoded).argmax(axis=1)
    assert entry["validation_accuracy"] == pytest.approx((answers == held_out.targets).mean())


def test_a_run_that_diverges_keeps_its_best_epoch(classifier: PairClassifier) -> None:
    kept: list[list[np.ndarray]] = []

    def poison(progress: Progress) -> None:
        if progress.stage == "validate" and progress.done:
            kept.append(weights(classifier))
            if len(kept) == 2:
                classifier.optimizer.learning_rate.assign(np.inf)

    held_out = some_pairs(classifier, 40, seed=1)
    result = fit(classifier, some_pairs(classifier, 100), QUICK, validation=held_out, progress=poison)
    assert result.diverged is not None
    assert result.diverged.details == {"step": result.steps, "epoch": 3}
    assert [entry["epoch"] for entry in result.history] == [1, 2]
    best = kept[int(result.best_epoch) - 1]
    assert all(np.array_equal(one, two) for one, two in zip(best, weights(classifier), strict=True))


def test_memory_that_runs_out_names_what_to_lower(
    classifier: PairClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 17179869184 bytes.")

    monkeypatch.setattr("keras.Model.fit", full)
    with pytest.raises(MemoryExhausted, match="batches of 16 pairs") as caught:
        fit(classifier, some_pairs(classifier, 10), QUICK)
    assert "--batch-size 8 --accumulate 2" in (caught.value.hint or "")


def test_memory_that_runs_out_in_a_first_step_with_lora_is_still_told(
    classifier: PairClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 17179869184 bytes.")

    monkeypatch.setattr("samesay.training.jax_step.step.OwnStep.__call__", full)
    with pytest.raises(MemoryExhausted):
        fit(classifier, some_pairs(classifier, 40), Recipe(**{**QUICK.to_dict(), "lora": 2}))


def test_only_checkpoints_of_runs_are_removed(tmp_path: Path) -> None:
    for name in ("seed-0/checkpoint-000000007.npz", "other/checkpoint-000000007.npz", "keep.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "seed-1").symlink_to(tmp_path / "other")
    remove_checkpoints(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "empty",
        "keep.txt",
        "other",
        "other/checkpoint-000000007.npz",
        "seed-1",
    ]


class _Killed(Exception):
    pass


# The second one trains a table of the rows alone whose tokens occur.
@pytest.mark.parametrize(("step", "rows_rounded_to"), [(3, 512), (9, 8)])
def test_a_run_that_was_killed_twice_goes_on_to_the_same_bits(
    tiny_preset: Path,
    tmp_path: Path,
    step: int,
    rows_rounded_to: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("samesay.training.jax_step.token_rows._ROUNDED_TO", rows_rounded_to)
    recipe = Recipe(epochs=2, batch_size=16, learning_rate=1e-3, evaluate_every=4)

    def run(checkpoints: Path | None, *, stop: int | None = None) -> tuple[list[np.ndarray], list[dict]]:
        classifier = open_model(tiny_preset, LABELS).classifier
        pairs, held_out = some_pairs(classifier, 100), some_pairs(classifier, 30, seed=1)
        steps = 0

        def count(batch: int, logs: object = None) -> None:
            nonlocal steps
            steps += 1
            if stop is not None and steps > stop:
                raise _Killed

        original = PairBatches.__getitem__
        try:
            PairBatches.__getitem__ = lambda self, index: (  # type: ignore[method-assign]
                count(index) if self._targets is not None else None,
                original(self, index),
            )[1]
            result = fit(
                classifier,
                pairs,
                recipe,
                validation=held_out,
                files=RunFiles(checkpoints=checkpoints, checkpoint_every=0),
            )
        finally:
            PairBatches.__getitem__ = original  # type: ignore[method-assign]
        history = [{k: v for k, v in entry.items() if "second" not in k} for entry in result.history]
        return weights(classifier), history

    undisturbed = run(None)
    with pytest.raises(_Killed):
        run(tmp_path, stop=step)
    (tmp_path / ".checkpoint.draft").write_bytes(b"what a kill while saving leaves")
    # A second kill, and damage to the newest of the two that are kept.
    with pytest.raises(_Killed):
        run(tmp_path, stop=2)
    newest, _ = checkpoints_in(tmp_path)
    newest.write_bytes(newest.read_bytes()[:-1000])
    with caplog.at_level(logging.WARNING, logger="samesay"):
        resumed = run(tmp_path)
    assert f"{newest} is damaged" in caplog.text
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in checkpoints_in(tmp_path)
    )
    assert len(checkpoints_in(tmp_path)) == 2
    assert all(np.array_equal(one, two) for one, two in zip(undisturbed[0], resumed[0], strict=True))
    assert resumed[1] == undisturbed[1]


def test_a_checkpoint_of_another_run_is_refused_and_says_what_differs(
    classifier: PairClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = Recipe(**{**QUICK.to_dict(), "epochs": 1})
    pairs = some_pairs(classifier, 20)
    fit(classifier, pairs, once, files=RunFiles(checkpoints=tmp_path, checkpoint_every=0))
    twice = Recipe(**{**QUICK.to_dict(), "epochs": 2})
    with pytest.raises(CheckpointMismatch, match=r"another run: recipe\.epochs differ") as caught:
        fit(classifier, pairs, twice, files=RunFiles(checkpoints=tmp_path))
    assert caught.value.expected == "recipe.epochs 1, not 2"
    with pytest.raises(CheckpointMismatch, match="another run: pairs differ"):
        fit(classifier, some_pairs(classifier, 21), once, files=RunFiles(checkpoints=tmp_path))
    with pytest.raises(CheckpointMismatch, match="another run: origin differ"):
        fit(classifier, pairs, once, origin="another model", files=RunFiles(checkpoints=tmp_path))
    taught = Taught(np.zeros((20, 2), np.float32), np.ones(20, np.bool_))
    with pytest.raises(CheckpointMismatch, match="another run: teacher differ"):
        fit(classifier, replace(pairs, taught=taught), once, files=RunFiles(checkpoints=tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("samesay.training.fit.version", lambda _: "0.0.1")
        with pytest.raises(CheckpointMismatch, match=r"another run: versions\.samesay differ"):
            fit(classifier, pairs, once, files=RunFiles(checkpoints=tmp_path))
    for path in checkpoints_in(tmp_path):
        path.write_bytes(b"")
    with pytest.raises(CheckpointDamaged):
        fit(classifier, pairs, once, files=RunFiles(checkpoints=tmp_path))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "No space for the checkpoint of step 2; the one before is intact. The run goes on."),
        (
            errno.EFBIG,
            "The checkpoint of step 2 cannot be written (no); the one before is intact. The run goes on.",
        ),
    ],
)
def test_a_disk_that_fills_leaves_the_checkpoint_before_and_the_run_goes_on(
    classifier: PairClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: int,
    said: str,
) -> None:
    savez, calls = np.savez, itertools.count()

    def full(file: object, **arrays: object) -> None:
        if next(calls) >= 1:
            raise OSError(code, "no")
        savez(file, **arrays)  # type: ignore[arg-type]

    monkeypatch.setattr(np, "savez", full)
    with caplog.at_level(logging.WARNING, logger="samesay"):
        result = fit(
            classifier,
            some_pairs(classifier, 40),
            Recipe(**{**QUICK.to_dict(), "epochs": 1}),
            files=RunFiles(checkpoints=tmp_path, checkpoint_every=0),
        )
    assert result.steps == 3
    assert said in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000000001.npz"]


def test_the_time_of_a_checkpoint_is_all_that_it_takes(
    classifier: PairClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, put_back, seconds = Course._save, Course._put_state_back, []

    def slow(self: Course) -> None:
        time.sleep(0.1)
        put_back(self)

    def timed(self: Course, epoch: int) -> None:
        save(self, epoch)
        seconds.append(self._saving_seconds)

    monkeypatch.setattr(Course, "_put_state_back", slow)
    monkeypatch.setattr(Course, "_save", timed)
    once = Recipe(**{**QUICK.to_dict(), "epochs": 1})
    fit(
        classifier, some_pairs(classifier, 20), once, files=RunFiles(checkpoints=tmp_path, checkpoint_every=0)
    )
    assert len(seconds) == 2
    assert min(seconds) >= 0.1


def test_rows_that_only_fill_a_batch_up_do_not_weigh(classifier: PairClassifier) -> None:
    pairs = some_pairs(classifier, 10)
    classifier.compile(loss=pair_loss(), weighted_metrics=["accuracy"], optimizer="adam")
    figures = []
    for height in (10, 16, 64):
        batches = plan_training(pairs.encoded.lengths, 10, seed=0, epoch=0, max_length=64, shuffle="buckets")
        data = PairBatches(
            pairs.encoded, batches, height=height, pad_id=classifier.encoder.pad_id, targets=pairs.targets
        )
        figures.append(classifier.evaluate(data, verbose=0, return_dict=True))
    assert figures[1] == pytest.approx(figures[0], abs=1e-6)
    assert figures[2] == pytest.approx(figures[0], abs=1e-6)


def test_checkpoints_are_refused_where_a_run_would_not_go_on_to_the_same_weights(
    classifier: PairClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(UsageError, match="Runs on torch cannot be checkpointed"):
        fit(
            classifier,
            some_pairs(classifier, 10),
            QUICK,
            files=RunFiles(checkpoints=tmp_path / "checkpoints"),
        )
    assert not (tmp_path / "checkpoints").exists()


def test_a_disk_that_is_full_for_tensorboard_ends_no_run(
    classifier: PairClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    writer = pytest.importorskip("tensorboardX").SummaryWriter

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "flush", full)
    once = Recipe(**{**QUICK.to_dict(), "epochs": 1})
    with caplog.at_level(logging.WARNING, logger="samesay"):
        result = fit(classifier, some_pairs(classifier, 40), once, files=RunFiles(tensorboard=tmp_path))
    assert result.steps == 3
    assert caplog.text.count("metrics for TensorBoard can no longer be written") == 1


def test_what_tensorboard_is_shown_is_what_was_measured(classifier: PairClassifier, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    recipe = Recipe(**{**QUICK.to_dict(), "epochs": 1})
    held_out = some_pairs(classifier, 20, seed=1)
    result = fit(
        classifier,
        some_pairs(classifier, 40),
        recipe,
        validation=held_out,
        files=RunFiles(tensorboard=tmp_path),
    )
    (path,) = tmp_path.iterdir()
    content, logged, at = path.read_bytes(), {}, 0
    while at < len(content):  # records of length (8 bytes), its checksum (4), an event, its checksum (4)
        size = int.from_bytes(content[at : at + 8], "little")
        event = Event.FromString(content[at + 12 : at + 12 + size])
        logged |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
        at += size + 16
    (entry,) = result.history
    assert logged["validation/loss", 3] == pytest.approx(entry["validation_loss"])
    assert logged["train/loss", 3] == pytest.approx(entry["loss"])
