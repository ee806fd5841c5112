"""A run that is killed with SIGKILL at random moments and begun again ends with the same bits."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL"),
]

SCRIPT = Path(__file__).with_name("run_to_kill.py")
STEPS = 3 * 100


def start(*arguments: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )


def finish(process: subprocess.Popen) -> dict:
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


def stand(checkpoints: Path) -> int:
    """The step of the last checkpoint, 0 where there is none."""
    return max((int(path.stem.removeprefix("checkpoint-")) for path in checkpoints.glob("*.npz")), default=0)


@pytest.mark.parametrize("n_kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_kills_change_no_bit_of_what_a_run_ends_with(tiny_preset: Path, tmp_path: Path, n_kills: int) -> None:
    draw = random.Random(0)
    undisturbed = finish(start(tiny_preset, tmp_path / "undisturbed.npz"))
    checkpoints = tmp_path / "checkpoints"
    stands = [0]
    for _ in range(n_kills):
        process = start(tiny_preset, tmp_path / "killed.npz", checkpoints)
        # Some steps on from where it stands, in the middle of whatever it does then: a step, a save, validation.
        target = stands[-1] + draw.randrange(3, 240 // n_kills)
        while stand(checkpoints) < target:
            assert process.poll() is None, "the run ended before it was killed"
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 0.03))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        stands.append(stand(checkpoints))
    assert stands == sorted(set(stands)), "every part of the run went on from where the one before stood"
    assert stands[-1] < STEPS
    resumed = finish(start(tiny_preset, tmp_path / "resumed.npz", checkpoints))
    assert resumed["first_heard"][0] > 8 * stands[-1] - 8, "the last part began at the beginning"
    assert resumed["steps"] == undisturbed["steps"] == STEPS
    assert resumed["history"] == undisturbed["history"]
    assert resumed["best_epoch"] == undisturbed["best_epoch"]
    with np.load(tmp_path / "undisturbed.npz") as one, np.load(tmp_path / "resumed.npz") as other:
        assert sorted(one.files) == sorted(other.files)
        assert all(np.array_equal(one[name], other[name]) for name in one.files)
