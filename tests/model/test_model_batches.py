"""Batches as Keras takes them, on the backend that looks at the first ones only."""

from __future__ import annotations

import numpy as np
import pytest

from samesay.encoding import Batch, PairEncoder, plan_prediction
from samesay.model.batches import PairBatches
from tiny_tokenizers import wordpiece_encoder, wordpiece_vocabulary


@pytest.fixture(scope="module")
def encoder() -> PairEncoder:
    return wordpiece_encoder(wordpiece_vocabulary(), lowercase=True, strip_accents=False, max_length=64)


def made(encoder: PairEncoder, widths: list[int]) -> PairBatches:
    encoded = encoder.encode(["a dog"] * len(widths), ["a cat"] * len(widths))
    batches = [Batch(np.array([row]), width) for row, width in enumerate(widths)]
    return PairBatches(encoded, batches, height=1, pad_id=encoder.pad_id)


@pytest.mark.parametrize("widths", [[16, 16, 16, 24, 16], [16, 24], [16, 16], [16], []])
def test_tensorflow_meets_two_widths_at_once(
    encoder: PairEncoder, widths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keras.backend.backend", lambda: "tensorflow")
    data = made(encoder, widths)
    shown = [data[index][0]["token_ids"].shape[1] for index in range(len(data))]
    assert sorted(shown) == sorted(widths)
    assert len(set(shown[:2])) == min(2, len(set(widths)))
    assert sorted(int(batch.rows[0]) for batch in data.batches) == list(range(len(widths)))


def test_elsewhere_the_order_is_the_plan_s(encoder: PairEncoder) -> None:
    assert [batch.width for batch in made(encoder, [16, 16, 24]).batches] == [16, 16, 24]


def test_rows_beyond_the_pairs_are_pairs_in_the_other_order(encoder: PairEncoder) -> None:
    encoded = encoder.encode(["a dog", "a"], ["cat", "a cat dog"])
    targets = np.array([5, 6], np.int32)
    data = PairBatches(
        encoded, [Batch(np.array([3, 0]), 16)], height=3, pad_id=encoder.pad_id, targets=targets
    )
    inputs, gold, weights = data[0]
    other = encoder.encode(["a cat dog"], ["a"])
    np.testing.assert_array_equal(inputs["token_ids"][0, : other.lengths[0]], other.token_ids)
    np.testing.assert_array_equal(inputs["token_ids"][1, : encoded.lengths[0]], encoded.row(0))
    assert gold.tolist() == [6, 5, 0]
    assert weights.tolist() == [1, 1, 0]


def test_predictions_are_planned_in_few_widths_that_fit() -> None:
    lengths = np.random.default_rng(0).integers(5, 60, 4_000)
    plan = plan_prediction(lengths, 64)
    assert sorted(np.concatenate([batch.rows for batch in plan]).tolist()) == list(range(4_000))
    assert all(lengths[batch.rows].max() <= batch.width <= 64 for batch in plan)
