"""What a caller of ``PairEncoder`` and ``EncodedPairs`` relies on."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import random

import numpy as np
import pytest
from hostile_texts import HOSTILE_TEXTS
from hypothesis import given
from hypothesis import strategies as st

from samesay.encoding import PairEncoder, encoder
from samesay.errors import EncodingInvalid, SameSayError, TokenizerUnsupported, UsageError
from tiny_tokenizers import wordpiece_encoder


@pytest.fixture
def tiny(tiny_vocabulary) -> PairEncoder:
    return wordpiece_encoder(tiny_vocabulary, lowercase=True, strip_accents=False, max_length=12)


def assert_same(ours, theirs):
    for name in ("token_ids", "offsets", "second_starts", "tokens_lost"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


def test_a_pair_becomes_one_row(tiny, tiny_vocabulary):
    encoded = tiny.encode(["The cat sleeps."], ["it runs"])
    assert [tiny_vocabulary[index] for index in encoded.row(0)] == [
        "[CLS]", "the", "cat", "sleep", "##s", ".", "[SEP]", "it", "runs", "[SEP]",
    ]  # fmt: skip
    assert encoded.second_starts.tolist() == [7]
    assert encoded.lengths.tolist() == [10]
    assert encoded.tokens_kept.tolist() == [[5, 2]]
    assert encoded.tokens_lost.tolist() == [[0, 0]]
    assert encoded.token_ids.dtype == encoded.second_starts.dtype == encoded.tokens_lost.dtype == np.int32
    assert encoded.offsets.dtype == np.int64


def test_an_empty_side_is_an_empty_segment(tiny):
    encoded = tiny.encode(["", "cat", ""], ["dog", "", ""])
    assert encoded.lengths.tolist() == [4, 4, 3]
    assert encoded.second_starts.tolist() == [2, 3, 2]


def test_no_pairs_are_no_rows(tiny):
    encoded = tiny.encode([], [])
    assert len(encoded) == 0
    assert encoded.tokens_lost.shape == (0, 2)
    assert encoded.dense(np.arange(0), 8, height=2, pad_id=0).token_ids.tolist() == [[0] * 8] * 2


def test_text_in_arrays_is_text(tiny):
    lists = tiny.encode(["a cat", "the dog"], ["it", "mat"])
    for kind in (object, str):
        arrays = tiny.encode(np.asarray(["a cat", "the dog"], kind), np.asarray(["it", "mat"], kind))
        assert_same(arrays, lists)


def test_rows_do_not_depend_on_the_rows_beside_them(tiny, monkeypatch):
    texts = [*HOSTILE_TEXTS, *(f"cat {'runs ' * k}" for k in range(9))]
    whole = tiny.encode(texts, texts[::-1])
    monkeypatch.setattr(encoder, "_CHUNK", 7)
    assert_same(tiny.encode(texts, texts[::-1]), whole)
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    shuffled = tiny.encode([texts[k] for k in order], [texts[::-1][k] for k in order])
    assert_same(shuffled, whole.select(order))


def test_progress_ends_at_all_pairs(tiny, monkeypatch):
    monkeypatch.setattr(encoder, "_CHUNK", 4)
    heard = []
    tiny.encode(["a"] * 10, ["b"] * 10, progress=heard.append)
    assert [(each.stage, each.done, each.total) for each in heard] == [
        ("encode", 4, 10),
        ("encode", 8, 10),
        ("encode", 10, 10),
    ]


@pytest.mark.parametrize("side", ["first", "second"])
def test_a_lone_surrogate_is_named_by_row_and_side(tiny, side, monkeypatch):
    monkeypatch.setattr(encoder, "_CHUNK", 2)
    good, bad = ["cat"] * 5, ["cat"] * 3 + ["caf\ud83d", "cat"]
    with pytest.raises(
        EncodingInvalid, match=rf"The {side} text of row 3 holds the lone surrogate U\+D83D"
    ) as caught:
        tiny.encode(bad if side == "first" else good, bad if side == "second" else good)
    assert caught.value.details == {"row": 3, "side": side, "character": 3}


@pytest.mark.parametrize("value", [None, float("nan"), 3, b"cat", ["cat"]])
def test_what_is_no_text_is_refused_by_row(tiny, value):
    with pytest.raises(UsageError, match=r"The second text of row 1 is .* not a string"):
        tiny.encode(["cat", "dog"], ["cat", value])


def test_one_string_is_not_a_list_of_texts(tiny):
    with pytest.raises(UsageError, match="one string"):
        tiny.encode("cat", "dog")


def test_unequal_columns_are_refused(tiny):
    with pytest.raises(UsageError, match="2 first texts and 1 second ones"):
        tiny.encode(["a", "b"], ["c"])


def test_an_encoder_goes_through_json_unchanged(bert_vocabulary):
    for rules in ({"lowercase": True, "strip_accents": False}, {"lowercase": False, "strip_accents": True}):
        original = wordpiece_encoder(bert_vocabulary, split_on_cjk=False, max_length=40, **rules)
        restored = PairEncoder.from_dict(json.loads(json.dumps(original.to_dict())))
        assert restored.to_dict() == original.to_dict()
        assert (restored.max_length, restored.pad_id, restored.vocabulary_size) == (
            40,
            0,
            len(bert_vocabulary),
        )
        assert_same(
            restored.encode(HOSTILE_TEXTS, HOSTILE_TEXTS), original.encode(HOSTILE_TEXTS, HOSTILE_TEXTS)
        )


def test_an_encoder_can_be_sent_to_another_process(tiny):
    assert_same(
        pickle.loads(pickle.dumps(tiny)).encode(["the cats"], ["sleeping"]),
        tiny.encode(["the cats"], ["sleeping"]),
    )
    assert copy.deepcopy(tiny).to_dict() == tiny.to_dict()


@pytest.mark.parametrize(
    "field", ["vocabulary", "lowercase", "strip_accents", "pad_token", "max_length", "kind"]
)
@pytest.mark.parametrize("value", ["missing", None, 3.5, {"a": 1}])
def test_a_damaged_description_is_refused(tiny, field, value):
    saved = tiny.to_dict() | {field: value}
    if value == "missing":
        del saved[field]
    with pytest.raises(SameSayError, match=field if field != "kind" else "No encoder of the kind"):
        PairEncoder.from_dict(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surprise": 1}, "fields that are not known here: 'surprise'"),
        ({"kind": "bpe"}, "No encoder of the kind 'bpe'"),
        ({"max_length": True}, "'max_length' is True"),
        ({"lowercase": 1}, "'lowercase' is 1"),
        ({"vocabulary": ["[PAD]", 3]}, "not a sequence of strings"),
        ({"vocabulary": ["[PAD]", "[UNK]", "[CLS]"]}, "lacks the special token '\\[SEP\\]'"),
        ({"vocabulary": ["[PAD]", "[SEP]", "[CLS]"]}, "lacks the unknown token"),
        ({"vocabulary": ["[PAD]", "[SEP]", "[CLS]", "[UNK]", "\ud800"]}, "lone surrogate"),
        ({"separator_token": "cat"}, "'cat' can be spelled by a user's text"),
        ({"max_length": 4}, "max_length is 4"),
        ({"max_length": -1}, "max_length is -1"),
    ],
)
def test_a_description_that_cannot_be_used_says_why(tiny, change, message):
    with pytest.raises((UsageError, TokenizerUnsupported), match=message):
        PairEncoder.from_dict(tiny.to_dict() | change)


@pytest.mark.parametrize("max_length", [4, 0, -3, 8.0, "8", True, None])
def test_a_limit_without_room_is_refused(tiny, max_length):
    with pytest.raises(UsageError, match="max_length is"):
        tiny.with_max_length(max_length)


def test_an_encoder_does_not_change(tiny, tiny_vocabulary):
    before = tiny.to_dict()
    tiny.with_max_length(5)
    tiny_vocabulary_copy = tiny.to_dict()["vocabulary"]
    tiny_vocabulary_copy.append("new")
    tiny.encode(["never met before"], ["nor this"])
    assert tiny.to_dict() == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny.max_length = 7  # pyright: ignore[reportAttributeAccessIssue]


def test_encoded_arrays_are_read_only(tiny):
    encoded = tiny.encode(["a cat"], ["a dog"])
    with pytest.raises(ValueError, match="read-only"):
        encoded.token_ids[0] = 3


def test_a_batch_may_be_taller_and_wider_than_its_rows(tiny):
    encoded = tiny.encode(["a cat", "the dog runs"], ["it", "it is on it"])
    batch = encoded.dense([1, 0], 14, height=4, pad_id=9)
    assert batch.token_ids.shape == batch.segment_ids.shape == batch.padding_mask.shape == (4, 14)
    for at, row in enumerate([1, 0]):
        length = encoded.lengths[row]
        np.testing.assert_array_equal(batch.token_ids[at, :length], encoded.row(row))
        assert batch.padding_mask[at].tolist() == [True] * length + [False] * (14 - length)
        start = encoded.second_starts[row]
        expected = [0] * start + [1] * (length - start) + [0] * (14 - length)
        assert batch.segment_ids[at].tolist() == expected
    assert (batch.token_ids[~batch.padding_mask] == 9).all()
    assert not batch.padding_mask[2:].any()


@pytest.mark.parametrize("separators", [1, 2])
def test_some_rows_of_a_batch_in_the_other_order(tiny, separators: int) -> None:
    encoder = dataclasses.replace(tiny, separators=separators)
    first, second = ["a cat", "the dog runs", "", "it"], ["it is on it", "it", "a dog", ""]
    there, back = (
        encoder.encode(*both).dense(range(4), 14, pad_id=0) for both in ((first, second), (second, first))
    )
    turned = np.array([True, False, True, True])
    mixed = encoder.encode(first, second).dense(range(4), 14, pad_id=0, turned=turned)
    for name in mixed._fields:
        expected = np.where(turned[:, None], getattr(back, name), getattr(there, name))
        np.testing.assert_array_equal(getattr(mixed, name), expected)


def test_a_row_that_does_not_fit_is_refused(tiny):
    encoded = tiny.encode(["a cat"] * 3, ["it"] * 3)
    with pytest.raises(
        UsageError, match="3 rows, the longest of 6 tokens, does not fit into height 3 and width 5"
    ):
        encoded.dense([0, 1, 2], 5, pad_id=0)
    with pytest.raises(UsageError, match="height 2"):
        encoded.dense([0, 1, 2], 6, height=2, pad_id=0)


@given(rows=st.lists(st.integers(0, 8), max_size=12))
def test_selected_rows_are_those_asked_for(rows):
    encoded = _NINE
    chosen = encoded.select(rows)
    assert len(chosen) == len(rows)
    for at, row in enumerate(rows):
        assert chosen.row(at).tolist() == encoded.row(row).tolist()
        assert chosen.second_starts[at] == encoded.second_starts[row]
        assert chosen.tokens_lost[at].tolist() == encoded.tokens_lost[row].tolist()


_NINE = wordpiece_encoder(
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b"], lowercase=True, strip_accents=False, max_length=7
).encode(["a " * k for k in range(9)], ["b " * (8 - k) for k in range(9)])


def test_slices_select_too():
    assert _NINE.select(slice(2, 5)).token_ids.tolist() == _NINE.select([2, 3, 4]).token_ids.tolist()
    assert len(_NINE.select(slice(None))) == 9
