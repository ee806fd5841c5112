"""The doctor: what is absent does no harm, what is broken is said, and nothing is ever raised."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from samesay.cli.main import cli
from samesay.jobs import doctor
from samesay.model.runtime import devices


def rows(examination: doctor.Examination) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in examination.findings}


def test_a_whole_install_is_usable_and_computes() -> None:
    found = doctor.examine()
    assert found.usable
    said = rows(found)
    assert said["a product by ONNX Runtime"].value == said["a product by Keras"].value == "right"
    assert "CPUExecutionProvider" in said["ONNX Runtime"].value
    assert said["backend"].value.startswith("jax")
    assert said["device"].value.startswith("cpu")
    assert said["samesay[train]"].status == "ok"


def test_the_lean_install_is_usable_and_is_told_what_training_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    version = doctor._version
    heavy = {"keras", "keras-hub", "jax", "grain"}
    monkeypatch.setattr(doctor, "_version", lambda package: None if package in heavy else version(package))
    found = doctor.examine()
    assert found.usable
    said = rows(found)
    assert (said["Keras"].status, said["Keras"].hint) == ("absent", "pip install 'samesay[train]'")
    assert "keras-hub" in said["samesay[train]"].value
    assert said["samesay[train]"].hint == "pip install 'samesay[train]'"
    assert "device" not in said


def test_what_is_broken_is_a_row_and_an_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ArithmeticError("a product of ones is 4")

    monkeypatch.setattr(devices, "try_keras", fail)
    result = CliRunner().invoke(cli, ["doctor", "--json"], standalone_mode=False)
    assert result.return_value == 50
    said = json.loads(result.stdout)
    assert said["usable"] is False
    (broken,) = [finding for finding in said["findings"] if finding["status"] == "broken"]
    assert broken["name"] == "Keras"
    assert "a product of ones is 4" in broken["value"]
    shown = CliRunner().invoke(cli, ["doctor"], standalone_mode=False)
    assert "broken" in shown.stdout


def test_a_backend_that_does_not_exist_is_broken_and_lists_those_that_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "flax")
    found = doctor.examine()
    assert not found.usable
    (broken,) = [finding for finding in found.findings if finding.status == "broken"]
    assert "'flax'" in broken.value
    assert rows(found)["a product by ONNX Runtime"].status == "ok"


def test_offline_flags_and_caches_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "weights").write_bytes(bytes(2_500_000))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = {finding.name: finding.value for finding in doctor._kept()}
    assert said["HF_HOME"] == f"{tmp_path}, 2.5 MB"
    assert "HF_HUB_OFFLINE=1" in said["hubs"]
