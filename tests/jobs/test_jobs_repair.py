"""Repairing: what is kept, what is refused, and that a model is not traded for one that lost something."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import samesay
from samesay.cli.main import cli
from samesay.errors import LabelMismatch, UsageError
from samesay.jobs import repair as job
from samesay.jobs.check import check
from samesay.jobs.repair import repair
from samesay.jobs.train import train
from samesay.pairs import LabelSet, Sides
from samesay.recipes.run import Run
from samesay.synthetic.behaviour.suite import CAPABILITIES

LABELS = LabelSet(("entailment", "neutral", "contradiction"))


class Rule:
    """A predictor of entailment by a rule of two texts."""

    answers, sides = LABELS, Sides("premise", "hypothesis")

    def __init__(self, label_of) -> None:
        self._label_of = label_of

    def predict(self, pairs):
        return np.array([np.eye(3)[LABELS.index(self._label_of(pair.first, pair.second))] for pair in pairs])


def neutral(premise: str, hypothesis: str) -> str:
    return "neutral"


def knows_identity(premise: str, hypothesis: str) -> str:
    return "entailment" if premise == hypothesis else "neutral"


def sees_the_full_stop(premise: str, hypothesis: str) -> str:
    if premise == hypothesis:
        return "entailment"
    return "neutral" if premise.endswith(".") else "contradiction"


@pytest.fixture(scope="module")
def model(tiny_preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("models") / "nli"
    run = Run(data="generated:96", preset=str(tiny_preset), output=str(output), new_head=True)
    train(run, {"epochs": 1, "batch_size": 16})
    return output


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch):
    """What ``check`` is to say before and after, in place of the tiny model's own answers."""

    def use(before, after) -> None:
        rules = iter((before, after))
        monkeypatch.setattr(job, "check", lambda model, **_: check(Rule(next(rules))))

    return use


def test_a_model_that_gained_and_lost_nothing_is_saved(model, checks, tmp_path):
    checks(neutral, knows_identity)
    result = repair(model, output=tmp_path / "new", capabilities=["identity"], n_pairs=96)
    assert result.path == str(tmp_path / "new")
    (identity,) = [one for one in result.capabilities if one.capability == "identity"]
    assert (identity.before, identity.after, identity.taught, identity.change) == (0, 1, True, "better")
    assert samesay.Scorer.open(tmp_path / "new").answers == LABELS
    assert any("calibrate" in note for note in result.notes)
    assert result.n_rehearsed == 192


def test_a_model_that_lost_something_is_not_saved(model, checks, tmp_path):
    checks(neutral, sees_the_full_stop)
    result = repair(model, output=tmp_path / "new", capabilities=["identity"], n_pairs=96)
    assert result.path is None
    assert "worse at punctuation" in result.reason
    assert not (tmp_path / "new").exists()


def test_a_model_that_gained_nothing_is_not_saved_and_the_status_says_so(model, tmp_path):
    """A random encoder of a few kilobytes learns nothing from a hundred pairs."""
    words = ["repair", str(model), "generated:50", "--validation", "generated:40:seed=5", "--pairs", "100"]
    words += ["--capability", "negation", "--output", str(tmp_path / "new"), "--json"]
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert result.return_value == 38
    told = json.loads(result.stdout)
    assert told["path"] is None
    assert "negation" in told["reason"] or "worse" in told["reason"]
    assert set(told["validation"]) == {"accuracy", "macro_f1", "loss"}
    assert told["n_rehearsed"] == 50
    assert not (tmp_path / "new").exists()


def test_nothing_is_trained_where_nothing_fails(model, tmp_path):
    result = repair(model, output=tmp_path / "new", below=0)
    assert (result.path, result.n_pairs, result.seconds) == (None, 0, 0)
    assert "every capability" in result.reason


def test_a_model_of_sameness_is_refused(trained_bundle, tmp_path):
    with pytest.raises(LabelMismatch, match="about entailment"):
        repair(trained_bundle, output=tmp_path / "new")


@pytest.mark.parametrize("name", ["negatoin", "typos"])
def test_a_capability_that_no_pairs_teach_is_refused(model, tmp_path, name):
    with pytest.raises(UsageError, match=f"no capability '{name}'"):
        repair(model, output=tmp_path / "new", capabilities=[name])


def test_every_capability_of_the_suite_is_taught_by_topics():
    assert set(job.TAUGHT_BY) == set(CAPABILITIES) - {"unrelated"}
    assert {topic for topics in job.TAUGHT_BY.values() for topic in topics} <= set(job.TOPICS)
