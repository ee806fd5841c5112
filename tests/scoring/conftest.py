"""A model whose graph is written by hand, as it stands on disk and opened; what changes one makes its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesay.scoring import Scorer
from tiny_models import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def scorer(model: Path) -> Scorer:
    return Scorer.open(model, threads=1)
