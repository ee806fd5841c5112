"""The names of splits, and how else they are written. Knows no sources."""

from __future__ import annotations

from collections.abc import Iterable

SPLITS = ("train", "validation", "test")
_SPELLINGS = {
    "training": "train",
    "dev": "validation",
    "development": "validation",
    "valid": "validation",
    "val": "validation",
    "trial": "validation",
    "testing": "test",
}


def canonical_split(name: str) -> str:
    """``train``, ``validation`` or ``test`` for their usual spellings; any other name as it is."""
    folded = name.casefold()
    return folded if folded in SPLITS else _SPELLINGS.get(folded, name)


def in_order(splits: Iterable[str]) -> list[str]:
    """train, validation and test first, the others behind them as they come."""
    found = list(splits)
    return [*(name for name in SPLITS if name in found), *(name for name in found if name not in SPLITS)]
