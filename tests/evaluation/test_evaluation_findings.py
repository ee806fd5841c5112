"""Planted faults are each told, by name; a model without fault is left in peace; odd input has honest figures."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pytest
from made_answers import NLI, FixedWithThresholds, calibrated, examined, make_table, report_of

from samesay.errors import ColumnNotFound
from samesay.evaluation import evaluate
from samesay.evaluation.calibration import accuracy_by_coverage
from samesay.evaluation.intervals import metric_intervals
from samesay.evaluation.report import examine, slices_of
from samesay.evaluation.report.page import render_page
from samesay.evaluation.report.slices import accuracy_of_slices
from samesay.pairs import LabelSet

pytest.importorskip("cleanlab")


def codes(rows, truth, **settings):
    return {one.code: one for one in examined(rows, truth, **settings)[2].findings}


def sharpened(rows, power):
    return rows**power / (rows**power).sum(axis=1, keepdims=True)


def test_a_model_without_fault_is_left_in_peace():
    rows, truth = calibrated(2000)
    _, _, examination = examined(rows, truth)
    assert examination.findings == ()
    assert "can be taken at its word" in " ".join(examination.verdict)


def test_permuted_labels_are_told_with_the_permutation():
    rows, truth = calibrated(600)
    permuted = np.array([1, 2, 0])[truth]
    finding = codes(rows, permuted)["labels-permuted"]
    assert finding.weight == "fault"
    assert "entailment as neutral, neutral as contradiction, contradiction as entailment" in finding.text


def test_two_labels_exchanged_are_told_and_the_third_is_not_named():
    rows, truth = calibrated(600)
    text = codes(rows, np.array([2, 1, 0])[truth])["labels-permuted"].text
    assert "entailment as contradiction, contradiction as entailment lifts" in text
    assert "neutral" not in text


def test_of_many_classes_chance_is_not_taken_for_a_permutation():
    random = np.random.default_rng(0)
    labels = LabelSet(tuple(f"label {index}" for index in range(300)))
    rows = random.dirichlet(np.ones(300), 400)
    assert "labels-permuted" not in codes(rows, random.integers(0, 300, 400), labels=labels)


@pytest.mark.parametrize("answer", [0, 2])
def test_a_constant_answer_is_told(answer):
    truth = np.repeat([0, 1, 2], [60, 50, 40])
    rows = np.full((150, 3), 0.1)
    rows[:, answer] = 0.8
    found = codes(rows, truth)
    assert NLI.names[answer] in found["constant-answers"].text
    assert "same-confidence" in found
    assert "labels-permuted" not in found


def test_an_overconfident_and_an_underconfident_model_are_told_apart():
    rows, truth = calibrated(1500)
    assert "overconfident" in codes(sharpened(rows, 2.5), truth)
    assert "underconfident" in codes(sharpened(rows, 0.4), truth)


def test_a_guessing_model_is_no_better_than_the_majority_and_doubts_no_label():
    random = np.random.default_rng(1)
    rows = random.dirichlet(np.ones(3), 400)
    _, _, examination = examined(rows, random.integers(0, 3, 400))
    assert "no-better-than-majority" in {one.code for one in examination.findings}
    assert examination.parts["doubtful_labels"]["n"] is None
    assert "cannot doubt labels" in examination.parts["doubtful_labels"]["not_looked"]


def test_pairs_that_were_trained_on_are_told_with_their_number():
    rows, truth = calibrated(200)
    assert "50 of the 200 pairs (25.0 %)" in codes(rows, truth, trained_on=50)["trained-on"].text
    assert "trained-on" not in codes(rows, truth, trained_on=0)


def test_the_answers_of_a_policy_are_examined_and_not_the_most_probable_labels():
    rows, truth = calibrated(600)
    table = make_table(truth)
    evaluation = evaluate(FixedWithThresholds(rows, [0.6, 0.1, 0.3]), table)
    assert (evaluation.predicted_ids != rows.argmax(axis=1)).any()
    intervals = metric_intervals(
        evaluation.probabilities, evaluation.label_ids, evaluation.predicted_ids, resamples=50
    )
    found = examine(evaluation, table, intervals=intervals, slices=slices_of(table, []))
    parts = found.parts
    assert parts["calibration"]["accuracy"] == pytest.approx(evaluation.metrics["accuracy"])
    assert parts["coverage"]["points"][-1]["accuracy"] == pytest.approx(evaluation.metrics["accuracy"])
    assert parts["mistakes"]["n"] == (evaluation.predicted_ids != truth).sum()
    assert all(pair["answer"] != pair["label"] for pair in parts["mistakes"]["shown"])
    low, high = intervals["accuracy"].low, intervals["accuracy"].high
    assert low < evaluation.metrics["accuracy"] < high


def test_a_slice_of_three_rows_is_marked_and_is_no_finding():
    rows, truth = calibrated(400)
    truth[:3] = rows[:3].argmin(axis=1)  # all three are wrong
    genre = ["rare"] * 3 + ["common"] * 397
    _, _, examination = examined(rows, truth, columns={"genre": genre}, slice_columns=["genre"])
    rare = next(one for one in examination.slices if one.name == "rare")
    assert (rare.n, rare.value, rare.few, rare.p_value) == (3, 0, True, None)
    assert rare.high > 0.5
    found = {one.code: one for one in examination.findings}
    assert "weak-slice" not in found
    assert "fewer than 30 pairs (the smallest 3)" in found["few-in-slice"].text


def test_a_weak_slice_is_found_and_chance_among_many_is_not():
    rows, truth = calibrated(1000)
    weak = np.random.default_rng(4).random(1000) < 0.1
    truth[weak] = rows[weak].argsort(axis=1)[:, 1]
    genre = ["strange" if one else "plain" for one in weak]
    columns = {
        "genre": genre,
        "coin": [str(place) for place in np.random.default_rng(5).integers(0, 15, 1000)],
    }
    _, _, examination = examined(rows, truth, columns=columns, slice_columns=["genre", "coin"])
    told = [one.text for one in examination.findings if one.code == "weak-slice"]
    assert len(told) == 1
    assert told[0].startswith(f"genre, strange: right on 0.0 % of {weak.sum()} pairs")


def test_a_wrong_label_is_among_the_doubtful():
    rows, truth = calibrated(800, sharpness=6)
    surest = int(rows.max(axis=1).argmax())
    truth[surest] = (rows[surest].argmax() + 1) % 3
    _, _, examination = examined(rows, truth)
    doubtful, mistakes = examination.parts["doubtful_labels"], examination.parts["mistakes"]["shown"]
    assert doubtful["n"] >= 1
    assert doubtful["shown"][0]["row"] == surest + 1
    assert mistakes[0]["row"] == surest + 1
    assert mistakes[0]["confidence"] > 0.99 > mistakes[0]["label_probability"]


def test_slices_are_told_by_what_the_texts_hold():
    first = ["No dog sleeps", "A dog sleeps", "Two dogs", "It isn't 3 o'clock"]
    second = ["A dog sleeps", "A dog sleeps", "Three dogs", "It is not 3 o'clock"]
    table = make_table([0, 1, 2, 0], first=first, second=second)
    found = {(one.group, one.name): one.rows.nonzero()[0].tolist() for one in slices_of(table)}
    assert found["negation", "in the hypothesis only"] == [0]
    assert found["negation", "in both texts"] == [3]
    assert found["negation", "in neither text"] == [1, 2]
    assert found["numbers", "none"] == [0, 1]
    assert found["numbers", "not the same"] == [2]
    assert found["numbers", "the same in both texts"] == [3]
    lengths = [places for (group, _), places in found.items() if group == "length"]
    assert sorted(place for places in lengths for place in places) == [0, 1, 2, 3]
    assert ("shared words", "100 % shared") in found


def test_a_column_of_many_numbers_is_cut_in_quarters_and_one_of_many_names_shows_the_frequent():
    n_pairs = 200
    names = ["frequent"] * 150 + [f"rare {place}" for place in range(50)]
    table = make_table(
        [0] * n_pairs, columns={"year": [str(1900 + place) for place in range(n_pairs)], "who": names}
    )
    found = slices_of(table, ["year", "who"])
    assert [one.name for one in found if one.group == "year"] == [
        "1900 to 1949",
        "1950 to 1999",
        "2000 to 2049",
        "2050 to 2099",
    ]
    who = [one for one in found if one.group == "who"]
    assert (who[0].name, int(who[0].rows.sum())) == ("frequent", 150)
    assert who[-1].name == "31 other values"
    assert sum(one.rows.sum() for one in who) == n_pairs
    with pytest.raises(ColumnNotFound, match="no column 'yaer'"):
        slices_of(table, ["yaer"])


def test_p_values_are_those_of_scipy_s_test_corrected():
    stats = pytest.importorskip("scipy.stats")
    rows, truth = calibrated(300)
    right = rows.argmax(axis=1) == truth
    slices = [one for one in slices_of(make_table(truth)) if one.group == "negation"]
    measured = accuracy_of_slices(slices, right)
    raw = [
        stats.fisher_exact(
            [
                [right[one.rows].sum(), (~right[one.rows]).sum()],
                [right[~one.rows].sum(), (~right[~one.rows]).sum()],
            ]
        )[1]
        for one in slices
    ]
    assert [one.p_value for one in measured] == pytest.approx(stats.false_discovery_control(raw), abs=1e-9)


def test_coverage_is_a_count_by_hand_and_equal_confidences_stay_together():
    curve = accuracy_by_coverage(np.array([0.9, 0.6, 0.6, 0.5]), np.array([True, True, False, False]))
    assert [(one.coverage, one.threshold, one.accuracy, one.n) for one in curve.points] == [
        (0.25, 0.9, 1.0, 1),
        (0.75, 0.6, pytest.approx(2 / 3), 3),
        (1.0, 0.5, 0.5, 4),
    ]
    assert curve.area == pytest.approx((0 + 2 * 1 / 3 + 1 / 2) / 4)
    assert curve.at(0.5).coverage == 0.75
    constant = accuracy_by_coverage(np.full(10, 0.4), np.arange(10) < 7)
    assert [(one.coverage, one.accuracy) for one in constant.points] == [(1.0, 0.7)]
    assert constant.area == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("rows", "truth", "labels", "code"),
    [
        (np.array([[0.2, 0.5, 0.3]]), [1], NLI, "few-pairs"),
        (np.array([[0.2, 0.5, 0.3]]), [0], NLI, "few-pairs"),
        (np.full((50, 3), 1 / 3), np.arange(50) % 3, NLI, "same-confidence"),
        (np.eye(3)[np.arange(60) % 2], np.arange(60) % 2, NLI, "class-absent"),
        (np.eye(3)[np.zeros(40, int)], np.zeros(40, int), NLI, "constant-answers"),
        (*calibrated(300, 1000), LabelSet(tuple(f"label {index}" for index in range(1000))), "class-absent"),
    ],
    ids=[
        "one right pair",
        "one wrong pair",
        "constant scores",
        "an absent class",
        "one label",
        "a thousand classes",
    ],
)
def test_odd_input_has_a_page_and_no_nan(rows, truth, labels, code):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = report_of(rows, truth, labels=labels)
        assert code in {one["code"] for one in report["findings"]}
        written = json.dumps(report, allow_nan=False)
        page = render_page(json.loads(written))
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    assert "<svg" in page
