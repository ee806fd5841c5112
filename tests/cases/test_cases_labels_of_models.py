"""Labels of data that a model is measured on, or trained by: read by the model's own, whatever their spelling."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import samesay
from commands import outcome
from samesay.data import load_pairs
from samesay.errors import LabelMismatch, LabelUnknown, NoRows
from samesay.jobs.evaluate import evaluate_model
from samesay.jobs.train import train
from samesay.pairs import LabelSet
from samesay.recipes.run import Run
from tiny_models import save_tiny, tiny_graph

QUICK = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3, "max_length": 16}
NLI = ("premise", "hypothesis")
QUESTIONS = ("question1", "question2")


def table(path: Path, labels, sides=NLI, **others) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*sides, "label", *others])
        for index, label in enumerate(labels):
            more = [values[index] for values in others.values()]
            writer.writerow([f"the dog runs {index}", f"a cat sleeps {index}", label, *more])
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of three names, of two, of yes and no in the other order, and of numbers."""
    root = tmp_path_factory.mktemp("models")
    save_tiny(root / "nli")
    two = tiny_graph(n_labels=2)
    save_tiny(root / "same", graph=two, answers=LabelSet(("different", "same")))
    save_tiny(root / "yes", graph=two, answers=LabelSet(("yes", "no")))
    save_tiny(root / "numbers", graph=two, answers=LabelSet(("0", "1")))
    save_tiny(root / "words", graph=two, answers=LabelSet(("Not Related", "Related")))
    return root


def counts(model: Path, data: Path | str, **reading) -> dict[str, int]:
    return evaluate_model(model, data, **reading).evaluation.label_counts


@pytest.mark.parametrize(
    ("model", "labels", "sides", "expected"),
    [
        ("nli", ["Entailment", " NEUTRAL", "contradicts", "e"], NLI, [2, 1, 1]),
        ("nli", ["0", "1", "1.0"], NLI, [1, 2, 0]),
        ("nli", ["0", "0"], NLI, [2, 0, 0]),
        ("nli", ["e", "c"], ("text1", "text2"), [1, 0, 1]),
        ("same", ["True", "False", "TRUE"], NLI, [1, 2]),
        ("same", ["1", "0", "1"], QUESTIONS, [1, 2]),
        ("same", ["yes", "no", "YES"], NLI, [1, 2]),
        ("same", ["SAME", "Different"], NLI, [1, 1]),
        ("yes", ["True", "False", "True"], NLI, [2, 1]),
        ("yes", ["1", "0", "1"], QUESTIONS, [2, 1]),
        ("yes", ["Y", "n", "y"], NLI, [2, 1]),
        ("numbers", ["True", "false", "yes", "1.0"], NLI, [1, 3]),
        ("numbers", ["1", "0", "1"], QUESTIONS, [1, 2]),
        ("words", ["not_related", "RELATED", "True", "False"], NLI, [2, 2]),
        ("words", ["None", "related", "not related"], NLI, [1, 1]),
    ],
)
def test_data_are_read_by_the_labels_of_the_model(models, tmp_path, model, labels, sides, expected):
    data = table(tmp_path / "d.csv", labels, sides)
    assert list(counts(models / model, data).values()) == expected


def test_what_was_joined_is_said_by_every_verb(models, tmp_path, capsys):
    random = np.random.default_rng(0)
    labels = [random.choice(["same", "SAME", "Different", "different "]) for _ in range(120)]
    data = table(tmp_path / "d.csv", labels)
    for verb in (
        ["evaluate", models / "same", data],
        ["compare", models / "same", models / "same", "--data", data, "--rounds", "0", "--resamples", "100"],
        ["audit", data],
        ["data", "show", data],
        ["calibrate", models / "same", data, "--output", tmp_path / "calibrated"],
    ):
        status, out, err = outcome(capsys, *verb)
        assert status == 0, err
        assert "label spellings" in out + err, verb


def test_numbers_and_truth_values_that_disagree_by_order_and_by_meaning_are_refused(models, tmp_path):
    data = table(tmp_path / "d.csv", ["1", "True", "0"])
    with pytest.raises(LabelUnknown, match="by their order the labels are 0 = yes") as caught:
        load_pairs(data, labels=("yes", "no"))
    assert caught.value.hint == "--rename-labels 0=no,1=yes"
    renamed = load_pairs(data, labels=("yes", "no"), rename_labels={"0": "no", "1": "yes"})
    assert renamed.label_counts() == {"yes": 2, "no": 1}


def test_a_number_does_not_index_names_that_are_numbers(tmp_path):
    data = table(tmp_path / "d.csv", ["0", "1", "2"])
    with pytest.raises(LabelUnknown, match="'0' is not one of the 3 labels"):
        load_pairs(data, labels=("1", "2", "3"))


def test_a_model_of_a_class_called_none_keeps_it(tmp_path):
    data = table(tmp_path / "d.csv", ["none", "some", "None"])
    assert load_pairs(data, labels=("none", "some")).label_counts() == {"none": 2, "some": 1}


def test_other_names_are_refused_with_the_line_of_the_first(models, tmp_path):
    data = table(tmp_path / "d.csv", ["same", "different", "similar"])
    with pytest.raises(LabelMismatch, match="'similar' unknown to the model") as caught:
        evaluate_model(models / "same", data)
    assert caught.value.where == f"{data}:4"


def test_a_file_with_a_column_of_splits_is_measured_on_its_test_pairs(models, tmp_path):
    parts = ["train"] * 40 + ["dev"] * 40 + ["test"] * 20
    data = table(tmp_path / "d.csv", ["same", "different"] * 50, split=parts)
    measured = evaluate_model(models / "same", data)
    assert measured.evaluation.n_pairs == 20
    assert any("these are the rows of test" in note for note in measured.evaluation.notes)
    assert evaluate_model(models / "same", f"{data}:dev").evaluation.n_pairs == 40
    of_calibration = load_pairs(data, prefer=("validation",))
    assert any("these are the rows of validation" in note for note in of_calibration.origin.notes)


def test_python_models_take_labels_as_people_write_them(tiny_preset):
    model = samesay.PairModel.from_preset(tiny_preset, ("different", "same"))
    texts = ["the dog runs", "a cat sleeps", "a man eats", "the woman runs"]
    for y in (
        [True, False, True, False],
        np.array([1, 0, 1, 0]),
        [1.0, 0.0, 1, False],
        ["Same", "different ", "SAME", "different"],
        ["yes", "no", "y", "NO"],
    ):
        assert model.evaluate((texts, texts), y).label_counts == {"different": 2, "same": 2}


def _train(data, tiny_preset, output, **options):
    run = {"data": data, "preset": tiny_preset, "output": output, "new_head": True, **options}
    return train(Run.of(run), QUICK)


def test_validation_that_lacks_a_class_is_read_by_the_training_labels(tiny_preset, tmp_path):
    parts = ["train"] * 24 + ["dev"] * 6 + ["test"] * 6
    data = table(
        tmp_path / "d.csv", ["0", "1", "2"] * 12, QUESTIONS, genre=["x", "x", "x", "y"] * 9, split=parts
    )
    validation = table(tmp_path / "v.csv", ["0", "1.0", "True"] * 4, QUESTIONS)
    with pytest.raises(LabelUnknown):  # three classes: True is none of them
        _train(data, tiny_preset, tmp_path / "m", validation=validation)
    validation = table(tmp_path / "v.csv", ["0", "1.0"] * 4, QUESTIONS)
    result = _train(data, tiny_preset, tmp_path / "m", validation=validation, where="genre=x")
    assert result.evaluation is not None
    assert result.evaluation.label_counts == {"0": 4, "1": 4, "2": 0}
    assert result.n_pairs == 18  # the rows of train that meet the condition
    assert any("these are the rows of train" in note for note in result.notes)
    said = " ".join(result.notes)
    assert "validation: label spellings" in said or "1.0" not in said
    assert "--where genre=x is for the training pairs alone" in said


@pytest.mark.parametrize(
    ("labels", "of_validation", "sides", "strange"),
    [
        (["0", "1"], ["0", "1", "2"], NLI, "2"),
        (["entailment", "neutral"], ["neutral", "contradiction"], NLI, "contradiction"),
        (["yes", "no"], ["yes", "maybe"], QUESTIONS, "maybe"),
    ],
)
@pytest.mark.parametrize("folder", [True, False])
def test_validation_with_a_label_that_no_training_pair_has_is_refused_with_its_line(
    tiny_preset, tmp_path, labels, of_validation, sides, strange, folder
):
    (tmp_path / "data").mkdir()
    data = table(tmp_path / "data" / "train.csv", labels * 8, sides)
    validation = table(tmp_path / "data" / "validation.csv", of_validation * 2, sides)
    source = tmp_path / "data" if folder else data
    with pytest.raises((LabelMismatch, LabelUnknown)) as caught:
        _train(source, tiny_preset, tmp_path / "m", validation=None if folder else validation)
    assert caught.value.where == f"{validation}:{of_validation.index(strange) + 2}"
    assert strange in str(caught.value) or "contradiction" in str(caught.value)


def test_conditions_hold_for_validation_too(tiny_preset, tmp_path):
    data = table(tmp_path / "d.csv", ["yes", "no"] * 8, genre=["x"] * 16)
    validation = table(tmp_path / "v.csv", ["yes", "no"] * 2, genre=["y"] * 4)
    with pytest.raises(NoRows, match="meets the condition genre=x") as caught:
        _train(data, tiny_preset, tmp_path / "m", validation=validation, where=["genre=x"])
    assert caught.value.where == str(validation)


def test_training_is_validated_on_the_rows_of_dev_of_its_file(tiny_preset, tmp_path):
    parts = ["train"] * 24 + ["dev"] * 8 + ["test"] * 8
    data = table(tmp_path / "d.csv", ["yes", "No"] * 12 + ["YES", "maybe"] * 8, split=parts)
    with pytest.raises(LabelMismatch, match="'maybe' unknown") as caught:
        _train(data, tiny_preset, tmp_path / "m")
    assert caught.value.where == f"{data}:27"
