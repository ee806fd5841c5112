"""Calibrating a saved model: what is stored, that every answer follows it, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from samesay.bundle import Manifest, open_bundle, write_bundle, write_decision, write_pair_hashes
from samesay.cli.main import main
from samesay.data import PairTable, load_pairs
from samesay.decision import Decision, softmax
from samesay.errors import (
    BundleDamaged,
    DataError,
    OneClassOnly,
    PairsLeaked,
    UsageError,
)
from samesay.evaluation import evaluate
from samesay.jobs.calibrate import calibrate, reset
from samesay.jobs.evaluate import evaluate_model
from samesay.jobs.export import export
from samesay.pairs import Pair
from samesay.scoring import Scorer
from tiny_models import LABELS, SIDES, WORDS, save_tiny

N_PAIRS = 900


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    random = np.random.default_rng(3)
    return [
        Pair(*(" ".join(random.choice(WORDS, random.integers(2, 6))) for _ in range(2)))
        for _ in range(N_PAIRS)
    ]


@pytest.fixture(scope="module")
def overconfident(tmp_path_factory: pytest.TempPathFactory, pairs: list[Pair]) -> tuple[Path, Path]:
    """A model, and pairs labelled by chance as its own logits over 3 say: its best temperature is 3."""
    folder = tmp_path_factory.mktemp("overconfident")
    model = save_tiny(folder / "model")
    random = np.random.default_rng(4)
    truth = softmax(Scorer.open(model, threads=1).logits(pairs), 3.0).cumsum(axis=1) > random.random(
        (N_PAIRS, 1)
    )
    data = folder / "pairs.csv"
    write(data, pairs, [LABELS.names[index] for index in truth.argmax(axis=1)])
    return model, data


@pytest.fixture
def model(overconfident: tuple[Path, Path], tmp_path: Path) -> Path:
    write_decision(overconfident[0], Decision(), output=tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def data(overconfident: tuple[Path, Path]) -> Path:
    return overconfident[1]


def write(path: Path, pairs: list[Pair], labels: list[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["premise", "hypothesis", "label"])
        writer.writerows([pair.first, pair.second, label] for pair, label in zip(pairs, labels, strict=True))


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_temperature_is_stored_and_every_answer_follows_it(
    model: Path, data: Path, pairs: list[Pair]
) -> None:
    before = Scorer.open(model, threads=1)
    measured = evaluate_model(model, data)
    found = calibrate(model, data)
    assert found.decision.temperature == pytest.approx(3.0, rel=0.25)
    after = Scorer.open(model, threads=1)
    np.testing.assert_allclose(
        after.predict(pairs), softmax(before.logits(pairs), found.decision.temperature), atol=1e-6
    )
    now = evaluate_model(model, data)
    assert now.evaluation.metrics["loss"] == pytest.approx(found.after["log_loss"], abs=1e-6)
    assert now.evaluation.metrics["loss"] < measured.evaluation.metrics["loss"] - 0.1
    assert found.after["expected_calibration_error"] < found.before["expected_calibration_error"] / 2
    bundle = open_bundle(model)
    assert bundle.manifest.decision.calibration["pairs"] == N_PAIRS
    assert "divided by the temperature" in bundle.part("card").read_text(encoding="utf-8")


def test_calibrating_again_starts_from_the_model_and_not_from_the_policy(model: Path, data: Path) -> None:
    first = calibrate(model, data, precision=0.5)
    again = calibrate(model, data, precision=0.5)
    assert again.decision == first.decision
    card = open_bundle(model).part("card").read_text(encoding="utf-8")
    assert card.count("## How it decides") == 1


def test_abstention_reaches_python_files_and_the_command_line(
    model: Path, data: Path, pairs: list[Pair], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = calibrate(model, data, precision=0.66)
    limit = found.decision.abstain_below
    assert limit is not None
    assert found.abstention is not None
    assert 0 < found.abstention.coverage < 1
    scorer = Scorer.open(model, threads=1)
    answers = scorer.score(pairs)
    assert [one.abstained for one in answers] == [one.probabilities[one.label] < limit for one in answers]
    with pytest.raises(SystemExit) as left:
        main(["score", str(model), "--input", str(data), "--output", str(tmp_path / "scored.csv"), "--json"])
    assert left.value.code == 0
    report = json.loads(capsys.readouterr().out)
    with (tmp_path / "scored.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["predicted_label"] for row in rows] == [one.label for one in answers]
    assert [row["abstained"].lower() == "true" for row in rows] == [one.abstained for one in answers]
    assert report["abstained"] == sum(one.abstained for one in answers)
    evaluation = evaluate(scorer, load_pairs(data))
    assert evaluation.abstention is not None
    assert evaluation.abstention["coverage"] == pytest.approx(found.abstention.coverage)
    assert evaluation.abstention["accuracy_of_answered"] == pytest.approx(found.abstention.precision)


def test_thresholds_decide_labels_figures_and_files_alike(model: Path, data: Path, pairs: list[Pair]) -> None:
    thresholds = {"entailment": 0.8, "neutral": 0.1, "contradiction": 0.1}
    write_decision(model, Decision(thresholds=thresholds))
    scorer = Scorer.open(model, threads=1)
    expected = [
        max(LABELS, key=lambda name, row=row: row[LABELS.index(name)] / thresholds[name])
        for row in scorer.predict(pairs)
    ]
    assert [one.label for one in scorer.score(pairs)] == expected
    evaluation = evaluate(scorer, load_pairs(data))
    assert [LABELS.names[index] for index in evaluation.predicted_ids] == expected
    assert sum(evaluation.predicted_counts.values()) == N_PAIRS
    assert evaluation.predicted_counts == {name: expected.count(name) for name in LABELS}
    plain = Scorer.open(save_tiny(model.parent / "plain"), threads=1)
    assert [one.label for one in plain.score(pairs)] != expected


def test_a_copy_leaves_the_model_as_it_is_and_reset_gives_back_every_byte_but_the_notes(
    model: Path, data: Path, tmp_path: Path
) -> None:
    before = files(model)
    calibrate(model, data, output=tmp_path / "copy", precision=0.5)
    assert files(model) == before
    assert open_bundle(tmp_path / "copy").manifest.decision.abstain_below is not None
    reset(tmp_path / "copy")
    assert files(tmp_path / "copy") == before
    (model / "notes.txt").write_text("mine", encoding="utf-8")
    calibrate(model, data)
    assert (model / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in model.parent.iterdir()) == ["copy", "model"]


def test_a_failure_while_writing_leaves_the_model_as_it_was(
    model: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(model)
    monkeypatch.setattr("samesay.bundle.revising.record_of", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        calibrate(model, data)
    assert files(model) == before
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_a_damaged_model_is_not_calibrated(model: Path) -> None:
    (model / "keras" / "task.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BundleDamaged):
        write_decision(model, Decision(temperature=2.0))


def test_pairs_that_the_model_was_trained_on_are_refused_and_reported(
    overconfident: tuple[Path, Path], tmp_path: Path
) -> None:
    source, data = overconfident
    table = load_pairs(data)
    model = with_hashes(
        source, tmp_path / "model", train=table.select(range(90)), validation=table.select([200])
    )
    with pytest.raises(PairsLeaked, match=r"90 of these 900 pairs \(10\.0 %\)") as error:
        calibrate(model, data)
    assert error.value.details == {"pairs": 900, "train": 90, "validation": 1}
    assert open_bundle(model).manifest.decision == Decision()
    assert any("90 of 900" in note for note in calibrate(model, data, max_overlap=0.2).notes)
    leaked = evaluate_model(model, data)
    assert leaked.to_dict()["overlap"] == {"pairs": 900, "train": 90, "validation": 1}
    assert any("trained on" in note for note in leaked.to_dict()["notes"])
    clean = evaluate_model(model, f"{data}[300:]")
    assert clean.to_dict()["overlap"] == {"pairs": 600, "train": 0, "validation": 0}
    assert not any("trained on" in note for note in clean.to_dict()["notes"])


def with_hashes(source: Path, path: Path, *, train: PairTable, validation: PairTable) -> Path:
    """The same model, with the hashes of pairs that it is said to have been trained on."""
    import shutil

    bundle = open_bundle(source)
    with write_bundle(path) as draft:
        for part in ("keras", "onnx"):
            shutil.copytree(bundle.part(part), draft.folder(part), dirs_exist_ok=True)
        draft.add("onnx", verdict="verified")
        write_pair_hashes(
            draft.file("pair_hashes"), {"train": train.pair_hashes(), "validation": validation.pair_hashes()}
        )
        draft.finish(
            Manifest(
                task="classification", answers=LABELS, sides=SIDES, max_length=bundle.manifest.max_length
            )
        )
    return path


def test_what_cannot_be_calibrated_is_refused(
    model: Path, data: Path, pairs: list[Pair], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(model)
    with pytest.raises(DataError, match="99 pairs, too few"):
        calibrate(model, f"{data}[:99]")
    write(tmp_path / "one.csv", pairs, ["neutral"] * N_PAIRS)
    with pytest.raises(OneClassOnly):
        calibrate(model, tmp_path / "one.csv")
    with pytest.raises(UsageError, match=r"No threshold makes the answers right in 99\.9 %") as error:
        calibrate(model, data, precision=0.999)
    assert 0 < error.value.details["reached"] < 0.999
    with pytest.raises(UsageError, match="The precision is 95"):
        calibrate(model, data, precision=95)
    with pytest.raises(SystemExit) as left:
        main(["calibrate", str(model)])
    assert left.value.code == 2
    assert "--reset" in capsys.readouterr().err
    assert files(model) == before


def test_thresholds_can_be_declined(model: Path, data: Path) -> None:
    assert calibrate(model, data).decision.thresholds
    assert calibrate(model, data, thresholds=False).decision.thresholds == {}


def test_a_label_that_never_occurs_has_no_threshold(model: Path, pairs: list[Pair], tmp_path: Path) -> None:
    names = [LABELS.names[index % 2] for index in range(N_PAIRS)]
    write(tmp_path / "two.csv", pairs, names)
    found = calibrate(model, tmp_path / "two.csv")
    assert found.decision.thresholds == {}
    assert any("none of the label contradiction" in note for note in found.notes)


def test_an_exported_graph_comes_with_the_policy_in_words(model: Path, data: Path, tmp_path: Path) -> None:
    calibrate(model, data, precision=0.5)
    exported = export(model, tmp_path / "graph", to="onnx")
    assert any("holds no decision policy" in note for note in exported.notes)
    assert any("abstains" in note for note in exported.notes)
    facts = json.loads((tmp_path / "graph" / "model.json").read_text(encoding="utf-8"))
    assert facts["abstain_below"] == open_bundle(model).manifest.decision.abstain_below


def test_biases_are_found_stored_and_part_of_every_answer(
    model: Path, pairs: list[Pair], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels by chance from the model's own logits, over 2 and shifted: what was planted comes out."""
    planted = np.array([1.0, 0.0, -1.0])
    logits = Scorer.open(model, threads=1).logits(pairs)
    drawn = np.random.default_rng(5).random((N_PAIRS, 1))
    truth = (softmax(logits, 2.0, planted.tolist()).cumsum(axis=1) > drawn).argmax(axis=1)
    write(tmp_path / "shifted.csv", pairs, [LABELS.names[index] for index in truth])
    alone = calibrate(model, tmp_path / "shifted.csv", method="temperature")
    assert alone.decision.biases == {}
    found = calibrate(model, tmp_path / "shifted.csv")
    biases = [found.decision.biases[name] for name in LABELS]
    # Not the biases themselves: where logits hardly differ, a temperature can stand in for a part of them.
    given = softmax(logits, found.decision.temperature, biases)
    assert np.abs(given - softmax(logits, 2.0, planted.tolist())).mean() < 0.03
    assert found.after["log_loss"] < alone.after["log_loss"] - 0.05
    assert found.after["expected_calibration_error"] < found.after["calibration_error_bound"]
    assert any("a bias for every label" in note for note in found.notes)
    scorer = Scorer.open(model, threads=1)
    expected = softmax(logits, found.decision.temperature, biases)
    np.testing.assert_allclose(scorer.predict(pairs), expected, atol=1e-6)
    answered = evaluate_model(model, tmp_path / "shifted.csv").evaluation
    assert answered.metrics["loss"] == pytest.approx(found.after["log_loss"], abs=1e-5)
    with pytest.raises(SystemExit):
        main(["inspect", str(model), "--json"])
    told = json.loads(capsys.readouterr().out)["decision"]["biases"]
    assert told == found.decision.biases
    assert "a bias is added" in open_bundle(model).part("card").read_text(encoding="utf-8")
    exported = export(model, tmp_path / "graph", to="onnx")
    assert any("add to the logits the biases" in note for note in exported.notes)


def test_biases_that_only_fit_the_noise_are_left_out(model: Path, data: Path) -> None:
    found = calibrate(model, data)
    assert found.decision.biases == {}
    assert any("no biases: they do not help" in note for note in found.notes)
    assert calibrate(model, data, method="bias").decision.biases


def test_biases_are_refused_where_a_label_never_occurs(
    model: Path, pairs: list[Pair], tmp_path: Path
) -> None:
    write(tmp_path / "two.csv", pairs, [LABELS.names[index % 2] for index in range(N_PAIRS)])
    with pytest.raises(UsageError, match="none of the label contradiction"):
        calibrate(model, tmp_path / "two.csv", method="bias")


def test_a_hugging_face_head_carries_temperature_and_biases(trained_bundle: Path, tmp_path: Path) -> None:
    import samesay

    decision = Decision(temperature=2.0, biases={"different": 0.5, "same": -0.5})
    write_decision(trained_bundle, decision, output=tmp_path / "calibrated")
    exported = export(tmp_path / "calibrated", tmp_path / "folder", to="huggingface")
    assert any("in the head" in note for note in exported.notes)
    texts = (["a dog runs", "the cat sleeps"], ["the dog runs in the park", "a dog"])
    calibrated, plain = samesay.load(tmp_path / "calibrated"), samesay.load(trained_bundle)
    theirs = samesay.PairModel.from_preset(str(tmp_path / "folder"))
    np.testing.assert_allclose(theirs.predict(texts), calibrated.predict(texts), atol=1e-5)
    assert np.abs(calibrated.predict(texts) - plain.predict(texts)).max() > 0.01


def test_a_keras_model_follows_the_policy_and_saves_it(trained_bundle: Path, tmp_path: Path) -> None:
    import samesay

    decision = Decision(temperature=2.0, thresholds={"different": 0.3, "same": 0.7}, abstain_below=0.55)
    write_decision(trained_bundle, decision, output=tmp_path / "calibrated")
    model = samesay.load(tmp_path / "calibrated")
    texts = (["a dog runs", "the cat sleeps", "a man"], ["the dog runs in the park", "a dog", "a woman"])
    scorer = Scorer.open(tmp_path / "calibrated", threads=1)
    asked = [Pair(*pair) for pair in zip(*texts, strict=True)]
    np.testing.assert_allclose(model.predict(texts), scorer.predict(asked), atol=1e-5)
    found = model.score(texts)
    assert [(one.label, one.abstained) for one in found] == [
        (one.label, one.abstained) for one in scorer.score(asked)
    ]
    assert open_bundle(model.save(tmp_path / "saved")).manifest.decision == decision
