"""Widths of batches: every row fits, and no other choice would be cheaper."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.encoding import LENGTH_BUCKETS, bucket_for, padded_to, prediction_widths, training_widths
from samesay.encoding.widths import MOST_WIDTHS, WIDTH_PRICE
from samesay.errors import UsageError


@given(st.integers(1, 2000), st.integers(0, 2000))
def test_a_bucket_holds_its_length_and_wastes_little(length, more):
    max_length = length + more
    width = bucket_for(length, max_length)
    assert length <= width <= max_length
    assert width == max_length or width in LENGTH_BUCKETS or (width > LENGTH_BUCKETS[-1] and width % 128 == 0)
    # No other width would be smaller and hold it.
    smaller = [each for each in (*LENGTH_BUCKETS, *range(640, 4000, 128)) if length <= each < width]
    assert not smaller


@given(st.lists(st.integers(1, 1500), min_size=1, max_size=200), st.integers(1, 10), st.integers(1, 500))
def test_every_row_fits_in_few_widths(lengths, epochs, times):
    rows = np.repeat(lengths, times)
    for widths in (training_widths(rows, 1500, epochs=epochs), prediction_widths(rows, 1500)):
        assert len(widths) <= MOST_WIDTHS
        assert list(widths) == sorted(set(widths))
        assert widths[-1] <= 1500
        padded = padded_to(rows, widths)
        assert (padded >= rows).all()
        # A width that no row is padded to would be compiled for nothing.
        assert set(padded.tolist()) == set(widths)


@given(st.dictionaries(st.integers(1, 7), st.integers(1, 4000), min_size=1), st.integers(1, 3))
def test_no_other_widths_would_be_cheaper(rows_of_length, epochs):
    lengths = np.repeat(list(rows_of_length), list(rows_of_length.values()))

    def cost(widths):
        return epochs * int(padded_to(lengths, sorted(widths)).sum()) + len(widths) * WIDTH_PRICE

    grid = range(2, 9, 2)
    possible = [
        chosen
        for n_widths in range(1, 5)
        for chosen in combinations(grid, n_widths)
        if chosen[-1] >= lengths.max()
    ]
    assert cost(training_widths(lengths, 8, epochs=epochs)) == min(map(cost, possible))


def test_more_epochs_are_worth_more_widths():
    lengths = np.random.default_rng(0).integers(8, 60, 2_000)
    assert len(training_widths(lengths, 64)) < len(training_widths(lengths, 64, epochs=10))


def test_predictions_keep_to_the_buckets_so_that_the_next_ones_find_them_compiled():
    lengths = np.random.default_rng(0).integers(3, 120, 5_000)
    assert set(prediction_widths(lengths, 128)) < set(LENGTH_BUCKETS)
    assert prediction_widths([5], 128) == (8,)


@pytest.mark.parametrize("widths", [training_widths, prediction_widths])
def test_a_row_longer_than_the_limit_is_refused(widths):
    with pytest.raises(UsageError, match="A row of 10 tokens is longer than max_length 9"):
        widths([10, 4], 9)


def test_a_length_that_is_a_bucket_is_not_widened():
    assert [bucket_for(bucket, 4096) for bucket in LENGTH_BUCKETS] == list(LENGTH_BUCKETS)
    assert [bucket_for(length, 4096) for length in (513, 640, 641)] == [640, 640, 768]


def test_long_rows_are_predicted_at_widths_128_apart():
    def widths(*lengths):
        return prediction_widths(np.repeat(lengths, 5000), 4096)

    assert widths(600, 700, 1000) == (640, 768, 1024)
    assert widths(512, 513) == (512, 640)
    assert widths(400, 384) == (384, 512)
    assert widths(20, 700) == (20, 768)
    assert prediction_widths([], 128) == ()
    assert prediction_widths([20, 700], 4096) == (768,)
    assert prediction_widths([20, 700], 700) == (700,)


def test_a_width_is_worth_its_compilation_once_unless_more_epochs_are_asked_for():
    lengths = [9] * 120 + [30] * 20  # a second width saves 120 times 20 tokens, of the 4,000 that it costs
    assert training_widths(lengths, 64) == training_widths(lengths, 64, epochs=1) == (30,)
    assert training_widths(lengths, 64, epochs=2) == (10, 30)


def test_long_rows_are_trained_at_widths_128_apart():
    def widths(*lengths, max_length=4096):
        return training_widths(np.repeat(lengths, 5000), max_length)

    assert widths(600, 700, 1000) == (640, 768, 1024)
    assert widths(511, 512, 513) == (512, 640)
    assert (widths(640), widths(641)) == ((640,), (768,))
    assert widths(9, 11) == (10, 12)
    assert widths(20, 700, max_length=700) == (20, 700)
    assert training_widths([], 128) == ()


def test_no_run_compiles_more_widths_than_the_most_however_many_rows_there_are():
    lengths = np.repeat(np.arange(2, 66, 2), 20_000)
    assert len(training_widths(lengths, 64)) == MOST_WIDTHS
