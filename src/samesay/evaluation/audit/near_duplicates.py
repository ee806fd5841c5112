"""Pairs both of whose texts are nearly written alike.

TF-IDF of the runs of three characters within words, and the cosine of each side, by scikit-learn. Of large tables a
sample of pairs is asked about all others, so the share that it finds is an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ExtraMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 0.85
"""The cosine from which on two texts are nearly alike; both sides of two pairs have to be."""

_FITTED_TEXTS = 20_000
_COMPARISONS = 300_000_000
_LEAST_ASKED, _MOST_ASKED = 1_000, 5_000
_CHUNK_CELLS = 16_000_000


@dataclass(frozen=True)
class NearDuplicates:
    """What was found.

    Attributes:
        asked: Indices of the pairs that were asked about, ascending.
        found: Indices of such a pair and of the one most like it, shape ``(n_found, 2)``; the first is of ``asked``.
    """

    asked: NDArray[np.int64]
    found: NDArray[np.int64]


def near_duplicates(
    first: Sequence[str], second: Sequence[str], asked_of: NDArray[np.int64], *, seed: int = 0
) -> NearDuplicates:
    """Look for pairs that are nearly alike.

    Args:
        first: The first texts.
        second: The second texts; no pair occurs twice.
        asked_of: A group (split) for every pair; the sample has as many pairs of each, where there are so many.
        seed: Decides the sample.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
    """
    asked = _sample(asked_of, seed)
    one, other = _Side(first, seed), _Side(second, seed)
    rows = max(1, _CHUNK_CELLS // len(first))
    found = []
    for start in range(0, len(asked), rows):
        chunk = asked[start : start + rows]
        alike = np.minimum(one.cosines(chunk), other.cosines(chunk))
        alike[np.arange(len(chunk)), chunk] = 0
        best = alike.argmax(axis=1)
        near = alike[np.arange(len(chunk)), best] >= ALIKE
        found.append(np.stack([chunk[near], best[near]], axis=1))
    return NearDuplicates(asked, np.concatenate(found) if found else np.empty((0, 2), np.int64))


class _Side:
    """The texts of one side, each different one as a row of unit length."""

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
        except ImportError as error:
            raise ExtraMissing.of("evaluation", "scikit-learn", "Looking for near-duplicates") from error
        different = list(dict.fromkeys(texts))
        number = {text: place for place, text in enumerate(different)}
        self._text_of = np.array([number[text] for text in texts], np.int64)
        kind: Any = np.float32
        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), sublinear_tf=True, dtype=kind)
        draw = np.random.default_rng(seed).permutation(len(different))[:_FITTED_TEXTS]
        self._rows: Any = None
        self._columns: Any = None
        try:
            vectorizer.fit([different[place] for place in draw.tolist()])
        except ValueError:
            # A side without any run of letters is nearly like no other.
            return
        self._rows = vectorizer.transform(different).tocsr()
        self._columns = self._rows.T.tocsr()

    def cosines(self, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of these pairs' texts with those of all pairs, shape ``(n_asked, n_pairs)``."""
        if self._rows is None:
            return np.zeros((len(pairs), len(self._text_of)), np.float32)
        return (self._rows[self._text_of[pairs]] @ self._columns).toarray()[:, self._text_of]


def _sample(groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    n = len(groups)
    if n <= _MOST_ASKED:
        return np.arange(n)
    in_all = int(np.clip(_COMPARISONS // n, _LEAST_ASKED, _MOST_ASKED))
    random = np.random.default_rng(seed)
    names = np.unique(groups)
    parts = [random.permutation(np.flatnonzero(groups == name))[: in_all // len(names)] for name in names]
    return np.sort(np.concatenate(parts))
