"""Quantized weights: a smaller model that still answers, its cost measured, and refused if that is too high."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from altered_bundle import with_bias
from commands import outcome
from samesay.bundle import open_bundle
from samesay.data import load_pairs
from samesay.errors import EncoderUnsupported, QualityLost, TargetExists, UsageError
from samesay.export import narrow
from samesay.jobs.evaluate import evaluate_model
from samesay.jobs.export import export
from samesay.jobs.verify import verify
from samesay.model.presets.rebuilding import read_weights, require_sizes
from samesay.pair_model import PairModel
from samesay.scoring import Scorer

DATA = "generated:240"
RENAMED = {"entailment": "same", "neutral": "different", "contradiction": "different"}


@pytest.fixture(scope="module")
def undecided(trained_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose margin for one pair lies just where int8 turns it: between its margin before and after."""
    folder = tmp_path_factory.mktemp("undecided")
    before = Scorer.open(trained_bundle)
    narrow(trained_bundle / "onnx" / "model.onnx", folder / "small.onnx", "int8")
    after = Scorer.from_parts(folder / "small.onnx", before.encoder, before.labels, before.sides)
    margins = np.array([np.diff(each.logits(pairs_of(each)))[:, 0] for each in (before, after)], np.float64)
    turned = np.abs(margins[1] - margins[0]).argmax()
    graph = onnx.load(trained_bundle / "onnx" / "model.onnx")
    head = [
        one
        for one in graph.graph.initializer
        if one.data_type == onnx.TensorProto.FLOAT and list(one.dims) == [2]
    ]
    bias = numpy_helper.to_array(head[-1]).astype(np.float64)
    bias[0] += margins[:, turned].mean()
    return with_bias(trained_bundle, folder / "model", bias.tolist())


def pairs_of(scorer: Scorer) -> list:
    return load_pairs(DATA, split="validation").with_sides(scorer.sides).pairs()


@pytest.mark.parametrize(
    ("storage", "saved", "apart"), [("int8", 7_000, 0.02), ("compact", 7_000, 0.1), ("float16", 5_000, 0.002)]
)
def test_a_smaller_model_answers_nearly_alike_and_says_what_it_cost(
    undecided: Path, tmp_path: Path, storage, saved: int, apart: float
) -> None:
    made = export(
        undecided,
        tmp_path / "small",
        to="bundle",
        quantize=storage,
        data=DATA,
        split="validation",
        max_changed=1.0,
        rename_labels=RENAMED,
    )
    cost = made.quantization
    assert cost is not None
    assert cost["pairs"] == 240
    assert cost["bytes_before"] - cost["bytes_after"] > saved
    before, after = Scorer.open(undecided), Scorer.open(tmp_path / "small")
    was, now = before.predict(pairs_of(before)), after.predict(pairs_of(after))
    assert 0 < np.abs(was - now).max() < apart
    assert cost["largest_difference"] == pytest.approx(np.abs(was - now).max(), abs=1e-6)
    assert cost["changed"] == np.sum(was.argmax(axis=1) != now.argmax(axis=1))
    # The promise of every part: alone a pair gets what it got among others.
    alone = np.concatenate([after.predict([pair]) for pair in pairs_of(after)[:20]])
    np.testing.assert_allclose(alone, now[:20], atol=1e-5)
    measured = evaluate_model(tmp_path / "small", DATA, split="validation", rename_labels=RENAMED)
    assert measured.evaluation.metrics["accuracy"] == pytest.approx(cost["after"]["accuracy"])


def test_the_bundle_says_that_it_is_not_as_keras(undecided: Path, tmp_path: Path, capsys) -> None:
    words = ["--to", "bundle", "--quantize", "int8", "--data", DATA, "--split", "validation"]
    words += ["--max-changed", "1", "--rename-labels", ",".join("=".join(one) for one in RENAMED.items())]
    status, printed, said = outcome(capsys, "export", undecided, tmp_path / "small", *words)
    assert status == 0, said
    assert "of 240 answers changed" in printed
    manifest = json.loads((tmp_path / "small" / "samesay.json").read_text(encoding="utf-8"))
    assert manifest["parts"]["onnx"]["verdict"] == "measured"
    assert "keras" not in manifest["parts"]
    _, shown, _ = outcome(capsys, "inspect", tmp_path / "small")
    assert "weights in int8" in shown
    with pytest.raises(UsageError, match="quantized already"):
        export(tmp_path / "small", tmp_path / "smaller", to="bundle", quantize="float16", data=DATA)


def test_a_training_starts_from_quantized_weights(undecided: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    settings = {"split": "validation", "max_changed": 1.0, "rename_labels": RENAMED}
    made = export(undecided, small, to="bundle", quantize="compact", data=DATA, **settings)
    assert "a training can start from it" in made.notes[0]
    assert not list(small.rglob("*.h5"))
    found = open_bundle(small).manifest.parts["architecture"].detail
    assert found["max_difference"] <= found["tolerance"]
    scorer, rebuilt = Scorer.open(small), PairModel.load(small)
    np.testing.assert_allclose(rebuilt.predict(pairs_of(scorer)), scorer.predict(pairs_of(scorer)), atol=1e-5)
    assert verify(small).holds
    other = PairModel.from_preset(small, ["yes", "no", "unclear"], new_head=True)
    kernels = [one.classifier.task.backbone.pooled_dense.kernel for one in (rebuilt, other)]
    np.testing.assert_array_equal(*map(np.asarray, kernels))
    other.fit([("a dog", "a cat"), ("a dog", "a dog"), ("a", "b")], ["no", "yes", "unclear"], epochs=1)
    other.save(tmp_path / "trained")
    assert open_bundle(tmp_path / "trained").has("keras")


def test_an_architecture_of_other_sizes_is_refused(undecided: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    settings = {"split": "validation", "max_changed": 1.0, "rename_labels": RENAMED}
    export(undecided, small, to="bundle", quantize="int8", data=DATA, **settings)
    weights = read_weights(small / "onnx" / "model.onnx")
    require_sizes(small / "architecture", weights)
    for name in ("config.json", "task.json"):
        place = small / "architecture" / name
        text = place.read_text(encoding="utf-8")
        place.write_text(text.replace('"num_layers": 2', '"num_layers": 900'), encoding="utf-8")
    with pytest.raises(ValueError, match="num_layers is 900"):
        require_sizes(small / "architecture", weights)


def test_too_high_a_cost_is_refused_and_nothing_is_written(undecided: Path, tmp_path: Path) -> None:
    with pytest.raises(QualityLost, match=r"changes .* of 240 answers") as caught:
        export(
            undecided,
            tmp_path / "small",
            to="bundle",
            quantize="int8",
            data=DATA,
            split="validation",
            max_changed=0.0,
            rename_labels=RENAMED,
        )
    assert caught.value.details["changed"] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_for_use_alone_answers_to_the_bit_and_keeps_its_verdict(
    trained_bundle: Path, tmp_path: Path
):
    made = export(trained_bundle, tmp_path / "lean", to="bundle")
    assert made.quantization is None
    was, now = Scorer.open(trained_bundle), Scorer.open(tmp_path / "lean")
    np.testing.assert_array_equal(was.predict(pairs_of(was)), now.predict(pairs_of(now)))
    bundle = open_bundle(tmp_path / "lean")
    assert bundle.manifest.parts["onnx"].verdict == "verified"
    assert bundle.has("pair_hashes")
    assert not bundle.has("keras")


def test_bare_files_name_their_cost(undecided: Path, tmp_path: Path) -> None:
    settings = {"split": "validation", "max_changed": 1.0, "rename_labels": RENAMED}
    export(undecided, tmp_path / "bare", to="onnx", quantize="float16", data=DATA, **settings)
    facts = json.loads((tmp_path / "bare" / "model.json").read_text(encoding="utf-8"))
    assert facts["quantization"]["storage"] == "float16"
    assert facts["quantization"]["source"] == "generated:240:validation"

    # The cost goes with the graph, also where nothing is measured any more.
    export(undecided, tmp_path / "small", to="bundle", quantize="int8", data=DATA, **settings)
    export(tmp_path / "small", tmp_path / "files", to="onnx")
    facts = json.loads((tmp_path / "files" / "model.json").read_text(encoding="utf-8"))
    assert facts["quantization"]["storage"] == "int8"


def test_a_model_is_never_replaced_by_its_smaller_self(trained_bundle: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(trained_bundle, tmp_path / "model"))
    with pytest.raises(TargetExists, match="without its Keras part"):
        export(own, own, to="bundle", overwrite=True)
    assert open_bundle(own).has("keras")


def test_pairs_that_the_model_learned_from_are_told(trained_bundle: Path, pairs_file: Path, tmp_path: Path):
    made = export(trained_bundle, tmp_path / "small", to="bundle", quantize="float16", data=pairs_file)
    assert any("pairs that the model was trained on" in note for note in made.notes)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"to": "bundle", "quantize": "int8"}, "no pairs are named"),
        ({"to": "bundle", "data": DATA}, "what quantized weights cost"),
        ({"to": "huggingface", "quantize": "int8", "data": DATA}, "ONNX part of a saved model"),
        ({"to": "bundle", "quantize": "int4", "data": DATA}, "no storage 'int4'"),
        ({"to": "bundle", "quantize": "int8", "data": DATA, "max_changed": 2.0}, "limit is 2"),
    ],
)
def test_what_makes_no_sense_is_refused_first(
    trained_bundle: Path, tmp_path: Path, asked, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        export(trained_bundle, tmp_path / "small", **{"rename_labels": RENAMED, **asked})
    assert list(tmp_path.iterdir()) == []


def test_a_weight_beyond_float16_is_refused(trained_bundle: Path, tmp_path: Path) -> None:
    model = onnx.load(trained_bundle / "onnx" / "model.onnx")
    table = next(one for one in model.graph.initializer if len(one.dims) == 2 and np.prod(one.dims) > 1024)
    values = numpy_helper.to_array(table).copy()
    values[0, 0] = 1e6
    table.CopyFrom(numpy_helper.from_array(values, table.name))
    onnx.save(model, tmp_path / "large.onnx")
    with pytest.raises(EncoderUnsupported, match="beyond the range of float16"):
        narrow(tmp_path / "large.onnx", tmp_path / "small.onnx", "float16")
    assert not (tmp_path / "small.onnx").exists()
