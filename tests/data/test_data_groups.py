"""Pairs that share a text stay together, in folds and where some are held out."""

from __future__ import annotations

import numpy as np

from samesay.data import PairTable
from samesay.data.groups import groups_of, hold_out


def table(*pairs: tuple[str, str]) -> PairTable:
    first, second = zip(*pairs, strict=True)
    labels = ["same" if place % 2 else "different" for place in range(len(pairs))]
    return PairTable.from_inputs((list(first), list(second)), labels, labels=["different", "same"])


def test_a_group_is_all_pairs_that_texts_link_whichever_side_they_are_on() -> None:
    found = groups_of(table(("a", "b"), ("c", "d"), ("B ", "e"), ("f", "g"), ("e", "c")), largest=1.0)
    assert found.ids.tolist() == [0, 0, 0, 1, 0]
    assert found.by == "both sides"


def test_which_side_is_read_first_changes_no_group() -> None:
    draw = np.random.default_rng(0)
    pairs = [(f"text {one}", f"text {other}") for one, other in draw.integers(0, 90, (80, 2))]
    there, back = (groups_of(table(*some), largest=1.0) for some in (pairs, [pair[::-1] for pair in pairs]))
    assert there.ids.tolist() == back.ids.tolist()


def test_where_all_pairs_hang_together_those_stay_together_that_share_the_side_that_repeats() -> None:
    pairs = [(f"premise {place // 3}", f"claim {place % 5}") for place in range(30)]
    found = groups_of(table(*pairs), largest=0.2)
    assert found.by == "second"
    assert found.ids.tolist() == [place % 5 for place in range(30)]


def test_no_text_of_the_pairs_that_are_held_out_is_learned_from() -> None:
    pairs = [(f"premise {place // 3}", f"claim {place}") for place in range(300)]
    parts = hold_out(table(*pairs), 0.2)
    assert parts is not None
    learned, measured = parts
    assert (len(learned), len(measured)) == (240, 60)
    assert not {*learned.first, *learned.second} & {*measured.first, *measured.second}
    assert str(measured.origin).endswith("(held out)")
    assert "60 of 300 pairs were held out" in learned.origin.notes[-1]
    again = hold_out(table(*pairs), 0.2)
    assert again is not None
    assert again[1].fingerprint() == measured.fingerprint()


def test_pairs_of_one_text_cannot_be_held_out() -> None:
    assert hold_out(table(*[("one premise", "one claim")] * 40), 0.2) is None
