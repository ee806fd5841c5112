"""Plans of batches: every row once, widths that fit, the same for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.encoding import (
    padded_to,
    padding_share,
    plan_scoring,
    plan_training,
    training_widths,
)
from samesay.errors import UsageError
from tiny_tokenizers import wordpiece_encoder

LENGTHS = st.lists(st.integers(3, 700), max_size=120)


def rows_of(batches) -> list[int]:
    return [int(row) for batch in batches for row in batch.rows]


@given(
    LENGTHS, st.integers(1, 40), st.sampled_from(["buckets", "random"]), st.integers(0, 3), st.integers(0, 3)
)
def test_an_epoch_has_every_row_once(lengths, batch_size, shuffle, seed, epoch):
    batches = plan_training(lengths, batch_size, seed=seed, epoch=epoch, max_length=700, shuffle=shuffle)
    assert Counter(rows_of(batches)) == Counter(range(len(lengths)))
    widths = training_widths(lengths, 700)
    for batch in batches:
        assert batch.width == padded_to(np.array([lengths[row] for row in batch.rows]), widths).max()
        assert batch.rows.dtype == np.int64
    sizes = sorted(len(batch) for batch in batches)
    assert sizes[1:] == [batch_size] * (len(sizes) - 1)
    assert not sizes or 1 <= sizes[0] <= batch_size


@given(LENGTHS, st.integers(1, 40), st.sampled_from(["buckets", "random"]))
def test_a_plan_follows_from_seed_and_epoch(lengths, batch_size, shuffle):
    def plan(seed, epoch):
        batches = plan_training(lengths, batch_size, seed=seed, epoch=epoch, max_length=700, shuffle=shuffle)
        return [(batch.width, batch.rows.tolist()) for batch in batches]

    assert plan(5, 2) == plan(5, 2)
    if len(lengths) > 30:
        assert plan(5, 2) != plan(5, 3)
        assert plan(5, 2) != plan(6, 2)


@given(LENGTHS, st.integers(1, 5000))
def test_scoring_has_every_row_once_and_keeps_to_its_tokens(lengths, batch_tokens):
    batches = plan_scoring(lengths, batch_tokens=batch_tokens)
    assert Counter(rows_of(batches)) == Counter(range(len(lengths)))
    for batch in batches:
        assert batch.width == max(lengths[row] for row in batch.rows)
        assert len(batch) == 1 or len(batch) * batch.width <= batch_tokens
    widths = [batch.width for batch in batches]
    assert widths == sorted(widths, reverse=True)


@given(LENGTHS, st.integers(1, 40), st.integers(0, 5))
def test_buckets_never_pad_more_than_random_order(lengths, batch_size, seed):
    shares = [
        padding_share(
            plan_training(lengths, batch_size, seed=seed, epoch=0, max_length=700, shuffle=shuffle), lengths
        )
        for shuffle in ("buckets", "random")
    ]
    # Where one batch is short, random order may by luck leave the longest row alone in it.
    if len(lengths) % batch_size == 0:
        assert shares[0] <= shares[1]
    assert 0 <= shares[0] < 1


def test_padding_share_is_padding_over_all():
    batches = plan_training([5, 8, 12], 2, seed=0, epoch=0, max_length=20, shuffle="buckets")
    # So few rows are not worth two widths.
    assert [batch.width for batch in batches] == [12, 12]
    assert padding_share(batches, [5, 8, 12]) == pytest.approx(1 - 25 / 36)
    assert padding_share([], []) == 0.0


def test_rows_of_one_bucket_meet_other_rows_each_epoch():
    lengths = np.full(64, 10)
    partners = [
        {
            frozenset(batch.rows.tolist())
            for batch in plan_training(lengths, 8, seed=1, epoch=epoch, max_length=64)
        }
        for epoch in (0, 1)
    ]
    assert partners[0].isdisjoint(partners[1])


def test_wide_and_narrow_batches_come_in_no_order():
    lengths = np.repeat([8, 16, 32, 64], 800)
    widths = [batch.width for batch in plan_training(lengths, 8, seed=1, epoch=0, max_length=64)]
    for quarter in np.array_split(widths, 4):
        assert set(quarter.tolist()) == {8, 16, 32, 64}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"shuffle": "sorted"}, "shuffle is 'sorted'"),
        ({"max_length": 9}, "A row of 10 tokens is longer than max_length 9"),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(settings, message):
    usual = {"batch_size": 4, "seed": 0, "epoch": 0, "max_length": 16, "shuffle": "buckets"}
    with pytest.raises(UsageError, match=message):
        plan_training([10, 4], **usual | settings)


def test_batch_tokens_must_be_positive():
    with pytest.raises(UsageError, match="batch_tokens is 0"):
        plan_scoring([4], batch_tokens=0)


@pytest.fixture(scope="module")
def snli_lengths(shared_data, bert_vocabulary):
    import pyarrow.parquet as parquet

    table = parquet.read_table(next((shared_data / "snli").glob("train*"))).slice(0, 40_000)
    encoder = wordpiece_encoder(bert_vocabulary, lowercase=True, strip_accents=False, max_length=128)
    return encoder.encode(table["hypothesis"].to_pylist(), table["premise"].to_pylist()).lengths


@pytest.mark.parametrize("batch_size", [16, 32])
def test_real_pairs_are_padded_little_in_few_widths(snli_lengths, batch_size):
    batches = plan_training(snli_lengths, batch_size, seed=0, epoch=0, max_length=128)
    assert padding_share(batches, snli_lengths) < 0.06
    assert len({batch.width for batch in batches}) <= 12
    assert padding_share(plan_scoring(snli_lengths, batch_tokens=4096), snli_lengths) < 0.01
