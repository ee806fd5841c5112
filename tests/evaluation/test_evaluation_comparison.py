"""Paired tests against published implementations, by known values, and at the ends where little is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from samesay.data import Origin, PairTable
from samesay.errors import ExtraMissing, UsageError
from samesay.evaluation import evaluate
from samesay.evaluation.comparison import (
    contrast,
    holm,
    mcnemar,
)
from samesay.evaluation.metrics import similarity_metrics
from samesay.pairs import LabelSet, Scale, Sides

stats = pytest.importorskip("scipy.stats")

NAMES = ("entailment", "neutral", "contradiction")


class Fixed:
    """Answers the pairs of a table with rows that were made before."""

    def __init__(self, rows, labels=NAMES):
        self.rows, self.answers, self.sides = np.asarray(rows, np.float32), LabelSet(tuple(labels)), Sides()
        self.done = 0

    def predict(self, pairs):
        self.done += len(pairs)
        return self.rows[self.done - len(pairs) : self.done]


class FixedScores:
    def __init__(self, scores, scale):
        self.scores, self.answers, self.sides = np.asarray(scores, np.float32), scale, Sides()

    def predict(self, pairs):
        return self.scores[: len(pairs)]


def evaluation(truth, rows, labels=NAMES, order=None):
    """Of answers with ``rows`` to pairs labelled ``truth``; ``order`` puts the predictor's labels in another order."""
    texts = [str(place) for place in range(len(truth))]
    table = PairTable(texts, texts, Sides(), Origin("made"), LabelSet(labels), np.asarray(truth, np.int32))
    order = list(range(len(labels))) if order is None else order
    rows = np.asarray(rows)[:, order]
    return evaluate(Fixed(rows, [labels[place] for place in order]), table)


def random_rows(random, truth, n_labels, skill):
    """Probabilities that favour the right label by ``skill``."""
    logits = random.normal(size=(len(truth), n_labels))
    logits[np.arange(len(truth)), truth] += skill
    rows = np.exp(logits)
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def test_mcnemar_is_the_binomial_tail_doubled():
    # 1 of 10 pairs: the tail holds 1 + 10 of 1,024 equally probable outcomes.
    assert mcnemar(1, 9) == pytest.approx(22 / 1024, abs=1e-12)
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1
    assert mcnemar(0, 1) == 1
    assert mcnemar(0, 2) == 0.5
    for one, other in np.random.default_rng(0).integers(0, 60, (40, 2)).tolist():
        n, low = one + other, min(one, other)
        tail = sum(math.comb(n, k) for k in range(low + 1)) / 2**n
        assert mcnemar(one, other) == pytest.approx(min(1.0, 2 * tail), abs=1e-9)


def test_mcnemar_and_holm_are_those_of_statsmodels():
    contingency_tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    random = np.random.default_rng(1)
    for one, other in [(0, 0), (0, 1), *random.integers(0, 400, (30, 2)).tolist()]:
        theirs = contingency_tables.mcnemar([[7, one], [other, 3]], exact=True).pvalue
        # It gives more than 1, or NaN, where the two counts are equal: to be read as 1.
        assert mcnemar(one, other) == pytest.approx(min(1.0, theirs) if one + other else 1.0, abs=1e-9)
    for size in (1, 2, 7):
        p_values = random.random(size) ** 3
        assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1], abs=1e-12)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.6]) == [1, 1]
    assert holm([]) == []


def test_the_counts_and_the_differences_are_those_of_the_two_evaluations():
    random = np.random.default_rng(2)
    truth = random.integers(0, 3, 200)
    one, other = (evaluation(truth, random_rows(random, truth, 3, skill)) for skill in (1.0, 2.5))
    (found,) = contrast(one, [other], resamples=200)
    for name, difference in found.differences.items():
        assert difference.value == pytest.approx(other.metrics[name] - one.metrics[name], abs=1e-9)
        assert difference.low < difference.value < difference.high
    decisions = found.decisions
    right = one.predicted_ids == truth, other.predicted_ids == truth
    assert decisions.only_model == (right[1] & ~right[0]).sum()
    assert decisions.only_reference == (right[0] & ~right[1]).sum()
    assert decisions.changed == (one.predicted_ids != other.predicted_ids).sum()
    assert (
        decisions.both_right + decisions.only_model + decisions.only_reference + decisions.both_wrong == 200
    )
    assert found.differences["accuracy"].is_clear
    assert decisions.p_value < 1e-4


def test_the_intervals_are_scipy_s_of_figures_that_are_computed_pair_by_pair():
    """The same drawn pairs, the figures by scikit-learn: counting combinations loses nothing."""
    sklearn = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(3)
    truth = random.integers(0, 3, 40)
    rows = [random_rows(random, truth, 3, skill) for skill in (0.5, 1.5)]
    one, other = (evaluation(truth, each) for each in rows)
    (found,) = contrast(one, [other], resamples=12, seed=9)

    def figures(drawn, axis=-1):
        columns = []
        for places in np.atleast_2d(drawn):
            values = []
            for each in (one, other):
                said = each.predicted_ids[places]
                seen = sorted({*truth[places], *said})
                shares = each.probabilities[places] / each.probabilities[places].sum(axis=1, keepdims=True)
                values.append(
                    [
                        (said == truth[places]).mean(),
                        sklearn.f1_score(truth[places], said, labels=seen, average="macro", zero_division=0),
                        sklearn.log_loss(truth[places], shares, labels=[0, 1, 2]),
                    ]
                )
            columns.append(np.subtract(values[1], values[0]))
        return np.array(columns).T

    interval = stats.bootstrap(
        (np.arange(40),),
        figures,
        n_resamples=12,
        vectorized=True,
        method="percentile",
        random_state=np.random.default_rng(9),
    ).confidence_interval
    for place, difference in enumerate(found.differences.values()):
        # Rows of float32 sum to 1 within 1e-7, and scikit-learn asks for more.
        assert difference.low == pytest.approx(interval.low[place], abs=1e-6)
        assert difference.high == pytest.approx(interval.high[place], abs=1e-6)


def test_the_interval_holds_what_theory_says_of_many_pairs():
    random = np.random.default_rng(4)
    truth = random.integers(0, 3, 4000)
    one, other = (evaluation(truth, random_rows(random, truth, 3, skill)) for skill in (1.0, 1.2))
    (found,) = contrast(one, [other], resamples=1000)
    gains = (other.predicted_ids == truth).astype(float) - (one.predicted_ids == truth)
    half = 1.96 * gains.std() / math.sqrt(len(gains))
    difference = found.differences["accuracy"]
    assert difference.high - difference.low == pytest.approx(2 * half, rel=0.1)


def test_the_order_of_the_labels_makes_no_difference():
    random = np.random.default_rng(5)
    truth = random.integers(0, 3, 50)
    rows = [random_rows(random, truth, 3, 1.0) for _ in range(2)]
    one, other = (evaluation(truth, each) for each in rows)
    turned = evaluation(truth, rows[1], order=[2, 0, 1])
    assert (
        contrast(one, [other], resamples=50)[0].decisions
        == contrast(one, [turned], resamples=50)[0].decisions
    )


def test_several_models_are_corrected_for_being_several():
    random = np.random.default_rng(6)
    truth = random.integers(0, 3, 80)
    reference, *others = (
        evaluation(truth, random_rows(random, truth, 3, skill)) for skill in (1.0, 1.6, 1.4, 1.0)
    )
    found = [one.decisions for one in contrast(reference, others, resamples=20)]
    assert [one.p_adjusted for one in found] == holm([one.p_value for one in found])
    assert any(one.p_adjusted > one.p_value for one in found)


def test_identical_answers_are_no_difference_and_no_division_by_zero():
    truth = [0, 1, 2, 0]
    same = [evaluation(truth, np.eye(3)[[0, 1, 1, 0]]) for _ in range(2)]
    (found,) = contrast(same[0], [same[1]], resamples=50)
    assert (found.decisions.changed, found.decisions.p_value, found.decisions.p_adjusted) == (0, 1, 1)
    assert {(one.value, one.low, one.high) for one in found.differences.values()} == {(0, 0, 0)}
    assert not found.differences["accuracy"].is_clear


@pytest.mark.parametrize(("n", "p_value"), [(1, 1.0), (2, 0.5)])
def test_one_pair_and_two(n, p_value):
    right, wrong = evaluation([0] * n, np.eye(3)[[0] * n]), evaluation([0] * n, np.eye(3)[[1] * n])
    (found,) = contrast(wrong, [right], resamples=50)
    assert found.decisions.p_value == p_value
    assert found.differences["accuracy"].value == 1
    assert (found.differences["accuracy"].low is None) == (n == 1)


def test_a_thousand_labels():
    random = np.random.default_rng(7)
    names = tuple(f"label {place}" for place in range(1000))
    truth = random.integers(0, 1000, 1500)
    one, other = (evaluation(truth, random_rows(random, truth, 1000, skill), names) for skill in (2.0, 5.0))
    (found,) = contrast(one, [other], resamples=20)
    expected = other.metrics["macro_f1"] - one.metrics["macro_f1"]
    assert found.differences["macro_f1"].value == pytest.approx(expected, abs=1e-9)


def test_evaluations_of_other_pairs_are_refused():
    one, other = evaluation([0, 1], np.eye(3)[[0, 1]]), evaluation([0, 2], np.eye(3)[[0, 1]])
    with pytest.raises(UsageError, match="not measured on the same pairs"):
        contrast(one, [other])
    with pytest.raises(UsageError, match="different labels"):
        contrast(one, [evaluation([0, 1], np.eye(3)[[0, 1]], ("a", "b", "c"))])


def test_similarity_models_are_compared_by_all_their_figures():
    random = np.random.default_rng(8)
    scale = Scale(0, 5)
    truth = random.uniform(0, 5, 150).astype(np.float32)
    texts = [""] * 150
    table = PairTable(texts, texts, Sides(), Origin("made"), scale, truth)
    one, other = (
        evaluate(FixedScores((truth + noise * random.normal(size=150)).clip(0, 5), scale), table)
        for noise in (2.0, 0.5)
    )
    (found,) = contrast(one, [other], resamples=100)
    assert found.decisions is None
    assert found.differences["spearman"].low > 0
    assert found.differences["mse"].high < 0
    for name, difference in found.differences.items():
        expected = similarity_metrics(truth, other.scores)[name] - similarity_metrics(truth, one.scores)[name]
        assert difference.value == pytest.approx(expected, abs=1e-9)
    constant = evaluate(FixedScores([2.5] * 150, scale), table)
    assert "spearman" not in contrast(one, [constant], resamples=20)[0].differences


def test_without_scipy_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy.stats", None)
    one = evaluation([0], np.eye(3)[[0]])
    with pytest.raises(ExtraMissing) as caught:
        contrast(one, [one])
    assert caught.value.hint == "pip install 'samesay[evaluation]'"
