"""Faults planted in a model or its data, one by one: the command that should notice says so by name, or refuses."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from samesay.cli.main import main
from samesay.data import load_pairs
from samesay.jobs import evaluate as workflow
from samesay.pairs import LabelSet, Sides
from samesay.predictors.opening import Opened
from tiny_models import save_tiny

pytest.importorskip("cleanlab")

NAMES = ("entailment", "neutral", "contradiction")


class Reader:
    """Reads the right answer and how sure to be off the hypothesis, and turns it into what it is told to."""

    answers, sides = LabelSet(NAMES), Sides("premise", "hypothesis")

    def __init__(self, answer=lambda label: label, sure=None):
        self.answer, self.sure = answer, sure

    def predict(self, pairs):
        rows = np.empty((len(pairs), 3), np.float32)
        for row, pair in zip(rows, pairs, strict=True):
            _, read, sure = pair.second.split()
            row[:] = (1 - (self.sure or float(sure))) / 2
            row[self.answer(int(read))] = self.sure or float(sure)
        return rows


@pytest.fixture
def data(tmp_path):
    """600 pairs that a reader answers with 0.8 or 0.6, and so often rightly: calibrated."""
    random = np.random.default_rng(0)
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["premise", "hypothesis", "label", "source"])
        for place in range(600):
            label, sure = place % 3, 0.8 if place % 2 else 0.6
            read = label if random.random() < sure else (label + 1 + random.integers(2)) % 3
            source = "rare" if place < 3 else "common"
            writer.writerow([f"pair {place}", f"says {read} {sure}", NAMES[label], source])
    return path


@pytest.fixture
def findings(data, tmp_path, monkeypatch, capsys):
    def of(model):
        opened = Opened("made", "onnx", model, manifest=None)
        monkeypatch.setattr(workflow, "open_predictor", lambda *_, **__: opened)
        monkeypatch.setattr(workflow, "overlap_with", lambda *_: None)
        report = tmp_path / "report"
        command = [
            "evaluate",
            "reader",
            str(data),
            "--report",
            str(report),
            "--slice",
            "source",
            "--json",
            "-q",
        ]
        with pytest.raises(SystemExit) as left:
            main(command)
        assert left.value.code == 0
        capsys.readouterr()
        written = json.loads((report / "report.json").read_text("utf-8"))
        return {one["code"]: one["text"] for one in written["findings"]}

    return of


def test_nothing_planted_nothing_found_but_the_slice_of_three_rows(findings):
    found = findings(Reader())
    assert list(found) == ["few-in-slice"]
    assert "the smallest 3" in found["few-in-slice"]


def test_permuted_labels_are_named(findings):
    text = findings(Reader(answer=lambda label: (label + 1) % 3))["labels-permuted"]
    assert "entailment as contradiction, neutral as entailment, contradiction as neutral" in text


def test_a_constant_predictor_is_told(findings):
    assert "Every answer is neutral" in findings(Reader(answer=lambda _: 1))["constant-answers"]


def test_an_overconfident_model_is_told_with_what_it_claims(findings):
    text = findings(Reader(sure=0.97))["overconfident"]
    assert "claims 97.0 %" in text


def test_a_duplicated_class_name_is_refused(data, monkeypatch, capsys):
    opened = Opened("made", "onnx", Reader(), manifest=None)
    monkeypatch.setattr(workflow, "open_predictor", lambda *_, **__: opened)
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "reader", str(data), "--labels", "entailment,neutral,neutral"])
    told = capsys.readouterr().err
    assert left.value.code not in (0, 1)
    assert "must be different" in told
    assert "Traceback" not in told


def test_labels_that_the_model_lacks_are_refused_with_both_lists(data, monkeypatch, capsys):
    opened = Opened("made", "onnx", Reader(), manifest=None)
    monkeypatch.setattr(workflow, "open_predictor", lambda *_, **__: opened)
    data.write_text(data.read_text("utf-8").replace(",neutral,", ",unsure,"), encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "reader", str(data)])
    told = capsys.readouterr().err
    assert left.value.code not in (0, 1)
    assert "error[label-mismatch]" in told
    assert "unsure" in told
    assert "neutral" in told


def test_a_leaked_validation_set_is_told_by_evaluate_and_by_audit(data, tmp_path, capsys):
    pairs = load_pairs(data)
    model = save_tiny(tmp_path / "tiny", trained_on=pairs.pair_hashes()[:200])
    with pytest.raises(SystemExit):
        main(["evaluate", str(model), str(data), "--report", str(tmp_path / "report"), "--json", "-q"])
    told = {one["code"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert told["trained-on"]["weight"] == "fault"
    assert told["trained-on"]["text"].startswith("200 of the 600 pairs (33.3 %)")
    lines = data.read_text("utf-8").splitlines()
    splits = tmp_path / "splits"
    splits.mkdir()
    (splits / "train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (splits / "validation.csv").write_text("\n".join([lines[0], *lines[400:500]]) + "\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["audit", str(splits), "--json", "-q"])
    audited = {one["code"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert audited["shared-pairs"]["weight"] == "fault"
    assert "100" in audited["shared-pairs"]["text"]
