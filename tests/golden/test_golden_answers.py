"""What every command answers on a small world, compared with what is frozen in ``expected.json``.

A change that is meant is recorded by ``PYTHONPATH=tests python tests/golden/frozen.py``; the diff shows it.
"""

from __future__ import annotations

import json

import pytest

from golden import frozen
from golden.world import COMMANDS

# Keras' own sums differ by the processor's instructions; an epoch of training multiplies that.
TRAINED = {"train", "train-similarity", "score-trained", "verify", "export-huggingface", "import", "student"}


@pytest.fixture(scope="module")
def answers():
    return frozen.record()


@pytest.mark.parametrize("title", COMMANDS)
def test_the_command_answers_as_before(answers, title):
    expected = json.loads(frozen.EXPECTED.read_text(encoding="utf-8"))[title]
    tolerance = 1e-3 if title in TRAINED else 1e-6
    assert frozen.differences(expected, answers[title], tolerance=tolerance) == []
