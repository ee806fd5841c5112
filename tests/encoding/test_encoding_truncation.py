from __future__ import annotations

import json

import pytest

from samesay.encoding import PairEncoder, summarise
from tiny_tokenizers import wordpiece_encoder


@pytest.fixture
def encoder(tiny_vocabulary) -> PairEncoder:
    return wordpiece_encoder(tiny_vocabulary, lowercase=True, strip_accents=False, max_length=9)


def test_the_ledger_tells_what_was_cut(encoder):
    # Room for six tokens: lengths 8+2 lose 4+0, 2+10 lose 0+6, 5+5 lose 2+2, 3+3 lose nothing.
    ledger = summarise(
        encoder.encode(["a " * 8, "a " * 2, "a " * 5, "a " * 3], ["a " * 2, "a " * 10, "a " * 5, "a " * 3])
    )
    assert (ledger.pairs, ledger.pairs_cut, ledger.sides_cut) == (4, 3, (2, 2))
    assert ledger.tokens == (18, 20)
    assert ledger.tokens_lost == (6, 8)
    assert ledger.mean_share_lost == pytest.approx(((4 / 8 + 2 / 5) / 2, (6 / 10 + 2 / 5) / 2))
    assert (ledger.worst_row, ledger.worst_lost) == (1, (0, 6))
    assert json.loads(json.dumps(ledger.to_dict()))["tokens_lost"] == [6, 8]


@pytest.mark.parametrize("pairs", [([], []), (["a"], ["a"])])
def test_where_nothing_was_cut_the_ledger_is_empty(encoder, pairs):
    ledger = summarise(encoder.encode(*pairs))
    assert (ledger.pairs_cut, ledger.tokens_lost, ledger.worst_row, ledger.worst_lost) == (
        0,
        (0, 0),
        None,
        (0, 0),
    )
    assert ledger.mean_share_lost == (0.0, 0.0)
    json.dumps(ledger.to_dict())
