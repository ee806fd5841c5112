"""The pairs that come with the package, by name: ``handwritten`` and ``generated``.

``generated`` may say how many and by which seed: ``generated:5000``, ``generated:5000:seed=7``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from samesay.data.rows import KnownRows, Row
from samesay.data.table import Origin, PairTable
from samesay.errors import UsageError, require_at_least

DEFAULT_PAIRS = 5000


def share_of(split: str, n_pairs: int) -> int:
    """How many pairs a split has beside a train split of ``n_pairs``: a fifth, where it is not that one itself."""
    return n_pairs if split == "train" else max(1, n_pairs // 5)


class GeneratedRows(KnownRows):
    """A split of generated pairs.

    Args:
        name: ``generated``, with the size and the seed if they were given.
        split: ``train``, ``validation`` or ``test``.
        whole: Whether all splits were asked for at once: the size is then that of the train split, and each
            of the others gets a fifth of it.
    """

    def __init__(self, name: str, split: str, *, whole: bool) -> None:
        n_pairs, seed = _size_and_seed(name)
        table = generate(share_of(split, n_pairs) if whole else n_pairs, split=split, seed=seed)
        texts = {table.sides.first: table.first, table.sides.second: table.second}
        columns: dict[str, Sequence[Any]] = {**texts, "label": table.label_names(), **table.columns}
        super().__init__(name, list(columns))
        self._values = list(zip(*columns.values(), strict=True))

    def __len__(self) -> int:
        return len(self._values)

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from ``start`` to before ``stop``."""
        for number, values in enumerate(self._values[start:stop], start=start + 1):
            yield Row(number, None, dict(zip(self.columns, values, strict=True)))


def generate(n_pairs: int, *, split: str = "train", seed: int = 0) -> PairTable:
    """``n_pairs`` different pairs, their classes within one pair of equal shares, in memory.

    Args:
        n_pairs: How many, at least 1.
        split: ``train``, ``validation`` (same words and templates, other premises) or ``test`` (other words,
            other templates).
        seed: Any integer; the same one gives the same table everywhere.

    Returns:
        A table with sides ``premise,hypothesis`` and a column ``capability``.

    Raises:
        UsageError: If ``n_pairs`` is below 1 or there is no such split.

    >>> table = generate(3, seed=7)
    >>> sorted(table.label_names())
    ['contradiction', 'entailment', 'neutral']
    """
    from samesay.synthetic.captions.generator import (  # its word lists take time to read
        LABELS,
        SIDES,
        iter_pairs,
    )

    require_at_least(1, n_pairs=n_pairs)
    drawn = [item for _, item in zip(range(n_pairs), iter_pairs(split=split, seed=seed), strict=False)]
    return PairTable(
        first=[pair.first for pair, _ in drawn],
        second=[pair.second for pair, _ in drawn],
        answers=LABELS,
        gold=np.array([LABELS.index(pair.label or "") for pair, _ in drawn], dtype=np.int32),
        sides=SIDES,
        origin=Origin(
            source="generated",
            split=split,
            rows_read=n_pairs,
            notes=(f"labels true by construction; seed {seed}",),
        ),
        columns={"capability": [capability for _, capability in drawn]},
    )


def _size_and_seed(name: str) -> tuple[int, int]:
    size, seed = DEFAULT_PAIRS, 0
    for word in name.split(":")[1:]:
        digits = word.removeprefix("seed=").replace("_", "")
        if not (digits.isascii() and digits.isdigit()) or (not word.startswith("seed=") and int(digits) == 0):
            raise UsageError(
                f"Cannot read {word!r} in the source {name!r}.",
                expected="generated:5000, generated:test:1000 or generated:5000:seed=7",
            )
        if word.startswith("seed="):
            seed = int(digits)
        else:
            size = int(digits)
    return size, seed
