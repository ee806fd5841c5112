"""The report of scores: planted faults are told, odd input has no NaN, and the page says what the JSON says."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from made_answers import FIRST, SECOND
from page_reader import Page

from samesay.data import Origin, PairTable
from samesay.evaluation import WordOverlap, evaluate
from samesay.evaluation.intervals import similarity_intervals
from samesay.evaluation.report import examine, slices_of
from samesay.evaluation.report.drawings import draw_answers
from samesay.evaluation.report.page import format_number, render_page, resolve
from samesay.evaluation.report.slices import Slice, error_of_slices
from samesay.pairs import Scale, Sides

stats = pytest.importorskip("scipy.stats")
pytest.importorskip("jinja2")

SCALE = Scale(0, 5)
SIDES = Sides("text1", "text2")
HOSTILE = "</p><script>alert(1)</script>{{ 7 * 7 }}\u202e\x00"


class Fixed:
    answers, sides = SCALE, SIDES

    def __init__(self, answers):
        self.scores = np.asarray(answers, np.float32)

    def predict(self, pairs):
        return self.scores[: len(pairs)]


def table_of(truth, *, first=None, columns=None):
    n_pairs = len(truth)
    return PairTable(
        first=first or [FIRST[place % 4] for place in range(n_pairs)],
        second=[SECOND[place // 4 % 4] for place in range(n_pairs)],
        answers=SCALE,
        gold=np.asarray(truth, np.float32),
        sides=SIDES,
        origin=Origin(source="made.csv", rows_read=n_pairs),
        columns=columns or {},
        row_numbers=np.arange(11, n_pairs + 11),
    )


def examined(truth, answers, *, slice_columns=(), trained_on=None, **table_options):
    """The examination, and what ``report.json`` would hold."""
    table = table_of(truth, **table_options)
    figures, words = (evaluate(one, table) for one in (Fixed(answers), WordOverlap(SCALE, SIDES)))
    intervals = figures.intervals()
    examination = examine(
        figures,
        table,
        intervals=intervals,
        slices=slices_of(table, slice_columns),
        baselines={"word overlap": words},
        trained_on=trained_on,
    )
    report = {
        **figures.to_dict(),
        "model": "folder/similar",
        "backend": "onnx",
        "baselines": {"word overlap": words.to_dict()},
        "intervals": {name: None if one is None else one.to_dict() for name, one in intervals.items()},
        **examination.to_dict(),
        "samesay": "0",
    }
    return examination, json.loads(json.dumps(report, allow_nan=False))


def good(n_pairs=300, *, noise=0.4, seed=0):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 26, n_pairs) / 5
    return truth, np.clip(truth + random.normal(0, noise, n_pairs), 0, 5)


def codes(examination):
    return [one.code for one in examination.findings]


def test_a_similarity_model_without_fault_is_left_in_peace():
    examination, _ = examined(*good())
    assert codes(examination) == []
    assert examination.verdict[0].startswith("Its order agrees with the given scores")


@pytest.mark.parametrize(
    ("spoil", "code", "told"),
    [
        (lambda truth, answers: (truth, 5 - answers), "scale-reversed", "turned round"),
        (lambda truth, answers: (truth, np.full_like(truth, 2.5)), "constant-answers", "2.50"),
        (lambda truth, answers: (np.full_like(truth, 3.0), answers), "scores-all-alike", "3"),
        (lambda truth, answers: (truth, np.roll(answers, 7)), "no-order", "do not show"),
        (lambda truth, answers: (truth, np.minimum(answers + 1, 5)), "biased", "too high"),
        (lambda truth, answers: (truth, answers / 10), "no-better-than-mean", "taken at their word"),
        (lambda truth, answers: (truth[:3], answers[:3]), "few-pairs", "Only 3 pairs"),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value else "",
)
def test_a_planted_fault_is_told(spoil, code, told):
    examination, _ = examined(*spoil(*good()))
    (text,) = [one.text for one in examination.findings if one.code == code]
    assert told in text


def test_pairs_that_were_trained_on_are_told_first():
    examination, _ = examined(*good(), trained_on=12)
    assert examination.findings[0].code == "trained-on"
    assert examination.findings[0].text.startswith("12 of the 300 pairs (4.0 %)")


def test_a_similarity_model_that_counts_common_words_is_caught():
    table = table_of(np.zeros(300))
    random = np.random.default_rng(3)
    words = WordOverlap(SCALE, SIDES).predict(table.pairs())
    truth = np.clip(words + random.normal(0, 0.3, 300), 0, 5)
    assert "no-better-than-word-overlap" in codes(examined(truth, words)[0])


def test_a_weak_slice_is_found_and_one_of_three_rows_is_marked():
    truth, answers = good()
    genre = ["news" if place % 5 == 0 else "letters" for place in range(300)]
    weak = np.array([name == "news" for name in genre])
    answers = np.where(weak, 5 - truth, answers)
    genre[1] = genre[2] = genre[3] = "poems"
    answers[1:4] = 5 - truth[1:4]
    examination, report = examined(truth, answers, columns={"genre": genre}, slice_columns=["genre"])
    told = [one.text for one in examination.findings if one.code == "weak-slice"]
    assert len(told) == 1
    assert told[0].startswith("genre, news: ")
    (few,) = [one for one in report["slices"] if one["name"] == "poems"]
    assert (few["n"], few["few"], few["p_value"]) == (3, True, None)
    assert "few-in-slice" in codes(examination)


def test_slices_are_compared_by_scipy_s_test_and_their_intervals_are_student_s():
    random = np.random.default_rng(1)
    errors = random.normal(0, 1, 200)
    rows = np.arange(200) < 80
    (figures,) = error_of_slices([Slice("half", "first", rows)], errors)
    sizes = abs(errors)
    assert figures.p_value == pytest.approx(stats.mannwhitneyu(sizes[rows], sizes[~rows]).pvalue, abs=1e-12)
    low, high = stats.t.interval(0.95, 79, loc=sizes[rows].mean(), scale=stats.sem(sizes[rows]))
    assert (figures.low, figures.high) == (pytest.approx(low), pytest.approx(high))
    assert figures.bias == pytest.approx(errors[rows].mean())
    assert (figures.value, figures.rest) == (
        pytest.approx(sizes[rows].mean()),
        pytest.approx(sizes[~rows].mean()),
    )


def test_scores_beyond_the_scale_are_drawn_within_the_axes():
    class Unbounded(Fixed):
        answers = Scale(0, 5, activation="identity")

    truth, answers = good(60)
    answers[3], answers[9] = 9.0, -2.5
    table = table_of(truth)
    evaluation = evaluate(Unbounded(answers), table)
    examination = examine(evaluation, table, slices=[])
    assert "On the scale from 0 to 5 it is" in " ".join(examination.verdict)
    drawn = draw_answers({**evaluation.to_dict(), **examination.to_dict()}).svg
    heights = [float(height) for height in re.findall(r'cy="([-\d.]+)"', drawn)]
    assert (min(heights), max(heights)) == (24, 330)


def test_intervals_are_the_percentiles_of_scipy_s_figures_of_the_same_drawings():
    truth, answers = good(60)
    found = similarity_intervals(truth, answers, resamples=80, seed=5)
    random = np.random.default_rng(5)
    figures = []
    for _ in range(80):
        places = random.integers(0, 60, 60)
        true, answered = truth[places], answers[places]
        figures.append(
            [
                stats.spearmanr(true, answered).statistic,
                stats.pearsonr(true, answered).statistic,
                np.mean((answered - true) ** 2),
                np.mean(abs(answered - true)),
                np.mean(answered - true),
            ]
        )
    for name, values in zip(
        ("spearman", "pearson", "mse", "mae", "bias"), np.transpose(figures), strict=True
    ):
        low, high = np.quantile(values, (0.025, 0.975))
        assert (found[name].low, found[name].high) == (
            pytest.approx(low, abs=1e-9),
            pytest.approx(high, abs=1e-9),
        )


def test_the_largest_errors_come_first_with_their_rows():
    truth, answers = good()
    truth[40], answers[40] = 5.0, 0.0
    truth[7], answers[7] = 0.0, 4.5
    _, report = examined(truth, answers)
    assert [(one["row"], round(one["error"], 3)) for one in report["largest_errors"][:2]] == [
        (51, -5.0),
        (18, 4.5),
    ]
    assert len(report["largest_errors"]) == 20


def test_bins_hold_every_pair_once_and_the_ends_of_the_scale():
    truth, answers = good()
    truth[0], truth[1] = 0, 5
    _, report = examined(truth, answers)
    assert sum(one["n"] for one in report["bins"]) == 300
    last = truth >= 4.5
    assert report["bins"][-1]["n"] == last.sum()
    assert report["bins"][-1]["answer"] == pytest.approx(answers[last].mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("truth", "answers"),
    [([2.0], [3.0]), ([1.0, 1.0], [2.0, 2.0]), ([0.0, 5.0], [2.0, 2.0]), ([0.0, 5.0, 0.0], [0.0, 5.0, 0.0])],
    ids=["one pair", "all equal", "constant answers", "all right"],
)
def test_odd_input_has_a_page_and_no_nan(truth, answers):
    _, report = examined(truth, answers)
    text = render_page(report)
    assert "nan" not in text.casefold()
    assert Page(text).all("h1")


def test_the_page_says_what_the_json_says_and_believes_no_text():
    truth, answers = good(400)
    _, report = examined(truth, answers, first=[HOSTILE] * 400)
    text = render_page(report)
    page = Page(text)
    shown = [one for one in page.elements if "data-json" in one]
    for one in shown:
        value = resolve(report, one["data-json"])
        assert one["text"] == format_number(value, one["data-kind"]), one["data-json"]
    pointers = {one["data-json"] for one in shown}
    wanted = {f"/metrics/{name}" for name in report["metrics"]} | {"/intervals/spearman/low", "/bias"}
    wanted |= {f"/slices/{place}/mae" for place in range(len(report["slices"]))}
    wanted |= {f"/bins/{place}/answer" for place, one in enumerate(report["bins"]) if one["n"]}
    wanted |= {f"/largest_errors/{place}/answer" for place in range(20)}
    assert wanted <= pointers
    (body,) = page.all("body")
    plain = body["text"].replace("\u00a0", " ")
    assert all(told in plain for told in [*report["verdict"], *(one["text"] for one in report["findings"])])
    assert not page.all("script", "img", "link")
    assert "49" not in {one["text"].strip() for one in page.all("dd")}
    plots = page.all("svg")
    assert len(plots) == 1
    assert all(len(one["aria-label"]) > 80 for one in plots)
    assert text.count('class="dot one"') == 400
