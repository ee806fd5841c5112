"""``samesay evaluate --report``: two files or none, refusals before the scoring, and pairs that were trained on."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from samesay.cli.main import main
from samesay.data import load_pairs
from samesay.errors import ColumnNotFound, ExtraMissing, TargetExists, UsageError
from samesay.evaluation import WordOverlap
from samesay.evaluation.report import examination
from samesay.jobs import evaluate as workflow
from samesay.jobs.evaluate import evaluate_model
from samesay.pairs import Scale
from samesay.predictors.opening import Opened
from tiny_models import LABELS, SIDES, WORDS, save_tiny

pytest.importorskip("cleanlab")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "pairs.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["premise", "hypothesis", "label", "genre"])
        for place in range(90):
            first, second = (
                " ".join(WORDS[(place * step + add) % 16] for add in range(4)) for step in (3, 7)
            )
            writer.writerow([first, second, LABELS.names[place % 3], "letters" if place % 5 else "news"])
    return path


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    seen = load_pairs(f"{data}[:20]").pair_hashes()
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny", trained_on=seen)


def test_the_report_is_a_page_and_the_same_as_json(model, data, tmp_path, capsys):
    folder = tmp_path / "new" / "report"
    with pytest.raises(SystemExit) as left:
        main(["evaluate", str(model), str(data), "--report", str(folder), "--slice", "genre", "--json", "-q"])
    assert left.value.code == 0
    assert {place.name for place in folder.iterdir()} == {"report.html", "report.json"}
    written = json.loads((folder / "report.json").read_text("utf-8"))
    printed = json.loads(capsys.readouterr().out)
    assert {name: written[name] for name in printed} == printed
    assert set(written) - set(printed) == {"samesay"}
    page = (folder / "report.html").read_text("utf-8")
    assert f"{100 * written['metrics']['accuracy']:.1f} % right" in page.replace("</data>", "")
    genres = {one["name"]: one["n"] for one in written["slices"] if one["group"] == "genre"}
    assert genres == {"letters": 72, "news": 18}


def test_every_key_of_the_report_is_told(model, data, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
    told = re.findall(
        r"^\| `(\w+)` \|", page.split("| key | what |")[1].split("## Of similarity")[0], re.MULTILINE
    )
    plain = set(evaluate_model(model, data).to_dict())
    evaluate_model(model, data, report=tmp_path / "report")
    written = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert sorted(told) == sorted(name for name in written if name not in plain)


def test_pairs_that_were_trained_on_are_counted_from_the_bundle(model, data, tmp_path):
    measured = evaluate_model(model, data, report=tmp_path / "report")
    told = [one.text for one in measured.examination.findings if one.code == "trained-on"]
    seen = set(load_pairs(f"{data}[:20]").pair_hashes())
    expected = sum(one in seen for one in load_pairs(data).pair_hashes())
    assert expected >= 20
    assert len(told) == 1
    assert told[0].startswith(f"{expected} of the 90 pairs")


def test_an_evaluation_without_a_report_has_intervals_and_no_more(model, data):
    figures = evaluate_model(model, data).to_dict()
    assert "calibration" not in figures
    for name in ("accuracy", "macro_f1", "loss"):
        assert (
            figures["intervals"][name]["low"] < figures["metrics"][name] < figures["intervals"][name]["high"]
        )


def test_what_is_there_is_replaced_only_if_it_is_a_report_and_only_when_told(model, data, tmp_path):
    folder = tmp_path / "report"
    evaluate_model(model, data, report=folder)
    before = (folder / "report.json").read_bytes()
    with pytest.raises(TargetExists, match="exists already"):
        evaluate_model(model, data, report=folder)
    assert (folder / "report.json").read_bytes() == before
    evaluate_model(model, f"{data}[:60]", report=folder, overwrite=True)
    assert json.loads((folder / "report.json").read_text("utf-8"))["n_pairs"] == 60
    (folder / "mine.txt").write_text("kept")
    with pytest.raises(TargetExists, match="is no report"):
        evaluate_model(model, data, report=folder, overwrite=True)
    assert (folder / "mine.txt").read_text() == "kept"


def test_a_failure_while_writing_leaves_nothing(model, data, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no JSON today")

    monkeypatch.setattr("samesay.evaluation.report.folder.json.dumps", broken)
    with pytest.raises(RuntimeError):
        evaluate_model(model, data, report=tmp_path / "deep" / "report")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_become_a_report_is_refused_before_anything_is_scored(model, data, tmp_path, monkeypatch):
    def scored(*_, **__):
        raise AssertionError("scored")

    monkeypatch.setattr(workflow, "evaluate", scored)
    with pytest.raises(ColumnNotFound, match="no column 'gerne'"):
        evaluate_model(model, data, report=tmp_path / "report", slices=["gerne"])
    with pytest.raises(UsageError, match="only a report"):
        evaluate_model(model, data, slices=["genre"])
    with pytest.raises(UsageError, match="only a report"):
        evaluate_model(model, data, overwrite=True)
    monkeypatch.setattr(examination, "find_spec", lambda name: None if name == "cleanlab" else object())
    with pytest.raises(ExtraMissing, match="cleanlab") as missing:
        evaluate_model(model, data, report=tmp_path / "report")
    assert missing.value.hint == "pip install 'samesay[evaluation]'"
    assert list(tmp_path.iterdir()) == []


def test_a_similarity_model_has_a_report_of_its_own(tmp_path, monkeypatch):
    data = tmp_path / "sts.csv"
    with data.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["premise", "hypothesis", "score", "genre"])
        for place in range(120):
            first, second = (
                " ".join(WORDS[(place * step + add) % 16] for add in range(4)) for step in (3, 7)
            )
            writer.writerow([first, second, place % 11 / 2, "letters" if place % 5 else "news"])
    scale = Scale(0, 5)
    manifest = SimpleNamespace(answers=scale)
    similar = Opened("made", "onnx", WordOverlap(scale, SIDES), manifest=manifest)
    monkeypatch.setattr(workflow, "open_predictor", lambda *_, **__: similar)
    monkeypatch.setattr(workflow, "overlap_with", lambda *_: None)
    plain = evaluate_model("similarity", data).to_dict()
    measured = evaluate_model("similarity", data, report=tmp_path / "report", slices=["genre"])
    assert measured.report == tmp_path / "report" / "report.html"
    assert f"{measured.evaluation.metrics['spearman']:.2f}</data> <small>rank" in measured.report.read_text(
        "utf-8"
    )
    written = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert {one["name"]: one["n"] for one in written["slices"] if one["group"] == "genre"} == {
        "letters": 96,
        "news": 24,
    }
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \|", page.split("| key of scores | what |")[1], re.MULTILINE)
    assert sorted(told) == sorted(name for name in written if name not in plain)
