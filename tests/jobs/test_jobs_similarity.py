"""Similarity scores, from a column of numbers to a saved similarity model alike by every way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samesay
from samesay.bundle import open_bundle
from samesay.data import ReadOptions, load_pairs
from samesay.data.sources.builtin import generate
from samesay.errors import HeadMismatch, ScoreInvalid, UsageError
from samesay.evaluation import WordOverlap
from samesay.jobs.calibrate import calibrate, reset
from samesay.jobs.evaluate import evaluate_model
from samesay.jobs.export import export
from samesay.jobs.inspect import inspect_model
from samesay.jobs.score import score_file, score_pair
from samesay.jobs.train import TrainResult, train
from samesay.jobs.verify import verify
from samesay.pairs import Scale, Sides
from samesay.predictors.opening import open_predictor
from samesay.recipes.run import Run
from samesay.scoring import Scorer
from tiny_bert import save_tiny_preset

SCALE = Scale(0, 5)
QUICK = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_preset(tmp_path_factory.mktemp("preset") / "tiny", max_length=32, n_labels=2)


def written(folder: Path, n: int, seed: int) -> Path:
    """Generated pairs, scored by the words that they share."""
    table = generate(n, seed=seed)
    scores = WordOverlap(SCALE, Sides()).predict(table.pairs())
    columns = {"sentence1": table.first, "sentence2": table.second, "score": scores.round(2)}
    pd.DataFrame(columns).to_csv(folder / "pairs.csv", index=False)
    return folder / "pairs.csv"


@pytest.fixture(scope="module")
def scored_pairs_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("similarity"), 64, seed=3)


@pytest.fixture(scope="module")
def kept_back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("kept"), 120, seed=4)


@pytest.fixture(scope="module")
def trained(preset: Path, scored_pairs_file: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return train(
        Run(
            data=scored_pairs_file,
            preset=preset,
            output=tmp_path_factory.mktemp("models") / "similarity",
            validation=f"{scored_pairs_file}[:32]",
            reading=ReadOptions(scale=SCALE),
        ),
        QUICK,
    )


def test_the_run_is_told_from_the_data_and_chosen_by_rank_correlation(trained: TrainResult) -> None:
    assert trained.answers == SCALE
    assert trained.recipe.loss == "bce"
    assert "validation_spearman" in trained.history[0]
    assert {"spearman", "pearson", "mse", "mae"} <= set(trained.to_dict()["metrics"])


def test_a_similarity_model_is_verified_and_stored_in_fewer_bits(
    trained: TrainResult, scored_pairs_file: Path, tmp_path: Path
) -> None:
    assert verify(trained.path, scored_pairs_file).holds
    made = export(trained.path, tmp_path / "small", to="bundle", quantize="int8", data=scored_pairs_file)
    assert made.quantization is not None
    table = load_pairs(scored_pairs_file)
    was, now = (Scorer.open(path).predict(table.pairs()) for path in (trained.path, tmp_path / "small"))
    apart = np.abs(was - now).max() / (SCALE.high - SCALE.low)
    assert 0 < apart < 0.01
    assert made.quantization["largest_difference"] == pytest.approx(apart, abs=1e-6)
    assert made.quantization["changed"] == 0


def test_a_symmetric_model_answers_alike_in_either_order_and_stays_so(
    preset: Path, scored_pairs_file: Path, kept_back: Path, tmp_path: Path
) -> None:
    run = Run(
        data=scored_pairs_file, preset=preset, output=tmp_path / "model", reading=ReadOptions(scale=SCALE)
    )
    made = train(run, QUICK | {"symmetric": True})
    table = load_pairs(scored_pairs_file)
    there, back = (table.first, table.second), (table.second, table.first)
    scorer = Scorer.open(made.path)
    np.testing.assert_allclose(scorer.predict(there), scorer.predict(back), atol=1e-5)
    by_keras = samesay.load(made.path)
    np.testing.assert_allclose(by_keras.predict(there), scorer.predict(back), atol=1e-3)
    # Random weights hardly tell the orders apart: larger ones do.
    for weight in by_keras.classifier.trainable_variables:
        weight.assign(weight * 10 if len(weight.shape) > 1 else weight)
    one_way = by_keras.classifier.predict(there) - by_keras.classifier.predict(back)
    assert np.abs(one_way).max() > 1e-3
    np.testing.assert_allclose(by_keras.predict(there), by_keras.predict(back), atol=1e-5)
    assert verify(made.path, scored_pairs_file).holds
    calibrate(made.path, kept_back)
    assert open_bundle(made.path).manifest.decision.symmetric
    reset(made.path)
    assert open_bundle(made.path).manifest.decision.symmetric
    again = samesay.load(made.path)
    again.fit(table, epochs=1)
    assert again.decision.symmetric


def test_keras_onnx_and_the_reloaded_model_score_alike_and_on_the_scale(
    trained: TrainResult, scored_pairs_file: Path
) -> None:
    table = load_pairs(scored_pairs_file)
    assert trained.onnx.status == "verified", trained.onnx.detail
    by_onnx = Scorer.open(trained.path).predict(table.pairs())
    by_keras = open_predictor(trained.path, backend="keras").predictor.predict(table.pairs())  # type: ignore[union-attr]
    np.testing.assert_allclose(by_onnx, by_keras, atol=1e-4)
    np.testing.assert_allclose(samesay.load(trained.path).predict(table), by_keras, atol=1e-5)
    assert by_onnx.shape == (64,)
    assert by_onnx.min() >= 0
    assert by_onnx.max() <= 5


def test_the_bundle_is_of_a_kind_that_older_readers_refuse(trained: TrainResult) -> None:
    document = json.loads((trained.path / "samesay.json").read_text(encoding="utf-8"))
    assert (document["kind"], document["task"], document["scale"]) == ("similarity", "similarity", [0, 5])
    assert open_bundle(trained.path).manifest.answers == SCALE
    assert inspect_model(trained.path)["scale"] == [0, 5]
    assert "from 0 to 5" in (trained.path / "README.md").read_text(encoding="utf-8")
    assert (trained.path / "report" / "answers.png").is_file()
    scorer = samesay.Scorer.open(trained.path)
    assert scorer.answers == SCALE
    with pytest.raises(UsageError, match="gives scores from 0 to 5"):
        _ = scorer.labels


def test_one_pair_and_a_file_get_scores(
    trained: TrainResult, scored_pairs_file: Path, tmp_path: Path
) -> None:
    scored = score_pair(trained.path, "a dog runs", "a dog sleeps")
    assert 0 <= scored.to_dict()["score"] <= 5
    report = score_file(trained.path, scored_pairs_file, tmp_path / "out.csv")
    written = pd.read_csv(tmp_path / "out.csv")
    assert written["predicted_score"].between(0, 5).all()
    assert report.mean_score == pytest.approx(written["predicted_score"].mean(), abs=1e-4)


def test_it_is_measured_beside_what_it_has_to_beat(trained: TrainResult, scored_pairs_file: Path) -> None:
    measured = evaluate_model(trained.path, scored_pairs_file).to_dict()
    assert set(measured["metrics"]) == {"spearman", "pearson", "mse", "mae"}
    # The pairs were scored by just this rule, to two places.
    assert measured["baselines"]["word overlap"]["metrics"]["spearman"] > 0.99
    assert "spearman" not in measured["mean"]


def test_a_head_for_scores_is_none_for_names(trained: TrainResult) -> None:
    with pytest.raises(HeadMismatch, match="other answers"):
        samesay.PairModel.from_preset(trained.path, labels=["same", "different"])


def test_python_fits_on_lists_with_scores_by_squared_error(preset: Path) -> None:
    model = samesay.PairModel.from_preset(preset, scale=(1, 5))
    x = (["a dog runs", "a cat sleeps"], ["a dog walks", "no man eats"])
    result = model.fit(x, [4.5, 1], loss="mse", batch_size=2, epochs=1)
    assert result.history[0]["loss"] < 1
    assert model.score(x)[0].scale == Scale(1, 5)  # type: ignore[union-attr]
    with pytest.raises(ScoreInvalid, match="outside the scale"):
        model.evaluate(x, [0.5, 3.0])


def test_scores_that_are_off_are_calibrated_and_keep_their_order(
    trained: TrainResult, kept_back: Path, tmp_path: Path
) -> None:
    found = calibrate(trained.path, kept_back, method="bias", max_overlap=1, output=tmp_path / "calibrated")
    assert found.after["mse"] < found.before["mse"]
    assert abs(found.after["bias"]) < abs(found.before["bias"])
    assert found.after["spearman"] == pytest.approx(found.before["spearman"], abs=0.02)  # float32 makes ties
    pairs = load_pairs(kept_back).pairs()
    by_onnx = Scorer.open(tmp_path / "calibrated").predict(pairs)
    assert float(np.mean((by_onnx - load_pairs(kept_back).require_gold()) ** 2)) == pytest.approx(
        found.after["mse"], abs=1e-4
    )
    np.testing.assert_allclose(
        samesay.load(tmp_path / "calibrated").predict(pairs[:20]), by_onnx[:20], atol=1e-4
    )
    assert verify(tmp_path / "calibrated", kept_back).holds
    with pytest.raises(UsageError, match="never right or wrong"):
        calibrate(trained.path, kept_back, precision=0.9, max_overlap=1)


def test_it_goes_to_hugging_face_and_back_with_its_scale(
    trained: TrainResult, kept_back: Path, tmp_path: Path
) -> None:
    calibrate(trained.path, kept_back, method="bias", max_overlap=1, output=tmp_path / "calibrated")
    model = samesay.load(tmp_path / "calibrated")
    model.export(tmp_path / "theirs")
    config = json.loads((tmp_path / "theirs" / "config.json").read_text(encoding="utf-8"))
    assert (config["problem_type"], config["id2label"]) == ("regression", {"0": "score"})
    assert config["sentence_transformers"]["activation_fn"].endswith("Sigmoid")
    assert "sigmoid()" in (tmp_path / "theirs" / "README.md").read_text(encoding="utf-8")
    back = samesay.PairModel.from_preset(tmp_path / "theirs")
    assert (back.scale, tuple(back.sides)) == (SCALE, tuple(model.sides))
    pairs = load_pairs(kept_back).pairs()[:20]
    np.testing.assert_allclose(back.predict(pairs), model.predict(pairs), atol=1e-3)


def test_its_graph_is_exported_with_its_scale(trained: TrainResult, tmp_path: Path) -> None:
    export(trained.path, tmp_path / "graph", to="onnx")
    facts = json.loads((tmp_path / "graph" / "model.json").read_text(encoding="utf-8"))
    assert facts["scale"] == [0, 5]
