"""Students: what of a model stays, that it answers as before where nothing it needs is gone, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samesay
from commands import outcome
from samesay.bundle.pair_hashes import read_pair_hashes
from samesay.errors import EncoderUnsupported, UsageError
from samesay.jobs.student import make_student
from samesay.model.backbones.layers import repeated_layers
from samesay.scoring import Scorer
from tiny_bert import save_tiny_preset
from tiny_families import save_family
from tiny_tokenizers import LINES

# KerasHub leaves the file of a SentencePiece model to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file.*vocabulary.spm:ResourceWarning",
    "ignore:Exception ignored in.*vocabulary.spm:pytest.PytestUnraisableExceptionWarning",
)
LABELS = ("different", "same")
TEXTS = (list(LINES[:8]), list(LINES[8:16]))


@pytest.fixture(
    scope="module", params=["bert", "distil_bert", "roberta", "xlm_roberta", "albert", "deberta_v3", "mpnet"]
)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> samesay.PairModel:
    folder = tmp_path_factory.mktemp("presets") / request.param
    save_family(request.param, folder, max_length=64, n_layers=3, dropout=0.0)
    return samesay.PairModel.from_preset(folder, LABELS, dropout=0.0)


def test_on_the_pairs_of_its_vocabulary_a_student_with_all_layers_answers_as_its_teacher(
    model: samesay.PairModel, tmp_path: Path
) -> None:
    student = model.student(vocabulary=TEXTS)
    np.testing.assert_allclose(student.predict(TEXTS), model.predict(TEXTS), atol=1e-6)
    assert student.task.count_params() < model.task.count_params()
    scored = Scorer.open(student.save(tmp_path / "student")).predict([*map(samesay.Pair, *TEXTS)])
    np.testing.assert_allclose(scored, model.predict(TEXTS), atol=1e-5)


def test_the_layers_that_stay_keep_their_weights_and_so_does_all_that_is_not_a_layer(
    model: samesay.PairModel,
) -> None:
    before = [np.array(one) for one in model.task.weights]
    student = model.student(layers=2)
    theirs, own = repeated_layers(model.task.backbone), repeated_layers(student.task.backbone)
    if len(theirs) == 1:  # ALBERT goes through one layer again and again
        assert (student.task.backbone.num_layers, len(own)) == (2, 1)
    for layer, source in zip(own, theirs if len(theirs) == 1 else [theirs[0], theirs[2]], strict=True):
        for one, other in zip(layer.weights, source.weights, strict=True):
            np.testing.assert_array_equal(one, other)
    outside = [
        [np.array(one) for one in task.weights if "_layer_" not in one.path]
        for task in (model.task, student.task)
    ]
    for one, other in zip(*outside, strict=True):
        np.testing.assert_array_equal(one, other)
    student.task.weights[0].assign(student.task.weights[0] + 1)
    for one, other in zip(before, model.task.weights, strict=True):
        np.testing.assert_array_equal(one, other, "nothing is shared")


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("students")
    preset = save_tiny_preset(folder / "preset", n_layers=3, dropout=0.0)
    model = samesay.PairModel.from_preset(preset, LABELS, sides=("premise", "hypothesis"), dropout=0.0)
    pairs = ["the dog runs", "a cat sleeps"] * 8, ["a dog walks", "a red house"] * 8
    model.fit(pairs, ["same", "different"] * 8, epochs=1, batch_size=16)
    return model.save(folder / "teacher")


def test_the_command_says_what_stays_and_its_student_is_a_saved_model(
    teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.csv"
    data.write_text("hypothesis,premise\nthe dog runs,a red dog\n")
    words = ("student", teacher, "--layers", "1,3", "--vocabulary", data, "--output", tmp_path / "s")
    status, out, _ = outcome(capsys, *words, "--json")
    told = json.loads(out)
    assert status == 0
    assert told["layers"] == [1, 3]
    assert told["all_layers"] == 3
    assert told["tokens"] < told["all_tokens"]
    assert told["weights"] < 0.8 * told["all_weights"]
    assert told["onnx"]["status"] == "verified"
    bundle = samesay.load(tmp_path / "s")
    assert tuple(bundle.sides) == ("premise", "hypothesis")
    assert bundle.manifest.metrics == {}, "the teacher's figures are not its own"
    assert bundle.manifest.recipe["layers"] == "1, 3 of 3"
    hashes = [read_pair_hashes(one / "pair_hashes.txt.gz") for one in (tmp_path / "s", teacher)]
    assert hashes[0].keys() == hashes[1].keys()
    for split in hashes[0]:
        np.testing.assert_array_equal(
            hashes[0][split], hashes[1][split], "it has seen what its teacher has seen"
        )
    status, out, _ = outcome(capsys, *words[:-1], tmp_path / "again")
    assert status == 0
    assert "1, 3 of 3" in out
    assert f"--preset {tmp_path / 'again'}" in "".join(out.split()).replace("--preset", "--preset ")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "--layers"),
        ({"layers": 4}, "from 1 to 3"),
        ({"layers": 0}, "from 1 to 3"),
        ({"layers": [3, 1]}, "rising order"),
        ({"layers": [1, 1]}, "rising order"),
        ({"layers": []}, "rising order"),
        ({"layers": 2, "split": "train"}, "--vocabulary DATA, too"),
    ],
)
def test_layers_that_there_are_not_are_refused_and_nothing_is_written(
    teacher: Path, tmp_path: Path, settings: dict[str, Any], expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        make_student(teacher, tmp_path / "s", **settings)
    assert expected in (caught.value.expected or "")
    assert not (tmp_path / "s").exists()


def test_what_is_no_number_of_layers_is_refused(
    teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = outcome(capsys, "student", teacher, "--layers", "half", "--output", tmp_path / "s")
    assert status == 2
    assert "such as 1,4,6" in err


def test_single_layers_that_are_shared_cannot_be_chosen(model: samesay.PairModel) -> None:
    if len(repeated_layers(model.task.backbone)) == 1:
        with pytest.raises(UsageError, match="share their weights"):
            model.student(layers=[1, 3])
    else:
        assert model.student(layers=[3]).task.backbone.num_layers == 1


def test_an_encoder_of_the_users_own_is_refused(teacher: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = samesay.load(teacher)
    monkeypatch.setattr("samesay.model.student.repeated_layers", lambda _: [])
    with pytest.raises(EncoderUnsupported, match="cannot be made smaller"):
        model.student(layers=2)
