"""The repeated parity check: it holds for what was saved, and finds a graph that was changed, pair by pair."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from altered_bundle import with_bias
from commands import outcome
from samesay.bundle import open_bundle, write_decision
from samesay.decision import Decision
from samesay.errors import BundleDamaged, ParityFailed, PartUnavailable, SourceNotFound
from samesay.jobs.verify import verify


@pytest.fixture
def altered(trained_bundle: Path, tmp_path: Path) -> Path:
    """A bundle whose graph has another head than its Keras part, and whose checksums are right."""
    return with_bias(trained_bundle, tmp_path / "altered", [-3, 3])


def test_a_saved_model_is_checked_again_on_the_user_s_pairs(trained_bundle: Path, pairs_file: Path, capsys):
    before = (trained_bundle / "samesay.json").read_bytes()
    status, printed, _ = outcome(capsys, "verify", trained_bundle, f"{pairs_file}[:40]", "--json")
    found = json.loads(printed)
    assert status == 0
    assert found["holds"]
    assert found["data"]["pairs"] == 40
    assert found["data"]["changed_decisions"] == 0
    assert found["probe"]["pairs_checked"] > 20
    assert found["recorded"]["status"] == "verified"
    assert (trained_bundle / "samesay.json").read_bytes() == before


def test_another_graph_is_found_and_the_pairs_it_answers_otherwise_are_shown(altered, pairs_file, capsys):
    found = verify(altered, f"{pairs_file}[:40]")
    assert not found.holds
    assert found.probe.status == "failed"
    assert found.data is not None
    assert found.data.changed > 0
    first = found.data.shown[0]
    assert first.onnx != first.keras
    assert first.difference > 1

    status, printed, said = outcome(capsys, "verify", altered, f"{pairs_file}[:40]")
    assert status == ParityFailed.exit_code
    assert "NOT as Keras" in printed
    assert first.pair.first[:12] in printed
    assert "do not answer alike" in said


def test_other_answers_are_those_of_the_model_s_policy(altered: Path, pairs_file: Path) -> None:
    """With a bias that outweighs both heads every answer is one label, by either part."""
    write_decision(altered, Decision(biases={"different": 50.0, "same": -50.0}))
    found = verify(altered, f"{pairs_file}[:40]")
    assert found.data is not None
    assert found.data.max_difference > 1
    assert found.data.changed == 0


def test_what_cannot_be_compared_is_refused(trained_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        verify(trained_bundle, tmp_path / "nothing.csv")
    folder = Path(shutil.copytree(trained_bundle, tmp_path / "copy"))
    with (folder / "onnx" / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleDamaged, match=r"onnx/model\.onnx"):
        verify(folder)


def test_a_bundle_without_a_graph_says_why_it_has_none(trained_bundle: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained_bundle, tmp_path / "copy"))
    manifest = open_bundle(folder).manifest
    part = replace(
        manifest.parts["onnx"], files={}, verdict="unsupported", detail={"reason": "a graph of another kind"}
    )
    (folder / "samesay.json").write_bytes(replace(manifest, parts={**manifest.parts, "onnx": part}).to_json())
    shutil.rmtree(folder / "onnx")
    with pytest.raises(PartUnavailable, match=r"unsupported.*a graph of another kind"):
        verify(folder)
