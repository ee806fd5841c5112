"""The main job: from a table and a preset to a saved model that answers alike by every way."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samesay
from predictor_contract import check_predictor
from samesay.bundle import open_bundle, read_pair_hashes
from samesay.data import load_pairs
from samesay.errors import (
    DiskFull,
    LabelMismatch,
    OneClassOnly,
    PartUnavailable,
    PresetUnknown,
    TargetExists,
    UsageError,
)
from samesay.export import Verdict
from samesay.jobs.evaluate import evaluate_model
from samesay.jobs.inspect import inspect_model
from samesay.jobs.score import score_file, score_pair
from samesay.jobs.train import train
from samesay.pairs import Pair, Sides
from samesay.predictors.labelled import OWN_TRAINING_DATA
from samesay.predictors.opening import open_predictor
from samesay.recipes.run import Run
from samesay.runs import saving

QUICK = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3}


def test_keras_onnx_and_the_reloaded_model_decide_alike_to_the_last_pair(
    trained_bundle: Path, pairs_file: Path
) -> None:
    table = load_pairs(pairs_file).with_sides(Sides("hypothesis", "premise"))
    by_onnx = open_predictor(trained_bundle, backend="onnx").predictor.predict(table.pairs())
    by_keras = open_predictor(trained_bundle, backend="keras").predictor.predict(table.pairs())
    reloaded = samesay.load(trained_bundle).predict(table)
    np.testing.assert_allclose(by_onnx, by_keras, atol=1e-5)
    np.testing.assert_allclose(reloaded, by_keras, atol=1e-6)
    assert (by_onnx.argmax(axis=1) == by_keras.argmax(axis=1)).all()


def test_both_parts_keep_what_every_predictor_keeps(trained_bundle: Path) -> None:
    pairs = [Pair("a dog", "the cat"), Pair("the man runs in the park", "no"), Pair("x", "a woman eats .")]
    for backend in ("onnx", "keras"):
        check_predictor(open_predictor(trained_bundle, backend=backend).predictor, pairs)


def test_the_bundle_says_what_it_is_and_what_it_learned_from(trained_bundle: Path, pairs_file: Path) -> None:
    facts = inspect_model(trained_bundle)
    assert facts["labels"] == ["different", "same"]
    assert facts["sides"] == ["hypothesis", "premise"]
    assert facts["recipe"]["optimizer"] == "adamw"
    assert facts["recipe"]["head"] == "new"
    assert facts["data"]["source"] == str(pairs_file)
    assert facts["data"]["counts"] == {"different": 72, "same": 24}
    assert facts["parts"]["onnx"]["verdict"] == "verified"
    assert facts["versions"]["backend"] == "jax"
    figures = facts["metrics"][f"{pairs_file}[:20]"]
    assert 0 <= figures["accuracy"] <= 1
    assert "majority" in figures["baselines"]
    hashes = read_pair_hashes(open_bundle(trained_bundle).part("pair_hashes"))
    assert {*hashes["train"]} == {*load_pairs(pairs_file).pair_hashes()}
    history = (trained_bundle / "report" / "history.jsonl").read_text().splitlines()
    assert json.loads(history[0])["epoch"] == 1
    assert (trained_bundle / "report" / "learning_curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_cards_python_example_runs(trained_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = (trained_bundle / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    monkeypatch.chdir(trained_bundle.parent)
    exec(example.replace("model.predict", "answer = model.predict"), names := {})
    assert names["answer"].shape == (1, 2)


def test_the_keras_part_is_a_kerashub_preset_with_its_head(trained_bundle: Path, pairs_file: Path) -> None:
    from samesay.model.runtime.backend import keras_hub

    task = keras_hub().models.TextClassifier.from_preset(str(trained_bundle / "keras"))
    table = load_pairs(pairs_file).with_sides(Sides("hypothesis", "premise"))
    theirs = task.predict((np.array(table.first), np.array(table.second)), verbose=0)
    ours = samesay.load(trained_bundle).predictor.logits(table.pairs())
    np.testing.assert_allclose(theirs, ours, atol=1e-5)


def test_evaluation_matches_sides_and_labels_by_name(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    whole = evaluate_model(trained_bundle, pairs_file)
    swapped = pd.read_csv(pairs_file)[["label", "hypothesis", "premise"]]
    swapped.to_csv(tmp_path / "swapped.csv", index=False)
    assert (
        evaluate_model(trained_bundle, tmp_path / "swapped.csv").evaluation.metrics
        == whole.evaluation.metrics
    )
    by_keras = evaluate_model(trained_bundle, pairs_file, backend="keras").evaluation
    assert by_keras.confusion == whole.evaluation.confusion
    assert by_keras.metrics["loss"] == pytest.approx(whole.evaluation.metrics["loss"], abs=1e-5)
    document = whole.to_dict()
    assert {"accuracy", "macro_f1", "loss"} <= set(document["metrics"])
    json.dumps(document, allow_nan=False)


def test_numbers_without_names_are_read_in_the_models_order(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    numbered = pd.read_csv(pairs_file)
    numbered["label"] = (numbered["label"] == "same").astype(int)
    numbered.to_csv(tmp_path / "numbered.csv", index=False)
    measured = evaluate_model(trained_bundle, tmp_path / "numbered.csv")
    assert measured.evaluation.metrics == evaluate_model(trained_bundle, pairs_file).evaluation.metrics
    assert any("0 = different, 1 = same" in note for note in measured.evaluation.notes)


def test_other_label_names_are_refused_with_both_lists_and_the_renaming_that_fits(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    other = pd.read_csv(pairs_file)
    other["label"] += "s"
    other.to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(LabelMismatch) as caught:
        evaluate_model(trained_bundle, tmp_path / "other.csv")
    assert caught.value.expected == "model: different, same; data: differents, sames"
    assert "--rename-labels differents=different,sames=same" in (caught.value.hint or "")
    renamed = evaluate_model(
        trained_bundle, tmp_path / "other.csv", rename_labels={"differents": "different", "sames": "same"}
    )
    assert renamed.evaluation.metrics == evaluate_model(trained_bundle, pairs_file).evaluation.metrics


def test_baselines_stand_beside_the_model(trained_bundle: Path, pairs_file: Path) -> None:
    measured = evaluate_model(trained_bundle, pairs_file, baselines=OWN_TRAINING_DATA)
    assert list(measured.baselines) == ["majority", "hypothesis only", "premise only"]
    assert measured.baselines["majority"].metrics["accuracy"] == 0.75


def test_baselines_of_changed_training_data_are_refused(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copy(pairs_file, tmp_path / "changing.csv"))
    model = train(Run(data=data, preset=trained_bundle, output=tmp_path / "model"), QUICK).path
    data.write_text("premise,hypothesis,label\na,b,same\nc,d,different\n")
    with pytest.raises(UsageError, match="no longer holds the pairs"):
        evaluate_model(model, pairs_file, baselines=OWN_TRAINING_DATA)


def test_one_pair_and_a_file_are_scored_alike_by_the_lean_path(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    one = score_pair(trained_bundle, "a dog runs", "the dog runs in the park")
    assert sum(one.prediction.probabilities.values()) == pytest.approx(1.0, abs=1e-6)
    assert one.to_dict()["sides"] == ["hypothesis", "premise"]
    report = score_file(trained_bundle, pairs_file, tmp_path / "scored.csv")
    assert report.rows == 96
    scored = pd.read_csv(tmp_path / "scored.csv")
    assert scored["note"].tolist() == [f"row {index}" for index in range(96)], (
        "order and other columns are kept"
    )
    row = scored[(scored["hypothesis"] == "a dog runs") & scored["premise"].str.startswith("the dog")].iloc[0]
    assert row["probability_same"] == pytest.approx(one.prediction.probabilities["same"], abs=1e-5)


def test_training_goes_on_from_a_saved_model_with_its_head(
    trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    result = train(Run(data=f"{pairs_file}[:12]", preset=trained_bundle, output=tmp_path / "more"), QUICK)
    assert result.head == "kept"
    seen = [{*read_pair_hashes(one / "pair_hashes.txt.gz")["train"]} for one in (trained_bundle, result.path)]
    assert seen[0] == seen[1] > {*load_pairs(pairs_file).select(range(12)).pair_hashes()}, "not these alone"
    assert str(result.sides) == "hypothesis,premise", "the saved model's order holds"
    assert any("no validation pairs" in note for note in result.notes)


def test_what_can_be_refused_is_refused_before_training(
    tiny_preset: Path, trained_bundle: Path, pairs_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(TargetExists):
        train(Run(data=pairs_file, preset=tiny_preset, output=trained_bundle), QUICK)
    with pytest.raises(PresetUnknown):
        train(Run(data=pairs_file, preset="bert_tyni", output=tmp_path / "m"), QUICK)
    with pytest.raises(UsageError, match="epochs cannot be 0"):
        train(Run(data=pairs_file, preset=tiny_preset, output=tmp_path / "m"), {"epochs": 0})
    one_class = tmp_path / "one.csv"
    one_class.write_text("premise,hypothesis,label\na,b,same\nc,d,same\n")
    with pytest.raises(OneClassOnly):
        train(Run(data=one_class, preset=tiny_preset, output=tmp_path / "m"), QUICK)
    assert not (tmp_path / "m").exists()


def test_a_failed_parity_check_loses_no_weights_and_its_part_is_refused(
    trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = samesay.load(trained_bundle)
    monkeypatch.setattr(saving, "write_onnx_part", lambda *_, **__: Verdict("failed", "it differs by 0.5"))
    model.save(tmp_path / "unchecked")
    with pytest.raises(PartUnavailable, match="'failed'"):
        score_pair(tmp_path / "unchecked", "a", "b")
    table = (["a dog runs"], ["the dog runs"])
    np.testing.assert_allclose(
        samesay.load(tmp_path / "unchecked").predict(table), model.predict(table), atol=1e-6
    )
    assert open_predictor(tmp_path / "unchecked").kind == "keras", "auto takes what may be used"


def test_a_disk_that_fills_while_saving_leaves_the_old_model(
    trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "model"
    model = samesay.load(trained_bundle)
    model.save(place)
    before = (place / "samesay.json").read_bytes()

    def full(*_: object, **__: object) -> Verdict:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "write_onnx_part", full)
    with pytest.raises(DiskFull):
        model.save(place, overwrite=True)
    assert (place / "samesay.json").read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


def test_python_inputs_of_every_kind_give_the_same_answers(trained_bundle: Path, pairs_file: Path) -> None:
    model = samesay.load(trained_bundle)
    frame = pd.read_csv(pairs_file).head(6)
    hypotheses, premises = frame["hypothesis"].tolist(), frame["premise"].tolist()
    expected = model.predict((hypotheses, premises))
    assert expected.shape == (6, 2)
    np.testing.assert_allclose(expected.sum(axis=1), 1.0, atol=1e-6)
    for x in (
        (np.array(hypotheses), np.array(premises)),
        frame,
        [Pair(one, other) for one, other in zip(hypotheses, premises, strict=True)],
        load_pairs(f"{pairs_file}[:6]"),
    ):
        np.testing.assert_allclose(model.predict(x), expected, atol=1e-6)
    assert model.predict((["a"], ["b"])).shape == (1, 2)
    found = model.score((hypotheses, premises))
    assert [one.label for one in found] == [model.labels.names[index] for index in expected.argmax(axis=1)]
    assert model.evaluate(frame).n_pairs == 6
    assert type(model.task).__name__ == "BertTextClassifier"


def test_a_folder_of_splits_brings_its_own_validation(
    tiny_preset: Path, pairs_file: Path, tmp_path: Path
) -> None:
    frame = pd.read_csv(pairs_file)
    folder = tmp_path / "splits"
    folder.mkdir()
    frame.head(64).to_json(folder / "train.jsonl", orient="records", lines=True)
    frame.tail(32).to_parquet(folder / "validation.parquet")
    result = train(Run(data=folder, preset=tiny_preset, output=tmp_path / "m"), QUICK)
    assert result.evaluation is not None
    assert result.evaluation.n_pairs == 32
    assert result.n_pairs == 64
    assert any("validation pairs are training pairs" in note for note in result.notes)


@pytest.mark.parametrize("kilobytes", [40, 120])
def test_a_disk_that_fills_while_weights_are_written_is_told_and_kills_nothing(
    tiny_preset: Path, tmp_path: Path, kilobytes: int
) -> None:
    """HDF5 dies of a full disk by a segmentation fault."""
    small = tmp_path / "small"
    script = f"""
import os, samesay
from samesay.errors import DiskFull
model = samesay.PairModel.from_preset({str(tiny_preset)!r}, labels=["a", "b"])
try:
    model.save({str(small / "model")!r})
except DiskFull as error:
    print(error.code, os.listdir({str(small)!r}))
"""
    small.mkdir()
    command = f'mount -t tmpfs -o size={kilobytes}k tmpfs "{small}" && exec "{sys.executable}" -c "$SCRIPT"'
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCRIPT": script, "KERAS_BACKEND": "jax"},
    )
    if run.returncode != 0 and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip(f"no file system of our own can be made here: {run.stderr.strip()}")
    assert (run.returncode, run.stdout.strip()) == (0, "disk-full []"), run.stderr
