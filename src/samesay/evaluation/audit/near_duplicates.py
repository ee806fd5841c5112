"""Pairs both of whose texts are nearly written alike.

TF-IDF of the runs of three characters within words, and the cosine of each side, by scikit-learn. Of large tables a
sample of pairs is asked about all others, so the share that it finds is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ExtraMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 0.85
"""The cosine from which on two texts are nearly alike; both sides of two pairs have to be."""

_FITTED_TEXTS = 20_000
_FITTED_LETTERS = 4_000_000
_COMPARISONS = 300_000_000
_PRODUCTS = 60_000_000_000
_LEAST_OF_LONG = 50
_LEAST_ASKED, _MOST_ASKED = 1_000, 5_000
_CHUNK = 1_024
# Letters of a text that are compared: each costs a run of three letters.
READ_LETTERS = 2_000


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
    pair: Callable[[int], tuple[str, str]], groups: NDArray[np.int64], n_letters: int, *, seed: int = 0
) -> NearDuplicates:
    """Look for pairs that are nearly alike; of texts of more than 2,000 letters the beginning is compared.

    Args:
        pair: From an index to the pair's two texts; no pair occurs twice.
        groups: A group (split) for every pair; the sample has as many pairs of each, where there are so many.
        n_letters: Of all texts, of each ``READ_LETTERS`` at most: where they are many fewer pairs are asked about.
        seed: Decides the sample.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
    """
    asked = _sample(groups, n_letters, seed)
    read = [_beginnings(pair, asked, side) for side in (0, 1)]
    vectorizers = [_vectorizer(pair, len(groups), side, seed) for side in (0, 1)]
    wanted = [
        None if vectorizer is None else vectorizer.transform(texts)
        for vectorizer, texts in zip(vectorizers, read, strict=True)
    ]
    best = np.zeros(len(asked), np.int64)
    cosine = np.full(len(asked), -1, np.float32)
    if all(vectorizer is not None for vectorizer in vectorizers):
        for start in range(0, len(groups), _CHUNK):
            chunk = np.arange(start, min(start + _CHUNK, len(groups)))
            alike = np.full((len(asked), len(chunk)), np.inf, np.float32)
            for side in (0, 1):
                others = vectorizers[side].transform(_beginnings(pair, chunk, side))
                np.minimum(alike, (wanted[side] @ others.T).toarray(), out=alike)
            own = np.flatnonzero((asked >= start) & (asked < start + len(chunk)))
            alike[own, asked[own] - start] = 0
            place = alike.argmax(axis=1)
            highest = alike[np.arange(len(asked)), place]
            better = highest > cosine
            best[better], cosine[better] = chunk[place[better]], highest[better]
    near = cosine >= ALIKE
    return NearDuplicates(asked, np.stack([asked[near], best[near]], axis=1))


def _beginnings(pair: Callable[[int], tuple[str, str]], indices: NDArray[np.int64], side: int) -> list[str]:
    return [pair(index)[side][:READ_LETTERS] for index in indices.tolist()]


def _vectorizer(pair: Callable[[int], tuple[str, str]], n_pairs: int, side: int, seed: int) -> Any:
    """Runs of letters and how rare they are among some of the texts; None where they have none."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scikit-learn", "Looking for near-duplicates") from error
    kind: Any = np.float32
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), sublinear_tf=True, dtype=kind)
    texts: dict[str, None] = {}
    n_letters = 0
    for index in np.random.default_rng(seed).permutation(n_pairs).tolist():
        text = pair(index)[side][:READ_LETTERS]
        if text not in texts:
            texts[text] = None
            n_letters += len(text)
        if len(texts) == _FITTED_TEXTS or n_letters > _FITTED_LETTERS:
            break
    try:
        return vectorizer.fit(texts)
    except ValueError:
        # A side without any run of letters is nearly like no other.
        return None


def _sample(groups: NDArray[np.int64], n_letters: int, seed: int) -> NDArray[np.int64]:
    n = len(groups)
    in_all = n if n <= _MOST_ASKED else int(np.clip(_COMPARISONS // n, _LEAST_ASKED, _MOST_ASKED))
    # Texts that are all alike cost a product for each letter of each comparison.
    in_all = min(in_all, max(_LEAST_OF_LONG, _PRODUCTS // max(n_letters, 1)))
    if in_all == n:
        return np.arange(n)
    random = np.random.default_rng(seed)
    names = np.unique(groups)
    parts = [random.permutation(np.flatnonzero(groups == name))[: in_all // len(names)] for name in names]
    return np.sort(np.concatenate(parts))
