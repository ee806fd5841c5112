"""Similarity scores, told from classes, put on a scale, refused with their place."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from samesay.data import load_pairs
from samesay.data.labels.column import GoldReading
from samesay.data.labels.scores import (
    holds_decimal_commas,
    holds_scores,
    read_scores,
    with_point,
)
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
        ([Decimal("3.80"), Decimal("4.00")], True),
        ([True], False),
    ],
)
def test_numbers_between_whole_ones_are_scores(values: list[object], scored: bool) -> None:
    assert holds_scores(values) is scored


def test_missing_scores_are_counted_and_the_scale_is_rounded_out_and_said() -> None:
    reading = read_scores(["1.2", "", None, "-1", 4.6], place=place)
    assert reading.answers == Scale(1, 5)
    assert [reason is not None for reason in reading.reasons] == [False, True, True, True, False]
    assert "1 to 5" in reading.notes[0]


def test_minus_one_is_a_score_where_the_scale_reaches_it() -> None:
    assert read_scores([-1, 0.5], place=place, scale=Scale(-1, 1)).gold.tolist() == [-1.0, 0.5]


def test_decimals_of_a_database_are_scores() -> None:
    assert read_scores([Decimal("3.5"), Decimal("4")], place=place).gold.tolist() == [3.5, 4]
    assert read_scores([Decimal("NaN"), Decimal(1)], place=place).reasons == ["no gold score", None]


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
    assert scored.require_gold().tolist() == [4.5, 1.5]


def test_correlations_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    truth, answers = random.integers(0, 6, 200) / 2, random.normal(size=200).round(1)
    assert spearman(truth, answers) == pytest.approx(stats.spearmanr(truth, answers).statistic, abs=1e-9)
    assert pearson(truth, answers) == pytest.approx(stats.pearsonr(truth, answers).statistic, abs=1e-9)
    assert "pearson" not in similarity_metrics([1, 2, 3], [2, 2, 2])


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        (["3,8", "4"], True),
        (["3,8", None, ""], True),
        (["1,000", "2,500"], False),
        (["0,125"], True),
        (["-1,5", "+2"], True),
        (["3,8", "4.5"], False),
        (["3,8", 4], False),
        (["3,8", "high"], False),
        (["3", "4"], False),
        ([], False),
    ],
)
def test_decimal_commas_are_plain_where_they_part_no_thousands(values: list[object], plain: bool) -> None:
    assert holds_decimal_commas(values) is plain


def test_a_comma_becomes_a_point_in_numbers_alone() -> None:
    assert [with_point(value) for value in (" 3,8 ", "-1,50", "a,b", "3.8", 3.8, None)] == [
        "3.8",
        "-1.50",
        "a,b",
        "3.8",
        3.8,
        None,
    ]


def scores_of(values: list[object], **options: object) -> GoldReading:
    return read_scores(values, place=lambda index: f"f.csv:{index + 2}", **options)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([1.2, 3.9], 1, 4), ([2, 2], 2, 3), ([0.5], 0, 1), ([], 0, 1), ([-0.5, 0.5], -1, 1), ([1, 5], 1, 5)],
)
def test_the_scale_is_the_whole_numbers_around_the_scores(
    values: list[object], low: float, high: float
) -> None:
    found = scores_of(values)
    assert tuple(found.answers) == (low, high)
    assert found.notes == (
        f"the scale of the scores was taken to be {low} to {high}, from those that occur (--scale sets it)",
    )


def test_what_is_no_score_has_its_reason_where_it_is_to_be_skipped() -> None:
    values = [1, "high", None, -1, 5.5, "2.5", "N/A", True]
    found = scores_of(values, scale=Scale(0, 5), skip=True)
    assert [None if math.isnan(score) else score for score in found.gold.tolist()] == [
        1,
        *[None] * 4,
        2.5,
        None,
        None,
    ]
    assert found.reasons == [
        None,
        "no number",
        "no gold score",
        "no gold score (-1)",
        "outside the scale",
        None,
        "no gold score",
        "no number",
    ]
    assert found.notes == ()
    assert (found.answers, found.gold.dtype) == (Scale(0, 5), np.float32)


def test_the_ends_of_a_scale_are_scores_and_beyond_them_is_refused_with_a_scale_that_holds_it() -> None:
    assert scores_of([0, 5, -1], scale=Scale(-1, 5)).gold.tolist() == [0, 5, -1]
    assert math.isnan(scores_of([0, -1]).gold[1])
    with pytest.raises(ScoreInvalid, match=r"5\.5 is outside the scale") as caught:
        scores_of([1, 5.5], scale=Scale(0, 5))
    assert caught.value.where == "f.csv:3"
    assert "--scale 0,5.5" in caught.value.expected
    with pytest.raises(ScoreInvalid) as caught:
        scores_of(["high"])
    assert (caught.value.where, caught.value.hint) == ("f.csv:2", "--on-error skip")
    with pytest.raises(ScoreInvalid) as caught:
        scores_of([1, "3,8"])
    assert caught.value.hint == "--decimal-comma"


def test_infinity_is_no_score_and_a_missing_value_hides_no_comma() -> None:
    with pytest.raises(ScoreInvalid, match="is not a number"):
        scores_of(["inf"])
    assert holds_decimal_commas([None, "3,8"]) is True
    assert holds_scores([1, 2]) is False
