"""Similarity scores, told from classes, put on a scale, refused with their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samesay.data import load_pairs
from samesay.data.labels.scores import holds_scores, read_scores
from samesay.errors import ScoreInvalid
from samesay.evaluation.metrics import pearson, similarity_metrics, spearman
from samesay.pairs import Scale


def place(index: int) -> str:
    return f"pairs.csv:{index + 2}"


@pytest.mark.parametrize(
    ("values", "scored"),
    [
        (["1", "2.5"], True),
        ([0, 1, 2], False),
        (["same", "2.5"], False),
        ([None, 0.5], True),
        ([True], False),
    ],
)
def test_numbers_between_whole_ones_are_scores(values: list[object], scored: bool) -> None:
    assert holds_scores(values) is scored


def test_missing_scores_are_counted_and_the_scale_is_rounded_out_and_said() -> None:
    reading = read_scores(["1.2", "", None, "-1", 4.6], place=place)
    assert reading.scale == Scale(1, 5)
    assert [reason is not None for reason in reading.reasons] == [False, True, True, True, False]
    assert "1 to 5" in reading.notes[0]


def test_minus_one_is_a_score_where_the_scale_reaches_it() -> None:
    assert read_scores([-1, 0.5], place=place, scale=Scale(-1, 1)).scores == [-1.0, 0.5]


@pytest.mark.parametrize("value", ["high", 5.1, "inf", True])
def test_what_is_no_score_is_refused_with_its_line(value: object) -> None:
    with pytest.raises(ScoreInvalid) as caught:
        read_scores([1.0, value], place=place, scale=Scale(0, 5))
    assert caught.value.where == "pairs.csv:3"


def test_a_table_of_both_gives_labels_unless_scores_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("premise,hypothesis,label,relatedness_score\na,b,0,4.5\nc,d,2,1.5\n", encoding="utf-8")
    labelled, scored = load_pairs(path), load_pairs(path, task="similarity")
    assert labelled.labels is not None
    assert any("--task similarity" in note for note in labelled.origin.notes)
    assert scored.scale == Scale(1, 5)
    assert scored.gold_scores().tolist() == [4.5, 1.5]


def test_correlations_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    truth, answers = random.integers(0, 6, 200) / 2, random.normal(size=200).round(1)
    assert spearman(truth, answers) == pytest.approx(stats.spearmanr(truth, answers).statistic, abs=1e-9)
    assert pearson(truth, answers) == pytest.approx(stats.pearsonr(truth, answers).statistic, abs=1e-9)
    assert "pearson" not in similarity_metrics([1, 2, 3], [2, 2, 2])
