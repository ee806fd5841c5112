"""Rows, cuts and segments against KerasHub's packer and preprocessor."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesay.encoding.packing import Ragged, pack, pack_single, round_robin, shortest_limit, specials
from tiny_tokenizers import wordpiece_encoder


def turn_by_turn(first: int, second: int, room: int) -> tuple[int, int]:
    """Round robin as it is told: a token to each side in turn."""
    kept = [0, 0]
    available = [first, second]
    while sum(kept) < room and kept != available:
        for side in (0, 1):
            if kept[side] < available[side] and sum(kept) < room:
                kept[side] += 1
    return kept[0], kept[1]


def test_round_robin_is_a_token_to_each_side_in_turn():
    first, second = (side.ravel() for side in np.meshgrid(np.arange(14), np.arange(14)))
    for room in range(30):
        kept = np.stack(round_robin(first, second, room), axis=1)
        expected = [turn_by_turn(a, b, room) for a, b in zip(first, second, strict=True)]
        np.testing.assert_array_equal(kept, expected, err_msg=f"room {room}")


@given(
    lengths=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12),
    max_length=st.integers(shortest_limit(2), 90),
    separators=st.sampled_from([1, 2]),
)
def test_packed_rows_are_those_of_keras_hub(keras_packers, lengths, max_length, separators):
    # Every token has an id of its own, so that a token in a wrong place shows.
    sides = [
        [[1000 * side + 50 * row + k + 10 for k in range(length[side])] for row, length in enumerate(lengths)]
        for side in (0, 1)
    ]
    packed = pack(
        *(ragged(side) for side in sides),
        start_id=1,
        separator_id=2,
        max_length=max_length,
        separators=separators,
    )
    token_ids, segment_ids = keras_packers[separators](tuple(sides), sequence_length=max_length)
    ours = packed.dense(np.arange(len(lengths)), max_length, pad_id=0)
    np.testing.assert_array_equal(ours.token_ids, token_ids)
    np.testing.assert_array_equal(ours.segment_ids, segment_ids)
    np.testing.assert_array_equal(packed.tokens_lost, np.asarray(lengths) - packed.tokens_kept)
    assert (packed.tokens_lost >= 0).all()


@pytest.fixture(scope="session")
def keras_packers():
    import keras_hub

    return {
        separators: keras_hub.layers.MultiSegmentPacker(
            sequence_length=8, start_value=1, end_value=2, sep_value=[2] * separators, pad_value=0
        )
        for separators in (1, 2)
    }


def ragged(rows: list[list[int]]) -> Ragged:
    offsets = np.cumsum([0, *map(len, rows)])
    return Ragged(np.asarray([token for row in rows for token in row], np.int32), offsets)


@pytest.mark.parametrize("max_length", [5, 6, 7, 8, 13, 32, 64])
def test_batches_are_those_of_keras_hubs_preprocessor(bert_vocabulary, max_length):
    import keras_hub

    rng = random.Random(max_length)
    words = ["a", "man", "sleeping", "on", "unbelievably", "grassy", ".", "[SEP]", "café", "東京", "xqzj"]
    first, second = ([" ".join(rng.choices(words, k=rng.randrange(15))) for _ in range(60)] for _ in range(2))
    tokenizer = keras_hub.models.BertTokenizer(bert_vocabulary, lowercase=True)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=max_length)
    # Without labels it would take the second texts for labels.
    theirs, _ = preprocessor((first, second), [0] * 60)

    encoder = wordpiece_encoder(bert_vocabulary, lowercase=True, strip_accents=False, max_length=max_length)
    encoded = encoder.encode(first, second)
    ours = encoded.dense(np.arange(60), max_length, pad_id=encoder.pad_id)
    for name in ("token_ids", "segment_ids", "padding_mask"):
        np.testing.assert_array_equal(getattr(ours, name), np.asarray(theirs[name]), err_msg=name)
    assert ours.token_ids.dtype == ours.segment_ids.dtype == np.int32
    assert ours.padding_mask.dtype == np.bool_
    separator = bert_vocabulary.index("[SEP]")
    for row in range(60):
        ids = encoded.row(row)
        assert ids[encoded.second_starts[row] - 1] == ids[-1] == separator


def test_the_ledger_counts_every_token_that_was_cut(bert_vocabulary):
    full = wordpiece_encoder(bert_vocabulary, lowercase=True, strip_accents=False, max_length=512)
    first = ["a man is asleep", "a", "", "one two three four five six seven"]
    second = ["he sleeps", "b c d e f g h i j", "only this side", "one two three four five six"]
    whole = full.encode(first, second)
    cut = full.with_max_length(9).encode(first, second)
    assert whole.tokens_lost.sum() == 0
    np.testing.assert_array_equal(cut.tokens_kept + cut.tokens_lost, whole.tokens_kept)
    assert cut.tokens_lost.tolist() == [[0, 0], [0, 4], [0, 0], [4, 3]]
    assert (cut.lengths <= 9).all()


texts = st.lists(st.integers(3, 60_000), max_size=12)


@given(
    pairs=st.lists(st.tuples(texts, texts), max_size=6),
    separators=st.sampled_from([1, 2]),
    max_length=st.integers(6, 30),
)
def test_rows_are_what_a_list_would_hold(pairs, separators, max_length):
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    packed = pack(
        Ragged.of(first),
        Ragged.of(second),
        start_id=1,
        separator_id=2,
        max_length=max_length,
        separators=separators,
    )
    assert len(packed) == len(pairs)
    assert packed.specials == (1 + separators, 1)
    assert (packed.token_ids.dtype, packed.second_starts.dtype, packed.tokens_lost.dtype) == (np.int32,) * 3
    for row, (one, other) in enumerate(pairs):
        kept = turn_by_turn(len(one), len(other), max_length - separators - 2)
        expected = [1, *one[: kept[0]], *[2] * separators, *other[: kept[1]], 2]
        assert packed.token_ids[packed.offsets[row] : packed.offsets[row + 1]].tolist() == expected
        assert packed.second_starts[row] == 1 + kept[0] + separators
        assert packed.tokens_lost[row].tolist() == [len(one) - kept[0], len(other) - kept[1]]


def test_one_separator_stands_between_texts_unless_more_are_asked_for():
    packed = pack(Ragged.of([[7]]), Ragged.of([[8, 9]]), start_id=1, separator_id=2, max_length=9)
    assert packed.token_ids.tolist() == [1, 7, 2, 8, 9, 2]


@given(rows=st.lists(texts, max_size=6), max_length=st.integers(3, 14))
def test_single_texts_are_cut_at_their_ends_and_counted(rows, max_length):
    packed = pack_single(Ragged.of(rows), start_id=1, separator_id=2, max_length=max_length)
    assert packed.specials == (2, 0)
    assert (packed.token_ids.dtype, packed.second_starts.dtype, packed.tokens_lost.dtype) == (np.int32,) * 3
    assert packed.tokens_lost.shape == (len(rows), 2)
    for row, text in enumerate(rows):
        kept = text[: max_length - 2]
        assert packed.token_ids[packed.offsets[row] : packed.offsets[row + 1]].tolist() == [1, *kept, 2]
        assert packed.second_starts[row] == len(kept) + 2
        assert packed.tokens_lost[row].tolist() == [len(text) - len(kept), 0]


def test_special_tokens_and_the_shortest_limit():
    assert (specials(1), specials(2)) == ((2, 1), (3, 1))
    assert (shortest_limit(1), shortest_limit(2)) == (5, 6)
    for separators in (1, 2):
        packed = pack(
            Ragged.of([[7, 7]]),
            Ragged.of([[8, 8]]),
            start_id=1,
            separator_id=2,
            max_length=shortest_limit(separators),
            separators=separators,
        )
        assert packed.token_ids.tolist() == [1, 7, *[2] * separators, 8, 2]


def test_ragged_ids_of_no_texts_and_of_empty_ones():
    none = Ragged.of([])
    assert (none.ids.tolist(), none.offsets.tolist(), none.lengths.tolist()) == ([], [0], [])
    some = Ragged.of([[], [5, 6], []])
    assert (some.ids.tolist(), some.offsets.tolist(), some.lengths.tolist()) == (
        [5, 6],
        [0, 0, 2, 2],
        [0, 2, 0],
    )
    assert (some.ids.dtype, some.offsets.dtype) == (np.int32, np.int64)
