"""``evaluate`` matches labels and sides by name, counts as stated, and says when a figure means little."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from samesay.data import Origin, PairTable
from samesay.errors import LabelMismatch, LabelMissing, ModelError, NoRows
from samesay.evaluation import Evaluation, evaluate
from samesay.pairs import CHUNK_PAIRS, LabelSet, Pair, Sides

NLI = LabelSet(("entailment", "neutral", "contradiction"))
SIDES = Sides("hypothesis", "premise")


def make_table(label_names, *, labels=NLI, sides=SIDES, dropped=None):
    n_pairs = len(label_names)
    return PairTable(
        first=[f"first {place}" for place in range(n_pairs)],
        second=[f"second {place}" for place in range(n_pairs)],
        answers=labels,
        gold=np.array([labels.index(name) for name in label_names], dtype=np.int32),
        sides=sides,
        origin=Origin(source="made.csv", rows_read=n_pairs + 2, rows_dropped=dropped or {}),
    )


class Told:
    """Answers with the label that it was told for a first text, with a stated certainty."""

    def __init__(self, answers, *, labels=NLI, sides=SIDES, certainty=0.8):
        self.right, self.answers, self.sides, self.certainty = answers, labels, sides, certainty
        self.seen = []

    def predict(self, pairs):
        self.seen.extend(pairs)
        rows = np.full(
            (len(pairs), len(self.answers)), (1 - self.certainty) / (len(self.answers) - 1), np.float32
        )
        for row, pair in zip(rows, pairs, strict=True):
            row[self.answers.index(self.right[pair.first])] = self.certainty
        return rows


def told(label_names, **settings):
    return Told({f"first {place}": name for place, name in enumerate(label_names)}, **settings)


def test_the_figures_are_those_of_a_count_by_hand():
    truth = ["entailment", "entailment", "neutral", "contradiction"]
    answers = ["entailment", "neutral", "neutral", "neutral"]
    result = evaluate(told(answers), make_table(truth, dropped={"no gold label": 2}))
    assert isinstance(result, Evaluation)
    assert result.n_pairs == 4
    assert result.metrics["accuracy"] == 0.5
    assert result.metrics["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert result.metrics["loss"] == pytest.approx(-(2 * math.log(0.8) + 2 * math.log(0.1)) / 4, abs=1e-6)
    assert result.confusion == ((1, 1, 0), (0, 1, 0), (0, 1, 0))
    assert result.label_counts == {"entailment": 2, "neutral": 1, "contradiction": 1}
    assert result.predicted_counts == {"entailment": 1, "neutral": 3, "contradiction": 0}
    assert (result.majority_label, result.majority_accuracy) == ("entailment", 0.5)
    assert result.rows_dropped == {"no gold label": 2}
    assert result.truncated is None
    assert "contradiction: never predicted: no precision" in result.notes
    assert result.predicted_ids.tolist() == [0, 1, 1, 1]


def test_to_dict_is_plain_json_with_metrics_on_top():
    result = evaluate(told(["neutral"] * 2), make_table(["neutral", "entailment"]))
    read_back = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert set(read_back["metrics"]) == {"accuracy", "macro_f1", "loss"}
    assert read_back["per_class"]["contradiction"]["f1"] is None
    assert read_back["per_class"]["neutral"]["support"] == 1
    assert read_back["majority"] == {"label": "entailment", "accuracy": 0.5}
    assert read_back["confusion"]["counts"] == [[0, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_labels_are_matched_by_name_not_by_index():
    other_order = LabelSet(("contradiction", "entailment", "neutral"))
    truth = ["entailment", "neutral", "contradiction", "neutral"]
    result = evaluate(told(truth), make_table(truth, labels=other_order))
    assert result.metrics["accuracy"] == 1.0
    assert result.labels == NLI.names


def test_pairs_may_use_a_part_of_the_labels():
    truth = ["neutral", "entailment"]
    result = evaluate(told(truth), make_table(truth, labels=LabelSet(("entailment", "neutral"))))
    assert result.metrics["accuracy"] == 1.0
    assert result.label_counts["contradiction"] == 0
    assert "macro F1 is the mean over 2 of 3 labels" in result.notes


def test_other_label_names_are_refused_with_the_renaming_that_fits():
    short = LabelSet(("entail", "neut", "contradict"))
    table = make_table(["entail", "neut", "contradict"], labels=short)
    with pytest.raises(LabelMismatch) as caught:
        evaluate(told([]), table)
    assert caught.value.details["renaming"] == {
        "entail": "entailment",
        "neut": "neutral",
        "contradict": "contradiction",
    }
    assert "--rename-labels" in (caught.value.hint or "")
    assert caught.value.where == "made.csv"


def test_texts_reach_the_predictor_in_its_own_order():
    predictor = Told({"second 0": "neutral"}, sides=Sides("premise", "hypothesis"))
    evaluate(predictor, make_table(["neutral"]))
    assert predictor.seen == [Pair("second 0", "first 0")]


def test_the_predictor_never_sees_the_gold_label():
    predictor = told(["neutral", "entailment"])
    evaluate(predictor, make_table(["neutral", "entailment"]))
    assert all(pair.label is None for pair in predictor.seen)


def test_one_pair():
    result = evaluate(told(["neutral"]), make_table(["neutral"]))
    assert result.metrics["accuracy"] == result.metrics["macro_f1"] == 1.0
    assert result.probabilities.shape == (1, 3)
    assert not any("every answer" in note for note in result.notes)


def test_a_constant_predictor_is_called_out():
    truth = ["entailment", "neutral", "contradiction"]
    result = evaluate(told(["neutral"] * 3), make_table(truth))
    assert any(note.startswith("every answer is neutral") for note in result.notes)


def test_no_pairs_and_no_labels_are_refused():
    table = make_table(["neutral"])
    with pytest.raises(NoRows):
        evaluate(told([]), table.select([]))
    with pytest.raises(LabelMissing, match="carry no labels"):
        evaluate(told([]), replace(table, answers=None, gold=None))


def test_answers_that_are_no_probabilities_are_refused():
    class Broken(Told):
        def predict(self, pairs):
            return np.full((len(pairs), 3), np.nan, np.float32)

    with pytest.raises(ModelError, match="2 of 2 answers are not probabilities"):
        evaluate(Broken({}), make_table(["neutral"] * 2))


def test_what_was_cut_is_counted_if_the_predictor_can_tell():
    class Cutting(Told):
        def read(self, pairs):
            lost = np.array([[0, 3] if pair.first == "first 1" else [0, 0] for pair in pairs], np.int32)
            return self.predict(pairs), lost

    predictor = Cutting({f"first {place}": "neutral" for place in range(3)})
    result = evaluate(predictor, make_table(["neutral", "neutral", "entailment"]))
    assert result.truncated == 1
    assert any("1 of 3 pairs were longer than the model reads" in note for note in result.notes)


def test_order_holds_across_chunks_and_progress_ends_at_the_total():
    truth = [NLI.names[place % 3] for place in range(CHUNK_PAIRS * 2 + 7)]
    heard = []
    result = evaluate(told(truth), make_table(truth), progress=heard.append)
    assert result.metrics["accuracy"] == 1.0
    assert result.probabilities.argmax(axis=1).tolist() == result.label_ids.tolist()
    assert [event.done for event in heard] == [0, CHUNK_PAIRS, CHUNK_PAIRS * 2, CHUNK_PAIRS * 2 + 7]
    assert heard[-1].total == len(truth)
    assert heard[-1].facts["accuracy"] == 1.0
    assert result.pairs_per_second > 0
