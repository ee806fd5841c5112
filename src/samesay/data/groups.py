"""Pairs that hang together by their texts: what is measured shares no text with what was learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samesay.data.rows import folded
from samesay.data.table import PairTable

MOST = 2_000
"""No more pairs are held out: they tell two models apart that differ by two points."""


@dataclass(frozen=True)
class Groups:
    """A group for every pair, such that pairs which share a text are in one.

    Attributes:
        ids: Shape ``(n_pairs,)``, from 0.
        by: What no two groups share: ``both sides``, or the name of the one side whose texts they do not share.
    """

    ids: NDArray[np.int64]
    by: str

    def __len__(self) -> int:
        return int(self.ids.max(initial=-1)) + 1


def groups_of(table: PairTable, *, largest: float) -> Groups:
    """The connected components of the pairs over their texts; case and runs of blanks make no difference.

    Short texts that many pairs share can link most of a table; then those are kept together that share a text of the
    side whose texts repeat more.

    Args:
        table: The pairs.
        largest: The share of the pairs that a component may have, in [0, 1].
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(table)
    known: dict[str, int] = {}
    first, second = (_numbers(side, known) for side in (table.first, table.second))
    links = coo_array((np.ones(n, np.int8), (first, second)), shape=(len(known), len(known)))
    group, by = connected_components(links, directed=False)[1][first], "both sides"
    if n and np.bincount(group).max() > largest * n:
        repeats_first = len(np.unique(first)) < len(np.unique(second))
        group, by = (first, table.sides.first) if repeats_first else (second, table.sides.second)
    # In the order of the pairs, whichever side is read first.
    _, begins, ids = np.unique(group, return_index=True, return_inverse=True)
    return Groups(np.argsort(np.argsort(begins))[ids].astype(np.int64), by)


def hold_out(table: PairTable, share: float, *, seed: int = 0) -> tuple[PairTable, PairTable] | None:
    """The pairs to learn from, and others to measure on: no text of the one is in the other (``groups_of``).

    Args:
        table: All pairs.
        share: Of them that is held out, in (0, 1).
        seed: Decides which; the same texts in the same order are split the same.

    Returns:
        Both parts, in the order of ``table``; None where the pairs hang together too closely for that.
    """
    groups = groups_of(table, largest=share)
    wanted = min(round(share * len(table)), MOST)
    sizes = np.bincount(groups.ids)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[sizes[order] <= wanted]
    chosen = np.zeros(len(sizes), np.bool_)
    chosen[order[np.cumsum(sizes[order]) <= wanted]] = True
    out = chosen[groups.ids]
    if not out.any():
        return None
    texts = "text" if groups.by == "both sides" else f"text of the side {groups.by}"
    note = f"{out.sum():,} of {len(table):,} pairs were held out to measure on; no {texts} is in both parts"
    learned, measured = table.select(~out), table.select(out)
    return (
        replace(learned, origin=replace(learned.origin, asked=None, notes=(*table.origin.notes, note))),
        replace(measured, origin=replace(measured.origin, slice=" (held out)")),
    )


def _numbers(texts: Sequence[str], known: dict[str, int]) -> NDArray[np.int64]:
    return np.fromiter((known.setdefault(folded(text), len(known)) for text in texts), np.int64, len(texts))
