"""What all tests share: where the real data lies, and Keras on JAX."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Before any test imports ONNX Runtime, whose telemetry it switches off.
import samesay.scoring  # noqa: F401

# A busy machine is no failure of the code: how long an example takes is not what these tests are about.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real development data; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A KerasHub preset of a BERT of a few kilobytes: random weights, a head for two labels, 64 positions."""
    from tiny_bert import save_tiny_preset

    return save_tiny_preset(tmp_path_factory.mktemp("presets") / "tiny")


@pytest.fixture(scope="session")
def pairs_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 96 pairs, different or same, as CSV."""
    import csv

    path = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    animals = ("dog", "cat", "man", "woman")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["premise", "hypothesis", "label", "note"])
        for index in range(96):
            one, other = animals[index % 4], animals[(index // 4) % 4]
            label = "same" if one == other else "different"
            writer.writerow([f"the {one} runs in the park", f"a {other} runs", label, f"row {index}"])
    return path


@pytest.fixture(scope="session")
def trained_bundle(tiny_preset: Path, pairs_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained for one epoch and saved by the product itself; hypothesis first."""
    from samesay.data import ReadOptions
    from samesay.jobs.train import train
    from samesay.pairs import Sides
    from samesay.recipes.run import Run

    output = tmp_path_factory.mktemp("models") / "model"
    result = train(
        Run(
            data=pairs_file,
            preset=tiny_preset,
            output=output,
            validation=f"{pairs_file}[:20]",
            reading=ReadOptions(sides=Sides("hypothesis", "premise")),
        ),
        {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3},
    )
    assert result.onnx.status == "verified"
    return output
